/** Findings, journeys and spend in ClickHouse: their rows, what views make of them, and what stays when journeys go. */
import t from 'tap'
import { centsOf } from '../../../pipelines/attribution/cents.ts'
import { MarketingSpend } from '../../../schemas/generated/records.ts'
import type { AgentInsight, LeadJourney } from '../../../schemas/generated/records.ts'
import { day, decimal } from '../../../sinks/clickhouse/cells.ts'
import { analyticsDatabaseOf } from '../../../sinks/clickhouse/connect.ts'
import { insightRow, journeyRow, spendRow } from '../../../sinks/clickhouse/locationRows.ts'
import { insights, journeys, marketingSpend } from '../../../topics/index.ts'
import { DAY, journey, spent, start, tenantId } from '../../pipelines/attribution/journeyRecords.ts'
import { batchOf, example, migrated, rows } from './migratedSink.ts'

// Five databases are migrated, one a test: seconds on an idle machine, more beside other tests.
t.setTimeout(180_000)

const found = example<AgentInsight>('AgentInsight', 'channel')
const nothing = example<AgentInsight>('AgentInsight', 'nothing')
const converted = example<LeadJourney>('LeadJourney', 'converted')

t.test('the row of a statement has its findings side by side; a figure that is no number is kept as it was stated', async (t) => {
  const [one] = found.findings
  const row = insightRow(
    { ...found, findings: [...found.findings, { ...(one as (typeof found.findings)[number]), value: '3/40' }] },
    found.at,
  )
  t.match(row, {
    agent_id: 'channel_analyzer',
    found_at: '2026-11-04 15:00:00.000',
    valid_until: '2026-11-05 15:00:00.000',
    'findings.kind': ['channel_return', 'channel_return'],
    'findings.figure': ['3.20', null],
    'findings.stated': ['3.20', '3/40'],
    'findings.evidence': [
      { revenue: '12800.00', spend: '4000.00' },
      { revenue: '12800.00', spend: '4000.00' },
    ],
  })
  t.strictSame(insightRow(nothing, 0)['findings.kind'], [])
})

t.test('the row of a journey has a pseudonym, and no id of a contact', async (t) => {
  const row = journeyRow(converted, converted.at)
  t.match(row, {
    lead_hash: '0f3a9c5e1b7d2468',
    value: '12500.00',
    'touches.channel': ['social_media', 'paid_search'],
    'touches.campaign': ['', 'austin-buyers'],
  })
  t.strictSame(
    Object.keys(row).filter((name) => /contact|lead_id/.test(name)),
    [],
  )
})

t.test('spend that is no day or no amount is a row that counts nothing, and never stops the stream', async (t) => {
  t.strictSame(['2026-02-28', '2026-02-30', '2026-2-28', '0000-01-01', '1899-12-31', '2300-01-01', ''].map(day), [
    '2026-02-28',
    null,
    null,
    null,
    null,
    null,
    null,
  ])
  t.match(spendRow(spent('radio', '2026-11-31', 'much'), 0), { day: null, amount: null })
  t.strictSame(decimal('0.1234567', { whole: 26, places: 6 }), '0.123456')
  for (const stated of [' 250.50', '250.50\n', '\t-3 '])
    t.equal(Number(decimal(stated)) * 100, Number(centsOf(stated)), `${JSON.stringify(stated)} is the same for analysts and agents`)
  t.strictSame([decimal('123', { whole: 2, places: 0 }), decimal('-12', { whole: 2, places: 0 })], [null, '-12'])
  const { client, database, sink } = await migrated(t)
  const odd = [
    spent('radio', 'yesterday', '5'),
    spent('radio', '2026-11-01', '-5'),
    spent('radio', '2026-11-01', 'much'),
    spent('radio', '2026-11-02', '5.25'),
  ]
  for (const one of odd) t.equal(MarketingSpend.mismatch(one), undefined, 'the topic takes it')
  await sink.write([batchOf(marketingSpend, odd, 0n, start)])
  t.strictSame(await rows(client, 'SELECT count() AS n FROM marketing_spend'), [{ n: '4' }])
  t.strictSame(
    await rows(client, `SELECT toString(day) AS day, toString(amount) AS amount FROM ${analyticsDatabaseOf(database)}.v_spend`),
    [{ day: '2026-11-02', amount: '5.25' }],
  )
})

t.test('the latest statement on a channel, campaign and day counts; a retry of the block changes nothing', async (t) => {
  const { client, database, sink } = await migrated(t)
  const batch = batchOf(
    marketingSpend,
    [
      spent('radio', '2026-11-02', '0.10'),
      spent('radio', '2026-11-02', '0.20', { campaign: 'fair' }),
      spent('radio', '2026-11-02', '9', { statedAt: start - 1 }),
      spent('events', '2026-11-02', '7'),
      spent('events', '2026-11-02', '0', { statedAt: start + 1 }),
    ],
    0n,
    start,
  )
  for (let i = 0; i < 2; i++) await sink.write([batch])
  const analytics = analyticsDatabaseOf(database)
  // As exact decimals .1 and .2 are .3; as floats they are not.
  t.strictSame(
    await rows(
      client,
      `SELECT channel, sum(amount) = toDecimal64('0.3', 4) AS exact, toString(sum(amount)) AS sum FROM ${analytics}.v_spend GROUP BY channel ORDER BY channel`,
    ),
    [
      { channel: 'events', exact: 0, sum: '0' },
      { channel: 'radio', exact: 1, sum: '0.3' },
    ],
  )
  t.strictSame(await rows(client, `SELECT table_name, rows, doubled FROM ${analytics}.v_doubled_marketing`), [
    { table_name: 'marketing_spend', rows: '5', doubled: '0' },
  ])
})

t.test('spend of a day that Date does not have is in the first or the last month that it has, never in another one', async (t) => {
  const { client, database, sink } = await migrated(t)
  const days = ['1950-05-05', '2026-11-03', '2149-06-07', '2200-02-03']
  await sink.write([
    batchOf(
      marketingSpend,
      days.map((one) => spent('radio', one, '1')),
      0n,
      start,
    ),
  ])
  // Date ends on 2149-06-06: 65,535 days after 1970-01-01.
  t.strictSame(
    await rows(
      client,
      `SELECT toString(month) AS month, toString(spent) AS spent FROM ${analyticsDatabaseOf(database)}.v_channel_months ORDER BY month`,
    ),
    [
      { month: '1970-01-01', spent: '1' },
      { month: '2026-11-01', spent: '1' },
      { month: '2149-06-01', spent: '2' },
    ],
  )
})

t.test('an agent that finds nothing any more has one empty row among the latest, and its past stays', async (t) => {
  const { client, database, sink } = await migrated(t)
  const later = { ...nothing, agentId: found.agentId, system: found.system, at: found.at + DAY }
  await sink.write([batchOf(insights, [found, later, { ...found, tenantId: 'elsewhere' }], 0n, found.at)])
  const analytics = analyticsDatabaseOf(database)
  t.strictSame(
    await rows(
      client,
      `SELECT tenant_id, place, kind, toString(figure) AS figure, evidence FROM ${analytics}.v_findings_latest ORDER BY tenant_id`,
    ),
    [
      { tenant_id: 'elsewhere', place: 1, kind: 'channel_return', figure: '3.2', evidence: { revenue: '12800.00', spend: '4000.00' } },
      { tenant_id: found.tenantId, place: 0, kind: '', figure: null, evidence: {} },
    ],
  )
  t.strictSame(await rows(client, `SELECT count() AS n FROM ${analytics}.v_findings`), [{ n: '2' }])
})

t.test('each conversion is credited whole to its first and its last touch, once; the sums stay when the journeys go', async (t) => {
  const { client, database, sink } = await migrated(t)
  const batch = batchOf(
    journeys,
    [
      journey('touched', 1, ['radio'], start),
      journey('touched', 1, ['radio', 'events'], start + DAY),
      journey('engaged', 1, ['radio', 'events'], start + DAY),
      journey('converted', 1, ['radio', 'events'], start + 30 * DAY, { value: '0.10', conversionNo: 1 }),
      journey('converted', 2, ['radio', 'radio'], start + 30 * DAY, { value: '0.20', conversionNo: 1 }),
      journey('converted', 3, ['events'], start + 30 * DAY, { value: null, conversionNo: 1 }),
      journey('converted', 4, [], start + 30 * DAY, { value: '5', conversionNo: 1 }),
    ],
    0n,
    start + 31 * DAY,
  )
  for (let i = 0; i < 2; i++) await sink.write([batch])
  const sums = () =>
    rows(
      client,
      `SELECT toString(month) AS month, channel, toString(leads) AS leads, toString(first_conversions) AS first, toString(first_revenue) AS first_revenue,
         toString(last_conversions) AS last, toString(last_valued) AS valued, toString(last_revenue) AS last_revenue
       FROM ${analyticsDatabaseOf(database)}.v_channel_months WHERE tenant_id = '${tenantId}' ORDER BY month, channel`,
    )
  // `start` is November 10th; 30 days later is December 10th.
  const expected = [
    { month: '2026-11-01', channel: 'radio', leads: '1', first: '0', first_revenue: '0', last: '0', valued: '0', last_revenue: '0' },
    { month: '2026-12-01', channel: '', leads: '0', first: '1', first_revenue: '5', last: '1', valued: '1', last_revenue: '5' },
    { month: '2026-12-01', channel: 'events', leads: '0', first: '1', first_revenue: '0', last: '2', valued: '1', last_revenue: '0.1' },
    { month: '2026-12-01', channel: 'radio', leads: '0', first: '2', first_revenue: '0.3', last: '1', valued: '1', last_revenue: '0.2' },
  ]
  t.strictSame(await sums(), expected)
  await client.command({ query: 'ALTER TABLE journeys DELETE WHERE true', clickhouse_settings: { mutations_sync: '2' } })
  t.strictSame(await sums(), expected)
  t.strictSame(
    await rows(
      client,
      "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'channel_days' AND name IN ('lead_hash', 'lead_id')",
    ),
    [],
    'the sums have no pseudonym',
  )
})

t.test(
  'the journeys of an erased lead go with the order, in whatever block they come and when the topic is read again; the sums stay',
  async (t) => {
    const { client, database, sink } = await migrated(t)
    const other = journey('touched', 2, ['events'], start)
    const mine = journey('touched', 1, ['radio'], start)
    const forgotten = {
      ...mine,
      journeyId: 'forgotten',
      kind: 'forgotten',
      touches: [],
      touchCount: 0,
      firstTouchAt: null,
      at: start + DAY,
    }
    const first = batchOf(journeys, [mine, other], 0n, start)
    const second = batchOf(journeys, [journey('engaged', 1, ['radio'], start + 1), forgotten], 2n, start + DAY)
    const kept = () => rows<{ lead_hash: string }>(client, 'SELECT lead_hash FROM journeys')
    const sums = () =>
      rows(client, `SELECT channel, toString(leads) AS leads FROM ${analyticsDatabaseOf(database)}.v_channel_months ORDER BY channel`)
    await sink.write([first])
    t.equal((await kept()).length, 2)
    const before = await sums()
    // As after a kill: both are told once more.
    for (let i = 0; i < 2; i++) await sink.write([first, second])
    t.strictSame(await kept(), [{ lead_hash: other.leadHash }], 'nobody else is touched')
    await sink.write([batchOf(journeys, [mine, other, forgotten], 4n, start + 2 * DAY)])
    t.notOk(
      (await kept()).some(({ lead_hash }) => lead_hash === mine.leadHash),
      'read again in another block',
    )
    t.equal(before.length, 2)
    t.equal((await sums()).length, 2, 'they name nobody')
  },
)

t.test('a pseudonym is kept as long as its topic keeps it', async (t) => {
  const { client } = await migrated(t)
  const [table] = await rows<{ ddl: string }>(
    client,
    "SELECT create_table_query AS ddl FROM system.tables WHERE database = currentDatabase() AND name = 'journeys'",
  )
  t.strictSame(journeys.retention, { days: 90 })
  t.match(table?.ddl, /TTL toDateTime\(told_at\) \+ (INTERVAL 90 DAY|toIntervalDay\(90\))/)
})

t.test('spend in two currencies is no sum', async (t) => {
  const { client, database, sink } = await migrated(t)
  await sink.write([
    batchOf(
      marketingSpend,
      [spent('radio', '2026-11-02', '5'), spent('radio', '2026-11-03', '5', { currency: 'EUR' }), spent('events', '2026-11-03', '0')],
      0n,
      start,
    ),
  ])
  t.strictSame(
    await rows(
      client,
      `SELECT channel, currencies, toString(spent) AS spent FROM ${analyticsDatabaseOf(database)}.v_channel_months ORDER BY channel`,
    ),
    [
      { channel: 'events', currencies: ['USD'], spent: '0' },
      { channel: 'radio', currencies: ['EUR', 'USD'], spent: null },
    ],
  )
})

t.test('spend that was taken back is in no currency, and one whose currency was not stated is no other one', async (t) => {
  const { client, database, sink } = await migrated(t)
  const told = [
    ...[spent('radio', '2026-11-02', '5'), spent('radio', '2026-11-03', '7', { currency: 'EUR' })],
    spent('radio', '2026-11-03', '0', { currency: 'EUR', statedAt: start + 1 }),
    ...[spent('events', '2026-11-02', '5'), spent('events', '2026-11-03', '7', { currency: '' })],
    ...[spent('referral', '2026-11-02', '0'), spent('referral', '2026-11-03', '0', { currency: 'EUR' })],
  ]
  await sink.write([batchOf(marketingSpend, told, 0n, start)])
  t.strictSame(
    await rows(
      client,
      `SELECT channel, currencies, toString(spent) AS spent FROM ${analyticsDatabaseOf(database)}.v_channel_months ORDER BY channel`,
    ),
    [
      { channel: 'events', currencies: ['', 'USD'], spent: null },
      { channel: 'radio', currencies: ['USD'], spent: '5' },
      { channel: 'referral', currencies: ['EUR', 'USD'], spent: '0' },
    ],
  )
})
