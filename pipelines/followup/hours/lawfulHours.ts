/**
 * The safe-hours rule: an instant is lawful when every zone that may apply shows a local time inside the window of every
 * state that may apply. Windows are local dates and wall times, resolved through the zone, never through an offset.
 * @source reference/safety-and-claude.md 3.2
 */
import { DateTime } from 'luxon'
import { isFederalHoliday } from './federalHolidays.ts'
import { hoursTable } from './hoursTable.ts'
import type { HoursRule } from './hoursTable.ts'

/** Minutes of the local day, `from` included, `to` excluded. */
interface DayWindow {
  readonly from: number
  readonly to: number
}

/** The window of every weekday, and whether holidays are closed. */
interface Week {
  readonly days: readonly (DayWindow | undefined)[]
  readonly closedOnHolidays: boolean
}

const DAY_MS = 86_400_000
/** Further ahead nothing is promised: the caller holds. */
export const horizonMs = 7 * DAY_MS

/** The jurisdictions of the rules for these states; unknown (empty) means every state. `undefined` when one has no rules at all. */
export function rulesFor(states: readonly string[], table: readonly HoursRule[] = hoursTable): readonly HoursRule[] | undefined {
  const inForce = table.filter(({ status }) => status !== 'superseded')
  if (states.length === 0) return inForce
  const countries = new Set(states.map((state) => state.split('-', 1)[0] ?? state))
  // No rule pack for the country, no automated contact. @source reference/gohighlevel.md 6.7
  for (const country of countries) if (!inForce.some(({ jurisdiction }) => jurisdiction === country)) return undefined
  return inForce.filter(({ jurisdiction }) => jurisdiction === '*' || countries.has(jurisdiction) || states.includes(jurisdiction))
}

/** The states that count: a lead of unknown state may live anywhere in the country of its location, outside the US its bare code. */
export function statesIn(states: readonly string[], country: string | undefined): readonly string[] {
  return states.length === 0 && country !== undefined && country !== 'US' ? [country] : states
}

/**
 * The earliest instant at or after `after` (ms) at which all zones and rules allow contact. `undefined` when there is
 * none within 7 days or a zone is unknown: the caller holds, it never guesses.
 */
export function earliestLawfulInstant(after: number, zones: readonly string[], rules: readonly HoursRule[]): number | undefined {
  if (zones.length === 0) return undefined
  const week = weekOf(rules)
  let instant = after
  for (let settled = 0, turn = 0; settled < zones.length; turn++) {
    const opens = earliestInZone(instant, zones[turn % zones.length] ?? '', week)
    if (opens === undefined || opens > after + horizonMs) return undefined
    settled = opens === instant ? settled + 1 : 1
    instant = opens
  }
  return instant
}

/** Is the instant (ms) inside every window? */
export function isLawful(at: number, zones: readonly string[], rules: readonly HoursRule[]): boolean {
  return earliestLawfulInstant(at, zones, rules) === at
}

/** From `from`, included, to `to`, excluded, ms. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/**
 * Every stretch between `from` and `to` (ms) in which all zones and rules allow contact, earliest first: what `isLawful` says of each
 * instant, of all of them at once. None where a zone is unknown.
 */
export function lawfulStretches(from: number, to: number, zones: readonly string[], rules: readonly HoursRule[]): Stretch[] {
  const week = weekOf(rules)
  const [first, ...others] = zones.map((zone) => stretchesInZone(from, to, zone, week))
  return others.reduce(inBoth, first ?? [])
}

function stretchesInZone(from: number, to: number, zone: string, week: Week): Stretch[] {
  const found: Stretch[] = []
  const local = DateTime.fromMillis(from, { zone })
  if (!local.isValid) return found
  for (let ahead = 0; ; ahead++) {
    const { year, month, day, weekday } = local.plus({ days: ahead })
    if (wallTime(year, month, day, 0, zone) >= to) return found
    const open = week.days[weekday]
    if (open === undefined || (week.closedOnHolidays && isFederalHoliday(year, month, day))) continue
    const begins = Math.max(from, wallTime(year, month, day, open.from, zone))
    const ends = Math.min(to, wallTime(year, month, day, open.to, zone))
    if (begins < ends) found.push({ from: begins, to: ends })
  }
}

function inBoth(one: readonly Stretch[], other: readonly Stretch[]): Stretch[] {
  return one.flatMap((a) =>
    other.flatMap((b) => {
      const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)]
      return from < to ? [{ from, to }] : []
    }),
  )
}

function earliestInZone(at: number, zone: string, week: Week): number | undefined {
  const local = DateTime.fromMillis(at, { zone })
  if (!local.isValid) return undefined
  for (let ahead = 0; ahead <= 8; ahead++) {
    const date = local.plus({ days: ahead })
    const { year, month, day } = date
    const open = week.days[date.weekday]
    if (open === undefined || (week.closedOnHolidays && isFederalHoliday(year, month, day))) continue
    const opensAt = wallTime(year, month, day, open.from, zone)
    if (opensAt >= at) return opensAt
    if (at < wallTime(year, month, day, open.to, zone)) return at
  }
  return undefined
}

/** The instant of a wall time. One that a clock change skips is the first instant after it; one that is repeated is its first showing. */
function wallTime(year: number, month: number, day: number, minutes: number, zone: string): number {
  return DateTime.fromObject({ year, month, day, hour: Math.floor(minutes / 60), minute: minutes % 60 }, { zone }).toMillis()
}

/** One window per weekday: what is left when every rule holds at once. */
function weekOf(rules: readonly HoursRule[]): Week {
  const days = [0, 1, 2, 3, 4, 5, 6, 7].map((weekday): DayWindow | undefined => {
    let from = 0
    let to = 1440
    for (const { windows } of rules) {
      const open = windows.find((one) => (one.days as readonly number[]).includes(weekday))
      if (open === undefined) return undefined
      from = Math.max(from, minutesOf(open.from))
      to = Math.min(to, minutesOf(open.to))
    }
    return from < to ? { from, to } : undefined
  })
  return { days, closedOnHolidays: rules.some(({ holidays }) => holidays === 'closed') }
}

function minutesOf(wall: string): number {
  return Number(wall.slice(0, 2)) * 60 + Number(wall.slice(3))
}
