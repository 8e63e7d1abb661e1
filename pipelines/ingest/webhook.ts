/**
 * One verified webhook becomes one lead event, or a named reason why not: dropped as told already, unrecognised with its
 * raw body, or a dead letter. Nothing disappears.
 */
import type { IngestState, LeadEvent, WebhookReceived } from '../../schemas/generated/records.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { DeadLetter, Outcome } from '../../runtime/outcome.ts'
import { deadLetter, drop, emit, next } from '../../runtime/outcome.ts'
import { leadEvents, leadKey, unrecognised } from '../../topics/index.ts'
import { parseBody } from './body.ts'
import type { Json } from './body.ts'
import type { IngestErrorCode } from './errors.ts'
import { eventTimeOf } from './eventTime.ts'
import { textOf } from './fields.ts'
import { isSeen, mark, remember } from './seen.ts'
import { contactIdOf, tenantIdOf } from './subject.ts'
import { translatorOf, unrecognisedReason } from './translate/catalogue.ts'
import type { Draft } from './translate/draft.ts'

/** Outbound statuses after which the lead has received nothing. @source HighLevel message status enum */
export const UNDELIVERED: ReadonlySet<string> = new Set(['failed', 'undelivered', 'opt_out'])

const ORIGINS: Readonly<Record<string, string>> = { workflow: 'ghl_workflow', reconcile: 'reconcile' }

type Answer = Outcome<IngestState, typeof leadEvents | typeof unrecognised>

/** Folds one webhook. */
export function tellWebhook(state: IngestState | undefined, record: StreamRecord<WebhookReceived>, ctx: Context): Answer {
  const received = record.value
  const parsed = parseBody(received.body)
  if ('problem' in parsed) return refuse('E_WEBHOOK_MALFORMED', received, { problem: parsed.problem })
  const { body } = parsed
  const seen = state?.seen ?? {}
  const webhookId = received.webhookId ?? textOf(body, 'webhookId')
  const id = webhookId === null ? mark.body(received.body) : mark.webhook(webhookId, received.batchIndex)
  if (isSeen(seen, id, ctx.at)) return drop('duplicate_webhook')

  const type = textOf(body, 'type') ?? ''
  const translator = translatorOf(type)
  const tenantId = tenantIdOf(body)
  if (translator === undefined) return unrecognisedOf(seen, id, webhookId, type, tenantId ?? received.tenantId, received, ctx)
  if (tenantId === null) return refuse('E_WEBHOOK_TENANT_MISSING', received, { type })
  const contactId = contactIdOf(body)
  if (contactId === null) return refuse('E_WEBHOOK_CONTACT_MISSING', received, { type })
  const key = leadKey(tenantId, contactId)
  if (key !== ctx.key) return refuse('E_WEBHOOK_KEY_DIFFERS', received, { type, expected: key })
  const draft = translator.translate(body)
  if ('missing' in draft) return refuse('E_WEBHOOK_FIELD_MISSING', received, { type, field: draft.missing })

  const judged = judgeMessage(draft, seen, ctx.at)
  if ('told' in judged) return drop(judged.told)
  const event: LeadEvent = {
    eventId: ctx.id('event', id),
    tenantId,
    contactId,
    kind: draft.kind,
    ...eventTimeOf(body, translator, received.receivedAt),
    receivedAt: received.receivedAt,
    source: ORIGINS[received.origin] ?? 'ghl_webhook',
    sourceId: webhookId ?? id,
    rawType: type,
    contact: null,
    appointment: null,
    opportunity: null,
    ...draft.sections,
    message: judged.message,
    delivery: null,
  }
  return next({ seen: remember(seen, [id, ...judged.ids], ctx.at) }, { emit: [emit(leadEvents, event)] })
}

type Judged = { readonly message: LeadEvent['message']; readonly ids: readonly string[] } | { readonly told: string }

/** Has this message been told already, and is it one of ours? */
function judgeMessage(draft: Draft, seen: IngestState['seen'], now: number): Judged {
  const message = draft.sections.message ?? null
  const messageIds = draft.messageIds ?? []
  if (message === null) return { message, ids: [] }
  const own = message.direction === 'outbound' && messageIds.some((messageId) => isSeen(seen, mark.own(messageId), now))
  const attributed = own ? { ...message, sender: 'rekindle' } : message
  const status = message.direction === 'outbound' && UNDELIVERED.has(message.status ?? '') ? message.status : null
  if (status !== null) {
    const ids = messageIds.map((messageId) => mark.failure(messageId, status))
    return ids.some((failure) => isSeen(seen, failure, now)) ? { told: 'duplicate_message' } : { message: attributed, ids }
  }
  const ids = messageIds.map(mark.message)
  if (ids.some((told) => isSeen(seen, told, now))) return { told: 'duplicate_message' }
  return own ? { told: 'echo_of_own_message' } : { message: attributed, ids }
}

function unrecognisedOf(
  seen: IngestState['seen'],
  id: string,
  webhookId: string | null,
  rawType: string,
  tenantId: string,
  received: WebhookReceived,
  ctx: Context,
): Answer {
  const value = {
    receivedId: received.receivedId,
    tenantId,
    rawType,
    reason: unrecognisedReason(rawType),
    webhookId,
    receivedAt: received.receivedAt,
    body: received.body,
  }
  return next({ seen: remember(seen, [id], ctx.at) }, { emit: [emit(unrecognised, value)] })
}

function refuse(code: IngestErrorCode, received: WebhookReceived, detail: Json): DeadLetter {
  return deadLetter(code, { receivedId: received.receivedId, webhookId: received.webhookId, ...detail })
}
