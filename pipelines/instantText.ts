/** A moment as people read it, to the minute, in UTC. Pure. */
import { DateTime } from 'luxon'

/** `2026-11-24 15:04 UTC`; `at` in ms since the epoch. */
export function instantText(at: number): string {
  return DateTime.fromMillis(at, { zone: 'utc' }).toFormat("yyyy-LL-dd HH:mm 'UTC'")
}
