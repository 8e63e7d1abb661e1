/** The whole line in one process on real engines, for tests of what it leaves of a lead. */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { Registry } from 'prom-client'
import type { heldOnLead } from '../../cli/heldOnLead.ts'
import { takeStock } from '../../cli/leadErase.ts'
import { prepare } from '../../cli/prepare.ts'
import { kafkaOf } from '../../cli/roles/connections.ts'
import { clickhouseGroup, pipelineGroup, postgresGroup } from '../../cli/roles/groups.ts'
import { loadConfig } from '../../config/config.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import type { WebhookReceived } from '../../schemas/generated/records.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { clickhouseSink } from '../../sinks/clickhouse/sink.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { allTopics, erasures, leadKey, webhooks } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { stackEnv } from '../support/stackEnv.ts'

export const maria = leadKey(sandboxTenantId, 'contactMaria')
export const mario = leadKey(sandboxTenantId, 'contactMario')
const logger = pino({ level: 'silent' })

/** Runs stages and sinks until the end of the test. */
export async function line(t: Parameters<typeof testStack>[0]) {
  const stack = await testStack(t)
  const config = loadConfig(stackEnv(stack))
  await prepare(config, logger)
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  await kafka.registerSchemas(allTopics)
  const pool = createPool({ url: stack.databaseUrl, max: 4 })
  const erased = await kafka.table(erasures)
  const analytics = clickhouseSink({
    url: stack.clickhouseUrl,
    database: stack.clickhouseDatabase,
    topicPrefix: stack.prefix,
    maxMs: 100,
    erasedAt: (key) => erased.get(key)?.erasedAt,
  })
  const onFatal = (error: Error) => {
    throw error
  }
  const runPostgres = () => kafka.runSink({ group: postgresGroup, sink: postgresSink(pool), onFatal })
  const runClickhouse = (group = clickhouseGroup) => kafka.runSink({ group, sink: analytics.sink, onFatal })
  const members = {
    stages: await kafka.runStages({ group: pipelineGroup, stages: pipeline, onFatal }),
    postgres: await runPostgres(),
    clickhouse: await runClickhouse(),
  }
  t.teardown(async () => {
    await Promise.all(Object.values(members).map((member) => member.stop()))
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
  return { config, stack, kafka, pool, send, members, runPostgres, runClickhouse }
}

export const signUp = (contactId: string, name: string, email = 'lopez@example.com') => ({
  type: 'ContactCreate',
  id: contactId,
  firstName: name,
  lastName: 'Lopez',
  email,
  phone: '+12125550101',
  source: 'website form',
  dateAdded: new Date().toISOString(),
})
export const said = (contactId: string, text: string, dateAdded = new Date().toISOString()) => ({
  type: 'InboundMessage',
  contactId,
  body: text,
  messageType: 'SMS',
  direction: 'inbound',
  messageId: `message-${text.length}`,
  conversationId: 'conversation-1',
  dateAdded,
})

/** Counts by `<section> <name without the prefix>` once `enough` holds of them. */
export async function counted(
  held: Awaited<ReturnType<typeof heldOnLead>>,
  prefix: string,
  enough: (counts: Record<string, number>) => boolean,
) {
  for (let attempt = 0; ; attempt += 1) {
    const counts = Object.fromEntries(
      (await takeStock(held.places)).map(({ section, name, records }) => [`${section} ${name.replace(prefix, '')}`, records]),
    )
    if (enough(counts)) return counts
    if (attempt > 100) throw new Error(`not within the time: ${JSON.stringify(counts)}`)
    await delay(200)
  }
}
