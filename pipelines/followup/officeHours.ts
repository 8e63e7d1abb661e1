/**
 * Until when an answer is waited for where only the hours of the office count: the open time of a location, across changes of
 * its clock, and never longer than a message would have lived. Read and written as "mon-fri 09:00-18:00,sat 10:00-14:00".
 */
import { IANAZone } from 'luxon'
import type { OfficeWindow } from '../../schemas/generated/records.ts'
import { messageLifeMs } from './planFollowUp.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * However seldom the office is open, a question ends after 96 hours: by then the message it asks about would have expired. A
 * week-end and a holiday lie within.
 */
export const longestWaitMs = messageLifeMs

const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const FORM = 'must be days and hours such as "mon-fri 09:00-18:00,sat 10:00-14:00", or off'

export type Read = { readonly ok: true; readonly windows: OfficeWindow[] } | { readonly ok: false; readonly problem: string }

/** Office hours as they are written. Of a problem the sentence says what is wrong with what was written. */
export function readOfficeHours(text: string): Read {
  const windows: OfficeWindow[] = []
  for (const part of text.split(',').map((one) => one.trim().toLowerCase())) {
    const found = /^([a-z]{3})(?:-([a-z]{3}))? (\d\d:\d\d)-(\d\d:\d\d)$/.exec(part)
    if (found === null) return { ok: false, problem: `${text}: ${FORM}.` }
    const [, firstName = '', lastName = firstName, from = '', to = ''] = found
    const [first, last] = [firstName, lastName].map((name) => 1 + (names as readonly string[]).indexOf(name)) as [number, number]
    if (first === 0 || last === 0 || first > last)
      return {
        ok: false,
        problem: `${part}: ${firstName}${lastName === firstName ? '' : `-${lastName}`} are no days; mon to sun, in this order.`,
      }
    const [start, end] = [minuteOf(from), minuteOf(to)]
    if (start === undefined || end === undefined || start >= end)
      return { ok: false, problem: `${part}: ${from}-${to} are no hours; from 00:00 to 24:00, the earlier first.` }
    windows.push({ days: Array.from({ length: last - first + 1 }, (_, place) => first + place), from, to })
  }
  const twice = windows.some((one, place) => windows.slice(place + 1).some((other) => overlap(one, other)))
  return twice ? { ok: false, problem: `${text}: two of these hours lie over each other.` } : { ok: true, windows }
}

/** Office hours as they are read by `readOfficeHours`. */
export function officeHoursText(windows: readonly OfficeWindow[]): string {
  return windows
    .map(({ days, from, to }) => {
      const [first, last] = [names[(days[0] ?? 1) - 1] ?? '', names[(days.at(-1) ?? 1) - 1] ?? '']
      return `${first === last ? first : `${first}-${last}`} ${from}-${to}`
    })
    .join(',')
}

/** Minutes since midnight of a wall time; `undefined` where it is none. */
function minuteOf(time: string): number | undefined {
  const [hours = 99, minutes = 99] = time.split(':').map(Number)
  const all = 60 * hours + minutes
  return minutes < 60 && all <= 24 * 60 ? all : undefined
}

function overlap(one: OfficeWindow, other: OfficeWindow): boolean {
  return one.days.some((day) => other.days.includes(day)) && one.from < other.to && other.from < one.to
}

/** The instant (ms) at which the office has been open for `openMs` since `from` (ms), 96 hours after it at the latest. */
export function openUntil(from: number, openMs: number, windows: readonly OfficeWindow[], timeZone: string): number {
  const end = from + longestWaitMs
  let left = openMs
  for (const stretch of stretchesOf(from, end, timeZone))
    for (const [opens, closes] of openWithin(stretch, windows)) {
      if (closes - opens >= left) return opens + left
      left -= closes - opens
    }
  return end
}

/** A stretch of time in which the clock of a zone is not changed. ms; `offset`: local time less UTC. */
interface Stretch {
  readonly start: number
  readonly end: number
  readonly offset: number
}

function stretchesOf(start: number, end: number, timeZone: string): Stretch[] {
  const zone = IANAZone.create(IANAZone.isValidZone(timeZone) ? timeZone : 'UTC')
  const offsetAt = (at: number) => zone.offset(at) * MINUTE_MS
  const found: Stretch[] = []
  let begun = start
  for (let at = start; at < end; at += HOUR_MS) {
    const next = Math.min(end, at + HOUR_MS)
    const offset = offsetAt(begun)
    if (offsetAt(next) === offset) continue
    const change = changeWithin(at, next, (one) => offsetAt(one) !== offset)
    found.push({ start: begun, end: change, offset })
    begun = change
  }
  return [...found, { start: begun, end, offset: offsetAt(begun) }]
}

/** The first instant after `before` at which it is so, where it is at `after`. ms. */
function changeWithin(before: number, after: number, isSo: (at: number) => boolean): number {
  let [low, high] = [before, after]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isSo(middle)) high = middle
    else low = middle
  }
  return high
}

function openWithin({ start, end, offset }: Stretch, windows: readonly OfficeWindow[]): (readonly [opens: number, closes: number])[] {
  const [first, last] = [Math.floor((start + offset) / DAY_MS), Math.floor((end + offset - 1) / DAY_MS)]
  const open: (readonly [number, number])[] = []
  for (let day = first; day <= last; day++) {
    // 1970-01-01, day 0, was a Thursday.
    const weekday = 1 + ((((day + 3) % 7) + 7) % 7)
    const midnight = day * DAY_MS - offset
    for (const { days, from, to } of windows) {
      if (!days.includes(weekday)) continue
      const opens = Math.max(start, midnight + (minuteOf(from) ?? 0) * MINUTE_MS)
      const closes = Math.min(end, midnight + (minuteOf(to) ?? 0) * MINUTE_MS)
      if (opens < closes) open.push([opens, closes])
    }
  }
  return open.sort(([a], [b]) => a - b)
}
