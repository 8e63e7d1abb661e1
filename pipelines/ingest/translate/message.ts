/**
 * InboundMessage and OutboundMessage on every channel. An outbound message is attributed to whoever sent it: a realtor,
 * a workflow, a campaign; that it is one of ours is known by its id alone, never by `source`.
 */
import type { MessageFields } from '../../../schemas/generated/records.ts'
import { permissionChange } from '../../enrich/optOut.ts'
import type { Json } from '../body.ts'
import { countOf, cut, entryOf, textOf } from '../fields.ts'
import { htmlToText, wholeTextOf, withoutQuotation } from '../plainText.ts'
import type { Draft, Translator } from './draft.ts'

/** Longest text kept, in UTF-16 units. */
const MESSAGE_TEXT = 4_000
/** Longest text that is read for an opt-out, in UTF-16 units: reading costs time in proportion. */
const MESSAGE_READ = 40_000

/** `messageType` and `messageTypeString`, lower-cased, without `TYPE_` and anything that is no letter, to our channels. */
const CHANNELS: Readonly<Record<string, string>> = {
  sms: 'sms',
  campaignsms: 'sms',
  campaignmanualsms: 'sms',
  customsms: 'sms',
  customprovidersms: 'sms',
  smsreviewrequest: 'sms',
  smsnoshowrequest: 'sms',
  smsreaction: 'sms',
  email: 'email',
  campaignemail: 'email',
  customemail: 'email',
  customprovideremail: 'email',
  call: 'call',
  campaigncall: 'call',
  campaignmanualcall: 'call',
  customcall: 'call',
  ivrcall: 'call',
  voicemail: 'voicemail',
  campaignvoicemail: 'voicemail',
  whatsapp: 'whatsapp',
  livechat: 'live_chat',
  livechatinfomessage: 'live_chat',
  webchat: 'live_chat',
  fb: 'facebook',
  facebook: 'facebook',
  campaignfacebook: 'facebook',
  facebookcomment: 'facebook',
  ig: 'instagram',
  instagram: 'instagram',
  instagramcomment: 'instagram',
  gmb: 'gmb',
  campaigngmb: 'gmb',
  rcs: 'rcs',
  internalcomment: 'internal_comment',
}
const CHANNEL_BY_ID: Readonly<Record<string, string>> = { 1: 'call', 2: 'sms', 10: 'voicemail' }

/** `source` of an outbound message to its sender; `app` is a person only together with a user id. */
const SENDERS: Readonly<Record<string, string>> = { workflow: 'workflow', campaign: 'campaign', bulk_actions: 'bulk', api: 'api' }

const dated = [{ field: 'dateUpdated' }, { field: 'dateAdded' }]

export const messageTranslators: Readonly<Record<string, Translator>> = {
  InboundMessage: { translate: (body) => told(body, 'inbound'), datedBy: dated },
  OutboundMessage: { translate: (body) => told(body, 'outbound'), datedBy: dated },
}

function told(body: Json, direction: 'inbound' | 'outbound'): Draft {
  const message = messageFieldsOf(body, direction)
  const messageIds = [textOf(body, 'messageId'), textOf(body, 'emailMessageId')].filter((id) => id !== null)
  return { kind: `message_${direction}`, sections: { message }, messageIds }
}

/** What a message body states. */
export function messageFieldsOf(body: Json, direction: 'inbound' | 'outbound'): MessageFields {
  const channel = channelOf(body, direction)
  return {
    // E-mail bodies name `emailMessageId` and often no `messageId`.
    messageId: textOf(body, 'messageId', 'emailMessageId'),
    conversationId: textOf(body, 'conversationId'),
    channel,
    direction,
    sender: direction === 'inbound' ? 'lead' : senderOf(body),
    subject: textOf(body, 'subject'),
    text: kept(wordsOf(body, channel, direction), direction),
    status: textOf(body, 'status')?.toLowerCase() ?? null,
    userId: textOf(body, 'userId'),
    callStatus: textOf(body, 'callStatus')?.toLowerCase() ?? null,
    callDurationSeconds: countOf(body, 'callDuration'),
  }
}

function channelOf(body: Json, direction: string): string {
  const named = [textOf(body, 'messageType'), textOf(body, 'messageTypeString')]
    .map((type) =>
      entryOf(
        CHANNELS,
        (type ?? '')
          .toLowerCase()
          .replace(/^type_/, '')
          .replace(/[^a-z]/g, ''),
      ),
    )
    .filter((channel) => channel !== undefined)
  const channel = named[0] ?? entryOf(CHANNEL_BY_ID, textOf(body, 'messageTypeId') ?? '') ?? 'other'
  if (channel !== 'call') return channel
  // An inbound call that went to voicemail is told as CALL; an outbound one that reached a voicemail stays a call.
  const recorded = textOf(body, 'status') === 'voicemail' || textOf(body, 'callStatus') === 'voicemail'
  return named[1] === 'voicemail' || (direction === 'inbound' && recorded) ? 'voicemail' : 'call'
}

function senderOf(body: Json): string {
  const source = textOf(body, 'source')?.toLowerCase() ?? null
  const byUser = textOf(body, 'userId') !== null
  // Calls carry no source, and a call with a user id was made by that user.
  if ((source === 'app' || source === null) && byUser) return 'human'
  return entryOf(SENDERS, source ?? '') ?? 'unknown'
}

/** The beginning; an opt-out that stands behind it is kept by the words that it rests on. */
function kept(text: string, direction: string): string {
  const beginning = cut(text, MESSAGE_TEXT)
  if (direction !== 'inbound' || beginning.length === text.length) return beginning
  const said = permissionChange(cut(text, MESSAGE_READ))
  if (said === undefined || said.change === 'opt_in' || permissionChange(beginning)?.change === said.change) return beginning
  const end = `\n…\n${said.words}`
  return cut(text, MESSAGE_TEXT - end.length) + end
}

function wordsOf(body: Json, channel: string, direction: string): string {
  const plain = wholeTextOf(body, 'plainText')
  const raw = wholeTextOf(body, 'body')
  if (channel === 'call' || channel === 'voicemail') return ''
  if (channel !== 'email') return raw.trim()
  const text = plain.trim() === '' ? htmlToText(raw) : plain
  return direction === 'inbound' ? withoutQuotation(text) : text.trim()
}
