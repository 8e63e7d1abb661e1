/** The sample bodies of the platform, as a receiver would hand them to ingest. */
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { readEnvelopes } from '../../api/envelope.ts'
import type { DrivenDeadLetter } from '../../runtime/driver.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, Tenant, WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { leadEvents, tenants, unrecognised, webhooks } from '../../topics/index.ts'

export type Body = Record<string, unknown>

const folder = join(import.meta.dirname, '..', 'fixtures', 'ghl')
/** When the samples are received. */
export const receivedAt = Date.parse('2026-11-03T12:00:00Z')

export const sampleNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => basename(file, '.json'))
  .sort()

export const sample = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Body

export interface Told {
  readonly events: readonly LeadEvent[]
  readonly keptRaw: readonly WebhookUnrecognised[]
  readonly tenants: readonly Tenant[]
  readonly deadLetters: readonly DrivenDeadLetter[]
}

/** What ingest makes of a body, split as the receiver does it, and keyed so unless another key is given. */
export function told(body: unknown, changes: Partial<WebhookReceived> = {}, under?: string): Told {
  const line = drive(ingest, { at: receivedAt })
  for (const envelope of readEnvelopes(Buffer.from(JSON.stringify(body)))) {
    const { key, tenantId, type, webhookId, contactId, batchIndex, body: bytes } = envelope
    line.pipe(webhooks, under ?? key, {
      receivedId: `received-${batchIndex}`,
      tenantId,
      origin: 'webhook',
      scheme: 'ed25519',
      keyId: 'sandbox',
      type,
      webhookId,
      contactId,
      batchIndex,
      receivedAt,
      body: bytes,
      ...changes,
    })
  }
  return {
    events: line.outputs(leadEvents),
    keptRaw: line.outputs(unrecognised),
    tenants: line.outputs(tenants),
    deadLetters: line.deadLetters,
  }
}

/** A value without its empty fields: what a golden file holds. */
export function stated(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_name, item: unknown) => (item === null || (Array.isArray(item) && item.length === 0) ? undefined : item)),
  ) as unknown
}

/** What a golden file says of a sample: the events, the row of a tenant, or why it stays raw; without ids of the run. */
export function golden({ events, keptRaw, tenants: rows, deadLetters }: Told): unknown {
  return stated({
    events: events.map(({ eventId: _, sourceId: __, receivedAt: ___, ...event }) => event),
    keptRaw: keptRaw.map(({ tenantId, rawType, reason, shape }) => ({ tenantId, rawType, reason, shape })),
    tenants: rows.map(({ tenantId, name, status, automation, installation }) => ({ tenantId, name, status, automation, installation })),
    deadLetters: deadLetters.map(({ code, detail }) => ({ code, detail })),
  })
}
