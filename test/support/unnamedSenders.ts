/** What numbers and addresses say that no contact is named of: as it comes in, and as ingest keeps it raw. */
import type { Envelope } from '../../api/envelope.ts'
import { readEnvelopes } from '../../api/envelope.ts'
import { sendgridEnvelopes, twilioEnvelope } from '../../api/callbackEnvelopes.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { unrecognised, webhooks } from '../../topics/index.ts'
import { tenantId, tenantRecord, tuesdayNoon } from './leadRecords.ts'

interface Said {
  readonly id: string
  /** When it was received, ms. */
  readonly at: number
  readonly tenant: string
}
const said = (over: Partial<Said>): Said => ({ id: 'SM1', at: tuesdayNoon, tenant: tenantId, ...over })
const installed = (tenant: string) => new Map([[tenant, tenantRecord({ tenantId: tenant })]])

/** A callback of Twilio to the URL of a location's number, which names no contact. */
export function twilioSays(fields: Readonly<Record<string, string>>, { id, tenant }: Said): readonly Envelope[] {
  const body = Buffer.from(new URLSearchParams({ MessageSid: id, MessageStatus: 'received', ...fields }).toString())
  return [twilioEnvelope(body, `/webhooks/twilio?rekindle_tenant=${tenant}`, installed(tenant))]
}

/** An event of SendGrid about an e-mail that was sent with its location as argument, and no contact. */
export function sendgridSays(fields: Readonly<Record<string, unknown>>, { id, tenant }: Said): readonly Envelope[] {
  return sendgridEnvelopes(Buffer.from(JSON.stringify([{ sg_event_id: id, rekindle_tenant: tenant, ...fields }])), installed(tenant))
}

/** An event of the platform's own mail service. */
export function mailServiceSays(payload: Readonly<Record<string, unknown>>, { id, tenant }: Said): readonly Envelope[] {
  const body = { type: 'LCEmailStats', locationId: tenant, webhookId: id, webhookPayload: { id: `mail ${id}`, ...payload } }
  return readEnvelopes(Buffer.from(JSON.stringify(body)))
}

/** What ingest makes of it: one record on `ghl.unrecognised`. */
export function keptRaw(envelopes: readonly Envelope[], { at, tenant }: Said): WebhookUnrecognised {
  const line = drive(ingest, { at, tables: { tenants: [...installed(tenant)] } })
  for (const { key, type, webhookId, contactId, batchIndex, body } of envelopes)
    line.pipe(webhooks, key, {
      ...{ receivedId: `received ${webhookId}`, tenantId: tenant, type, webhookId, contactId, batchIndex, body, receivedAt: at },
      ...{ origin: type === 'LCEmailStats' ? 'webhook' : 'callback', scheme: 'test', keyId: 'test' },
    })
  const [raw, ...others] = line.outputs(unrecognised)
  if (raw === undefined || others.length > 0) throw new Error(`${1 + others.length} records are raw`)
  return raw
}

/** A text from a number, as kept raw. */
export const texted = (From: string, Body: string, over: Partial<Said> = {}) =>
  keptRaw(twilioSays({ From, To: '+12125550100', Body }, said(over)), said(over))
/** A callback of Twilio, as kept raw. */
export const fromTwilio = (fields: Readonly<Record<string, string>>, over: Partial<Said> = {}) =>
  keptRaw(twilioSays(fields, said(over)), said(over))
/** An event of SendGrid, as kept raw. */
export const fromSendGrid = (fields: Readonly<Record<string, unknown>>, over: Partial<Said> = {}) =>
  keptRaw(sendgridSays(fields, said(over)), said(over))
/** An event of the platform's mail service, as kept raw. */
export const fromMailService = (payload: Readonly<Record<string, unknown>>, over: Partial<Said> = {}) =>
  keptRaw(mailServiceSays(payload, said(over)), said(over))
