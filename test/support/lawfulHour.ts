/**
 * Import it first: it moves the clock of this test, and of the processes it starts, back to the last noon at which anybody
 * in the United States may be written to. A test that sends messages would otherwise pass or fail by the hour, and on
 * Thanksgiving. Back, not ahead: the broker refuses records from the future; a few days, not more: it deletes old ones.
 */
import { isLawful, rulesFor } from '../../pipelines/followup/hours/lawfulHours.ts'

const DAY_MS = 86_400_000
/** The shortest retention of a topic is 7 days. */
const DAYS_BACK_MAX = 6
/** 18:00 UTC: 10 in the morning on the west coast in winter, 14 on the east coast in summer. */
const HOUR_UTC = 18
const everywhere = rulesFor([]) ?? []
const coasts = ['America/New_York', 'America/Los_Angeles']

const realNow = Date.now()
const today = new Date(realNow).setUTCHours(HOUR_UTC, 0, 0, 0)
const candidates = Array.from({ length: DAYS_BACK_MAX }, (_, days) => today - days * DAY_MS).filter((at) => at <= realNow)
const noon = candidates.find((at) => isLawful(at, coasts, everywhere))
if (noon === undefined) throw new Error(`no lawful noon in the ${DAYS_BACK_MAX} days before ${new Date(realNow).toISOString()}`)
process.env['REKINDLE_TEST_CLOCK_SHIFT_MS'] = String(noon - realNow)
await import('./shiftedClock.mjs')
