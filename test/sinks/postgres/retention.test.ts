/** What is past goes, oldest first and by index; what is kept stays, whoever asks; and nothing that is gone comes back. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import t from 'tap'
import type pg from 'pg'
import { retentionMetrics } from '../../../cli/roles/retentionMetrics.ts'
import { startRetention } from '../../../cli/roles/retentionPart.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import { countPast, deletion, enforceRetention } from '../../../sinks/postgres/retention.ts'
import { keptForEver, keptSince, retentionRules } from '../../../sinks/postgres/retentionRules.ts'
import { recordFindings } from '../../../sinks/postgres/sweeps.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { decisions, followups, leadEvents, shadowDecisions } from '../../../topics/index.ts'
import { DAY, decisionRecord, followUpRecord, messageEvent, shadowRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const maria = `${tenantId}:maria`
const HOUR_MS = 3_600_000

t.test('every table of the migrations has a limit of age or a reason to have none', (t) => {
  const folder = join(import.meta.dirname, '../../../sinks/postgres/migrations')
  const ups = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').split('-- Down Migration')[0] ?? '')
  const tables = ups.flatMap((up) => [...up.matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name)).sort()
  t.strictSame([...retentionRules.map(({ table }) => table), ...Object.keys(keptForEver)].sort(), tables)
  t.ok('leads' in keptForEver, 'consent and opt-outs are in the profile of the lead')
  const page = readFileSync(join(import.meta.dirname, '../../../docs/postgres.md'), 'utf8')
  const said = [...page.matchAll(/^\| `(\w+)` +\| (\d+) d /gm)].map(([, table, days]) => [table, Number(days)])
  t.strictSame(said.sort(), retentionRules.map(({ table, keptDays }) => [table, keptDays]).sort(), 'docs/postgres.md says the same')
  t.end()
})

async function ids(pool: pg.Pool, table: string, key: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(`SELECT ${key} AS id FROM ${table} ORDER BY 1`)
  return rows.map(({ id }) => id)
}

t.test(
  'rows past their retention go, open follow-ups and unpublished entries stay, and reading the topics again brings nothing back',
  async (t) => {
    const { databaseUrl: url } = await testStack(t)
    await migrate({ url })
    const pool = createPool({ url, max: 4 })
    t.teardown(() => pool.end())
    const ago = (days: number) => tuesdayNoon - days * DAY
    const message = (eventId: string, days: number) => [maria, messageEvent({ eventId, occurredAt: ago(days) })] as const
    const planned = (decisionId: string, days: number) => [maria, followUpRecord({ decisionId, expiresAt: ago(days) })] as const
    const records = [
      batch(leadEvents, 0, [message('e729', 729), message('e731', 731), message('e732', 732), message('e733', 733)]),
      batch(followups, 0, [planned('new', 729), planned('open', 731), planned('sent', 731), planned('unknown', 731)]),
      batch(decisions, 0, [
        [maria, decisionRecord({ decisionId: 'd364', decidedAt: ago(364) })],
        [maria, decisionRecord({ decisionId: 'd366', decidedAt: ago(366) })],
      ]),
      batch(shadowDecisions, 0, [
        [maria, shadowRecord({ decisionId: 's89', decidedAt: ago(89) })],
        [maria, shadowRecord({ decisionId: 's91', decidedAt: ago(91) })],
      ]),
    ]
    await postgresSink(pool).write(records)
    await pool.query(
      "UPDATE followup_actions SET status = CASE decision_id WHEN 'sent' THEN 'confirmed' WHEN 'unknown' THEN 'unknown' WHEN 'new' THEN 'denied' ELSE status END",
    )
    await pool.query(
      `INSERT INTO delivery_outbox (delivery_id, lead_id, record, created_at, published_at)
     SELECT 'o' || n, 'l', '{}', $1, CASE WHEN n = 1 THEN $1::timestamptz END FROM generate_series(1, 2) AS n`,
      [new Date(ago(31))],
    )
    for (const days of [89, 91])
      await recordFindings(
        pool,
        tenantId,
        [{ foundId: `message:m${days}`, leadKey: maria, type: 'InboundMessage', happenedAt: null }],
        ago(days),
      )
    await pool.query(
      `INSERT INTO audit_labels (label_id, decision_id, labeller, lead_id, tenant_id, type, right_option, selection, inclusion, labelled_at)
     SELECT 'a' || days, 'd', 'by' || days, 'l', $1, 'follow_up', 'sms', 'random', 0.03, $2::timestamptz - days * interval '1 day'
     FROM unnest('{364,366}'::int[]) AS days`,
      [tenantId, new Date(tuesdayNoon)],
    )
    await pool.query(
      `INSERT INTO outside_ballots (assessment_id, source, lead_id, tenant_id, decided_at, stored_at, votes)
     SELECT 'q' || days, 'team:x', 'l', $1, $2::timestamptz - days * interval '1 day', $2, '[]' FROM unnest('{364,366}'::int[]) AS days`,
      [tenantId, new Date(tuesdayNoon)],
    )
    await pool.query(
      `INSERT INTO lead_look_ups (lead_id, tenant_id, look_up_id, provider, query_hash, asked, state, credits, asked_at, fresh_until)
     SELECT state || days, $1, 'u', 'apollo', 'h', '{city}', state, 1, $2::timestamptz - days * interval '1 day', $2
     FROM unnest('{89,91}'::int[]) AS days, unnest('{asking,answered}'::text[]) AS state`,
      [tenantId, new Date(tuesdayNoon)],
    )
    await pool.query(
      `INSERT INTO learned_policies (policy_hash, tenant_id, decision_type, learned_at, outcome, published, report, record)
     SELECT 'p' || days, '*', 'follow_up', $1::timestamptz - days * interval '1 day', 'publish', true, '{}', '{}'
     FROM unnest('{364,366}'::int[]) AS days`,
      [new Date(tuesdayNoon)],
    )
    t.strictSame(Object.fromEntries(await countPast(pool, tuesdayNoon)), {
      communications: 3,
      followup_actions: 1,
      decisions: 1,
      deliveries: 0,
      audit_labels: 1,
      learned_policies: 1,
      shadow_decisions: 1,
      outside_ballots: 1,
      delivery_outbox: 1,
      sweep_findings: 1,
      lead_look_ups: 1,
    })
    await inTransaction(pool, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(73546355)')
      t.ok(
        (await enforceRetention(pool, tuesdayNoon)).every(({ outcome }) => outcome === 'busy'),
        'one process at a time',
      )
    })
    const first = await enforceRetention(pool, tuesdayNoon, { rowsPerStatement: 1, statementsPerTable: 2 })
    t.match(first[0], { table: 'communications', outcome: 'done', deleted: 2, more: true })
    t.strictSame(await ids(pool, 'communications', 'id'), ['e729', 'e731'], 'the oldest first, no more than the budget')
    const second = await enforceRetention(pool, tuesdayNoon)
    t.match(second[0], { deleted: 1, more: false })
    const kept = async () => ({
      said: await ids(pool, 'communications', 'id'),
      plans: await ids(pool, 'followup_actions', 'decision_id'),
      decided: await ids(pool, 'decisions', 'decision_id'),
      verdicts: await ids(pool, 'audit_labels', 'label_id'),
      beside: await ids(pool, 'shadow_decisions', 'decision_id'),
      learned: await ids(pool, 'learned_policies', 'policy_hash'),
      outbox: await ids(pool, 'delivery_outbox', 'delivery_id'),
      findings: await ids(pool, 'sweep_findings', 'found_id'),
      lookUps: await ids(pool, 'lead_look_ups', 'lead_id'),
    })
    const left = {
      said: ['e729'],
      plans: ['new', 'open', 'unknown'],
      decided: ['d364'],
      verdicts: ['a364'],
      beside: ['s89'],
      learned: ['p364'],
      outbox: ['o2'],
      findings: [`${tenantId}:message:m89`],
      lookUps: ['answered89', 'asking89', 'asking91'],
    }
    t.strictSame(await kept(), left)
    await pool.query('DELETE FROM sink_offsets')
    const past: Record<string, number> = {}
    await postgresSink(pool, { now: () => tuesdayNoon, onPast: (topic, count) => (past[topic.name] = count) }).write(records)
    t.strictSame(await kept(), left, 'all topics were read again from the beginning')
    t.strictSame(past, { [leadEvents.name]: 3, [followups.name]: 3, [decisions.name]: 1, [shadowDecisions.name]: 1 })
  },
)

t.test('a table that fails keeps its own rows and no others', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const old = messageEvent({ eventId: 'e731', occurredAt: tuesdayNoon - 731 * DAY })
  await postgresSink(pool).write([
    batch(leadEvents, 0, [[maria, old]]),
    batch(decisions, 0, [[maria, decisionRecord({ decisionId: 'd366', decidedAt: tuesdayNoon - 366 * DAY })]]),
  ])
  await pool.query(`CREATE FUNCTION no_deletion() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$`)
  await pool.query('CREATE TRIGGER broken BEFORE DELETE ON communications FOR EACH ROW EXECUTE FUNCTION no_deletion()')
  const results = await enforceRetention(pool, tuesdayNoon)
  t.match(results[0], { table: 'communications', outcome: 'failed', cause: { message: 'the disk is full' } })
  t.match(
    results.slice(1).map(({ outcome }) => outcome),
    retentionRules.slice(1).map(() => 'done'),
  )
  t.strictSame(await ids(pool, 'communications', 'id'), ['e731'])
  t.strictSame(await ids(pool, 'decisions', 'decision_id'), [], 'though its table comes later')
  await pool.query('DROP TRIGGER broken ON communications')
  t.match((await enforceRetention(pool, tuesdayNoon))[0], { outcome: 'done', deleted: 1 })

  const gone = createPool({ url: url.replace(/:\d+\//, ':1/'), max: 1 })
  t.teardown(() => gone.end())
  await t.rejects(enforceRetention(gone, tuesdayNoon), { code: 'ECONNREFUSED' }, 'a database that is away is no matter of one table')
})

t.test('each deletion finds its rows by an index in the order of their age', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  // The tables are empty: asked for what it can do, not for what is cheapest for no row.
  for (const rule of retentionRules)
    await inTransaction(pool, async (client) => {
      await client.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off')
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${deletion(rule)}`, [
        new Date(keptSince(rule, tuesdayNoon)),
        1_000,
      ])
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      t.match(plan, new RegExp(`Index (Only )?Scan .*on ${rule.table}`), rule.table)
      t.notMatch(plan, /Sort|Seq Scan/, `${rule.table}: no sorting, no reading from end to end`)
    })
})

t.test('a run that fails is logged with its code and tried again an hour later; what is left is deleted at once', async (t) => {
  const registry = new Registry()
  const errors: { err: { code: string; message: string } }[] = []
  const waits: number[] = []
  const done = (deleted: number, more: boolean) => ({ table: 'communications', outcome: 'done', deleted, more }) as const
  const gone = (): never => {
    throw new Error('no connection')
  }
  // Two full runs are 40,000 rows; three would not be enough for an hour of 1,000 a minute if each waited for the next hour.
  const runs = [
    gone,
    () => [done(20_000, true)],
    () => [done(20_000, true)],
    () => [done(7, false), { table: 'decisions', outcome: 'failed', cause: new Error('the disk is full') } as const],
  ]
  let now = tuesdayNoon
  let allDone = () => {}
  const all = new Promise<void>((resolve) => (allDone = resolve))
  const part = startRetention({
    enforce: async () => (runs.shift() ?? gone)(),
    clock: {
      now: () => now,
      async sleep(ms, signal) {
        waits.push(ms)
        now += ms
        if (runs.length > 0) return
        allDone()
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    },
    deletedRows: retentionMetrics(registry).deletedRows,
    logger: { info: () => undefined, error: (said: unknown) => void errors.push(said as never) } as never,
  })
  await all
  await part.stop()
  t.match(
    errors.map(({ err }) => [err.code, err.message]),
    [
      ['E_RETENTION_FAILED', /no connection/],
      ['E_RETENTION_FAILED', /decisions: the disk is full/],
    ],
  )
  t.strictSame(waits, [HOUR_MS, 10_000, 10_000, HOUR_MS])
  t.match(await registry.metrics(), 'lr_retention_deleted_rows_total{table="communications"} 40007')
})
