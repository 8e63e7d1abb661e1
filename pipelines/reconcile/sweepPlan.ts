/**
 * When a location is swept for what its webhooks lost, and over which stretch of time: often after something was found, seldom
 * otherwise, with overlap, and without a gap whatever fails. Holds while our clock is ahead of the platform's by less than the
 * overlap without the lag of its index. Pure: time is passed in.
 * @source reference/gohighlevel.md 7.8
 */
import { DateTime } from 'luxon'

/** What is read, each with a cursor of its own: one that fails holds up no other. */
export const sweepSources = ['messages', 'emails', 'contacts', 'opportunities'] as const
export type SweepSource = (typeof sweepSources)[number]

export interface SweepLimits {
  /** Between the starts of two sweeps, ms: the least after something was found, the most when nothing is. */
  readonly everyMs: { readonly least: number; readonly most: number }
  /** How far a sweep reaches back behind what is swept, ms. */
  readonly overlapMs: number
  /** How far the first sweep reaches back, ms. */
  readonly firstReachMs: number
  /** The longest stretch of one sweep, ms: after an outage the past is caught up in pieces, oldest first. */
  readonly longestMs: number
  /** What changed this shortly before a sweep is left for the next, ms: its webhook may be on its way, and the index lags. */
  readonly settleMs: number
}

const minute = 60_000

/** The index lags about a minute, a webhook takes seconds: two minutes cover both, ten more are for clocks. */
export const sweepDefaults: SweepLimits = {
  everyMs: { least: 5 * minute, most: 15 * minute },
  overlapMs: 10 * minute,
  firstReachMs: 24 * 60 * minute,
  longestMs: 6 * 60 * minute,
  settleMs: 2 * minute,
}

/** UTC-12 and UTC+14 are the farthest zones, ms. */
const WEST_MS = 12 * 60 * minute
const EAST_MS = 14 * 60 * minute

/** How far a source of a location is swept. Stored; a source that was never swept has none. */
export interface SweepCursor {
  /** Everything that changed before is read, ms. */
  readonly sweptUntil: number
  /** When the last sweep began, whatever became of it, ms. */
  readonly startedAt: number
  /** From then to the next one, ms; 0 while the past is caught up. */
  readonly waitMs: number
  /** Of a stretch that was not read to its end: what changed before is read, and need not be again, ms. */
  readonly readUntil?: number
}

export interface Sweep {
  readonly tenantId: string
  readonly source: SweepSource
  /** ms, included. */
  readonly from: number
  /** ms, not included. */
  readonly before: number
  readonly startedAt: number
}

export type SweepOutcome =
  /** Read to its end; `missed` is what no webhook had told of. */
  | { readonly kind: 'read'; readonly missed: number }
  /** Not read to its end: the stretch is read again, from where it is known to be read (ms). */
  | { readonly kind: 'failed'; readonly readUntil?: number }

/**
 * The sweep of a source that is due, or undefined. `spread` is from 0 up to 1, the same for a location every time: it keeps
 * locations that were installed together from being swept together.
 */
export function dueSweep(
  tenantId: string,
  source: SweepSource,
  cursor: SweepCursor | undefined,
  now: number,
  spread: number,
  { overlapMs, firstReachMs, longestMs, everyMs, settleMs }: SweepLimits,
): Sweep | undefined {
  if (cursor !== undefined && now >= cursor.startedAt && now < dueAt(cursor, spread, everyMs.least)) return undefined
  // A cursor beyond now was set by a clock that has been set back since: what came after now was not there to be read.
  const again = cursor === undefined ? now - firstReachMs : Math.min(cursor.sweptUntil, now) - overlapMs
  const from = cursor?.readUntil === undefined ? again : Math.max(again, Math.min(cursor.readUntil, now - settleMs - overlapMs))
  return { tenantId, source, from, before: Math.min(now - settleMs, from + longestMs), startedAt: now }
}

/**
 * From where a stretch may be read on that is read up to `readUntil` (ms). What had changed shortly before the sweep began is not skipped:
 * it may have come into the index behind the place that had been read.
 */
export function goesOnFrom(
  { startedAt }: Pick<Sweep, 'startedAt'>,
  readUntil: number,
  { overlapMs, settleMs }: Pick<SweepLimits, 'overlapMs' | 'settleMs'>,
): number {
  return Math.min(readUntil, startedAt - settleMs - overlapMs)
}

/** The cursor after a sweep: it goes on only over what was read to its end. */
export function afterSweep(before: SweepCursor | undefined, sweep: Sweep, outcome: SweepOutcome, limits: SweepLimits): SweepCursor {
  const {
    overlapMs,
    settleMs,
    everyMs: { least, most },
  } = limits
  const { startedAt } = sweep
  const waited = Math.max(least, before?.waitMs ?? 0)
  if (outcome.kind === 'failed') {
    const kept = { sweptUntil: before?.sweptUntil ?? sweep.from + overlapMs, startedAt, waitMs: Math.min(most, waited * 2) }
    const reached = outcome.readUntil === undefined ? undefined : goesOnFrom(sweep, outcome.readUntil, limits)
    const readUntil = Math.max(before?.readUntil ?? -Infinity, reached ?? -Infinity)
    return readUntil === -Infinity ? kept : { ...kept, readUntil }
  }
  const isBehind = sweep.before < startedAt - settleMs
  const waitMs = isBehind ? 0 : outcome.missed > 0 ? least : Math.min(most, Math.ceil(waited * 1.5))
  return { sweptUntil: sweep.before, startedAt, waitMs }
}

/**
 * The days that a stretch touches somewhere on earth, `YYYY-MM-DD`: opportunities are found by whole days, and in which zone those begin is
 * not documented. By days of UTC alone what a location west of it makes in its evening would be missed.
 */
export function daysOf({ from, before }: Pick<Sweep, 'from' | 'before'>): { readonly fromDay: string; readonly toDay: string } {
  return { fromDay: dayOf(from - WEST_MS), toDay: dayOf(before - 1 + EAST_MS) }
}

/** Why these limits cannot work, or undefined. */
export function sweepFlaw({ everyMs, overlapMs, firstReachMs, longestMs, settleMs }: SweepLimits): string | undefined {
  if (!(everyMs.least > 0 && everyMs.most >= everyMs.least)) return 'everyMs must grow from above 0'
  if (!(overlapMs > 0 && firstReachMs > 0)) return 'overlapMs and firstReachMs must be above 0'
  if (!(settleMs >= 0 && settleMs < overlapMs))
    return 'settleMs must be 0 or more and less than overlapMs, or a sweep would have no stretch'
  return longestMs > overlapMs ? undefined : 'longestMs must be more than overlapMs, or nothing is ever caught up'
}

/** Of a wait, by which it may be shorter. */
const EARLIER = 1 / 10

/** The wait that keeps others for `leaseMs` more, whatever their spread, from a sweep that began at `startedAt` and is still made at `now` (ms). */
export function waitWhileSwept(startedAt: number, now: number, leaseMs: number): number {
  return Math.ceil((now - startedAt + leaseMs) / (1 - EARLIER))
}

/** At most a tenth earlier, never under the least. */
function dueAt({ startedAt, waitMs }: SweepCursor, spread: number, least: number): number {
  return waitMs === 0 ? startedAt : startedAt + Math.max(least, Math.floor(waitMs * (1 - spread * EARLIER)))
}

function dayOf(at: number): string {
  return DateTime.fromMillis(at, { zone: 'utc' }).toFormat('yyyy-MM-dd')
}
