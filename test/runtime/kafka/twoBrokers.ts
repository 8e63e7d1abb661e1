/** Two brokers as far as readers of partitions ask them: partition 0 of a topic is on broker 1, partition 1 on broker 2. */
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import { physicalName } from '../../../runtime/topic.ts'
import { answerTo } from './brokerAnswers.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { factors, Sum } from './fixtures.ts'

interface FetchAsked {
  readonly topics: readonly { readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[] }[]
}

export const onTwoBrokers = {
  addTargetTopic: async () => undefined,
  refreshMetadata: async () => undefined,
  findTopicPartitionMetadata: () => [
    { partitionId: 0, leader: 1 },
    { partitionId: 1, leader: 2 },
  ],
  findLeaderForPartitions: (_: string, partitions: readonly number[]) =>
    Object.fromEntries(partitions.map((partition) => [String(partition + 1), [partition]])),
}

/** How a broker fetches from a topic: what it has read goes out when `beforeAnswer` lets it, or not at all. */
export function fetchOf<A>(
  topic: string,
  answer: (partition: number, offset: number) => A | Promise<A>,
  beforeAnswer: () => Promise<void>,
) {
  return async ({ topics: [asked] }: FetchAsked) => {
    const partitions = await Promise.all(
      (asked?.partitions ?? []).map(async ({ partition, fetchOffset }) => answer(partition, Number(fetchOffset))),
    )
    await beforeAnswer()
    return { responses: [{ topicName: topic, partitions }] }
  }
}

export const topic = physicalName(factors, '')
export const at = Date.UTC(2026, 10, 3)
const outOfRange = () => Object.assign(new Error('the broker does not hold this offset'), { type: 'OFFSET_OUT_OF_RANGE' })

/** A topic on them: partition 0 is on broker 1, partition 1 on broker 2. */
export class TwoBrokers {
  readonly logs: { key: string; value: Buffer; timestamp: number }[][] = [[], []]
  /** First offset that is kept, by partition. */
  readonly lows = [0, 0]
  /** By partition: where readers end, before a transaction that is open; undefined where none is. */
  readonly open: (number | undefined)[] = [undefined, undefined]
  /** Id of the topic; each one that is made gets another. */
  topicId = 1n
  /** What the answer of a broker waits for, or how it fails. */
  beforeAnswer = (_broker: string): Promise<void> => Promise.resolve()

  put(partition: number, key: string, sum: number): void {
    this.logs[partition]?.push({ key, value: Sum.encode({ seq: 0, count: 1, sum, by: '' }), timestamp: at + sum })
  }

  /** Called when the ends have been asked for. */
  afterEnds = (): void => undefined

  private readonly says = { steps: [], states: [], open: [], committed: { topic, offset: -1n }, epoch: 0 }

  makeAnew(): void {
    for (const log of this.logs) log.length = 0
    this.topicId += 1n
  }

  readonly connection = {
    close: async () => undefined,
    cluster: {
      ...onTwoBrokers,
      findBroker: async ({ nodeId }: { nodeId: string }) => ({
        connectionPool: { send: <R>(request: ProtocolRequest<R>) => answerTo(request, { ...this.says, topicId: this.topicId }) },
        fetch: fetchOf(
          topic,
          (partition, offset) => this.answer(partition, offset),
          () => this.beforeAnswer(nodeId),
        ),
        listOffsets: async ({ topics: [asked] }: { topics: { topic: string; partitions: { partition: number }[] }[] }) => ({
          responses: [
            {
              topic,
              partitions: (asked?.partitions ?? []).map(({ partition }) => ({ partition, offset: String(this.logs[partition]?.length) })),
            },
          ],
        }),
      }),
      fetchTopicsOffset: async ([asked]: { partitions: { partition: number }[]; fromBeginning: boolean }[]) => {
        const first = asked?.fromBeginning === true
        const offsets = (asked?.partitions ?? []).map(({ partition }) => ({
          partition,
          offset: String(first ? this.lows[partition] : (this.open[partition] ?? this.logs[partition]?.length)),
        }))
        if (!first) this.afterEnds()
        return [{ topic, partitions: offsets }]
      },
    },
  } as unknown as ClusterConnection

  private async answer(partition: number, from: number) {
    const log = this.logs[partition] ?? []
    if (from < (this.lows[partition] ?? 0) || from > log.length) throw outOfRange()
    const stable = this.open[partition] ?? log.length
    const left = log.slice(from, Math.max(from, stable)).map((record) => ({ ...record, headers: {} }))
    const messages = await fetchedRecords(from, left)
    // What a broker has none of it waits for.
    if (left.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    return { partition, highWatermark: String(log.length), lastStableOffset: String(stable), abortedTransactions: [], messages }
  }
}
