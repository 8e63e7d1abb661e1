/** Moments in texts as clocks of a zone show them: the same moments, and nothing else of the text is another. */
import fc from 'fast-check'
import t from 'tap'
import { asSaid, instantText, localTimes } from '../../pipelines/instantText.ts'
import { assertProperty } from '../support/property.ts'

t.test('each moment is told by the clock of the zone, with the name of its time', async (t) => {
  // Chicago: UTC-6 in winter, UTC-5 in summer. Madrid: UTC+1 in winter. Kathmandu: UTC+5:45.
  for (const [zone, written, read] of [
    ['America/Chicago', 'due 2026-11-24 16:00 UTC; last 2026-07-24 03:30:59 UTC', 'due 2026-11-24 10:00 CST; last 2026-07-23 22:30 CDT'],
    ['Europe/Madrid', '2026-12-31 23:30 UTC', '2027-01-01 00:30 GMT+1'],
    ['Asia/Kathmandu', '2026-11-24 16:00 UTC', '2026-11-24 21:45 GMT+5:45'],
    ['UTC', '2026-11-24 16:00:01 UTC', '2026-11-24 16:00:01 UTC'],
    ['Etc/UTC', '2026-11-24 16:00 UTC', '2026-11-24 16:00 UTC'],
    ['Mars/Olympus', '2026-11-24 16:00 UTC', '2026-11-24 16:00 UTC'],
    ['America/Chicago', '2026-13-24 16:00 UTC, 2026-11-24 UTC, 16:00 UTC', '2026-13-24 16:00 UTC, 2026-11-24 UTC, 16:00 UTC'],
  ] as const)
    t.equal(localTimes(written, zone), read)
  // The hour that Chicago has twice on 2026-11-01 is told apart.
  t.equal(localTimes('2026-11-01 06:30 UTC, 2026-11-01 07:30 UTC', 'America/Chicago'), '2026-11-01 01:30 CDT, 2026-11-01 01:30 CST')
})

t.test('what somebody has said stays as it was said', async (t) => {
  const said = asSaid('I can do 2026-11-24 16:00 UTC')
  t.equal(localTimes(said, 'America/Chicago'), said)
  t.equal(said.replaceAll('\u00a0', ' '), 'I can do 2026-11-24 16:00 UTC')
})

t.test('any moment in any text is the same moment, and the text around it the same text', async (t) => {
  const zone = fc.constantFrom('America/Chicago', 'America/New_York', 'America/Phoenix')
  const hours: Readonly<Record<string, number>> = { CST: -6, CDT: -5, EST: -5, EDT: -4, MST: -7 }
  const moment = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) })
  await assertProperty(
    t,
    fc.property(zone, moment, fc.string(), fc.string(), (timeZone, at, before, after) => {
      const read = localTimes(`${before} ${instantText(at)} ${after}`, timeZone)
      const [, day, time, name = ''] = /^(\S+) (\S+) (\S+)$/.exec(read.slice(before.length + 1, read.length - after.length - 1)) ?? []
      const minute = Math.floor(at / 60_000) * 60_000
      return (
        read.startsWith(`${before} `) &&
        read.endsWith(` ${after}`) &&
        Date.parse(`${day}T${time}Z`) - 3_600_000 * (hours[name] ?? NaN) === minute
      )
    }),
  )
})
