/** Local times of a lead whose zone may not be known: what must hold, must hold in every zone that may apply. */
import { IANAZone } from 'luxon'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** 1970-01-01 was a Thursday; Sunday is 0. */
const EPOCH_WEEKDAY = 4

/** Is it a Saturday or Sunday between 22:00 and 02:00 in all of these zones? @source lead-domain reference 6.2, night_owl */
export function weekendNight(zones: readonly string[]): (at: number) => boolean {
  const known = zones.map((zone) => IANAZone.create(zone)).filter(({ isValid }) => isValid)
  return (at) =>
    known.length > 0 &&
    mayBeWeekend(at) &&
    known.every((zone) => {
      const local = at + offsetOf(zone, at) * MINUTE_MS
      const hour = hourOf(local)
      const weekday = (Math.floor(local / DAY_MS) + EPOCH_WEEKDAY) % 7
      return (weekday === 6 || weekday === 0) && (hour >= 22 || hour < 2)
    })
}

/** Cheap: no zone is more than 14 hours from UTC, so a weekend lies between Friday and Monday there. */
function mayBeWeekend(at: number): boolean {
  const weekday = (Math.floor(at / DAY_MS) + EPOCH_WEEKDAY) % 7
  return weekday <= 1 || weekday >= 5
}

/** The local hour, when only one zone may apply. */
export function localHour(zones: readonly string[]): ((at: number) => number) | undefined {
  const zone = zones.length === 1 && zones[0] !== undefined ? IANAZone.create(zones[0]) : undefined
  return zone?.isValid === true ? (at) => hourOf(at + offsetOf(zone, at) * MINUTE_MS) : undefined
}

/** Offsets known of a zone, by the minute; all of them are dropped when there are so many. */
const OFFSETS_KEPT = 20_000
/** Since then no zone has changed its offset but at a full minute. @source IANA tz database: Liberia, 1972-01-07, was the last; 1973-01-01 */
const WHOLE_MINUTES_SINCE = 94_694_400_000
const offsets = new Map<string, Map<number, number>>()

/** Minutes; asking the calendar costs microseconds, and the same few moments of a lead are asked again with each event. */
export function offsetOf(zone: IANAZone, at: number): number {
  if (!(at >= WHOLE_MINUTES_SINCE)) return zone.offset(at)
  let known = offsets.get(zone.name)
  if (known === undefined) offsets.set(zone.name, (known = new Map<number, number>()))
  const minute = Math.floor(at / MINUTE_MS)
  let offset = known.get(minute)
  if (offset === undefined) {
    if (known.size >= OFFSETS_KEPT) known.clear()
    known.set(minute, (offset = zone.offset(minute * MINUTE_MS)))
  }
  return offset
}

function hourOf(local: number): number {
  return Math.floor((local % DAY_MS) / HOUR_MS)
}
