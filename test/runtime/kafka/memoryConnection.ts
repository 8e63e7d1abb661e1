/**
 * The broker in memory behind those parts of the client that a unit of stages works with. Each request is a step with a
 * name, at which a test may strike the process that makes it.
 */
import type { BrokerClient, BrokerTransaction, StoredRecord, TransactionalProducer } from '../../../runtime/broker.ts'
import { RekindleError } from '../../../runtime/errors.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import type { StageUnitContext } from '../../../runtime/kafka/stageUnitContext.ts'
import { answerTo, connectionTo } from './brokerAnswers.ts'

/** What a process asks of the broker while it takes over and while it commits, in that order. */
export const stepNames = ['take over', 'read offsets', 'restore', 'send', 'send offsets', 'commit'] as const
export type StepName = (typeof stepNames)[number]

export interface MemoryConnectionOptions {
  readonly client: BrokerClient
  readonly group: string
  /** Stands beside each committed offset. */
  readonly metadata: string
  /** Physical names of what is read, all with so many partitions. */
  readonly inputs: readonly string[]
  readonly partitions: number
  /** Every request goes through here. */
  step<R>(name: StepName, work: () => Promise<R>): Promise<R>
  /** The process waits for the end of a transaction of somebody else: resolves when it should look again. */
  waits(): Promise<void>
}

/** What a unit is given of Kafka. */
export function memoryConnection(options: MemoryConnectionOptions): Pick<StageUnitContext, 'kafka' | 'admin' | 'cluster' | 'reader'> {
  return {
    kafka: { producer: ({ transactionalId }: { transactionalId: string }) => producerOf(transactionalId, options) },
    // Asked when nothing was committed yet on a partition: what the group read under other names, and what has been committed since.
    admin: { fetchOffsets: async () => byTopic(await committedBy(options), options.metadata) },
    cluster: connectionOf(options),
    reader: readerOf(options),
  } as unknown as Pick<StageUnitContext, 'kafka' | 'admin' | 'cluster' | 'reader'>
}

function producerOf(id: string, { client, step }: MemoryConnectionOptions) {
  let opened: TransactionalProducer | undefined
  return {
    connect: async () => undefined,
    // What is open stays open, as on a broker that was not told: the next owner of the id ends it.
    disconnect: async () => undefined,
    transaction: async () => {
      opened ??= await step('take over', () => client.transactional(id))
      const producer = opened
      let begun: BrokerTransaction | undefined
      const inTransaction = <R>(name: StepName, work: (transaction: BrokerTransaction) => Promise<R>) =>
        step(name, () => asTheClientSays(async () => work((begun ??= await producer.begin()))))
      return {
        sendBatch: async ({ topicMessages }: { topicMessages: { topic: string; messages: Message[] }[] }) => {
          const firsts = new Map<string, { topicName: string; partition: number; baseOffset: string }>()
          for (const { topic, messages } of topicMessages) {
            const records = messages.map(({ key, timestamp, ...message }) => ({
              ...message,
              topic,
              key: typeof key === 'string' ? Buffer.from(key) : key,
              timestamp: Number(timestamp),
            }))
            for (const { partition, offset } of await inTransaction('send', (transaction) => transaction.send(records))) {
              const place = `${topic}#${partition}`
              if (!firsts.has(place)) firsts.set(place, { topicName: topic, partition, baseOffset: String(offset) })
            }
          }
          return [...firsts.values()]
        },
        sendOffsets: ({ consumerGroupId, topics }: SentOffsets) =>
          inTransaction('send offsets', (transaction) =>
            transaction.sendOffsets(
              consumerGroupId,
              topics.flatMap(({ topic, partitions }) =>
                partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
              ),
            ),
          ),
        commit: () => inTransaction('commit', (transaction) => transaction.commit()),
        abort: async () => begun?.abort(),
      }
    },
  }
}

interface Message {
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  readonly partition: number
  readonly timestamp: string
  readonly headers: Readonly<Record<string, string>>
}

interface SentOffsets {
  readonly consumerGroupId: string
  readonly topics: readonly { topic: string; partitions: { partition: number; offset: string }[] }[]
}

/** A fenced producer hears of it by the protocol's name. */
async function asTheClientSays<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RekindleError && error.code === 'E_TASK_FENCED')
      throw Object.assign(new Error(error.message), { type: 'INVALID_PRODUCER_EPOCH' })
    throw error
  }
}

interface Committed {
  readonly topic: string
  readonly partition: number
  /** -1 where nothing is. */
  readonly offset: bigint
}

/** What the group has committed of each partition. */
function committedBy({ client, group, inputs, partitions }: Pick<MemoryConnectionOptions, 'client' | 'group' | 'inputs' | 'partitions'>) {
  const numbers = Array.from({ length: partitions }, (_, partition) => partition)
  return Promise.all(
    inputs.flatMap((topic) =>
      numbers.map(async (partition): Promise<Committed> => ({
        topic,
        partition,
        offset: (await client.committed(group, topic, partition)) ?? -1n,
      })),
    ),
  )
}

/** The same as the client's admin tells it. */
function byTopic(all: readonly Committed[], metadata: string) {
  return [...new Set(all.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: all
      .filter((one) => one.topic === topic)
      .map(({ partition, offset }) => ({ partition, offset: String(offset), metadata: offset < 0n ? null : metadata })),
  }))
}

function connectionOf({ client, group, metadata, inputs, partitions, step }: MemoryConnectionOptions) {
  const committed = async () => (await committedBy({ client, group, inputs, partitions })).map((each) => ({ ...each, metadata }))
  const broker = {
    connectionPool: {
      send: async <R>(request: ProtocolRequest<R>) => {
        const asksOffsets = request.request.apiName === 'offsetFetch'
        const answer = async () => {
          const [first, ...others] = asksOffsets ? await committed() : []
          const none = { topic: '', offset: -1n }
          return answerTo(request, {
            steps: [],
            states: [],
            open: [],
            topicId: 1n,
            epoch: 0,
            committed: first ?? none,
            alsoCommitted: others,
          })
        }
        return asksOffsets ? step('read offsets', answer) : answer()
      },
    },
    disconnect: async () => undefined,
  }
  return connectionTo(broker, partitions, {
    fetchTopicsOffset: (asked: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[]) =>
      Promise.all(
        asked.map(async ({ topic, partitions: wanted, fromBeginning }) => ({
          topic,
          partitions: await Promise.all(
            wanted.map(async ({ partition }) => {
              const { low, stable } = await client.ends(topic, partition)
              return { partition, offset: String(fromBeginning ? low : stable) }
            }),
          ),
        })),
      ),
  })
}

function readerOf({ client, step, waits }: MemoryConnectionOptions) {
  return {
    logEnd: async (topic: string, partition: number) => (await client.ends(topic, partition)).end,
    ranges: async (topic: string, partitions: readonly number[]) => {
      const ranges = new Map<number, { low: bigint; end: bigint }>()
      for (const partition of partitions) {
        let { low, stable, end } = await client.ends(topic, partition)
        while (stable < end) {
          await waits()
          ;({ low, stable, end } = await client.ends(topic, partition))
        }
        ranges.set(partition, { low, end: stable })
      }
      return ranges
    },
    readToEnd: (topic: string, partition: number, from: bigint, onRecord: (record: StoredRecord) => void, onFetched: () => void) =>
      step('restore', async () => {
        const { stable } = await client.ends(topic, partition)
        for (let at = from; at < stable;) {
          const { records, next } = await client.fetch(topic, partition, at, 5)
          for (const record of records) onRecord(record)
          at = next
          onFetched()
        }
        return stable
      }),
  }
}
