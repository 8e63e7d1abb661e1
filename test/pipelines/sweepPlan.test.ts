import fc from 'fast-check'
import { DateTime } from 'luxon'
import t from 'tap'
import { afterSweep, daysOf, dueSweep, goesOnFrom, sweepDefaults, sweepFlaw, waitWhileSwept } from '../../pipelines/reconcile/sweepPlan.ts'
import type { Sweep, SweepCursor, SweepOutcome } from '../../pipelines/reconcile/sweepPlan.ts'
import { assertProperty } from '../support/property.ts'

const minute = 60_000
const hour = 60 * minute
const noon = Date.UTC(2026, 10, 10, 12)
const read = (missed = 0): SweepOutcome => ({ kind: 'read', missed })

function sweptAt(now: number, cursor?: SweepCursor, spread = 0): Sweep {
  const sweep = dueSweep('l', 'messages', cursor, now, spread, sweepDefaults)
  if (sweep === undefined) throw new Error(`no sweep is due at ${now}`)
  return sweep
}
const after = (cursor: SweepCursor | undefined, sweep: Sweep, outcome: SweepOutcome) => afterSweep(cursor, sweep, outcome, sweepDefaults)

t.test('the first sweep reaches back a day, caught up in pieces of six hours without a pause', async (t) => {
  let cursor: SweepCursor | undefined
  const pieces: [number, number][] = []
  for (let i = 0; i < 5; i++) {
    const sweep = sweptAt(noon, cursor)
    pieces.push([(sweep.from - noon) / minute, (sweep.before - noon) / minute])
    cursor = after(cursor, sweep, read())
  }
  t.strictSame(pieces, [
    [-1440, -1080],
    [-1090, -730],
    [-740, -380],
    [-390, -30],
    [-40, -2],
  ])
  t.equal(dueSweep('l', 'messages', cursor, noon, 0, sweepDefaults), undefined)
})

t.test('a sweep that is still made is due for nobody else for five minutes more, whatever their spread', async (t) => {
  const hours = fc.integer({ min: 0, max: 24 * hour })
  const spread = fc.double({ min: 0, max: 0.999, noNaN: true })
  await assertProperty(
    t,
    fc.property(hours, spread, (took, spread) => {
      const held = { sweptUntil: noon - hour, startedAt: noon, waitMs: waitWhileSwept(noon, noon + took, 5 * minute) }
      const isDueAfter = (ms: number) => dueSweep('l', 'contacts', held, noon + took + ms, spread, sweepDefaults) !== undefined
      return !isDueAfter(5 * minute - 1) && isDueAfter(5 * minute + took / 9 + minute)
    }),
  )
})

t.test('nothing found: 8, 12, 15 minutes; something found: 5; a failure doubles the wait and keeps the cursor', async (t) => {
  let cursor: SweepCursor | undefined = { sweptUntil: noon, startedAt: noon, waitMs: 5 * minute }
  const waits: number[] = []
  let now = noon + 5 * minute
  for (const outcome of [read(), read(), read(), read(3), { kind: 'failed' }, { kind: 'failed' }] as const) {
    const sweep = sweptAt(now, cursor)
    const before: number = cursor.sweptUntil
    cursor = after(cursor, sweep, outcome)
    waits.push(cursor.waitMs / minute)
    t.equal(cursor.sweptUntil, outcome.kind === 'failed' ? before : now - 2 * minute)
    now += cursor.waitMs
  }
  t.strictSame(waits, [7.5, 11.25, 15, 5, 10, 15])
})

t.test('locations are spread, but never swept more often than every five minutes', async (t) => {
  const cursor = { sweptUntil: noon, startedAt: noon, waitMs: 15 * minute }
  const due = (spread: number, at: number) => dueSweep('l', 'messages', cursor, noon + at, spread, sweepDefaults) !== undefined
  t.notOk(due(0, 15 * minute - 1))
  t.ok(due(0, 15 * minute))
  t.ok(due(0.5, 14.25 * minute))
  t.notOk(due(0.5, 14.25 * minute - 1))
  const often = { ...cursor, waitMs: 5 * minute }
  t.equal(dueSweep('l', 'messages', often, noon + 5 * minute - 1, 0.9, sweepDefaults), undefined)
})

t.test('a clock that was ahead and is set back leaves no gap: what came after now is read again', async (t) => {
  const ahead = { sweptUntil: noon + hour, startedAt: noon + hour, waitMs: 15 * minute }
  const sweep = sweptAt(noon, ahead)
  t.match(sweep, { from: noon - 10 * minute, before: noon - 2 * minute })
  t.match(after(ahead, sweep, read()), { sweptUntil: noon - 2 * minute, startedAt: noon })
})

t.test(
  'a stretch that was not read to its end goes on where it was; what may have come into the index behind that is read again',
  async (t) => {
    const cursor = { sweptUntil: noon - hour, startedAt: noon - 15 * minute, waitMs: 15 * minute }
    const from = (known: SweepCursor, now: number) => (sweptAt(now, known).from - noon) / minute
    const broken = after(cursor, sweptAt(noon, cursor), { kind: 'failed', readUntil: noon - 30 * minute })
    t.strictSame([broken.sweptUntil, from(broken, noon + hour)], [cursor.sweptUntil, -30])
    const again = after(broken, sweptAt(noon + hour, broken), { kind: 'failed' })
    t.equal(from(again, noon + 2 * hour), -30, 'one that reads nothing takes nothing back')
    const whole = after(again, sweptAt(noon + 2 * hour, again), read())
    t.notOk('readUntil' in whole, 'and one that comes to its end begins the next stretch')
    t.equal((goesOnFrom({ startedAt: noon }, noon - 3 * minute, sweepDefaults) - noon) / minute, -12)
  },
)

t.test('days of a stretch are those of any zone, both ends included', async (t) => {
  // 23:00 on the 9th is the 9th at UTC-12, 11:59 on the 10th the 11th at UTC+14.
  t.strictSame(daysOf({ from: noon - 13 * hour, before: noon }), { fromDay: '2026-11-09', toDay: '2026-11-11' })
  const midnight = Date.UTC(2028, 2, 1)
  t.strictSame(daysOf({ from: midnight - hour, before: midnight }), { fromDay: '2028-02-29', toDay: '2028-03-01' })
  const zones = fc.constantFrom('Etc/GMT+12', 'America/Los_Angeles', 'America/Chicago', 'UTC', 'Europe/Berlin', 'Pacific/Kiritimati')
  await assertProperty(
    t,
    fc.property(
      zones,
      fc.integer({ min: 0, max: 800 * 24 * 60 }),
      fc.integer({ min: 1, max: 360 }),
      fc.nat(359),
      (zone, at, length, into) => {
        const from = noon + at * minute
        const { fromDay, toDay } = daysOf({ from, before: from + length * minute })
        const day = DateTime.fromMillis(from + (into % length) * minute, { zone }).toISODate() ?? ''
        return fromDay <= day && day <= toDay
      },
    ),
  )
})

t.test('limits that would never catch up are refused', async (t) => {
  t.equal(sweepFlaw(sweepDefaults), undefined)
  t.match(sweepFlaw({ ...sweepDefaults, longestMs: sweepDefaults.overlapMs }), /longestMs/)
  t.match(sweepFlaw({ ...sweepDefaults, overlapMs: 0 }), /overlapMs/)
  t.match(sweepFlaw({ ...sweepDefaults, settleMs: sweepDefaults.overlapMs }), /settleMs/)
  t.match(sweepFlaw({ ...sweepDefaults, everyMs: { least: 0, most: 1 } }), /everyMs/)
})

t.test('whatever fails, however the clock errs and however long nobody sweeps: every change is read', async (t) => {
  const lagMs = minute
  // Ahead by at most the overlap without the lag, behind by anything.
  const error = fc.integer({ min: -hour, max: sweepDefaults.overlapMs - lagMs })
  const step = fc.record({
    pass: fc.oneof(fc.integer({ min: 0, max: 20 * minute }), fc.integer({ min: 0, max: 30 * hour })),
    error,
    fails: fc.boolean(),
    missed: fc.nat(1),
    // How much of its stretch a sweep that fails has read.
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  await assertProperty(
    t,
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (steps, places, spread) => {
        const length = steps.reduce((sum, { pass }) => sum + pass, 0)
        const changes = places.map((place) => Math.floor(noon + place * length))
        const seen = new Set<number>()
        let cursor: SweepCursor | undefined
        let sweeps = 0
        const visit = (time: number, now: number, ending: SweepOutcome, share = 1) => {
          const sweep = dueSweep('l', 'contacts', cursor, now, spread, sweepDefaults)
          if (sweep === undefined) return false
          sweeps++
          if (sweep.before <= sweep.from || sweep.before > now || sweep.before - sweep.from > sweepDefaults.longestMs)
            throw new Error(`odd stretch ${JSON.stringify(sweep)}`)
          const until = Math.floor(Math.min(time, sweep.from + share * (sweep.before - sweep.from)))
          const outcome = ending.kind === 'failed' && share > 0 ? { ...ending, readUntil: until } : ending
          const end = ending.kind === 'read' ? sweep.before : until
          for (const [index, at] of changes.entries()) if (at >= sweep.from && at < end && at <= time - lagMs) seen.add(index)
          cursor = afterSweep(cursor, sweep, outcome, sweepDefaults)
          return true
        }
        let time = noon
        for (const { pass, error, fails, missed, share } of steps) {
          time += pass
          visit(time, time + error, fails ? { kind: 'failed' } : read(missed), share)
        }
        // In the end the clock is right and nothing fails: after an hour, and as many pieces as it takes.
        time += 2 * hour
        let pieces = 0
        while (visit(time, time, read())) if (++pieces > 1_000) throw new Error('it never catches up')
        const first = noon + (steps[0]?.pass ?? 0) + (steps[0]?.error ?? 0) - sweepDefaults.firstReachMs
        return sweeps > 0 && changes.every((at, index) => seen.has(index) || at < first)
      },
    ),
    { numRuns: 500 },
  )
})
