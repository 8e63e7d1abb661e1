/** The questions of docs/analytics.md, asked of records that the stages have made; each answer from arithmetic. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { attribution } from '../../pipelines/attribution/attribution.ts'
import { journeys as journeysStage } from '../../pipelines/attribution/journeys.ts'
import { drive } from '../../runtime/driver.ts'
import type { Decision, LeadEvent } from '../../schemas/generated/records.ts'
import { analyticsDatabaseOf } from '../../sinks/clickhouse/connect.ts'
import { time } from '../../sinks/clickhouse/cells.ts'
import { decisions, insights, journeys, leadEvents, leadKey, marketingSpend, outcomes } from '../../topics/index.ts'
import { decisionRecord } from '../support/leadRecords.ts'
import { DAY, contact, spent, start, tenantId, won } from '../pipelines/attribution/journeyRecords.ts'
import { batchOf, migrated } from '../sinks/clickhouse/migratedSink.ts'

// A stage counts 130 leads and a database is migrated: seconds on an idle machine, more beside other tests.
t.setTimeout(180_000)

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'analytics.md'), 'utf8')
const questions = new Map([...page.matchAll(/<!-- asks: (\w+) -->\n+```sql\n([\s\S]*?)```/g)].map(([, name = '', sql = '']) => [name, sql]))

/** 120 leads, half of them by Google Ads and half by radio; of each half six are won after 20 days, and the last one of the radio had come by an open house as well. */
function story() {
  const line = drive(journeysStage, { at: start })
  const told = (contactId: string, event: LeadEvent) => {
    line.pipe(leadEvents, leadKey(tenantId, contactId), { ...event, contactId })
  }
  const leads = Array.from({ length: 120 }, (_, n) => ({
    contactId: `lead-${n}`,
    source: n < 60 ? 'Google Ads' : 'Radio',
    isWon: n % 10 === 0,
  }))
  for (const { contactId, source } of leads) told(contactId, contact(source, start))
  told('lead-110', contact('Open House', start + DAY, {}, 'contact_updated'))
  for (const { contactId } of leads.filter(({ isWon }) => isWon))
    line.pipe(outcomes, leadKey(tenantId, contactId), won(`won-${contactId}`, start + 21 * DAY, '1000.10', { contactId }))
  const touched = line.outputs(journeys)
  const found = drive(attribution, { at: start })
  for (const journey of touched) found.pipe(journeys, tenantId, journey)
  const spend = [
    spent('paid_search', '2026-11-12', '1500.05', { campaign: 'buyers' }),
    spent('paid_search', '2026-11-13', '0.10', { campaign: 'buyers' }),
    spent('radio', '2026-12-01', '250'),
  ]
  for (const one of spend) found.pipe(marketingSpend, tenantId, one)
  found.advance('40d')
  return { touched, spend, findings: found.outputs(insights) }
}

t.test('every question of the page gives the figures of a known story', async (t) => {
  const { client, database, sink } = await migrated(t)
  const { touched, spend, findings } = story()
  const now = start + 40 * DAY
  await sink.write([batchOf(journeys, touched, 0n, now), batchOf(marketingSpend, spend, 0n, now), batchOf(insights, findings, 0n, now)])
  const asked = new Set<string>()
  const ask = async <R>(name: string): Promise<R[]> => {
    asked.add(name)
    const query = (questions.get(name) ?? '').replaceAll('analytics.', `${analyticsDatabaseOf(database)}.`)
    const answer = await client.query({
      query,
      query_params: { location: tenantId, now: time(now) },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_decimals: 1 },
    })
    return answer.json<R>()
  }

  // Six conversions of 1,000.10 each are 6,000.60; of a spend of 1,500.15 that is 4.
  const none = { spent: null, currencies: [], leads: '0', return_by_first_touch: null }
  const unwon = { first_conversions: '0', first_revenue: '0', last_conversions: '0', last_revenue: '0' }
  t.strictSame(await ask('channels'), [
    { month: '2026-11-01', channel: 'paid_search', spent: '1500.15', currencies: ['USD'], leads: '60', ...unwon, return_by_first_touch: 0 },
    { month: '2026-11-01', channel: 'radio', ...none, leads: '60', ...unwon },
    { month: '2026-12-01', channel: 'events', ...none, ...unwon, last_conversions: '1', last_revenue: '1000.1' },
    {
      month: '2026-12-01',
      channel: 'paid_search',
      ...none,
      ...unwon,
      first_conversions: '6',
      first_revenue: '6000.6',
      last_conversions: '6',
      last_revenue: '6000.6',
    },
    {
      ...{ month: '2026-12-01', channel: 'radio', spent: '250', currencies: ['USD'], leads: '0' },
      ...{ first_conversions: '6', first_revenue: '6000.6', last_conversions: '5', last_revenue: '5000.5', return_by_first_touch: 24.0024 },
    },
  ])

  const credit = await ask<{ channel: string; data_driven: string; first_touch: string; last_touch: string; linear: string }>('credit')
  t.match(
    credit.map(({ channel, first_touch, last_touch, linear }) => [channel, first_touch, last_touch, linear]),
    [
      ['events', '0', '1000.1', '500.05'],
      ['paid_search', '6000.6', '6000.6', '6000.6'],
      ['radio', '6000.6', '5000.5', '5500.55'],
    ],
  )
  t.equal(
    credit.reduce((sum, { data_driven }) => sum + BigInt(Math.round(Number(data_driven) * 100)), 0n),
    1_200_120n,
    'twelve times 1,000.10',
  )

  const present = await ask<{ agent_id: string; place: number; kind: string; figure: string | null }>('findings')
  t.ok(present.length > 5)
  t.ok(present.some(({ agent_id, kind }) => agent_id === 'attribution_modeler' && kind === 'models'))
  const latest = new Map(findings.map((insight) => [insight.agentId, insight]))
  t.strictSame(
    present.filter(({ place }) => place > 0).map(({ agent_id, kind }) => `${agent_id} ${kind}`),
    [...latest.values()]
      .sort((a, b) => (a.agentId < b.agentId ? -1 : 1))
      .flatMap(({ agentId, findings }) => findings.map(({ kind }) => `${agentId} ${kind}`)),
  )

  const moves = await ask<{ day: string; subject: string; figure: string }>('moves')
  const days = new Set(
    findings.filter(({ agentId }) => agentId === 'attribution_modeler').map(({ at }) => new Date(at).toISOString().slice(0, 10)),
  )
  t.ok(days.size > 1)
  t.ok([...new Set(moves.map(({ day }) => day))].every((day) => days.has(day)))
  t.strictSame(
    moves.filter(({ day }) => day === moves.at(-1)?.day).map(({ subject, figure }) => [subject, figure]),
    credit.map(({ channel, data_driven }) => [channel, data_driven]),
  )

  t.strictSame(await ask('campaigns'), [
    { channel: 'paid_search', campaign: 'buyers', currency: 'USD', spent: '1500.15', first_day: '2026-11-12', last_day: '2026-11-13' },
    { channel: 'radio', campaign: '', currency: 'USD', spent: '250', first_day: '2026-12-01', last_day: '2026-12-01' },
  ])
  // e^3 / (e^3 + 1) = .95 for a call: two leads without permission, one of which has asked not to be disturbed as well.
  const denied = (decisionId: string, rules: readonly string[], changes: Partial<Decision> = {}) =>
    decisionRecord({
      ...{ tenantId, decisionId, contactId: decisionId, decidedAt: now, conflicts: ['gate-vs-pool'] },
      options: [
        { option: 'wait', eligible: true, baseMicro: 0, score: '0', probability: 1, utility: 0 },
        { option: 'call', eligible: false, baseMicro: 0, score: '3000000000000000000', probability: 0, utility: 0 },
      ],
      gates: rules.map((ruleId) => ({ gateId: 'consent', ruleId, option: 'call', verdict: 'deny', liftsAt: null, reason: '' })),
      ...changes,
    })
  const decided = [denied('a', ['no_consent']), denied('b', ['no_consent', 'dnd']), denied('c', ['dnd'], { conflicts: ['split'] })]
  await sink.write([batchOf(decisions, decided, 0n, now)])
  t.strictSame(await ask('rules'), [
    { gate_id: 'consent', rule_id: 'no_consent', option: 'call', decisions: '2', by_this_rule_alone: '1', leads: '2' },
    { gate_id: 'consent', rule_id: 'dnd', option: 'call', decisions: '1', by_this_rule_alone: '0', leads: '1' },
  ])
  t.strictSame(
    [...questions.keys()],
    [...new Set([...questions.keys()].filter((name) => asked.has(name)))],
    'each question has its answer here',
  )
  t.equal([...page.matchAll(/```sql/g)].length, questions.size, 'and each block has a name')
})
