/**
 * One verified webhook becomes one lead event, or a named reason why not: dropped as told already, unrecognised with its
 * raw body, or a dead letter. Nothing disappears.
 */
import type { IngestState, LeadEvent, WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { DeadLetter, Outcome } from '../../runtime/outcome.ts'
import { deadLetter, drop, emit, next } from '../../runtime/outcome.ts'
import { isDeletion } from '../enrich/erasure.ts'
import type { erasures, realtors, tenants } from '../../topics/index.ts'
import { leadEvents, leadKey, unrecognised } from '../../topics/index.ts'
import { afterErasure } from './afterErasure.ts'
import { parseBody } from './body.ts'
import type { BodyProblem, Json } from './body.ts'
import type { IngestErrorCode } from './errors.ts'
import { tellCallback } from './callback.ts'
import { eventTimeOf } from './eventTime.ts'
import { textOf } from './fields.ts'
import { isHeartbeat, tellHeartbeat, withoutHeartbeat } from './heartbeat.ts'
import { tellLookUp } from './lookUp.ts'
import { judgeMessage } from './judgeMessage.ts'
import { isTold, meaningOf, rememberTold } from './meaning.ts'
import { isSeen, mark, remember } from './seen.ts'
import { contactIdOf, tenantIdOf } from './subject.ts'
import { tellInstallation } from './tellInstallation.ts'
import { tellRealtor } from './tellRealtor.ts'
import { destinationOf, reportDestination } from './translate/catalogue.ts'
import { noSections } from './translate/draft.ts'
import type { UnrecognisedReason } from './translate/unrecognised.ts'
import { reportKeyOf } from './translate/workflow.ts'
import { webhookTypeOf } from './webhookTypes.ts'

const ORIGINS: Readonly<Record<string, string>> = { workflow: 'ghl_workflow', reconcile: 'reconcile' }

export type IngestContext = Context<{ tenants: typeof tenants; realtors: typeof realtors; erasures: typeof erasures }>
type Answer = Outcome<IngestState, typeof leadEvents | typeof unrecognised | typeof tenants | typeof realtors>

/** Folds one webhook, one callback of a provider, or what was found about a lead. */
export function tellWebhook(state: IngestState | undefined, record: StreamRecord<WebhookReceived>, ctx: IngestContext): Answer {
  const received = record.value
  if (received.origin === 'callback') return tellCallback(state, record, ctx)
  if (received.origin === 'enrichment') return tellLookUp(state, record, ctx)
  const parsed = parseBody(received.body)
  if ('problem' in parsed) {
    if (received.origin === 'workflow') return unreadableReport(state, received, parsed.problem)
    return refuse('E_WEBHOOK_MALFORMED', received, { problem: parsed.problem })
  }
  const { body } = parsed
  const isReport = received.origin === 'workflow'
  const recognised = isReport ? { type: 'WorkflowWebhook', byShape: true } : webhookTypeOf(body)
  const { type } = recognised
  const kept = withoutHeartbeat(state ?? { seen: {}, tenant: null, told: [], realtors: [] }, type, body)
  const { seen } = kept
  const webhookId = isReport ? reportKeyOf(body) : (received.webhookId ?? textOf(body, 'webhookId'))
  const id = idOf(received, webhookId, isReport)
  if (isSeen(seen, id, ctx.at)) return drop('duplicate_webhook')

  // A report is of the location whose URL it came to, whatever it says.
  const tenantId = isReport ? received.tenantId : tenantIdOf(body)
  // Of a report the receiver says whom it is about: what is too long to be an id has no key. Where another body names none, whoever wrote the
  // record may have looked the contact up.
  const contactId = isReport ? received.contactId : (contactIdOf(body) ?? received.contactId)
  if (tenantId !== null && contactId !== null && leadKey(tenantId, contactId) === ctx.key && isHeartbeat(type, body, seen, ctx.at))
    return tellHeartbeat(kept, received, { type, tenantId, webhookId }, ctx.at)
  const destination = isReport ? reportDestination(contactId) : destinationOf(recognised, contactId)
  if ('installation' in destination) return tellInstallation(state, body, destination.installation, received, id, ctx)
  if ('realtor' in destination) {
    const told = tellRealtor(kept, body, destination.realtor, received, id, ctx)
    return 'missing' in told ? refuse(told.missing, received, { type, ...told.detail }) : told
  }
  const erasedAt = ctx.tables.erasures.get(ctx.key)?.erasedAt
  if ('raw' in destination && (tenantId !== null || destination.raw !== 'contact_not_named')) {
    if (erasedAt !== undefined && eventTimeOf(body, { datedBy: isReport ? 'arrival' : [] }, received.receivedAt).occurredAt <= erasedAt)
      return drop('before_erasure')
    const rawType = textOf(body, 'type') ?? ''
    const raw = rawOf(received, {
      ...{ tenantId: tenantId ?? received.tenantId, rawType, reason: destination.raw, webhookId },
      shape: type === '' ? null : type,
    })
    return next({ ...kept, seen: remember(seen, [id], ctx.at) }, { emit: [emit(unrecognised, raw)] })
  }
  if (tenantId === null) return refuse('E_WEBHOOK_TENANT_MISSING', received, { type })
  if (contactId === null || 'raw' in destination) return refuse('E_WEBHOOK_CONTACT_MISSING', received, { type })
  const { translator } = destination
  const key = leadKey(tenantId, contactId)
  if (key !== ctx.key) return refuse('E_WEBHOOK_KEY_DIFFERS', received, { type, expected: key })
  const draft = translator.translate(body)
  if ('missing' in draft) return refuse('E_WEBHOOK_FIELD_MISSING', received, { type, field: draft.missing })
  // Nothing was told since the erasure, so there is nothing that can be gone.
  if (erasedAt !== undefined && state === undefined && isDeletion(draft.kind)) return drop('erased')

  const factIds = (draft.factIds ?? []).map(mark.fact)
  if (factIds.some((fact) => isSeen(seen, fact, ctx.at))) return drop('duplicate_fact')
  const judged = judgeMessage(draft, seen, ctx.at)
  if ('told' in judged) return drop(judged.told)
  const time = eventTimeOf(body, translator, received.receivedAt)
  const meaning = meaningOf(draft, time.occurredAt)
  if (meaning !== undefined && isTold(kept.told, meaning)) return drop('duplicate_meaning')
  const told: LeadEvent = {
    eventId: ctx.id('event', id),
    tenantId,
    contactId,
    kind: draft.kind,
    ...time,
    receivedAt: received.receivedAt,
    source: ORIGINS[received.origin] ?? 'ghl_webhook',
    sourceId: webhookId ?? id,
    rawType: type,
    ...noSections,
    ...draft.sections,
    message: judged.message,
  }
  const event = afterErasure(told, erasedAt)
  if (event === undefined) return drop('before_erasure')
  const memory = { ...kept, seen: remember(seen, [id, ...factIds, ...judged.ids], ctx.at), told: rememberTold(kept.told, meaning) }
  if (draft.unread === undefined) return next(memory, { emit: [emit(leadEvents, event)] })
  const unread = rawOf(received, { rawType: '', reason: 'signal_unknown', webhookId, shape: type, detail: draft.unread })
  return next<IngestState, typeof leadEvents | typeof unrecognised>(memory, { emit: [emit(leadEvents, event), emit(unrecognised, unread)] })
}

/** The body as it came, with why it or a part of it is not taken. */
function rawOf(
  { receivedId, tenantId, receivedAt, body, batchIndex, scheme, keyId }: WebhookReceived,
  why: Pick<WebhookUnrecognised, 'rawType' | 'webhookId' | 'shape'> &
    Partial<Pick<WebhookUnrecognised, 'tenantId' | 'detail'>> & { readonly reason: UnrecognisedReason },
): WebhookUnrecognised {
  return { receivedId, tenantId, receivedAt, body, batchIndex, scheme, keyId, detail: null, ...why }
}

/**
 * Raw and no dead letter: a workflow posts what its author has written for each of thousands of leads, and a flood of it must not stop the line
 * for all locations. Not remembered, as callbacks of nobody are not.
 */
function unreadableReport(state: IngestState | undefined, received: WebhookReceived, problem: BodyProblem): Answer {
  const detail = `The report of a workflow cannot be read: ${problem}.`
  const raw = rawOf(received, { rawType: '', reason: 'typeless', webhookId: null, shape: received.type, detail })
  return next(state, { emit: [emit(unrecognised, raw)] })
}

/** The same report is no repetition a day later, so one without a key of its author is known by its meaning alone. */
function idOf({ receivedId, batchIndex, body }: WebhookReceived, webhookId: string | null, isReport: boolean): string {
  if (webhookId !== null) return isReport ? mark.report(webhookId) : mark.webhook(webhookId, batchIndex)
  return isReport ? mark.report(receivedId) : mark.body(body)
}

function refuse(code: IngestErrorCode, received: WebhookReceived, detail: Json): DeadLetter {
  return deadLetter(code, { receivedId: received.receivedId, webhookId: received.webhookId, ...detail })
}
