/**
 * What leads did, told as outcomes: replies, appointments, conversions, permissions taken back, complaints. Which ids are told depends
 * on the set of events alone: any order and any repetition of them gives the same set. What a lead did is no proof of what
 * would have been right; nothing here is a label.
 * @source reference/consensus.md 9.8, 10.2
 */
import type { Emission } from '../../runtime/outcome.ts'
import { emit } from '../../runtime/outcome.ts'
import type { Context } from '../../runtime/stage.ts'
import type { LeadEvent, LeadProfile, OutcomeObserved, ReplyToJudge } from '../../schemas/generated/records.ts'
import { outcomes } from '../../topics/index.ts'
import type { tenants } from '../../topics/index.ts'
import { CONTACT_TIMES, isContact, permissionChangeIn } from './messageEvents.ts'
import { displeasureIn } from './displeasure.ts'
import { closesChannels, isSpamReport } from './staffEvents.ts'

/**
 * How long an inbound message is held before it is told as a reply, so that a message of before it which is still on its
 * way is counted first: 10 min in ms, which is what the lanes of webhooks are apart at most while nothing is down.
 */
export const REPLIES_SETTLE_MS = 600_000
/** Inbound messages held at once; the earliest stay. One silence gives one reply, so 20 in 10 minutes are a conversation. */
export const REPLIES_HELD = 20
/** The timer at whose end they are judged. */
export const REPLIES_TIMER = 'replies'

/** An outcome without what the lead and the stage say of it. `anchor`: what makes it one observation. */
export interface Observation {
  readonly kind: 'reply' | 'appointment' | 'conversion' | 'opt_out' | 'complaint' | 'negative_reply'
  readonly anchor: string | number
  /** ms. */
  readonly at: number
  readonly eventId: string
  readonly channel: string | null
  readonly value: string | null
}

const STANDING: ReadonlySet<string> = new Set(['new', 'confirmed', 'showed'])
const OPPORTUNITY_WON = 'won'

/**
 * What an event tells by itself. `before` is the profile without it. One id each: an appointment however often it is moved,
 * an opportunity however often it is won, a channel of the lead however often permission is taken back on it, a message that
 * complains or refuses however often it is told.
 */
export function observed(before: LeadProfile | undefined, event: LeadEvent): Observation[] {
  const { eventId, occurredAt: at, kind, appointment, opportunity } = event
  const seen = channelsClosed(before, event).map((channel): Observation => {
    return { kind: 'opt_out', anchor: channel, at, eventId, channel, value: null }
  })
  const displeased = isSpamReport(kind) ? 'complaint' : displeasureIn(event)
  if (displeased !== undefined) {
    const channel = event.message?.channel ?? 'email'
    seen.push({ kind: displeased, anchor: event.message?.messageId ?? eventId, at, eventId, channel, value: null })
  }
  if (appointment !== null && kind !== 'appointment_deleted' && STANDING.has(appointment.status)) {
    const known = before?.appointments[appointment.appointmentId]
    if (known === undefined || !STANDING.has(known.status))
      seen.push({ kind: 'appointment', anchor: appointment.appointmentId, at, eventId, channel: null, value: null })
  }
  if (opportunity !== null && kind !== 'opportunity_deleted' && opportunity.status === OPPORTUNITY_WON) {
    const value = exactAmount(opportunity.monetaryValue)
    if (before?.opportunities[opportunity.opportunityId]?.status !== OPPORTUNITY_WON)
      seen.push({ kind: 'conversion', anchor: opportunity.opportunityId, at, eventId, channel: null, value })
  }
  return seen
}

/** Channels on which the event itself takes permission back. Whether an earlier or later word stands is not asked. */
function channelsClosed(before: LeadProfile | undefined, { kind, message, contact }: LeadEvent): string[] {
  if (message !== null) return takesBack(message) && !asksFor(message, message.channel) ? [message.channel] : []
  if (closesChannels(kind)) return ['email']
  return Object.entries(contact?.dndChannels ?? {}).flatMap(([channel, status]) =>
    status === PERMANENT && before?.dndChannels[channel] !== PERMANENT ? [channel] : [],
  )
}

const PERMANENT = 'permanent'

function takesBack(message: NonNullable<LeadEvent['message']>): boolean {
  if (message.direction !== 'inbound') return message.status === 'opt_out'
  return permissionChangeIn(message)?.change === 'opt_out'
}

/** "Don't call me, just text" by text: the text did no harm, and is an answer. */
function asksFor(message: NonNullable<LeadEvent['message']>, channel: string): boolean {
  const said = permissionChangeIn(message)
  return said?.change === 'opt_out' && ((said.keeps ?? []) as readonly string[]).includes(channel)
}

/** An amount as it was stated, when it is an exact decimal that is not negative; else null. */
export function exactAmount(text: string | null): string | null {
  return text !== null && /^\d{1,18}(\.\d{1,6})?$/.test(text) ? text : null
}

/**
 * The messages held when an event is noted at `notedAt` (ms); the same list when it is none that could be a reply. What takes
 * permission back, or perhaps does, is none.
 */
export function heldWith(held: ReplyToJudge[], event: LeadEvent, notedAt: number): ReplyToJudge[] {
  const { message, eventId, occurredAt: at } = event
  if (message?.direction !== 'inbound' || !isContact(message)) return held
  if (held.some((one) => one.eventId === eventId)) return held
  const change = permissionChangeIn(message)?.change
  if ((change === 'opt_out' && !asksFor(message, message.channel)) || change === 'unclear') return held
  return [...held, { eventId, channel: message.channel, at, notedAt }].sort(byTime).slice(0, REPLIES_HELD)
}

// Equal times are ordered by the event, so that the order of arrival leaves no trace.
function byTime(a: ReplyToJudge, b: ReplyToJudge): number {
  return a.at - b.at || (a.eventId < b.eventId ? -1 : 1)
}

/** When the earliest noted of the held messages has settled, ms. */
export function settledAt(held: readonly ReplyToJudge[]): number | undefined {
  return held.length === 0 ? undefined : Math.min(...held.map(({ notedAt }) => notedAt)) + REPLIES_SETTLE_MS
}

/**
 * The replies among the messages that have settled by `now` (ms), and the messages still held. A message is a reply when
 * something was said to the lead since its message before; the last thing said is the end of the silence, and its id.
 */
export function repliesSettled(
  { repliesToJudge: held, inboundTimes, outboundTimes }: Pick<LeadProfile, 'repliesToJudge' | 'inboundTimes' | 'outboundTimes'>,
  now: number,
): { replies: Observation[]; left: ReplyToJudge[] } {
  const isSettled = ({ notedAt }: ReplyToJudge) => notedAt + REPLIES_SETTLE_MS <= now
  const replies = new Map<number, Observation>()
  for (const { at, eventId, channel } of held.filter(isSettled)) {
    // Older than the times that are kept: what came before it is not known any more.
    if (inboundTimes.length >= CONTACT_TIMES && at < (inboundTimes[0] ?? at)) continue
    const toldAt = outboundTimes.findLast((time) => time <= at)
    const saidAt = inboundTimes.findLast((time) => time < at)
    if (toldAt === undefined || (saidAt !== undefined && saidAt >= toldAt) || replies.has(toldAt)) continue
    replies.set(toldAt, { kind: 'reply', anchor: toldAt, at, eventId, channel, value: null })
  }
  return { replies: [...replies.values()], left: held.filter((one) => !isSettled(one)) }
}

/** The record of an observation. */
export function outcomeOf(
  { kind, anchor, at, eventId, channel, value }: Observation,
  { tenantId, contactId }: Pick<LeadProfile, 'tenantId' | 'contactId'>,
  ctx: Context<{ tenants: typeof tenants }>,
): Emission<typeof outcomes> {
  const record: OutcomeObserved = {
    outcomeId: ctx.id('outcome', kind, anchor),
    tenantId,
    contactId,
    kind,
    at,
    source: 'enrich',
    sourceId: eventId,
    label: null,
    channel,
    value,
  }
  return emit(outcomes, record)
}
