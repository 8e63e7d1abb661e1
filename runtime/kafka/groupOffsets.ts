/**
 * Where a group stands, in records and in time, and moving it. A group is moved while it is empty, all of its partitions or
 * none, in one request that the coordinator refuses as soon as somebody has joined. Before that the producers of its units
 * are taken over: whoever held them, a process that hangs and comes back too, can commit nothing afterwards.
 */
import { runtimeError } from '../errors.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { recordedTopology } from '../topology.ts'
import { kafkaError } from './errors.ts'
import { typeOf } from './errorType.ts'
import { firstTimestamp } from './firstTimestamp.ts'
import { deadLetterName, groupName } from './names.ts'
import { committedOffsets, firstOffsets, lagOf, moveEmptyGroup, offsetsAtTime, stableEnds } from './offsets.ts'
import type { PartitionLag } from './offsets.ts'
import { leaderMoves, patiently } from './patiently.ts'
import { PartitionReader } from './partitionReader.ts'
import type { Workshop } from './workshop.ts'
import { isFenced, UnitProducer } from './unitProducer.ts'

export interface TimedLag extends PartitionLag {
  /** Age of the first record that is not done, ms; 0 when there is none. */
  readonly behindMs: number
}

export interface GroupState {
  /** As the broker calls it: Empty, Stable, PreparingRebalance, CompletingRebalance, Dead (unknown). */
  readonly state: string
  /** Client id and host of each member. */
  readonly members: readonly string[]
}

export interface OffsetMove {
  /** Name as declared. */
  readonly topic: string
  readonly partition: number
  /** `undefined` when the group never committed here: it would begin with the first kept record. */
  readonly from: bigint | undefined
  readonly to: bigint
}

/** Where to: the first kept record, the end, or the first record of this time or later, ms. */
export type OffsetTarget = 'earliest' | 'latest' | { readonly at: number }

const UNUSED = new Set(['Empty', 'Dead'])
/** How the coordinator refuses to move a group that has members. */
const OCCUPIED = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'])

export class GroupOffsets {
  readonly #workshop: Workshop
  readonly #now: () => number

  constructor(workshop: Workshop, now: () => number = Date.now) {
    this.#workshop = workshop
    this.#now = now
  }

  /** How far the group is behind on these topics, which are named as declared. */
  async lag(group: string, topics: readonly AnyTopic[]): Promise<readonly TimedLag[]> {
    const { cluster, topicPrefix } = this.#workshop
    const names = new Map(topics.map((topic) => [physicalName(topic, topicPrefix), topic.name]))
    const lags = await patiently(leaderMoves, () => lagOf(cluster, groupName(group, topicPrefix), [...names.keys()]))
    const reader = PartitionReader.over(cluster)
    const timed: TimedLag[] = []
    for (const lag of lags) {
      const first = lag.lag === 0n ? undefined : await firstTimestamp(reader, lag)
      const behindMs = first === undefined ? 0 : Math.max(0, this.#now() - first)
      timed.push({ ...lag, topic: names.get(lag.topic) ?? lag.topic, behindMs })
    }
    return timed
  }

  async state(group: string): Promise<GroupState> {
    const { admin, topicPrefix } = this.#workshop
    const { groups } = await admin.describeGroups([groupName(group, topicPrefix)])
    const [found] = groups
    const members = found?.members.map(({ clientId, clientHost }) => `${clientId} ${clientHost}`) ?? []
    return { state: found?.state ?? 'Dead', members }
  }

  /** What `reset` would do. */
  async plan(group: string, topics: readonly AnyTopic[], target: OffsetTarget): Promise<readonly OffsetMove[]> {
    const { cluster, topicPrefix } = this.#workshop
    const names = topics.map((topic) => physicalName(topic, topicPrefix))
    const [lows, ends, times] = await Promise.all([
      firstOffsets(cluster, names),
      stableEnds(cluster, names),
      typeof target === 'object' ? offsetsAtTime(cluster, names, target.at) : undefined,
    ])
    const places = names.flatMap((topic) =>
      [...(ends.get(topic)?.keys() ?? [])].sort((a, b) => a - b).map((partition) => ({ topic, partition })),
    )
    const committed = await committedOffsets(cluster, groupName(group, topicPrefix), places, { stable: true })
    return places.map(({ topic, partition }): OffsetMove => {
      const low = lows.get(topic)?.get(partition)
      const end = ends.get(topic)?.get(partition)
      if (low === undefined || end === undefined) throw runtimeError('E_TOPIC_MISSING', `${topic} has no partition ${partition}.`)
      // No record of that time or later: everything that comes is later.
      const timed = times?.get(topic)?.get(partition) ?? end
      const to = target === 'earliest' ? low : target === 'latest' ? end : timed < low ? low : timed
      const name = topics.find((each) => physicalName(each, topicPrefix) === topic)?.name ?? topic
      return { topic: name, partition, from: committed.get(`${topic}#${partition}`)?.offset, to }
    })
  }

  /**
   * Moves a group whose units are partition numbers, on all of these topics and partitions or on none. Throws E_GROUP_BUSY while
   * it has members or when one joins meanwhile.
   */
  async reset(group: string, topics: readonly AnyTopic[], target: OffsetTarget): Promise<readonly OffsetMove[]> {
    const { cluster, topicPrefix } = this.#workshop
    await this.#mustBeEmpty(group)
    const moves = await this.plan(group, topics, target)
    const partitions = [...new Set(moves.map(({ partition }) => partition))]
    const producers = partitions.map((partition) => this.#producer(group, partition, topics))
    try {
      for (const producer of producers) await producer.open()
      await this.#mustBeEmpty(group)
      const records = await this.#topologies(group, moves, topics)
      const offsets = moves.map(({ topic, partition, to }) => {
        const place = { topic: this.#physical(topics, topic), partition }
        return { ...place, offset: to, metadata: records.get(`${place.topic}#${partition}`) ?? '' }
      })
      await moveEmptyGroup(cluster, groupName(group, topicPrefix), offsets)
    } catch (error) {
      if (!isFenced(error) && !OCCUPIED.has(typeOf(error) ?? '')) throw error
      throw kafkaError('E_GROUP_BUSY', `A member of ${group} joined while its offsets were about to be moved; none was.`, { cause: error })
    } finally {
      await Promise.all(producers.map((producer) => producer.drop()))
    }
    return moves
  }

  /** What the group last ran with must still be known after the move; what a sink keeps there must not be. */
  async #topologies(group: string, moves: readonly OffsetMove[], topics: readonly AnyTopic[]): Promise<ReadonlyMap<string, string>> {
    const { cluster, topicPrefix } = this.#workshop
    const places = moves.map(({ topic, partition }) => ({ topic: this.#physical(topics, topic), partition }))
    const committed = await committedOffsets(cluster, groupName(group, topicPrefix), places, { stable: true })
    return new Map(
      [...committed]
        .filter(([, { metadata }]) => recordedTopology(metadata) !== undefined)
        .map(([place, { metadata }]) => [place, metadata]),
    )
  }

  async #mustBeEmpty(group: string): Promise<void> {
    const { state, members } = await this.state(group)
    if (UNUSED.has(state) && members.length === 0) return
    throw kafkaError('E_GROUP_BUSY', `${group} is ${state}; its members: ${members.join(', ') || 'none yet'}.`)
  }

  #producer(group: string, partition: number, topics: readonly AnyTopic[]): UnitProducer {
    const { topicPrefix } = this.#workshop
    return new UnitProducer({
      ...this.#workshop,
      group,
      unit: partition,
      // Those of its dead letters may hang too; what else the unit writes is looked after by its next owner.
      topics: topics.map((topic) => deadLetterName(topic, group, topicPrefix)),
    })
  }

  #physical(topics: readonly AnyTopic[], name: string): string {
    const topic = topics.find((each) => each.name === name)
    return topic === undefined ? name : physicalName(topic, this.#workshop.topicPrefix)
  }
}
