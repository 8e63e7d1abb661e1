import fc from 'fast-check'
import t from 'tap'
import { adaptedAlpha, conformalQuantile, conformalSet } from '../../pipelines/consensus/fit/conformal.ts'
import { cohensKappa } from '../../pipelines/consensus/scores/agreement.ts'
import { calibrationError, massBins, nullError, optionClaims, topClaims, widthBins } from '../../pipelines/consensus/scores/calibration.ts'
import { clopperPearson } from '../../pipelines/consensus/scores/clopperPearson.ts'
import { accuracy, brier, brierParts, logLoss, skill } from '../../pipelines/consensus/scores/properScores.ts'
import { areaUnderRisk, riskCoverage } from '../../pipelines/consensus/scores/riskCoverage.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { assertProperty } from '../support/property.ts'

const near = (a: number, b: number, within = 1e-9) => Math.abs(a - b) <= within
const forecast = (probabilities: number[], truth: number) => ({ probabilities, truth })
const anyForecasts = fc.array(
  fc.tuple(fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), fc.nat(2)).map(([raw, truth]) => {
    const total = raw.reduce((sum, value) => sum + value, 0)
    return forecast(
      raw.map((value) => value / total),
      truth,
    )
  }),
  { minLength: 1, maxLength: 60 },
)

t.test('log loss, Brier, accuracy and skill of forecasts that can be done by hand', async (t) => {
  const two = [forecast([0.5, 0.25, 0.25], 0), forecast([0.5, 0.25, 0.25], 1)]
  t.ok(near(logLoss(two), (Math.LN2 + 2 * Math.LN2) / 2, 1e-12))
  // .25 + .0625 + .0625 and .25 + .5625 + .0625
  t.ok(near(brier(two), (0.375 + 0.875) / 2))
  t.equal(accuracy(two), 0.5)
  t.ok(near(logLoss([forecast([1, 0], 1)]), -Math.log(1e-4), 1e-12), 'floored at 1e-4')
  t.equal(skill(0.3, 0.6), 0.5)
})

t.test('Brier is reliability - resolution + uncertainty and what binning leaves; exact bins leave nothing', async (t) => {
  // Two stated values, each true as often as stated: reliability 0, within bins 0.
  const exact = [0, 0, 0, 1].map((truth) => forecast([0.75, 0.25], truth))
  const parts = brierParts(exact)
  t.ok(near(parts.reliability, 0) && near(parts.resolution, 0) && near(parts.uncertainty, 2 * 0.75 * 0.25) && near(parts.withinBins, 0))
  await assertProperty(
    t,
    fc.property(anyForecasts, (forecasts) => {
      const { reliability, resolution, uncertainty, withinBins } = brierParts(forecasts)
      return near(reliability - resolution + uncertainty + withinBins, brier(forecasts), 1e-9) && reliability >= 0 && resolution >= 0
    }),
  )
})

t.test('calibration error: by width and by mass, by hand', async (t) => {
  const claims = [0.62, 0.68, 0.91, 0.99].map((confidence, index) => ({ confidence, right: index !== 0 }))
  // .6-.7: |.65 - .5|, .9-1: |.95 - 1|
  t.ok(near(calibrationError(widthBins(claims)), (2 * 0.15 + 2 * 0.05) / 4))
  t.ok(near(calibrationError(massBins(claims, 2)), (2 * 0.15 + 2 * 0.05) / 4))
  t.strictSame(
    massBins(claims, 4).map(({ count }) => count),
    [1, 1, 1, 1],
  )
  t.equal(massBins(Array.from({ length: 299 }, () => ({ confidence: 0.5, right: true }))).length, 5, 'five bins under 300 claims')
  t.equal(massBins(Array.from({ length: 300 }, () => ({ confidence: 0.5, right: true }))).length, 10)
  t.equal(calibrationError([]), 0)
  t.equal(widthBins([{ confidence: 1, right: true }])[0]?.confidence, 1, 'certainty has a bin')
  t.strictSame(topClaims([forecast([0.2, 0.8], 0)]), [{ confidence: 0.8, right: false }])
  t.strictSame(optionClaims([forecast([0.2, 0.8], 0)], 0), [{ confidence: 0.2, right: true }])
})

t.test(
  'a perfectly calibrated forecaster shows an error by chance: .095 on 100 labels in ten bins, .066 in five, .029 on 1,000',
  async (t) => {
    const random = seededRandom(1, 'null')
    const gammaOf = (shape: number): number => {
      // Marsaglia and Tsang
      const d = shape - 1 / 3
      for (;;) {
        const x = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
        const v = (1 + x / Math.sqrt(9 * d)) ** 3
        if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
      }
    }
    const confidences = (count: number) =>
      Array.from({ length: count }, () => {
        const [a, b] = [gammaOf(4), gammaOf(1.2)]
        return Math.min(1, Math.max(0.25, a / (a + b)))
      })
    // Table of 7.1, drawn anew in each repetition there; thirty drawn sets of confidences here.
    const mean = (count: number, bins: number) =>
      Array.from(
        { length: 30 },
        () =>
          nullError(
            confidences(count),
            (claims) => massBins(claims, bins),
            () => random.next(),
            20,
          ).mean,
      ).reduce((a, b) => a + b, 0) / 30
    for (const [count, bins, expected] of [
      [100, 10, 0.095],
      [100, 5, 0.066],
      [1000, 10, 0.029],
    ] as const) {
      const found = mean(count, bins)
      t.ok(near(found, expected, 0.008), `${count} labels, ${bins} bins: ${found.toFixed(3)} for ${expected}`)
    }
    const draws = () => nullError(confidences(50), widthBins, seededRandom(2, 'x').next.bind(undefined), 50)
    t.ok(draws().upper >= draws().mean)
  },
)

t.test('kappa: agreement beyond habit', async (t) => {
  const pairs = (cells: [string, string, number][]) => cells.flatMap(([a, b, n]) => Array.from({ length: n }, () => [a, b] as const))
  // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed .7, expected .5 * .6 + .5 * .4 = .5
  const found = cohensKappa(
    pairs([
      ['y', 'y', 20],
      ['y', 'n', 5],
      ['n', 'y', 10],
      ['n', 'n', 15],
    ]),
  )
  t.ok(near(found.observed, 0.7) && near(found.expected, 0.5) && near(found.kappa ?? 0, 0.4))
  t.equal(
    cohensKappa(
      pairs([
        ['y', 'y', 3],
        ['n', 'n', 3],
      ]),
    ).kappa,
    1,
  )
  t.equal(cohensKappa([]).kappa, undefined)
  t.equal(cohensKappa(pairs([['y', 'y', 9]])).kappa, undefined, 'two who always say the same one thing show nothing')
})

t.test('Clopper-Pearson: known intervals, and coverage at least as stated', async (t) => {
  // 0 of 10: 1 - .025^(1/10); 5 of 10 from tables
  const none = clopperPearson(0, 10)
  t.ok(none.low === 0 && near(none.high, 1 - 0.025 ** 0.1, 1e-6))
  const half = clopperPearson(5, 10)
  t.ok(near(half.low, 0.1871, 5e-5) && near(half.high, 0.8129, 5e-5), JSON.stringify(half))
  const all = clopperPearson(10, 10)
  t.ok(all.high === 1 && near(all.low, 0.025 ** 0.1, 1e-6))
  t.strictSame(clopperPearson(0, 0), { low: 0, high: 1 })
  t.ok(near(clopperPearson(2500, 5000).low, 0.486, 0.001), 'thousands of trials do not underflow')
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
      const hits = Math.round(n * share)
      const { low, high } = clopperPearson(hits, n)
      return low <= hits / n && hits / n <= high && low >= 0 && high <= 1
    }),
  )
})

t.test('risk and coverage: the surest first, equal ones together', async (t) => {
  const claims = [
    { confidence: 0.9, right: true },
    { confidence: 0.8, right: false },
    { confidence: 0.8, right: true },
    { confidence: 0.5, right: false },
  ]
  const points = riskCoverage(claims)
  t.strictSame(points, [
    { coverage: 0.25, risk: 0 },
    { coverage: 0.75, risk: 1 / 3 },
    { coverage: 1, risk: 0.5 },
  ])
  t.ok(near(areaUnderRisk(points), 0.5 / 3 + 0.25 * 0.5))
})

t.test('conformal: the ceil((n + 1)(1 - alpha))-th smallest, everything below 19 audits at .05', async (t) => {
  const scores = (n: number, weight = 1) => Array.from({ length: n }, (_, index) => ({ score: (index + 1) / 100, weight }))
  t.equal(conformalQuantile(scores(18), 0.05).quantileMicro, null)
  // n = 19: ceil(20 * .95) = 19; n = 99: ceil(100 * .95) = 95
  t.equal(conformalQuantile(scores(19), 0.05).quantileMicro, 190_000)
  t.equal(conformalQuantile(scores(99), 0.05).quantileMicro, 950_000)
  t.equal(conformalQuantile(scores(99, 7.3), 0.05).quantileMicro, 950_000, 'the scale of the weights plays no part')
  t.equal(conformalQuantile(scores(9), 0.1).quantileMicro, 90_000)
  t.equal(
    conformalQuantile([...scores(98), { score: 0.5, weight: 60 }], 0.05).quantileMicro,
    null,
    'one that weighs more than alpha leaves everything',
  )
  t.match(
    conformalQuantile(
      scores(30).map((each) => ({ ...each, weight: 0 })),
      0.05,
    ),
    { quantileMicro: null, audits: 0 },
  )
  t.strictSame(conformalSet({ wait: 0.7, b: 0.2, c: 0.1 }, { quantileMicro: 800_000 }), ['wait', 'b'])
  t.strictSame(conformalSet({ wait: 0.7, b: 0.2, c: 0.1 }, { quantileMicro: null }), ['wait', 'b', 'c'])
  t.strictSame(conformalSet({ wait: 0.7, b: 0.3 }, { quantileMicro: 100_000 }), [], 'a set may be empty: nothing is as usual')
  t.ok(near(adaptedAlpha(0.05, 0.05, true), 0.05 - 0.0095) && near(adaptedAlpha(0.05, 0.05, false), 0.0505))
  t.equal(adaptedAlpha(0, 0.05, true), 0)
})

t.test('conformal: on exchangeable items the set holds the truth as often as stated', async (t) => {
  const random = seededRandom(3, 'exchangeable')
  // Whatever the scores mean: a forecaster that is wrong about everything still gets its coverage.
  const draw = () => ({ score: random.next() ** 3, weight: 1 })
  let [covered, trials] = [0, 0]
  for (let round = 0; round < 400; round++) {
    const { quantileMicro } = conformalQuantile(Array.from({ length: 60 }, draw), 0.1)
    for (let item = 0; item < 10; item++) {
      covered += Number(draw().score * 1e6 <= (quantileMicro ?? Infinity))
      trials++
    }
  }
  // ceil(61 * .9) / 61 = .9016 expected; the ten items of a round share a quantile with standard deviation .038
  t.ok(Math.abs(covered / trials - 55 / 61) < 4 * Math.sqrt((0.038 ** 2 + 0.09 / 10) / 400), String(covered / trials))
})
