/** A moment as people read it, to the minute: in UTC where it is written, in the zone of the location where a realtor reads it. Pure. */
import { DateTime, IANAZone } from 'luxon'

/** `2026-11-24 15:04 UTC`; `at` in ms since the epoch. */
export function instantText(at: number): string {
  return DateTime.fromMillis(at, { zone: 'utc' }).toFormat("yyyy-LL-dd HH:mm 'UTC'")
}

/** A moment in a text, with seconds where there are some. */
const MOMENT = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d)(?::\d\d)? UTC\b/g

/**
 * The text with each moment that `instantText` and its like wrote into it as clocks of the zone show it: `2026-11-24 09:04 CST`. Records
 * keep what they say in UTC, so a zone that was wrong once is wrong in none of them. A zone that is none, or UTC, changes nothing.
 */
export function localTimes(text: string, timeZone: string): string {
  if (!IANAZone.isValidZone(timeZone) || isUtc(timeZone)) return text
  return text.replaceAll(MOMENT, (written, day: string, time: string) => {
    const at = DateTime.fromISO(`${day}T${time}Z`, { zone: timeZone, locale: 'en-US' })
    return at.isValid ? at.toFormat('yyyy-LL-dd HH:mm ZZZZ') : written
  })
}

/** A moment as clocks of the zone show it; an older API does not say which zone that is. `at` in ms since the epoch. */
export function clockText(at: number, timeZone = 'UTC'): string {
  return localTimes(instantText(at), timeZone)
}

/** What somebody has said, so that `localTimes` leaves it as it was said: its "UTC" stands behind a space that breaks no line. */
export function asSaid(words: string): string {
  return words.replaceAll(' UTC', '\u00a0UTC')
}

function isUtc(timeZone: string): boolean {
  return ['utc', 'etc/utc'].includes(timeZone.toLowerCase())
}
