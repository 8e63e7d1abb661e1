/** The questions of docs/analytics.md about messages, waits, agents and sources, asked of a known story; each answer is from arithmetic. */
import t from 'tap'
import type { DeliveryChanged, LeadEvent } from '../../schemas/generated/records.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { asReader } from '../../sinks/postgres/reader.ts'
import { saveAndTell } from '../../sinks/postgres/ledger.ts'
import { changed, rowOf } from '../../sinks/postgres/ledgerRow.ts'
import type { StoredRow } from '../../sinks/postgres/ledgerRow.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { unpublished } from '../../sinks/postgres/outbox.ts'
import { createPool, inTransaction } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { decisions, deliveries, followups, leadEvents, leadKey, marketingSpend, outcomes } from '../../topics/index.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import { DAY, HOUR, MINUTE, decisionRecord, followUpRecord, labelRecord, messageEvent, tuesdayNoon } from '../support/leadRecords.ts'
import { spent } from '../pipelines/attribution/journeyRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { example, migrated } from '../sinks/clickhouse/migratedSink.ts'
import { aboutMessages, asker, questions } from './analyticsQuestions.ts'

t.setTimeout(180_000)

const location = { tenantId: 'loc' }
/** 11:00 in Chicago. */
const noon = tuesdayNoon
const zone = { zone: 'America/Chicago' }

/** A decision on a follow-up, and the message that it became: which lead, why, on which channel, when it was confirmed and by which template. */
const sent = [
  ['d1', 'a', 'silence_24h', 'sms', noon, 'nudge_24h.sms.1'],
  ['d2', 'a', 'inbound_message', 'sms', noon + 10 * HOUR, 'reply.sms.1'],
  ['d3', 'b', 'silence_48h', 'email', noon + HOUR, 'nudge_48h.email.1'],
] as const
const votes = (agents: readonly (readonly [agentId: string, option: string])[]) =>
  agents.map(([agentId, option]) => ({
    ...{ agentId, agentVersion: 1, family: 'text', option, bin: 3, lambdaMicro: 0, rank: 1, deltaMicro: 0, tauMicro: 1_000_000 },
    ...{ nats: '500000000000000000', blocked: false, reasonCode: 'r', reasonText: null },
  }))
const outcome = (contactId: string, kind: string, at: number, outcomeId = `${contactId}-${kind}-${at - noon}`) => ({
  ...{ ...labelRecord(), ...location, contactId, kind, at, outcomeId, label: null, source: 'enrich' },
  channel: kind === 'reply' || kind === 'opt_out' ? 'sms' : null,
})

/** What is said of a lead by its own hand, by others, or by Rekindle. */
function said(
  contactId: string,
  at: number,
  sender: string,
  changes: { messageId?: string; channel?: string; status?: string; text?: string } = {},
): LeadEvent {
  const event = messageEvent({ ...location, contactId, eventId: `${contactId}-${at - noon}-${sender}`, occurredAt: at, receivedAt: at })
  const direction = sender === 'lead' ? 'inbound' : 'outbound'
  const kind = sender === 'lead' ? 'message_inbound' : 'message_outbound'
  return event.message === null
    ? event
    : { ...event, kind, message: { ...event.message, messageId: event.eventId, direction, sender, ...changes } }
}

t.test('what messages bring, how long leads wait and what agents are worth are told as the page says', async (t) => {
  const { client, database, sink, databaseUrl: url } = await migrated(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const asked = new Set<string>()
  const now = noon + 8 * DAY
  const ask = asker(client, database, 'loc', now, asked)
  const ofPostgres = async (name: string) => {
    asked.add(name)
    const { rows } = await asReader(pool, 'loc', (db) => db.query<Record<string, unknown>>(questions.get(name) ?? '', ['loc']))
    return rows.map((row) => Object.values(row).map(String).join(' '))
  }
  const offsets = new Map<string, number>()
  const tell = async <T extends AnyTopic>(topic: T, values: readonly ValueOf<T>[], into: readonly ('postgres' | 'clickhouse')[]) => {
    const from = offsets.get(topic.name) ?? 0
    offsets.set(topic.name, from + values.length)
    const keyed = values.map((value) => [leadKey('loc', (value as unknown as { contactId?: string }).contactId ?? ''), value] as const)
    if (into.includes('postgres')) await postgresSink(pool).write([batch(topic, from, keyed)])
    if (into.includes('clickhouse')) await sink.write([batch(topic, from, keyed)])
  }

  // d4 was decided and never left. The wording of the question of d2 was asked of nobody.
  const followUp = (decisionId: string, contactId: string, reason: string) =>
    decisionRecord({
      ...{ ...location, decisionId, contactId, reason, assessmentId: `q-${decisionId}` },
      contributions: votes([
        ['intent_detector', 'sms'],
        ['timing_optimizer', decisionId === 'd1' ? 'sms' : 'wait'],
      ]),
      silent: [{ agentId: 'load_manager', kind: 'abstain', reasonCode: 'nothing_said', agentVersion: 1 } as never],
    })
  const wording = (of: string, contactId: string, chosen: string) =>
    decisionRecord({ ...location, decisionId: `w-${of}`, contactId, type: 'content', assessmentId: `q-${of}`, chosen })
  await tell(
    decisions,
    [
      ...sent.map(([decisionId, contactId, reason]) => followUp(decisionId, contactId, reason)),
      followUp('d4', 'c', 'silence_24h'),
      ...[wording('d1', 'a', 'inform'), wording('d3', 'b', 'soft_ask')],
    ],
    ['clickhouse'],
  )
  const plans = [
    ...sent.map(([decisionId, contactId, , channel, , templateId]) =>
      followUpRecord({ ...location, decisionId, contactId, channel, templateId }),
    ),
    followUpRecord({ ...location, decisionId: 'd4', contactId: 'c' }),
  ]
  await tell(followups, plans, ['postgres'])
  await inTransaction(pool, async (db) => {
    const { rows } = await db.query<StoredRow>('SELECT * FROM followup_actions')
    const next = rows.map(rowOf).map((row) => {
      const at = sent.find(([decisionId]) => decisionId === row.decisionId)?.[4]
      return at === undefined
        ? changed(row, { status: 'denied', reason: 'No.', at: noon })
        : changed(row, { status: 'confirmed', reason: '', messageId: `own-${row.decisionId}`, handedOverAt: at, settledAt: at, at })
    })
    await saveAndTell(db, next)
  })
  const told = (await unpublished(pool, 100)).map(({ delivery }) => delivery)
  await tell(deliveries, told, ['postgres', 'clickhouse'])

  // The first message of a is answered after 2 h, which is told twice, the second one after 1 h. b books 72 h and a minute after its message: too late.
  await tell(
    outcomes,
    [
      ...[outcome('a', 'reply', noon + 2 * HOUR), outcome('a', 'reply', noon + 2 * HOUR), outcome('a', 'reply', noon + 11 * HOUR)],
      ...[outcome('b', 'opt_out', noon + 5 * HOUR), outcome('b', 'appointment', noon + 73 * HOUR + MINUTE)],
      outcome('c', 'reply', noon + HOUR),
    ],
    ['clickhouse'],
  )
  t.strictSame(await ask('came_back'), [{ tenant_id: 'loc', week: '2026-11-09', written_to: '2', came_back: '1' }])
  const brought = (reason: string, channel: string, wording: string, replied: string, opted_out: string) => ({
    ...{ reason, channel, wording, messages: '1', leads: '1', replied, booked: '0', opted_out, complained: '0' },
  })
  t.strictSame(await ask('brought'), [
    brought('inbound_message', 'sms', '', '1', '0'),
    brought('silence_24h', 'sms', 'inform', '1', '0'),
    brought('silence_48h', 'email', 'soft_ask', '0', '1'),
  ])
  // 17:00, 18:00 and 3:00 UTC.
  t.strictSame(await ask('hours', zone), [
    { hour: 11, messages: '1', replied: '1' },
    { hour: 12, messages: '1', replied: '0' },
    { hour: 21, messages: '1', replied: '1' },
  ])
  t.strictSame(
    await asker(client, database, 'loc', noon + 3 * DAY, new Set())('came_back'),
    [{ tenant_id: 'loc', week: '2026-11-09', written_to: '1', came_back: '1' }],
    'the time of the message to b is not over',
  )

  // a waits for 8 h: the platform tells of our message, then its delivery does. b hears a workflow after a minute and a person after 31.
  const own: LeadEvent = {
    ...messageEvent({ ...location, contactId: 'a', eventId: 'own', kind: 'followup_delivered', source: 'delivery' }),
    ...{ ...noSections, occurredAt: noon + 10 * HOUR, receivedAt: noon + 10 * HOUR },
    delivery: {
      ...{
        followupId: 'f',
        decisionId: 'd2',
        channel: 'sms',
        status: 'confirmed',
        messageId: 'own-d2',
        text: 'Hi',
        action: 'send_message',
      },
      ...{ echoed: true, assigneeId: null, closedBecause: null },
    },
  }
  await tell(
    leadEvents,
    [
      ...[said('a', noon + 2 * HOUR, 'lead'), said('a', noon + 2 * HOUR + MINUTE, 'lead')],
      ...[said('a', noon + 10 * HOUR, 'api', { messageId: 'own-d2' }), own],
      ...[
        said('b', noon + 2.5 * HOUR, 'lead'),
        said('b', noon + 2.5 * HOUR + MINUTE, 'workflow'),
        said('b', noon + 2.5 * HOUR + 31 * MINUTE, 'human'),
      ],
      ...[said('b', noon + 4 * HOUR, 'lead'), said('b', noon + 5 * HOUR, 'human', { channel: 'internal_comment' })],
      // What a telephone writes is no inquiry. d hears nothing of what failed at once, and of what was told as sent before it failed.
      said('c', noon + 3 * HOUR, 'lead', { text: "I'm driving with Do Not Disturb While Driving turned on." }),
      ...[said('d', noon + HOUR, 'lead'), said('d', noon + HOUR + MINUTE, 'human', { messageId: 'x1', status: 'undelivered' })],
      ...[
        said('d', noon + HOUR + 2 * MINUTE, 'human', { messageId: 'x2', status: 'sent' }),
        said('d', noon + HOUR + 3 * MINUTE, 'human', { messageId: 'x2', status: 'failed' }),
      ],
      said('d', noon + HOUR + 20 * MINUTE, 'human', { messageId: 'x3', status: 'delivered' }),
    ],
    ['postgres', 'clickhouse'],
  )
  // Of two the median is told as the greater.
  t.strictSame(await ask('waits', zone), [
    { hour: 12, waits: '1', still_waiting: '0', median_minutes: 20, median_minutes_of_people: 20 },
    { hour: 13, waits: '2', still_waiting: '0', median_minutes: 480, median_minutes_of_people: 31 },
    { hour: 15, waits: '1', still_waiting: '1', median_minutes: null, median_minutes_of_people: null },
  ])
  t.strictSame(await ask('answerers'), [
    { answered_by: 'human', waits: '1' },
    { answered_by: 'rekindle', waits: '1' },
    { answered_by: 'workflow', waits: '1' },
  ])
  t.strictSame(
    (
      await pool.query<{ line: string }>(`SELECT sender || ' ' || count(*) AS line FROM communications GROUP BY sender ORDER BY 1`)
    ).rows.map(({ line }) => line),
    ['human 6', 'lead 6', 'rekindle 1', 'workflow 1'],
    'a message of ours is ours, whoever told of it first',
  )

  // Drawn with 2 and with 5 of 100, d3 was put to people. The first verdict on d1 counts.
  const verdict = (
    decisionId: string,
    contactId: string,
    option: string,
    inclusion: number,
    selection = 'random',
    labeller = 'anna',
    at = noon,
  ) =>
    labelRecord(
      { ...location, contactId, at, outcomeId: `${decisionId}-${labeller}` },
      { decisionId, option, inclusion, selection, labeller },
    )
  await tell(
    outcomes,
    [
      ...[verdict('d1', 'a', 'sms', 0.02), verdict('d1', 'a', 'wait', 0.02, 'random', 'ben', noon + 1), verdict('d2', 'a', 'wait', 0.05)],
      verdict('d3', 'b', 'call', 1, 'escalated'),
    ],
    ['clickhouse'],
  )
  t.strictSame(
    (await ask<{ share: number }>('right')).map(({ share, ...one }) => ({ ...one, share: share.toFixed(4) })),
    [
      { type: 'follow_up', agent_id: 'intent_detector', judged_votes: '2', right: '1', share: (50 / 70).toFixed(4) },
      { type: 'follow_up', agent_id: 'timing_optimizer', judged_votes: '2', right: '2', share: '1.0000' },
    ],
  )
  const answers = await client.query({
    query: `SELECT answer, count() AS told FROM ${database}_analytics.v_agent_answers GROUP BY answer ORDER BY answer`,
    format: 'JSONEachRow',
  })
  t.strictSame(await answers.json(), [
    { answer: 'abstain', told: '4' },
    { answer: 'vote', told: '8' },
  ])

  await tell(marketingSpend, [spent('radio', '2026-11-02', '250', location), spent('radio', '2026-12-01', '70', location)], ['clickhouse'])
  t.strictSame(await ask('appointments'), [
    { month: '2026-11-01', currency: 'USD', spent: '250', appointments: '1', per_appointment: 250 },
    { month: '2026-12-01', currency: 'USD', spent: '70', appointments: '0', per_appointment: null },
  ])

  const lead = (id: string, source: string, counters: Record<string, number>, status = 'contacted', owner = 'anna') =>
    pool.query(
      `INSERT INTO leads (id, tenant_id, contact_id, status, source, temperature, lead_score, scoring_reasoning, assigned_agent_id, assigned_at, intent_level,
         created_at, updated_at, last_activity, last_contacted, epoch, version, profile)
       VALUES ('loc:' || $1, 'loc', $1, $2::lead_status, $3, 'unknown', 0, 'because', $4, now(), 'WARM', now(), now(), now(), now(), 1, 1, $5)`,
      [id, status, source, owner, JSON.stringify({ counters: { inbound: 0, outbound: 0, appointments: 0, ...counters } })],
    )
  await lead('a', 'referral', { inbound: 2, outbound: 2 })
  await lead('b', 'referral', { inbound: 2, outbound: 3, appointments: 1 }, 'converted')
  await lead('c', 'website', {}, 'new', 'ben')
  t.strictSame(await ofPostgres('pg_sources'), ['referral 2 2 2 1 1', 'website 1 0 0 0 0'])
  t.strictSame(await ofPostgres('pg_load'), ['anna 1 2 2 100.0', 'ben 1 1 1 null'])
  // b takes back texts and calls with one word five hours later, a three days and an hour after its last message.
  const revoke = (id: string, channel: string, at: number) =>
    pool.query(
      `INSERT INTO consent_statements (lead_id, tenant_id, channel, purpose, event_id, status, stated_at, stored_at) VALUES ('loc:' || $1, 'loc', $2, 'all', 'e', 'revoked', $3, now())`,
      [id, channel, new Date(at)],
    )
  await revoke('b', 'sms', noon + 5 * HOUR)
  await revoke('b', 'call', noon + 5 * HOUR)
  await revoke('a', 'sms', noon + 10 * HOUR + 73 * HOUR)
  t.strictSame(await ofPostgres('pg_templates'), ['nudge_24h.sms.1 1 1 0', 'nudge_48h.email.1 1 1 1', 'reply.sms.1 1 1 0'])
  t.strictSame([...asked].sort(), [...aboutMessages].sort())
})

t.test('what is asked of one location reads its rows alone, also of what its own are joined with', async (t) => {
  const { client, database, sink } = await migrated(t)
  const message = said('a', noon, 'human', { messageId: 'm' })
  // A table without rows is not read at all.
  const delivery = example<DeliveryChanged>('DeliveryChanged', 'confirmed')
  await sink.write([batch(leadEvents, 0, [['loc:a', message]])])
  await sink.write([batch(deliveries, 0, [['loc:a', { ...delivery, ...location, at: noon }]])])
  await sink.write([batch(decisions, 0, [['loc:a', decisionRecord({ ...location, decidedAt: noon })]])])
  await sink.write([batch(outcomes, 0, [['loc:a', outcome('a', 'reply', noon)]])])
  const plan = async (query: string) => {
    const answer = await client.query({ query: `EXPLAIN indexes = 1 ${query}`, query_params: { location: 'loc' }, format: 'JSONEachRow' })
    const lines = (await answer.json<{ explain: string }>()).map(({ explain }) => explain).join('\n')
    return lines.split('ReadFromMergeTree').slice(1)
  }
  for (const [view, tables] of [
    ...[['v_decisions', 1] as const, ['v_agent_answers', 1] as const, ['v_followup_outcomes', 1] as const, ['v_lead_flow', 1] as const],
    ...[['v_outcomes', 1] as const, ['v_messages', 4] as const, ['v_waits', 3] as const],
  ]) {
    const reads = await plan(`SELECT * FROM ${database}_analytics.${view} WHERE tenant_id = {location:String}`)
    t.equal(reads.length, tables, view)
    for (const read of reads) t.match(read, /PrimaryKey[\s\S]*?tenant_id in \[/, `${view}: ${read.slice(0, 60)}`)
  }
})
