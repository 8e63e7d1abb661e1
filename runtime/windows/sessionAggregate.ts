/**
 * Aggregates of one key over sessions: runs of records with at most `gapMs` between neighbours. The sessions are those
 * of the records that were not late, whatever the order they came in, and final ones lie more than the gap apart.
 * A record is late when the key has been read more than `graceMs` past it.
 */
import type { TimerChange } from '../outcome.ts'
import type { Schema } from '../schema.ts'
import type { FiredTimer } from '../stage.ts'
import { afterFiring, afterRecord, closingTimerType, isSilent, timerChanges, timerName } from './closingTimer.ts'
import type { ClosingTimer } from './closingTimer.ts'
import { recordSchema } from './stateSchemas.ts'
import { eventTime, knownWatermark, wholeMs } from './timeWindows.ts'

export interface Session<A> {
  /** Timestamp of the first record, ms. */
  readonly start: number
  /** Timestamp of the last record, ms: unlike the end of a window it belongs to the session. */
  readonly end: number
  readonly aggregate: A
}

export interface SessionState<A> {
  /** Event time up to which the key was read, ms. */
  readonly watermark: number
  readonly timer: ClosingTimer | null
  /** Open sessions, earliest first, more than the gap apart. */
  readonly sessions: readonly Session<A>[]
}

export interface SessionStep<A> {
  /** The state to go on with; what was there before (perhaps nothing) when the record was late. */
  readonly state: SessionState<A> | undefined
  /** The session the record went into, as it is now: the early result. */
  readonly updated: Session<A> | undefined
  /** The sessions as they were that `updated` takes the place of: early results to be taken back. */
  readonly replaced: readonly Session<A>[]
  /** Final results, earliest first. */
  readonly closed: readonly Session<A>[]
  readonly late: boolean
  readonly timers: readonly TimerChange[]
}

export interface SessionAggregateOptions<A, V> {
  /** Full Avro name of the state; its last part names the timer. Renaming is a migration. */
  name: string
  /** Records this far apart, or nearer, belong together. At least 1. */
  gapMs: number
  /** How far behind the latest record of its key a record may be. */
  graceMs: number
  /** A key without a record for this long (ms of wall clock) closes what the wall clock has passed. At least 1. */
  idleMs: number
  aggregate: Schema<A>
  /** What a session starts from. Never changed in place. */
  initial: A
  /** Pure. Records come in the order they are read, not in order of time. */
  add: (aggregate: A, value: V, timestamp: number) => A
  /** Pure: one aggregate out of two, the earlier session first. */
  merge: (earlier: A, later: A) => A
}

export interface SessionAggregate<A, V> {
  readonly timerName: string
  /** The state of a stage, or a part of one (see `combinedState`). */
  readonly state: Schema<SessionState<A>>
  /** Takes a record. `watermark` and what throws as for windows: event time up to which all input was read, by default the record's own. */
  add(
    before: SessionState<A> | null | undefined,
    record: { readonly value: V; readonly timestamp: number },
    watermark?: number,
  ): SessionStep<A>
  /** Takes a timer; one of another name changes nothing. With a `watermark` that closes, without one silence does. */
  fire(before: SessionState<A>, fired: FiredTimer, watermark?: number): SessionStep<A>
}

/** Declares an aggregate over sessions. */
export function sessionAggregate<A, V>(options: SessionAggregateOptions<A, V>): SessionAggregate<A, V> {
  const { gapMs, graceMs, idleMs, initial, add, merge } = options
  wholeMs('the gap of a session', gapMs, 1)
  wholeMs('the grace of a session', graceMs, 0)
  wholeMs('idleMs', idleMs, 1)
  const name = timerName(options.name)
  /** The watermark at which no record can join it any more: one at `end + gapMs` may still come `graceMs` late. */
  const closesAt = (session: Session<A>) => session.end + gapMs + graceMs + 1
  const firstClose = (open: readonly Session<A>[]) => (open.length === 0 ? undefined : Math.min(...open.map(closesAt)))

  return {
    timerName: name,
    state: stateSchema(options.name, options.aggregate),
    add(before, { value, timestamp }, watermark = timestamp) {
      eventTime(timestamp)
      knownWatermark(watermark)
      const reached = Math.max(before?.watermark ?? -Infinity, watermark)
      const sessions = before?.sessions ?? []
      // Kafka Streams takes such a record if the session it would make is still open. Then two final sessions could lie
      // nearer than the gap; here they cannot.
      const late = timestamp + graceMs < reached
      const replaced = late ? [] : sessions.filter((one) => one.start - gapMs <= timestamp && timestamp <= one.end + gapMs)
      const updated = late
        ? undefined
        : {
            start: Math.min(timestamp, ...replaced.map((one) => one.start)),
            end: Math.max(timestamp, ...replaced.map((one) => one.end)),
            aggregate: add(merged(replaced, initial, merge), value, timestamp),
          }
      const now = sessions
        .filter((one) => !replaced.includes(one))
        .concat(updated ?? [])
        .sort((a, b) => a.start - b.start)
      const closed = now.filter((one) => closesAt(one) <= reached)
      if (late && closed.length === 0) return { state: before ?? undefined, updated, replaced, closed, late, timers: [] }
      const open = now.filter((one) => closesAt(one) > reached)
      const timer = afterRecord(before?.timer ?? null, firstClose(open))
      return {
        state: { watermark: reached, timer, sessions: open },
        updated,
        replaced,
        closed,
        late,
        timers: timerChanges(name, before?.timer ?? null, timer),
      }
    },
    fire(before, fired, watermark) {
      if (fired.name !== name) return { state: before, updated: undefined, replaced: [], closed: [], late: false, timers: [] }
      if (watermark !== undefined) knownWatermark(watermark)
      const silent = watermark === undefined && isSilent(before.timer, fired, idleMs)
      const until = silent ? fired.firedAt : Math.max(before.watermark, watermark ?? -Infinity)
      const closed = before.sessions.filter((one) => closesAt(one) <= until)
      const open = before.sessions.filter((one) => closesAt(one) > until)
      const reached = silent ? Math.max(before.watermark, ...closed.map(closesAt)) : until
      const timer = afterFiring(fired, firstClose(open), idleMs, silent)
      return {
        state: { watermark: reached, timer, sessions: open },
        updated: undefined,
        replaced: [],
        closed,
        late: false,
        timers: timerChanges(name, null, timer),
      }
    },
  }
}

function merged<A>(sessions: readonly Session<A>[], initial: A, merge: (earlier: A, later: A) => A): A {
  const [first, ...others] = sessions
  return first === undefined ? initial : others.reduce((aggregate, session) => merge(aggregate, session.aggregate), first.aggregate)
}

function stateSchema<A>(name: string, aggregate: Schema<A>): Schema<SessionState<A>> {
  const session = {
    type: 'record',
    name: `${name}Session`,
    fields: [
      { name: 'start', type: 'long', doc: 'Timestamp of the first record, ms.' },
      { name: 'end', type: 'long', doc: 'Timestamp of the last record, ms.' },
      { name: 'aggregate', type: aggregate.definition, doc: 'The result so far.' },
    ],
  }
  return recordSchema(name, 'Open sessions of one key.', [
    { name: 'watermark', type: 'long', doc: 'Event time up to which the key was read, ms.' },
    { name: 'timer', type: closingTimerType(name), doc: 'The closing timer that is set.' },
    { name: 'sessions', type: { type: 'array', items: session }, doc: 'Open sessions, earliest first.' },
  ])
}
