import fc from 'fast-check'
import t from 'tap'
import { hopping, tumbling } from '../../../runtime/windows/timeWindows.ts'
import { assertProperty } from '../../support/property.ts'

t.test('a tumbling window holds its first ms and not its end', async (t) => {
  const { assign } = tumbling(60, 0)
  t.strictSame(assign(0), [{ start: 0, end: 60 }])
  t.strictSame(assign(59), [{ start: 0, end: 60 }])
  t.strictSame(assign(60), [{ start: 60, end: 120 }])
})

t.test('before 1970 windows go on as after it', async (t) => {
  const { assign } = tumbling(60, 0)
  t.strictSame(assign(-1), [{ start: -60, end: 0 }])
  t.strictSame(assign(-60), [{ start: -60, end: 0 }])
  t.strictSame(assign(-61), [{ start: -120, end: -60 }])
  t.strictSame(hopping(5, 3, 0).assign(-4), [{ start: -6, end: -1 }])
})

t.test('the hour that daylight saving repeats is two hours of event time', async (t) => {
  const { assign } = tumbling(3_600_000, 0)
  // New York leaves daylight saving at 06:00Z on 1 November 2026: both instants are 01:30 there.
  const [first, second] = [assign(Date.parse('2026-11-01T05:30:00Z')), assign(Date.parse('2026-11-01T06:30:00Z'))]
  t.equal(second[0]?.start, (first[0]?.start ?? NaN) + 3_600_000)
})

t.test('with a hop that does not divide the size a timestamp lies in one window or in two', async (t) => {
  const { assign } = hopping(5, 3, 0)
  t.strictSame(assign(3), [
    { start: 0, end: 5 },
    { start: 3, end: 8 },
  ])
  t.strictSame(assign(5), [{ start: 3, end: 8 }])
  t.strictSame(assign(6), [
    { start: 3, end: 8 },
    { start: 6, end: 11 },
  ])
})

t.test('a window closes at its end and grace', async (t) => {
  t.equal(tumbling(60, 10).closesAt({ start: 60, end: 120 }), 130)
})

t.test('lengths that make no windows are refused', async (t) => {
  t.throws(() => tumbling(0, 0), /the size of a window is 0 ms/)
  t.throws(() => tumbling(1.5, 0), /whole ms/)
  t.throws(() => hopping(10, 0, 0), /the advance of a window is 0 ms/)
  t.throws(() => hopping(10, 11, 0), /leave gaps/)
  t.throws(() => tumbling(10, -1), /the grace of a window is -1 ms/)
})

t.test('a timestamp is given exactly the aligned windows that contain it', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 50 }).chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size }))),
      fc.integer({ min: -200, max: 200 }),
      ([size, advance], timestamp) => {
        const expected = []
        for (let n = -300; n <= 300; n++) {
          const start = n * advance
          if (start <= timestamp && timestamp < start + size) expected.push({ start, end: start + size })
        }
        return JSON.stringify(hopping(size, advance, 0).assign(timestamp)) === JSON.stringify(expected) && expected.length > 0
      },
    ),
  ),
)
