/**
 * May a webhook take a permission back? Asked before it is translated, to decide whether it overtakes others: a wrong yes costs
 * others a place in the line, a wrong no costs it its own, and neither changes what it means.
 */
import type { Json } from '../ingest/body.ts'
import { flagOf, objectOf, textOf } from '../ingest/fields.ts'
import type { CallbackReading } from '../ingest/translate/callbackReading.ts'
import { messageFieldsOf } from '../ingest/translate/message.ts'
import { permissionChange } from './optOut.ts'

/** Kinds of events that say no more than this. */
const REFUSALS: ReadonlySet<string> = new Set(['email_unsubscribed', 'email_complained'])
/** `event` of GoHighLevel's own e-mail statistics. */
const MAIL_REFUSALS: ReadonlySet<string> = new Set(['unsubscribed', 'complained'])

/** A webhook of GoHighLevel, by its type as recognised. */
export function mayWithdraw(type: string, body: Json): boolean {
  if (type === 'ContactDndUpdate') return true
  // A change of tags carries the whole contact as well.
  if (type.startsWith('Contact')) return flagOf(body, 'dnd') === true || closesAChannel(body)
  if (type === 'VoiceAiCallEnd') return takesBack(textOf(body, 'transcript'), null) || takesBack(textOf(body, 'summary'), null)
  if (type === 'LCEmailStats') return MAIL_REFUSALS.has(textOf(objectOf(body, 'webhookPayload') ?? {}, 'event')?.toLowerCase() ?? '')
  if (type !== 'InboundMessage' && type !== 'OutboundMessage') return false
  // Where the carrier has swallowed the STOP, only the message that it refused shows it.
  const { text, subject, status } = messageFieldsOf(body, type === 'InboundMessage' ? 'inbound' : 'outbound')
  return status === 'opt_out' || (type === 'InboundMessage' && takesBack(text, subject))
}

function closesAChannel(body: Json): boolean {
  const settings = objectOf(body, 'dndSettings') ?? {}
  return Object.keys(settings).some((channel) => {
    const status = textOf(objectOf(settings, channel) ?? { status: settings[channel] }, 'status')?.toLowerCase()
    return status !== undefined && status !== 'inactive'
  })
}

/** A callback of a provider, as read. */
export function mayWithdrawByCallback(reading: CallbackReading): boolean {
  if (!('draft' in reading)) return false
  const { kind, sections } = reading.draft
  if (REFUSALS.has(kind)) return true
  const { message } = sections
  if (!message) return false
  return message.status === 'opt_out' || (message.direction === 'inbound' && takesBack(message.text, message.subject))
}

function takesBack(text: string | null, subject: string | null): boolean {
  const change = permissionChange(text ?? '', subject)?.change
  return change === 'opt_out' || change === 'unclear'
}
