/**
 * What a lead event shows the lead doing, and the small set of it that is kept: the latest 20 of each signal within 30 days.
 * The set is the same in whatever order the events came and however often; what happened at one moment is one observation.
 */
import type { LeadEvent, Observed } from '../../../schemas/generated/records.ts'
import { cut, entryOf } from '../../ingest/fields.ts'
import { isContact } from '../messageEvents.ts'
import { KEPT_EACH, KEPT_MS, isSignal } from './signals.ts'
import type { SignalName } from './signals.ts'

/** Channels of messages from the lead; any other is no signal. */
const inbound: Readonly<Record<string, SignalName>> = {
  sms: 'sms_reply',
  whatsapp: 'sms_reply',
  rcs: 'sms_reply',
  email: 'email_reply',
  call: 'phone_call',
  voicemail: 'phone_call',
  live_chat: 'chat_message',
  facebook: 'chat_message',
  instagram: 'chat_message',
  gmb: 'chat_message',
}
const SUBJECT_TEXT = 64
/** An appointment is booked once, however often and at whatever times that is told. */
const BOOKING = 'appointment_booked' satisfies SignalName

/** What the event shows the lead doing; undefined when it is nobody's or somebody else's doing. */
export function observationOf(event: LeadEvent): Observed | undefined {
  const { kind, occurredAt: at, behaviour, message, emailEvent, voiceCall, appointment } = event
  if (behaviour !== null) return isSignal(behaviour.signal) ? seenAt(at, behaviour.signal, behaviour.subject, behaviour.price) : undefined
  if (message !== null) {
    const signal = message.direction === 'inbound' && isContact(message) ? entryOf(inbound, message.channel) : undefined
    return signal === undefined ? undefined : seenAt(at, signal)
  }
  if (emailEvent !== null && kind === 'email_opened') return seenAt(at, 'email_open', emailEvent.mailId)
  if (emailEvent !== null && kind === 'email_clicked') return seenAt(at, 'email_click', emailEvent.mailId)
  // The same call is told as a message where the platform knows one.
  if (voiceCall !== null) return voiceCall.trial || voiceCall.messageId !== null ? undefined : seenAt(at, 'phone_call')
  if (appointment !== null && kind === 'appointment_booked') return seenAt(at, BOOKING, appointment.appointmentId)
  return undefined
}

function seenAt(at: number, signal: SignalName, subject: string | null = null, price: number | null = null): Observed {
  return { at, signal, subject: subject === null ? null : cut(subject, SUBJECT_TEXT), price }
}

/** The set with one more; the very same array when that changes nothing. */
export function withObserved(seen: readonly Observed[], one: Observed): readonly Observed[] {
  const told = one.signal === BOOKING ? seen.find((each) => each.signal === BOOKING && each.subject === one.subject) : undefined
  if (told === undefined) return withOneMore(seen, one)
  // The later telling: ingest drops an earlier one within a minute, so the earlier would depend on which came first.
  return told.at >= one.at
    ? seen
    : withOneMore(
        seen.filter((each) => each !== told),
        one,
      )
}

function withOneMore(seen: readonly Observed[], one: Observed): readonly Observed[] {
  let place = seen.length
  while (place > 0 && order(one, seen[place - 1] as Observed) <= 0) place--
  const there = seen[place]
  if (there !== undefined && order(one, there) === 0) return seen
  const oldest = Math.max(seen.at(-1)?.at ?? one.at, one.at) - KEPT_MS
  if (one.at < oldest) return seen
  let spare = KEPT_EACH - 1
  for (const { signal } of seen) if (signal === one.signal) spare--
  const firstOfSignal = seen.findIndex(({ signal }) => signal === one.signal)
  // All places of its signal are taken by later ones.
  if (spare < 0 && place <= firstOfSignal) return seen
  const next = [...seen.slice(0, place), one, ...seen.slice(place)]
  return next.filter((each, index) => each.at >= oldest && !(spare < 0 && index === firstOfSignal))
}

/** What is left when the contact was deleted at `at`. */
export function afterDeletion(seen: readonly Observed[], at: number): readonly Observed[] {
  return seen.some((one) => one.at <= at) ? seen.filter((one) => one.at > at) : seen
}

/** By time, and at equal times by content, so that the order of arrival leaves no trace. */
function order(a: Observed, b: Observed): number {
  if (a.at !== b.at) return a.at - b.at
  return text(a.signal, b.signal) || text(a.subject ?? '', b.subject ?? '') || (a.price ?? -1) - (b.price ?? -1)
}

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
