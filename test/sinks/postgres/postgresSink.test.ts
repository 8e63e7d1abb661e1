import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type pg from 'pg'
import { createPool, inTransaction, poolDefaults } from '../../../sinks/postgres/pool.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { storeProfiles } from '../../../sinks/postgres/leadRows.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { leadQueries } from '../../../sinks/postgres/queries.ts'
import { forgetPublished, markPublished, unpublished } from '../../../sinks/postgres/outbox.ts'
import { deliveryOf } from '../../../sinks/postgres/ledgerRow.ts'
import { storableJson, storableText } from '../../../sinks/postgres/storable.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import type { SinkRecord } from '../../../runtime/sink.ts'
import type { LeadProfile, Scoring } from '../../../schemas/generated/records.ts'
import { decisions, deliveries, followups, profiles, tenants, triggers } from '../../../topics/index.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'
import { DAY, HOUR, decisionRecord, followUpRecord, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../../support/leadRecords.ts'

const maria = `${tenantId}:maria`

async function store(t: Test): Promise<{ pool: pg.Pool; url: string }> {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 10 })
  t.teardown(() => pool.end())
  return { pool, url: databaseUrl }
}
const MIGRATIONS = readdirSync(join(import.meta.dirname, '../../../sinks/postgres/migrations')).length

t.test('P-63: migrations run forward, backward and forward again, wait for each other, and a dry run does nothing', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  const lines: string[] = []
  t.equal((await migrate({ url, dryRun: true, onLine: (line) => lines.push(line) })).length, MIGRATIONS)
  t.ok(
    lines.some((line) => line.includes('CREATE TABLE leads')),
    'it prints the SQL',
  )
  const pool = createPool({ url, max: 3 })
  t.teardown(() => pool.end())
  const tables = async () =>
    (
      await pool.query<{ name: string }>(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'schema_migrations' ORDER BY 1",
      )
    ).rows.map(({ name }) => name)
  t.strictSame(await tables(), [])
  t.equal((await pool.query("SELECT to_regclass('schema_migrations') AS found")).rows[0].found, null)
  const ran = await Promise.all([migrate({ url }), migrate({ url }), migrate({ url })])
  t.strictSame(ran.map(({ length }) => length).sort(), [0, 0, MIGRATIONS], 'one of three at once migrates')
  const all = [
    'address_statements',
    'audit_labels',
    'communications',
    'consent_statements',
    'counted_days',
    'decision_days',
    'decisions',
    'deliveries',
    'delivery_outbox',
    'followup_actions',
    'ghl_authorizations',
    'ghl_grants',
    'heartbeats',
    'inventories',
    'lead_assignments',
    'lead_erasures',
    'lead_look_ups',
    'lead_search',
    'leads',
    'learned_policies',
    'look_up_days',
    'outside_ballots',
    'policies',
    'policy_changes',
    'shadow_decisions',
    'sink_offsets',
    'staff_settings',
    'sweep_cursors',
    'sweep_findings',
    'tenants',
    'v_agent_performance',
    'v_communication_effectiveness',
    'v_lead_funnel',
    'v_lead_summary',
    'waiting_ballots',
  ]
  t.strictSame(await tables(), all)
  t.equal((await migrate({ url, direction: 'down', count: MIGRATIONS })).length, MIGRATIONS)
  t.strictSame(await tables(), [])
  await migrate({ url })
  t.strictSame(await tables(), all)
  await t.rejects(migrate({ url: url.replace(/\/[^/]+$/, '/no_such_database') }), /does not exist/)
  await pool.query('CREATE TABLE blocker (id int)')
  await migrate({ url, direction: 'down', count: MIGRATIONS })
  await pool.query('CREATE TABLE leads (id int)')
  await t.rejects(migrate({ url }), { code: 'E_MIGRATION_FAILED' })
  t.notOk((await tables()).includes('tenants'), 'nothing of a failed run is kept')
})

t.test('P-67: the pool honours the limits it is given, and asks for 100, 30 s and 3600 s by itself', async (t) => {
  const asked = createPool({ url: 'postgres://nobody@127.0.0.1:1/none', max: 7, timeoutMs: 1_234, recycleMs: 90_000 })
  t.match(asked.options, { max: 7, connectionTimeoutMillis: 1_234, maxLifetimeSeconds: 90 })
  t.strictSame(poolDefaults, { max: 100, timeoutMs: 30_000, recycleMs: 3_600_000 })
  const usual = createPool({ url: 'postgres://nobody@127.0.0.1:1/none' })
  t.match(usual.options, { max: 100, connectionTimeoutMillis: 30_000, maxLifetimeSeconds: 3_600 })
  const { databaseUrl: url } = await testStack(t)
  const warnings: unknown[] = []
  const small = createPool({ url, max: 2, timeoutMs: 200, logger: { warn: (...said: unknown[]) => warnings.push(said) } as never })
  t.teardown(() => small.end())
  const held = await Promise.all([small.connect(), small.connect()])
  await t.rejects(small.connect(), /timeout/, 'the third waits no longer than it was told')
  for (const client of held) client.release()
  await t.rejects(
    inTransaction(small, async (client) => {
      await client.query('CREATE TABLE kept (id int)')
      throw new Error('no')
    }),
    /no/,
  )
  t.equal((await small.query("SELECT to_regclass('kept') AS found")).rows[0].found, null, 'rolled back')
  const {
    rows: [{ pid }],
  } = await small.query('SELECT pg_backend_pid() AS pid')
  const killer = createPool({ url, max: 1 })
  t.teardown(() => killer.end())
  await killer.query('SELECT pg_terminate_backend($1)', [pid])
  await t.resolves(
    small.query('SELECT 1').catch(() => small.query('SELECT 1')),
    'a broken connection is replaced',
  )
})

t.test('a zombie that looked before its successor stored a newer lead overwrites nothing', async (t) => {
  const { pool } = await store(t)
  const successor = postgresSink(pool)
  const newer = batch(profiles, 0, [[maria, profileRecord({ version: 5, firstName: 'Newer' })]])
  const older = batch(profiles, 0, [[maria, profileRecord({ version: 4, firstName: 'Older' })]])
  await inTransaction(pool, async (client) => {
    const query = client.query.bind(client)
    const looked = new Proxy(client, {
      get: (target, name) =>
        name !== 'query'
          ? (Reflect.get(target, name) as unknown)
          : async (asked: { name?: string }, values?: unknown[]) => {
              const found: unknown = await query(asked as never, values)
              if (asked.name === 'leads_scores') await successor.write([newer])
              return found
            },
    })
    await storeProfiles(looked, older.records as SinkRecord<LeadProfile>[])
  })
  t.strictSame((await pool.query('SELECT version, first_name FROM leads')).rows, [{ version: 5, first_name: 'Newer' }])
})

t.test('P-57: profiles become leads: the vocabulary, the newest version, assignments, and nothing left of an erased one', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  const queries = leadQueries(pool)
  await sink.write([
    batch(profiles, 0, [
      [maria, profileRecord({ version: 2, ownerId: 'realtor1' })],
      [
        maria,
        profileRecord({
          version: 5,
          ownerId: 'realtor2',
          level: 'URGENT',
          score: 90,
          firstName: 'Mar\0ia\ud800',
          scoring: scoring(82, 'hot'),
        }),
      ],
      [maria, profileRecord({ version: 4 })],
      [
        `${tenantId}:odd`,
        profileRecord({ contactId: 'odd', status: 'levitating', level: 'PURPLE', score: 500, opportunity: won('12.50') }),
      ],
    ]),
  ])
  const { rows } = await pool.query('SELECT * FROM leads ORDER BY id')
  t.match(rows[0], {
    id: maria,
    version: 5,
    first_name: 'Mar\ufffdia\ufffd',
    temperature: 'hot',
    priority: 'urgent',
    priority_score: 582,
    status: 'contacted',
    assigned_agent_id: 'realtor2',
    intent_level: 'URGENT',
    epoch: 4,
    lead_score: 82,
    scoring_reasoning: '82 of 100, hot: 82 for reasons.',
    deleted_at: null,
    source: 'website form',
  })
  t.match(rows[1], {
    status: 'new',
    temperature: 'unknown',
    priority: 'medium',
    lead_score: 100,
    scoring_reasoning: '100 of 100, unknown: 100 for what the lead says, scored before anything else was.',
    last_score_update: null,
    conversion_value: '12.50',
  })
  await sink.write([batch(profiles, 4, [[maria, profileRecord({ version: 3, ownerId: 'realtor9' })]])])
  t.equal((await queries.profiles('maria'))[0]?.version, 5, 'an older version changes nothing')
  t.strictSame(
    (await queries.assignmentsOf('realtor2', 'active', 5)).map(({ leadId }) => leadId),
    [maria],
  )
  await sink.write([batch(profiles, 5, [[maria, profileRecord({ version: 6, ownerId: 'realtor3', deletedAt: tuesdayNoon })]])])
  t.strictSame(await queries.assignmentsOf('realtor2', 'active', 5), [])
  t.match(await queries.assignmentsOf('realtor2', 'ended', 5), [{ leadId: maria, status: 'ended' }])
  t.equal((await queries.leads({ limit: 10 })).leads.length, 1, 'a deleted contact is not listed')
  await sink.write([
    batch(profiles, 6, [
      [maria, profileRecord({ version: 7, ownerId: null })],
      [maria, null],
      [maria, profileRecord({ version: 1, ownerId: null })],
      [`${tenantId}:odd`, null],
    ]),
  ])
  t.strictSame((await pool.query('SELECT id, version FROM leads')).rows, [{ id: maria, version: 1 }])
  t.equal((await pool.query('SELECT count(*)::int AS count FROM lead_assignments')).rows[0].count, 0)
  t.strictSame((await pool.query('SELECT lead_id FROM lead_search')).rows, [{ lead_id: maria }], 'nor its words')
})

t.test('a score is recorded when it differs by more than 5, with its temperature and reasoning, however batches are cut', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  // 45 is 5 from 40 and 46 is more; 41 is 5 from 46; 39 is cold; 36 is not 5 from 39.
  const scores = [
    scoring(40, 'warm'),
    scoring(45, 'warm'),
    scoring(46, 'warm'),
    scoring(41, 'warm'),
    scoring(39, 'cold'),
    scoring(36, 'cold'),
  ]
  const versions = scores.map((one, index) => profileRecord({ version: index + 1, scoring: one }))
  const other = `${tenantId}:other`
  const recorded: unknown[] = []
  for (const [index, profile] of versions.entries()) {
    await sink.write([batch(profiles, index, [[maria, profile]], 0)])
    const { rows } = await pool.query('SELECT lead_score, temperature, scoring_reasoning, version FROM leads')
    recorded.push(rows[0])
  }
  t.strictSame(
    recorded,
    [40, 40, 46, 46, 39, 39].map((score, index) => {
      const temperature = score < 40 ? 'cold' : 'warm'
      const scoring_reasoning = `${score} of 100, ${temperature}: ${score} for reasons.`
      return { lead_score: score, temperature, scoring_reasoning, version: index + 1 }
    }),
  )
  await sink.write([
    batch(
      profiles,
      0,
      versions.map((profile) => [other, { ...profile, contactId: 'other' }]),
      1,
    ),
  ])
  const both = await pool.query<{ lead_score: number; priority_score: number; last_score_update: Date }>(
    'SELECT lead_score, priority_score, last_score_update FROM leads ORDER BY id DESC',
  )
  t.strictSame(both.rows[0], { lead_score: 39, priority_score: 439, last_score_update: new Date(tuesdayNoon + 4) }, 'one batch of six')
  t.match(both.rows[1], { lead_score: 39, priority_score: 439, last_score_update: new Date(tuesdayNoon) }, 'six batches of one')
  t.match(
    (await leadQueries(pool).leads({ limit: 2, minScore: 39 })).leads.map(({ score, temperature }) => [score, temperature]),
    [
      [39, 'cold'],
      [39, 'cold'],
    ],
    'what is listed is what was asked for',
  )
  const wasDeleted = { fieldTimes: { deleted: tuesdayNoon } }
  const [old, revived] = [
    profileRecord({ version: 7, ...wasDeleted, scoring: scoring(38, 'cold') }),
    { version: 8, scoring: null, score: 60 },
  ]
  await sink.write([batch(profiles, 6, [[maria, old]], 0)])
  t.equal(
    (await pool.query('SELECT lead_score FROM leads WHERE id = $1', [maria])).rows[0].lead_score,
    38,
    'nothing from before a deletion stays',
  )
  await sink.write([batch(profiles, 7, [[maria, profileRecord(revived)]], 0)])
  t.match((await pool.query('SELECT * FROM leads WHERE id = $1', [maria])).rows[0], { lead_score: 60, last_score_update: null })
  await sink.write([batch(profiles, 8, [[maria, profileRecord({ version: 9, scoring: scoring(61, 'warm') })]], 0)])
  t.match(
    (await pool.query('SELECT * FROM leads WHERE id = $1', [maria])).rows[0],
    { lead_score: 61, scoring_reasoning: '61 of 100, warm: 61 for reasons.' },
    'the first with factors is recorded, however near',
  )
  await sink.write([batch(profiles, 9, [[maria, profileRecord({ version: 10, scoring: scoring(61, 'blazing') })]], 0)])
  t.equal(
    (await pool.query('SELECT temperature FROM leads WHERE id = $1', [maria])).rows[0].temperature,
    'unknown',
    'a word it does not know',
  )
  await t.rejects(
    pool.query('UPDATE leads SET lead_score = 51, scoring_reasoning = NULL'),
    { code: '23514' },
    'none above 50 without reasoning',
  )
})

function scoring(score: number, temperature: string): Scoring {
  const factors = [{ code: 'intent_signals', points: score, words: 'reasons' }]
  return { at: 0, score, temperature, behaviour: 0, intent: 0, fit: 0, engagement: 0, factors }
}

function won(monetaryValue: string) {
  return { opportunityId: 'o', pipelineId: null, stageId: null, status: 'won', name: null, monetaryValue, ownerId: null }
}

t.test('rows and offset are one: a repeated batch, an overlapping one and a crash in the middle store everything once', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  const load = (topic: AnyTopic, partition: number) =>
    sink.exactlyOnce.kind === 'stored-offsets' ? sink.exactlyOnce.load(topic, partition) : Promise.reject(new Error('offsets are stored'))
  t.equal(await load(decisions, 0), undefined)
  const first = batch(decisions, 0, [
    [maria, decisionRecord()],
    [maria, decisionRecord({ decisionId: 'd2' })],
  ])
  await sink.write([first])
  await sink.write([first])
  t.equal(await load(decisions, 0), 2n)
  t.equal(await load(decisions, 1), undefined)
  await sink.write([
    batch(decisions, 1, [
      [maria, decisionRecord({ decisionId: 'not again' })],
      [maria, decisionRecord({ decisionId: 'd3' })],
    ]),
  ])
  t.strictSame(
    (await pool.query('SELECT decision_id FROM decisions ORDER BY 1')).rows.map(({ decision_id }) => decision_id),
    ['d1', 'd2', 'd3'],
  )
  t.equal(await load(decisions, 0), 3n)
  const bad = batch(decisions, 3, [
    [maria, decisionRecord({ decisionId: 'd4' })],
    [maria, { ...decisionRecord(), decidedAt: NaN }],
  ])
  await t.rejects(sink.write([bad]))
  t.equal(await load(decisions, 0), 3n, 'neither rows nor offset of a batch that failed')
  t.equal((await leadQueries(pool).counts()).decisions, 3)
  const racing = batch(decisions, 3, [
    [maria, decisionRecord({ decisionId: 'd4' })],
    [maria, decisionRecord({ decisionId: 'd5' })],
  ])
  await Promise.all(Array.from({ length: 8 }, () => sink.write([racing])))
  t.equal((await leadQueries(pool).counts()).decisions, 5, 'eight writers of one batch')
  const gaps = batch(decisions, 10, [[maria, decisionRecord({ decisionId: 'd6' })]])
  await sink.write([{ ...gaps, min: 5n, max: 20n }])
  t.equal(await load(decisions, 0), 21n, 'the gaps of a range are behind it too')
  await t.rejects(sink.write([batch(triggers, 0, [[maria, {} as never]])]), { code: 'E_SINK_TOPIC_UNKNOWN' })
})

t.test(
  'the id of a topic is kept with its offset: of one that was made anew the old one is told, until the offset is let go',
  async (t) => {
    const { pool } = await store(t)
    const made = () => {
      const { exactlyOnce } = postgresSink(pool)
      return exactlyOnce.kind === 'stored-offsets' ? exactlyOnce : undefined
    }
    const kept = async () => (await pool.query('SELECT next_offset, topic_id FROM sink_offsets WHERE next_offset IS NOT NULL')).rows
    t.equal(await made()?.topicId?.(decisions, 0, 'one'), 'one', 'before anything is stored')
    t.strictSame(await kept(), [])

    const sink = postgresSink(pool)
    if (sink.exactlyOnce.kind === 'stored-offsets') await sink.exactlyOnce.topicId?.(decisions, 0, 'one')
    await sink.write([batch(decisions, 0, [[maria, decisionRecord()]])])
    await sink.write([batch(decisions, 1, [[maria, decisionRecord({ decisionId: 'd2' })]])])
    t.strictSame(await kept(), [{ next_offset: '2', topic_id: 'one' }])
    t.equal(await made()?.topicId?.(decisions, 0, 'one'), 'one')
    t.equal(await made()?.topicId?.(decisions, 0, 'two'), 'one')
    t.strictSame(await kept(), [{ next_offset: '2', topic_id: 'one' }])

    await pool.query('UPDATE sink_offsets SET topic_id = NULL')
    t.equal(await made()?.topicId?.(decisions, 0, 'two'), 'two', 'as of what was stored before ids were kept')
    t.strictSame(await kept(), [{ next_offset: '2', topic_id: 'two' }])
    await pool.query('UPDATE sink_offsets SET next_offset = NULL')
    t.equal(await made()?.topicId?.(decisions, 0, 'three'), 'three')
  },
)

t.test('caughtUp is kept beside the offset as it was told last: a clock that was ahead vouches for nothing', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  const place = { topic: profiles, partition: 2 }
  await sink.caughtUp?.([place], tuesdayNoon + HOUR)
  await sink.caughtUp?.([place], tuesdayNoon)
  const { rows } = await pool.query('SELECT topic, partition, next_offset, caught_up_at FROM sink_offsets')
  t.strictSame(rows, [{ topic: 'leads.profiles.v1', partition: 2, next_offset: null, caught_up_at: new Date(tuesdayNoon) }])
  if (sink.exactlyOnce.kind === 'stored-offsets')
    t.equal(await sink.exactlyOnce.load(profiles, 2), undefined, 'an empty partition is read from its start')
})

t.test(
  'who tells that all is stored waits for a writer of one topic without holding the places of others, and then tells it',
  async (t) => {
    const { pool } = await store(t)
    const sink = postgresSink(pool)
    // In the order of the rows: decisions before profiles, so the one that is held comes first.
    const places = [decisions, profiles].map((topic) => ({ topic, partition: 0 }))
    await sink.caughtUp?.(places, tuesdayNoon)
    const known = async () => {
      const { rows } = await pool.query<{ topic: string; caught_up_at: Date }>(
        'SELECT topic, caught_up_at FROM sink_offsets ORDER BY topic',
      )
      return rows.map(({ caught_up_at }) => caught_up_at.getTime() - tuesdayNoon)
    }
    const writer = await pool.connect()
    try {
      await writer.query('BEGIN')
      await writer.query("SELECT 1 FROM sink_offsets WHERE topic = 'decisions.v1' FOR UPDATE")
      const telling = sink.caughtUp?.(places, tuesdayNoon + HOUR)
      // It waits for the writer by now: what it did before that is done.
      for (let waits = 0; waits === 0;)
        waits =
          (await pool.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")).rowCount ?? 0
      t.strictSame(await known(), [0, HOUR], 'the other place is told')
      await pool.query("SELECT 1 FROM sink_offsets WHERE topic = 'leads.profiles.v1' FOR UPDATE NOWAIT")
      await writer.query('COMMIT')
      await telling
      t.strictSame(await known(), [HOUR, HOUR])
    } finally {
      writer.release()
    }
  },
)

t.test('planned and cancelled in any order and any number end the same; an open one that is cancelled is told', async (t) => {
  const orders: readonly (readonly ('planned' | 'cancelled')[])[] = [
    ['planned', 'cancelled'],
    ['cancelled', 'planned'],
    ['planned', 'planned', 'cancelled', 'planned', 'cancelled'],
    ['cancelled', 'cancelled', 'planned'],
  ]
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  let offset = 0
  for (const [index, order] of orders.entries()) {
    for (const together of [true, false]) {
      const contactId = `lead${index}${together ? 'a' : 'b'}`
      const records = order.map((change) => [`${tenantId}:${contactId}`, followUpRecord({ contactId, change })] as const)
      if (together) await sink.write([batch(followups, offset, records)])
      else for (const [at, record] of records.entries()) await sink.write([batch(followups, offset + at, [record])])
      offset += records.length
    }
  }
  const queries = leadQueries(pool)
  t.strictSame((await queries.counts()).followupsByOutcome, { 'send_message/cancelled': 8 })
  const told = await unpublished(pool, 50)
  t.strictSame([...new Set(told.map(({ delivery }) => `${delivery.status} ${delivery.sequence}`))], ['cancelled 1'])
  await sink.write([
    batch(followups, offset, [
      [maria, followUpRecord()],
      [maria, followUpRecord({ followupId: 'another id', text: 'of the same intent' })],
      [maria, null],
    ]),
  ])
  t.equal((await queries.ledger(tenantId, 'maria', 10)).length, 1, 'one row per intent')
  t.match(await queries.followups(tenantId, 'maria', 10), [followUpRecord()])
})

t.test('deliveries are stored once, tenants by their last record', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  await sink.write([batch(followups, 0, [[maria, followUpRecord()]])])
  const queries = leadQueries(pool)
  const [row] = await queries.ledger(tenantId, 'maria', 1)
  if (row === undefined) return t.fail('no row')
  const told = deliveryOf({ ...row, status: 'confirmed', sequence: 3, messageId: 'm' })
  await sink.write([
    batch(deliveries, 0, [
      [maria, told],
      [maria, told],
      [maria, deliveryOf({ ...row, status: 'reserved', sequence: 1 })],
    ]),
  ])
  t.strictSame(
    (await queries.deliveries(tenantId, 'maria', 5)).map(({ status }) => status),
    ['confirmed', 'reserved'],
  )
  await sink.write([
    batch(tenants, 0, [
      [tenantId, tenantRecord()],
      [tenantId, tenantRecord({ automation: false })],
      ['gone', tenantRecord({ tenantId: 'gone' })],
      ['gone', null],
    ]),
  ])
  t.strictSame((await pool.query('SELECT tenant_id, automation FROM tenants')).rows, [{ tenant_id: tenantId, automation: false }])
  await sink.write([batch(tenants, 4, [[tenantId, null]])])
  t.equal((await pool.query('SELECT 1 FROM tenants')).rowCount, 0)
})

t.test('pages follow each other without gaps or repeats; foreign cursors are refused', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  const contacts = Array.from({ length: 25 }, (_, index) => `c${String(index).padStart(2, '0')}`)
  // Five leads at each of five times: ties are broken by id.
  await sink.write([
    batch(
      profiles,
      0,
      contacts.map((contactId, index) => [
        `${tenantId}:${contactId}`,
        profileRecord({
          contactId,
          lastEventAt: tuesdayNoon + (index % 5) * HOUR,
          level: index % 2 === 0 ? 'HOT' : 'COLD',
          score: index,
          status: index < 20 ? 'contacted' : 'new',
        }),
      ]),
    ),
  ])
  const queries = leadQueries(pool)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await queries.leads({ limit: 7, cursor })
    seen.push(...page.leads.map(({ contactId }) => contactId))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  t.strictSame([...seen].sort(), contacts)
  t.strictSame(seen.slice(0, 5), ['c04', 'c09', 'c14', 'c19', 'c24'])
  t.equal((await queries.leads({ limit: 50, level: 'HOT' })).leads.length, 13)
  t.equal((await queries.leads({ limit: 50, status: 'new', minScore: 22, tenantId })).leads.length, 3)
  t.equal((await queries.leads({ limit: 50, tenantId: 'other' })).leads.length, 0)
  for (const bad of ['x', Buffer.from('["no date","id"]').toString('base64url'), Buffer.from('{}').toString('base64url')])
    await t.rejects(queries.leads({ limit: 1, cursor: bad }), { code: 'E_CURSOR_INVALID' })
  t.equal((await queries.worklist('contacted', 3)).length, 3)
  t.match(await queries.leads({ limit: 1 }), { leads: [{ name: 'Maria Lopez', leadKey: `${tenantId}:c04` }] })
})

t.test('P-62: decisions, overview and counts for the API', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  const queries = leadQueries(pool)
  await sink.write([
    batch(decisions, 0, [
      [maria, decisionRecord()],
      [maria, decisionRecord({ decisionId: 'd2', chosen: 'wait', stopReason: 'gated', decidedAt: tuesdayNoon + HOUR })],
    ]),
  ])
  await sink.write([batch(profiles, 0, [[maria, profileRecord()]])])
  t.strictSame(
    (await queries.decisions(tenantId, 'maria', 5)).map(({ decisionId }) => decisionId),
    ['d2', 'd1'],
  )
  t.strictSame(await queries.decisionById('d1'), decisionRecord(), 'the record comes back whole')
  t.equal(await queries.decisionById('none'), undefined)
  t.match(await queries.latestDecisions(1), [{ decision: { decisionId: 'd2' }, name: 'Maria Lopez' }])
  t.strictSame(await queries.overview(), {
    leads: 1,
    leadsByLevel: { HOT: 1 },
    decisions: 2,
    decisionsByType: { follow_up: { chosen: { sms: 1 }, gated: 1, superseded: 0 } },
    followupsByOutcome: {},
  })
  t.strictSame(await queries.counts(), {
    leads: 1,
    decisions: 2,
    followups: 0,
    deliveries: 0,
    outboxUnpublished: 0,
    followupsByOutcome: {},
    heldBy: {},
  })
})

t.test('the three named indexes exist and are used', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  const count = 2_000
  const keys = Array.from({ length: count }, (_, index) => `lead${index}`)
  await sink.write([
    batch(
      profiles,
      0,
      keys.map((contactId, index) => [
        `${tenantId}:${contactId}`,
        profileRecord({
          contactId,
          score: index % 100,
          ownerId: `realtor${index % 50}`,
          status: index % 10 === 0 ? 'new' : 'contacted',
          createdAt: tuesdayNoon - index * HOUR,
        }),
      ]),
    ),
  ])
  await sink.write([
    batch(
      followups,
      0,
      keys.map((contactId) => [`${tenantId}:${contactId}`, followUpRecord({ contactId })]),
    ),
  ])
  await pool.query('ANALYZE')
  const asked: string[] = []
  const spy = {
    query: async (sql: string, params: unknown[]) => {
      const { rows } = await pool.query(`EXPLAIN ${sql}`, params)
      asked.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
      return { rows: [] }
    },
  }
  const queries = leadQueries(spy as never)
  await queries.worklist('new', 20)
  await queries.assignmentsOf('realtor7', 'active', 20)
  await queries.pendingFollowUps(`${tenantId}:lead7`)
  await queries.decisions(tenantId, 'lead7', 5)
  t.match(asked[0], /Index Scan using idx_leads_status_priority/)
  t.notMatch(asked[0], /Sort/, 'in the order of the index')
  t.match(asked[1], /Index Scan (using|on) idx_lead_assignments_agent/)
  t.match(asked[2], /idx_followup_actions_lead_pending/)
  t.equal((await leadQueries(pool).pendingFollowUps(`${tenantId}:lead7`)).length, 1)
})

t.test('published entries of the outbox are forgotten after their time, the others never', async (t) => {
  const { pool } = await store(t)
  const sink = postgresSink(pool)
  await sink.write([
    batch(
      followups,
      0,
      ['a', 'b', 'c'].map((contactId) => [`${tenantId}:${contactId}`, followUpRecord({ contactId })]),
    ),
  ])
  await sink.write([
    batch(
      followups,
      3,
      ['a', 'b', 'c'].map((contactId) => [`${tenantId}:${contactId}`, followUpRecord({ contactId, change: 'cancelled' })]),
    ),
  ])
  const entries = await unpublished(pool, 10)
  t.equal(entries.length, 3)
  await markPublished(
    pool,
    entries.slice(0, 2).map(({ id }) => id),
    tuesdayNoon,
  )
  await markPublished(pool, [], tuesdayNoon)
  t.equal(await forgetPublished(pool, tuesdayNoon, 10), 0)
  t.equal(await forgetPublished(pool, tuesdayNoon + DAY, 10), 2)
  t.equal((await unpublished(pool, 10)).length, 1)
})

t.test('what Postgres cannot store becomes U+FFFD, all else stays', async (t) => {
  t.equal(storableText('a\0b\ud800c\u{1F600}'), 'a\ufffdb\ufffdc\u{1F600}')
  t.strictSame(JSON.parse(storableJson({ 'k\0': ['x\udc00', 1, null, { deep: '\0' }] })), {
    'k\ufffd': ['x\ufffd', 1, null, { deep: '\ufffd' }],
  })
  t.equal(storableJson({ a: 'plain \\u0000' }), JSON.stringify({ a: 'plain \\u0000' }))
})
