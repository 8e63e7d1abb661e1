/**
 * A line of ingest and enrich on the broker-free driver, its rows in a real Postgres, and a platform that loses, repeats and
 * delays what it tells while its API shows all of it.
 */
import type pg from 'pg'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Line } from '../../runtime/driver.ts'
import type { LeadProfile, WebhookReceived } from '../../schemas/generated/records.ts'
import { receivedWebhook } from '../../simulate/receivedWebhook.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import type { SimulatedWebhook } from '../../simulate/webhooks.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { leadEvents, leadKey, profiles, tenants, unrecognised, webhooks } from '../../topics/index.ts'
import { batch } from '../support/sinkBatch.ts'

export interface LossyLine {
  readonly line: Line
  /** One delivery of a webhook; `delivery` tells repeated ones apart. */
  deliver(webhook: SimulatedWebhook, delivery: number): void
  /** What a sweep publishes. */
  publish(key: string, record: WebhookReceived): Promise<void>
  /** Brings Postgres up to where the line is. */
  store(): Promise<void>
  state(contactId: string): LeadProfile | undefined
}

/** `pool` is missing where nothing is stored. */
export function lossyLine(at: number, pool?: pg.Pool): LossyLine {
  const tenant = sandboxTenant(0)
  const line = drive([ingest, enrich], { at, tables: { [tenants.name]: [[sandboxTenantId, tenant]] } })
  const sink = pool === undefined ? undefined : postgresSink(pool)
  const stored = new Map<string, number>()
  async function storeTopic(topic: typeof leadEvents | typeof profiles | typeof unrecognised): Promise<void> {
    const from = stored.get(topic.name) ?? 0
    const fresh = line.records(topic as typeof leadEvents).slice(from)
    stored.set(topic.name, from + fresh.length)
    const rows = fresh.map(({ key, value }) => [key, value] as const)
    if (rows.length > 0) await sink?.write([batch(topic as typeof leadEvents, from, rows)])
  }
  return {
    line,
    deliver(webhook, delivery) {
      const record = receivedWebhook(webhook, line.now, `${webhook.webhookId}-${delivery}`)
      line.pipe(webhooks, leadKey(sandboxTenantId, webhook.contactId), record)
    },
    async publish(key, record) {
      line.pipe(webhooks, key, record)
    },
    async store() {
      if (stored.size === 0) await sink?.write([batch(tenants, 0, [[sandboxTenantId, tenant]])])
      await storeTopic(leadEvents)
      await storeTopic(profiles)
      await storeTopic(unrecognised)
    },
    state: (contactId) => line.state(enrich.name, leadKey(sandboxTenantId, contactId)) as LeadProfile | undefined,
  }
}
