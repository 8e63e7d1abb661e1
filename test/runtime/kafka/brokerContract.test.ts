/**
 * The contract that the in-memory broker keeps is the one of a real cluster: what is proved on one holds on the other.
 * Below it what only a cluster can have; runtime/README.md says of each such item why, and which test holds it.
 */
import t from 'tap'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { createClient, createIdempotentProducer } from '../../../runtime/kafka/client.ts'
import { GroupMember } from '../../../runtime/kafka/groupMember.ts'
import type { Unit } from '../../../runtime/kafka/unit.ts'
import { testStack } from '../../support/stack.ts'
import { brokerContract } from '../brokerContract.ts'
import { dense } from './dense.ts'
import { connectBackend } from './kafkaBackend.ts'
import { logger } from './fixtures.ts'

t.setTimeout(180_000)

const { kafkaBrokers, prefix } = await testStack(t)
await brokerContract(t, { name: 'Kafka', connect: () => connectBackend(kafkaBrokers) })

/** A Zstandard frame of one block that is stored as it is: of up to 255 bytes, whose number stands in one. */
function zstdFrame(bytes: Buffer): Buffer {
  const last = (bytes.length << 3) | 1
  return Buffer.concat([Buffer.from('28b52ffd20', 'hex'), Buffer.of(bytes.length, last & 0xff, last >> 8, 0), bytes])
}

for (const codec of ['lz4', 'zstd'])
  t.test(`what a writer compresses with ${codec} is read: here the broker does, as Java clients do`, async (t) => {
    const client = await connectBackend(kafkaBrokers)
    t.teardown(() => client.close())
    const admin = createClient({ brokers: kafkaBrokers, clientId: 'foreign', logger }).admin()
    await admin.connect()
    t.teardown(() => admin.disconnect())
    const topic = `${prefix}${codec}`
    const configEntries = [{ name: 'compression.type', value: codec }]
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] })
    // Of several blocks, of which some can be made smaller and some cannot.
    const values = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? dense(5_000) : `${index} `.repeat(2_000)))
    const plain = { topic, partition: 0, key: null, timestamp: 0, headers: {} }
    await client.send(values.map((value) => ({ ...plain, value: Buffer.from(value) })))
    const read: string[] = []
    for (let from = 0n; read.length < values.length;) {
      const { records, next } = await client.fetch(topic, 0, from, 100)
      read.push(...records.map(({ value }) => String(value)))
      from = next
    }
    t.strictSame(read, values)
  })

t.test(
  'a batch that is compressed in an unknown way is an error with a code for readers and members, and is not passed over',
  async (t) => {
    const client = await connectBackend(kafkaBrokers)
    t.teardown(() => client.close())
    const topic = `${prefix}compressed`
    await client.createTopics([{ name: topic, partitions: 1 }])
    const plain = { topic, partition: 0, key: null, timestamp: 0, headers: {} }
    await client.send([{ ...plain, value: Buffer.from('before') }])
    const { next } = await client.fetch(topic, 0, 0n, 10)

    const kafka = createClient({ brokers: kafkaBrokers, clientId: 'foreign', logger })
    const { CompressionCodecs, CompressionTypes } = kafkajs
    const known = CompressionCodecs[CompressionTypes.ZSTD]
    t.teardown(() => (CompressionCodecs[CompressionTypes.ZSTD] = known))
    const producer = createIdempotentProducer(kafka, 10_000)
    await producer.connect()
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => zstdFrame(buffer),
      decompress: async () => Promise.reject(new Error('not asked for')),
    })
    try {
      await producer.send({ topic, compression: CompressionTypes.ZSTD, messages: [{ partition: 0, value: 'compressed' }] })
    } finally {
      // As in a client that knows it by name only.
      CompressionCodecs[CompressionTypes.ZSTD] = () => {
        throw new Error('there is no codec')
      }
      await producer.disconnect()
    }

    const missing = { code: 'E_CODEC_MISSING', scope: 'process', message: /compressed with zstd/ }
    await t.rejects(client.fetch(topic, 0, next, 10), missing)
    await t.rejects(client.fetch(topic, 0, next, 10), missing, 'it is still there')

    const admin = kafka.admin()
    await admin.connect()
    t.teardown(() => admin.disconnect())
    const handed: unknown[] = []
    const unit: Unit = {
      prepare: async () => new Map([[topic, next]]),
      handle: async (batch) => void handed.push(batch),
      skip: (place) => void handed.push(place),
      drain: async () => undefined,
      release: async () => undefined,
    }
    let member: GroupMember<Unit> | undefined
    const ended = await new Promise<Error>((resolve) => {
      member = new GroupMember({
        ...{ kafka, admin, groupId: `${prefix}compressed`, topics: [topic], assignment: 'co-partitioned' as const, logger },
        unit: () => unit,
        onFatal: resolve,
      })
      void member.start()
    })
    await member?.stop(15_000)
    t.match(ended, missing, 'the member ends with it')
    t.strictSame(handed, [])
  },
)
