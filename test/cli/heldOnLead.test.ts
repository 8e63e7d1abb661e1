/** What the line really leaves of a lead: found in every place by key and catalogue, on real engines. */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { heldOnLead } from '../../cli/heldOnLead.ts'
import { countHeld, exportLead } from '../../cli/leadExport.ts'
import { prepare } from '../../cli/prepare.ts'
import { kafkaOf } from '../../cli/roles/connections.ts'
import { clickhouseGroup, pipelineGroup, postgresGroup } from '../../cli/roles/groups.ts'
import { loadConfig } from '../../config/config.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import type { WebhookReceived } from '../../schemas/generated/records.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { connectClickhouse } from '../../sinks/clickhouse/connect.ts'
import * as clickhouse from '../../sinks/clickhouse/leadTables.ts'
import { clickhouseSink } from '../../sinks/clickhouse/sink.ts'
import * as postgres from '../../sinks/postgres/leadTables.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { allTopics, leadEvents, leadKey, webhooks } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'

const maria = leadKey(sandboxTenantId, 'contactMaria')
const mario = leadKey(sandboxTenantId, 'contactMario')
const logger = pino({ level: 'silent' })

/** The whole line in this process, on engines of its own. */
async function line(t: Parameters<typeof testStack>[0]) {
  const stack = await testStack(t)
  const config = loadConfig({
    KAFKA_BROKERS: stack.kafkaBrokers.join(','),
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: stack.databaseUrl,
    CLICKHOUSE_URL: stack.clickhouseUrl,
    CLICKHOUSE_DATABASE: stack.clickhouseDatabase,
    KAFKA_TOPIC_PREFIX: stack.prefix,
    REKINDLE_DATA_DIR: '/nowhere',
  })
  await prepare(config, logger)
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  await kafka.registerSchemas(allTopics)
  const pool = createPool({ url: stack.databaseUrl, max: 4 })
  const analytics = clickhouseSink({ url: stack.clickhouseUrl, database: stack.clickhouseDatabase, topicPrefix: stack.prefix, maxMs: 100 })
  const onFatal = (error: Error) => {
    throw error
  }
  const members = await Promise.all([
    kafka.runStages({ group: pipelineGroup, stages: pipeline, onFatal }),
    kafka.runSink({ group: postgresGroup, sink: postgresSink(pool), onFatal }),
    kafka.runSink({ group: clickhouseGroup, sink: analytics.sink, onFatal }),
  ])
  t.teardown(async () => {
    await Promise.all(members.map((member) => member.stop()))
    await kafka.close()
    await analytics.close()
    await pool.end()
  })
  let sent = 0
  const send = async (key: string, body: Readonly<Record<string, unknown>> | string) => {
    const [tenantId = '', contactId = ''] = key.split(':')
    const webhookId = `hook-${(sent += 1)}`
    const received: WebhookReceived = {
      receivedId: webhookId,
      tenantId,
      origin: 'webhook',
      scheme: 'ed25519',
      keyId: 'sandbox',
      type: '',
      webhookId,
      contactId,
      batchIndex: 0,
      receivedAt: Date.now(),
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify({ ...body, locationId: tenantId, webhookId })),
    }
    await kafka.producer().send(webhooks, key, received)
  }
  return { config, stack, kafka, pool, send }
}

const signUp = (contactId: string, name: string, email = 'lopez@example.com') => ({
  type: 'ContactCreate',
  id: contactId,
  firstName: name,
  lastName: 'Lopez',
  email,
  phone: '+12125550101',
  source: 'website form',
  dateAdded: new Date().toISOString(),
})
const said = (contactId: string, text: string) => ({
  type: 'InboundMessage',
  contactId,
  body: text,
  messageType: 'SMS',
  direction: 'inbound',
  messageId: `message-${text.length}`,
  conversationId: 'conversation-1',
  dateAdded: new Date().toISOString(),
})

/** Counts by `<section> <name without the prefix>` once `enough` holds of them. */
async function counted(held: Awaited<ReturnType<typeof heldOnLead>>, prefix: string, enough: (counts: Record<string, number>) => boolean) {
  for (let attempt = 0; ; attempt += 1) {
    const counts = Object.fromEntries(
      (await countHeld(held.places)).map(({ section, name, records }) => [`${section} ${name.replace(prefix, '')}`, records]),
    )
    if (enough(counts)) return counts
    if (attempt > 100) throw new Error(`not within the time: ${JSON.stringify(counts)}`)
    await delay(200)
  }
}

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
  const { stack, pool } = await line(t)
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
})

t.test('rows are read a few hundred at a time, each once, and a telephone number links as well as an address', async (t) => {
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
  const lead = (id: string, tenant: string, email: string | null, phone: string | null) =>
    pool.query(
      `INSERT INTO leads (id, tenant_id, contact_id, email, phone, intent_level, created_at, updated_at, last_activity, epoch, version, profile)
       VALUES ($1, $2, $1, $3, $4, 'COLD', now(), now(), now(), 1, 1, '{}')`,
      [id, tenant, email, phone],
    )
  await lead('loc:a', 'loc', null, '+1 (212) 555-0101')
  await lead('loc:b', 'loc', null, '2125550101')
  await lead('loc:c', 'loc', null, '+12125550102')
  await lead('other:d', 'other', null, '+12125550101')
  await lead('loc:e', 'loc', null, null)
  t.strictSame(await postgres.linkedLeads(pool, 'loc:a'), ['loc:b'], 'of the same location only')
  t.strictSame(await postgres.linkedLeads(pool, 'loc:e'), [], 'who states nothing is nobody else')
  t.strictSame(await postgres.linkedLeads(pool, 'loc:unknown'), [])
})
