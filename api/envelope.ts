/**
 * Reads just enough of a verified body to route it: location, contact, type, delivery id. It never throws and never
 * edits: what cannot be read is routed to the unattributed lane with its bytes, so that ingest dead-letters it visibly.
 */
import { mayWithdraw } from '../pipelines/enrich/withdrawal.ts'
import { parseBody } from '../pipelines/ingest/body.ts'
import type { BodyProblem, Json } from '../pipelines/ingest/body.ts'
import { objectOf, textOf } from '../pipelines/ingest/fields.ts'
import { contactIdOf, reportContactIdOf, reportTenantIdOf, tenantIdOf } from '../pipelines/ingest/subject.ts'
import { destinationOf } from '../pipelines/ingest/translate/catalogue.ts'
import { statedSignalOf } from '../pipelines/ingest/translate/statedSignal.ts'
import type { UnrecognisedReason } from '../pipelines/ingest/translate/unrecognised.ts'
import { webhookTypeOf } from '../pipelines/ingest/webhookTypes.ts'
import { countsForAddress } from '../pipelines/lookup/saidByAddress.ts'
import { leadKey } from '../topics/index.ts'
import { elementsOf, listOf, startsList } from './jsonElements.ts'

export interface Envelope {
  /** The bytes as received; of an array, the bytes of this element. */
  readonly body: Buffer
  readonly batchIndex: number
  /** Location id; empty when the body names none. */
  readonly tenantId: string
  readonly contactId: string | null
  /** The type as sent, or what the shape of a typeless body tells; empty when neither says anything. */
  readonly type: string
  readonly webhookId: string | null
  readonly appId: string | null
  /** `lead key`, else the location, else the agency, else `unattributed`. */
  readonly key: string
  /** It may take a permission back. */
  readonly mayWithdraw?: boolean
  /** Why it, or what its author meant by a part of it, will stay raw though it can be read. */
  readonly raw?: UnrecognisedReason
  /** Why it can be read no further. */
  readonly fault?: BodyProblem | 'too_many_elements' | 'no_location'
}

/** More elements than this in one delivery are not a batch but an attack on the topic; such a body stays whole. */
export const maxElements = 1000
/** Longest id taken for routing: ids of the platform have 17 to 36 characters. A longer one is not an id. */
const maxIdLength = 100
export const unattributed = 'unattributed'

/** Splits a body into what it delivers: one envelope for an object, one per element for an array. Never empty. */
export function readEnvelopes(body: Buffer): readonly [Envelope, ...Envelope[]] {
  if (!startsList(body)) return [envelopeOf(body, 0)]
  const list = listOf(body)
  if (list === undefined) return [unreadable(body, 'not_json')]
  if (list.length > maxElements) return [unreadable(body, 'too_many_elements')]
  const [first, ...others] = elementsOf(body).map(envelopeOf)
  return list.length === 0 || first === undefined ? [unreadable(body, 'not_an_object')] : [first, ...others]
}

function unreadable(body: Buffer, fault: NonNullable<Envelope['fault']>, batchIndex = 0): Envelope {
  return { body, batchIndex, tenantId: '', contactId: null, type: '', webhookId: null, appId: null, key: unattributed, fault }
}

/** Location and contact are read by the rules of ingest, which refuses a record under a key it would not have chosen. */
function envelopeOf(bytes: Buffer, batchIndex: number): Envelope {
  const parsed = parseBody(bytes)
  if ('problem' in parsed) return unreadable(bytes, parsed.problem, batchIndex)
  const { body } = parsed
  const recognised = webhookTypeOf(body)
  const { type } = recognised
  const tenantId = routable(tenantIdOf(body)) ?? ''
  const contactId = routable(contactIdOf(body))
  const agency = routable(textOf(body, 'companyId'))
  const destination = destinationOf(recognised, contactId)
  return {
    body: bytes,
    batchIndex,
    tenantId,
    contactId,
    type: type.slice(0, maxIdLength),
    webhookId: textOf(body, 'webhookId'),
    appId: textOf(body, 'appId'),
    key: tenantId === '' ? (agency ?? unattributed) : contactId === null ? tenantId : leadKey(tenantId, contactId),
    mayWithdraw: mayWithdraw(type, body),
    ...('raw' in destination ? rawBecause(unlessKept(destination.raw, type, bytes)) : {}),
    ...(tenantId === '' && agency === null ? { fault: 'no_location' as const } : {}),
  }
}

/**
 * The one element of a workflow's post, which belongs to the location of its URL; `stated` is the location the body names.
 * A list is no body of a workflow: it stays whole, and ingest keeps it raw like all that cannot be read.
 */
export function workflowEnvelope(body: Buffer, tenantId: string): { envelope: Envelope; stated: string | null } {
  const parsed = parseBody(body)
  const of = { body, batchIndex: 0, tenantId, type: 'WorkflowWebhook', webhookId: null, appId: null }
  if ('problem' in parsed) return { envelope: { ...of, contactId: null, key: tenantId, raw: 'typeless' }, stated: null }
  const contactId = routable(reportContactIdOf(parsed.body))
  const key = contactId === null ? tenantId : leadKey(tenantId, contactId)
  const raw = rawBecause(contactId === null ? 'contact_not_named' : unknownSignal(parsed.body) ? 'signal_unknown' : undefined)
  return { envelope: { ...of, contactId, key, ...raw }, stated: reportTenantIdOf(parsed.body) }
}

function unknownSignal(body: Json): boolean {
  const stated = statedSignalOf(objectOf(body, 'customData') ?? {})
  return stated !== undefined && 'unknown' in stated
}

/** Not raw after all when it says something of permission that counts for its number or e-mail address, contact or not. */
export function unlessKept(raw: UnrecognisedReason, type: string, body: Buffer): UnrecognisedReason | undefined {
  return raw === 'contact_not_named' && countsForAddress({ shape: type, body }) ? undefined : raw
}

function rawBecause(raw: UnrecognisedReason | undefined): Pick<Envelope, 'raw'> {
  return raw === undefined ? {} : { raw }
}

/** The id when it is short enough to be one. */
export function routable(id: string | null): string | null {
  return id !== null && id.length <= maxIdLength ? id : null
}
