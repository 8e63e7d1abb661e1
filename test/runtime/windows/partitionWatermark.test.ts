import fc from 'fast-check'
import t from 'tap'
import { PartitionWatermark, beginningOfTime } from '../../../runtime/windows/partitionWatermark.ts'
import { assertProperty } from '../../support/property.ts'

t.test('the slowest input that is not idle says how far time has come', async (t) => {
  const watermark = new PartitionWatermark({ inputs: ['a', 'b'], idleMs: 100 })
  t.equal(watermark.at(1000), beginningOfTime)
  watermark.observe('a', 500, 1000)
  t.equal(watermark.at(1000), beginningOfTime, 'b is unheard, and nobody said that it is empty')
  watermark.observe('b', 300, 1000)
  t.equal(watermark.at(1000), 300)
  watermark.atEnd('b', 1010)
  watermark.observe('a', 600, 1050)
  t.equal(watermark.at(1109), 300)
  t.equal(watermark.at(1110), 600, 'empty for 100 ms')
  watermark.observe('b', 400, 1120)
  t.equal(watermark.at(1120), 600, 'it does not go back')
})

t.test('an input that nobody found empty is waited for, however silent it is', async (t) => {
  const watermark = new PartitionWatermark({ inputs: ['a', 'b'], idleMs: 100 })
  watermark.observe('b', 300, 1000)
  watermark.observe('a', 900, 1000)
  t.equal(watermark.at(1_000_000), 300)
})

t.test('with everything idle the watermark follows the clock; a record from the future does not push it', async (t) => {
  const watermark = new PartitionWatermark({ inputs: ['a'], idleMs: 100 })
  watermark.observe('a', 999_999, 1000)
  t.equal(watermark.at(1000), 1000)
  watermark.atEnd('a', 1001)
  watermark.atEnd('a', 1050)
  t.equal(watermark.at(1100), 1000)
  t.equal(watermark.at(1101), 1001)
  t.equal(watermark.at(2000), 1900)
})

t.test('what a copy hears is not known to the original', async (t) => {
  const watermark = new PartitionWatermark({ inputs: ['a'], idleMs: 100 })
  watermark.observe('a', 500, 1000)
  watermark.atEnd('a', 1000)
  watermark.at(1000)
  const copy = watermark.copy()
  t.equal(copy.at(1000), 500)
  t.equal(copy.at(1100), 1000, 'it has been empty since then')
  copy.observe('a', 1050, 1100)
  t.strictSame([copy.at(1100), watermark.at(1000)], [1050, 500])
})

t.test('an unknown input, no input and no idle time are refused', async (t) => {
  t.throws(() => new PartitionWatermark({ inputs: [], idleMs: 1 }), /a watermark needs an input/)
  t.throws(() => new PartitionWatermark({ inputs: ['a'], idleMs: 0 }), /idleMs is 0 ms/)
  t.throws(() => {
    new PartitionWatermark({ inputs: ['a'], idleMs: 1 }).observe('b', 0, 0)
  }, /b is not an input of this watermark: a/)
})

const names = ['a', 'b', 'c'] as const
const step = fc.record({
  kind: fc.constantFrom('record', 'record', 'empty'),
  input: fc.constantFrom(...names),
  timestamp: fc.integer({ min: -50, max: 600 }),
  waits: fc.integer({ min: 0, max: 30 }),
})

t.test('it never goes back, never passes the clock, and is what the whole history says', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 50 }), (idleMs, steps) => {
      const watermark = new PartitionWatermark({ inputs: names, idleMs })
      const history: { kind: string; input: string; timestamp: number; now: number }[] = []
      let now = 0
      let last = beginningOfTime
      return steps.every(({ kind, input, timestamp, waits }) => {
        now += waits
        history.push({ kind, input, timestamp: Math.min(timestamp, now), now })
        if (kind === 'record') watermark.observe(input, timestamp, now)
        else watermark.atEnd(input, now)
        const inputs = names.map((name) => {
          const own = history.filter((one) => one.input === name)
          const lastRecord = own.map((one) => one.kind).lastIndexOf('record')
          const emptyFrom = own[lastRecord + 1]?.now
          return {
            idle: emptyFrom !== undefined && emptyFrom + idleMs <= now,
            times: own.flatMap((one) => (one.kind === 'record' ? [one.timestamp] : [])),
          }
        })
        const waited = inputs.filter(({ idle }) => !idle)
        const said = waited.length === 0 ? now - idleMs : Math.min(...waited.map(({ times }) => Math.max(beginningOfTime, ...times)))
        const before = last
        last = Math.max(last, said)
        const got = watermark.at(now)
        return got === last && got >= before && got <= now
      })
    }),
    { numRuns: 500 },
  ),
)
