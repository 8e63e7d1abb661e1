/** Hours a message may be left to: lawful from their first to their last minute wherever the lead may be, and one hour there. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import t from 'tap'
import { contiguousUsZones } from '../../../pipelines/enrich/areaCodes.ts'
import { hoursTable } from '../../../pipelines/followup/hours/hoursTable.ts'
import type { HoursRule } from '../../../pipelines/followup/hours/hoursTable.ts'
import { isLawful, lawfulStretches, rulesFor } from '../../../pipelines/followup/hours/lawfulHours.ts'
import { runningHours } from '../../../pipelines/trials/hours/hourTrial.ts'
import { REACH_MS, hourAt, hoursAhead } from '../../../pipelines/trials/hours/openHours.ts'
import { DAY, HOUR, MINUTE } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'

const rules = (...states: string[]) => rulesFor(states) ?? []
const newYork = (wall: string) => DateTime.fromISO(wall, { zone: 'America/New_York' }).toMillis()
const namesAt = (wall: string, zones: readonly string[], these: readonly HoursRule[]) =>
  hoursAhead(newYork(wall), { zones, rules: these }).open.map(({ option }) => option)
const only = (from: string, to: string): HoursRule[] => [
  { ...(hoursTable[0] as HoursRule), holidays: 'open', windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from, to }] },
]

t.test('the arms are exactly the hours that the own rule ever has, and no more than can be integrated', async (t) => {
  const [own] = hoursTable
  const from = Math.min(...(own?.windows ?? []).map((window) => Number(window.from.slice(0, 2))))
  const to = Math.max(...(own?.windows ?? []).map((window) => Number(window.to.slice(0, 2))))
  t.strictSame([own?.jurisdiction, from, to], ['*', 9, 20])
  t.strictSame(
    runningHours.arms,
    Array.from({ length: to - from }, (_, place) => `h${String(from + place).padStart(2, '0')}`),
  )
  t.ok(runningHours.arms.length <= 13)
})

t.test('on a Tuesday morning: the rest of the day, then the next morning; the hour that is running is over', async (t) => {
  // 10:17 on Tuesday: 23 hours reach to 9:17 on Wednesday, where the hour from 9 would go at 9:12.
  t.strictSame(namesAt('2026-11-17T10:17', ['America/New_York'], rules('US-NY')), [
    'h11',
    'h12',
    'h13',
    'h14',
    'h15',
    'h16',
    'h17',
    'h18',
    'h19',
    'h09',
  ])
  const [first] = hoursAhead(newYork('2026-11-17T10:17'), { zones: ['America/New_York'], rules: rules('US-NY') }).open
  // 17 minutes into the hour are drawn to 12.75: 55.75 minutes from now, whole ones.
  t.match(first, { delayMinutes: 56, startsAt: newYork('2026-11-17T11:00'), day: 'weekday' })
})

t.test('each state takes its own hours away; a Sunday has those of noon to six; where no hour is lawful there is none', async (t) => {
  t.strictSame(
    namesAt('2026-11-10T08:00', ['America/New_York'], rules()),
    ['h10', 'h11', 'h12', 'h13', 'h14', 'h15', 'h16', 'h17'],
    'anywhere in the country',
  )
  t.strictSame(namesAt('2026-11-14T20:30', ['America/New_York'], rules('US-NY')), ['w12', 'w13', 'w14', 'w15', 'w16', 'w17'])
  t.strictSame(namesAt('2026-11-14T20:30', ['America/New_York'], rules('US-RI')), [], 'Rhode Island on a Sunday')
  t.strictSame(namesAt('2026-11-25T20:30', ['America/New_York'], rules('US-NY')), [], 'Thanksgiving')
  t.strictSame(namesAt('2026-11-17T10:17', ['America/New_York'], only('15:00', '16:00')), ['h15'], 'a window of one hour')
  t.strictSame(namesAt('2026-11-17T10:17', ['America/New_York'], only('15:30', '16:30')), [], 'no whole hour')
  t.strictSame(namesAt('2026-11-17T10:17', ['America/New_York'], only('15:00', '15:00')), [], 'an empty window')
})

t.test('where zones show different hours none is that of the lead; where they show one, all of them count', async (t) => {
  t.strictSame(namesAt('2026-11-17T10:17', ['America/New_York', 'America/Chicago'], rules('US-KY')), [])
  t.strictSame(namesAt('2026-11-17T10:17', ['America/New_York', ...contiguousUsZones], rules()), [])
  t.equal(namesAt('2026-11-17T10:17', ['America/New_York', 'America/Detroit'], rules('US-MI')).length, 10)
  t.strictSame(namesAt('2026-11-17T10:17', [], rules()), [])
  t.strictSame(namesAt('2026-11-17T10:17', ['Atlantis/Capital'], rules()), [])
  // Arizona keeps its clocks: it shows the hours of Denver in winter and those of Los Angeles in summer.
  t.ok(namesAt('2026-11-17T10:17', ['America/Phoenix', 'America/Denver'], rules('US-AZ')).length > 0)
  t.strictSame(namesAt('2026-07-07T10:17', ['America/Phoenix', 'America/Denver'], rules('US-AZ')), [])
  // Denver sets its clocks forward on Sunday, 8 March 2026: from then on they are no longer those of Phoenix.
  const saturday = DateTime.fromISO('2026-03-07T10:17', { zone: 'America/Phoenix' }).toMillis()
  const both = hoursAhead(saturday, { zones: ['America/Phoenix', 'America/Denver'], rules: only('09:00', '20:00') }).open
  t.strictSame(
    both.map(({ option }) => option),
    ['w11', 'w12', 'w13', 'w14', 'w15', 'w16', 'w17', 'w18', 'w19'],
    'not w09 of Sunday, which is 10:00 in Denver',
  )
  // India is half an hour off: its hours begin there, not with those of UTC.
  const half = hoursAhead(Date.UTC(2026, 10, 10, 5, 40), { zones: ['Asia/Kolkata'], rules: only('09:00', '20:00') }).open
  t.match(half[0], { option: 'h12', startsAt: Date.UTC(2026, 10, 10, 6, 30) })
})

const zones = ['America/New_York', 'America/Detroit', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles', 'America/Toronto']
const states = ['US-NY', 'US-TX', 'US-KY', 'US-RI', 'US-AL', 'US-AZ', 'US-MS']
/** Within three days of a clock change (8 March, 1 November 2026), or anywhere in the year. */
const times = fc.oneof(
  fc.integer({ min: Date.UTC(2026, 2, 6), max: Date.UTC(2026, 2, 10) }),
  fc.integer({ min: Date.UTC(2026, 9, 30), max: Date.UTC(2026, 10, 3) }),
  fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) }),
)
const windows = fc.oneof(
  fc.subarray(states).map((some) => rules(...some)),
  fc.tuple(fc.nat(47), fc.nat(12)).map(([from, long]) => {
    const wall = (half: number) => `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`
    return only(wall(from), wall(Math.min(47, from + long)))
  }),
)
const places = fc.record({ zones: fc.subarray(zones, { minLength: 1 }), rules: windows })

t.test(
  'whatever zones, states, windows and clock changes: an open hour is lawful throughout, one hour in every zone, and within reach',
  (t) =>
    assertProperty(
      t,
      fc.property(times, places, (at, place) =>
        hoursAhead(at, place).open.every(({ option, startsAt, delayMinutes, day }, index, all) => {
          const goesAt = at + delayMinutes * MINUTE
          const inside = [startsAt, startsAt + 17 * MINUTE, startsAt + HOUR - 1, goesAt, goesAt + 14 * MINUTE]
          const shown = place.zones.map((zone) => DateTime.fromMillis(goesAt, { zone }))
          return (
            inside.every((instant) => isLawful(instant, place.zones, place.rules)) &&
            startsAt <= goesAt &&
            goesAt < startsAt + HOUR &&
            goesAt >= at &&
            goesAt <= at + REACH_MS &&
            shown.every(({ hour, weekday }) => Number(option.slice(1)) === hour && weekday >= 6 === (day === 'weekend')) &&
            all.findIndex((one) => one.option === option) === index
          )
        }),
      ),
      { numRuns: 300 },
    ),
)

t.test('the stretches of a day say of every instant what the fence will say of it', (t) =>
  assertProperty(
    t,
    fc.property(times, places, fc.array(fc.integer({ min: 0, max: 2 * DAY }), { minLength: 5, maxLength: 20 }), (at, place, later) => {
      const lawful = lawfulStretches(at, at + 2 * DAY + 1, place.zones, place.rules)
      return later.every(
        (ms) => lawful.some(({ from, to }) => from <= at + ms && at + ms < to) === isLawful(at + ms, place.zones, place.rules),
      )
    }),
    { numRuns: 150 },
  ),
)

t.test('the hour of a delay is the one in which the fence lets the message go', async (t) => {
  const at = newYork('2026-11-17T13:10')
  const { ofDelay } = hoursAhead(at, { zones: ['America/New_York'], rules: rules('US-NY') })
  t.equal(ofDelay(240)?.option, 'h17')
  t.equal(ofDelay(480)?.option, 'h09', '21:10 is too late: the next morning')
  t.equal(ofDelay(1800), undefined, '19:10 of the next day is out of reach')
  t.equal(hoursAhead(at, { zones: ['America/New_York'], rules: only('00:00', '00:00') }).ofDelay(240), undefined)
})

t.test('a clock names its hours by day', async (t) => {
  t.equal(hourAt(newYork('2026-11-13T23:59'), 'America/New_York'), 'h23')
  t.equal(hourAt(newYork('2026-11-14T00:00'), 'America/New_York'), 'w00')
  t.equal(hourAt(newYork('2026-11-15T18:30'), 'America/New_York'), 'w18')
  t.equal(hourAt(newYork('2026-11-16T09:00'), 'America/New_York'), 'h09')
  t.equal(hourAt(-DAY, 'Etc/UTC'), 'h00', '31 December 1969 was a Wednesday')
})
