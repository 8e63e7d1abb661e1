/** What is no time is refused by every helper, before it could be lost without a word or be counted without end; what is one stays exact. */
import fc from 'fast-check'
import t from 'tap'
import { PartitionWatermark, beginningOfTime } from '../../../runtime/windows/partitionWatermark.ts'
import { sessionAggregate } from '../../../runtime/windows/sessionAggregate.ts'
import { streamJoin } from '../../../runtime/windows/streamJoin.ts'
import { tableSide } from '../../../runtime/windows/tableSide.ts'
import { hopping, tumbling } from '../../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../../runtime/windows/windowAggregate.ts'
import { assertProperty } from '../../support/property.ts'
import { Payment, Total, plus, present, zero } from './till.ts'

const farthest = 2 ** 51
const value = { amount: 1 }
const hops = windowAggregate({ name: 'till.Hops', windows: hopping(60, 1, 0), idleMs: 5, aggregate: Total, initial: zero, add: plus })
const minutes = windowAggregate({ name: 'till.Minutes', windows: tumbling(60, 0), idleMs: 5, aggregate: Total, initial: zero, add: plus })
const visits = sessionAggregate({
  name: 'till.Visits',
  gapMs: 10,
  graceMs: 5,
  idleMs: 5,
  aggregate: Total,
  initial: zero,
  add: plus,
  merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
})
const join = streamJoin({
  name: 'till.Join',
  left: Payment,
  right: Payment,
  kind: 'outer',
  beforeMs: 10,
  afterMs: 10,
  graceMs: 5,
  idleMs: 5,
  maxPerSide: 10,
  overflow: 'refuse-new',
})
const prices = tableSide({ name: 'till.Prices', row: Payment, versions: 2 })

t.test('what is no time is refused everywhere: it would be in no window and never late, or in windows without end', async (t) => {
  for (const timestamp of [NaN, Infinity, -Infinity, 0.5, farthest + 1, -farthest - 1, 2 ** 63]) {
    const no = new RegExp(`the timestamp ${timestamp}`.replace('+', '\\+'))
    t.throws(() => hopping(60, 1, 0).assign(timestamp), no)
    t.throws(() => hops.add(null, { value, timestamp }), no)
    t.throws(() => visits.add(null, { value, timestamp }), no)
    t.throws(() => join.left(null, { value, timestamp }), no)
    t.throws(() => join.right(null, { value, timestamp }), no)
    t.throws(() => prices.put(null, { value, timestamp }), no)
    t.throws(() => prices.at(null, timestamp), no, 'it would be told that there was no row')
  }
  const watermark = new PartitionWatermark({ inputs: ['a'], idleMs: 5 })
  t.throws(() => {
    watermark.observe('a', NaN, 10)
  }, /a record of a has no timestamp/)
  watermark.observe('a', 7, 10)
  t.equal(watermark.at(10), 7, 'time goes on')
})

t.test('a watermark that cannot be kept is refused in every fold', async (t) => {
  const [open, visit, waiting] = [
    present(minutes.add(null, { value, timestamp: 0 }).state),
    present(visits.add(null, { value, timestamp: 0 }).state),
    present(join.left(null, { value, timestamp: 0 }).state),
  ]
  const fired = (name: string) => ({ name, dueAt: 100, firedAt: 100 })
  for (const watermark of [NaN, Infinity, beginningOfTime - 1, 0.5]) {
    t.throws(() => minutes.add(null, { value, timestamp: 0 }, watermark), /the watermark is/)
    t.throws(() => minutes.fire(open, fired(minutes.timerName), watermark), /the watermark is/)
    t.throws(() => visits.add(null, { value, timestamp: 0 }, watermark), /the watermark is/)
    t.throws(() => visits.fire(visit, fired(visits.timerName), watermark), /the watermark is/)
    t.throws(() => join.left(null, { value, timestamp: 0 }, watermark), /the watermark is/)
    t.throws(() => join.fire(waiting, fired(join.timerName), watermark), /the watermark is/)
  }
})

t.test('lengths with which sums of times are not exact are refused', async (t) => {
  t.throws(() => tumbling(2 ** 50, 0), /562949953421312 at most/)
  t.throws(() => hopping(10, 10, 2 ** 53 - 1), /562949953421312 at most/)
})

t.test('at the farthest times windows, sessions and joins are those of any other, and come back from their bytes', (t) =>
  assertProperty(
    t,
    fc.property(fc.constantFrom(-1, 1), fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 20 }), (side, ages) => {
      // The same records around 1970, where the arithmetic is that of the other tests, and as far from it as is taken.
      const told = (base: number) => {
        let [open, visit, waiting] = [
          minutes.add(null, { value, timestamp: base }).state,
          visits.add(null, { value, timestamp: base }).state,
          join.left(null, { value, timestamp: base }).state,
        ]
        const all: unknown[] = []
        const at = (ms: number | null) => (ms === null ? null : ms - base)
        for (const age of ages) {
          const record = { value, timestamp: base + age }
          const [one, two, three] = [minutes.add(open, record), visits.add(visit, record), join.right(waiting, record)]
          all.push(
            one.closed.map(({ start, aggregate }) => [at(start), aggregate]),
            one.late.map(({ start }) => at(start)),
            two.closed.map(({ start, end, aggregate }) => [at(start), at(end), aggregate]),
            two.late,
            three.pairs.map(({ leftAt, rightAt }) => [at(leftAt), at(rightAt)]),
            three.unmatched.map((single) => at(single.timestamp)),
          )
          open = one.state && minutes.state.decode(minutes.state.encode(one.state))
          visit = two.state && visits.state.decode(visits.state.encode(two.state))
          waiting = three.state && join.state.decode(join.state.encode(three.state))
        }
        return JSON.stringify(all)
      }
      // Windows are aligned to 1970: the base is a whole number of minutes of 60 ms.
      const far = Math.floor((farthest - 400) / 60) * 60
      return told(side * far) === told(0)
    }),
  ),
)
