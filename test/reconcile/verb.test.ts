/** `rekindle reconcile` and `rekindle owed` on a real broker and a real database, against the sandbox of GoHighLevel. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { cliKafka } from '../../cli/cliKafka.ts'
import { runProgram } from '../../cli/program.ts'
import type { Surroundings } from '../../cli/surroundings.ts'
import { addOwed } from '../../cli/verbs/owed.ts'
import { addReconcile } from '../../cli/verbs/reconcile.ts'
import { loadConfig } from '../../config/config.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { foundTopics } from '../../reconcile/publishFound.ts'
import { leadEvents, profiles, tenants } from '../../topics/index.ts'
import { HOUR, messageEvent, profileRecord, tenantId, tenantRecord } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'

t.setTimeout(120_000)

t.test('a location is compared now: progress, a row per source, what was missed is on the topic; who waits is listed', async (t) => {
  const { kafkaBrokers, registryUrl, databaseUrl, prefix } = await testStack(t)
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-reconcile-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock: systemClock, callsPer10s: 1_000_000 })
  const config = loadConfig({
    KAFKA_BROKERS: kafkaBrokers.join(','),
    SCHEMA_REGISTRY_URL: registryUrl,
    DATABASE_URL: databaseUrl,
    KAFKA_TOPIC_PREFIX: prefix,
    GHL_API_URL: sandbox.url,
    REKINDLE_DATA_DIR: folder,
    REDIS_URL: '',
  })
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 2 })
  const kafka = await cliKafka(config)
  t.teardown(async () => {
    await kafka.close()
    await pool.end()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await kafka.applyTopics(foundTopics, { partitions: 2, replicationFactor: 1, members: [] })
  const askedAt = Date.now() - HOUR
  const inbound = (messageId: string, contactId: string) => ({
    type: 'InboundMessage',
    locationId: tenantId,
    contactId,
    messageId,
    messageType: 'SMS',
    body: 'hello',
    dateAdded: new Date(askedAt).toISOString(),
  })
  await postgresSink(pool).write([
    batch(tenants, 0, [[tenantId, tenantRecord()]]),
    batch(leadEvents, 0, [[`${tenantId}:maria`, messageEvent({ occurredAt: askedAt, receivedAt: askedAt }, 'known')]]),
    batch(profiles, 0, [[`${tenantId}:maria`, profileRecord({ lastInboundAt: askedAt, lastOutboundAt: null, humanOwnership: null })]]),
  ])
  sandbox.happened(inbound('m-known', 'maria'), askedAt)
  sandbox.happened(inbound('m-lost', 'jo'), askedAt)

  const run = async (...argv: string[]) => {
    const [out, live, err]: string[][] = [[], [], []]
    const surroundings = {
      terminal: {
        out: (line: string) => out?.push(line),
        live: (line: string) => live?.push(line),
        err: (line: string) => err?.push(line),
      },
      config: () => config,
      now: Date.now,
      stop: new AbortController().signal,
    } as unknown as Surroundings
    const program = new Command('rekindle').exitOverride()
    addOwed(program, surroundings)
    addReconcile(program, surroundings)
    return { code: await runProgram(program, argv, surroundings), out: out ?? [], live: live ?? [], err: (err ?? []).join('\n') }
  }
  const onTopic = async () => {
    const found: string[] = []
    const { signal } = new AbortController()
    for (const lane of foundTopics)
      await kafka.tail(lane, { from: 'beginning', untilEnd: true, signal }, (record) => found.push(JSON.stringify(record.value)))
    return found
  }

  const subjects = async () => {
    const names = (await (await fetch(`${registryUrl}/subjects`)).json()) as string[]
    return names.filter((name) => name.startsWith(prefix))
  }

  const dry = await run('reconcile', '--since', '6h', '--dry-run')
  t.match(dry, { code: 0, err: '' })
  t.match(dry.out[0], /^location +source +compared +missed +visits +about no lead +outcome$/)
  t.match(dry.out[1], new RegExp(`^${tenantId} +messages +2 +1 +0 +0 +read$`))
  t.equal(dry.out.length, 7)
  t.match(dry.out[5], /^What changed in the last 2 minutes is left for later/)
  t.equal(dry.out[6], `${tenantId}: what its leads hold is not gone through: GHL_INVENTORY_CALLS_PER_HOUR is 0. \`--held\` does it now.`)
  t.strictSame(await onTopic(), [])
  t.strictSame(await subjects(), [], 'a dry run registers nothing')

  const told = await run('reconcile', '--location', tenantId, '--since', new Date(askedAt - HOUR).toISOString())
  t.match(told, { code: 0, err: '' })
  t.match(told.out[1], new RegExp(`^${tenantId} +messages +2 +1 +0 +0 +read$`))
  t.ok(told.live.includes(`${tenantId}  messages: 2 compared, 1 missed`), told.live.join('\n'))
  const records = await onTopic()
  t.equal(records.length, 1)
  t.equal((await subjects()).length, foundTopics.length)
  t.match(records[0], /"origin":"reconcile".*"webhookId":"reconcile:message:m-lost"/)

  const opportunity = {
    opportunityId: 'gone',
    pipelineId: 'p',
    stageId: 's',
    status: 'open',
    name: 'x',
    monetaryValue: null,
    ownerId: null,
  }
  const holding = profileRecord({ version: 9, opportunities: { gone: opportunity }, fieldTimes: { 'opportunities.gone': askedAt } })
  await postgresSink(pool).write([
    batch(profiles, 1, [[`${tenantId}:maria`, { ...holding, lastInboundAt: askedAt, lastOutboundAt: null }]]),
  ])
  sandbox.put('opportunities', tenantId, { id: 'other', contactId: 'jo', createdAt: new Date(0).toISOString() })
  const held = await run('reconcile', '--held')
  t.match(held, { code: 0, err: '' })
  t.match(held.out[6], /^location +leads +calls +compared +told now +unclear +outcome$/)
  t.match(held.out[7], new RegExp(`^${tenantId} +1 +5 +1 +1 +0 +read$`), 'asked twice, the contact, the list, and another one by its id')
  t.ok(held.live.includes(`${tenantId}  what leads hold: 1 leads, 1 compared, 1 missed`), held.live.join('\n'))
  t.match(
    (await onTopic()).filter((record) => record.includes('OpportunityDelete')),
    [new RegExp(`"webhookId":"reconcile:opportunity:gone:${askedAt}:deleted"`)],
  )

  const owedNow = await run('owed', '--longer-than', '30m')
  t.match(owedNow.out[1], new RegExp(`^${tenantId}:maria +Maria Lopez +1h 0m +no decision`))
  t.match((await run('owed', '--longer-than', '2h')).out, [
    /^No lead is known to wait for an answer, as of \d{4}-/,
    /^Example Homes \(sandboxLocation000001\) was never compared with GoHighLevel/,
  ])
  const asJson = await run('owed', '--json', '--location', tenantId)
  t.match(JSON.parse(asJson.out[0] ?? '{}'), { contactId: 'maria', cause: 'no_decision' })
  t.equal(asJson.out.length, 1)
  t.match(asJson.err, /was never compared/, 'beside the documents, not among them')

  sandbox.addFault({ kind: '500', count: 1_000, on: 'reads' })
  const failed = await run('reconcile', '--since', '6h')
  t.equal(failed.code, 1)
  t.match(failed.err, /E_RECONCILE_FAILED/)
  t.match(failed.out[1], /failed$/)
  for (const [argv, says] of [
    [['reconcile', '--location', 'nobody'], /--location nobody: no active location\. Active: sandboxLocation000001/],
    [['reconcile', '--since', 'yesterday'], /--since yesterday: .*not a duration.*time with its zone/],
    [['reconcile', '--since', '2026-11-24'], /--since 2026-11-24: must be a time with its zone/],
    [['owed', '--limit', '0'], /--limit 0: must be a whole number/],
    [['owed', '--longer-than', 'long'], /--longer-than long: .*not a duration/],
  ] as const) {
    const wrong = await run(...argv)
    t.equal(wrong.code, 1)
    t.match(wrong.err, says)
  }
})
