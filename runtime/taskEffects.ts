/**
 * What an outcome asks for beside the state, checked: the timers of the key afterwards and the records to be written. What
 * no correct stage asks for is refused with its place.
 */
import { deterministicId } from './ids.ts'
import type { Emission, TimerChange } from './outcome.ts'
import type { AnyStage } from './stage.ts'
import type { OutputRecord } from './taskBatch.ts'
import type { Cause } from './taskCause.ts'

/** Header on every record that was handed over in memory: the group that did it. A task of the group passes it over. */
export const groupHeader = 'rk-group'

/** The timer whose fold is being carried out. */
export interface Fired {
  readonly name: string
  readonly dueAt: number
}

/** The timers of the key after these changes. */
export function timersAfter(
  stage: AnyStage,
  key: string,
  before: Readonly<Record<string, number>>,
  changes: readonly TimerChange[],
  cause: Cause,
  fired: Fired | undefined,
): Readonly<Record<string, number>> {
  if (changes.length === 0) return before
  const timers = { ...before }
  for (const { name, dueAt } of changes) {
    if (name.startsWith('$'))
      throw new TypeError(`stage ${stage.name} names a timer ${name} (${cause.label}, key ${key}): $ begins the names of the runtime`)
    if (dueAt === undefined) {
      delete timers[name]
      continue
    }
    if (!Number.isSafeInteger(dueAt))
      throw new TypeError(`stage ${stage.name} set the timer ${name} to ${dueAt} (${cause.label}, key ${key}): whole ms are needed`)
    if (name === fired?.name && dueAt <= fired.dueAt)
      throw new TypeError(
        `stage ${stage.name}: ${cause.label}, key ${key}, set itself to ${dueAt}, no later than it was due: it would fire for ever`,
      )
    timers[name] = dueAt
  }
  return timers
}

/** The record of an emission; `handedOverBy` is the group when it is handed over in memory as well. */
export function outputOf(
  stage: AnyStage,
  current: string,
  emission: Emission,
  ordinal: number,
  cause: Cause,
  handedOverBy: string | undefined,
): OutputRecord {
  const { topic, key = current } = emission
  const value: unknown = emission.value
  let payload: Buffer | null = null
  try {
    if (value !== null) payload = topic.value.encode(value)
  } catch (error) {
    throw new TypeError(
      `stage ${stage.name} emitted a wrong record to ${topic.name} (from ${cause.label}, key ${current}): ${(error as Error).message}`,
      { cause: error },
    )
  }
  const headers: Record<string, string> = { ...emission.headers }
  // A fold may have passed on the headers it read: those of the writer are set last.
  delete headers[groupHeader]
  if (handedOverBy !== undefined) headers[groupHeader] = handedOverBy
  headers['ce_specversion'] = '1.0'
  headers['ce_id'] = deterministicId(stage.name, current, topic.name, cause.identity, ordinal)
  headers['ce_source'] = `rekindle/${stage.name}`
  headers['ce_type'] = topic.value.name
  headers['content-type'] = 'application/avro'
  if (cause.traceparent !== undefined) headers['traceparent'] = cause.traceparent
  return { stage: stage.name, topic, key, value, payload, timestamp: cause.at, headers }
}
