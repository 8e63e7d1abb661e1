/** The sample bodies of the platform, as a receiver would hand them to ingest. */
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { readEnvelopes } from '../../api/envelope.ts'
import type { DrivenDeadLetter } from '../../runtime/driver.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, Realtor, Tenant, WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { leadEvents, realtors, tenants, unrecognised, webhooks } from '../../topics/index.ts'
import { tenantRecord } from '../support/leadRecords.ts'

const sampleLocation = 've9EPM428h8vShlRW1KT'

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
  readonly realtors: readonly Realtor[]
  readonly deadLetters: readonly DrivenDeadLetter[]
}

/** What ingest makes of a body, split as the receiver does it, and keyed so unless another key is given. */
export function told(body: unknown, changes: Partial<WebhookReceived> = {}, under?: string): Told {
  // Users are kept of locations that are installed; everything else is told to a line that knows none.
  const isUser = String((body as Body | null)?.['type']).startsWith('User')
  const installed = tenantRecord({ tenantId: sampleLocation })
  const line = drive(ingest, { at: receivedAt, tables: { [tenants.name]: isUser ? [[sampleLocation, installed]] : [] } })
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
    realtors: line.outputs(realtors),
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
export function golden({ events, keptRaw, tenants: rows, realtors: users, deadLetters }: Told): unknown {
  return stated({
    events: events.map(({ eventId: _, sourceId: __, receivedAt: ___, ...event }) => event),
    keptRaw: keptRaw.map(({ tenantId, rawType, reason, shape }) => ({ tenantId, rawType, reason, shape })),
    tenants: rows.map(({ tenantId, name, status, automation, installation }) => ({ tenantId, name, status, automation, installation })),
    realtors: users.map(({ updatedAt: _, ...row }) => row),
    deadLetters: deadLetters.map(({ code, detail }) => ({ code, detail })),
  })
}
