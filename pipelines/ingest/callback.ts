/**
 * One callback of a provider becomes one lead event, or stays raw with a reason. Its lead is the one its receiver proved, never one
 * that is looked for. Callbacks of nobody are no dead letters: however many come, no fuse stops the line for the leads.
 */
import type { IngestState, LeadEvent, Tenant, WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { deadLetter, drop, emit, next } from '../../runtime/outcome.ts'
import type { erasures, tenants } from '../../topics/index.ts'
import { leadEvents, leadKey, unrecognised } from '../../topics/index.ts'
import { afterErasure } from './afterErasure.ts'
import { eventTimeOf } from './eventTime.ts'
import { judgeMessage } from './judgeMessage.ts'
import { isSeen, mark, remember } from './seen.ts'
import { readCallback } from './translate/callback.ts'
import type { CallbackReading } from './translate/callbackReading.ts'
import type { UnrecognisedReason } from './translate/unrecognised.ts'
import { noSections } from './translate/draft.ts'

type CallbackContext = Context<{ tenants: typeof tenants; erasures: typeof erasures }>

type Answer = Outcome<IngestState, typeof leadEvents | typeof unrecognised>

/** Folds one. */
export function tellCallback(state: IngestState | undefined, record: StreamRecord<WebhookReceived>, ctx: CallbackContext): Answer {
  const received = record.value
  const { receivedId, tenantId, receivedAt, type } = received
  const { source, body, reading } = readCallback(type, received.body)
  const lead = leadOf(received, ctx.tables.tenants.get(tenantId))
  if ('raw' in lead) return keepRaw(state, received, reading, lead.raw)
  if ('raw' in reading) return keepRaw(state, received, reading, reading.raw)
  const { contactId } = lead
  const key = leadKey(tenantId, contactId)
  if (key !== ctx.key) return deadLetter('E_WEBHOOK_KEY_DIFFERS', { receivedId, webhookId: reading.id, type, expected: key })
  const kept = state ?? { seen: {}, tenant: null, told: [], realtors: [] }
  const { seen } = kept
  const id = reading.id === null ? mark.body(received.body) : mark.callback(reading.id)
  if (isSeen(seen, id, ctx.at)) return drop('duplicate_callback')
  const { draft } = reading
  const judged = judgeMessage(draft, seen, ctx.at)
  if ('told' in judged) return drop(judged.told)
  const told: LeadEvent = {
    eventId: ctx.id('event', id),
    tenantId,
    contactId,
    kind: draft.kind,
    ...eventTimeOf(body, reading, receivedAt),
    receivedAt,
    source,
    sourceId: reading.id ?? id,
    rawType: type,
    ...noSections,
    ...draft.sections,
    message: judged.message,
  }
  const event = afterErasure(told, ctx.tables.erasures.get(ctx.key)?.erasedAt)
  if (event === undefined) return drop('before_erasure')
  return next({ ...kept, seen: remember(seen, [id, ...judged.ids], ctx.at) }, { emit: [emit(leadEvents, event)] })
}

/** The lead that a callback is about, or why it belongs to none; `row` is that of the tenant it names. */
export function leadOf(
  { tenantId, contactId }: Pick<WebhookReceived, 'tenantId' | 'contactId'>,
  row: Pick<Tenant, 'status'> | undefined,
): { readonly contactId: string } | { readonly raw: UnrecognisedReason } {
  if (tenantId === '') return { raw: 'tenant_not_named' }
  if (row === undefined || row.status === 'uninstalled') return { raw: 'tenant_not_installed' }
  return contactId === null ? { raw: 'contact_not_named' } : { contactId }
}

// Not remembered: it tells nothing, and under a key that stands for many it would push out of the memory what was told.
function keepRaw(state: IngestState | undefined, received: WebhookReceived, reading: CallbackReading, reason: UnrecognisedReason): Answer {
  const { receivedId, tenantId, receivedAt, body, type, batchIndex, scheme, keyId } = received
  const raw: WebhookUnrecognised = {
    receivedId,
    tenantId,
    rawType: reading.stated,
    reason,
    webhookId: reading.id,
    receivedAt,
    body,
    shape: type,
    detail: null,
    batchIndex,
    scheme,
    keyId,
  }
  return next(state, { emit: [emit(unrecognised, raw)] })
}
