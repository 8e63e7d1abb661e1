/**
 * What a webhook that names no contact says of permission, and from which number or e-mail address. It counts for whoever has the address, also
 * when nobody has it yet: an opt-out follows the number, not the person. Pure.
 * @source reference/safety-and-claude.md 2.1, 2.2 (provider errors, spam reports and unsubscribes feed the same ledger)
 */
import type { WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { isContactChannel } from '../enrich/consent.ts'
import type { ContactChannel } from '../enrich/consent.ts'
import { permissionChangeIn } from '../enrich/messageEvents.ts'
import type { PermissionChange } from '../enrich/optOut.ts'
import type { Purpose } from '../enrich/purposes.ts'
import { closesChannels } from '../enrich/staffEvents.ts'
import { parseBody } from '../ingest/body.ts'
import type { Json } from '../ingest/body.ts'
import { eventTimeOf } from '../ingest/eventTime.ts'
import { textOf } from '../ingest/fields.ts'
import { mark } from '../ingest/seen.ts'
import { isCallbackType, readCallback } from '../ingest/translate/callback.ts'
import type { Draft, Translator } from '../ingest/translate/draft.ts'
import { emailTranslators } from '../ingest/translate/emailEvent.ts'

type Body = Pick<WebhookUnrecognised, 'shape' | 'body'>

export interface Saying {
  readonly change: PermissionChange['change']
  /** Null = it names none. */
  readonly purpose: Purpose | null
  readonly by: 'number' | 'email'
  /** Null when the body names none by which a lead could be known. */
  readonly address: string | null
  /** Channels of the address that it opens or closes. */
  readonly channels: readonly ContactChannel[]
}

/** Of a webhook or callback that names no contact; undefined when it says nothing of permission. */
export function sayingOf(raw: Body): Saying | undefined {
  const told = readingOf(raw)
  return told && sayingIn(told)
}

/** Does it count for the number or e-mail address that it comes from, whoever has it? */
export function countsForAddress(raw: Body): boolean {
  const saying = sayingOf(raw)
  return saying !== undefined && saying.address !== null && saying.channels.length > 0
}

/** A statement about one channel of an address. */
export interface AddressStatement {
  readonly channel: ContactChannel
  readonly purpose: Purpose | null
  readonly status: 'revoked' | 'express'
  /** When it was said, ms. */
  readonly at: number
  /** The same on every repetition. */
  readonly eventId: string
  readonly address: string
}

/** What counts for the address from now on, whoever has it. */
export function addressStatementsOf(raw: Body & Pick<WebhookUnrecognised, 'webhookId' | 'batchIndex' | 'receivedAt'>): AddressStatement[] {
  const told = readingOf(raw)
  const saying = told && sayingIn(told)
  if (told === undefined || saying === undefined || saying.address === null) return []
  const { address, purpose, channels } = saying
  const status = saying.change === 'opt_in' ? 'express' : 'revoked'
  const { occurredAt: at } = eventTimeOf(told.body, told, raw.receivedAt)
  return channels.map((channel) => ({ channel, purpose, status, at, eventId: eventIdOf(raw), address }))
}

interface Told {
  readonly body: Json
  readonly draft: Draft
  readonly datedBy: Translator['datedBy']
}

function readingOf({ shape, body: bytes }: Body): Told | undefined {
  if (shape !== null && isCallbackType(shape)) {
    const { body, reading } = readCallback(shape, bytes)
    return 'draft' in reading ? { body, draft: reading.draft, datedBy: reading.datedBy } : undefined
  }
  const translator = emailTranslators[shape ?? '']
  if (translator === undefined) return undefined
  const parsed = parseBody(bytes)
  if ('problem' in parsed) return undefined
  const draft = translator.translate(parsed.body)
  return 'missing' in draft ? undefined : { body: parsed.body, draft, datedBy: translator.datedBy }
}

function sayingIn({ body, draft: { kind, sections } }: Told): Saying | undefined {
  const { message, emailEvent } = sections
  if (emailEvent && closesChannels(kind))
    return { change: 'opt_out', purpose: null, by: 'email', address: emailEvent.address, channels: ['email'] }
  if (!message) return undefined
  if (message.direction !== 'inbound')
    return message.status === 'opt_out' && isContactChannel(message.channel)
      ? { change: 'opt_out', purpose: null, by: 'number', address: numberOf(body, 'To'), channels: [message.channel] }
      : undefined
  const said = permissionChangeIn(message)
  if (said === undefined) return undefined
  const { change } = said
  const purpose = change === 'opt_out' ? (said.purpose ?? null) : null
  // As in the ledger of a lead: STOP closes whatever the number is reached by, START opens the channel that it came on, and of what is not clear nothing follows.
  const keeps: readonly ContactChannel[] = change === 'opt_out' ? (said.keeps ?? []) : []
  const channels = NUMBER_CHANNELS.filter(
    (channel) => (change === 'opt_out' && !keeps.includes(channel)) || (change === 'opt_in' && channel === message.channel),
  )
  return { change, purpose, by: 'number', address: numberOf(body, 'From'), channels }
}

const NUMBER_CHANNELS = ['sms', 'call'] as const satisfies readonly ContactChannel[]

/** A number, also as the address of a channel that goes by numbers. Ids of other channels have digits too. @source E.164: 15 digits at most */
const NUMBER = /^(?:(?:whatsapp|rcs):)?(\+?\d{7,15})$/

function numberOf(body: Json, field: 'From' | 'To'): string | null {
  return NUMBER.exec(textOf(body, field) ?? '')?.[1] ?? null
}

/** As ingest knows it again. */
function eventIdOf({ shape, webhookId, batchIndex, body }: Body & Pick<WebhookUnrecognised, 'webhookId' | 'batchIndex'>): string {
  if (webhookId === null) return mark.body(body)
  return shape !== null && isCallbackType(shape) ? mark.callback(webhookId) : mark.webhook(webhookId, batchIndex)
}
