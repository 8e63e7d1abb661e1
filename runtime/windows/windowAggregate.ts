/**
 * Aggregates of one key over windows of fixed size. A window gives one final result, when the watermark of the key or
 * its silence has passed the window's end and grace; a record that is too late for a window is answered as such.
 * Everything it knows lies in the state: the same records and timers give the same results after a restart or a move.
 */
import type { TimerChange } from '../outcome.ts'
import type { Schema } from '../schema.ts'
import type { FiredTimer } from '../stage.ts'
import { afterFiring, afterRecord, closingTimerType, isSilent, timerChanges, timerName } from './closingTimer.ts'
import type { ClosingTimer } from './closingTimer.ts'
import { recordSchema } from './stateSchemas.ts'
import { knownWatermark, wholeMs } from './timeWindows.ts'
import type { TimeWindow, TimeWindows } from './timeWindows.ts'

export interface WindowResult<A> extends TimeWindow {
  readonly aggregate: A
}

export interface WindowState<A> {
  /** Event time up to which the key was read, ms: what closes up to here is closed. */
  readonly watermark: number
  readonly timer: ClosingTimer | null
  /** Open windows, earliest first. */
  readonly windows: readonly WindowResult<A>[]
}

export interface WindowStep<A> {
  /** The state to go on with; what was there before (perhaps nothing) when the record was late for all of its windows. */
  readonly state: WindowState<A> | undefined
  /** The windows the record went into, with their results so far: early results. */
  readonly updated: readonly WindowResult<A>[]
  /** Final results, earliest first. Each window appears here once. */
  readonly closed: readonly WindowResult<A>[]
  /** The windows the record was too late for. With hopping windows it may be in time for others. */
  readonly late: readonly TimeWindow[]
  readonly timers: readonly TimerChange[]
}

export interface WindowAggregateOptions<A, V> {
  /** Full Avro name of the state; its last part names the timer. Renaming is a migration. */
  name: string
  windows: TimeWindows
  /** A key without a record for this long (ms of wall clock) closes what the wall clock has passed. At least 1. */
  idleMs: number
  aggregate: Schema<A>
  /** What a window starts from. Never changed in place. */
  initial: A
  /** Pure: answers the next aggregate. Records come in the order they are read, not in order of time. */
  add: (aggregate: A, value: V, timestamp: number) => A
}

export interface WindowAggregate<A, V> {
  readonly timerName: string
  /** The state of a stage, or a part of one (see `combinedState`). */
  readonly state: Schema<WindowState<A>>
  /**
   * Takes a record. Throws a `RangeError` where its timestamp is no time. `watermark` is the event time up to which all input was read, ms; by default the record's own
   * timestamp, which is right for a stage with one input.
   */
  add(
    before: WindowState<A> | null | undefined,
    record: { readonly value: V; readonly timestamp: number },
    watermark?: number,
  ): WindowStep<A>
  /**
   * Takes a timer; one of another name changes nothing. With a `watermark` that closes, without one silence does.
   */
  fire(before: WindowState<A>, fired: FiredTimer, watermark?: number): WindowStep<A>
}

/** Declares an aggregate over windows. */
export function windowAggregate<A, V>(options: WindowAggregateOptions<A, V>): WindowAggregate<A, V> {
  const { windows, idleMs, initial, add } = options
  wholeMs('idleMs', idleMs, 1)
  const name = timerName(options.name)
  const firstClose = (open: readonly TimeWindow[]) => (open.length === 0 ? undefined : Math.min(...open.map(windows.closesAt)))

  return {
    timerName: name,
    state: stateSchema(options.name, options.aggregate),
    add(before, { value, timestamp }, watermark = timestamp) {
      const containing = windows.assign(timestamp)
      knownWatermark(watermark)
      const reached = Math.max(before?.watermark ?? -Infinity, watermark)
      const late: TimeWindow[] = []
      const updated: WindowResult<A>[] = []
      for (const window of containing) {
        if (windows.closesAt(window) <= reached) {
          late.push(window)
          continue
        }
        const open = before?.windows.find((one) => same(one, window))
        updated.push({ ...window, aggregate: add(open === undefined ? initial : open.aggregate, value, timestamp) })
      }
      const untouched = (before?.windows ?? []).filter((one) => !updated.some((window) => same(one, window)))
      const [closed, open] = split([...untouched, ...updated], (one) => windows.closesAt(one) <= reached)
      if (updated.length === 0 && closed.length === 0) return { state: before ?? undefined, updated, closed, late, timers: [] }
      const timer = afterRecord(before?.timer ?? null, firstClose(open))
      return {
        state: { watermark: reached, timer, windows: open },
        updated,
        closed,
        late,
        timers: timerChanges(name, before?.timer ?? null, timer),
      }
    },
    fire(before, fired, watermark) {
      if (fired.name !== name) return { state: before, updated: [], closed: [], late: [], timers: [] }
      if (watermark !== undefined) knownWatermark(watermark)
      const silent = watermark === undefined && isSilent(before.timer, fired, idleMs)
      const until = silent ? fired.firedAt : Math.max(before.watermark, watermark ?? -Infinity)
      const [closed, open] = split(before.windows, (one) => windows.closesAt(one) <= until)
      // Silence says nothing about windows that were never open: records for them are still taken.
      const reached = silent ? Math.max(before.watermark, ...closed.map(windows.closesAt)) : until
      const timer = afterFiring(fired, firstClose(open), idleMs, silent)
      return { state: { watermark: reached, timer, windows: open }, updated: [], closed, late: [], timers: timerChanges(name, null, timer) }
    },
  }
}

function stateSchema<A>(name: string, aggregate: Schema<A>): Schema<WindowState<A>> {
  const window = {
    type: 'record',
    name: `${name}Window`,
    fields: [
      { name: 'start', type: 'long', doc: 'First ms of the window.' },
      { name: 'end', type: 'long', doc: 'First ms after it.' },
      { name: 'aggregate', type: aggregate.definition, doc: 'The result so far.' },
    ],
  }
  return recordSchema(name, 'Open windows of one key.', [
    { name: 'watermark', type: 'long', doc: 'Event time up to which the key was read, ms.' },
    { name: 'timer', type: closingTimerType(name), doc: 'The closing timer that is set.' },
    { name: 'windows', type: { type: 'array', items: window }, doc: 'Open windows, earliest first.' },
  ])
}

function same(a: TimeWindow, b: TimeWindow): boolean {
  return a.start === b.start && a.end === b.end
}

/** Those that meet the condition and the others, both in order of time. */
function split<W extends TimeWindow>(windows: readonly W[], condition: (window: W) => boolean): [W[], W[]] {
  const sorted = [...windows].sort((a, b) => a.start - b.start || a.end - b.end)
  return [sorted.filter(condition), sorted.filter((window) => !condition(window))]
}
