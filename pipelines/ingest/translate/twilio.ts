/**
 * Callbacks of Twilio about messages: what became of one that was sent, and one that came in. They state no time, so they are
 * dated by their receipt.
 */
import type { Json } from '../body.ts'
import { cut, entryOf, textOf } from '../fields.ts'
import { wholeTextOf } from '../plainText.ts'
import type { CallbackReading } from './callbackReading.ts'

/** Longest text kept, in UTF-16 units. */
const MESSAGE_TEXT = 4_000

/**
 * What each `MessageStatus` means for the story of a lead: a message that came in, one that arrived, one that did not, or a step on
 * the way that is followed by another. @source twilio.com/docs/messaging/api/message-resource, status values. @checked 2026-11-27
 */
export const twilioStatuses: Readonly<Record<string, 'inbound' | 'arrived' | 'lost' | 'step'>> = {
  received: 'inbound',
  delivered: 'arrived',
  read: 'arrived',
  undelivered: 'lost',
  failed: 'lost',
  accepted: 'step',
  scheduled: 'step',
  queued: 'step',
  sending: 'step',
  sent: 'step',
  receiving: 'step',
  canceled: 'step',
}

/** `ErrorCode` of a message that the recipient has refused to get. @source twilio.com/docs/api/errors. @checked 2026-11-27 */
export const twilioOptOutCodes: ReadonlySet<string> = new Set([
  // The recipient has answered STOP.
  '21610',
  // The recipient has blocked the sender or opted out on another channel (WhatsApp).
  '63014',
])

/** Channel of an address with this prefix; one without is a phone number. @source twilio.com/docs, channel addresses */
const CHANNELS: Readonly<Record<string, string>> = { whatsapp: 'whatsapp', messenger: 'facebook', rcs: 'rcs' }

/** Reads one. */
export function readTwilio(body: Json): CallbackReading {
  const messageId = textOf(body, 'MessageSid', 'SmsSid', 'SmsMessageSid')
  const status = textOf(body, 'MessageStatus', 'SmsStatus')?.toLowerCase() ?? null
  const meaning = status === null ? undefined : entryOf(twilioStatuses, status)
  const stated = status ?? ''
  if (messageId === null || meaning === undefined) return { id: null, stated, raw: 'unknown_type' }
  const id = `${messageId}:${stated}`
  if (meaning === 'step') return { id, stated, raw: 'no_part_of_the_story' }
  const isInbound = meaning === 'inbound'
  const hasRefused = isInbound
    ? textOf(body, 'OptOutType')?.toUpperCase() === 'STOP'
    : meaning === 'lost' && twilioOptOutCodes.has(textOf(body, 'ErrorCode') ?? '')
  const direction = isInbound ? 'inbound' : 'outbound'
  const draft = {
    kind: `message_${direction}`,
    messageIds: [messageId],
    sections: {
      message: {
        messageId,
        conversationId: null,
        channel: channelOf(textOf(body, isInbound ? 'From' : 'To') ?? ''),
        direction,
        // Whether it is one of ours is known by its id alone.
        sender: isInbound ? 'lead' : 'api',
        subject: null,
        text: cut(wholeTextOf(body, 'Body').trim(), MESSAGE_TEXT),
        status: hasRefused ? 'opt_out' : stated,
        userId: null,
        callStatus: null,
        callDurationSeconds: null,
      },
    },
  }
  return { id, stated, draft, datedBy: [] }
}

function channelOf(address: string): string {
  const prefix = /^([a-z]+):/.exec(address)?.[1]
  return prefix === undefined ? 'sms' : (entryOf(CHANNELS, prefix) ?? 'other')
}
