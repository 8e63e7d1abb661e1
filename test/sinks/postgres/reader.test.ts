import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { countDays } from '../../../sinks/postgres/decisionDays.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import type { Queryable } from '../../../sinks/postgres/pool.ts'
import { leadQueries } from '../../../sinks/postgres/queries.ts'
import { ALL_TENANTS, asReader, readerQueries } from '../../../sinks/postgres/reader.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { deliveryOf } from '../../../sinks/postgres/ledgerRow.ts'
import { decisions, deliveries, followups, leadEvents, outcomes, profiles, tenants } from '../../../topics/index.ts'
import { decisionRecord, followUpRecord, labelRecord, messageEvent, profileRecord, tenantRecord } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const both = ['north', 'south']
const tables = [
  ...['leads', 'lead_assignments', 'lead_search', 'communications', 'decisions', 'deliveries', 'followup_actions', 'tenants'],
  ...['sweep_cursors', 'sweep_findings', 'heartbeats', 'audit_labels', 'decision_days', 'consent_statements', 'address_statements'],
]

/** One record of everything for each of two tenants, stored by the sink. */
async function fill(pool: pg.Pool): Promise<void> {
  const sink = postgresSink(pool)
  const key = (tenantId: string) => `${tenantId}:maria`
  await sink.write([
    batch(
      leadEvents,
      0,
      both.map((tenantId) => [key(tenantId), messageEvent({ tenantId, eventId: `e-${tenantId}` }, `a garden in the ${tenantId}`)]),
    ),
    batch(
      profiles,
      0,
      both.map((tenantId) => [key(tenantId), profileRecord({ tenantId, ownerId: 'realtor' })]),
    ),
    batch(
      decisions,
      0,
      both.map((tenantId) => [key(tenantId), decisionRecord({ tenantId, decisionId: `d-${tenantId}` })]),
    ),
    batch(
      outcomes,
      0,
      both.map((tenantId) => [key(tenantId), labelRecord({ tenantId }, { decisionId: `d-${tenantId}` })]),
    ),
    batch(
      followups,
      0,
      both.map((tenantId) => [key(tenantId), followUpRecord({ tenantId, decisionId: `d-${tenantId}` })]),
    ),
    batch(
      tenants,
      0,
      both.map((tenantId) => [tenantId, tenantRecord({ tenantId })]),
    ),
  ])
  await pool.query(
    `INSERT INTO sweep_cursors (tenant_id, source, swept_until, started_at, wait_ms)
     SELECT tenant, 'messages', now(), now(), 0 FROM unnest($1::text[]) AS tenant`,
    [both],
  )
  await pool.query(
    `INSERT INTO sweep_findings (found_id, tenant_id, lead_id, type, found_at)
     SELECT 'f-' || tenant, tenant, tenant || ':maria', 'ContactUpdate', now() FROM unnest($1::text[]) AS tenant`,
    [both],
  )
  await pool.query(
    `INSERT INTO heartbeats (tenant_id, tried_at, wait_ms, every_ms) SELECT tenant, now(), 0, 0 FROM unnest($1::text[]) AS tenant`,
    [both],
  )
  await countDays(pool, Date.parse('2026-11-26T12:00:00Z'))
  const rows = await Promise.all(both.map((tenantId) => leadQueries(pool).ledger(tenantId, 'maria', 1)))
  await sink.write([
    batch(
      deliveries,
      0,
      rows.flat().map((row) => [row.leadId, deliveryOf({ ...row, status: 'confirmed', sequence: 1 })]),
    ),
  ])
}

async function store(t: Test, max = 4): Promise<{ pool: pg.Pool; url: string }> {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max })
  t.teardown(() => pool.end())
  await fill(pool)
  return { pool, url }
}

async function tenantsSeen(db: Queryable, table: string): Promise<string[]> {
  const { rows } = await db.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table} ORDER BY 1`)
  return rows.map(({ tenant_id }) => tenant_id)
}

/** Tables that no read of the API is about. */
const ours = [
  'inventories',
  'lead_look_ups',
  'learned_policies',
  'look_up_days',
  'outside_ballots',
  'policies',
  'policy_changes',
  'shadow_decisions',
  'staff_settings',
  'waiting_ballots',
]

t.test('every table is under row security, and every table with a tenant has the policy', async (t) => {
  const { pool } = await store(t)
  const { rows } = await pool.query<{ name: string; secured: boolean; tenant: boolean; policies: string[] }>(
    `SELECT relname AS name, relrowsecurity AS secured,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id') AS tenant,
       ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid) AS policies
     FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'`,
  )
  for (const { name, secured, tenant, policies } of rows) {
    t.ok(secured, name)
    t.strictSame(policies, tenant ? ['own_tenant'] : name === 'counted_days' ? ['everybody'] : [], name)
  }
  t.strictSame(rows.flatMap(({ name, tenant }) => (tenant ? [name] : [])).sort(), [...tables, ...ours].sort())
  for (const table of ours)
    await t.rejects(
      asReader(pool, ALL_TENANTS, (db) => tenantsSeen(db, table)),
      /permission denied/,
      `${table} is no reader's`,
    )
})

t.test('a tenant sees its own rows; another one, none and an empty one see nothing; the next transaction starts anew', async (t) => {
  const { pool } = await store(t, 1)
  for (const table of tables) {
    t.strictSame(await tenantsSeen(pool, table), both, `${table}: both are there`)
    t.strictSame(await asReader(pool, 'north', (db) => tenantsSeen(db, table)), ['north'], table)
    t.strictSame(await asReader(pool, ALL_TENANTS, (db) => tenantsSeen(db, table)), both, table)
    for (const nobody of ['', 'west', 'north:maria', '%', "north' OR '1'='1"])
      t.strictSame(await asReader(pool, nobody, (db) => tenantsSeen(db, table)), [], `${table} as "${nobody}"`)
    const unset = await inTransaction(pool, async (client) => {
      await client.query('SET LOCAL ROLE rekindle_reader')
      return tenantsSeen(client, table)
    })
    t.strictSame(unset, [], `${table}: a read that does not say its tenant, on a connection that was another's before`)
  }
  t.strictSame((await pool.query('SELECT current_user = session_user AS own')).rows, [{ own: true }])
})

t.test('a reader writes nothing; and with all rights granted still nothing of another tenant', async (t) => {
  const { pool } = await store(t)
  const writes = (tenant: string) => [
    `INSERT INTO tenants (tenant_id, name, status, automation, record, updated_at) VALUES ('${tenant}', 'n', 'active', true, '{}', now())`,
    `UPDATE leads SET city = 'x' WHERE tenant_id = '${tenant}'`,
    `DELETE FROM communications WHERE tenant_id = '${tenant}'`,
  ]
  for (const sql of writes('north'))
    await t.rejects(
      asReader(pool, 'north', (db) => db.query(sql)),
      { code: '42501' },
      sql,
    )
  for (const closed of ['ghl_authorizations', 'ghl_grants', 'delivery_outbox', 'sink_offsets'])
    await t.rejects(
      asReader(pool, ALL_TENANTS, (db) => db.query(`SELECT * FROM ${closed}`)),
      { code: '42501' },
      closed,
    )
  await pool.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO rekindle_reader')
  const [insert = '', update = '', remove = ''] = writes('south')
  for (const tenant of ['north', 'west', '']) {
    await t.rejects(
      asReader(pool, tenant, (db) => db.query(insert)),
      { code: '42501' },
      'a row for another tenant',
    )
    for (const sql of [update, remove]) t.equal((await asReader(pool, tenant, (db) => db.query(sql))).rowCount, 0, sql)
  }
  await t.rejects(
    asReader(pool, 'north', (db) => db.query("UPDATE leads SET tenant_id = 'south'")),
    { code: '42501' },
    'nor away to another',
  )
  t.equal((await asReader(pool, ALL_TENANTS, (db) => db.query('SELECT * FROM sink_offsets'))).rowCount, 0)
  t.strictSame(await tenantsSeen(pool, 'communications'), both)
})

t.test('the API is answered as before, within the tenant', async (t) => {
  const { pool } = await store(t)
  const [direct, read] = [leadQueries(pool), readerQueries(pool)]
  t.strictSame(await read.leads({ limit: 5 }), await direct.leads({ limit: 5 }))
  t.strictSame(await read.leads({ limit: 5, tenantId: 'south' }), await direct.leads({ limit: 5, tenantId: 'south' }))
  const found = async (text: string, tenantId?: string) =>
    (await read.leads({ limit: 5, text, tenantId })).leads.map((lead) => lead.tenantId)
  t.strictSame((await found('gardens')).sort(), both)
  t.strictSame(await found('gardens', 'north'), ['north'])
  t.strictSame(await found('south', 'north'), [])
  t.strictSame(await read.profiles('maria'), await direct.profiles('maria'))
  t.strictSame(await read.profiles('maria', 'north'), await direct.profiles('maria', 'north'))
  t.strictSame(await read.linked('north', 'maria', 5), await direct.linked('north', 'maria', 5))
  for (const ask of ['decisions', 'followups', 'deliveries'] as const) {
    t.equal((await read[ask]('north', 'maria', 5)).length, 1)
    t.strictSame(await read[ask]('north', 'maria', 5), await direct[ask]('north', 'maria', 5))
  }
  t.equal((await read.consentStatements('north', 'maria', 5)).length, 3, 'one a channel')
  t.strictSame(await read.consentStatements('north', 'maria', 5), await direct.consentStatements('north', 'maria', 5))
  t.strictSame(await read.erasures('maria'), [])
  t.strictSame(await read.overview(), await direct.overview())
  t.strictSame(await read.latestDecisions(5), await direct.latestDecisions(5))
})

t.test('an owner that is no superuser migrates both ways, stores and reads', async (t) => {
  const { databaseUrl } = await testStack(t)
  const admin = createPool({ url: databaseUrl, max: 1 })
  const owner = `owner_${randomBytes(5).toString('hex')}`
  const database = new URL(databaseUrl).pathname.slice(1)
  // The role is made by whichever database of the server is first; it may be there or not.
  await migrate({ url: databaseUrl })
  await migrate({ url: databaseUrl, direction: 'down', count: 100 })
  await admin.query(`CREATE ROLE ${owner} LOGIN NOSUPERUSER PASSWORD 'of-a-test'`)
  await admin.query(`GRANT rekindle_reader TO ${owner}`)
  await admin.query(`ALTER DATABASE ${database} OWNER TO ${owner}`)
  await admin.query(`ALTER TABLE schema_migrations OWNER TO ${owner}`)
  await admin.query(`ALTER SCHEMA public OWNER TO ${owner}`)
  const url = new URL(databaseUrl)
  url.username = owner
  url.password = 'of-a-test'
  await migrate({ url: url.href })
  await migrate({ url: url.href, direction: 'down' })
  await migrate({ url: url.href })
  const pool = createPool({ url: url.href, max: 3 })
  t.teardown(async () => {
    await pool.end()
    await admin.query(`REASSIGN OWNED BY ${owner} TO current_user`)
    await admin.query(`DROP OWNED BY ${owner}`)
    await admin.query(`DROP ROLE ${owner}`)
    await admin.end()
  })
  await fill(pool)
  t.strictSame(await tenantsSeen(pool, 'leads'), both)
  t.strictSame(await asReader(pool, 'south', (db) => tenantsSeen(db, 'leads')), ['south'])
  t.equal((await readerQueries(pool).leads({ limit: 5, text: 'garden', tenantId: 'north' })).leads.length, 1)
})
