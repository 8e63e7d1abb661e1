/**
 * What became of our own follow-ups, as events of the lead. The provider also tells the same message by webhook (the
 * echo), before or after; whichever comes second changes no count.
 */
import type { DeliveryChanged, IngestState, LeadEvent, MessageFields } from '../../schemas/generated/records.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { drop, emit, next } from '../../runtime/outcome.ts'
import { closedBecauseOf } from '../enrich/closures.ts'
import { leadEvents } from '../../topics/index.ts'
import { isSeen, mark, remember } from './seen.ts'
import { noSections } from './translate/draft.ts'

/** Statuses that are news about the lead; the others are steps of the ledger. */
const NEWS = new Set(['confirmed', 'failed', 'unknown', 'denied'])

/**
 * Of an assignment the hand-over is news too: the platform may tell of the owner before it answers. So is that it certainly was not
 * made: whoever is named last may be somebody else, and the realtor of the hand-over would stay ours for ever.
 */
function isNewsOfAssignment({ action, status, attempt }: DeliveryChanged): boolean {
  return action === 'assign' && (status === 'handed_over' || (status === 'deferred' && attempt > 0))
}

/**
 * Refusals of the platform by which the recipient has opted out where nobody told us: the carrier swallowed the STOP. Not do-not-disturb, which
 * is read before each message. @source reference/gohighlevel.md 3.6, 6.2; reference/safety-and-claude.md 2.2, 12.3
 */
const OPT_OUTS: ReadonlySet<string> = new Set(['carrier_opt_out', 'unsubscribed'])

/** The message as one that its recipient has refused, as the carrier's own word tells it; undefined when it was not. */
function refusedMessage({ action, status, ruleId, channel, text }: DeliveryChanged): MessageFields | undefined {
  if (action !== 'send_message' || status !== 'failed' || ruleId === null || !OPT_OUTS.has(ruleId)) return undefined
  return {
    ...{ messageId: null, conversationId: null, channel, direction: 'outbound', sender: 'rekindle', subject: null },
    ...{ text: text ?? '', status: 'opt_out', userId: null, callStatus: null, callDurationSeconds: null },
  }
}

/** Folds one change of a delivery. */
export function tellDelivery(
  state: IngestState | undefined,
  record: StreamRecord<DeliveryChanged>,
  ctx: Context,
): Outcome<IngestState, typeof leadEvents> {
  const change = record.value
  const seen = state?.seen ?? {}
  const id = mark.delivery(change.deliveryId)
  if (isSeen(seen, id, ctx.at)) return drop('duplicate_delivery')
  const ids = change.messageId === null ? [id] : [id, mark.own(change.messageId)]
  const kept = { tenant: null, told: [], realtors: [], ...state, seen: remember(seen, ids, ctx.at) }
  // Not dropped: the provider's id of a handed-over message must be known before its echo arrives.
  const isNews = NEWS.has(change.status) || isNewsOfAssignment(change)
  if (!isNews) return change.messageId === null ? drop('delivery_without_news') : next(kept)
  const echoed = change.status === 'confirmed' && change.messageId !== null && isSeen(seen, mark.message(change.messageId), ctx.at)
  const told = {
    tenantId: change.tenantId,
    contactId: change.contactId,
    occurredAt: change.at,
    receivedAt: ctx.at,
    source: 'delivery',
    sourceId: change.deliveryId,
    rawType: 'DeliveryChanged',
    ...noSections,
    statedAt: null,
  }
  const event: LeadEvent = {
    ...told,
    eventId: ctx.id('event', id),
    kind: 'followup_delivered',
    delivery: {
      followupId: change.followupId,
      decisionId: change.decisionId,
      channel: change.channel,
      status: change.status,
      messageId: change.messageId,
      text: change.text,
      action: change.action,
      echoed,
      assigneeId: change.assigneeId,
      closedBecause: closedBecauseOf(change),
    },
  }
  const message = refusedMessage(change)
  if (message === undefined) return next(kept, { emit: [emit(leadEvents, event)] })
  const refusal: LeadEvent = { ...told, eventId: ctx.id('event', id, 'refused'), kind: 'message_outbound', message }
  return next(kept, { emit: [emit(leadEvents, event), emit(leadEvents, refusal)] })
}
