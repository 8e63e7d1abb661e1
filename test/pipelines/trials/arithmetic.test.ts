/** Shares, posteriors, priors and the integrals of a trial, against closed forms and by what must hold of any. */
import fc from 'fast-check'
import t from 'tap'
import { betaCdf, lnBeta } from '../../../pipelines/sources/betaDistribution.ts'
import { ARMS_MOST, bestOf, exceeds } from '../../../pipelines/trials/best.ts'
import { faded, posteriorOf, weekOf } from '../../../pipelines/trials/posterior.ts'
import type { Beta } from '../../../pipelines/trials/posterior.ts'
import { STRENGTHS, flatPrior, likeliestStrength, priorsOf } from '../../../pipelines/trials/prior.ts'
import { MOVE_MOST_MICRO, apportioned, carriedShares, mixedShares, movedShares } from '../../../pipelines/trials/shares.ts'
import { assertProperty } from '../../support/property.ts'

const floor = 166_667
const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)
const near = (actual: number | undefined, expected: number, within = 1e-6) => Math.abs((actual ?? NaN) - expected) < within

/** P(Y > X) for whole parameters, by a sum of Beta functions (E. Miller 2014, after the integral of F_X f_Y by parts). */
function exactlyAbove(y: Beta, x: Beta): number {
  let total = 0
  for (let i = 0; i < y.a; i++) total += Math.exp(lnBeta(x.a + i, x.b + y.b) - Math.log(y.b + i) - lnBeta(1 + i, y.b) - lnBeta(x.a, x.b))
  return total
}
const whole = fc.record({ a: fc.integer({ min: 1, max: 60 }), b: fc.integer({ min: 1, max: 600 }) })

t.test('P(best) of two meets the closed form within 1e-6, whatever the two', (t) =>
  assertProperty(
    t,
    fc.property(whole, whole, (x, y) => {
      const { best } = bestOf([x, y])
      return near(best[1], exactlyAbove(y, x)) && near(best[0], exactlyAbove(x, y))
    }),
    { numRuns: 60 },
  ),
)

t.test('P(best) of two to thirteen adds up to one, does not depend on their order, and rises with an answer', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(whole, { minLength: 2, maxLength: ARMS_MOST }), (arms) => {
      const { best } = bestOf(arms)
      const turned = bestOf([...arms].reverse()).best
      const [first, ...rest] = arms
      const more = bestOf([{ a: (first?.a ?? 0) + 1, b: first?.b ?? 0 }, ...rest]).best
      return (
        near(sum(best), 1) &&
        turned.every((one, k) => near(one, best[best.length - 1 - k] ?? NaN)) &&
        (more[0] ?? 0) > (best[0] ?? 0) - 1e-6
      )
    }),
    { numRuns: 30 },
  ),
)

t.test('equals are the best equally; one alone is; more than thirteen are refused', async (t) => {
  for (const count of [2, 4, ARMS_MOST]) {
    const { best } = bestOf(Array.from({ length: count }, () => ({ a: 7, b: 80 })))
    t.ok(
      best.every((one) => near(one, 1 / count)),
      `${count}`,
    )
  }
  t.strictSame(bestOf([{ a: 3, b: 4 }]), { best: [1], loss: [0] })
  t.throws(() => bestOf([]), RangeError)
  t.throws(() => bestOf(Array.from({ length: 14 }, () => flatPrior)), RangeError)
})

t.test('the loss of a choice is what the largest has more on average', async (t) => {
  // Of two uniform ones the larger is 2/3 on average, each 1/2.
  const { loss } = bestOf([
    { a: 1, b: 1 },
    { a: 1, b: 1 },
  ])
  t.ok(
    loss.every((one) => near(one, 1 / 6)),
    String(loss),
  )
  // P(largest of three uniform ones) has mean 3/4.
  t.ok(near(bestOf(Array.from({ length: 3 }, () => ({ a: 1, b: 1 }))).loss[0], 1 / 4))
})

t.test('P(one > other + margin) meets its closed forms', async (t) => {
  // P(Y > y) of Beta(1, b) is (1 - y)^b; over a uniform X: the integral of (1 - x - m)^b from 0 to 1 - m.
  for (const margin of [0, 0.01, 0.1])
    for (const b of [9, 99]) t.ok(near(exceeds({ a: 1, b }, { a: 1, b: 1 }, margin), (1 - margin) ** (b + 1) / (b + 1)), `${margin} ${b}`)
  t.ok(near(exceeds({ a: 9, b: 99 }, { a: 3, b: 120 }, 0), exactlyAbove({ a: 9, b: 99 }, { a: 3, b: 120 })))
  // The other is known to be .1 within 3e-4: what is left is the distribution of the one.
  t.ok(near(exceeds({ a: 5, b: 30 }, { a: 1e5, b: 9e5 }, 0.02), 1 - betaCdf(0.12, 5, 30), 1e-4))
})

t.test('parts of a whole: in proportion, whole, and all of it; what is left goes to the largest remainders', async (t) => {
  t.strictSame(apportioned(1_000_000, [1, 1, 1]), [333_334, 333_333, 333_333])
  t.strictSame(apportioned(10, [5, 3, 1]), [6, 3, 1], '5.55, 3.33, 1.11')
  t.strictSame(apportioned(7, [0, 2, 0]), [0, 7, 0])
})

const weights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }).filter((all) => sum(all) > 0.01)
const shares = (count: number) =>
  fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: count, maxLength: count }).map((best) => mixedShares(best, floor))

t.test('mixed with the floor: (1 - K p) TS + p, in any case', async (t) => {
  // 1 - 3 * .166667 = .499999, of which .8, .2 and 0.
  t.strictSame(mixedShares([0.8, 0.2, 0], floor), [566_666, 266_667, 166_667])
  await assertProperty(
    t,
    fc.property(weights, (best) => {
      const mixed = mixedShares(best, floor)
      const free = 1_000_000 - best.length * floor
      return (
        sum(mixed) === 1_000_000 &&
        mixed.every((share, k) => share >= floor && Math.abs(share - floor - (free * (best[k] ?? 0)) / sum(best)) < 1)
      )
    }),
  )
})

t.test('no share moves by more than ten points a day, and they still add up and keep the floor', async (t) => {
  // 50 points apart, so a fifth of the way.
  t.strictSame(movedShares([666_666, 166_667, 166_667], [166_667, 666_666, 166_667]), [566_666, 266_667, 166_667])
  t.strictSame(movedShares([300_000, 700_000], [400_000, 600_000]), [400_000, 600_000])
  await assertProperty(
    t,
    fc.property(
      fc.integer({ min: 2, max: 4 }).chain((count) => fc.tuple(shares(count), shares(count))),
      ([before, target]) => {
        const moved = movedShares(before, target)
        const isBetween = (share: number, k: number) =>
          share >= Math.min(before[k] ?? 0, target[k] ?? 0) && share <= Math.max(before[k] ?? 0, target[k] ?? 0)
        const longest = Math.max(...moved.map((share, k) => Math.abs(share - (before[k] ?? 0))))
        const isThere = moved.every((share, k) => share === target[k])
        return (
          sum(moved) === 1_000_000 &&
          moved.every((share, k) => Number.isInteger(share) && share >= floor && isBetween(share, k)) &&
          longest <= MOVE_MOST_MICRO &&
          (isThere || longest >= MOVE_MOST_MICRO - 1)
        )
      },
    ),
  )
})

t.test('a stopped wording leaves its share in proportion, one that is opened again begins at the floor', async (t) => {
  t.strictSame(
    carriedShares([{ shareMicro: 266_667 }, { shareMicro: 466_667 }], floor),
    [333_334, 666_666],
    '.1 and .3 above the floor: 1 to 3',
  )
  const before = [{ shareMicro: 500_000 }, { shareMicro: 500_000 }, { shareMicro: 0 }]
  t.strictSame(carriedShares(before, floor), [416_667, 416_666, 166_667])
  t.strictSame(carriedShares([{ shareMicro: 0 }], floor), [1_000_000])
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 4 }).chain(shares), (same) => {
      const carried = carriedShares(
        same.map((shareMicro) => ({ shareMicro })),
        floor,
      )
      return carried.every((share, k) => Math.abs(share - (same[k] ?? 0)) <= 1)
    }),
  )
})

t.test('a posterior is its prior with the results; what is old moves it towards the prior, .99 a week', async (t) => {
  t.strictSame(posteriorOf(flatPrior, { sentMicro: 20_000_000, answeredMicro: 3_000_000 }), { a: 4, b: 26 })
  t.equal(faded(1_000_000, 1), 990_000)
  t.equal(faded(1_000_000, 2), 980_100)
  t.equal(faded(1_000_000, 0), 1_000_000)
  t.equal(faded(0, 1e9), 0)
  t.equal(weekOf(7 * 86_400_000 - 1), 0)
  t.equal(weekOf(7 * 86_400_000), 1)
  // Each week takes up to a millionth more than a hundredth, of which as much fades in turn: less than 1 / (1 - .99) = 100 millionths
  // of a result in all, of the ten that the prior is worth at least.
  const roundedDown = 100e-6 / 10
  await assertProperty(
    t,
    fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 }), (sent, hits, x, y) => {
      const [n, k] = [Math.max(sent, hits) * 1e6, Math.min(sent, hits) * 1e6]
      const after = posteriorOf(flatPrior, { sentMicro: faded(n, x + y), answeredMicro: faded(k, x + y) })
      const now = posteriorOf(flatPrior, { sentMicro: n, answeredMicro: k })
      const mean = ({ a, b }: Beta) => a / (a + b)
      const isNearer = Math.abs(mean(after) - 0.1) <= Math.abs(mean(now) - 0.1) + roundedDown
      return faded(faded(n, x), y) === faded(n, x + y) && isNearer && after.a >= 1 && after.b >= 9
    }),
    // Exactly its prior's mean, from which only rounding can move it.
    { examples: [[40, 4, 0, 85]] },
  )
})

t.test('without three other locations the prior is flat: one of ten, worth ten', async (t) => {
  const two = [
    { sent: 500, answered: 50 },
    { sent: 500, answered: 50 },
    { sent: 0, answered: 0 },
  ]
  t.strictSame(priorsOf([two, two]), [flatPrior, flatPrior])
  t.strictSame(priorsOf([[], []]), [flatPrior, flatPrior])
})

t.test('locations that agree make a strong prior, locations that differ a weak one; its mean is theirs and the flat one', async (t) => {
  const alike = Array.from({ length: 10 }, () => ({ sent: 1000, answered: 200 }))
  const unlike = Array.from({ length: 10 }, (_, n) => ({ sent: 1000, answered: n % 2 === 0 ? 50 : 350 }))
  const [strong] = priorsOf([alike])
  const [weak] = priorsOf([unlike])
  const worth = ({ a, b }: Beta = { a: 0, b: 0 }) => a + b
  const mean = (n0: number) => {
    // Ten times 1,000 messages say what 10 * 1000 (n0 + 1) / (1000 + n0) would, a fifth of them answered; and one of ten likewise.
    const [others, flat] = [(10 * 1000 * (n0 + 1)) / (1000 + n0), (10 * (n0 + 1)) / (10 + n0)]
    return (others / 5 + flat / 10) / (others + flat)
  }
  t.ok(near(worth(strong), 200, 1e-9) && near(strong?.a, 200 * mean(200)), JSON.stringify(strong))
  t.ok(worth(weak) < 15, JSON.stringify(weak))
  t.ok(near((weak?.a ?? 0) / worth(weak), mean(worth(weak))), JSON.stringify(weak))
})

t.test('one large location that is unlike the others does not speak for all of them', async (t) => {
  const small = Array.from({ length: 20 }, (_, n) => ({ sent: 300, answered: n % 2 === 0 ? 45 : 75 }))
  const [without] = priorsOf([small])
  const [withLarge] = priorsOf([[...small, { sent: 50_000, answered: 1_000 }]])
  const mean = ({ a, b }: Beta = { a: 0, b: 1 }) => a / (a + b)
  // A fifth of the messages of twenty locations, 2 % of one: added up by messages it would be 3.9 %. One of 21 moves the mean by
  // (.2 - .02) / 21 = .009 and little more, since the spread that it shows makes all of them alike in worth.
  t.ok(mean(without) > 0.19 && mean(without) < 0.2, JSON.stringify(without))
  t.ok(mean(without) - mean(withLarge) > 0.005 && mean(without) - mean(withLarge) < 0.03, JSON.stringify(withLarge))
})

t.test('a prior is never worth more than what the others sent, nor less than an answered and an unanswered message', async (t) => {
  // Three answers of sixty: a prior of 200 would be worth more than the 70 that were sent, with the ten of the flat one.
  const few = Array.from({ length: 3 }, () => ({ sent: 20, answered: 1 }))
  const [prior] = priorsOf([few])
  t.ok((prior?.a ?? 0) >= 1 && near((prior?.a ?? 0) + (prior?.b ?? 0), 70, 1e-9), JSON.stringify(prior))
  const [none] = priorsOf([Array.from({ length: 5 }, () => ({ sent: 1000, answered: 0 }))])
  // No answer at all is least improbable under the weakest, 1: the flat prior's 20 / 11 of a message beside five times 2000 / 1001,
  // a tenth of them answered. That is one of 64.9.
  const least = 1 / (20 / 11 / 10 / (20 / 11 + 10_000 / 1001))
  t.ok(near(none?.a, 1) && near(none?.b, least - 1, 1e-9), JSON.stringify(none))
})

t.test('the strength is the one of all tried under which the results are most probable', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.record({ sent: fc.integer({ min: 1, max: 300 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }), {
        minLength: 3,
        maxLength: 12,
      }),
      fc.double({ min: 0.05, max: 0.6, noNaN: true }),
      (locations, mean) => {
        const counts = locations.map(({ sent, share }) => ({ sent, answered: Math.round(sent * share) }))
        // Product of (a)_k (b)_(n-k) / (a + b)_n, by rising factorials instead of Gamma functions.
        const rising = (x: number, n: number) => Array.from({ length: n }, (_, i) => Math.log(x + i)).reduce((total, one) => total + one, 0)
        const score = (n0: number) =>
          sum(counts.map(({ sent, answered }) => rising(mean * n0, answered) + rising((1 - mean) * n0, sent - answered) - rising(n0, sent)))
        const found = likeliestStrength([counts], () => [mean])
        return STRENGTHS.every((n0) => score(n0) <= score(found) + 1e-7)
      },
    ),
    { numRuns: 50 },
  ),
)
