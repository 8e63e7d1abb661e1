/**
 * Joins two streams of one key within a distance in event time. Every pair of records that were taken and lie within the
 * distance is answered once, in whatever order they came; a record without a partner is answered once, when none can come
 * any more. Both sides are kept in the state until then, at most `maxPerSide` records each.
 */
import type { TimerChange } from '../outcome.ts'
import type { Schema } from '../schema.ts'
import type { FiredTimer } from '../stage.ts'
import { onTime, timerChanges, timerName } from './closingTimer.ts'
import { recordSchema } from './stateSchemas.ts'
import { eventTime, knownWatermark, wholeMs } from './timeWindows.ts'

export interface Pair<L, R> {
  readonly left: L
  readonly leftAt: number
  readonly right: R
  readonly rightAt: number
}

/** A record of one side by itself. */
export type Single<L, R> =
  | { readonly side: 'left'; readonly value: L; readonly timestamp: number }
  | { readonly side: 'right'; readonly value: R; readonly timestamp: number }

export interface Buffered<V> {
  readonly timestamp: number
  readonly value: V
  /** It has had a partner. */
  readonly matched: boolean
}

export interface JoinState<L, R> {
  /** Latest timestamps of the sides, ms; `null` before the first record. */
  readonly leftAt: number | null
  readonly rightAt: number | null
  /** Event time up to which both sides were read or given up, ms; `null` while one side is unheard. */
  readonly watermark: number | null
  /** The closing timer, and which sides have been quiet since it was set. */
  readonly timer: { readonly at: number; readonly leftQuiet: boolean; readonly rightQuiet: boolean } | null
  /** In the order they were read. */
  readonly left: readonly Buffered<L>[]
  readonly right: readonly Buffered<R>[]
}

export interface JoinStep<L, R> {
  /** The state to go on with; `undefined` only if there was none and the record was not taken. */
  readonly state: JoinState<L, R> | undefined
  readonly pairs: readonly Pair<L, R>[]
  /** Records that had no partner and can have none any more. With `inner` none, with `left` those of the left side. */
  readonly unmatched: readonly Single<L, R>[]
  /** Records that had to make room (`evict-oldest`) and may have missed a partner. They do not appear in `unmatched`. */
  readonly evicted: readonly (Single<L, R> & { readonly matched: boolean })[]
  /** The record was more than `graceMs` behind both sides: it was not taken. */
  readonly late: boolean
  /** Its side was full (`refuse-new`): it was not taken. */
  readonly refused: boolean
  readonly timers: readonly TimerChange[]
}

export interface StreamJoinOptions<L, R> {
  /** Full Avro name of the state; its last part names the timer. Renaming is a migration. */
  name: string
  left: Schema<L>
  right: Schema<R>
  kind: 'inner' | 'left' | 'outer'
  /** A right record pairs when it is at most this much earlier than the left one, ms. Negative: it must be later. */
  beforeMs: number
  /** ... and at most this much later. Negative: it must be earlier. */
  afterMs: number
  /** How far behind what both sides have reached a record may be. */
  graceMs: number
  /** A side without a record of the key for this long (ms of wall clock) is not waited for. At least 1. */
  idleMs: number
  /** The whole buffer is the state of the key and is written with every record: keep it small. */
  maxPerSide: number
  /** A full side refuses the new record, or gives up its oldest one. */
  overflow: 'refuse-new' | 'evict-oldest'
}

type Incoming<V> = { readonly value: V; readonly timestamp: number }

export interface StreamJoin<L, R> {
  readonly timerName: string
  /** The state of a stage, or a part of one (see `combinedState`). */
  readonly state: Schema<JoinState<L, R>>
  /** Takes a record of the left stream. Throws a `RangeError` where its timestamp is no time. `watermark`: event time up to which both inputs were read, if the caller knows it. */
  left(before: JoinState<L, R> | null | undefined, record: Incoming<L>, watermark?: number): JoinStep<L, R>
  /** Takes a record of the right stream. */
  right(before: JoinState<L, R> | null | undefined, record: Incoming<R>, watermark?: number): JoinStep<L, R>
  /** Takes a timer; one of another name changes nothing. With a `watermark` that closes, without one silence does. */
  fire(before: JoinState<L, R>, fired: FiredTimer, watermark?: number): JoinStep<L, R>
}

/** Declares a join. Throws a `RangeError` for distances that no pair can have. */
export function streamJoin<L, R>(options: StreamJoinOptions<L, R>): StreamJoin<L, R> {
  const { kind, beforeMs, afterMs, graceMs, idleMs, maxPerSide, overflow } = options
  wholeMs('the grace of a join', graceMs, 0)
  wholeMs('idleMs', idleMs, 1)
  wholeMs('beforeMs', beforeMs, -afterMs)
  wholeMs('afterMs', afterMs, -beforeMs)
  if (!Number.isSafeInteger(maxPerSide) || maxPerSide < 1) throw new RangeError(`maxPerSide is ${maxPerSide}: 1 or more is needed`)
  const name = timerName(options.name)
  /** How far behind and ahead of a record of the side its partners lie. */
  const back = { left: beforeMs, right: afterMs }
  const ahead = { left: afterMs, right: beforeMs }
  /** The watermark at which no record that is still taken can pair with it. */
  const closesAt = (side: Side, entry: Buffered<unknown>) => entry.timestamp + ahead[side] + graceMs + 1
  const answersSingles = { left: kind !== 'inner', right: kind === 'outer' }

  function expire(buffers: Buffers, until: number): Expired {
    const open = (side: Side) => buffers[side].filter((entry) => closesAt(side, entry) > until)
    const gone = (side: Side) => buffers[side].filter((entry) => closesAt(side, entry) <= until)
    const unmatched = bothSides.flatMap((side) =>
      answersSingles[side] ? gone(side).flatMap(({ matched, ...entry }) => (matched ? [] : [{ side, ...entry }])) : [],
    )
    return {
      open: { left: open('left'), right: open('right') },
      unmatched: unmatched.sort((a, b) => a.timestamp - b.timestamp),
      closedUpTo: Math.max(-Infinity, ...bothSides.flatMap((side) => gone(side).map((entry) => closesAt(side, entry)))),
    }
  }

  function firstClose(buffers: Buffers): number | undefined {
    const closes = bothSides.flatMap((side) => buffers[side].map((entry) => closesAt(side, entry)))
    return closes.length === 0 ? undefined : Math.min(...closes)
  }

  function take(side: Side, before: AnyState | undefined, { value, timestamp }: Incoming<unknown>, known: number | undefined): AnyStep {
    eventTime(timestamp)
    if (known !== undefined) knownWatermark(known)
    const latest = { left: before?.leftAt ?? -Infinity, right: before?.rightAt ?? -Infinity }
    latest[side] = Math.max(latest[side], timestamp)
    // The slower side counts: one topic may be read far ahead of the other, and nothing is late because of that.
    const watermark = Math.max(before?.watermark ?? -Infinity, known ?? Math.min(latest.left, latest.right))
    const { open, unmatched } = expire({ left: before?.left ?? [], right: before?.right ?? [] }, watermark)
    const late = timestamp + graceMs < watermark
    const full = open[side].length >= maxPerSide
    const refused = !late && full && overflow === 'refuse-new'
    const taken = !late && !refused
    const gone = taken && full ? oldest(open[side]) : undefined
    const [other, isPartner] = [otherSide[side], (at: number) => timestamp - back[side] <= at && at <= timestamp + ahead[side]]
    const partners = taken ? open[other].filter((entry) => isPartner(entry.timestamp)) : []
    const own = taken ? [...open[side].filter((entry) => entry !== gone), { timestamp, value, matched: partners.length > 0 }] : open[side]
    const others = open[other].map((entry) => (!entry.matched && partners.includes(entry) ? { ...entry, matched: true } : entry))
    // With a negative distance the record itself may have had its time already.
    const rest = expire(side === 'left' ? { left: own, right: others } : { left: others, right: own }, watermark)
    const at = before?.timer?.at ?? firstClose(rest.open)
    const timer =
      at === undefined || firstClose(rest.open) === undefined
        ? null
        : {
            at,
            leftQuiet: before?.timer?.leftQuiet === true && (side === 'right' || late),
            rightQuiet: before?.timer?.rightQuiet === true && (side === 'left' || late),
          }
    return {
      state:
        before === undefined && !taken
          ? undefined
          : { leftAt: finite(latest.left), rightAt: finite(latest.right), watermark: finite(watermark), timer, ...rest.open },
      pairs: partners.map((partner) =>
        side === 'left'
          ? { left: value, leftAt: timestamp, right: partner.value, rightAt: partner.timestamp }
          : { left: partner.value, leftAt: partner.timestamp, right: value, rightAt: timestamp },
      ),
      unmatched: [...unmatched, ...rest.unmatched],
      evicted: gone === undefined ? [] : [{ side, ...gone }],
      late,
      refused,
      timers: timerChanges(name, before?.timer ?? null, timer),
    }
  }

  function fire(before: AnyState, fired: FiredTimer, known: number | undefined): AnyStep {
    if (fired.name !== name) return { ...nothing, state: before }
    if (known !== undefined) knownWatermark(known)
    const heard = known === undefined && onTime(fired, idleMs) ? before.timer : null
    const [leftSilent, rightSilent] = [heard?.leftQuiet === true, heard?.rightQuiet === true]
    // A silent side is not waited for: the other one alone says how far time has come, or the wall clock if both are.
    const bySilence =
      leftSilent && rightSilent ? fired.firedAt : ((rightSilent ? before.leftAt : leftSilent ? before.rightAt : null) ?? -Infinity)
    const watermark = Math.max(before.watermark ?? -Infinity, known ?? -Infinity)
    const { open, unmatched, closedUpTo } = expire(before, Math.max(watermark, bySilence))
    const first = firstClose(open)
    const at = leftSilent && rightSilent ? first : first === undefined ? undefined : Math.max(first, fired.firedAt + idleMs)
    const timer = at === undefined ? null : { at, leftQuiet: true, rightQuiet: true }
    return {
      ...nothing,
      state: { ...before, ...open, watermark: finite(Math.max(watermark, closedUpTo)), timer },
      unmatched,
      timers: timerChanges(name, null, timer),
    }
  }

  // Inside, the two sides are alike and their values are not looked at; the types of the sides are put on here.
  return {
    timerName: name,
    state: stateSchema(options),
    left: (before, record, watermark) => take('left', before ?? undefined, record, watermark) as JoinStep<L, R>,
    right: (before, record, watermark) => take('right', before ?? undefined, record, watermark) as JoinStep<L, R>,
    fire: (before, fired, watermark) => fire(before, fired, watermark) as JoinStep<L, R>,
  }
}

type Side = 'left' | 'right'
type AnyState = JoinState<unknown, unknown>
type AnyStep = JoinStep<unknown, unknown>
type Buffers = Readonly<Record<Side, readonly Buffered<unknown>[]>>
interface Expired {
  readonly open: Buffers
  readonly unmatched: Single<unknown, unknown>[]
  /** The latest close among what expired. */
  readonly closedUpTo: number
}

const bothSides: readonly Side[] = ['left', 'right']
const otherSide = { left: 'right', right: 'left' } as const
const nothing = { pairs: [], unmatched: [], evicted: [], late: false, refused: false, timers: [] }

/** The record of the earliest time; of several the one read first. */
function oldest(entries: readonly Buffered<unknown>[]): Buffered<unknown> | undefined {
  return entries.reduce<Buffered<unknown> | undefined>(
    (first, one) => (first === undefined || one.timestamp < first.timestamp ? one : first),
    undefined,
  )
}

function finite(ms: number): number | null {
  return ms === -Infinity ? null : ms
}

function stateSchema<L, R>({ name, left, right }: StreamJoinOptions<L, R>): Schema<JoinState<L, R>> {
  const optionalMs = ['null', 'long']
  const side = (part: string, { definition }: Schema<unknown>) => ({
    type: 'array',
    items: {
      type: 'record',
      name: `${name}${part}`,
      fields: [
        { name: 'timestamp', type: 'long', doc: 'Event time of the record, ms.' },
        { name: 'value', type: definition, doc: 'The record.' },
        { name: 'matched', type: 'boolean', doc: 'It has had a partner.' },
      ],
    },
  })
  const timer = {
    type: 'record',
    name: `${name}Timer`,
    fields: [
      { name: 'at', type: 'long', doc: 'Due time of the closing timer, ms.' },
      { name: 'leftQuiet', type: 'boolean', doc: 'No left record has come since the timer before it fired.' },
      { name: 'rightQuiet', type: 'boolean', doc: 'No right record has come since the timer before it fired.' },
    ],
  }
  return recordSchema(name, 'What a join keeps of one key.', [
    { name: 'leftAt', type: optionalMs, doc: 'Latest left timestamp, ms.' },
    { name: 'rightAt', type: optionalMs, doc: 'Latest right timestamp, ms.' },
    { name: 'watermark', type: optionalMs, doc: 'Event time up to which both sides were read or given up, ms.' },
    { name: 'timer', type: ['null', timer], doc: 'The closing timer that is set.' },
    { name: 'left', type: side('Left', left as Schema<unknown>), doc: 'Left records that may still find a partner.' },
    { name: 'right', type: side('Right', right as Schema<unknown>), doc: 'Right records that may still find a partner.' },
  ])
}
