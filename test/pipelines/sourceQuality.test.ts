/** Where leads come from: names by table, shares by arithmetic, and distributions against those that have a closed form. */
import fc from 'fast-check'
import t from 'tap'
import { sourceLines } from '../../cli/verbs/sources.ts'
import { betaCdf, betaQuantile } from '../../pipelines/sources/betaDistribution.ts'
import { sourceName } from '../../pipelines/sources/sourceName.ts'
import { PRIOR_LEADS, posterior, sourceQuality } from '../../pipelines/sources/sourceQuality.ts'
import { assertProperty } from '../support/property.ts'

t.test('one source has one name', (t) => {
  for (const [stated, name] of [
    [null, 'unknown'],
    ['', 'unknown'],
    [' ?! ', 'unknown'],
    ['Zillow', 'zillow'],
    ['realtor.com', 'realtor_com'],
    ['Realtor', 'realtor_com'],
    ['Facebook Ads', 'facebook'],
    ['facebook lead-ad', 'facebook'],
    ['Spring Fair 2026', 'spring_fair_2026'],
    ['Señal', 'señal'],
    ['utm_source=fb&utm_medium=cpc&utm_campaign=spring', 'facebook'],
    ['https://example.com/homes?id=4&UTM_Source=IG#top', 'instagram'],
    ['?utm_source=google&utm_medium=cpc', 'google_ads'],
    ['?utm_source=google&utm_medium=organic', 'organic'],
    ['?utm_source=google', 'google'],
    ['?utm_source=adwords&utm_medium=PPC', 'google_ads'],
    ['?utm_source=newsletter', 'newsletter'],
    ['?utm_source=', 'unknown'],
    ['?utm_source=%', 'unknown'],
    ['?utm_source=constructor', 'constructor'],
    ['?utm_source=__proto__', 'proto'],
    ['my_utm_source=x', 'my_utm_source_x'],
    ['x'.repeat(500), 'x'.repeat(60)],
  ] as const)
    t.equal(sourceName(stated), name, String(stated))
  t.end()
})

const near = (t: typeof import('tap').default, actual: number, expected: number, what: string, within = 1e-9) =>
  t.ok(Math.abs(actual - expected) < within, `${what}: ${actual} and ${expected}`)

t.test('a distribution that has a closed form is met', (t) => {
  for (const x of [0.001, 0.05, 0.3, 0.5, 0.9, 0.999]) {
    near(t as never, betaCdf(x, 1, 1), x, `uniform at ${x}`)
    // Beta(a, 1): x^a. Beta(1, b): 1 - (1 - x)^b. Beta(2, 2): 3x² - 2x³.
    near(t as never, betaCdf(x, 7.5, 1), x ** 7.5, `Beta(7.5, 1) at ${x}`)
    near(t as never, betaCdf(x, 1, 40), 1 - (1 - x) ** 40, `Beta(1, 40) at ${x}`)
    near(t as never, betaCdf(x, 2, 2), 3 * x ** 2 - 2 * x ** 3, `Beta(2, 2) at ${x}`)
    // Beta(1/2, 1/2): the arcsine distribution.
    near(t as never, betaCdf(x, 0.5, 0.5), (2 / Math.PI) * Math.asin(Math.sqrt(x)), `arcsine at ${x}`)
  }
  // P(X <= x) for whole a, b is that of at least a hits in a + b - 1 throws.
  const throws = (n: number, from: number, p: number) => {
    let [sum, term] = [0, (1 - p) ** n]
    for (let k = 0; k <= n; k++) {
      if (k >= from) sum += term
      term *= ((n - k) / (k + 1)) * (p / (1 - p))
    }
    return sum
  }
  near(t as never, betaCdf(0.3, 12, 30), throws(41, 12, 0.3), 'Beta(12, 30)')
  near(t as never, betaCdf(0.62, 300, 200), throws(499, 300, 0.62), 'Beta(300, 200)')
  near(t as never, betaQuantile(0.05, 1, 1), 0.05, 'quantile of the uniform')
  near(t as never, betaQuantile(0.9, 3, 1), 0.9 ** (1 / 3), 'quantile of Beta(3, 1)')
  t.equal(betaCdf(-1, 2, 3), 0)
  t.equal(betaCdf(2, 2, 3), 1)
  t.end()
})

t.test('quantile and distribution are each the other backwards, for any share of any size', async (t) => {
  const parameter = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  await assertProperty(
    t,
    fc.property(parameter, parameter, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, b, p) => {
      const x = betaQuantile(p, a, b)
      if (!(x >= 0 && x <= 1)) throw new Error(`quantile ${x}`)
      // Where nearly all of it is within the distance of two doubles, the distribution jumps over p.
      const [below, above] = [betaCdf(Math.max(0, x - 1e-15 - x * 1e-12), a, b), betaCdf(Math.min(1, x + 1e-15 + x * 1e-12), a, b)]
      if (!(below <= p + 1e-6 && above >= p - 1e-6)) throw new Error(`${below} to ${above} around ${p}`)
    }),
  )
})

t.test('a source begins at the share of its location and moves away with what it shows', (t) => {
  // Of 100 leads 30 answered: (30 + 1) / (100 + 2).
  const prior = 31 / 102
  t.equal(posterior(0, 0, prior).mean, prior)
  t.equal(PRIOR_LEADS, 20)
  // Of 20 leads 10 answered: half from the location, half its own.
  near(t as never, posterior(10, 20, prior).mean, (prior + 0.5) / 2, 'half and half')
  const { mean, low, high } = posterior(900, 1_000, prior)
  near(t as never, mean, (900 + 20 * prior) / 1_020, 'of a thousand leads nearly all is its own')
  t.ok(low < mean && mean < high && high - low < 0.04)
  t.end()
})

t.test('locations stand apart, spellings of one source are one, those that book most come first', (t) => {
  const row = (tenantId: string, source: string, leads: number, replied: number, booked: number) => ({
    tenantId,
    source,
    leads,
    replied,
    booked,
  })
  const quality = sourceQuality([
    row('a', 'zillow', 40, 20, 10),
    row('a', 'facebook', 30, 3, 0),
    row('a', 'facebook', 30, 3, 1),
    row('b', 'zillow', 10, 0, 0),
  ])
  t.match(quality, [
    { tenantId: 'a', source: 'zillow', leads: 40 },
    { tenantId: 'a', source: 'facebook', leads: 60, replied: 6, booked: 1 },
    { tenantId: 'b', source: 'zillow' },
  ])
  // The prior of b is 1 / 12 of its own ten leads, none of which answered: 20/12 of 30.
  near(t as never, quality[2]?.reply.mean ?? NaN, 20 / 12 / 30, 'the other location says nothing about it')
  const lines = sourceLines(quality, '7d')
  t.ok(
    lines.includes(
      'Leads that are known for longer than 7d: younger ones have had no time to write. Who wrote first, or only to opt out, wrote as well.',
    ),
    'younger ones are not among them',
  )
  t.match(lines[1], /^a +zillow +40 +20 +\d+ % \(\d+ to \d+\) +10 +\d+ % \(\d+ to \d+\)$/)
  t.equal(lines.length, 6)
  t.strictSame(sourceLines([], '7d'), ['No lead is known for longer than 7d.'])
  t.end()
})

t.test('in any counts the mean lies in its range, and more hits never lower it', async (t) => {
  await assertProperty(
    t,
    fc.property(fc.nat(5_000), fc.nat(5_000), fc.double({ min: 0.001, max: 0.999, noNaN: true }), (hits, misses, prior) => {
      const { mean, low, high } = posterior(hits, hits + misses, prior)
      if (!(low >= 0 && low <= high && high <= 1)) throw new Error(`${low} to ${high}`)
      if (hits + misses > 50 && hits > 5 && misses > 5 && !(low < mean && mean < high))
        throw new Error(`${mean} is not in ${low} to ${high}`)
      if (posterior(hits + 1, hits + misses + 1, prior).mean < mean) throw new Error('one more hit lowers it')
    }),
  )
})
