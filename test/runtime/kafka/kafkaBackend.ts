/** The broker contract on a real cluster, through the same client, readers and membership that the members use. */
import { createClient, createIdempotentProducer, createTransactionalProducer } from '../../../runtime/kafka/client.ts'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { kafkaError } from '../../../runtime/kafka/errors.ts'
import { GroupMember } from '../../../runtime/kafka/groupMember.ts'
import { typeOf } from '../../../runtime/kafka/errorType.ts'
import { coordinatorBusy, patiently } from '../../../runtime/kafka/patiently.ts'
import { committedOffsets } from '../../../runtime/kafka/offsets.ts'
import { PartitionReader, textHeaders } from '../../../runtime/kafka/partitionReader.ts'
import type { LogRecord } from '../../../runtime/kafka/partitionReader.ts'
import type { Place, Unit } from '../../../runtime/kafka/unit.ts'
import { RecordSizes } from '../../../runtime/kafka/recordSizes.ts'
import { isFenced } from '../../../runtime/kafka/unitProducer.ts'
import type { BrokerClient, BrokerRecord, BrokerTransaction, MembershipListener, StoredRecord } from '../../../runtime/broker.ts'
import { runtimeError } from '../../../runtime/errors.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { createPlainTopics } from '../../support/plainTopics.ts'
import { logger } from './fixtures.ts'

type Sent = readonly { readonly partition: number; readonly offset: bigint }[]
type Sending = (record: { topic: string; messages: object[] }) => Promise<{ partition: number; baseOffset?: string }[]>

/** kafkajs says these of a transaction that is over; they carry no code of the broker. */
const OVER = /Cannot continue to use transaction once ended|the producer is closed/

async function fencedOrNot<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (typeOf(error) === 'MESSAGE_TOO_LARGE') throw kafkaError('E_RECORD_TOO_LARGE', String(error), { cause: error })
    if (isFenced(error) || OVER.test(String(error))) throw runtimeError('E_TASK_FENCED', String(error), { cause: error })
    throw error
  }
}

export async function connectBackend(brokers: readonly string[]): Promise<BrokerClient> {
  const kafka = createClient({ brokers, clientId: 'contract', logger })
  const [admin, plain] = [kafka.admin(), createIdempotentProducer(kafka, 10_000)]
  await Promise.all([admin.connect(), plain.connect()])
  const reader = await PartitionReader.connect(kafka)
  const connection = await ClusterConnection.open(kafka)
  const closings: (() => Promise<unknown>)[] = []

  const partitions = async (topic: string): Promise<number> => {
    const known = await admin.listTopics()
    if (!known.includes(topic)) throw runtimeError('E_TOPIC_MISSING', topic)
    return (await reader.partitions(topic)).length
  }

  /** One request per record, so that each answer is the place of one record. */
  const sendAll = async (records: readonly BrokerRecord[], send: Sending): Promise<Sent> => {
    const sent: { partition: number; offset: bigint }[] = []
    for (const { topic, key, value, timestamp, headers, partition } of records) {
      const at = partition ?? partitionOf((key as Buffer).toString('utf8'), await partitions(topic))
      const [place] = await send({ topic, messages: [{ key, value, headers, partition: at, timestamp: String(timestamp) }] })
      if (place?.baseOffset === undefined) throw new Error('the broker gave no offset')
      sent.push({ partition: at, offset: BigInt(place.baseOffset) })
    }
    return sent
  }

  return {
    async createTopics(topics) {
      const known = new Set(await admin.listTopics())
      for (const { name, partitions: wanted, maxBytes } of topics) {
        if (!known.has(name)) await createPlainTopics(admin, [name], wanted, maxBytes)
        const found = await partitions(name)
        if (found !== wanted) throw runtimeError('E_TOPIC_PARTITIONS_DIFFER', `${name} has ${found} partitions, not ${wanted}.`)
      }
    },
    partitions,
    async mostBytes(topic) {
      const sizes = new RecordSizes(admin, logger)
      await sizes.load([topic])
      return sizes.of(topic)
    },
    async ends(topic, partition) {
      const range = (await reader.ranges(topic, [partition])).get(partition)
      return { low: range?.low ?? 0n, stable: range?.end ?? 0n, end: await highWatermark(connection, topic, partition) }
    },
    send: (records) => sendAll(records, plain.send.bind(plain) as unknown as Sending),
    async transactional(id) {
      const producer = createTransactionalProducer(kafka, id)
      await producer.connect()
      // Begun and ended empty it sends InitProducerId and nothing else.
      await (await producer.transaction()).abort()
      let open = true
      const close = async () => {
        if (open) await producer.disconnect()
        open = false
      }
      closings.push(close)
      return {
        begin: () =>
          fencedOrNot(async (): Promise<BrokerTransaction> => {
            if (!open) throw new Error('the producer is closed')
            const transaction = await producer.transaction()
            return {
              send: (records) => fencedOrNot(() => sendAll(records, transaction.send.bind(transaction) as unknown as Sending)),
              sendOffsets: (group, offsets) =>
                fencedOrNot(() =>
                  // The first offset of a fresh broker waits for its offsets topic; the client does not.
                  patiently(coordinatorBusy, () =>
                    transaction.sendOffsets({
                      consumerGroupId: group,
                      topics: offsets.map(({ topic, partition, offset }) => ({
                        topic,
                        partitions: [{ partition, offset: String(offset) }],
                      })),
                    }),
                  ),
                ),
              commit: () => fencedOrNot(() => transaction.commit()),
              abort: () => fencedOrNot(() => transaction.abort()),
            }
          }),
        close,
      }
    },
    async fetch(topic, partition, from, maxRecords, maxBytes) {
      const position = { topic, partition, offset: from }
      const found: LogRecord[] = []
      await reader
        .fetch([position], 50, (records) => found.push(...records), maxBytes)
        .catch((error: unknown) => {
          if (typeOf(error) !== 'OFFSET_OUT_OF_RANGE' && (error as Error).name !== 'KafkaJSOffsetOutOfRange') throw error
          throw runtimeError('E_OFFSET_OUT_OF_RANGE', `${topic} partition ${partition} at ${from}.`, { cause: error })
        })
      const records = found.slice(0, maxRecords).map(stored)
      return { records, next: found.length > records.length ? (records.at(-1) as StoredRecord).offset + 1n : position.offset }
    },
    async committed(group, topic, partition) {
      return (await committedOffsets(connection, group, [{ topic, partition }], { stable: true })).get(`${topic}#${partition}`)?.offset
    },
    async join(group, topics, listener) {
      const counts = new Set(await Promise.all(topics.map(partitions)))
      if (counts.size > 1) throw runtimeError('E_TOPIC_PARTITIONS_DIFFER', topics.join(', '))
      const member = new GroupMember<Unit>({
        kafka,
        admin,
        groupId: group,
        topics,
        assignment: 'co-partitioned',
        logger,
        sessionTimeoutMs: 6_000,
        unit: (_, places) => new ListeningUnit(places, listener),
        onFatal: (error) => {
          throw error
        },
      })
      await member.start()
      return {
        leave: async () => {
          if (!(await member.stop(15_000))) throw new Error('the member did not leave within its budget')
        },
      }
    },
    async close() {
      await Promise.all(closings.map((close) => close()))
      await Promise.all([admin.disconnect(), plain.disconnect(), reader.close(), connection.close()])
    },
  }
}

/**
 * Tells a listener what a unit of the runtime is told. A rebalance takes everything away first (the protocol is the eager
 * one), before the coordinator hears of it, and gives back what stays.
 */
class ListeningUnit implements Unit {
  readonly #places: readonly Place[]
  readonly #listener: MembershipListener
  readonly #partition: number
  #held = false
  #told: Promise<void> = Promise.resolve()

  constructor(places: readonly Place[], listener: MembershipListener) {
    this.#places = places
    this.#listener = listener
    this.#partition = (places[0] as Place).partition
  }

  async prepare(live: () => boolean): Promise<ReadonlyMap<string, bigint>> {
    await this.#told
    if (live() && !this.#held) {
      this.#held = true
      this.#told = this.#listener.assigned([this.#partition])
      await this.#told
    }
    return new Map(this.#places.map(({ topic }) => [topic, 0n]))
  }

  async handle(): Promise<void> {
    // Nothing is written to these topics.
  }

  skip(): void {
    // Nothing is committed.
  }

  suspend(): void {
    if (!this.#held) return
    this.#held = false
    this.#told = this.#told.then(() => this.#listener.revoked([this.#partition]))
  }

  async drain(): Promise<void> {
    this.suspend()
    await this.#told
  }

  release(): Promise<void> {
    return this.drain()
  }
}

function stored({ topic, partition, offset, key, value, timestamp, headers }: LogRecord): StoredRecord {
  return { topic, partition, offset, key, value, timestamp, headers: textHeaders(headers) }
}

/** The end of the log, whatever is open: a fetch tells it beside the records. */
async function highWatermark({ cluster }: ClusterConnection, topic: string, partition: number): Promise<bigint> {
  await cluster.addTargetTopic(topic)
  const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader
  const broker = await cluster.findBroker({ nodeId: String(leader) })
  const asked = [{ topic, partitions: [{ partition, fetchOffset: '0', maxBytes: 1 }] }]
  const { responses } = (await broker.fetch({ isolationLevel: 0, maxWaitTime: 0, minBytes: 0, maxBytes: 1, topics: asked })) as {
    responses: { partitions: { highWatermark: string }[] }[]
  }
  return BigInt(responses[0]?.partitions[0]?.highWatermark ?? 0)
}
