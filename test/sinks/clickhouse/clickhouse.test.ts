import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'
import fc from 'fast-check'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { SinkRecord } from '../../../runtime/sink.ts'
import type { Decision, DeliveryChanged, LeadEvent, OutcomeObserved } from '../../../schemas/generated/records.ts'
import { currentRecords, examplesOf } from '../../../schemas/tools/catalogue.ts'
import { agentCounts } from '../../../sinks/clickhouse/agentCounts.ts'
import { decimal, time } from '../../../sinks/clickhouse/cells.ts'
import { analyticsDatabaseOf, connectClickhouse, identifier } from '../../../sinks/clickhouse/connect.ts'
import { clickhouseCodeOf } from '../../../sinks/clickhouse/errors.ts'
import { mend } from '../../../sinks/clickhouse/mend.ts'
import { appliedMigrations, migrateClickhouse, readMigrations, statementsOf } from '../../../sinks/clickhouse/migrate.ts'
import { decisionRow, deliveryRow, factTables, leadEventRow, outcomeRow } from '../../../sinks/clickhouse/rows.ts'
import { clickhouseSink, clickhouseSinkTopics, insertSettings, rowsOf } from '../../../sinks/clickhouse/sink.ts'
import { decisions, deliveries, leadEvents, outcomes } from '../../../topics/index.ts'
import { assertProperty } from '../../support/property.ts'
import { testStack } from '../../support/stack.ts'
import { batchOf, example, migrated, rows } from './migratedSink.ts'

// A database is migrated in most tests: seconds on an idle machine, more beside other tests.
t.setTimeout(240_000)

const migrationsFolder = join(import.meta.dirname, '..', '..', '..', 'sinks', 'clickhouse', 'migrations')

const reply = example<Decision>('Decision', 'answer-her-reply')
const inbound = example<LeadEvent>('LeadEvent', 'message-inbound')
const signUp = example<LeadEvent>('LeadEvent', 'contact-created')
const confirmed = example<DeliveryChanged>('DeliveryChanged', 'confirmed')
const deferred = example<DeliveryChanged>('DeliveryChanged', 'deferred-by-hours')

const decided = (n: number, changes: Partial<Decision> = {}): Decision[] =>
  Array.from({ length: n }, (_, i) => ({ ...reply, decisionId: `d-${i}`, ...changes }))

t.test('the row of a message has who and what and how long, and not what it says', async (t) => {
  const row = leadEventRow(inbound)
  t.match(row, {
    tenant_id: 'sandboxLocation000001',
    lead_id: 'sandboxLocation000001:mariaBuyerContact01',
    kind: 'message_inbound',
    channel: 'sms',
    direction: 'inbound',
    sender: 'lead',
    message_id: inbound.message?.messageId,
    received_at: '2026-11-03 15:05:00.000',
    occurred_at: '2026-11-03 15:04:59.960',
    stated_at: null,
    text_length: 64,
    message_status: inbound.message?.status ?? '',
    no_contact: false,
    stated_fields: [],
    tag_count: -1,
    opportunity_value: null,
    appointment_at: null,
    followup_id: '',
  })
})

t.test('the row of a decision has its options, votes in nats, silences and gates side by side', async (t) => {
  t.strictSame(decisionRow(reply), {
    tenant_id: 'sandboxLocation000001',
    contact_id: 'mariaBuyerContact01',
    lead_id: 'sandboxLocation000001:mariaBuyerContact01',
    type: 'follow_up',
    decided_at: '2026-11-03 15:05:00.000',
    asked_at: '2026-11-03 15:05:00.000',
    vote_ms: 0,
    decision_id: '5623c699-8a0f-8efa-9dc7-d7a622c1f0e3',
    assessment_id: '8b55ebb0-dfc5-8100-bfc2-20747599b94b',
    reason: 'inbound_message',
    stage: 'engaged',
    epoch: 2,
    profile_version: 2,
    policy_hash: reply.policyHash,
    engine_version: 1,
    chosen: 'sms',
    runner_up: 'email',
    probability: 0.8333963768403391,
    utility: 0.86253495,
    n_eff: 5.875,
    quorum: 3,
    degraded: false,
    fallback_used: false,
    stop_reason: 'all_votes',
    conflicts: [],
    denied_favourite: '',
    audit_selected: false,
    p_audit: 0.03,
    due_at: '2026-11-03 15:06:00.000',
    lifts_at: null,
    'options.option': ['wait', 'sms', 'email', 'call'],
    'options.eligible': [true, true, true, true],
    'options.probability': reply.options.map(({ probability }) => probability),
    'options.utility': [0.2059103, 0.86253495, 0.5824195, 0.423237],
    'contributions.agent_id': ['content_personalizer', 'channel_strategist', 'demographic_analyzer', 'intent_detector', 'timing_optimizer'],
    'contributions.agent_version': [1, 1, 1, 1, 1],
    'contributions.family': ['conversation', 'conversation', 'facts', 'text', 'timing'],
    'contributions.option': ['sms', 'sms', 'call', 'sms', 'sms'],
    'contributions.bin': [4, 3, 2, 4, 2],
    'contributions.nats': [0.8, 0.2692305, 0.2, 0.8, 0.2],
    'contributions.blocked': [false, false, false, false, false],
    'contributions.reason_code': ['occasion_reply', 'replies_here', 'strong_buying_power', 'open_question', 'level_pace'],
    'silent.agent_id': ['behavioral_profiler', 'response_analyzer'],
    'silent.kind': ['abstain', 'abstain'],
    'silent.reason_code': ['no_behaviour_known', 'no_history'],
    'gates.gate_id': reply.gates.map(({ gateId }) => gateId),
    'gates.rule_id': reply.gates.map(() => 'pass'),
    'gates.option': reply.gates.map(() => '*'),
    'gates.verdict': reply.gates.map(() => 'allow'),
    'gates.lifts_at': reply.gates.map(() => null),
  })
})

t.test('the row of a delivery says what stopped it and until when', async (t) => {
  t.match(deliveryRow(deferred), {
    status: 'deferred',
    changed_at: '2026-11-04 12:30:00.000',
    gate_id: 'hours',
    rule_id: 'outside_hours',
    lifts_at: '2026-11-04 14:00:00.000',
    attempt: 0,
    message_id: '',
    text_length: 0,
    'gates.verdict': ['deny_until'],
    'gates.lifts_at': ['2026-11-04 14:00:00.000'],
  })
  t.equal(deliveryRow(confirmed)['text_length'], confirmed.text?.length)
})

t.test('no personal data passes: nothing a person wrote, is called, lives at or is reached by appears in any row', async (t) => {
  const personal: string[] = []
  const collect = (value: unknown, name: string): void => {
    if (
      typeof value === 'string' &&
      /^(text|subject|title|name|firstName|lastName|email|phone|companyName|city|state|postalCode|reasonText|reason|body)$/.test(name) &&
      value.length > 3
    )
      personal.push(value)
    if (value !== null && typeof value === 'object' && !Buffer.isBuffer(value))
      for (const [key, item] of Object.entries(value)) collect(item, Array.isArray(value) ? name : key)
  }
  for (const { topic, row } of factTables) {
    const name = topic.value.name.slice('rekindle.'.length)
    // Findings are about locations: their sentences are ours and their subjects segments, channels, competitors and agents.
    if (name === 'AgentInsight') continue
    const entry = currentRecords().find((known) => known.name === name) as NonNullable<ReturnType<typeof currentRecords>[number]>
    for (const { value } of examplesOf(entry)) {
      personal.length = 0
      collect(value, '')
      // The reason of an assessment is one of eight codes, not a sentence.
      const sentences = personal.filter((text) => text.includes(' ') || text.includes('@') || text.startsWith('+') || /^[A-Z]/.test(text))
      const text = JSON.stringify(row('topic', batchOf(topic, [value as never]).records[0] as SinkRecord<unknown>))
      t.strictSame(
        sentences.filter((one) => text.includes(JSON.stringify(one).slice(1, -1))),
        [],
        name,
      )
    }
  }
  t.strictSame(leadEventRow(signUp)['stated_fields'], [
    'city',
    'country',
    'createdAt',
    'customFields',
    'dnd',
    'email',
    'firstName',
    'firstOrigin',
    'lastName',
    'name',
    'phone',
    'postalCode',
    'source',
    'state',
    'tags',
  ])
  t.equal(leadEventRow(signUp)['tag_count'], 2)
})

t.test('the row of an outcome has what and where and how much; of a verdict neither who gave it nor the words', async (t) => {
  const [verdict, won] = ['audit-label', 'conversion'].map((name) =>
    outcomeRow(example<OutcomeObserved>('OutcomeObserved', name), Date.UTC(2026, 10, 7)),
  )
  t.match(won, {
    kind: 'conversion',
    observed_at: '2026-11-06 15:00:00.000',
    told_at: '2026-11-07 00:00:00.000',
    value: '412500.00',
    channel: '',
    label_option: '',
    label_inclusion: null,
  })
  t.match(verdict, {
    kind: 'audit_label',
    value: null,
    label_decision_id: '5623c699-8a0f-8efa-9dc7-d7a622c1f0e3',
    label_type: 'follow_up',
    label_option: 'call',
    label_selection: 'random',
    label_inclusion: 0.03,
  })
  t.notMatch(JSON.stringify(verdict), /anna|close/)
  t.match(outcomeRow(example<OutcomeObserved>('OutcomeObserved', 'reply'), 0), {
    kind: 'reply',
    channel: 'sms',
    lead_id: 'sandboxLocation000001:mariaBuyerContact01',
  })
})

t.test('an outcome that is told again is one row of the view, as it was told last', async (t) => {
  const { client, database, sink } = await migrated(t)
  const won = example<OutcomeObserved>('OutcomeObserved', 'conversion')
  const batch = batchOf(outcomes, [won, { ...won, at: won.at + 1000, value: '420000' }, example('OutcomeObserved', 'reply')])
  await sink.write([{ ...batch, records: batch.records.map((record) => ({ ...record, timestamp: won.at })) }])
  t.strictSame(await rows(client, `SELECT kind, value FROM ${analyticsDatabaseOf(database)}.v_outcomes ORDER BY kind`), [
    { kind: 'conversion', value: 420000 },
    { kind: 'reply', value: null },
  ])
  t.strictSame(await rows(client, `SELECT rows, doubled FROM ${analyticsDatabaseOf(database)}.v_doubled_outcomes`), [
    { rows: '3', doubled: '0' },
  ])
})

t.test('odd values are held or left out, never an error: times beyond the calendar, amounts that are no number', async (t) => {
  t.strictSame([time(0), time(8.64e15), time(-8.64e15)], ['1970-01-01 00:00:00.000', '2299-12-31 00:00:00.000', '1900-01-01 00:00:00.000'])
  t.strictSame(
    [decimal('12000'), decimal('0.12345'), decimal('-1.5'), decimal('12 k'), decimal('1e9'), decimal('123456789012345'), decimal(null)],
    ['12000', '0.1234', '-1.5', null, null, null, null],
  )
  t.strictSame(
    decisionRow({
      ...reply,
      chosen: 'none',
      runnerUp: null,
      contributions: [{ ...(reply.contributions[0] as Decision['contributions'][number]), nats: 'many' }],
    }),
    {
      ...decisionRow({ ...reply, chosen: 'none', runnerUp: null, contributions: [] }),
      probability: 0,
      utility: 0,
      runner_up: '',
      'contributions.agent_id': ['content_personalizer'],
      'contributions.agent_version': [1],
      'contributions.family': ['conversation'],
      'contributions.option': ['sms'],
      'contributions.bin': [4],
      'contributions.nats': [0],
      'contributions.blocked': [false],
      'contributions.reason_code': ['occasion_reply'],
    },
  )
})

t.test('the same batch gives the same bytes, whatever it holds', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.tuple(fc.integer(), fc.double(), fc.string()), { minLength: 1, maxLength: 5 }), (parts) => {
      const fact = factTables.find(({ topic }) => topic.name === 'decisions') as (typeof factTables)[number]
      const batch = () =>
        batchOf(
          decisions,
          parts.map(([at, probability, text]) => ({
            ...reply,
            decidedAt: at,
            chosen: text,
            options: [{ ...(reply.options[0] as Decision['options'][number]), option: text, probability }],
          })),
        )
      return JSON.stringify(rowsOf(batch(), fact, '')) === JSON.stringify(rowsOf(batch(), fact, ''))
    }),
  ),
)

t.test('a block is stored once under its token: the retry of the same range changes no table and no view', async (t) => {
  const { client, sink } = await migrated(t)
  t.strictSame(sink.topics, clickhouseSinkTopics)
  t.strictSame(sink.exactlyOnce, { kind: 'deterministic-blocks' })
  const batch = batchOf(decisions, decided(500))
  const counts = async () =>
    rows(client, 'SELECT (SELECT count() FROM decisions) AS facts, (SELECT sum(decisions) FROM decisions_per_minute) AS rolled')
  await sink.write([batch])
  t.strictSame(await counts(), [{ facts: '500', rolled: '500' }])
  for (let i = 0; i < 3; i++) await sink.write([batch])
  t.strictSame(await counts(), [{ facts: '500', rolled: '500' }])
  t.strictSame(
    await rows(client, "SELECT count() AS parts FROM system.parts WHERE database = currentDatabase() AND table = 'decisions' AND active"),
    [{ parts: '1' }],
    'one block',
  )
  // Equal blocks would be told apart by what is in them: the token is for one that another build writes otherwise.
  await sink.write([batchOf(decisions, decided(500, { reason: 'silence_48h' }))])
  t.strictSame(await counts(), [{ facts: '500', rolled: '500' }], 'nor does that of a build that has other columns')

  await sink.write([batchOf(decisions, decided(500), 500n)])
  t.strictSame(await counts(), [{ facts: '1000', rolled: '1000' }], 'the same rows of another range are other records')
  t.strictSame(
    await rows(client, 'SELECT count() AS n, uniqExact(_offset) AS u, max(_offset) AS last, any(_topic) AS topic FROM decisions'),
    [{ n: '1000', u: '1000', last: '999', topic: 'decisions.v1' }],
  )
})

// A kill between the note of a token and the rename of its part is hit once in hundreds: rows are deleted under a token that stays known.
t.test(
  'rows that a kill left out of a block whose token is known are put in place, and counted once (found with chaos seed 6026)',
  async (t) => {
    const { client, sink } = await migrated(t)
    const batch = batchOf(decisions, [...decided(10), ...decided(10, { decidedAt: Date.UTC(2026, 11, 2) }), ...decided(10)], 7n)
    const counts = async () =>
      rows(client, 'SELECT (SELECT count() FROM decisions) AS facts, (SELECT sum(decisions) FROM decisions_per_minute) AS rolled')
    await sink.write([batch])
    const forget = async (where: string) =>
      client.command({ query: `ALTER TABLE decisions DELETE WHERE ${where}`, clickhouse_settings: { mutations_sync: '2' } })
    await forget('toYYYYMM(decided_at) = 202612')
    await sink.write([batch])
    t.strictSame(await counts(), [{ facts: '20', rolled: '30' }], 'the engine drops what it takes for stored')
    for (let i = 0; i < 2; i++) {
      await sink.write([{ ...batch, maybeStored: true }])
      t.strictSame(await counts(), [{ facts: '30', rolled: '30' }])
    }
    t.strictSame(await rows(client, 'SELECT uniqExact(_offset) AS offsets, min(_offset) AS first, max(_offset) AS last FROM decisions'), [
      { offsets: '30', first: '7', last: '36' },
    ])
    await forget('true')
    await client.command({ query: 'TRUNCATE TABLE decisions_per_minute' })
    await sink.write([{ ...batch, maybeStored: true }])
    t.strictSame(await counts(), [{ facts: '30', rolled: '30' }], 'a view that was not fed is fed under the token')
    t.strictSame(await rows(client, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%mend%'"), [])
  },
)

t.test('a view that a kill left unfed under a known token shows each follow-up as it stands all the same', async (t) => {
  const { client, database, sink } = await migrated(t)
  const batch = batchOf(deliveries, [deferred, confirmed])
  const standing = () => rows(client, `SELECT status, attempt FROM ${analyticsDatabaseOf(database)}.v_followup_outcomes`)
  await sink.write([batch])
  t.strictSame(await standing(), [{ status: 'confirmed', attempt: 1 }])
  const forget = { query: 'ALTER TABLE followups_current DELETE WHERE true', clickhouse_settings: { mutations_sync: '2' } } as const
  await client.command(forget)
  await sink.write([batch])
  t.strictSame(await standing(), [], 'its token is known')
  // What a later block has told meanwhile stands.
  await sink.write([batchOf(deliveries, [{ ...confirmed, sequence: confirmed.sequence + 1, status: 'failed', attempt: 2 }], 2n)])
  for (let i = 0; i < 2; i++) await sink.write([{ ...batch, maybeStored: true }])
  t.strictSame(await standing(), [{ status: 'failed', attempt: 2 }])
  await client.command(forget)
  await sink.write([{ ...batch, maybeStored: true }])
  t.strictSame(await standing(), [{ status: 'confirmed', attempt: 1 }])
  t.strictSame(await rows(client, 'SELECT count() AS facts FROM deliveries'), [{ facts: '3' }])
})

t.test('a column that the table does not have yet stops the sink; its values are not passed over', async (t) => {
  const { client, sink } = await migrated(t)
  await client.command({ query: 'ALTER TABLE lead_events DROP COLUMN no_contact' })
  await t.rejects(sink.write([batchOf(leadEvents, [inbound])]), { code: 'E_CLICKHOUSE_TABLES_MISSING', remedy: /rekindle prepare/ })
  t.strictSame(await rows(client, 'SELECT count() AS facts FROM lead_events'), [{ facts: '0' }])
})

t.test('what may be stored is looked for in the months of its rows alone', async (t) => {
  const { client, database, sink } = await migrated(t)
  const month = (number: number) => decided(5, { decidedAt: Date.UTC(2026, number, 3) })
  for (let number = 0; number < 6; number++) await sink.write([batchOf(decisions, month(number), BigInt(number * 5))])
  const asked: { query: string; query_params: Record<string, unknown> }[] = []
  const spied = {
    query: async (one: { query: string; query_params: Record<string, unknown> }) => {
      asked.push(one)
      return client.query({ ...one, format: 'JSONEachRow' })
    },
  } as unknown as ClickHouseClient
  const [table] = factTables.filter((fact) => fact.table === 'decisions')
  if (table === undefined) return t.fail('no table')
  const { partitionedBy: column } = table
  const range = batchOf(decisions, [...month(2), ...month(3)], 10n)
  const missing = await mend(spied, {
    ...{ database, table: 'decisions', topic: 'decisions.v1', partition: 0, min: 10n, max: 19n, rows: rowsOf(range, table, '') },
    columns: { topic: '_topic', partition: '_partition', offset: '_offset' },
    offsetOf: ({ _offset }) => _offset as string,
    partitionedBy: { column, timeOf: (row) => row[column] as string },
  })
  t.equal(missing, 0)
  const [{ query, query_params } = { query: '', query_params: {} }] = asked
  const read = await (
    await client.query({ query: `EXPLAIN ESTIMATE ${query}`, query_params, format: 'JSONEachRow' })
  ).json<{ parts: string }>()
  t.strictSame(
    read.map(({ parts }) => Number(parts)),
    [2],
    'of six',
  )
  for (const { table, partitionedBy } of factTables) {
    const [{ partition_key: key } = { partition_key: '' }] = await rows<{ partition_key: string }>(
      client,
      `SELECT partition_key FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
    )
    t.match(key, `(${partitionedBy})`, table)
  }
})

t.test('what agents said is counted by agent and type; what nobody was asked for is not', async (t) => {
  const { client, sink, database } = await migrated(t)
  const gated = { decisionId: 'gated', stopReason: 'gated', contributions: [], silent: [] }
  const long = { decisionId: 'long', decidedAt: reply.decidedAt - 8 * 86_400_000 }
  const failed = { decisionId: 'failed', silent: [{ agentId: 'response_analyzer', kind: 'missing', reasonCode: 'no_answer' }] }
  const early = { ...failed, decisionId: 'early', stopReason: 'early_stop', contributions: [] }
  await sink.write([
    batchOf(decisions, [reply, { ...reply, ...failed }, { ...reply, ...gated }, { ...reply, ...long }, { ...reply, ...early }]),
  ])
  const counts = await agentCounts(client, database, reply.decidedAt - 1)
  const of = (agent: string) => counts.filter((count) => count.agent === agent)
  const none = { type: 'follow_up', votes: 0, abstentions: 0, errors: 0, missing: 0 }
  t.strictSame(of('intent_detector'), [{ ...none, agent: 'intent_detector', votes: 2 }])
  t.strictSame(of('behavioral_profiler'), [{ ...none, agent: 'behavioral_profiler', abstentions: 1 }])
  t.strictSame(of('response_analyzer'), [{ ...none, agent: 'response_analyzer', abstentions: 1, missing: 1 }])
  t.equal(counts.length, 7)
})

t.test('a batch over two months is two blocks, each dropped when it comes again; a batch of decisions above 10 MB is one', async (t) => {
  const { client, sink } = await migrated(t)
  const november = decided(10)
  const december = decided(10, { decidedAt: Date.UTC(2026, 11, 2) })
  for (let i = 0; i < 2; i++) await sink.write([batchOf(decisions, [...november, ...december])])
  t.strictSame(await rows(client, 'SELECT toYYYYMM(decided_at) AS month, count() AS n FROM decisions GROUP BY month ORDER BY month'), [
    { month: 202611, n: '10' },
    { month: 202612, n: '10' },
  ])

  const many = batchOf(decisions, decided(5_000), 100n)
  const bytes = rowsOf(many, factTables.find(({ topic }) => topic === decisions) as (typeof factTables)[number], '').reduce(
    (sum, row) => sum + JSON.stringify(row).length + 1,
    0,
  )
  t.ok(bytes > 10 * 1024 * 1024, `${bytes} bytes: more than the size at which parallel reading would cut`)
  for (let i = 0; i < 2; i++) await sink.write([many])
  t.strictSame(await rows(client, 'SELECT count() AS n FROM decisions'), [{ n: '5020' }])
  t.strictSame(
    await rows(
      client,
      "SELECT count() AS parts FROM system.parts WHERE database = currentDatabase() AND table = 'decisions' AND active AND rows = 5000",
    ),
    [{ parts: '1' }],
  )
})

t.test('a range of tombstones alone stores nothing and is no error; among facts they are passed over', async (t) => {
  const { client, sink } = await migrated(t)
  await sink.write([batchOf(leadEvents, [null, null])])
  await sink.write([batchOf(leadEvents, [signUp, null, inbound], 2n)])
  t.strictSame(await rows(client, 'SELECT kind, _offset FROM lead_events ORDER BY _offset'), [
    { kind: 'contact_created', _offset: '2' },
    { kind: 'message_inbound', _offset: '4' },
  ])
})

t.test('a replay beyond the window is found and counted, and what is kept by key is not doubled', async (t) => {
  const { client, database, sink } = await migrated(t)
  const analytics = analyticsDatabaseOf(database)
  await sink.write([batchOf(deliveries, [deferred, confirmed])])
  // Another token stands for a window that has forgotten the block.
  await sink.write([{ ...batchOf(deliveries, [deferred, confirmed]), token: 'later' }])
  t.strictSame(await rows(client, `SELECT table_name, topic, rows, doubled FROM ${analytics}.v_doubled_records`), [
    { table_name: 'deliveries', topic: 'deliveries.v1', rows: '4', doubled: '2' },
  ])
  t.strictSame(await rows(client, `SELECT followup_id, status, outcome, attempt FROM ${analytics}.v_followup_outcomes`), [
    { followup_id: confirmed.followupId, status: 'confirmed', outcome: 'sent', attempt: 1 },
  ])
})

t.test('the views of analysts give the numbers of known facts', async (t) => {
  const { client, database, sink } = await migrated(t)
  const analytics = analyticsDatabaseOf(database)
  const gated: Decision = {
    ...reply,
    decisionId: 'g',
    chosen: 'wait',
    runnerUp: null,
    stopReason: 'gated',
    contributions: [],
    silent: [],
    gates: reply.gates.map((gate) => (gate.gateId === 'consent' ? { ...gate, verdict: 'deny' } : gate)),
  }
  const late: Decision = {
    ...reply,
    decisionId: 'l',
    decidedAt: reply.askedAt + 2_000,
    stopReason: 'deadline',
    silent: [
      { agentId: 'a', kind: 'missing', reasonCode: 'no_answer' },
      { agentId: 'b', kind: 'abstain', reasonCode: 'none' },
    ],
  }
  // Its end did not wait for a, which is no failure of a; c had failed before.
  const early: Decision = {
    ...late,
    decisionId: 'e',
    decidedAt: reply.askedAt + 3_000,
    stopReason: 'early_stop',
    silent: [...late.silent, { agentId: 'c', kind: 'error', reasonCode: 'threw' }],
  }
  await sink.write([batchOf(decisions, [reply, gated, late, early])])
  t.strictSame(
    await rows(
      client,
      `SELECT chosen, stop_reason, denied_by, voters, abstained, missing, vote_ms, stored_ms > 0 AS stored FROM ${analytics}.v_decisions ORDER BY vote_ms, stop_reason`,
    ),
    [
      { chosen: 'sms', stop_reason: 'all_votes', denied_by: [], voters: '5', abstained: '2', missing: '0', vote_ms: '0', stored: 1 },
      { chosen: 'wait', stop_reason: 'gated', denied_by: ['consent'], voters: '0', abstained: '0', missing: '0', vote_ms: '0', stored: 1 },
      { chosen: 'sms', stop_reason: 'deadline', denied_by: [], voters: '5', abstained: '1', missing: '1', vote_ms: '2000', stored: 1 },
      { chosen: 'sms', stop_reason: 'early_stop', denied_by: [], voters: '5', abstained: '1', missing: '1', vote_ms: '3000', stored: 1 },
    ],
  )
  await sink.write([batchOf(leadEvents, [signUp, inbound, { ...inbound, eventId: 'e2', contactId: 'other' }])])
  t.strictSame(
    await rows(client, `SELECT minute, kind, channel, events, leads, lateness_p50_ms FROM ${analytics}.v_lead_flow ORDER BY minute`),
    [
      { minute: '2026-11-03 15:00:00', kind: 'contact_created', channel: '', events: '1', leads: '1', lateness_p50_ms: 40 },
      { minute: '2026-11-03 15:05:00', kind: 'message_inbound', channel: 'sms', events: '2', leads: '2', lateness_p50_ms: 40 },
    ],
  )
})

t.test('every column of every table and view has a comment', async (t) => {
  const { client, database } = await migrated(t)
  const bare = await rows(
    client,
    `SELECT database, table, name FROM system.columns WHERE database IN ('${database}', '${analyticsDatabaseOf(database)}')
AND comment = '' AND table NOT LIKE '%\\_v1' AND table NOT LIKE '.inner%'`,
  )
  t.strictSame(bare, [])
  t.strictSame(
    await rows(client, `SELECT name FROM system.tables WHERE database = '${analyticsDatabaseOf(database)}' AND comment = ''`),
    [],
  )
})

t.test('migrations go forward, back and forward again, and leave a journal; a dry run changes nothing', async (t) => {
  const { clickhouseUrl: url, clickhouseDatabase: database } = await testStack(t)
  const client = connectClickhouse(url, database)
  t.teardown(async () => {
    await client.command({ query: `DROP DATABASE IF EXISTS ${analyticsDatabaseOf(database)}` })
    await client.close()
  })
  const tables = async () =>
    (
      await rows<{ name: string }>(
        client,
        `SELECT name FROM system.tables WHERE database IN ('${database}', '${analyticsDatabaseOf(database)}') ORDER BY name`,
      )
    ).map(({ name }) => name)
  const all = [
    'channel_days',
    'channel_days_v1',
    'decisions',
    'decisions_per_minute',
    'decisions_per_minute_v1',
    'deliveries',
    'followups_current',
    'followups_current_v1',
    'insights',
    'journeys',
    'lead_events',
    'marketing_spend',
    'outcomes',
    'schema_migrations',
    'v_agent_answers',
    'v_channel_months',
    'v_decisions',
    'v_denied_favourites',
    'v_doubled_marketing',
    'v_doubled_outcomes',
    'v_doubled_records',
    'v_findings',
    'v_findings_latest',
    'v_followup_outcomes',
    'v_lead_flow',
    'v_messages',
    'v_outcomes',
    'v_spend',
    'v_waits',
  ]
  const told: string[] = []
  t.strictSame(await migrateClickhouse({ url, database, dryRun: true, onLine: (line) => told.push(line) }), [
    'facts',
    'rollups',
    'analytics',
    'outcomes',
    'marketing',
    'denied',
    'kinds',
    'analysts',
    'arrived',
    'figures',
  ])
  t.ok(told.some((line) => line.includes(`CREATE TABLE IF NOT EXISTS ${database}.lead_events`)))
  t.strictSame(await tables(), [])
  await migrateClickhouse({ url, database })
  t.strictSame(await tables(), all)
  t.strictSame(await migrateClickhouse({ url, database }), [], 'nothing is left to do')
  t.strictSame(await migrateClickhouse({ url, database, direction: 'down' }), ['figures'])
  t.strictSame(await migrateClickhouse({ url, database, direction: 'down', count: 10 }), [
    'arrived',
    'analysts',
    'kinds',
    'denied',
    'marketing',
    'outcomes',
    'analytics',
    'rollups',
    'facts',
  ])
  t.strictSame(await tables(), ['schema_migrations'])
  t.strictSame(await migrateClickhouse({ url, database, count: 1 }), ['facts'])
  t.strictSame(
    (await appliedMigrations(client, database)).map(({ number }) => number),
    [1],
  )
  t.strictSame(await migrateClickhouse({ url, database }), [
    'rollups',
    'analytics',
    'outcomes',
    'marketing',
    'denied',
    'kinds',
    'analysts',
    'arrived',
    'figures',
  ])
  t.strictSame(await tables(), all)
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  t.strictSame(
    (
      await rows<{ step: string }>(client, "SELECT concat(direction, ' ', toString(number)) AS step FROM schema_migrations ORDER BY seq")
    ).map(({ step }) => step),
    [...numbers.map((n) => `up ${n}`), ...numbers.toReversed().map((n) => `down ${n}`), ...numbers.map((n) => `up ${n}`)],
  )
})

t.test('each step taken back leaves every table and view as it was before it, and taken again as it made them', async (t) => {
  const { clickhouseUrl: url, clickhouseDatabase: database } = await testStack(t)
  const client = connectClickhouse(url, database)
  t.teardown(async () => {
    await client.command({ query: `DROP DATABASE IF EXISTS ${analyticsDatabaseOf(database)}` })
    await client.close()
  })
  const definitions = async () =>
    (
      await rows<{ made: string }>(
        client,
        `SELECT create_table_query AS made FROM system.tables WHERE database IN ('${database}', '${analyticsDatabaseOf(database)}')
         AND name != 'schema_migrations' ORDER BY database, name`,
      )
    ).map(({ made }) => made)
  for (const { name } of readMigrations()) {
    const before = await definitions()
    await migrateClickhouse({ url, database, count: 1 })
    const after = await definitions()
    t.notSame(after, before, name)
    await migrateClickhouse({ url, database, direction: 'down' })
    t.strictSame(await definitions(), before, `${name} taken back`)
    await migrateClickhouse({ url, database, count: 1 })
    t.strictSame(await definitions(), after, `${name} taken again`)
  }
})

t.test('an applied migration that was changed, or that nobody knows, is refused with a sentence', async (t) => {
  const { url, database } = await migrated(t)
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-migrations-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  cpSync(migrationsFolder, folder, { recursive: true })
  writeFileSync(join(folder, '0001_facts.up.sql'), 'SELECT 1;\n')
  await t.rejects(migrateClickhouse({ url, database, folder }), { code: 'E_MIGRATION_CHANGED', message: /has migration 1 \(facts\) as/ })
  for (const file of readdirSync(folder).filter((name) => !name.startsWith('0001'))) rmSync(join(folder, file))
  cpSync(join(migrationsFolder, '0001_facts.up.sql'), join(folder, '0001_facts.up.sql'))
  await t.rejects(migrateClickhouse({ url, database, folder }), { code: 'E_MIGRATION_UNKNOWN' })
})

t.test('a migration that breaks half-way is not recorded and runs again', async (t) => {
  const { clickhouseUrl: url, clickhouseDatabase: database } = await testStack(t)
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-migrations-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const good = 'CREATE TABLE IF NOT EXISTS {database}.one (id UInt8) ENGINE = MergeTree ORDER BY id;\n'
  writeFileSync(join(folder, '0001_one.down.sql'), 'DROP TABLE IF EXISTS {database}.one;\n')
  writeFileSync(join(folder, '0001_one.up.sql'), `${good}\nCREATE TABLE nonsense;\n`)
  await t.rejects(migrateClickhouse({ url, database, folder }), {
    code: 'E_CLICKHOUSE_REFUSED',
    retriable: false,
    message: /CREATE TABLE nonsense: code 80/,
  })
  writeFileSync(join(folder, '0001_one.up.sql'), good)
  t.strictSame(await migrateClickhouse({ url, database, folder }), ['one'])
})

t.test('every migration has a way back, and every statement can be repeated', async (t) => {
  const known = readMigrations()
  t.strictSame(
    known.map(({ number }) => number),
    known.map((_, i) => i + 1),
  )
  for (const { up, down } of known) {
    t.ok(up.length > 0 && down.length > 0)
    t.strictSame(
      up.filter(
        (statement) =>
          !/^(CREATE (TABLE|VIEW|MATERIALIZED VIEW|DATABASE) IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE \S+ (ADD COLUMN IF NOT EXISTS|COMMENT COLUMN IF EXISTS)) /.test(
            statement,
          ),
      ),
      [],
    )
    t.strictSame(
      down.filter(
        (statement) =>
          !/^(DROP (TABLE|VIEW|DATABASE) IF EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE \S+ (DROP|COMMENT) COLUMN IF EXISTS) /.test(
            statement,
          ),
      ),
      [],
    )
  }
  t.strictSame(statementsOf("-- a; comment\nSELECT ';' AS x;\n\n-- another\nSELECT 2;"), ["SELECT ';' AS x", 'SELECT 2'])
  // What the deduplication rests on.
  for (const name of ['0001_facts.up.sql', '0002_rollups.up.sql', '0004_outcomes.up.sql', '0005_marketing.up.sql']) {
    const sql = readFileSync(join(migrationsFolder, name), 'utf8')
    t.equal(sql.match(/ENGINE = /g)?.length, sql.match(/non_replicated_deduplication_window = 1000/g)?.length, name)
  }
})

t.test('what ClickHouse refuses is told by its code: missing tables stop the sink, a full engine is tried again', async (t) => {
  const { clickhouseUrl: url, clickhouseDatabase: database } = await testStack(t)
  const { sink, close } = clickhouseSink({ url, database })
  t.teardown(close)
  await t.rejects(sink.write([batchOf(decisions, [reply])]), {
    code: 'E_CLICKHOUSE_TABLES_MISSING',
    retriable: false,
    remedy: /rekindle prepare/,
  })
  const wrong = new URL(url)
  wrong.password = 'wrong'
  const stranger = clickhouseSink({ url: wrong.href, database })
  t.teardown(stranger.close)
  await t.rejects(stranger.sink.write([batchOf(decisions, [reply])]), { code: 'E_CLICKHOUSE_ACCESS_DENIED' })
  const reading = new URL(url)
  reading.searchParams.set('clickhouse_setting_readonly', '1')
  const reader = connectClickhouse(reading.href)
  t.teardown(() => reader.close())
  const refused = await reader.command({ query: `CREATE DATABASE ${database}_of_a_reader` }).catch((error: unknown) => error)
  t.equal(clickhouseCodeOf(refused), 'E_CLICKHOUSE_ACCESS_DENIED', 'a user that may only read')
  const of = (code: string) => clickhouseCodeOf(new ClickHouseError({ message: 'x', code, type: 'X' }))
  t.strictSame(['241', '252', '202', '243', '75', '394', '60', '27'].map(of), [
    ...Array.from({ length: 6 }, () => 'E_CLICKHOUSE_BUSY'),
    'E_CLICKHOUSE_TABLES_MISSING',
    'E_CLICKHOUSE_REFUSED',
  ])
})

t.test('a disk that is full, and a query that is cancelled, have these codes', async (t) => {
  const { clickhouseUrl: url } = await testStack(t)
  const client = connectClickhouse(url)
  t.teardown(() => client.close())
  t.strictSame(await rows(client, 'SELECT arrayMap(code -> errorCodeToName(code), [75, 243, 394]) AS names'), [
    { names: ['CANNOT_WRITE_TO_FILE_DESCRIPTOR', 'NOT_ENOUGH_SPACE', 'QUERY_WAS_CANCELLED'] },
  ])
})

t.test(
  'an engine that is away is retriable; the settings of an insert travel with it, and the retry is the same to the byte',
  async (t) => {
    const seen: { url: URL; body: string }[] = []
    const server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        seen.push({ url: new URL(request.url ?? '/', 'http://x'), body: Buffer.concat(parts).toString('utf8') })
        // The first answer is lost on the way.
        if (seen.length === 1) request.socket.destroy()
        else response.end()
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { sink, close } = clickhouseSink({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      database: 'rekindle',
      topicPrefix: 'eu.',
    })
    const batch = { ...batchOf(decisions, decided(3)), token: 'eu.decisions.v1-0-0-2' }
    await t.rejects(sink.write([batch]), {
      code: 'E_CLICKHOUSE_UNREACHABLE',
      retriable: true,
      message: /Inserting eu\.decisions\.v1-0-0-2 into rekindle\.decisions/,
    })
    await sink.write([batch])
    t.equal(seen[0]?.body, seen[1]?.body)
    t.match(seen[1]?.body, /"_topic":"eu\.decisions\.v1"/)
    for (const [name, value] of Object.entries(insertSettings(batch.token)))
      t.equal(seen[1]?.url.searchParams.get(name), String(value), name)
    await close()
    await new Promise((resolve) => server.close(resolve))
    await t.rejects(sink.write([batch]), { code: 'E_CLICKHOUSE_UNREACHABLE' })
  },
)

t.test('names of databases are checked; the analysts have one beside each', async (t) => {
  t.throws(() => identifier('a; DROP'), TypeError)
  t.strictSame([analyticsDatabaseOf('rekindle'), analyticsDatabaseOf('eu')], ['analytics', 'eu_analytics'])
})
