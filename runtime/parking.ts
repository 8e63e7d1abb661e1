/**
 * A parked key: the record that its fold could not judge yet, and every later one of the key behind it, in their order,
 * beside the state of the key. They are part of its entry, so that changelog, restore and moves treat them like state.
 */
import { textHeaders } from './rawHeaders.ts'
import type { Parked, ParkedRecord, ParkingLimits } from './parked.ts'
import type { AnyStage } from './stage.ts'
import type { StateEntry } from './stateStore.ts'
import type { InputRecord } from './taskBatch.ts'

/** Reserved timer name under which the runtime feeds a parked key again. Names of timers that begin with `$` are its own. */
export const retryTimer = '$retry'

/** An entry of the changelog is written whole whenever it changes, so few and small ones are meant to wait. */
export const defaultParkingLimits: ParkingLimits = { attempts: 10, records: 100, bytes: 262_144 }

/** With its state the entry has to fit into one record of the changelog, of which brokers take 1 MB unless told otherwise. */
const mostBytes = 524_288

/** The bounds of a stage, its own or the defaults. Throws `TypeError` for one that no stage can keep. */
export function parkingLimitsOf(stage: AnyStage): ParkingLimits {
  const limits = { ...defaultParkingLimits, ...stage.parking }
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TypeError(`stage ${stage.name} parks at most ${value} ${name}: a whole number from 1 on is needed`)
  if (limits.bytes > mostBytes)
    throw new TypeError(`stage ${stage.name} parks up to ${limits.bytes} bytes of a key; at most ${mostBytes} fit into its changelog`)
  return limits
}

/** Why one more record does not fit, for its dead letter; `undefined` when it does. */
export function overfull(
  entry: StateEntry | undefined,
  record: ParkedRecord,
  limits: ParkingLimits,
): Readonly<Record<string, unknown>> | undefined {
  const waiting = entry?.parked?.records ?? []
  if (waiting.length >= limits.records) return { records: waiting.length + 1, limit: limits.records }
  const bytes = [...waiting, record].reduce((sum, each) => sum + weightOf(each), 0)
  return bytes > limits.bytes ? { bytes, limit: limits.bytes } : undefined
}

/** The entry with the record behind those that wait. */
export function parkedBehind(entry: StateEntry & { readonly parked: Parked }, record: ParkedRecord): StateEntry {
  return { ...entry, parked: { ...entry.parked, records: [...entry.parked.records, record] } }
}

/** The entry with the record at the head of its line, to be folded again at `dueAt`; `code` says why it waits. */
export function parkedFirst(entry: StateEntry | undefined, record: ParkedRecord, code: string, dueAt: number): StateEntry {
  return {
    state: entry?.state,
    timers: { ...entry?.timers, [retryTimer]: dueAt },
    expiresAt: undefined,
    parked: {
      code,
      expiresAt: lifeOf(entry),
      records: [record, ...(entry?.parked?.records ?? [])],
    },
  }
}

/** The entry without the first record, and without a time at which the next is folded; `undefined` when nothing is left. */
export function withoutFirst({ state, timers, parked }: StateEntry & { readonly parked: Parked }): StateEntry | undefined {
  const { [retryTimer]: _due, ...others } = timers
  const records = parked.records.slice(1)
  if (records.length > 0) return { state, timers: others, expiresAt: undefined, parked: { ...parked, records } }
  return state === undefined ? undefined : { state, timers: others, expiresAt: parked.expiresAt }
}

/** The entry after a fold: what waits goes on to wait, and the time to live stands still meanwhile. */
export function withState(
  before: StateEntry | undefined,
  state: unknown,
  timers: StateEntry['timers'],
  expiresAt: number | undefined,
): StateEntry {
  if (before?.parked === undefined) return { state, timers, expiresAt }
  return { state, timers, expiresAt: undefined, parked: { ...before.parked, expiresAt } }
}

/** The entry without state and its timers: what waits is left, or nothing. */
export function withoutState(before: StateEntry | undefined): StateEntry | undefined {
  if (before?.parked === undefined) return undefined
  const retryAt = before.timers[retryTimer]
  const timers = retryAt === undefined ? {} : { [retryTimer]: retryAt }
  return { state: undefined, timers, expiresAt: undefined, parked: { ...before.parked, expiresAt: undefined } }
}

/** Whether records of the key wait. */
export function isParked(entry: StateEntry | undefined): entry is StateEntry & { readonly parked: Parked } {
  return entry?.parked !== undefined
}

/** End of the time to live of the state, whether it runs or stands still. */
export function lifeOf(entry: StateEntry | undefined): number | undefined {
  return entry?.parked === undefined ? entry?.expiresAt : entry.parked.expiresAt
}

/** The record as it was read before it waited. */
export function inputOf({ topic, partition, offset, timestamp, key, headers, value }: ParkedRecord, decoded: unknown): InputRecord {
  const raw = { key, value, headers }
  return { topic, partition, offset, key: key.toString('utf8'), value: decoded, timestamp, headers: textHeaders(headers), raw }
}

function weightOf({ key, value, headers }: ParkedRecord): number {
  let bytes = key.length + value.length
  for (const [name, header] of Object.entries(headers))
    for (const each of Array.isArray(header) ? header : [header ?? '']) bytes += Buffer.byteLength(name) + Buffer.byteLength(each ?? '')
  return bytes
}
