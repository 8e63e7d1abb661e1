/** Office hours: how they are written, and until when an answer is waited for, against a model that counts minute by minute. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import t from 'tap'
import { longestWaitMs, officeHoursText, openUntil, readOfficeHours } from '../../pipelines/followup/officeHours.ts'
import type { OfficeWindow } from '../../schemas/generated/records.ts'
import { HOUR, MINUTE } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const usual = 'mon-fri 09:00-18:00,sat 10:00-14:00'
const windowsOf = (text: string): OfficeWindow[] => {
  const read = readOfficeHours(text)
  if (!read.ok) throw new Error(read.problem)
  return read.windows
}
const at = (local: string, zone = 'America/New_York') => DateTime.fromISO(local, { zone }).toMillis()
const until = (local: string, hours: number, text = usual, zone = 'America/New_York') =>
  DateTime.fromMillis(openUntil(at(local, zone), hours * HOUR, windowsOf(text), zone), { zone }).toFormat('ccc yyyy-LL-dd HH:mm')

t.test('office hours are read as they are written, and what is wrong is said', async (t) => {
  t.strictSame(windowsOf(usual), [
    { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' },
    { days: [6], from: '10:00', to: '14:00' },
  ])
  for (const text of [usual, 'mon-sun 00:00-24:00', 'wed 09:00-12:00,wed 13:00-17:00', 'sun 22:15-23:45'])
    t.equal(officeHoursText(windowsOf(text)), text)
  t.strictSame(windowsOf(' MON-FRI 09:00-18:00, sat 10:00-14:00 '), windowsOf(usual))
  for (const [text, problem] of [
    ['', /must be days and hours such as "mon-fri 09:00-18:00,sat 10:00-14:00", or off\.$/],
    ['mon-fri 9-18', /must be days and hours/],
    ['mon-fri', /must be days and hours/],
    ['mun 09:00-18:00', /^mun 09:00-18:00: mun are no days; mon to sun/],
    ['fri-mon 09:00-18:00', /fri-mon are no days/],
    ['mon 18:00-09:00', /18:00-09:00 are no hours; from 00:00 to 24:00, the earlier first\.$/],
    ['mon 09:00-09:00', /are no hours/],
    ['mon 09:00-24:01', /are no hours/],
    ['mon 09:60-10:00', /are no hours/],
    ['mon-fri 09:00-18:00,wed 17:00-20:00', /two of these hours lie over each other\.$/],
  ] as const)
    t.match(readOfficeHours(text), { ok: false, problem }, text)
})

t.test('only the time in which the office is open counts', async (t) => {
  t.equal(until('2026-11-10T12:00', 4), 'Tue 2026-11-10 16:00', 'within a day nothing changes')
  t.equal(until('2026-11-10T17:00', 4), 'Wed 2026-11-11 12:00', 'an hour today, three tomorrow')
  t.equal(until('2026-11-13T17:30', 2), 'Sat 2026-11-14 11:30')
  t.equal(until('2026-11-14T13:00', 2), 'Mon 2026-11-16 10:00', 'the Sunday is left out')
  t.equal(until('2026-11-10T03:00', 2), 'Tue 2026-11-10 11:00', 'asked at night')
  t.equal(until('2026-11-10T14:00', 4), 'Tue 2026-11-10 18:00', 'until they close, not until they open again')
  // 24 h at nine a day from Monday noon: 6 + 9 + 9.
  t.equal(until('2026-11-09T12:00', 24), 'Wed 2026-11-11 18:00')
})

t.test('a question ends after 96 hours, however seldom the office is open', async (t) => {
  t.equal(until('2026-11-12T12:00', 24, 'mon-fri 09:00-10:00'), 'Mon 2026-11-16 12:00')
  t.equal(until('2026-11-10T12:00', 2, 'tue 09:00-10:00'), 'Sat 2026-11-14 12:00')
  t.equal(longestWaitMs, 96 * HOUR)
})

t.test('a clock that is changed takes or gives the hour that it does', async (t) => {
  // On 2026-03-08 New York goes from 02:00 to 03:00: there are three hours from 01:00 to 05:00.
  t.equal(until('2026-03-08T01:00', 3, 'sun 01:00-05:00'), 'Sun 2026-03-08 05:00')
  t.equal(until('2026-03-08T00:00', 1, 'sun 02:30-05:00'), 'Sun 2026-03-08 04:00', '02:30 does not exist: open from 03:00')
  // On 2026-11-01 it goes from 02:00 back to 01:00: from 01:00 to 03:00 are three.
  t.equal(until('2026-11-01T00:00', 3, 'sun 01:00-03:00'), 'Sun 2026-11-01 03:00')
  t.equal(
    openUntil(at('2026-11-01T00:00'), 45 * MINUTE, windowsOf('sun 01:15-01:45'), 'America/New_York'),
    at('2026-11-01T00:00') + 150 * MINUTE,
  )
  t.equal(openUntil(0, HOUR, windowsOf(usual), 'Nowhere/Land'), openUntil(0, HOUR, windowsOf(usual), 'UTC'), 'a zone that is none is UTC')
})

/** Minute by minute: open when the wall clock shows a time within hours of this day. */
function byMinutes(from: number, openMinutes: number, windows: readonly OfficeWindow[], zone: string): number {
  let open = 0
  for (let now = from; now < from + longestWaitMs; now += MINUTE) {
    const local = DateTime.fromMillis(now, { zone })
    const shown = local.toFormat('HH:mm')
    if (windows.some(({ days, from: opens, to }) => days.includes(local.weekday) && shown >= opens && shown < to)) open += 1
    if (open === openMinutes) return now + MINUTE
  }
  return from + longestWaitMs
}

t.test('the end of a question is that of counting minute by minute, in any zone, around changes of the clock too', (t) => {
  const time = fc.integer({ min: 0, max: 96 }).map((quarter) => quarter * 15)
  const words = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
  const hours = fc.tuple(fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), time, time).filter(([, a, b]) => a !== b)
  const place = fc.constantFrom(
    ['America/New_York', '2026-03-06T12:00'],
    ['America/New_York', '2026-10-30T12:00'],
    ['Europe/Berlin', '2026-03-27T12:00'],
    // Half an hour, on a Sunday at two.
    ['Australia/Lord_Howe', '2026-04-03T12:00'],
    ['Australia/Lord_Howe', '2026-10-02T12:00'],
    ['Asia/Kathmandu', '2026-11-10T12:00'],
    ['UTC', '2026-11-10T12:00'],
  )
  return assertProperty(
    t,
    fc.property(place, hours, fc.nat(96 * 60), fc.constantFrom(2, 4, 24), ([zone, around], [days, a, b], minutes, need) => {
      const windows = [{ days, from: words(Math.min(a, b)), to: words(Math.max(a, b)) }]
      const from = at(around, zone) + (minutes - 48 * 60) * MINUTE
      return openUntil(from, need * HOUR, windows, zone) === byMinutes(from, need * 60, windows, zone)
    }),
    { numRuns: 60 },
  )
})
