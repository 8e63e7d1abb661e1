/**
 * What an outcome asks for beside the state, checked: the timers of the key afterwards and the records to be written. What
 * no correct stage asks for is refused with its place.
 */
import { deterministicId } from './ids.ts'
import type { Emission, TimerChange } from './outcome.ts'
import type { AnyStage } from './stage.ts'
import { LONGEST_BYTES as LONGEST_NAME_BYTES } from './state/storageKeys.ts'
import type { OutputRecord } from './taskBatch.ts'
import { labelOf } from './taskCause.ts'
import type { Cause } from './taskCause.ts'
import type { AnyTopic } from './topic.ts'

/** Header on every record that was handed over in memory: the group that did it. A task of the group passes it over. */
export const groupHeader = 'rk-group'

/** Header `ce_source` of what a stage writes: this, and its name. */
export const sourcePrefix = 'rekindle/'

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
      throw new TypeError(`stage ${stage.name} names a timer ${name} (${labelOf(cause)}, key ${key}): $ begins the names of the runtime`)
    if (dueAt === undefined) {
      delete timers[name]
      continue
    }
    // A character has three bytes at most; few names are so long that they have to be counted.
    if (name.length * 3 > LONGEST_NAME_BYTES && Buffer.byteLength(name) > LONGEST_NAME_BYTES)
      throw new TypeError(
        `stage ${stage.name} sets a timer whose name has ${Buffer.byteLength(name)} bytes (${labelOf(cause)}, key ${key}): at most ${LONGEST_NAME_BYTES} are allowed`,
      )
    if (!Number.isSafeInteger(dueAt))
      throw new TypeError(`stage ${stage.name} set the timer ${name} to ${dueAt} (${labelOf(cause)}, key ${key}): whole ms are needed`)
    if (name === fired?.name && dueAt <= fired.dueAt)
      throw new TypeError(
        `stage ${stage.name}: ${labelOf(cause)}, key ${key}, set itself to ${dueAt}, no later than it was due: it would fire for ever`,
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
      `stage ${stage.name} emitted a wrong record to ${topic.name} (from ${labelOf(cause)}, key ${current}): ${(error as Error).message}`,
      { cause: error },
    )
  }
  const id = deterministicId(stage.name, current, topic.name, cause.identity, ordinal)
  const headers = headersOf(stage, topic, id, emission.headers, handedOverBy, cause)
  return { stage: stage.name, topic, key, value, payload, timestamp: cause.at, headers }
}

function headersOf(
  stage: AnyStage,
  topic: AnyTopic,
  id: string,
  given: Emission['headers'],
  handedOverBy: string | undefined,
  { traceparent, tracestate }: Cause,
): Record<string, string> {
  const own: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: sourceOf(stage),
    ce_type: topic.value.name,
    'content-type': 'application/avro',
  }
  if (traceparent !== undefined) {
    own['traceparent'] = traceparent
    if (tracestate !== undefined) own['tracestate'] = tracestate
  }
  if (handedOverBy !== undefined) own[groupHeader] = handedOverBy
  return given === undefined ? own : { ...passedOn(given), ...own }
}

/**
 * What may stay of the headers that a fold or a worker gives, which may be those it has read: the writer sets its own behind them, and
 * what makes a record the replay of a dead letter is not true of one that is made of it. Sinks would pass it over.
 */
export function passedOn(given: Readonly<Record<string, string>>): Record<string, string> {
  const stays = (name: string) => name !== groupHeader && !name.startsWith('dlq-') && name !== 'tracestate'
  return Object.fromEntries(Object.entries(given).filter(([name]) => stays(name)))
}

/** One string for all records of a stage, so that the writer of a batch sees at once that it is the same. */
const sources = new WeakMap<AnyStage, string>()
function sourceOf(stage: AnyStage): string {
  let source = sources.get(stage)
  if (source === undefined) sources.set(stage, (source = `${sourcePrefix}${stage.name}`))
  return source
}
