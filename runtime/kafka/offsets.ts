/**
 * Where a topic ends and how far a group is behind. Both in read-committed offsets; members commit past commit markers
 * and aborted records when they are idle, so a group that has done everything shows 0.
 */
import { ask } from './cluster.ts'
import type { ClusterConnection } from './cluster.ts'
import { coordinatorBusy, leaderMoves, patiently } from './patiently.ts'
import { offsetCommit } from './protocol/offsetCommit.ts'
import { offsetFetch } from './protocol/transactionRequests.ts'
import type { CommittedOffset } from './protocol/transactionRequests.ts'
import type { PartitionOffset as PlacedOffset } from './protocol/committing.ts'

export interface PartitionOffset {
  readonly partition: number
  readonly offset: bigint
}

export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** Next offset the group will read, `undefined` when it never committed one. */
  readonly committed: bigint | undefined
  /** Last stable offset. */
  readonly end: bigint
  /** Offsets not processed yet, control records included. */
  readonly lag: bigint
}

/** By topic, then partition: ends, exclusive. One request per broker, whatever the number of topics. */
export type EndsByTopic = ReadonlyMap<string, ReadonlyMap<number, bigint>>

/** Where these topics end for readers, the last stable offsets. Throws when a broker is away; the next call asks with fresh metadata. */
export async function stableEnds(connection: ClusterConnection, topics: readonly string[]): Promise<EndsByTopic> {
  return offsetsAt(connection, topics, 'end')
}

/** The last stable offset (exclusive) of every partition. */
export async function endOffsets(connection: ClusterConnection, topic: string): Promise<readonly PartitionOffset[]> {
  return byPartition(await stableEnds(connection, [topic]), topic)
}

/** Where the log of every partition ends, transactions that are still open included (exclusive). */
export async function logEndOffsets(connection: ClusterConnection, topic: string): Promise<readonly PartitionOffset[]> {
  return byPartition(await allLogEnds(connection, [topic]), topic)
}

function byPartition(ends: EndsByTopic, topic: string): readonly PartitionOffset[] {
  return [...(ends.get(topic) ?? [])].map(([partition, offset]) => ({ partition, offset })).sort((a, b) => a.partition - b.partition)
}

/** Where the log of these partitions of one topic ends, transactions that are still open included (exclusive). */
export async function logEnds(
  connection: ClusterConnection,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  await connection.cluster.addTargetTopic(topic)
  return (await logEndsNow(connection, new Map([[topic, partitions]]))).get(topic) ?? new Map<number, bigint>()
}

/** The same of every partition of these topics. One request per broker. */
export function allLogEnds(connection: ClusterConnection, topics: readonly string[]): Promise<EndsByTopic> {
  return patiently(leaderMoves, async () => {
    const places = await partitionsOf(connection, topics)
    const own = (topic: string) => places.flatMap((place) => (place.topic === topic ? [place.partition] : []))
    return logEndsNow(connection, new Map(topics.map((topic) => [topic, own(topic)])))
  })
}

async function logEndsNow({ cluster }: ClusterConnection, wanted: ReadonlyMap<string, readonly number[]>): Promise<EndsByTopic> {
  const READ_UNCOMMITTED = 0
  const timestamp = '-1'
  try {
    const byLeader = new Map<string, { topic: string; partitions: { partition: number; timestamp: string }[] }[]>()
    for (const [topic, partitions] of wanted)
      for (const [nodeId, own] of Object.entries(cluster.findLeaderForPartitions(topic, [...partitions]))) {
        const asked = { topic, partitions: own.map((partition) => ({ partition, timestamp })) }
        byLeader.set(nodeId, [...(byLeader.get(nodeId) ?? []), asked])
      }
    const answers = await Promise.all(
      [...byLeader].map(async ([nodeId, topics]) => {
        const broker = (await cluster.findBroker({ nodeId })) as unknown as OffsetLister
        return broker.listOffsets({ isolationLevel: READ_UNCOMMITTED, topics })
      }),
    )
    const ends = new Map([...wanted.keys()].map((topic) => [topic, new Map<number, bigint>()]))
    for (const { topic, partitions } of answers.flatMap(({ responses }) => responses))
      for (const { partition, offset } of partitions) ends.get(topic)?.set(partition, BigInt(offset))
    return ends
  } catch (error) {
    await cluster.refreshMetadata().catch(() => undefined)
    throw error
  }
}

interface OffsetLister {
  listOffsets(question: {
    isolationLevel: number
    topics: { topic: string; partitions: { partition: number; timestamp: string }[] }[]
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>
}

/** The first kept offsets. */
export function firstOffsets(connection: ClusterConnection, topics: readonly string[]): Promise<EndsByTopic> {
  return offsetsAt(connection, topics, 'beginning')
}

/** The first offsets with a timestamp of `at` (ms) or later; a partition that holds none is left out. */
export async function offsetsAtTime(connection: ClusterConnection, topics: readonly string[], at: number): Promise<EndsByTopic> {
  const found = await offsetsAt(connection, topics, at)
  return new Map([...found].map(([topic, offsets]) => [topic, new Map([...offsets].filter(([, offset]) => offset >= 0n))]))
}

/**
 * Committed offsets of a group by `<topic>#<partition>`. `stable` waits for those of a transaction that is being ended;
 * whoever continues after a predecessor needs that.
 */
export function committedOffsets(
  connection: ClusterConnection,
  groupId: string,
  places: readonly { readonly topic: string; readonly partition: number }[],
  { live = () => true, ...options }: { readonly stable: boolean; readonly live?: () => boolean },
): Promise<ReadonlyMap<string, CommittedOffset>> {
  return patiently(coordinatorBusy, async () => {
    if (!live()) throw new Error(`the offsets of ${groupId} are no longer wanted`)
    return ask(await connection.groupCoordinator(groupId), offsetFetch(groupId, places, options))
  })
}

/**
 * Moves a group without members to these offsets, all of them or none. Refused with UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION or
 * REBALANCE_IN_PROGRESS when it has any.
 */
export async function moveEmptyGroup(connection: ClusterConnection, groupId: string, offsets: readonly PlacedOffset[]): Promise<void> {
  await patiently(coordinatorBusy, async () => ask(await connection.groupCoordinator(groupId), offsetCommit(groupId, offsets)))
}

/** Committed offset and lag of a group on each partition of these topics. */
export async function lagOf(connection: ClusterConnection, groupId: string, topics: readonly string[]): Promise<readonly PartitionLag[]> {
  const partitions = await partitionsOf(connection, topics)
  // Before the ends: a group that goes on in between must not seem to be ahead of them, and is not shown as behind.
  const committed = await committedOffsets(connection, groupId, partitions, { stable: false })
  const own = ({ topic, partition }: { topic: string; partition: number }) => committed.get(`${topic}#${partition}`)?.offset
  // A group that never committed is behind by all that is kept.
  const unread = [...new Set(partitions.filter((place) => own(place) === undefined).map(({ topic }) => topic))]
  const lows = unread.length === 0 ? new Map<string, ReadonlyMap<number, bigint>>() : await firstOffsets(connection, unread)
  const ends = await stableEnds(connection, topics)
  return partitions
    .map(({ topic, partition }): PartitionLag => {
      const end = ends.get(topic)?.get(partition) ?? 0n
      const offset = own({ topic, partition })
      const from = offset ?? lows.get(topic)?.get(partition) ?? 0n
      return { topic, partition, committed: offset, end, lag: end > from ? end - from : 0n }
    })
    .sort((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic) || a.partition - b.partition)
}

async function partitionsOf(
  { cluster }: ClusterConnection,
  topics: readonly string[],
): Promise<readonly { readonly topic: string; readonly partition: number }[]> {
  await cluster.addMultipleTargetTopics([...topics])
  return topics.flatMap((topic) => cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId })))
}

/** A partition that was just made, or whose leader has just moved, is asked for again until it has one. */
function offsetsAt(connection: ClusterConnection, topics: readonly string[], where: 'beginning' | 'end' | number): Promise<EndsByTopic> {
  return patiently(leaderMoves, () => offsetsNow(connection, topics, where))
}

async function offsetsNow(
  { cluster }: ClusterConnection,
  topics: readonly string[],
  where: 'beginning' | 'end' | number,
): Promise<EndsByTopic> {
  try {
    await cluster.addMultipleTargetTopics([...topics])
    const answers = await cluster.fetchTopicsOffset(
      topics.map((topic) => ({
        topic,
        partitions: cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ partition: partitionId })),
        ...(typeof where === 'number' ? { fromTimestamp: where } : { fromBeginning: where === 'beginning' }),
      })),
    )
    return new Map(
      answers.map(({ topic, partitions }) => [topic, new Map(partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))]),
    )
  } catch (error) {
    // A moved leader or a restarted broker.
    await cluster.refreshMetadata().catch(() => undefined)
    throw error
  }
}
