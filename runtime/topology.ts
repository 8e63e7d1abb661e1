/**
 * The record of what a group last ran with: its stages with state, and by what their keys are keyed. Compared with what it
 * runs with now it says which state has to move, and refuses a change that would leave state behind unnoticed.
 */
import { runtimeError } from './errors.ts'
import type { AnyStage } from './stage.ts'

/** Name of each stage with state → the kinds of key of its inputs. */
export type Topology = ReadonlyMap<string, string>

/** State of a stage that has to be as it says before the first record: that of `from`, or none. */
export interface StateMove {
  readonly stage: string
  readonly from: string | undefined
}

/** Brokers keep 4,096 bytes beside an offset unless they are told otherwise (`offset.metadata.max.bytes`). */
const MOST_BYTES = 4_000

/** What these stages are. */
export function topologyOf(stages: readonly AnyStage[]): Topology {
  return new Map(
    stages
      .filter(({ state }) => state !== undefined)
      .map((stage) => [stage.name, [...new Set(stage.on.map(({ topic }) => topic.key))].sort().join('+')]),
  )
}

/** The record as it is stored beside the offsets. */
export function topologyText(topology: Topology): string {
  const text = JSON.stringify({ stages: Object.fromEntries([...topology].sort(([a], [b]) => (a < b ? -1 : 1))) })
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new Error(`a group of ${topology.size} stages: their names take more than ${MOST_BYTES} bytes`)
  return text
}

/** The record that is stored beside an offset; `undefined` when something else or nothing is. */
export function recordedTopology(metadata: string): Topology | undefined {
  try {
    const { stages } = JSON.parse(metadata) as { stages?: unknown }
    if (typeof stages !== 'object' || stages === null) return undefined
    return new Map(Object.entries(stages).map(([name, kinds]) => [name, String(kinds)]))
  } catch {
    return undefined
  }
}

/**
 * What has to be done with state before these stages may follow on `before`. Throws E_STAGE_CHANGED when a stage is gone, another
 * one is new, and the new one does not say where its state comes from; or when the keys of a stage are other ones now.
 */
export function stateMoves(group: string, before: Topology, stages: readonly AnyStage[]): readonly StateMove[] {
  const now = topologyOf(stages)
  for (const [name, kinds] of now) {
    const had = before.get(name)
    if (had === undefined || had === kinds) continue
    throw changed(group, `Stage ${name} was keyed by ${had} and is keyed by ${kinds}: its state would never be found again.`)
  }
  const gone = [...before.keys()].filter((name) => !now.has(name))
  return stages
    .filter(({ name }) => now.has(name) && !before.has(name))
    .flatMap(({ name, migrates, startsEmpty }): StateMove[] => {
      if (migrates !== undefined && startsEmpty === true)
        throw changed(group, `Stage ${name} says both that its state comes from ${migrates.from} and that it starts empty.`)
      if (migrates !== undefined) {
        const kinds = before.get(migrates.from)
        if (kinds === undefined)
          throw changed(group, `Stage ${name} takes its state from ${migrates.from}, which is not among ${[...before.keys()].join(', ')}.`)
        if (kinds !== now.get(name))
          throw changed(
            group,
            `Stage ${migrates.from} was keyed by ${kinds} and ${name} is keyed by ${now.get(name)}: keys do not carry over.`,
          )
        return [{ stage: name, from: migrates.from }]
      }
      if (startsEmpty === true) return [{ stage: name, from: undefined }]
      if (gone.length === 0) return []
      throw changed(group, `Stage ${name} is new and ${gone.join(', ')} ${gone.length === 1 ? 'is' : 'are'} gone with state.`)
    })
}

function changed(group: string, detail: string) {
  return runtimeError('E_STAGE_CHANGED', `Group ${group}: ${detail}`)
}
