import '../../support/uncountedChildren.ts'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { compressionFor, kafkajs, withoutAborted } from '../../../runtime/kafka/corrections.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { encodeRecordBatch } from '../../../runtime/kafka/protocol/recordBatch.ts'
import { createPlainTopics } from '../../support/plainTopics.ts'
import { testStack } from '../../support/stack.ts'
import { logger } from './fixtures.ts'

const require = createRequire(import.meta.url)
const run = promisify(execFile)
const repository = join(import.meta.dirname, '..', '..', '..')

t.test('records of aborted transactions are not delivered, also when transactions overlap or a key is int32 zero', async (t) => {
  const { kafkaBrokers, prefix } = await testStack(t)
  const admin = createClient({ brokers: kafkaBrokers, clientId: 'test', logger }).admin()
  await admin.connect()
  const delivered = async (mode: string): Promise<string[]> => {
    const topic = `${prefix}${mode}`
    await createPlainTopics(admin, [topic], 1)
    const script = join(import.meta.dirname, 'abortedReader.ts')
    const { stdout } = await run(process.execPath, ['--import', 'tsx', script, mode, kafkaBrokers[0] as string, topic], {
      cwd: repository,
      env: process.env,
    })
    return JSON.parse(stdout) as string[]
  }
  const [corrected, uncorrected] = await Promise.all([delivered('corrected'), delivered('uncorrected')])
  t.strictSame(corrected, ['good', 'end'])
  t.equal(
    uncorrected.filter((key) => key.startsWith('aborted-outer')).length,
    5,
    'the client as it is leaks the five records before the inner start',
  )
  t.equal(uncorrected.filter((key) => key.startsWith('aborted-zero')).length, 5, 'and those after a key of four zero bytes')
  await admin.disconnect()
})

t.test('a topic that was added while the brokers were away is asked for again, and found', async (t) => {
  const path = require.resolve('kafkajs/src/cluster/index.js')
  const corrected = require(path) as { prototype: object }
  const cached = require.cache[path]
  delete require.cache[path]
  const asItIs = require(path) as { prototype: object }
  require.cache[path] = cached
  const Lock = require('kafkajs/src/utils/lock') as new (options: { timeout: number }) => object
  for (const [name, { prototype }, found] of [
    ['corrected', corrected, true],
    ['as it is', asItIs, false],
  ] as const) {
    const brokerPool = { metadata: { topicMetadata: [{ topic: 'older', partitionMetadata: [{}] }] } }
    let away = true
    const cluster = Object.assign(Object.create(prototype), {
      mutatingTargetTopics: new Lock({ timeout: 1_000 }),
      targetTopics: new Set(['older']),
      brokerPool,
      refreshMetadata: async () => {
        if (away) throw new Error('connect ECONNREFUSED')
        brokerPool.metadata = { topicMetadata: ['older', 'own'].map((topic) => ({ topic, partitionMetadata: [{}] })) }
      },
    }) as { addTargetTopic(topic: string): Promise<void>; findTopicPartitionMetadata(topic: string): object[] }
    await t.rejects(cluster.addTargetTopic('own'), /ECONNREFUSED/)
    away = false
    await cluster.addTargetTopic('own')
    t.equal(cluster.findTopicPartitionMetadata('own').length === 1, found, name)
    // What an older question is answered later does not know the newer topic.
    brokerPool.metadata = { topicMetadata: [{ topic: 'older', partitionMetadata: [{}] }] }
    await cluster.addTargetTopic('own')
    t.equal(cluster.findTopicPartitionMetadata('own').length === 1, found, `${name}, once more`)
  }
})

t.test('the end of a transaction is asked for again while its id is being taken over, any other refusal is told at once', async (t) => {
  const { prototype } = require('kafkajs/src/broker/index.js') as { prototype: { endTxn(this: object, end: object): Promise<unknown> } }
  for (const [refusals, said] of [
    [['CONCURRENT_TRANSACTIONS', 'CONCURRENT_TRANSACTIONS'], 'ended'],
    [['CONCURRENT_TRANSACTIONS', 'PRODUCER_FENCED'], 'PRODUCER_FENCED'],
    [['INVALID_TXN_STATE'], 'INVALID_TXN_STATE'],
  ] as const) {
    const left: string[] = [...refusals]
    const send = async () => {
      const type = left.shift()
      if (type !== undefined) throw Object.assign(new Error(type), { type })
      return 'ended'
    }
    const symbols = new Proxy(
      { lookupRequest: () => () => ({}) },
      { get: (of, name) => (typeof name === 'symbol' ? send : Reflect.get(of, name)) },
    )
    const ended = await prototype.endTxn.call(symbols, {}).catch((error: unknown) => (error as { type: string }).type)
    t.equal(ended, said)
    t.strictSame(left, [], 'all refusals were met')
  }
})

t.test('the filter opens a transaction at its first offset and closes it at its own abort marker only', async (t) => {
  const record = (offset: number, producerId: string, inTransaction = true) => ({
    offset: String(offset),
    key: null,
    isControlRecord: false,
    batchContext: { producerId, inTransaction },
  })
  const marker = (offset: number, producerId: string, type: 0 | 1) => ({
    offset: String(offset),
    key: Buffer.from([0, 0, 0, type]),
    isControlRecord: true,
    batchContext: { producerId, inTransaction: true },
  })
  const messages = [
    record(0, 'a'),
    record(1, 'b'),
    record(2, 'c', false),
    marker(3, 'b', 0),
    record(4, 'a'),
    marker(5, 'a', 0),
    record(6, 'a'),
    marker(7, 'a', 1),
    record(8, 'b'),
  ]
  const abortedTransactions = [
    { producerId: 'b', firstOffset: '1' },
    { producerId: 'a', firstOffset: '0' },
  ]
  const kept = withoutAborted({ messages, abortedTransactions }).filter(({ isControlRecord }) => !isControlRecord)
  t.strictSame(
    kept.map(({ offset }) => offset),
    ['2', '6', '8'],
  )
  t.equal(withoutAborted({ messages, abortedTransactions: [] }), messages)
})

/** A record batch as the broker sends it after compaction: offsets up to `lastOffset`, of which only the first `left` are there. */
async function compactedBatch(left: number, lastOffset: number): Promise<Buffer> {
  const records = Array.from({ length: Math.max(1, left) }, (_, at) => ({ key: `k${at}`, value: 'v', timestamp: 1, headers: {} }))
  const whole = await encodeRecordBatch(records, { producerId: 7n, producerEpoch: 0, firstSequence: 0, transactional: false })
  const HEADER_BYTES = 61
  const batch = left === 0 ? whole.subarray(0, HEADER_BYTES) : whole
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(lastOffset, 23)
  batch.writeInt32BE(left, 57)
  return batch
}

t.test('a reader moves past what compaction removed: a hole at the end of a batch, and an empty batch', async (t) => {
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
  const corrected = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
    decoder: object,
  ) => Promise<{ records: { offset: string; isControlRecord: boolean }[] }>
  const Batch = require('kafkajs/src/consumer/batch') as new (
    topic: string,
    offset: string,
    fetched: object,
  ) => { lastOffset(): string; messages: { offset: string }[]; isEmptyDueToFiltering(): boolean }
  for (const [offsets, title] of [
    [[0, 1], 'a hole at the end'],
    [[], 'an empty batch'],
  ] as const) {
    const { records } = await corrected(new Decoder(await compactedBatch(offsets.length, 9)))
    const batch = new Batch('any', '0', { partition: 0, highWatermark: '10', abortedTransactions: [], messages: records })
    t.equal(batch.lastOffset(), '9', title)
    t.strictSame(
      batch.messages.map(({ offset }) => offset),
      offsets.map(String),
      'and no record is made up',
    )
    if (offsets.length === 0) t.equal(batch.isEmptyDueToFiltering(), true, 'the client resolves it instead of fetching it for ever')
  }
})

t.test('snappy is read in both framings and used for requests that are worth it', async (t) => {
  const { compress } = require('snappy') as { compress(bytes: Buffer): Promise<Buffer> }
  const codec = (
    kafkajs.CompressionCodecs[kafkajs.CompressionTypes.Snappy] as () => {
      compress(e: { buffer: Buffer }): Promise<Buffer>
      decompress(b: Buffer): Promise<Buffer>
    }
  )()
  const text = Buffer.from('rekindle '.repeat(100))
  t.strictSame(await codec.decompress(await codec.compress({ buffer: text })), text)
  const half = await compress(text)
  const length = Buffer.alloc(4)
  length.writeInt32BE(half.length)
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  t.strictSame(
    await codec.decompress(Buffer.concat([header, length, half, length, half])),
    Buffer.concat([text, text]),
    'the framing of Java clients',
  )
  t.equal(compressionFor(100), kafkajs.CompressionTypes.None)
  t.equal(compressionFor(100_000), kafkajs.CompressionTypes.Snappy)
})

t.test('who is leaving does not ask any more how the group is', async (t) => {
  const { prototype } = require('kafkajs/src/consumer/runner') as { prototype: { heartbeat(): Promise<void> } }
  let beats = 0
  const runner = {
    running: true,
    heartbeatInterval: 1,
    consumerGroup: {
      heartbeat: async () => {
        beats += 1
      },
    },
  }
  await prototype.heartbeat.call(runner)
  t.equal(beats, 1)
  runner.running = false
  await prototype.heartbeat.call(runner)
  t.equal(beats, 1)
})
