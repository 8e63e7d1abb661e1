/**
 * What messages, calls and our own deliveries write: the last messages, times, counts, reply times and consent. A message
 * that did not arrive, one that a telephone or mailbox wrote by itself, and a comment among colleagues are no contact with the lead.
 */
import type { Consent, DeliveryFields, LeadEvent, MessageFields, RecentMessage } from '../../schemas/generated/records.ts'
import { cut, entryOf } from '../ingest/fields.ts'
import { isAutomatic } from './automatic.ts'
import { applyClosure } from './closures.ts'
import { consentOfMessage, revoked } from './consent.ts'
import { TOMBSTONE, ownTimes, raise, write } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { kept } from './longMessage.ts'
import { permissionChange } from './optOut.ts'
import type { PermissionChange } from './optOut.ts'
import { replyHoursOf, withTime } from './replyHours.ts'
import type { Settings } from './settings.ts'
import { withMessage } from './text/textSignals.ts'

/** Messages kept in the profile, and UTF-16 units kept of each. */
export const RECENT_MESSAGES = 10
export const RECENT_TEXT = 500
/** Times kept of messages in each direction. */
export const CONTACT_TIMES = 30
const OWN_TASKS = 20

/** `fieldTimes` entries of things that are no fields. */
export const UNCLEAR_OPT_OUT = 'opt_out_unclear'
export const HANDED_OVER = 'hand_over'
export const HANDED_BACK = 'hand_back'
/** The latest message that was written by itself: for who compares with what the platform shows, and for nobody else. */
export const WRITTEN_BY_ITSELF = 'written_by_itself'

const carrierOptOut = { change: 'opt_out', layer: 'keyword', words: 'status opt_out' } as const satisfies PermissionChange
const NO_CONTACT: ReadonlySet<string> = new Set(['scheduled', 'failed', 'undelivered', 'opt_out', 'canceled', 'cancelled'])

/** Was this a message or call that reached, or came from, the lead? */
export function isContact(message: MessageFields): boolean {
  if (message.channel === 'internal_comment') return false
  if (message.direction === 'inbound') return !isWrittenByItself(message)
  return !(NO_CONTACT.has(message.status ?? '') || NO_CONTACT.has(message.callStatus ?? ''))
}

/** Of a call that was taken. @source reference/gohighlevel.md 3.6 (callStatus) */
const TAKEN: ReadonlySet<string> = new Set(['completed', 'answered'])

/**
 * When (ms) a person of the team spoke with the lead, in its own call of `at`; undefined of every other message. It stands right behind the call: whether
 * the platform tells when a call began or when it ended is not documented, and what the lead writes after it waits for an answer. Where no user is
 * named a machine may have taken it, and of a mailbox the status is another one (decision 150).
 */
export function spokenAt(message: MessageFields, at: number): number | undefined {
  const { direction, channel, userId, status, callStatus, callDurationSeconds } = message
  if (direction !== 'inbound' || channel !== 'call' || userId === null || callDurationSeconds === 0) return undefined
  return TAKEN.has(callStatus ?? status ?? '') ? at + 1 : undefined
}

/** Did a telephone or mailbox write what came in? Of what it says of permission the rules are those of any message. */
export function isWrittenByItself(message: MessageFields): boolean {
  if (message.direction !== 'inbound') return false
  const subject = message.channel === 'email' ? message.subject : null
  return isAutomatic(message.text, subject) && permissionChangeIn(message) === undefined
}

/** What an inbound message says of permission; the carrier may know a word as an opt-out that no lexicon has. */
export function permissionChangeIn(message: MessageFields): PermissionChange | undefined {
  const { status, text, channel, subject } = message
  if (status === 'opt_out') return carrierOptOut
  // Asked for consent, for replies and for opt-outs: what is kept is a function of the message, so it changes no answer.
  let read = changes.get(message)
  if (read === undefined) changes.set(message, (read = { change: permissionChange(text, channel === 'email' ? subject : null) }))
  return read.change
}

const changes = new WeakMap<MessageFields, { readonly change: PermissionChange | undefined }>()

/** Folds a message event; says whether anything changed. */
export function applyMessage(profile: Draft, event: LeadEvent, message: MessageFields, settings: Settings): boolean {
  const at = event.occurredAt
  const isInbound = message.direction === 'inbound'
  const change = isInbound ? permissionChangeIn(message) : undefined
  if (isInbound) {
    if (isWrittenByItself(message)) {
      ownTimes(profile)
      raise(profile, WRITTEN_BY_ITSELF, at)
      return false
    }
    profile.consents = consentOfMessage(profile.consents, event, message.channel, change, settings)
    if (change?.change === 'unclear') {
      ownTimes(profile)
      raise(profile, UNCLEAR_OPT_OUT, at)
    }
  } else if (message.status === 'opt_out') {
    // The carrier swallowed the STOP: only the failed message shows it.
    profile.consents = revoked(profile.consents, [message.channel], at, event.eventId, 'status opt_out')
    return true
  }
  if (!isContact(message)) return false
  if (!isInbound) countOutbound(profile, message.channel, message.sender, at)
  else {
    countInbound(profile, message.channel, at)
    if (!isForgotten(profile, at)) profile.textSignals = withMessage(profile.textSignals, message, change, at)
  }
  // After the count, which reads the messages that were known before.
  remember(profile, {
    messageId: message.messageId,
    at,
    channel: message.channel,
    direction: message.direction,
    sender: message.sender,
    text: message.text,
  })
  const spoken = spokenAt(message, at)
  if (spoken !== undefined) noteSpoken(profile, spoken)
  return true
}

/** Who was spoken with waits for no answer. It was the lead who called, so this is no attempt of ours and counts as none. */
function noteSpoken(profile: Draft, at: number): void {
  profile.lastHumanAt = latest(profile.lastHumanAt, at)
  profile.lastOutboundAt = latest(profile.lastOutboundAt, at)
  remember(profile, { messageId: null, at, channel: 'call', direction: 'outbound', sender: 'human', text: '' })
}

/** Folds what became of our own follow-up; says whether anything changed. */
export function applyDelivery(profile: Draft, event: LeadEvent): boolean {
  const { delivery, occurredAt: at } = event
  if (delivery === null) return false
  if (delivery.action === 'assign') return applyAssignment(profile, delivery, at)
  if (delivery.status === 'denied') return applyClosure(profile, event)
  if (delivery.status !== 'confirmed') return false
  if (delivery.action !== 'send_message') {
    // The platform tells our own task back: who reads the tasks of a lead must know it from one that a human made.
    const taskId = delivery.messageId
    const isNews = taskId !== null && !profile.ownTaskIds.includes(taskId)
    if (isNews) profile.ownTaskIds = [...profile.ownTaskIds, taskId].slice(-OWN_TASKS)
    return (delivery.action === 'hand_over' && raise(profile, HANDED_OVER, at)) || isNews
  }
  if (delivery.echoed) {
    // Counted as somebody's when the provider told it first; it turns out to be ours.
    const told = profile.recentMessages.find(({ messageId }) => messageId === delivery.messageId)?.sender ?? ECHO_SENDER
    countSender(profile, told, -1)
    countSender(profile, 'rekindle', 1)
    profile.recentMessages = profile.recentMessages.map((message) =>
      message.messageId === delivery.messageId ? { ...message, sender: 'rekindle' } : message,
    )
    profile.counters.outboundOwn++
    profile.lastOwnAt = latest(profile.lastOwnAt, at)
    return true
  }
  remember(profile, {
    messageId: delivery.messageId,
    at,
    channel: delivery.channel,
    direction: 'outbound',
    sender: 'rekindle',
    text: delivery.text ?? '',
  })
  countOutbound(profile, delivery.channel, 'rekindle', at)
  return true
}

/**
 * Our own assignment. From its hand-over on, the owner it names is no news when the platform tells it; the owner of the
 * profile it becomes when it is confirmed.
 */
function applyAssignment(profile: Draft, { status, assigneeId }: DeliveryFields, at: number): boolean {
  if (assigneeId === null) return false
  if (status === 'handed_over' || status === 'unknown') {
    profile.routedTo = assigneeId
    return true
  }
  if (status === 'confirmed') {
    profile.routedTo = assigneeId
    ownTimes(profile)
    return write(profile, 'ownerId', at, assigneeId)
  }
  const isTakenBack = profile.routedTo === assigneeId && profile.ownerId !== assigneeId
  if (isTakenBack) profile.routedTo = null
  return isTakenBack
}

/** Who an own message seems to be from when the platform tells it before we do. */
const ECHO_SENDER = 'api'

function countSender(profile: Draft, sender: string, by: number): void {
  const counted = Math.max(0, (entryOf(profile.outboundBySender, sender) ?? 0) + by)
  profile.outboundBySender = { ...profile.outboundBySender, [sender]: counted }
}

function isForgotten(profile: Draft, at: number): boolean {
  return at <= (profile.fieldTimes[TOMBSTONE] ?? Number.NEGATIVE_INFINITY)
}

function countInbound(profile: Draft, channel: string, at: number): void {
  const { counters } = profile
  profile.inboundTimes = withTime(inboundTimesOf(profile), at, CONTACT_TIMES)
  counters.inbound++
  counters.inboundByChannel = { ...counters.inboundByChannel, [channel]: (entryOf(counters.inboundByChannel, channel) ?? 0) + 1 }
  profile.replyHours = replyHoursOf(profile.inboundTimes, profile.outboundTimes)
  if (at >= (profile.lastInboundAt ?? Number.NEGATIVE_INFINITY)) {
    profile.lastInboundAt = at
    counters.attemptsSinceReply = profile.outboundTimes.filter((time) => time > at).length
  }
}

/** A profile written before these times were kept has those of its last messages. */
function inboundTimesOf({ inboundTimes, recentMessages, counters }: Draft): readonly number[] {
  if (inboundTimes.length > 0 || counters.inbound === 0) return inboundTimes
  return recentMessages.filter(({ direction }) => direction === 'inbound').map(({ at }) => at)
}

function countOutbound(profile: Draft, channel: string, sender: string, at: number): void {
  const { counters } = profile
  counters.outbound++
  counters.outboundByChannel = { ...counters.outboundByChannel, [channel]: (entryOf(counters.outboundByChannel, channel) ?? 0) + 1 }
  countSender(profile, sender, 1)
  if (sender === 'human') counters.outboundHuman++
  if (sender === 'rekindle') counters.outboundOwn++
  if (at > (profile.lastInboundAt ?? Number.NEGATIVE_INFINITY)) counters.attemptsSinceReply++
  profile.outboundTimes = withTime(profile.outboundTimes, at, CONTACT_TIMES)
  profile.replyHours = replyHoursOf(inboundTimesOf(profile), profile.outboundTimes)
  profile.lastOutboundAt = latest(profile.lastOutboundAt, at)
  if (sender === 'human') profile.lastHumanAt = latest(profile.lastHumanAt, at)
  if (sender === 'rekindle') profile.lastOwnAt = latest(profile.lastOwnAt, at)
}

function remember(profile: Draft, message: RecentMessage): void {
  // Times and counts of a deleted contact stay, its words do not.
  if (isForgotten(profile, message.at)) return
  if (message.messageId !== null && profile.recentMessages.some((known) => known.messageId === message.messageId)) return
  // Ours are compared with what is to be sent, from the beginning.
  const text = message.direction === 'inbound' ? kept(message.text, RECENT_TEXT) : cut(message.text, RECENT_TEXT)
  const one = { ...message, text }
  const known = profile.recentMessages
  const isLatest = known.every(({ at }) => at < one.at)
  profile.recentMessages = isLatest ? [...known.slice(1 - RECENT_MESSAGES), one] : [...known, one].sort(byTime).slice(-RECENT_MESSAGES)
}

// Equal times are ordered by content, so that the order of arrival leaves no trace.
function byTime(a: RecentMessage, b: RecentMessage): number {
  if (a.at !== b.at) return a.at - b.at
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function latest(known: number | null, at: number): number {
  return known === null ? at : Math.max(known, at)
}

/** Did an event take a permission back that stood before? */
export function newlyRevoked(before: Readonly<Record<string, Consent>>, after: Readonly<Record<string, Consent>>): boolean {
  return (
    before !== after && Object.keys(after).some((channel) => after[channel]?.status === 'revoked' && before[channel]?.status !== 'revoked')
  )
}
