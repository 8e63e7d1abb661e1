/** Every index answers its question on 100,000 leads, and the table in the docs says what the data says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type pg from 'pg'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import type { Queryable } from '../../../sinks/postgres/pool.ts'
import { owedLeads } from '../../../sinks/postgres/owedLeads.ts'
import type { Reading } from '../../../sinks/postgres/owedLeads.ts'
import { asReader } from '../../../sinks/postgres/reader.ts'
import { leadQueries } from '../../../sinks/postgres/queries.ts'
import { tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { testStack } from '../../support/stack.ts'
import { indexCases, indexTable } from './indexes.ts'
import type { Question } from './indexes.ts'

const LEADS = 100_000
t.setTimeout(300_000)

/** Ten tenants of one size and one lead that talks; times go back from `tuesdayNoon`, a minute a lead. */
async function generate(pool: pg.Pool): Promise<void> {
  const at = new Date(tuesdayNoon)
  const tenant = `CASE WHEN n % 10 = 9 THEN 'tenant9' ELSE '${tenantId}' END`
  await pool.query(
    `INSERT INTO leads (id, tenant_id, contact_id, first_name, last_name, email, phone, postal_code, source, lead_score, temperature, status, priority, priority_score, intent_level,
       scoring_reasoning, assigned_agent_id, created_at, updated_at, last_activity, deleted_at, epoch, version, profile)
     SELECT ${tenant} || ':lead' || n, ${tenant}, 'lead' || n, 'name' || n, 'Lopez', 'lead' || n || '@example.com', '+1' || 5125000000 + n, 78700 + n % 90, 'website', n % 101,
       (enum_range(NULL::lead_temperature))[1 + n % 5], (enum_range(NULL::lead_status))[1 + (n / 5) % 8], 'medium', 100 + n % 101, 'WARM', 'generated',
       CASE WHEN n % 3 = 0 THEN NULL ELSE 'realtor' || n % 500 END, $1::timestamptz - n * interval '2 minutes', $1, $1::timestamptz - n * interval '1 minute',
       CASE WHEN n % 50 = 0 THEN $1::timestamptz END, 1, 1,
       CASE WHEN n % 10 = 3 THEN jsonb_build_object('lastInboundAt', extract(epoch FROM $1::timestamptz)::bigint * 1000 - n * 60000::bigint)
            WHEN n % 10 = 4 THEN '{"opportunities":{},"appointments":{},"tasks":{},"notes":{"n":{"noteId":"n","text":"x"}}}' ELSE '{}' END
     FROM generate_series(1, $2::int) AS n`,
    [at, LEADS],
  )
  await pool.query(
    `INSERT INTO lead_search (lead_id, tenant_id, body, phone_key, email_key, name_key)
     SELECT id, tenant_id, lead_words(leads), lead_phone_key(leads), lead_email_key(leads), lead_name_key(leads) FROM leads`,
  )
  await pool.query(
    `INSERT INTO lead_assignments (lead_id, tenant_id, assigned_agent_id, status, created_at)
     SELECT id, tenant_id, assigned_agent_id, 'active', created_at FROM leads WHERE assigned_agent_id IS NOT NULL`,
  )
  await pool.query(
    `INSERT INTO communications (id, tenant_id, lead_id, contact_id, channel, direction, sender, content, status, sent_at, created_at)
     SELECT 'e' || n, tenant_id, leads.id, contact_id, 'sms', CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END, 'lead', 'word' || n || ' of the house',
       'delivered', $1::timestamptz - n * interval '1 minute', $1
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = CASE WHEN n % 50 = 0 THEN 'lead1' ELSE 'lead' || n END`,
    [at, LEADS],
  )
  await pool.query(
    `INSERT INTO followup_actions (followup_id, intent_key, lead_id, tenant_id, contact_id, decision_id, epoch, action, channel, priority, planned_because,
       planned_at, due_at, expires_at, partition, status, scheduled_at, updated_at, message_id)
     SELECT 'f' || n, 'i' || n, leads.id, tenant_id, contact_id, 'd' || n, 1, CASE WHEN n % 20 = 3 THEN 'ask' ELSE 'send_message' END, 'sms', 3, 'generated', $1, $1, $1, 0,
       CASE WHEN n % 10 = 7 THEN 'pending' ELSE 'confirmed' END, $1::timestamptz + (n - 1000) * interval '1 minute', $1, CASE WHEN n % 20 = 3 THEN 'task' || n END
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS],
  )
  await pool.query(
    `INSERT INTO decisions (decision_id, lead_id, tenant_id, contact_id, type, chosen, reason, stage, stop_reason, epoch, policy_hash, asked_at, decided_at, record)
     SELECT 'd' || n, id, tenant_id, contact_id, 'follow_up', 'wait', 'new_lead', 'new', 'all_votes', 1, 'p', $1, $1,
       CASE WHEN n % 33 = 0 THEN '{"auditSelected":true}'::jsonb ELSE '{}' END
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS / 2],
  )
  await pool.query(
    `INSERT INTO audit_labels (label_id, decision_id, labeller, lead_id, tenant_id, type, right_option, selection, inclusion, labelled_at)
     SELECT 'a' || n, 'd' || n, 'ben', id, tenant_id, 'follow_up', 'sms', 'random', 0.03, $1::timestamptz - (n - 1000) * interval '1 minute'
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS / 4],
  )
  await pool.query(
    `INSERT INTO outside_ballots (assessment_id, source, lead_id, tenant_id, decided_at, stored_at, votes)
     SELECT 'q' || n, 'team:x', id, tenant_id, $1::timestamptz - (n - 1000) * interval '1 minute', $1, '[]'
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS / 4],
  )
  await pool.query(
    `INSERT INTO waiting_ballots (lead_id, assessment_id, source, epoch, sent_at, tenant_id, partition, place, stored_at, votes)
     SELECT id, 'q' || n, 'team:x', 1, $1, tenant_id, n % 12, n, $1, '[]' FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS / 4],
  )
  await pool.query(
    `INSERT INTO address_statements (tenant_id, address_key, channel, purpose, event_id, status, stated_at, words, lead_id, stored_at)
     SELECT tenant_id, address_key(tenant_id, 'email', email), 'email', 'all', 's' || n, 'revoked', $1, 'stop', id, $1
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n WHERE email IS NOT NULL`,
    [at, LEADS / 2],
  )
  await pool.query(
    `INSERT INTO sweep_findings (found_id, tenant_id, lead_id, type, happened_at, found_at)
     SELECT 'f' || n, tenant_id, id, 'InboundMessage', $1, $1 FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS / 2],
  )
  await pool.query(
    `INSERT INTO lead_look_ups (lead_id, tenant_id, look_up_id, provider, query_hash, asked, state, credits, asked_at, fresh_until)
     SELECT id, tenant_id, 'u' || n, 'apollo', 'q' || n, '{city}', 'answered', 1, $1::timestamptz - (n - 1000) * interval '1 minute', $1
     FROM generate_series(1, $2::int) AS n JOIN leads ON contact_id = 'lead' || n`,
    [at, LEADS / 2],
  )
  await pool.query(`INSERT INTO counted_days (day) SELECT $1::date - n FROM generate_series(1, 365) AS n`, [at])
  await pool.query(
    `INSERT INTO decision_days (day, tenant_id, type, chosen, heard, gated, decisions)
     SELECT day, 'tenant' || n, 'follow_up', 'sms', n, 0, n FROM counted_days CROSS JOIN generate_series(1, 100) AS n`,
  )
  await pool.query('VACUUM ANALYZE')
}

interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}

function nodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)]
}

/** Tables with a row a day, or one or four per location, are read whole where every location is asked about. */
function isReadWhole(node: Plan): boolean {
  return (
    node['Node Type'] === 'Seq Scan' && !['tenants', 'sweep_cursors', 'heartbeats', 'counted_days'].includes(node['Relation Name'] ?? '')
  )
}

/** The plans of what a question asks of the tables. */
async function plansOf(db: Queryable, question: Question): Promise<Plan[]> {
  const plans: Plan[] = []
  const explained = {
    async query(statement: string | { text: string; values: unknown[] }, values?: unknown[]) {
      const { text, values: own } = typeof statement === 'string' ? { text: statement, values } : statement
      // Looking up stop words reads no table.
      if (/\bFROM unnest/.test(text) && !/\bFROM communications\b/.test(text)) return db.query(text, own)
      const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`EXPLAIN (FORMAT JSON) ${text}`, own)
      plans.push(...rows.map((row) => row['QUERY PLAN'][0].Plan))
      return db.query(text, own)
    },
  }
  await question(explained as unknown as Queryable)
  return plans
}

t.test('each question uses its index, and reads no table from end to end', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  await generate(pool)
  for (const one of indexCases) {
    if (one.became === 'not applicable') continue
    const plans = await plansOf(pool, one.question)
    const used = plans.flatMap(nodes)
    t.ok(
      used.some((node) => node['Index Name'] === (one.index ?? one.name)),
      `${one.name}: ${used.map((node) => node['Index Name'] ?? node['Node Type']).join(', ')}`,
    )
    t.notOk(used.some(isReadWhole), `${one.name}: no table is read from end to end`)
  }
  // Row security lets an operator that it does not trust see the rows of the tenant only, and so use no index.
  for (const index of [
    'idx_leads_last_activity',
    'idx_leads_tenant_activity',
    'idx_leads_contact',
    'idx_decisions_denied_tenant',
    'idx_decisions_decided',
  ]) {
    const one = indexCases.find(({ name }) => name === index)
    if (one === undefined || one.became === 'not applicable') return t.fail(index)
    const used = (await asReader(pool, 'tenant9', (db) => plansOf(db, one.question))).flatMap(nodes)
    t.ok(
      used.some((node) => node['Index Name'] === index),
      `${index} as the reader of a tenant`,
    )
  }
  // So who waits is gathered as the owner, and what is known of each read as the reader: by its key.
  const asReaderOf = (plans: Plan[][]) => (work: (db: Queryable) => Promise<unknown>) =>
    asReader(pool, tenantId, async (db) => {
      plans.push(await plansOf(db, work))
      return work(db)
    })
  const plans: Plan[][] = []
  const filter = { tenantId, writtenBefore: tuesdayNoon, limit: 50 }
  await owedLeads(pool, filter, tuesdayNoon, asReaderOf(plans) as Reading)
  const read = plans.flat().flatMap(nodes)
  t.ok(
    read.some((node) => node['Index Name'] === 'idx_sweep_findings_lead'),
    'findings of a lead as the reader of a tenant',
  )
  t.notOk(
    read.some(isReadWhole),
    `who waits, as the reader of a tenant: ${read.map((node) => `${node['Node Type']} ${node['Relation Name'] ?? ''}`).join(', ')}`,
  )
  const { leads, nextCursor } = await leadQueries(pool).leads({ text: 'houses LÓPEZ', limit: 50 })
  t.strictSame(
    leads.map(({ leadKey }) => leadKey.split(':')[1]),
    [...Array.from({ length: 49 }, (_, index) => `lead${index + 1}`), 'lead51'],
    'words that most leads have are looked for in the order of the list; lead50 is deleted',
  )
  t.not(nextCursor, null)
  t.strictSame((await leadQueries(pool).leads({ text: 'lopez -house', limit: 50 })).leads, [])
  const known = new Set(indexCases.map((one) => (one.became === 'not applicable' ? '' : (one.index ?? one.name))))
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisunique AND indrelid IN ('leads'::regclass, 'lead_search'::regclass, 'communications'::regclass)`,
  )
  t.strictSame(
    rows.map(({ name }) => name).filter((name) => !known.has(name)),
    [],
    'no index of leads and conversations without a question',
  )
})

t.test('the docs say what became of each of the 24', async (t) => {
  t.equal(indexCases.filter(({ became }) => became !== 'added').length, 24)
  const written = readFileSync(join(import.meta.dirname, '../../../docs/postgres.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.replace(/ +/g, ' ').replace(/-{3,}/g, '---'))
  for (const line of indexTable().slice(2)) t.ok(written.includes(line), line)
})
