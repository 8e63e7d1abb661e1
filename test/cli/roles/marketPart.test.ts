/** The market feed is asked about every active location now and then; one that fails holds up no other and is asked again sooner, each time later. */
import { Registry } from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import { activeLocations, askedAgain, FIRST_WAIT_MS, LOOK_MS, marketMetrics, startMarketFetches } from '../../../cli/roles/marketPart.ts'
import { loadConfig } from '../../../config/config.ts'
import { marketFeed } from '../../../integrations/market/client.ts'
import type { FeedPage } from '../../../integrations/market/client.ts'
import { readRows } from '../../../integrations/market/rows.ts'
import { startMarketSandbox } from '../../../integrations/market/sandbox/sandbox.ts'
import { market } from '../../../pipelines/market/stage.ts'
import { drive } from '../../../runtime/driver.ts'
import type { MarketFact } from '../../../schemas/generated/records.ts'
import { sandboxMarketRows } from '../../../simulate/sandboxMarket.ts'
import { sandboxTenantId } from '../../../simulate/sandboxTenant.ts'
import { marketFacts } from '../../../topics/index.ts'
import { ManualClock } from '../../support/manualClock.ts'

/** 2026-11-24T15:00:00Z. */
const now = Date.UTC(2026, 10, 24, 15)
const MINUTE = 60_000
const HOUR = 3_600_000

/** A timer of every six hours, over a feed that the test makes up. */
function timer(
  t: Test,
  active: string[],
  pages: (location: string, call: number) => readonly FeedPage[],
  tellFails: (location: string) => boolean = () => false,
) {
  const clock = new ManualClock(now)
  const registry = new Registry()
  const metrics = marketMetrics(registry)
  const asked: string[] = []
  const told: { readonly location: string; readonly fact: MarketFact }[] = []
  const errors: object[] = []
  const part = startMarketFetches({
    everyHours: 6,
    feed: {
      async *pages(location) {
        asked.push(location)
        yield* pages(location, asked.filter((one) => one === location).length)
      },
    },
    locations: () => active,
    async tell(location, fact) {
      if (tellFails(location)) throw new Error('no broker')
      told.push({ location, fact })
    },
    clock,
    metrics,
    logger: { info: () => undefined, error: (said: object) => errors.push(said) } as never,
  })
  t.teardown(() => part.stop())
  /** Moves on in steps of a minute. */
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += MINUTE) {
      clock.advance(MINUTE)
      await clock.settle(3)
    }
  }
  const value = async (name: string, outcome?: string) =>
    (await registry.getSingleMetric(name)?.get())?.values.find(({ labels }) => outcome === undefined || labels['outcome'] === outcome)
      ?.value
  return { clock, asked, told, errors, part, pass, value }
}

const page = (location: string): FeedPage => ({
  kind: 'page',
  ...readRows(
    [
      ...sandboxMarketRows(sandboxTenantId, now)
        .slice(0, 2)
        .map((row) => JSON.stringify(row)),
      'nothing',
    ].join('\n'),
    location,
    now,
  ),
})
const away: FeedPage = { kind: 'failed', code: 'E_MARKET_FEED_UNAVAILABLE', detail: 'status 503' }
const refused: FeedPage = { kind: 'failed', code: 'E_MARKET_FEED_REFUSED', detail: 'status 403' }

t.test(
  'every active location is asked about at the start and then every so many hours; a new one within a quarter of an hour',
  async (t) => {
    const active = ['a', 'b']
    const { clock, asked, told, pass, value } = timer(t, active, (location) => [page(location)])
    await clock.settle()
    t.strictSame(asked, ['a', 'b'])
    t.strictSame(
      told.map(({ location, fact }) => [location, fact.tenantId]),
      [...Array(2).fill(['a', 'a']), ...Array(2).fill(['b', 'b'])],
    )
    t.strictSame([await value('lr_market_rows_total', 'told'), await value('lr_market_rows_total', 'unreadable')], [4, 2])
    active.push('c')
    await pass(LOOK_MS)
    t.strictSame(asked, ['a', 'b', 'c'])
    active.shift()
    await pass(6 * HOUR - LOOK_MS)
    t.strictSame(asked, ['a', 'b', 'c', 'b'], 'who is not active any more is not asked about')
    t.equal(await value('lr_market_fetches_total', 'told'), 4)
  },
)

t.test('a location that fails holds up no other; it is asked again after 15 minutes, 30 and 60, then as usual', async (t) => {
  const { clock, asked, told, errors, pass, value } = timer(t, ['a', 'b'], (location, call) =>
    location === 'a' && call <= 3 ? [page('a'), away] : [page(location)],
  )
  await clock.settle()
  t.strictSame(asked, ['a', 'b'])
  t.equal(told.filter(({ location }) => location === 'a').length, 2, 'what was read before is told')
  t.match(errors, [
    { err: { code: 'E_MARKET_FEED_UNAVAILABLE', message: /a: status 503/ }, tenantId: 'a', failures: 1, waitMs: 15 * MINUTE },
  ])
  t.equal(await value('lr_market_failing_locations'), 1)
  const times = []
  for (let minute = 1; minute <= 8 * 60; minute++) {
    const before = asked.length
    await pass(MINUTE)
    for (const location of asked.slice(before)) times.push(`${location} ${minute}`)
  }
  // 15, 15 + 30, 45 + 60, then six hours of each.
  t.strictSame(times, ['a 15', 'a 45', 'a 105', 'b 360', 'a 465'])
  t.equal(await value('lr_market_failing_locations'), 0)
  t.equal(await value('lr_market_fetches_total', 'failed'), 3)
})

t.test('a refusal waits as long as a success; a broker that is away is a failure of that location alone', async (t) => {
  const { clock, asked, errors, pass } = timer(
    t,
    ['a', 'b', 'c'],
    (location) => (location === 'a' ? [refused] : [page(location)]),
    (location) => location === 'b',
  )
  await clock.settle()
  t.strictSame(asked, ['a', 'b', 'c'])
  await pass(15 * MINUTE)
  t.strictSame(asked, ['a', 'b', 'c', 'b'])
  t.match(errors, [
    { err: { code: 'E_MARKET_FEED_REFUSED' }, waitMs: 6 * HOUR },
    { err: { message: 'no broker' }, waitMs: 15 * MINUTE },
    {},
  ])
})

t.test('waits double up to the usual time, and never begin beyond it', async (t) => {
  t.strictSame(
    [0, 1, 2, 3, 4, 5, 6, 1000].map((failures) => askedAgain(failures, true, 6 * HOUR) / MINUTE),
    [360, 15, 30, 60, 120, 240, 360, 360],
  )
  t.equal(askedAgain(1, false, 6 * HOUR), 6 * HOUR)
  t.equal(FIRST_WAIT_MS, 15 * MINUTE)
})

t.test('what is told a second time changes nothing in the stage', async (t) => {
  const sandbox = await startMarketSandbox({ apiKey: 'k', rows: (id) => sandboxMarketRows(id, now) })
  const feed = marketFeed({ url: sandbox.url, apiKey: 'k', clock: new ManualClock(now) })
  t.teardown(async () => {
    await feed.close()
    await sandbox.close()
  })
  const line = drive(market, { at: now })
  for (let round = 0; round < 2; round++) {
    const dropped = line.drops.length
    let facts = 0
    for await (const page of feed.pages(sandboxTenantId))
      for (const fact of page.kind === 'page' ? page.facts : []) {
        line.pipe(marketFacts, sandboxTenantId, fact)
        facts += 1
      }
    t.equal(facts, 40)
    t.equal(line.drops.length - dropped, round === 0 ? 0 : 40, 'told_already')
  }
})

t.test('agencies and locations that are paused or gone are not asked about; nothing is asked without a feed', async (t) => {
  const rows = [
    ['a', { status: 'active' }],
    ['b', { status: 'paused' }],
    ['c', { status: 'uninstalled' }],
    ['company:x', { status: 'active' }],
  ] as const
  t.strictSame(activeLocations(rows), ['a'])
  const of = (env: Record<string, string>) => loadConfig({ REKINDLE_DATA_DIR: '/nowhere', ...env }).market
  t.strictSame(of({}), { feedUrl: undefined, feedKey: undefined, fetchHours: 24 })
  t.equal(of({ MARKET_FETCH_HOURS: '0' }).fetchHours, 0)
  t.throws(() => of({ MARKET_FETCH_HOURS: 'daily' }), { message: /MARKET_FETCH_HOURS/ })
})
