/**
 * What a provider of data answered about a lead becomes one lead event. The worker of look-ups writes it, keyed by the lead that
 * it asked about; told again it is known by its id. Only the fields that are known here are taken.
 */
import type { IngestState, LeadEvent, WebhookReceived } from '../../schemas/generated/records.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { deadLetter, drop, emit, next } from '../../runtime/outcome.ts'
import type { erasures } from '../../topics/index.ts'
import { leadEvents, leadKey } from '../../topics/index.ts'
import { isLookUpField, outcomeOf } from '../enrichment/lookUpFields.ts'
import { afterErasure } from './afterErasure.ts'
import { parseBody } from './body.ts'
import { eventTimeOf } from './eventTime.ts'
import { listOf, objectOf, textOf } from './fields.ts'
import { isSeen, mark, remember } from './seen.ts'
import { noSections } from './translate/draft.ts'

/** Folds one. */
export function tellLookUp(
  state: IngestState | undefined,
  record: StreamRecord<WebhookReceived>,
  ctx: Context<{ erasures: typeof erasures }>,
): Outcome<IngestState, typeof leadEvents> {
  const { receivedId, tenantId, contactId, type, body: bytes, receivedAt, webhookId } = record.value
  const place = { receivedId, webhookId }
  const parsed = parseBody(bytes)
  if ('problem' in parsed) return deadLetter('E_WEBHOOK_MALFORMED', { ...place, problem: parsed.problem })
  if (contactId === null) return deadLetter('E_WEBHOOK_CONTACT_MISSING', { ...place, type })
  const expected = leadKey(tenantId, contactId)
  if (expected !== ctx.key) return deadLetter('E_WEBHOOK_KEY_DIFFERS', { ...place, type, expected })
  const { body } = parsed
  const id = textOf(body, 'lookUpId')
  const provider = textOf(body, 'provider')
  const asked = listOf(body, 'asked')?.filter(isLookUpField)
  const missing = id === null ? 'lookUpId' : provider === null ? 'provider' : asked === undefined ? 'asked' : undefined
  if (id === null || provider === null || asked === undefined)
    return deadLetter('E_WEBHOOK_FIELD_MISSING', { ...place, type, field: missing })
  const kept = state ?? { seen: {}, tenant: null, told: [], realtors: [] }
  const told = mark.lookUp(id)
  if (isSeen(kept.seen, told, ctx.at)) return drop('duplicate_look_up')
  const stated = objectOf(body, 'found') ?? {}
  const found: Record<string, string> = {}
  for (const field of asked) {
    const value = textOf(stated, field)
    if (value !== null) found[field] = value
  }
  const answered: LeadEvent = {
    eventId: ctx.id('event', told),
    tenantId,
    contactId,
    kind: 'lead_looked_up',
    ...eventTimeOf(body, { datedBy: [{ field: 'askedAt' }] }, receivedAt),
    receivedAt,
    source: provider,
    sourceId: id,
    rawType: type,
    ...noSections,
    lookUp: { provider, outcome: outcomeOf(asked, found), asked, found },
  }
  const event = afterErasure(answered, ctx.tables.erasures.get(ctx.key)?.erasedAt)
  if (event === undefined) return drop('before_erasure')
  return next({ ...kept, seen: remember(kept.seen, [told], ctx.at) }, { emit: [emit(leadEvents, event)] })
}
