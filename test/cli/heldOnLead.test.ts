/** What the line really leaves of a lead: found in every place by key and catalogue, on real engines. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { heldOnLead } from '../../cli/heldOnLead.ts'
import { exportLead } from '../../cli/leadExport.ts'
import { connectClickhouse } from '../../sinks/clickhouse/connect.ts'
import { toldAtColumns } from '../../sinks/clickhouse/erasure.ts'
import * as clickhouse from '../../sinks/clickhouse/leadTables.ts'
import { migrateClickhouse } from '../../sinks/clickhouse/migrate.ts'
import { keptOnErasure } from '../../sinks/postgres/erasure.ts'
import * as postgres from '../../sinks/postgres/leadTables.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { leadEvents } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { counted, line, maria, mario, said, signUp } from './leadLine.ts'

t.test('what is held on a lead is found in topics, dead letters, states and both databases, and nothing of others', async (t) => {
  const { config, stack, pool, send } = await line(t)
  await send(maria, signUp('contactMaria', 'Maria'))
  await send(maria, said('contactMaria', 'Can we see the house on Elm Street on Thursday?'))
  // Nobody has a translation for it: it stays raw.
  await send(maria, { type: 'GardenWish', contactId: 'contactMaria', body: 'wants a garden' })
  // No JSON at all: a dead letter.
  await send(maria, '{"type": "InboundMessage", "body": "torn')
  await send(mario, signUp('contactMario', 'Mario', 'Lopez@Example.com'))
  for (let stored = 0; stored < 2; await delay(100))
    stored = Number((await pool.query<{ leads: string }>('SELECT count(*) AS leads FROM leads')).rows[0]?.leads)
  const held = await heldOnLead(config, maria)
  t.teardown(() => held.close())
  const counts = await counted(
    held,
    stack.prefix,
    (all) =>
      all['postgres leads'] === 1 &&
      (all['postgres decisions'] ?? 0) > 0 &&
      all['clickhouse lead_events'] === 2 &&
      all['topics ghl.webhooks.v1.pipeline.dlq'] === 1 &&
      all['clickhouse decisions'] === all['postgres decisions'],
  )
  t.match(counts, {
    'topics ghl.webhooks.v1': 4,
    'topics ghl.unrecognised.v1': 1,
    'topics ghl.webhooks.v1.pipeline.dlq': 1,
    'topics leads.events.v1': 2,
    'states ingest': 1,
    'states enrich': 1,
    'states followup': 1,
    'postgres communications': 1,
    'postgres lead_search': 1,
  })
  t.equal(counts['topics decisions.v1'], counts['postgres decisions'])

  t.strictSame(held.linked, [mario], 'the same address, in capitals and not')
  const lines: string[] = []
  await exportLead(maria, held, Date.now(), async (piece) => void lines.push(piece))
  const text = lines.join('\n')
  const document = JSON.parse(text) as { topics: Record<string, { key: string; value: unknown }[]>; counts: unknown }
  t.match(document.topics[`${stack.prefix}${leadEvents.name}.v1`], [
    { key: maria, value: { kind: 'contact_created', contact: { firstName: 'Maria' } } },
    { key: maria, value: { kind: 'message_inbound' } },
  ])
  t.match(text, /wants a garden/)
  t.match(text, /\\"InboundMessage\\", \\"body\\": \\"torn/)
  t.notMatch(text.replaceAll(mario, ''), /Mario/, 'another lead is named and not included')
})

t.test('every table of both databases names the lead of its rows, or says why it has none', async (t) => {
  const stack = await testStack(t)
  await migrate({ url: stack.databaseUrl })
  await migrateClickhouse({ url: stack.clickhouseUrl, database: stack.clickhouseDatabase })
  const pool = createPool({ url: stack.databaseUrl, max: 2 })
  t.teardown(() => pool.end())
  const tables = await pool.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
  )
  t.strictSame(
    [...(await postgres.leadTables(pool)).map(({ table }) => table), ...Object.keys(postgres.tablesWithoutLeads)].sort(),
    tables.rows.map(({ name }) => name).sort(),
  )
  const client = connectClickhouse(stack.clickhouseUrl)
  t.teardown(() => client.close())
  const found = await client.query({
    query: `SELECT name FROM system.tables WHERE database = '${stack.clickhouseDatabase}' AND engine NOT LIKE '%View' ORDER BY name`,
    format: 'JSONEachRow',
  })
  t.strictSame(
    [...(await clickhouse.leadTables(client, stack.clickhouseDatabase)), ...Object.keys(clickhouse.tablesWithoutLeads)].sort(),
    (await found.json<{ name: string }>()).map(({ name }) => name),
  )
  t.strictSame(await clickhouse.leadTables(client, stack.clickhouseDatabase), Object.keys(toldAtColumns).sort())
  const named = new Set((await postgres.leadTables(pool)).map(({ table }) => table))
  t.strictSame(
    Object.keys(keptOnErasure).filter((table) => !named.has(table)),
    [],
    'what an erasure keeps is there',
  )
})

t.test('rows are read a few hundred at a time, each once', async (t) => {
  const stack = await testStack(t)
  await migrate({ url: stack.databaseUrl })
  const pool = createPool({ url: stack.databaseUrl, max: 2 })
  t.teardown(() => pool.end())
  await pool.query(
    `INSERT INTO communications (id, tenant_id, lead_id, contact_id, channel, direction, sender, content, sent_at, created_at)
     SELECT 'e' || n, 'loc', CASE WHEN n = 500 THEN 'loc:b' ELSE 'loc:a' END, 'a', 'sms', 'inbound', 'lead', 'hi', now(), now()
     FROM generate_series(0, 500) AS n`,
  )
  const ids = new Set<string>()
  await postgres.readLeadRows(pool, { table: 'communications', column: 'lead_id' }, 'loc:a', async (json) => {
    ids.add((JSON.parse(json) as { id: string }).id)
  })
  t.equal(ids.size, 500)
})
