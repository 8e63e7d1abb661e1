/** `rekindle spend` and `rekindle attribution show` on topics that a test makes up. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { readSpend } from '../../cli/spendFile.ts'
import type { KafkaForVerbs } from '../../cli/surroundings.ts'
import { attribution } from '../../pipelines/attribution/attribution.ts'
import { drive } from '../../runtime/driver.ts'
import type { MarketingSpend } from '../../schemas/generated/records.ts'
import { insights, journeys, marketingSpend, tenants } from '../../topics/index.ts'
import { DAY, journey, spent, start, tenantId } from '../pipelines/attribution/journeyRecords.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { operatorRun } from './operatorRun.ts'

/** 2026-11-24T15:00:00Z, the clock of `operatorRun`. */
const at = Date.parse('2026-11-24T15:00:00Z')

/** Topics in memory, by name. */
function memory(topics: Record<string, { readonly key: string; readonly value: unknown }[]>): KafkaForVerbs {
  return {
    tail: async (topic, _start, onRecord) => {
      for (const [offset, { key, value }] of (topics[topic.name] ?? []).entries())
        onRecord({ partition: 0, offset: BigInt(offset), timestamp: at, key, value, headers: {} })
    },
    send: async (topic, records) => {
      topics[topic.name] = [...(topics[topic.name] ?? []), ...records]
    },
    applyTopics: async () => [],
    copiesPlan: async () => ({ version: 1, partitions: [] }),
    close: async () => undefined,
  }
}

function file(t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-spend-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const path = join(folder, 'spend.csv')
  writeFileSync(path, text)
  return path
}

const header = 'channel,campaign,day,amount,currency\n'

t.test('a day of more than ten years ago is a mistyped one', async (t) => {
  const of = (day: string) => readSpend(`${header}radio,,${day},5,USD\n`, tenantId, at)
  t.match(of('1026-11-03').problems, [{ line: 2, reason: 'day 1026-11-03 is more than ten years ago' }])
  // 2026-11-24 less 3,653 days.
  t.equal(of('2016-11-23').rows.length, 1)
  t.match(of('2016-11-22').problems, [{ line: 2 }])
})

t.test('each row is a statement or a problem with its line and reason', async (t) => {
  const { rows, problems } = readSpend(
    `\uFEFF${header}paid_search,"spring, buyers",2026-11-01,1250.50,USD\nsocial_media,,2026-11-01,0,USD\n\ntelly,,2026-11-01,5,USD\nradio,,2026-02-30,5,USD\n` +
      `radio,,2026-12-24,5,USD\nradio,,2026-11-01,1.234,USD\nradio,,2026-11-01,-5,USD\nradio,,2026-11-01,5,usd\nradio,,2026-11-01,1,000,USD\n` +
      `radio,,2026-11-01,5,USD\nradio,,2026-11-01,6,USD\nradio,,2026-11-25,5,USD\n,,,,\n`,
    tenantId,
    at,
  )
  t.strictSame(
    rows.map(({ channel, campaign, day, amount }) => [channel, campaign, day, amount]),
    [
      ['paid_search', 'spring, buyers', '2026-11-01', '1250.50'],
      ['social_media', '', '2026-11-01', '0'],
      ['radio', '', '2026-11-01', '5'],
      ['radio', '', '2026-11-25', '5'],
    ],
  )
  t.match(rows[0], { tenantId, currency: 'USD', statedAt: at })
  const expected: [number, RegExp][] = [
    [5, /^channel telly is none of organic_search,/],
    [6, /^day 2026-02-30 is no date/],
    [7, /^day 2026-12-24 lies in the future/],
    [8, /^amount 1.234 is none/],
    [9, /^amount -5 is none/],
    [10, /^currency usd is none/],
    [11, /^has 6 cells, the header has 5/],
    [13, /^says again what line 12 says/],
    [15, /^channel is missing/],
  ]
  t.strictSame(
    problems.map(({ line }) => line),
    expected.map(([line]) => line),
  )
  for (const [index, [, reason]] of expected.entries()) t.match(problems[index]?.reason, reason)
})

t.test('a file that is no such CSV is refused as a whole', async (t) => {
  t.throws(() => readSpend('channel,day,amount\n', tenantId, at), { code: 'E_SPEND_FILE_INVALID', message: /missing: campaign, currency/ })
  t.throws(() => readSpend('', tenantId, at), { code: 'E_SPEND_FILE_INVALID' })
  t.throws(() => readSpend(`${header}"radio,,`, tenantId, at), { code: 'E_SPEND_FILE_INVALID' })
  const run = await operatorRun(['spend', 'load', '/no/such/file.csv', '--location', tenantId], {})
  t.equal(run.code, 1)
  t.match(run.err[0], /E_SPEND_FILE_INVALID: \/no\/such\/file.csv/)
})

t.test('with a bad row nothing is loaded unless the good ones are asked for, and a dry run loads nothing', async (t) => {
  const topics = { tenants: [{ key: tenantId, value: tenantRecord({ tenantId }) }] } as Parameters<typeof memory>[0]
  const path = file(t, `${header}radio,,2026-11-01,5.5,USD\nradio,spots,2026-11-01,1000,USD\nradio,,nowhen,5,USD\n`)
  const run = (...flags: string[]) =>
    operatorRun(['spend', 'load', path, '--location', tenantId, ...flags], {}, { kafka: async () => memory(topics) })
  const refused = await run()
  t.equal(refused.code, 1)
  t.match(refused.err, [/^line 4: day nowhen is no date/, /E_SPEND_ROWS_INVALID: 1 of 3 rows of .* are bad; nothing was loaded/])
  t.strictSame((await run('--skip-bad', '--dry-run')).out, ['2 rows would be loaded, 1 bad one left out: 1005.50 USD.'])
  t.equal(topics[marketingSpend.name], undefined)
  t.strictSame((await run('--skip-bad')).out, ['2 rows loaded, 1 bad one left out: 1005.50 USD.'])
  t.strictSame(
    topics[marketingSpend.name]?.map(({ key, value }) => [key, (value as MarketingSpend).amount]),
    [
      [tenantId, '5.5'],
      [tenantId, '1000'],
    ],
  )
  for (const flags of [[], ['--dry-run']]) {
    const elsewhere = await operatorRun(
      ['spend', 'load', path, '--location', 'typo', '--skip-bad', ...flags],
      {},
      { kafka: async () => memory(topics) },
    )
    t.match(elsewhere.err.join('\n'), /E_OPTION_INVALID: typo is no location that is known/)
    t.strictSame(elsewhere.out, [], 'a dry run refuses what the real one would')
  }
})

t.test('the list shows the latest statement on each channel, campaign and day', async (t) => {
  const rows = [
    spent('radio', '2026-11-01', '5', { statedAt: at + 1 }),
    spent('radio', '2026-11-01', '9', { statedAt: at }),
    spent('events', '2026-11-02', '10.00', { campaign: 'fair' }),
    spent('events', '2026-11-02', '1', { tenantId: 'elsewhere' }),
  ]
  const topics = {
    [marketingSpend.name]: rows.map((value) => ({ key: value.tenantId, value })),
    [tenants.name]: [{ key: 'new', value: tenantRecord({ tenantId: 'new' }) }],
  }
  const run = (...flags: string[]) => operatorRun(['spend', 'list', ...flags], {}, { kafka: async () => memory(topics) })
  t.strictSame((await run('--location', tenantId)).out, [
    'location    day         channel  campaign  amount  currency',
    'location-1  2026-11-01  radio    -              5  USD',
    'location-1  2026-11-02  events   fair       10.00  USD',
    'Together 15.00 USD.',
  ])
  const nowhere = await run('--location', 'nowhere')
  t.match(nowhere, { code: 1, out: [], err: [/^E_OPTION_INVALID: nowhere is no location that is known/] })
  t.strictSame((await run('--location', 'new')).out, ['No spend is known.'])
  t.equal((await run()).out.length, 5)
})

/** What the stage publishes about a location with two channels and, where given, spend. */
function published(...spend: MarketingSpend[]): { readonly key: string; readonly value: unknown }[] {
  const line = drive(attribution, { at: start })
  for (let i = 0; i < 120; i++) {
    const channel = i < 60 ? 'paid_search' : 'radio'
    line.pipe(journeys, tenantId, journey('touched', i, [channel], start))
    if (i < 12)
      line.pipe(journeys, tenantId, journey('converted', i, [channel], start, { at: start + 20 * DAY, value: '1000', conversionNo: 1 }))
  }
  for (const one of spend) line.pipe(marketingSpend, tenantId, one)
  line.advance('40d')
  return line.records(insights).map(({ key, value }) => ({ key, value }))
}
const show = async (records: ReturnType<typeof published>, now: number, ...flags: string[]) =>
  (
    await operatorRun(
      ['attribution', 'show', '--location', tenantId, ...flags],
      {},
      {
        kafka: async () => memory({ [insights.name]: records, [tenants.name]: [{ key: tenantId, value: tenantRecord({ tenantId }) }] }),
        now: () => now,
      },
    )
  ).out

t.test('the report puts models, cost and return side by side, with ranges and what is too thin to tell', async (t) => {
  const records = published(spent('paid_search', '2026-11-12', '4000'))
  const out = await show(records, start + 40 * DAY)
  const text = out.join('\n')
  t.match(out[0], 'Revenue attribution of location-1, since it was first heard of on 2026-11-10, without spend of before, up to 2026-12-')
  t.match(out[1], /^120 leads, 120 touches, 12 conversions, 12 of them with a worth: 12000\.00 together, 0\.00 of it/)
  t.match(text, /revenue by model +first touch +last touch +linear +time decay +position based +data driven\npaid search( +12000\.00){6}/)
  // 12,000 of 4,000 is 3; 1.645 * 1,000 * sqrt(12) = 5,698: 6,302 to 17,698, of 4,000 1.58 to 4.42; 20 * 3 + 0
  t.match(text, /paid search +60 +0 +60 +12 +12\.9 to 29\.7 +12000\.00 +4000\.00 +3\.00 +1\.58 to 4\.42 +60\.0/)
  t.match(text, /Radio has converted none of 60 leads/)
  t.match(text, /Budget: no two channels/)
  t.match(text, /Forecast: none; it takes 20 conversions/)
  t.notMatch(text, /Out of date/)
  t.match((await show(records, start + 50 * DAY))[1], /Out of date since/)
  t.equal((await show(records, start, '--json')).length, 4)
})

t.test('where the better of two channels has 70 % already the report says that, and not that nothing can be told', async (t) => {
  const line = drive(attribution, { at: start })
  const told = (channel: string, from: number, leads: number, won: number, value: string) => {
    for (let i = from; i < from + leads; i++) line.pipe(journeys, tenantId, journey('touched', i, [channel], start))
    const over = { at: start + 20 * DAY, value, conversionNo: 1 }
    for (let i = from; i < from + won; i++) line.pipe(journeys, tenantId, journey('converted', i, [channel], start, over))
  }
  told('paid_search', 0, 60, 12, '1000')
  told('referral', 100, 60, 5, '100')
  // 1.58 to 4.42 as above; 500 +- 1.645 * 100 * sqrt(5) = 868 at most, of 1,000 .87. 4,000 are 80 % of 5,000.
  for (const one of [spent('paid_search', '2026-11-12', '4000'), spent('referral', '2026-11-12', '1000')])
    line.pipe(marketingSpend, tenantId, one)
  line.advance('40d')
  const text = (
    await show(
      line.records(insights).map(({ key, value }) => ({ key, value })),
      start + 40 * DAY,
    )
  ).join('\n')
  t.match(text, /^Budget: paid search returns more than referral and has 70 % of what both get already, so no shift is proposed\.$/m)
})

t.test('a location that was first heard of before the 90 days is reported on for the 90 days, a newer one since then', async (t) => {
  const line = drive(attribution, { at: start })
  line.pipe(journeys, tenantId, journey('touched', 500, ['radio'], start))
  line.advance('91d')
  for (let i = 0; i < 60; i++) line.pipe(journeys, tenantId, journey('touched', i, ['radio'], line.now))
  for (let i = 0; i < 6; i++)
    line.pipe(journeys, tenantId, journey('converted', i, ['radio'], line.now, { at: line.now, value: '1000', conversionNo: 1 }))
  line.advance('1d')
  const records = line.records(insights).map(({ key, value }) => ({ key, value }))
  t.match((await show(records, line.now))[0], /^Revenue attribution of location-1, the 90 days up to 2027-02-09 00:05 UTC/)
})

t.test('without spend, and without anything, the report says so', async (t) => {
  t.match((await show(published(), start + 40 * DAY)).join('\n'), /No spend is known, so no return is told/)
  const thin = drive(attribution, { at: start })
  thin.pipe(journeys, tenantId, journey('touched', 1, ['radio'], start))
  thin.advance('1h')
  const few = thin.records(insights).map(({ key, value }) => ({ key, value }))
  t.match((await show(few, start))[0], /^Revenue attribution of location-1, 90 days at most up to/)
  t.match(await show([], start), [/^Nothing has been found about location-1 yet/])
  const unknown = await operatorRun(['attribution', 'show', '--location', 'typo'], {}, { kafka: async () => memory({}) })
  t.match(unknown, { code: 1, out: [], err: [/^E_OPTION_INVALID: typo is no location that is known/] })
  const several = published(spent('radio', '2026-11-12', '1'), spent('events', '2026-11-12', '1', { currency: 'EUR' }))
  t.match((await show(several, start)).join('\n'), /several currencies/)
})
