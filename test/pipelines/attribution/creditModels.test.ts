/** Exact amounts, the six models, the removal effect and the intervals: by arithmetic that stands here. */
import fc from 'fast-check'
import t from 'tap'
import { centsOf, decimalOf, divided } from '../../../pipelines/attribution/cents.ts'
import { creditModels, creditsOf } from '../../../pipelines/attribution/creditModels.ts'
import { nextSum } from '../../../pipelines/attribution/forecast.ts'
import { Z_90, Z_90_OF_14, sumInterval } from '../../../pipelines/attribution/intervals.ts'
import { differenceInterval, shareInterval } from '../../../pipelines/consensus/scores/shareIntervals.ts'
import { conversionChance, removalEffects } from '../../../pipelines/attribution/removalEffect.ts'
import { assertProperty } from '../../support/property.ts'

const near = (a: number, b: number, by = 1e-9) => Math.abs(a - b) <= by

t.test('amounts are read and written as exact hundredths', async (t) => {
  t.strictSame(['12500', '0.5', '9000.005', '-3.2', ' 7 '].map(centsOf), [1_250_000n, 50n, 900_001n, -320n, 700n])
  t.strictSame(['', 'abc', '1e5', '1,000', null, undefined, '1'.repeat(16)].map(centsOf), new Array(7).fill(undefined))
  t.strictSame([1_250_000n, 5n, -320n, 0n].map(decimalOf), ['12500.00', '0.05', '-3.20', '0.00'])
})

t.test('what is left over goes to the largest remainders, and of equal ones to the earlier', async (t) => {
  t.strictSame(divided(100n, [1n, 1n, 1n]), [34n, 33n, 33n])
  // 100 by 1:2:4 is 14.29, 28.57, 57.14: the cent that is left goes to .57
  t.strictSame(divided(100n, [1n, 2n, 4n]), [14n, 29n, 57n])
  t.strictSame(divided(10n, [0n, 0n]), [5n, 5n], 'no weight at all is an equal share')
  t.strictSame(divided(10n, []), [])
})

t.test('the models share 1000.00 over four touches as the reference says', async (t) => {
  const touches = [2, 1, 2, 5].map((channel) => ({ channel }))
  const shares = Object.fromEntries(
    creditModels.map((model) => [model, creditsOf(model, 100_000n, touches, [0, 300_000, 600_000, 0, 0, 100_000])]),
  )
  t.strictSame(shares, {
    first_touch: [100_000n, 0n, 0n, 0n],
    last_touch: [0n, 0n, 0n, 100_000n],
    linear: [25_000n, 25_000n, 25_000n, 25_000n],
    // 1, 2, 4, 8 of 15: 6666.67, 13333.33, 26666.67, 53333.33; the cent left goes to the first of the two .67
    time_decay: [6_667n, 13_333n, 26_667n, 53_333n],
    position_based: [40_000n, 10_000n, 10_000n, 40_000n],
    // .6, .3 and .1 on the first touch of each channel
    data_driven: [60_000n, 30_000n, 0n, 10_000n],
  })
  t.strictSame(creditsOf('position_based', 101n, touches.slice(0, 2), []), [51n, 50n], 'two touches: half each')
  t.strictSame(creditsOf('position_based', 101n, touches.slice(0, 1), []), [101n])
  t.strictSame(creditsOf('data_driven', 90n, touches, []), [30n, 30n, 0n, 30n], 'no effect known: equal over channels')
})

t.test('P-09: per model the credits add up to the revenue, to the cent, and none is negative', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 15n }),
      fc.array(fc.record({ channel: fc.nat({ max: 13 }) }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat({ max: 1_000_000 }), { minLength: 14, maxLength: 14 }),
      (cents, touches, effects) =>
        creditModels.every((model) => {
          const parts = creditsOf(model, cents, touches, effects)
          return parts.length === touches.length && parts.every((part) => part >= 0n) && parts.reduce((a, b) => a + b, 0n) === cents
        }),
    ),
  ),
)

t.test('P-09: 180,000 shared by each model is 180,000 per model, never six times', async (t) => {
  const journeys = [[0], [0, 1], [1, 2, 0]].map((path) => path.map((channel) => ({ channel })))
  for (const model of creditModels) {
    const sum = journeys.reduce((all, touches) => all + creditsOf(model, 6_000_000n, touches, []).reduce((a, b) => a + b, 0n), 0n)
    t.equal(decimalOf(sum), '180000.00', model)
  }
})

t.test('the removal effect is the share of conversions lost without the channel', async (t) => {
  // 10 leads begin at 0 and go on to 1, where 4 convert; 10 begin at 2, where 4 convert. The whole: 8 of 20 = .4.
  const steps = [
    { from: -1, to: 0, count: 10 },
    { from: 0, to: 1, count: 10 },
    { from: 1, to: -1, count: 4 },
    { from: -1, to: 2, count: 10 },
    { from: 2, to: -1, count: 4 },
  ]
  t.ok(near(conversionChance(steps, undefined), 0.4))
  t.ok(near(conversionChance(steps, 1), 0.2))
  t.strictSame(removalEffects(steps).slice(0, 4), [500_000, 500_000, 500_000, 0])
  t.strictSame(removalEffects([]), new Array(14).fill(0), 'nothing seen')
  t.strictSame(removalEffects([{ from: -1, to: 3, count: 5 }]), new Array(14).fill(0), 'nobody converted')
})

t.test('channels that lead to each other are solved, not walked', async (t) => {
  // From 0 half go to 1 and half convert; from 1 half go to 0 and half are lost. x0 = .5 + .5 x1, x1 = .5 x0: x0 = 2/3.
  const steps = [
    { from: -1, to: 0, count: 3 },
    { from: 0, to: 1, count: 2 },
    { from: 0, to: -1, count: 2 },
    { from: 1, to: 0, count: 1 },
  ]
  // 4 came to 0 (3 + 1), 2 to 1.
  t.ok(near(conversionChance(steps, undefined), 2 / 3))
  t.ok(near(conversionChance(steps, 1), 0.5))
})

t.test('a channel that touches only leads that never convert has no effect, whatever the counts', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }), fc.nat({ max: 500 }), (dry, good, extra) => {
      const steps = [
        { from: -1, to: 4, count: dry },
        { from: -1, to: 7, count: good + extra },
        { from: 7, to: -1, count: good },
      ]
      const effects = removalEffects(steps)
      return effects[4] === 0 && effects[7] === 1_000_000
    }),
  ),
)

t.test('a share of 10 in 50 is .2, between .124 and .307 with 90 % (Wilson)', async (t) => {
  const found = shareInterval(10, 50, Z_90)
  // z^2 = 2.70554: centre (.2 + .0270554) / 1.0541109 = .215399; half 1.644854 * sqrt(.0032 + .00027055) / 1.0541109 = .091926
  t.ok(near(found.low, 0.215399 - 0.091926, 1e-5) && near(found.high, 0.215399 + 0.091926, 1e-5))
  t.match(shareInterval(0, 50, Z_90), { mean: 0, low: 0 })
  // 0 of n: z^2 / (n + z^2)
  t.ok(near(shareInterval(0, 50, Z_90).high, 2.705543 / 52.705543, 1e-6))
  t.match(shareInterval(5, 5, Z_90), { mean: 1, high: 1 })
  t.ok(shareInterval(10, 50, Z_90_OF_14).low < found.low)
})

t.test('the difference of two shares by Newcombe, his example 56 of 70 against 48 of 80 at 95 %: .2, .0524 to .3339', async (t) => {
  const z = 1.959964
  const found = differenceInterval(shareInterval(56, 70, z), shareInterval(48, 80, z))
  t.ok(near(found.mean, 0.2) && near(found.low, 0.0524, 1e-4) && near(found.high, 0.3339, 1e-4), JSON.stringify(found))
})

t.test('a sum of amounts that came by chance', async (t) => {
  // 3 + 4 = 7, sqrt(9 + 16) = 5
  const found = sumInterval([3, 4])
  t.ok(near(found.high, 7 + 5 * Z_90) && found.low === 0)
  t.ok(near(sumInterval([3, 4], 2).high, 14 + 10 * Z_90), 'each stands for two')
  // 90 days of one hundred 10s: 1000 / 3; variance 10000 * (1/3 + 1/9) = 4444.4
  const next = nextSum(new Array<number>(100).fill(10), 1, 90, 1)
  t.ok(near(next.mean, 1000 / 3, 1e-6) && near(next.high, 1000 / 3 + Z_90 * Math.sqrt(40_000 / 9), 1e-6))
  t.ok(nextSum([10], 1, 90, 4).high > nextSum([10], 1, 90, 1).high, 'uneven weeks widen it')
})
