/**
 * What a provider delivers, as elements with the lead that each names. Whom they belong to is said by arguments of our own that the
 * provider gives back; what names nobody is kept all the same, under its location or unattributed.
 */
import { mayWithdrawByCallback } from '../pipelines/enrich/withdrawal.ts'
import { parseBody } from '../pipelines/ingest/body.ts'
import type { Json } from '../pipelines/ingest/body.ts'
import { leadOf } from '../pipelines/ingest/callback.ts'
import { callbackSubjectOf } from '../pipelines/ingest/subject.ts'
import { readCallback } from '../pipelines/ingest/translate/callback.ts'
import type { CallbackType } from '../pipelines/ingest/translate/callback.ts'
import { leadKey } from '../topics/index.ts'
import { maxElements, routable, unattributed, unlessKept } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { elementsOf, listOf } from './jsonElements.ts'
import type { ApiDeps } from './ports.ts'
import { queryOf } from './twilioSignature.ts'

type Tenants = ApiDeps['tenants']

/** The one element of a request of Twilio; its URL names the lead. `target` is the raw request target. */
export function twilioEnvelope(body: Buffer, target: string, tenants: Tenants): Envelope {
  return envelopeOf('TwilioMessage', body, 0, Object.fromEntries(queryOf(target)), tenants)
}

/** The elements of a request of SendGrid. One that is no list, or a longer one than is ever sent, stays whole. */
export function sendgridEnvelopes(body: Buffer, tenants: Tenants): Envelope[] {
  const list = listOf(body)
  const elements = list === undefined || list.length > maxElements ? [body] : elementsOf(body).slice(0, list.length)
  return elements.map((bytes, index) => {
    const parsed = parseBody(bytes)
    return envelopeOf('SendGridEvent', bytes, index, 'problem' in parsed ? {} : parsed.body, tenants)
  })
}

function envelopeOf(type: CallbackType, body: Buffer, batchIndex: number, given: Json, tenants: Tenants): Envelope {
  const named = callbackSubjectOf(given)
  const tenantId = routable(named.tenantId) ?? ''
  const contactId = routable(named.contactId)
  const { reading } = readCallback(type, body)
  const lead = leadOf({ tenantId, contactId }, tenants.get(tenantId))
  const raw = 'raw' in lead ? unlessKept(lead.raw, type, body) : 'raw' in reading ? reading.raw : undefined
  return {
    body,
    batchIndex,
    tenantId,
    contactId,
    type,
    webhookId: reading.id,
    appId: null,
    mayWithdraw: mayWithdrawByCallback(reading),
    key: tenantId === '' ? unattributed : contactId === null ? tenantId : leadKey(tenantId, contactId),
    ...(raw === undefined ? {} : { raw }),
  }
}
