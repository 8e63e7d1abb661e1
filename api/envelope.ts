/**
 * Reads just enough of a verified body to route it: location, contact, type, delivery id. It never throws and never
 * edits: what cannot be read is routed to the unattributed lane with its bytes, so that ingest dead-letters it visibly.
 */
import { parseBody } from '../pipelines/ingest/body.ts'
import type { BodyProblem } from '../pipelines/ingest/body.ts'
import { textOf } from '../pipelines/ingest/fields.ts'
import { contactIdOf, reportContactIdOf, reportTenantIdOf, tenantIdOf } from '../pipelines/ingest/subject.ts'
import { destinationOf } from '../pipelines/ingest/translate/catalogue.ts'
import type { UnrecognisedReason } from '../pipelines/ingest/translate/catalogue.ts'
import { webhookTypeOf } from '../pipelines/ingest/webhookTypes.ts'
import { leadKey } from '../topics/index.ts'

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
  /** Why it will stay raw though it can be read. */
  readonly raw?: UnrecognisedReason
  /** Why it can be read no further. */
  readonly fault?: BodyProblem | 'too_many_elements' | 'no_location'
}

/** More elements than this in one delivery are not a batch but an attack on the topic; such a body stays whole. */
const maxElements = 1000
/** Longest id taken for routing: ids of the platform have 17 to 36 characters. A longer one is not an id. */
const maxIdLength = 100
const unattributed = 'unattributed'

/** Splits a body into what it delivers: one envelope for an object, one per element for an array. Never empty. */
export function readEnvelopes(body: Buffer): readonly [Envelope, ...Envelope[]] {
  if (!startsList(body)) return [envelopeOf(body, 0)]
  const list = listOf(body)
  if (list === undefined) return [unreadable(body, 'not_json')]
  if (list.length > maxElements) return [unreadable(body, 'too_many_elements')]
  const [first, ...others] = elementsOf(body).map(envelopeOf)
  return list.length === 0 || first === undefined ? [unreadable(body, 'not_an_object')] : [first, ...others]
}

/** Not all of JSON's lists are deliveries, but all of them start with a bracket. */
function startsList(body: Buffer): boolean {
  return trimmed(body)[0] === code.openList
}

function listOf(body: Buffer): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return Array.isArray(value) ? value : undefined
  } catch {
    // Not UTF-8 or not JSON: said by the absence of a list, the bytes are kept by the caller.
    return undefined
  }
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
    ...('raw' in destination ? { raw: destination.raw } : {}),
    ...(tenantId === '' && agency === null ? { fault: 'no_location' as const } : {}),
  }
}

/**
 * The one element of a workflow's post, which belongs to the location of its URL; `stated` is the location the body names.
 * A list is no body of a workflow: it stays whole, and ingest dead-letters it.
 */
export function workflowEnvelope(body: Buffer, tenantId: string): { envelope: Envelope; stated: string | null } {
  const parsed = parseBody(body)
  const of = { body, batchIndex: 0, tenantId, type: 'WorkflowWebhook', webhookId: null, appId: null }
  if ('problem' in parsed) return { envelope: { ...of, contactId: null, key: tenantId, fault: parsed.problem }, stated: null }
  const contactId = routable(reportContactIdOf(parsed.body))
  const key = contactId === null ? tenantId : leadKey(tenantId, contactId)
  const raw = contactId === null ? { raw: 'contact_not_named' as const } : {}
  return { envelope: { ...of, contactId, key, ...raw }, stated: reportTenantIdOf(parsed.body) }
}

function routable(id: string | null): string | null {
  return id !== null && id.length <= maxIdLength ? id : null
}

const code = { quote: 0x22, backslash: 0x5c, comma: 0x2c, openList: 0x5b, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d } as const

/**
 * The bytes of each element of a JSON array. Sliced, not serialised again: an element must stay what was signed, and a
 * deeply nested one would overflow the stack of a serialiser. The body has been parsed, so brackets are known to match.
 */
function elementsOf(body: Buffer): Buffer[] {
  const slices: Buffer[] = []
  let depth = 0
  let start = -1
  let inString = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (inString) {
      if (byte === code.backslash) i++
      else if (byte === code.quote) inString = false
    } else if (byte === code.quote) inString = true
    else if (byte === code.openList || byte === code.openObject) {
      depth++
      if (depth === 1) start = i + 1
    } else if (byte === code.closeList || byte === code.closeObject) {
      depth--
      if (depth === 0) slices.push(trimmed(body.subarray(start, i)))
    } else if (byte === code.comma && depth === 1) {
      slices.push(trimmed(body.subarray(start, i)))
      start = i + 1
    }
  }
  return slices
}

/** Drops JSON white space (space, tab, line ends) at both ends. */
function trimmed(bytes: Buffer): Buffer {
  let from = 0
  let to = bytes.length
  const blank = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
  while (from < to && blank(bytes[from])) from++
  while (to > from && blank(bytes[to - 1])) to--
  return bytes.subarray(from, to)
}
