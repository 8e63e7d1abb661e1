/** System 5: what the market stage keeps of facts, finds in them and tells, and when. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { positioning, opportunityOf, threatOf } from '../../../pipelines/market/levels.ts'
import {
  MOST_COMPETITORS,
  MOST_SEGMENTS,
  MOST_SOURCES,
  MOST_WINDOWS,
  current,
  refusalOf,
  weekOf,
  withFact,
} from '../../../pipelines/market/keepFact.ts'
import { findingsOf, MOST_FINDINGS } from '../../../pipelines/market/findings.ts'
import { microsOf, milliText } from '../../../pipelines/market/micros.ts'
import { market } from '../../../pipelines/market/stage.ts'
import { insightAgents, trendRules } from '../../../pipelines/market/trendRules.ts'
import { drive } from '../../../runtime/driver.ts'
import { MarketState } from '../../../schemas/generated/records.ts'
import type { MarketFact, MarketSeries } from '../../../schemas/generated/records.ts'
import { seededRandom } from '../../../simulate/seededRandom.ts'
import { insightKey, insights, marketFacts } from '../../../topics/index.ts'
import { marketFactId, marketFigures, priceBands, propertyTypes } from '../../../topics/marketFacts.ts'
import { assertProperty } from '../../support/property.ts'
import { DAY, fact, heard, location, monday, now, rival } from './facts.ts'

const HOUR = DAY / 24
const line = () => drive(market, { at: now })
/** A line that was told these facts. */
function told(facts: readonly MarketFact[]) {
  const l = line()
  for (const one of facts) l.pipe(marketFacts, location, one)
  return l
}
const seriesOf = (facts: readonly MarketFact[]) => (told(facts).state(location) as MarketState | undefined)?.series ?? []
/** `kind subject reason value bin level` of an agent's findings. */
function found(agent: (typeof insightAgents)[number], facts: readonly MarketFact[]): string[] {
  const findings = findingsOf(seriesOf(facts)).get(agent) ?? []
  return findings.map(({ kind, subject, reason, value, bin, evidence }) => {
    const level = evidence.find(({ field }) => field === 'threat' || field === 'opportunity')?.value ?? '-'
    return [kind, subject, reason, value, bin, level].join('|')
  })
}

t.test('decimals are exact, also where a float is not', async (t) => {
  t.strictSame(['412500', '-0.35', '0.000001', '14.2'].map(microsOf), [412_500_000_000n, -350_000n, 1n, 14_200_000n])
  t.strictSame(
    [milliText(4_200n, 1), milliText(-4_250n, 1), milliText(200n, 2), milliText(-40n, 1), milliText(-4n, 2)],
    ['4.2', '-4.2', '0.20', '0.0', '0.00'],
  )
})

t.test('a fact has one id, however often and whatever it says; another period, feed or subject is another', async (t) => {
  const one = fact(0, { inventory: '10' })
  t.equal(one.factId, fact(0, { inventory: '11' }, { observedAt: now, receivedAt: now + 1, samples: 3 }).factId)
  const others = [
    fact(1, {}),
    fact(0, {}, { source: 'other' }),
    fact(0, {}, { propertyType: 'condo' }),
    fact(0, {}, { priceBand: '0-250k' }),
    fact(0, {}, { kind: 'social' }),
    fact(0, {}, { tenantId: 'other' }),
    fact(0, {}, { competitor: 'Oak' }),
  ]
  t.equal(new Set([one, ...others].map(({ factId }) => factId)).size, 8)
  t.match(one.factId, /^[0-9a-f]{32}$/)
  t.equal(one.factId, marketFactId(one))
})

t.test('weeks begin on Mondays, and a period belongs to the week its last instant is in', async (t) => {
  t.strictSame([monday + 1, monday + 7 * DAY, monday + 7 * DAY + 1].map(weekOf), [monday, monday, monday + 7 * DAY])
})

t.test('what is no fact of this market is refused, each with its reason', async (t) => {
  const reasons: [string | undefined, MarketFact][] = [
    [undefined, fact(0, { inventory: '10' })],
    ['another_location', fact(0, { inventory: '10' }, { tenantId: 'other' })],
    ['kind_unknown', fact(0, { inventory: '10' }, { kind: 'weather' })],
    ['segment_unknown', fact(0, { inventory: '10' }, { propertyType: '78701' })],
    ['segment_unknown', fact(0, { inventory: '10' }, { priceBand: 'cheap' })],
    ['segment_of_competitor', rival('Oak', 0, { inventory: '10' }, { propertyType: 'condo' })],
    ['competitor_unclear', rival('', 0, { inventory: '10' })],
    ['competitor_unclear', fact(0, { inventory: '10' }, { competitor: 'Oak' })],
    ['name_unfit', rival('x'.repeat(61), 0, { inventory: '10' })],
    ['name_unfit', fact(0, { inventory: '10' }, { source: 'MLS export' })],
    ['period_unfit', fact(0, { inventory: '10' }, { periodFrom: monday + 7 * DAY })],
    ['period_unfit', fact(0, { inventory: '10' }, { periodFrom: monday - 25 * DAY })],
    ['in_the_future', fact(4, { inventory: '10' })],
    ['too_old', fact(-2, { inventory: '10' })],
    ['no_figure', fact(0, { inventory: 'many', weather: '3' })],
    ['no_figure', fact(0, { sentiment: '0.5' })],
    ['no_figure', heard(0, { sentiment: '1.5' })],
  ]
  for (const [reason, one] of reasons) t.equal(refusalOf(one, location, now), reason, `${reason}`)
  const l = line()
  for (const [, one] of reasons) l.pipe(marketFacts, location, one)
  t.strictSame(
    l.drops.map(({ reason }) => reason),
    reasons.flatMap(([reason]) => reason ?? []),
    'and the stage counts each',
  )
})

t.test('trends need two like weeks and enough samples; what moves too little is no finding', async (t) => {
  t.strictSame(found('market_analyzer', [fact(0, { median_price: '400000' })]), [], 'one week')
  const prices = (first: string, last: string, changes: Partial<MarketFact> = {}) =>
    found('market_analyzer', [fact(0, { median_price: first }, changes), fact(3, { median_price: last }, changes)])
  t.strictSame(prices('400000', '407900'), [], '19 per mille')
  // 20 per mille is one threshold. (2/4 + 1) / 2 = .75; times .7 = .525: bin 2.
  t.strictSame(prices('400000', '408000'), ['price_trend||prices_rising|2.0|2|minor'])
  t.strictSame(prices('400000', '392000'), ['price_trend||prices_falling|-2.0|2|low'])
  t.strictSame(prices('400000', '408000', { samples: 9 }), [], '18 samples of 20')
  t.strictSame(prices('400000', '408000', { samples: 0 }), [], 'samples that are not told')
  t.strictSame(prices('0.5', '408000'), [], 'no such price')
  // A day beside a week: not like.
  t.strictSame(
    found('market_analyzer', [
      fact(0, { new_listings: '10', price_cuts: '80' }),
      fact(3, { price_cuts: '20' }, { periodFrom: monday + 27 * DAY }),
    ]),
    [],
  )
  // Counts need no samples: 10 + 15 homes are 25, of 20 asked for; 50 % is five thresholds.
  t.strictSame(found('market_analyzer', [fact(0, { inventory: '10' }, { samples: 0 }), fact(3, { inventory: '15' }, { samples: 0 })]), [
    // (.5 + 25/40) / 2 = .5625; times .95 = .534
    'inventory_trend||more_homes|50.0|2|major',
  ])
})

t.test('four steady weeks speak more clearly than a zigzag', async (t) => {
  const of = (...prices: string[]) =>
    found(
      'market_analyzer',
      prices.map((price, week) => fact(week, { median_price: price })),
    )
  // 1 * .95 * 1 = .95; a zigzag with two of three steps upwards .95 * (.5 + .5 * 2/3) = .79.
  t.strictSame(of('400000', '410000', '420000', '436000'), ['price_trend||prices_rising|9.0|5|significant'])
  t.strictSame(of('400000', '420000', '410000', '436000'), ['price_trend||prices_rising|9.0|4|significant'])
})

t.test('segments stand apart, and of two feeds the one that rests on more speaks', async (t) => {
  const condos = { propertyType: 'condo', priceBand: '250-500k' }
  t.strictSame(
    found('market_analyzer', [
      fact(0, { days_on_market: '40' }, condos),
      fact(3, { days_on_market: '30' }, condos),
      fact(0, { days_on_market: '30' }, { ...condos, source: 'portal', samples: 11 }),
      fact(3, { days_on_market: '60' }, { ...condos, source: 'portal', samples: 11 }),
      fact(0, { days_on_market: '40' }),
      fact(3, { days_on_market: '41' }),
    ]),
    // 25 % is two thresholds of 10 %: (.5 + 1) / 2 * .85 = .6375
    ['pace_trend|condo 250-500k|selling_faster|-25.0|3|moderate'],
  )
  const beside = (last: string) =>
    found('market_analyzer', [
      fact(0, { median_price: '400000' }, { samples: 1000 }),
      fact(3, { median_price: last }, { samples: 1000 }),
      fact(0, { median_price: '400000' }, { source: 'portal', samples: 11 }),
      fact(3, { median_price: '480000' }, { source: 'portal', samples: 11 }),
    ])
  t.strictSame(beside('400000'), [], 'that nothing moved is said by it as well')
  t.strictSame(beside('400400'), [], 'as that hardly anything did')
})

t.test('competitors: each by its moves, and activity that is high with one grave threat or three at once', async (t) => {
  const grows = (name: string, to: string) => [rival(name, 0, { new_listings: '200' }), rival(name, 3, { new_listings: to })]
  // 55 % is two thresholds of 25 %: moderate; (.5 + 1) / 2 * .85 = .6375: bin 3.
  t.strictSame(found('competitor_tracker', grows('Oak', '310')), [
    'competitor_activity||activity_some|1|3|moderate',
    'competitor_listings|Oak|competitor_growing|55.0|3|moderate',
  ])
  t.match(
    found(
      'competitor_tracker',
      ['Ash', 'Elm', 'Oak'].flatMap((name) => grows(name, '310')),
    )[0],
    /activity_high\|3\|3\|moderate/,
  )
  // 80 % is three thresholds: high.
  t.match(found('competitor_tracker', grows('Oak', '360'))[0], /activity_high\|1\|3\|high/)
  t.strictSame(found('competitor_tracker', grows('Oak', '100')), ['competitor_listings|Oak|competitor_shrinking|-50.0|3|moderate'])
})

t.test('counts of a week that chance would bring as far apart once in 1,000 times are no movement', async (t) => {
  const listings = (first: string, last: string) =>
    found('competitor_tracker', [rival('Oak', 0, { new_listings: first }), rival('Oak', 3, { new_listings: last })])
  t.strictSame(listings('20', '31'), [], '55 % more: 11 squared is 121, and 10.83 times 51 is 552')
  t.strictSame(listings('100', '152'), [], '52 squared is 2,704, and 10.83 times 252 is 2,729')
  // 53 squared is 2,809, and 10.83 times 253 is 2,740.
  t.match(listings('100', '153')[1], /^competitor_listings\|Oak\|competitor_growing\|53\.0\|/)
  t.match(
    found('market_analyzer', [fact(0, { inventory: '20' }), fact(3, { inventory: '31' })]),
    [/^inventory_trend\|\|more_homes/],
    'a stock',
  )
})

t.test('a share of few homes moves by chance, one of many does not', async (t) => {
  const share = (samples: number, changes: Partial<MarketFact> = {}) =>
    [0, 3].map((week) => fact(week, { market_share: week === 0 ? '10' : '15' }, { samples, ...changes }))
  // 5 squared is 25. 10 x 90 / 1,000 + 15 x 85 / 1,000 = 2.175, times 10.83 is 23.6; of 100 homes it is 235.6.
  t.match(found('market_analyzer', share(1_000)), [/^share_trend\|\|share_rising\|50\.0\|/])
  t.strictSame(found('market_analyzer', share(100)), [])
  t.match(found('competitor_tracker', share(1_000, { kind: 'competitor', competitor: 'Oak' }))[0], /activity_high\|1\|\d\|critical$/)
  t.strictSame(found('competitor_tracker', share(100, { kind: 'competitor', competitor: 'Oak' })), [])
})

t.test('of twenty competitors that take on as many homes as ever nobody is said to gain', async (t) => {
  const random = seededRandom(1, 'market')
  /** Of so many on average, by chance. */
  const drawn = (mean: number) => {
    let [count, chance] = [0, Math.exp(-mean)]
    for (let left = random.next(); left > chance; count++) {
      left -= chance
      chance *= mean / (count + 1)
    }
    return String(count)
  }
  const quiet = () =>
    Array.from({ length: 20 }, (_, n) =>
      [0, 1, 2, 3].map((week) => rival(`No. ${n}`, week, { new_listings: drawn(10), price_cuts: drawn(4) })),
    )
  const lasting = Array.from({ length: 50 }, () => found('competitor_tracker', quiet().flat()))
  // 20 competitors, two counts each, at 1 in 2,000 on the side that is a threat: one look in 50, where the normal figure is as good as the exact one.
  t.ok(lasting.filter((findings) => findings.some((one) => one.startsWith('competitor_activity'))).length <= 4)
})

t.test('what is said in public: mentions, mood and searches, of us and of competitors', async (t) => {
  const facts = [
    heard(0, { mentions: '400', sentiment: '0.40', interest: '50' }),
    heard(3, { mentions: '600', sentiment: '0.10', interest: '60' }),
    heard(0, { sentiment: '0.10' }, { competitor: 'Oak' }),
    heard(3, { sentiment: '0.22' }, { competitor: 'Oak' }),
  ]
  t.strictSame(found('social_monitor', facts).sort(), [
    // .12 is one threshold of .1: .75 * .7 = .525
    'competitor_mood_trend|Oak|competitor_mood_rising|0.12|2|low',
    'interest_trend||interest_rising|20.0|2|minor',
    'mention_trend||mentioned_more|50.0|3|moderate',
    'mood_trend||mood_falling|-0.30|3|high',
  ])
})

t.test('levels go by thresholds, and positioning by the formula of the reference, within 0 and 100', async (t) => {
  t.strictSame([0n, 1n, 2n, 3n, 4n, 5n].map(threatOf), ['minimal', 'low', 'moderate', 'high', 'high', 'critical'])
  t.strictSame([1n, 2n, 3n, 5n, 8n].map(opportunityOf), ['minor', 'moderate', 'significant', 'major', 'transformative'])
  t.equal(positioning([], [], 0), 70)
  t.equal(positioning(['high', 'critical', 'moderate'], ['significant', 'major', 'minor'], 3), 70 - 5 - 10 + 3 + 7 - 6)
  t.equal(positioning([], ['major', 'major', 'significant', 'significant'], 3), 84, "the earlier implementation's figure")
  t.equal(positioning([], [], 30), 50, 'competitors take 20 at most')
  t.equal(
    positioning(
      Array.from({ length: 9 }, () => 'critical' as const),
      [],
      20,
    ),
    0,
  )
  t.equal(
    positioning(
      [],
      Array.from({ length: 9 }, () => 'transformative' as const),
      0,
    ),
    100,
  )
})

t.test('the synthesizer joins signs of one segment and tells the position; contrary signs make no outlook', async (t) => {
  const both = (first: Record<string, string>, last: Record<string, string>) =>
    found('strategic_synthesizer', [fact(0, first), fact(3, last)])
  // Prices +5 % (2 thresholds, moderate), 30 % fewer homes (3: high threat): 70 - 5 = 65. Bins: both .75 * .85 = .6375, 3.
  t.strictSame(both({ median_price: '400000', inventory: '100' }, { median_price: '420000', inventory: '70' }), [
    'positioning||position_fair|65|3|-',
    'segment_outlook||sellers_gain|2|3|-',
  ])
  // +30 % homes is a significant opportunity, +5 % prices a moderate one.
  t.strictSame(both({ median_price: '400000', inventory: '100' }, { median_price: '420000', inventory: '130' }), [
    'positioning||position_strong|73|3|-',
  ])
})

t.test('P-08: without data every agent says that it finds nothing, and no figure is made up', async (t) => {
  const l = told([fact(0, { median_price: '450000' })])
  t.strictSame(
    l.outputs(insights).map(({ agentId, findings, system }) => [agentId, findings, system]),
    insightAgents.map((agent) => [agent, [], 'competitive']),
  )
  t.strictSame([...findingsOf([]).values()], [[], [], [], []])
})

t.test('a finding is told when it changes, again before it lapses, and each agent falls silent with the last figure', async (t) => {
  const l = told([fact(0, { median_price: '400000' }), fact(3, { median_price: '420000' })])
  t.strictSame(
    l.records(insights).map(({ key }) => key),
    [...insightAgents, 'market_analyzer', 'strategic_synthesizer'].map((agent) => insightKey(location, agent)),
    'four to begin with, two that have changed',
  )
  t.equal(l.outputs(insights)[4]?.validUntil, now + 48 * HOUR)
  l.pipe(marketFacts, location, fact(3, { median_price: '420000' }))
  l.pipe(marketFacts, location, fact(3, { median_price: '420000' }, { receivedAt: now + 5 }))
  t.equal(l.outputs(insights).length, 6, 'told twice: nothing')
  t.strictSame(
    l.drops.map(({ reason }) => reason),
    ['told_already', 'told_already'],
  )
  l.advance('23h')
  t.equal(l.outputs(insights).length, 6)
  l.restart()
  l.advance('1h')
  t.equal(l.outputs(insights).length, 10, 'after a day all are told again, also after a restart')
  t.equal(l.outputs(insights)[6]?.validUntil, now + 72 * HOUR)
  // A correction of the same week.
  l.pipe(marketFacts, location, fact(3, { median_price: '380000' }, { observedAt: now + 30 * HOUR }))
  t.match(l.outputs(insights)[10], { agentId: 'market_analyzer', findings: [{ reason: 'prices_falling', value: '-5.0' }] })
  // Week 0 ended 21 days and an hour before the start; nine days later it is let go of, and with it the trend.
  const latest = () => l.outputs(insights).findLast(({ agentId }) => agentId === 'market_analyzer')?.findings.length
  l.advance('7d')
  t.equal(latest(), 1)
  l.advance('1d')
  t.equal(latest(), 0)
  t.equal((l.state(location) as MarketState).series[0]?.windows.length, 1)
  l.advance('30d')
  t.equal(l.state(location), undefined)
  t.strictSame(l.timers(location), {})
  t.equal(l.drops.length, 2)
})

t.test('each refresh tells again what holds, whenever it was told, so that one that does not come leaves nobody without it', async (t) => {
  const l = told([fact(0, { median_price: '400000' })])
  l.advance('1h')
  l.pipe(marketFacts, location, fact(3, { median_price: '420000' }))
  const analyst = () => l.outputs(insights).filter(({ agentId, findings }) => agentId === 'market_analyzer' && findings.length === 1)
  l.advance('71h')
  t.strictSame(
    analyst().map(({ at }) => (at - now) / HOUR),
    [1, 24, 48, 72],
  )
})

const anyFact = fc
  .record({
    week: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom('market', 'competitor', 'social'),
    name: fc.constantFrom('Oak', 'Elm', 'Ash'),
    segment: fc.constantFrom(['', ''], ['condo', ''], ['condo', '0-250k']),
    source: fc.constantFrom('a', 'b'),
    observed: fc.nat(3),
    samples: fc.nat(50),
    isDaily: fc.boolean(),
    figures: fc.dictionary(fc.constantFrom(...marketFigures.map(({ figure }) => figure)), fc.constantFrom('0.5', '1', '20', '90'), {
      minKeys: 1,
    }),
  })
  .map(({ week, kind, name, segment, source, observed, samples, isDaily, figures }) => {
    const end = monday + (week + 1) * 7 * DAY
    const [propertyType = '', priceBand = ''] = kind === 'market' ? segment : []
    const competitor = kind === 'competitor' ? name : kind === 'social' && name === 'Oak' ? name : null
    const observedAt = end + observed
    return fact(week, figures, {
      kind,
      competitor,
      propertyType,
      priceBand,
      source,
      observedAt,
      samples,
      ...(isDaily ? { periodFrom: end - DAY } : {}),
    })
  })

t.test('any order and any duplicates of the same facts give one state and the same findings', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(anyFact, { maxLength: 25 }), fc.infiniteStream(fc.nat()), (facts, draws) => {
      const shuffled = [...facts, ...facts.slice(0, 5)]
        .map((one) => [draws.next().value as number, one] as const)
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one)
      const [one, other] = [facts, shuffled].map((some) => seriesOf(some))
      return (
        JSON.stringify(one) === JSON.stringify(other) &&
        JSON.stringify([...findingsOf(one ?? [])]) === JSON.stringify([...findingsOf(other ?? [])])
      )
    }),
    { numRuns: 150 },
  ),
)

/** As many facts as there is room for, and more. */
function crowd(): MarketSeries[] {
  let series: MarketSeries[] = []
  const take = (one: MarketFact) => {
    const after = withFact(series, one, now)
    if (Array.isArray(after)) series = after
  }
  const all = (kind: string) =>
    Object.fromEntries(
      marketFigures
        .filter(({ kinds }) => (kinds as readonly string[]).includes(kind))
        .map(({ figure }) => [figure, figure === 'sentiment' ? '0.123456' : '12.123456']),
    )
  for (const week of [-1, 0, 1, 2, 3]) {
    for (const source of ['a', 'b', 'c'].map((name) => name.repeat(40))) {
      for (const propertyType of ['', ...propertyTypes])
        for (const priceBand of ['', ...priceBands.map(({ band }) => band)])
          take(fact(week, all('market'), { propertyType, priceBand, source, samples: 1_000_000 }))
      for (let n = 0; n < 25; n++) {
        const competitor = `${n}`.padStart(60, 'x')
        take(rival(competitor, week, all('competitor'), { source, samples: 1_000_000 }))
        take(heard(week, all('social'), { source, competitor, samples: 1_000_000 }))
      }
      take(heard(week, all('social'), { source, samples: 1_000_000 }))
    }
  }
  return series
}

t.test('what is kept of a location is bounded: segments, competitors, feeds, weeks and bytes', async (t) => {
  const series = crowd()
  const subjects = (kind: string) =>
    new Set(series.filter((one) => one.kind === kind).map((one) => `${one.propertyType}|${one.priceBand}|${one.competitor}`))
  t.equal(subjects('market').size, MOST_SEGMENTS)
  t.equal(subjects('competitor').size, MOST_COMPETITORS)
  t.equal(subjects('social').size, MOST_COMPETITORS + 1)
  t.equal(series.length, MOST_SOURCES * (MOST_SEGMENTS + 2 * MOST_COMPETITORS + 1))
  t.ok(series.every(({ windows }) => windows.length <= MOST_WINDOWS))
  const bytes = MarketState.encode({ series, told: [] }).length
  t.ok(bytes < 256 * 1024, `${bytes} bytes`)
  for (const findings of findingsOf(series).values()) t.ok(findings.length <= MOST_FINDINGS)
  t.strictSame(current(series, now + 40 * DAY), [])
})

t.test('a competitor for whom there is no room takes the place of one that was heard of longer ago, or none', async (t) => {
  const l = told(Array.from({ length: MOST_COMPETITORS }, (_, n) => rival(`c${n + 10}`, n === 3 ? 1 : 2, { inventory: '5' })))
  const names = () => new Set((l.state(location) as MarketState).series.map(({ competitor }) => competitor))
  l.pipe(marketFacts, location, rival('aaa', 0, { inventory: '5' }))
  t.strictSame(
    l.drops.map(({ reason }) => reason),
    ['no_room'],
  )
  l.pipe(marketFacts, location, rival('zzz', 3, { inventory: '5' }))
  t.ok(names().has('zzz'))
  t.notOk(names().has('c13'))
  t.equal(names().size, MOST_COMPETITORS)
})

t.test('findings are twelve at most, the most pressing first, each a sentence with evidence', async (t) => {
  const facts = [0, 3].flatMap((week) =>
    propertyTypes.flatMap((propertyType, n) =>
      ['', '0-250k', '250-500k'].map((priceBand) =>
        fact(week, { median_price: week === 0 ? '100000' : String(100_000 - 3_000 * (n + 1)) }, { propertyType, priceBand }),
      ),
    ),
  )
  const findings = findingsOf(seriesOf(facts)).get('market_analyzer') ?? []
  t.equal(findings.length, 12)
  t.match(findings[0], { subject: 'land', value: '-15.0', text: 'Land: the median price has fallen, by 15.0 % in 21 days.' })
  t.ok(findings.every(({ text, evidence, bin }) => text.length <= 140 && evidence.length > 0 && bin >= 1 && bin <= 5))
})

t.test('with room for twelve every segment that moves is told of before a second word on any, and sums are never left out', async (t) => {
  const segments = propertyTypes.flatMap((propertyType) => ['', '0-250k'].map((priceBand) => ({ propertyType, priceBand })))
  const facts = [0, 3].flatMap((week) =>
    segments.map((segment, n) =>
      fact(
        week,
        // Pace and price cuts move by much; the price of the last segment alone moves by little.
        n === segments.length - 1
          ? { median_price: week === 0 ? '100000' : '98000' }
          : { days_on_market: week === 0 ? '20' : '60', price_cuts: week === 0 ? '20' : '90', inventory: week === 0 ? '100' : '300' },
        segment,
      ),
    ),
  )
  const findings = findingsOf(seriesOf(facts))
  const ofMarket = findings.get('market_analyzer') ?? []
  t.equal(ofMarket.length, 12)
  t.equal(new Set(ofMarket.map(({ subject }) => subject)).size, 10)
  t.match(
    ofMarket.find(({ subject }) => subject === 'land 0-250k'),
    { reason: 'prices_falling', text: 'Land 0-250k: the median price has fallen, by 2.0 % in 21 days.' },
  )
  t.ok(findings.get('strategic_synthesizer')?.some(({ kind }) => kind === 'positioning'))
})

t.test('the page names every figure with its unit, every segment, every bound and every reason', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/market.md'), 'utf8')
  for (const { figure, unit, is, kinds } of marketFigures)
    t.match(page, new RegExp(`\\| \`${figure}\` +\\| ${unit} +\\| ${is} +\\| ${kinds.join(', ')} +\\|`), figure)
  for (const name of [...propertyTypes, ...priceBands.map(({ band }) => band)]) t.ok(page.includes(`\`${name}\``), name)
  const sources = ['pipelines/market/keepFact.ts', 'pipelines/market/stage.ts', 'integrations/market/rows.ts'].map((file) =>
    readFileSync(join(import.meta.dirname, '../../..', file), 'utf8'),
  )
  const reasons = sources.flatMap((text) => [...text.matchAll(/(?:return|drop\(|reason:) ?'([a-z_]+)'/g)].map(([, reason = '']) => reason))
  t.ok(reasons.length > 20)
  for (const reason of reasons) t.ok(page.includes(`\`${reason}\``) || reason === 'full', reason)
  for (const [what, bound] of [
    ['weeks of a subject', MOST_WINDOWS],
    ['segments', MOST_SEGMENTS],
    ['competitors', MOST_COMPETITORS],
    ['feeds of a subject', MOST_SOURCES],
  ] as const)
    t.match(page, new RegExp(`\\| ${what} +\\| ${bound} +\\|`))
  for (const { figure, threshold, by, leastSamples } of trendRules) {
    const from = by === 'per_mille' ? `${threshold / 10n} %` : '.1'
    t.match(page, new RegExp(`\\| ${from} +\\| ${leastSamples} +\\|`), figure)
  }
})
