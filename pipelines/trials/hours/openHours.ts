/**
 * Which hours a message may be left to: hours of the clock that begin within a day, are lawful from their first to their last
 * minute in every zone and state that may apply, and are the same hour in all of these zones. Where zones show different hours
 * nobody knows which hour of the lead it would be.
 * @source reference/consensus.md 10.2 (lead-local hours inside the legal intersection); reference/safety-and-claude.md 3.2
 */
import { IANAZone } from 'luxon'
import { lawfulStretches } from '../../followup/hours/lawfulHours.ts'
import type { HoursRule } from '../../followup/hours/hoursTable.ts'
import { hourOption } from './hourTrial.ts'
import type { DayKind } from './hourTrial.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/**
 * So far ahead an hour may lie: a silence is asked about every 24 hours, and a newer question ends a message that has not left.
 */
export const REACH_MS = 23 * HOUR_MS

/** Where a lead may be, and the rules of all of it. */
export interface LawfulPlace {
  readonly zones: readonly string[]
  readonly rules: readonly HoursRule[]
}

export interface OpenHour {
  readonly option: string
  readonly day: DayKind
  /** Its first instant, ms. */
  readonly startsAt: number
  /** Whole minutes from now until the message would go. */
  readonly delayMinutes: number
}

export interface HoursAhead {
  /** The next first, each once. */
  readonly open: readonly OpenHour[]
  /** The open one in which a message leaves that is due after so many minutes; `undefined` where it leaves in none. */
  readonly ofDelay: (delayMinutes: number) => OpenHour | undefined
}

/**
 * The open hours after `at` (ms). Messages keep their place in the hour, drawn together into its first three quarters: so they are
 * spread, and have a quarter of an hour to leave in.
 */
export function hoursAhead(at: number, { zones, rules }: LawfulPlace): HoursAhead {
  const clocks = zones.map((zone) => clockOf(zone, at - HOUR_MS, at + DAY_MS))
  const [clock] = clocks
  const isKnown = [at, at + DAY_MS].some((then) => isOneHour(then, clocks))
  // The last hour begins within reach and is whole.
  const lawful = isKnown ? lawfulStretches(at - HOUR_MS, at + REACH_MS + HOUR_MS, zones, rules) : []
  const open: OpenHour[] = []
  for (let ahead = 0; clock !== undefined && lawful.length > 0 && ahead < 24; ahead++) {
    const then = at + ahead * HOUR_MS
    const intoMs = modulo(clock(then), HOUR_MS)
    const startsAt = then - intoMs
    const delayMinutes = Math.ceil((startsAt + (intoMs * 3) / 4 - at) / MINUTE_MS)
    if (delayMinutes < 0 || delayMinutes * MINUTE_MS > REACH_MS) continue
    if (!lawful.some(({ from, to }) => from <= startsAt && startsAt + HOUR_MS <= to) || !isOneHour(startsAt, clocks)) continue
    const { option, day } = namedAt(clock(startsAt))
    if (!open.some((one) => one.option === option)) open.push({ option, day, startsAt, delayMinutes })
  }
  return {
    open,
    ofDelay(minutes) {
      const dueAt = at + minutes * MINUTE_MS
      const next = lawful.find(({ to }) => to > dueAt)
      const leavesAt = Math.max(dueAt, next?.from ?? Infinity)
      return open.find(({ startsAt }) => startsAt <= leavesAt && leavesAt < startsAt + HOUR_MS)
    },
  }
}

/** The name of the hour that a clock in the zone shows at `at` (ms). */
export function hourAt(at: number, zone: string): string {
  return namedAt(localMs(at, zone)).option
}

function namedAt(local: number): Pick<OpenHour, 'option' | 'day'> {
  // 1970-01-01 was a Thursday: 0 is Monday.
  const weekday = modulo(Math.floor(local / DAY_MS) + 3, 7)
  const day = weekday >= 5 ? 'weekend' : 'weekday'
  return { option: hourOption(Math.floor(modulo(local, DAY_MS) / HOUR_MS), day), day }
}

/** What the clock in the zone shows, as if it were UTC, ms. */
function localMs(at: number, zone: string): number {
  return at + IANAZone.create(zone).offset(at) * MINUTE_MS
}

/**
 * The same for any time between `from` and `to`, which are a day apart or so: where both have one offset it holds between them, since
 * no zone changes its clocks twice in a day.
 */
function clockOf(zone: string, from: number, to: number): (at: number) => number {
  const shift = localMs(from, zone) - from
  return shift === localMs(to, zone) - to ? (at) => at + shift : (at) => localMs(at, zone)
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** Do all these zones begin one and the same hour then, and end it an hour later? */
function isOneHour(startsAt: number, clocks: readonly ((at: number) => number)[]): boolean {
  const shown = clocks.flatMap((clock) => [clock(startsAt), clock(startsAt + HOUR_MS - MINUTE_MS) - (HOUR_MS - MINUTE_MS)])
  return shown.every((local) => local === shown[0])
}
