/** The sample callbacks of providers, as a receiver would hand them to ingest. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Envelope } from '../../api/envelope.ts'
import { sendgridEnvelopes, twilioEnvelope } from '../../api/callbackEnvelopes.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Tenant } from '../../schemas/generated/records.ts'
import { leadKey, webhooks } from '../../topics/index.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { receivedAt } from './ghlSamples.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'callbacks')

export const tenantId = 't9Ww7bY1xJJ6ThFHZVPC'
export const contactId = 'gxGfB9wxEy3anxbHB4nT'
export const lead = leadKey(tenantId, contactId)
export const target = `/webhooks/twilio?rekindle_tenant=${tenantId}&rekindle_contact=${contactId}`
export const tenants: ReadonlyMap<string, Tenant> = new Map([
  [tenantId, tenantRecord({ tenantId })],
  ['gone', tenantRecord({ tenantId: 'gone', status: 'uninstalled' })],
])

export const callbackNames: readonly string[] = readdirSync(folder).sort()
export const callback = (name: string) => readFileSync(join(folder, name))

/** A sample, split and named as the receiver does it; a request of Twilio comes to the URL of the lead. */
export const envelopesOf = (name: string, body: Buffer = callback(name)): readonly Envelope[] =>
  name.startsWith('Twilio') ? [twilioEnvelope(body, target, tenants)] : sendgridEnvelopes(body, tenants)

/** Ingest, and what becomes of the lead. */
export const callbackLine = () => drive([ingest, enrich], { at: receivedAt, tables: { tenants: [...tenants.entries()] } })
export type CallbackLine = ReturnType<typeof callbackLine>

let count = 0
export function pipe(line: CallbackLine, { key, tenantId, contactId, type, webhookId, batchIndex, body }: Envelope, under = key): void {
  line.pipe(webhooks, under, {
    receivedId: `received-${++count}`,
    tenantId,
    origin: 'callback',
    scheme: type === 'TwilioMessage' ? 'hmac-sha1' : 'ecdsa-p256',
    keyId: 'k',
    type,
    webhookId,
    contactId,
    batchIndex,
    receivedAt: line.now,
    body,
  })
}
