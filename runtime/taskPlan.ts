/**
 * What a task works with, looked up once: who reads which topic, in which order stages stand, their tables and bounds.
 * A list of stages that cannot work is refused here.
 */
import type { Outcome } from './outcome.ts'
import { parkingLimitsOf } from './parking.ts'
import type { ParkingLimits } from './parked.ts'
import type { AnyStage, Context, StreamRecord, Table } from './stage.ts'
import type { StateStore } from './stateStore.ts'
import type { AnyTopic } from './topic.ts'

/** A stage and the fold with which it reads a topic. */
export interface Reader {
  readonly stage: AnyStage
  readonly topic: AnyTopic
  readonly fold: (state: unknown, record: StreamRecord<unknown>, ctx: Context) => Outcome<unknown, AnyTopic>
}

export interface TaskPlan {
  /** By topic name. */
  readonly readers: ReadonlyMap<string, readonly Reader[]>
  /** Topics that the stages write: by name, that of their value. */
  readonly written: ReadonlyMap<string, string>
  /** Names of topics that the task reads from outside. */
  readonly subscribed: ReadonlySet<string>
  /** By stage name, as are the next two: the place in the list. */
  readonly places: ReadonlyMap<string, number>
  readonly tables: ReadonlyMap<string, Readonly<Record<string, Table<unknown>>>>
  readonly parking: ReadonlyMap<string, ParkingLimits>
}

/** The topics a task must read: inputs of its stages that others write too. */
export function subscriptions(stages: readonly AnyStage[]): AnyTopic[] {
  const members = new Set(stages.map((s) => s.name))
  const topics = new Map<string, AnyTopic>()
  for (const { topic } of stages.flatMap((s) => s.on))
    if (!topic.writtenBy.every((writer) => members.has(writer))) topics.set(topic.name, topic)
  return [...topics.values()]
}

/** The priority of each topic that a task reads, by name: the highest that one of its stages reads it with. */
export function priorities(stages: readonly AnyStage[]): ReadonlyMap<string, number> {
  const highest = new Map<string, number>()
  for (const { topic, priority } of stages.flatMap((s) => s.on))
    highest.set(topic.name, Math.max(highest.get(topic.name) ?? priority, priority))
  return highest
}

/** Throws `TypeError` for stages that cannot be one task, or lack a store or table. */
export function taskPlan(
  stages: readonly AnyStage[],
  stores: ReadonlyMap<string, StateStore>,
  tablesByTopic: ReadonlyMap<string, Table<unknown>>,
): TaskPlan {
  const readers = new Map<string, Reader[]>()
  const places = new Map<string, number>()
  const tables = new Map<string, Record<string, Table<unknown>>>()
  const parking = new Map<string, ParkingLimits>()
  for (const [place, stage] of stages.entries()) {
    if (places.has(stage.name)) throw new TypeError(`two stages of one task are named ${stage.name}`)
    places.set(stage.name, place)
    const inputs = new Set(stage.on.map(({ topic }) => topic.name))
    if (inputs.size < stage.on.length) throw new TypeError(`stage ${stage.name} reads a topic with two folds; one fold per topic`)
    if (stage.state !== undefined && !stores.has(stage.name)) throw new TypeError(`stage ${stage.name} has state and was given no store`)
    parking.set(stage.name, parkingLimitsOf(stage))
    for (const { topic, fold } of stage.on)
      readers.set(topic.name, [...(readers.get(topic.name) ?? []), { stage, topic, fold: fold as Reader['fold'] }])
    const own: Record<string, Table<unknown>> = {}
    for (const [name, topic] of Object.entries((stage.tables ?? {}) as Record<string, AnyTopic>)) {
      const table = tablesByTopic.get(topic.name)
      if (table === undefined) throw new TypeError(`stage ${stage.name} needs the table ${topic.name}, which was not given to the task`)
      own[name] = table
    }
    tables.set(stage.name, own)
  }
  return {
    readers,
    written: new Map(stages.flatMap((s) => (s.outputs as readonly AnyTopic[]).map((topic) => [topic.name, topic.value.name]))),
    subscribed: new Set(subscriptions(stages).map((topic) => topic.name)),
    places,
    tables,
    parking,
  }
}
