/**
 * The questions of docs/analytics.md, asked of records that the stages and the ledger have made; each answer from arithmetic, and
 * where Postgres holds the same facts, from there as well.
 */
import type pg from 'pg'
import t from 'tap'
import { optionsByType } from '../../pipelines/agents/agent.ts'
import { attribution } from '../../pipelines/attribution/attribution.ts'
import { journeys as journeysStage } from '../../pipelines/attribution/journeys.ts'
import { drive } from '../../runtime/driver.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import type { AgentInsight, Decision, FollowUp, LeadEvent } from '../../schemas/generated/records.ts'
import { analyticsDatabaseOf } from '../../sinks/clickhouse/connect.ts'
import { gateCosts } from '../../sinks/postgres/gateCosts.ts'
import { saveAndTell } from '../../sinks/postgres/ledger.ts'
import { changed, rowOf } from '../../sinks/postgres/ledgerRow.ts'
import type { LedgerStatus, StoredRow } from '../../sinks/postgres/ledgerRow.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { unpublished } from '../../sinks/postgres/outbox.ts'
import { createPool, inTransaction } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import {
  decisions,
  deliveries,
  erasures,
  followups,
  insights,
  journeys,
  leadEvents,
  leadKey,
  marketingSpend,
  outcomes,
} from '../../topics/index.ts'
import { HOUR, decisionRecord, followUpRecord, labelRecord, messageEvent, tuesdayNoon } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { DAY, contact, spent, start, tenantId, won } from '../pipelines/attribution/journeyRecords.ts'
import { batchOf, example, migrated } from '../sinks/clickhouse/migratedSink.ts'
import { aboutMessages, asker, page, questions } from './analyticsQuestions.ts'

// A stage counts 130 leads and a database is migrated: seconds on an idle machine, more beside other tests.
t.setTimeout(180_000)

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

const asked = new Set<string>()

t.test('every question of the page gives the figures of a known story', async (t) => {
  const { client, database, sink } = await migrated(t)
  const { touched, spend, findings } = story()
  const now = start + 40 * DAY
  await sink.write([batchOf(journeys, touched, 0n, now), batchOf(marketingSpend, spend, 0n, now), batchOf(insights, findings, 0n, now)])
  const ask = asker(client, database, tenantId, now, asked)

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
})

t.test('the figures of a day are those of one statement, the last of it', async (t) => {
  const { client, database, sink } = await migrated(t)
  const stated = (at: number, credits: Readonly<Record<string, string>>) => {
    const insight = example<AgentInsight>('AgentInsight', 'channel')
    const [one] = insight.findings as [(typeof insight.findings)[number]]
    const findings = Object.entries(credits).map(([subject, value]) => ({ ...one, kind: 'credit', subject, value }))
    return { ...insight, tenantId, agentId: 'attribution_modeler', at, validUntil: at + DAY, findings }
  }
  const midnight = Date.UTC(2026, 10, 11)
  const told = [
    ...[stated(midnight - HOUR, { radio: '100', events: '50' }), stated(midnight - 1, { radio: '150' })],
    ...[stated(midnight, { radio: '150', events: '1' }), { ...stated(midnight + 1, {}), tenantId: 'elsewhere' }],
  ]
  for (const from of [0n, 10n]) await sink.write([batchOf(insights, told, from, midnight)])
  t.strictSame(await asker(client, database, tenantId, midnight, new Set())('moves'), [
    { day: '2026-11-10', subject: 'radio', figure: '150' },
    { day: '2026-11-11', subject: 'events', figure: '1' },
    { day: '2026-11-11', subject: 'radio', figure: '150' },
  ])
})

t.test('columns say which types of decisions and actions of follow-ups there are', async (t) => {
  const { client, database } = await migrated(t)
  const told = async (table: string, name: string, place = database) =>
    (
      await (
        await client.query({
          query: 'SELECT comment FROM system.columns WHERE database = {place:String} AND table = {table:String} AND name = {name:String}',
          query_params: { place, table, name },
          format: 'JSONEachRow',
        })
      ).json<{ comment: string }>()
    )[0]?.comment
  const analytics = analyticsDatabaseOf(database)
  const actions = ['send_message', 'create_task', 'hand_over', 'assign', 'ask']
  for (const [comment, words] of [
    [await told('v_decisions', 'type', analytics), Object.keys(optionsByType)],
    [await told('decisions', 'type'), Object.keys(optionsByType)],
    [await told('v_followup_outcomes', 'action', analytics), actions],
    [await told('deliveries', 'action'), actions],
    [await told('followups_current', 'action'), actions],
    [await told('lead_events', 'delivery_action'), actions],
  ] as const)
    for (const word of words) t.match(comment, new RegExp(`\\b${word}\\b`))
})

/** Postgres, with what it holds of the same facts; counts as text, as ClickHouse tells them. */
async function counts(pool: pg.Pool, sql: string): Promise<Record<string, string | boolean>[]> {
  return (await pool.query<Record<string, string | boolean>>(sql)).rows
}

const besides = {
  decided: `SELECT type, chosen, count(*) AS decisions, count(DISTINCT lead_id) AS leads, count(*) FILTER (WHERE (record -> 'degraded')::boolean) AS without_quorum
    FROM decisions WHERE tenant_id = 'loc' GROUP BY type, chosen ORDER BY type COLLATE "C", decisions DESC, chosen COLLATE "C"`,
  followups: `SELECT action, channel, status, count(*) AS followups FROM followup_actions WHERE tenant_id = 'loc' AND status <> 'pending'
    GROUP BY action, channel, status ORDER BY action COLLATE "C", channel COLLATE "C", status COLLATE "C"`,
  verdicts: `SELECT type AS label_type, right_option AS label_option, selection AS label_selection, count(*) AS verdicts
    FROM audit_labels WHERE tenant_id = 'loc' GROUP BY type, right_option, selection ORDER BY type COLLATE "C", right_option COLLATE "C", selection COLLATE "C"`,
  heard: `SELECT channel, count(*) AS messages FROM communications WHERE tenant_id = 'loc' AND direction = 'inbound'
    GROUP BY channel ORDER BY channel COLLATE "C"`,
} as const

/** What becomes of the follow-up with this number: a line of changes, the last of which stands. One in eleven is left as it was planned. */
const fates: readonly (readonly LedgerStatus[])[] = [
  [],
  ['reserved', 'handed_over', 'confirmed'],
  ['reserved', 'handed_over', 'confirmed'],
  ['denied'],
  ['deferred', 'reserved', 'handed_over', 'failed'],
  ['deferred'],
  ['superseded'],
  ['expired'],
  ['reserved', 'handed_over', 'unknown'],
  ['reserved'],
  ['cancelled'],
]

t.test('Postgres gives the same answers where it holds the same facts', async (t) => {
  const { client, database, sink, databaseUrl: url } = await migrated(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const now = tuesdayNoon + HOUR
  const ask = asker(client, database, 'loc', now, asked)
  const offsets = new Map<string, number>()
  /** Into both, and once more under the same offsets, as after a kill. */
  const tell = async <T extends AnyTopic>(topic: T, values: readonly ValueOf<T>[], both = true) => {
    const from = offsets.get(topic.name) ?? 0
    offsets.set(topic.name, from + values.length)
    const told = batch(
      topic,
      from,
      values.map((value) => {
        const { tenantId: location, contactId } = value as unknown as Decision
        return [leadKey(location, contactId), value] as const
      }),
    )
    for (const _ of ['first', 'again']) {
      await postgresSink(pool).write([told])
      if (both) await sink.write([told])
    }
  }
  const lead = (n: number) => ({ tenantId: 'loc', contactId: `lead-${n % 12}` })

  // 66 decisions on 12 leads. By number mod 3 a text, an e-mail or nothing, 22 of each and 4 leads each; every 11th is an escalation; the first 6 lack quorum.
  const decided = Array.from({ length: 66 }, (_, n) =>
    decisionRecord({
      ...lead(n),
      ...{ decisionId: `d${n}`, degraded: n < 6, type: n % 11 === 0 ? 'escalation' : 'follow_up' },
      chosen: n % 11 === 0 ? 'notify' : (['sms', 'email', 'wait'][n % 3] as string),
    }),
  )
  await tell(decisions, [...decided, decisionRecord({ decisionId: 'elsewhere', tenantId: 'loc2', contactId: 'x' })])
  const denied = (decisionId: string, n: number, rules: readonly string[]) =>
    decisionRecord({
      ...{ ...lead(n), decisionId, type: 'routing', chosen: 'wait', decidedAt: tuesdayNoon, conflicts: ['gate-vs-pool'] },
      options: [
        { option: 'wait', eligible: true, baseMicro: 0, score: '0', probability: 1, utility: 0 },
        { option: 'call', eligible: false, baseMicro: 0, score: '3000000000000000000', probability: 0, utility: 0 },
      ],
      gates: rules.map((ruleId) => ({ gateId: 'consent', ruleId, option: 'call', verdict: 'deny', liftsAt: null, reason: '' })),
    })
  await tell(decisions, [denied('r1', 1, ['no_consent']), denied('r2', 1, ['no_consent', 'dnd']), denied('r3', 2, ['no_consent'])])

  // Of 33 follow-ups three have each fate. Changes reach ClickHouse in an order that nobody promised.
  const plans = Array.from({ length: 33 }, (_, n) =>
    followUpRecord({ ...lead(n), decisionId: `d${n}`, channel: n % 11 === 2 ? 'email' : 'sms' }),
  )
  await tell(followups, plans, false)
  const cancels = plans.filter((_, n) => n % 11 === 10).map((plan): FollowUp => ({ ...plan, change: 'cancelled' }))
  await tell(followups, cancels, false)
  const numbers = new Map(plans.map(({ followupId }, n) => [followupId, n]))
  for (let step = 0; step < 4; step++)
    await inTransaction(pool, async (db) => {
      const { rows } = await db.query<StoredRow>('SELECT * FROM followup_actions ORDER BY followup_id')
      const next = rows.map(rowOf).flatMap((row) => {
        const status = fates[(numbers.get(row.followupId) ?? 0) % 11]?.[step]
        const isHanded = status === 'handed_over' ? { handedOverAt: tuesdayNoon } : {}
        return status === undefined || status === 'cancelled'
          ? []
          : [changed(row, { ...isHanded, status, reason: '', at: tuesdayNoon + step })]
      })
      await saveAndTell(db, next)
    })
  const told = (await unpublished(pool, 1_000)).map(({ delivery }) => delivery).reverse()
  t.equal(told.length, 3 * (3 + 3 + 1 + 4 + 1 + 1 + 1 + 3 + 1 + 1))
  await tell(deliveries, told)

  // Anna judges 10 decisions and takes back two; Ben judges five of them.
  const verdict = (n: number, labeller: string, option: string, at: number) =>
    labelRecord({ ...lead(n), outcomeId: `${labeller}-${n}`, at }, { decisionId: `d${n}`, labeller, option })
  await tell(outcomes, [
    ...Array.from({ length: 10 }, (_, n) => verdict(n, 'anna', 'call', tuesdayNoon)),
    ...[0, 1].map((n) => verdict(n, 'anna', 'wait', tuesdayNoon + 1)),
    ...Array.from({ length: 5 }, (_, n) => verdict(n, 'ben', 'wait', tuesdayNoon)),
  ])
  const said = Array.from({ length: 20 }, (_, n) => messageEvent({ ...lead(n), eventId: `e${n}` }, `words ${n}`))
  await tell(
    leadEvents,
    said.map((event, n) =>
      event.message === null ? event : { ...event, message: { ...event.message, channel: n < 15 ? 'sms' : 'email' } },
    ),
  )

  const ofAll = async () => ({
    decided: await ask('decided'),
    followups: (await ask<{ outcome: string }>('followups')).map(({ outcome: _, ...same }) => same),
    verdicts: await ask('verdicts'),
    heard: await ask('heard'),
  })
  const answers = await ofAll()
  // 66 numbers, of which 0, 11, … 55 escalate; 0, 33 and 11, 44 and 22, 55 are two of each rest mod 3, so 20 of each are left.
  t.strictSame(answers.decided, [
    { type: 'escalation', chosen: 'notify', decisions: '6', leads: '6', without_quorum: '1' },
    { type: 'follow_up', chosen: 'email', decisions: '20', leads: '4', without_quorum: '2' },
    { type: 'follow_up', chosen: 'sms', decisions: '20', leads: '4', without_quorum: '1' },
    { type: 'follow_up', chosen: 'wait', decisions: '20', leads: '4', without_quorum: '2' },
    { type: 'routing', chosen: 'wait', decisions: '3', leads: '2', without_quorum: '0' },
  ])
  t.strictSame(await ask('followups'), [
    { action: 'send_message', channel: 'email', outcome: 'sent', status: 'confirmed', followups: '3' },
    ...[
      ['stopped', 'cancelled'],
      ['sent', 'confirmed'],
      ['open', 'deferred'],
      ['stopped', 'denied'],
      ['stopped', 'expired'],
      ['failed', 'failed'],
      ['open', 'reserved'],
      ['stopped', 'superseded'],
      ['unknown', 'unknown'],
    ].map(([outcome, status]) => ({ action: 'send_message', channel: 'sms', outcome, status, followups: '3' })),
  ])
  t.strictSame(answers.verdicts, [
    { label_type: 'follow_up', label_option: 'call', label_selection: 'random', verdicts: '8' },
    { label_type: 'follow_up', label_option: 'wait', label_selection: 'random', verdicts: '7' },
  ])
  t.strictSame(answers.heard, [
    { channel: 'email', messages: '5' },
    { channel: 'sms', messages: '15' },
  ])
  for (const [name, sql] of Object.entries(besides))
    t.strictSame(answers[name as keyof typeof besides], await counts(pool, sql), `${name}: the same of Postgres`)
  t.equal((await counts(pool, "SELECT count(*) FROM followup_actions WHERE status = 'pending'"))[0]?.['count'], '3', 'planned, and no more')
  const rules = [
    { gate_id: 'consent', rule_id: 'no_consent', option: 'call', decisions: '3', by_this_rule_alone: '2', leads: '2' },
    { gate_id: 'consent', rule_id: 'dnd', option: 'call', decisions: '1', by_this_rule_alone: '0', leads: '1' },
  ]
  t.strictSame(await ask('rules'), rules)
  t.strictSame(
    (await gateCosts(pool, { tenantId: 'loc', since: 0 })).rules.map((rule) => ({
      ...{ gate_id: rule.gateId, rule_id: rule.ruleId, option: rule.option },
      ...{ decisions: `${rule.decisions}`, by_this_rule_alone: `${rule.alone}`, leads: `${rule.leads}` },
    })),
    rules,
    'rekindle gates says the same',
  )

  // Lead 1 is erased. Of its follow-ups 1, 13 and 25 the first was confirmed, the second too, and the third denied.
  await tell(erasures, [{ ...lead(1), erasedAt: now, requestId: 'r', requestedBy: 'x' }])
  const after = await ofAll()
  const { followups: _, ...others } = besides
  for (const [name, sql] of Object.entries(others))
    t.strictSame(after[name as keyof typeof others], await counts(pool, sql), `${name}: the same after an erasure`)
  const sum = (rows: readonly unknown[]) => (rows as { followups: string }[]).reduce((all, { followups: few }) => all + Number(few), 0)
  t.equal(sum(answers.followups) - sum(after.followups), 3, 'ClickHouse forgets them all')
  t.equal(sum(await counts(pool, besides.followups)) - sum(after.followups), 2, 'Postgres keeps the proof of what was handed over')
})

t.test('each question of the page was asked here', (t) => {
  t.strictSame(
    [...questions.keys()].filter((name) => !asked.has(name)),
    [...aboutMessages],
    'each other question has its answer here',
  )
  t.equal([...page.matchAll(/```sql/g)].length, questions.size, 'and each block has a name')
  t.end()
})
