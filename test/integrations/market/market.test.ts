/** Market feeds: what a row must be, files, and the client against a sandbox that behaves badly. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { marketFeed, MOST_PAGES } from '../../../integrations/market/client.ts'
import type { FeedPage, MarketFeedOptions } from '../../../integrations/market/client.ts'
import { marketErrors } from '../../../integrations/market/errors.ts'
import { readMarketFile } from '../../../integrations/market/readFile.ts'
import { MOST_LINE, readRows } from '../../../integrations/market/rows.ts'
import { malformedRows, startMarketSandbox } from '../../../integrations/market/sandbox/sandbox.ts'
import type { MarketFault, MarketRow } from '../../../integrations/market/sandbox/sandbox.ts'
import { MarketFact } from '../../../schemas/generated/records.ts'
import { sandboxMarketRows } from '../../../simulate/sandboxMarket.ts'
import { marketFactId } from '../../../topics/marketFacts.ts'
import { ManualClock } from '../../support/manualClock.ts'
import { assertProperty } from '../../support/property.ts'

const location = 'sandboxLocation000001'
/** 2026-11-10T17:00:00Z. */
const start = Date.UTC(2026, 10, 10, 17)
const apiKey = 'secret-market-key-0001'
const good: MarketRow = {
  kind: 'market',
  property_type: 'condo',
  price_band: '250-500k',
  from: '2026-11-02',
  to: '2026-11-09',
  source: 'mls-export',
  observed_at: '2026-11-09T06:00:00-06:00',
  samples: 42,
  figures: { median_price: '412500.50', inventory: 118 },
}
const read = (...rows: readonly (MarketRow | string)[]) =>
  readRows(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'), location, start)
const reason = (changes: MarketRow | string) => {
  const { bad } = read(typeof changes === 'string' ? changes : { ...good, ...changes })
  return bad.map((row) => `${row.reason} ${row.detail}`.trim())[0]
}

t.test('a row becomes a fact with exact figures and the id of what it is about', async (t) => {
  const { facts, bad } = read(good)
  t.strictSame(bad, [])
  const [fact] = facts
  t.match(fact, {
    tenantId: location,
    kind: 'market',
    propertyType: 'condo',
    priceBand: '250-500k',
    competitor: null,
    periodFrom: Date.UTC(2026, 10, 2),
    periodTo: Date.UTC(2026, 10, 9),
    observedAt: Date.UTC(2026, 10, 9, 12),
    receivedAt: start,
    samples: 42,
    figures: { median_price: '412500.50', inventory: '118' },
  })
  t.equal(fact?.factId, marketFactId(fact as MarketFact))
  t.equal(MarketFact.mismatch(fact), undefined)
  t.match(read({ ...good, kind: 'competitor', property_type: '', price_band: '', competitor: '  Oak   Street ' }).facts, [
    { competitor: 'Oak Street', propertyType: '' },
  ])
  t.match(read({ ...good, figures: { walk_index: '3.5' } }).facts, [{ figures: { walk_index: '3.5' } }], 'other figures may come')
})

t.test('what cannot be read is told with line and reason, and the rows around it are kept', async (t) => {
  const { facts, bad } = read(good, '', ...malformedRows, { ...good, price_band: '' })
  t.equal(facts.length, 2)
  t.strictSame(bad, [
    { line: 3, reason: 'not_json', detail: '' },
    { line: 4, reason: 'not_json', detail: '' },
    { line: 5, reason: 'not_json', detail: '' },
    { line: 6, reason: 'names_a_place', detail: 'zip' },
    { line: 7, reason: 'figure_unfit', detail: 'median_price' },
  ])
  t.notMatch(JSON.stringify(bad), /78701|412,500/, 'the name of the field, never what it holds')
})

t.test('each thing that makes a row unfit has its reason', async (t) => {
  t.equal(reason(`{"kind":"${'x'.repeat(MOST_LINE)}"}`), 'line_too_long 8203 characters')
  for (const field of ['zip', 'zip_code', 'area', 'neighborhood', 'neighbourhood', 'city', 'county', 'school_district', 'lat'])
    t.equal(reason({ [field]: 'x' }), `names_a_place ${field}`)
  t.equal(reason({ bedrooms: 3 }), 'field_unknown bedrooms', 'it narrows what the figures are about')
  t.equal(reason({ kind: 'weather' }), 'kind_unfit kind')
  t.equal(reason({ property_type: 'castle' }), 'segment_unknown property_type')
  t.equal(reason({ price_band: 'cheap' }), 'segment_unknown price_band')
  t.equal(reason({ kind: 'social' }), 'segment_of_competitor social')
  t.equal(reason({ competitor: 'Oak' }), 'competitor_unclear competitor')
  const rival = { kind: 'competitor', property_type: '', price_band: '' }
  for (const competitor of ['', ' ', null, 7, 'x'.repeat(61)]) t.equal(reason({ ...rival, competitor }), 'competitor_unclear competitor')
  for (const source of ['', 'MLS', 'a b', 'x'.repeat(41), 7]) t.equal(reason({ source }), 'source_unfit source')
  for (const to of ['2026-11-02', '2026-12-31', 'soon', '2026-11-09T06:00:00', null]) t.equal(reason({ to }), 'period_unfit from, to')
  t.equal(reason({ observed_at: 'yesterday' }), 'observed_unclear observed_at')
  for (const samples of [-1, 1.5, '42', 3e9]) t.equal(reason({ samples }), 'samples_unfit samples')
  for (const figures of [undefined, {}, 'x', []]) t.equal(reason({ figures }), 'figures_missing 0 figures')
  for (const value of ['1e6', '1,000', '', ' 1', 'NaN', 1e21, 0.1 + 0.2, true, null, '0.1234567', '-5'])
    t.equal(reason({ figures: { median_price: value } }), 'figure_unfit median_price', `${value}`)
  t.equal(reason({ figures: { sentiment: '0.5' } }), 'figure_unfit sentiment', 'not of this kind')
  t.equal(reason({ figures: { 'Median Price': '5' } }), 'figure_unfit Median Price')
})

t.test('a row that is told again word for word is counted, a correction is a fact of its own with the same id', async (t) => {
  const later = { ...good, observed_at: '2026-11-10T06:00:00Z', figures: { median_price: '413000' } }
  const { facts, repeated } = read(good, good, later, good)
  t.equal(repeated, 2)
  t.equal(facts.length, 2)
  t.equal(facts[0]?.factId, facts[1]?.factId)
})

t.test('whatever a feed says, rows are facts or values, and facts can be written', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.dictionary(fc.constantFrom(...Object.keys(good)), fc.jsonValue()).map((changes) => JSON.stringify({ ...good, ...changes })),
        ),
      ),
      (lines) => {
        const text = lines.join('\n')
        const { facts, bad, repeated } = readRows(text, location, start)
        const told = text.split('\n').filter((line) => line.replace(/^\uFEFF/, '').trim() !== '').length
        return facts.length + bad.length + repeated === told && facts.every((fact) => MarketFact.mismatch(fact) === undefined)
      },
    ),
  ),
)

t.test('a file is read whole, with a byte-order mark and Windows line ends; one that cannot be is a coded error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-market-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'facts.jsonl')
  writeFileSync(file, `\uFEFF${JSON.stringify(good)}\r\n\r\nnothing\r\n`)
  t.match(readMarketFile(file, location, start), { facts: [{ samples: 42 }], bad: [{ line: 3, reason: 'not_json' }] })
  t.throws(() => readMarketFile(join(folder, 'absent'), location, start), { code: 'E_MARKET_FILE_UNREADABLE' })
  t.throws(() => readMarketFile(folder, location, start), { code: 'E_MARKET_FILE_UNREADABLE' })
  truncateSync(file, 64 * 1_048_576 + 1)
  t.throws(() => readMarketFile(file, location, start), { code: 'E_MARKET_FILE_UNREADABLE', message: /67108865 bytes/ })
})

const rows = sandboxMarketRows(location, start)

async function sandboxed(t: Test, options: Partial<MarketFeedOptions> & { rows?: readonly MarketRow[]; rowsPerPage?: number } = {}) {
  const clock = new ManualClock(start)
  const { rows: known = rows, rowsPerPage = 20, ...client } = options
  const sandbox = await startMarketSandbox({ apiKey, rows: (id) => (id === location ? known : []), rowsPerPage })
  const feed = marketFeed({ url: sandbox.url, apiKey, clock, random: () => 0, ...client })
  t.teardown(async () => {
    await feed.close()
    await sandbox.close()
  })
  const all = async (): Promise<FeedPage[]> => {
    const pages: FeedPage[] = []
    for await (const page of feed.pages(location)) pages.push(page)
    return pages
  }
  return { sandbox, clock, all: () => clock.run(all()) }
}
const factsIn = (pages: readonly FeedPage[]) => pages.flatMap((page) => (page.kind === 'page' ? page.facts : []))

t.test('all pages of a feed are read, in order, with the key and the location', async (t) => {
  const { sandbox, all } = await sandboxed(t)
  const pages = await all()
  // 4 weeks of 6 segments, 3 competitors and what is said: 40 rows.
  t.equal(rows.length, 40)
  t.equal(factsIn(pages).length, 40)
  t.ok(pages.every((page) => page.kind === 'page' && page.bad.length === 0))
  t.strictSame(sandbox.calls, [`/facts?location=${location}`, `/facts?location=${location}&cursor=20`])
  t.strictSame(sandboxMarketRows('elsewhere', start), [])
})

t.test('every fault of the sandbox has its reading, and none repeats the key', async (t) => {
  const unavailable = { kind: 'failed', code: 'E_MARKET_FEED_UNAVAILABLE' }
  const unreadable = { kind: 'failed', code: 'E_MARKET_FEED_UNREADABLE' }
  const fates: Record<MarketFault, { page: object; calls: number }> = {
    timeout: { page: unavailable, calls: 4 },
    drop: { page: unavailable, calls: 4 },
    cut: { page: unavailable, calls: 4 },
    '500': { page: { ...unavailable, detail: 'status 500' }, calls: 4 },
    '429': { page: { ...unavailable, detail: 'status 429' }, calls: 4 },
    '429_long': { page: { ...unavailable, detail: 'status 429' }, calls: 1 },
    '403': { page: { kind: 'failed', code: 'E_MARKET_FEED_REFUSED', detail: 'status 403' }, calls: 1 },
    page: { page: { ...unreadable, detail: 'an answer of type text/html' }, calls: 1 },
    huge: { page: unreadable, calls: 1 },
    malformed: { page: { kind: 'page', bad: { length: 5 } }, calls: 1 },
    late: { page: { kind: 'page', repeated: 3, bad: { length: 0 } }, calls: 1 },
    loop: { page: { kind: 'page' }, calls: 1 },
  }
  for (const [fault, { page, calls }] of Object.entries(fates)) {
    const { sandbox, all } = await sandboxed(t, { rowsPerPage: 100, ...(fault === 'timeout' ? { timeoutMs: 200 } : {}) })
    sandbox.fail(
      ...Array.from({ length: fault === 'loop' || fault === 'malformed' || fault === 'late' ? 1 : 4 }, () => fault as MarketFault),
    )
    const [first] = await all()
    t.match(first, page, fault)
    t.notMatch(JSON.stringify(first), /secret/, fault)
    if (fault !== 'loop') t.equal(sandbox.calls.length, calls, `${fault}: calls`)
  }
})

t.test('what passes is waited for: the wait that is asked for, then the whole feed', async (t) => {
  const { sandbox, clock, all } = await sandboxed(t, { rowsPerPage: 100 })
  sandbox.fail('429', '500', 'drop')
  t.equal(factsIn(await all()).length, 40)
  t.equal(sandbox.calls.length, 4)
  t.equal(clock.now(), start + 2_000, 'the server asked for two seconds; without chance nothing is added')
})

t.test('a page that cannot be had ends the reading, and what was read before stays', async (t) => {
  const { sandbox, all } = await sandboxed(t)
  sandbox.fail('late', '403')
  const pages = await all()
  t.equal(factsIn(pages).length, 20 + 1, 'with one older statement')
  t.match(pages[1], { kind: 'failed', code: 'E_MARKET_FEED_REFUSED' })
})

t.test('pages that do not end are no feed', async (t) => {
  const looped = await sandboxed(t)
  looped.sandbox.fail('loop', 'loop', 'loop')
  t.match((await looped.all()).at(-1), { code: 'E_MARKET_FEED_UNREADABLE', detail: /comes again/ })
  const endless = await sandboxed(t, { rowsPerPage: 1, rows: Array.from({ length: MOST_PAGES + 1 }, () => good) })
  const pages = await endless.all()
  t.equal(pages.length, MOST_PAGES + 1)
  t.match(pages.at(-1), { code: 'E_MARKET_FEED_UNREADABLE', detail: 'more than 50 pages' })
})

t.test('a wrong key, a wrong address and nobody there are told apart', async (t) => {
  const { sandbox } = await sandboxed(t)
  const first = async (options: Partial<MarketFeedOptions>) => {
    const clock = new ManualClock(start)
    const feed = marketFeed({ url: sandbox.url, apiKey, clock, random: () => 0, ...options })
    const page = await clock.run(feed.pages(location).next())
    await feed.close()
    return page.value as FeedPage
  }
  t.match(await first({ apiKey: 'another' }), { code: 'E_MARKET_FEED_REFUSED', detail: 'status 401' })
  t.match(await first({ apiKey: undefined }), { code: 'E_MARKET_FEED_REFUSED', detail: 'status 401' })
  t.match(await first({ url: sandbox.url.replace('/facts', '/elsewhere') }), { code: 'E_MARKET_FEED_REFUSED', detail: 'status 404' })
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const url = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}/facts`
  nobody.close()
  await once(nobody, 'close')
  t.match(await first({ url }), { code: 'E_MARKET_FEED_UNAVAILABLE', detail: 'ECONNREFUSED' })
  t.equal(Object.keys(marketErrors).length, 4)
})
