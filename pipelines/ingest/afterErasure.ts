/**
 * What is still told of a lead about the time before its erasure: a refusal, without whose it is and without other words than those it
 * rests on; nothing else. Webhooks come late and come again, and must not bring back on a topic what was erased. Pure.
 * @source reference/safety-and-claude.md 2.2 (the error to avoid is missing an opt-out)
 */
import type { ContactFields, EmailEventFields, LeadEvent, MessageFields } from '../../schemas/generated/records.ts'
import { blocksChannel } from '../enrich/consent.ts'
import { permissionChangeIn } from '../enrich/messageEvents.ts'
import { permissionChange } from '../enrich/optOut.ts'
import { closesChannels } from '../enrich/staffEvents.ts'
import { parseBody } from './body.ts'
import type { Json } from './body.ts'
import { eventTimeOf } from './eventTime.ts'
import { objectOf, textOf } from './fields.ts'
import { contactIdOf, reportContactIdOf } from './subject.ts'
import { readCallback } from './translate/callback.ts'
import { destinationOf, reportDestination } from './translate/catalogue.ts'
import { noSections } from './translate/draft.ts'
import type { Draft, Translator } from './translate/draft.ts'
import { webhookTypeOf } from './webhookTypes.ts'

type Told = Pick<LeadEvent, 'kind'> & Partial<Pick<LeadEvent, 'contact' | 'message' | 'emailEvent'>>
type Refusal = Partial<Pick<LeadEvent, 'contact' | 'message' | 'emailEvent'>>

/** The event, what is left of it when its lead was erased since (`erasedAt`, ms), or undefined when nothing is. */
export function afterErasure(event: LeadEvent, erasedAt: number | undefined): LeadEvent | undefined {
  if (erasedAt === undefined || event.occurredAt > erasedAt) return event
  const refusal = refusalOf(event)
  return refusal === undefined ? undefined : { ...event, ...noSections, ...refusal }
}

/** A delivery as its receiver took it. */
export interface Delivered {
  readonly origin: string
  readonly type: string
  readonly body: Uint8Array
  /** ms. */
  readonly receivedAt: number
}

/** What is stored of a delivery about a lead that was erased at `erasedAt` (ms): its bytes, fewer of them, or `nothing`. */
export function deliveryAfterErasure(delivered: Delivered, erasedAt: number): Uint8Array | 'nothing' {
  const { body, draft, datedBy } = readingOf(delivered)
  if (body === undefined || eventTimeOf(body, { datedBy }, delivered.receivedAt).occurredAt > erasedAt) return delivered.body
  const refusal = draft && refusalOf({ kind: draft.kind, ...draft.sections })
  if (refusal === undefined) return 'nothing'
  // The forms of providers stay as they are: few, and each with other names for what it says.
  if (delivered.origin !== 'webhook') return delivered.body
  const bare = Buffer.from(JSON.stringify(bareBody(body, refusal)))
  const again = readingOf({ ...delivered, body: bare }).draft
  // Words that would say something else alone are kept with what is around them.
  return JSON.stringify(again && refusalOf({ kind: again.kind, ...again.sections })) === JSON.stringify(refusal) ? bare : delivered.body
}

interface Reading {
  readonly body?: Json
  readonly draft?: Draft | undefined
  readonly datedBy: Translator['datedBy']
}

function readingOf({ origin, type, body: bytes }: Delivered): Reading {
  if (origin === 'callback') {
    const { body, reading } = readCallback(type, bytes)
    return 'draft' in reading ? { body, draft: reading.draft, datedBy: reading.datedBy } : { body, datedBy: [] }
  }
  const parsed = parseBody(bytes)
  if ('problem' in parsed) return { datedBy: [] }
  const { body } = parsed
  const destination =
    origin === 'workflow' ? reportDestination(reportContactIdOf(body)) : destinationOf(webhookTypeOf(body), contactIdOf(body))
  if (!('translator' in destination)) return { body, datedBy: origin === 'workflow' ? 'arrival' : [] }
  const draft = destination.translator.translate(body)
  return { body, draft: 'missing' in draft ? undefined : draft, datedBy: destination.translator.datedBy }
}

/** The refusal in what is told; undefined when there is none. */
function refusalOf({ kind, contact, message, emailEvent }: Told): Refusal | undefined {
  if (contact) return contactRefusal(contact)
  if (message) return messageRefusal(message)
  return emailEvent && closesChannels(kind) ? { emailEvent: bareEmailEvent(emailEvent) } : undefined
}

function contactRefusal({ dnd, dndChannels }: ContactFields): Refusal | undefined {
  const blocked = Object.entries(dndChannels ?? {}).filter(([, status]) => blocksChannel(status))
  if (dnd !== true && blocked.length === 0) return undefined
  return {
    contact: { ...noContact, dnd: dnd === true ? true : null, dndChannels: blocked.length === 0 ? null : Object.fromEntries(blocked) },
  }
}

function messageRefusal(message: MessageFields): Refusal | undefined {
  if (message.direction !== 'inbound')
    return message.status === 'opt_out' ? { message: { ...message, subject: null, text: '' } } : undefined
  const change = permissionChangeIn(message)
  if (change?.change !== 'opt_out') return undefined
  const alone = message.status === 'opt_out' ? change : permissionChange(change.words)
  const saysTheSame = alone?.change === 'opt_out' && scopeIn(alone) === scopeIn(change)
  return { message: saysTheSame ? { ...message, subject: null, text: change.words } : message }
}

/** The purpose that it names, and the channels that it keeps open. */
function scopeIn(change: { readonly purpose?: string; readonly keeps?: readonly string[] }): string {
  return JSON.stringify([change.purpose ?? null, change.keeps ?? []])
}

function bareEmailEvent({ emailEventId, event, code, permanent }: EmailEventFields): EmailEventFields {
  return { emailEventId, event, code, permanent, address: null, mailId: null, reason: null }
}

const noContact: ContactFields = {
  ...{ firstName: null, lastName: null, name: null, email: null, phone: null, companyName: null, city: null, state: null },
  ...{ postalCode: null, country: null, timeZone: null, source: null, ownerId: null, tags: null, dnd: null, dndChannels: null },
  ...{ inboundDnd: null, createdAt: null, customFields: null, firstOrigin: null, lastOrigin: null },
}

/** Fields of bodies that say what it is and when, and nothing about the person. */
const FACTS = [
  ...['type', 'locationId', 'id', 'contactId', 'timestamp', 'webhookId', 'appId', 'versionId', 'dateAdded', 'dateUpdated'],
  ...['dnd', 'messageId', 'messageType', 'messageTypeId', 'messageTypeString', 'emailMessageId', 'conversationId', 'direction', 'status'],
  ...['source', 'userId'],
]

function bareBody(body: Json, { message }: Refusal): Json {
  const facts = Object.fromEntries(FACTS.filter((field) => body[field] !== undefined).map((field) => [field, body[field]]))
  const settings = Object.entries(objectOf(body, 'dndSettings') ?? {}).map(
    ([channel, one]) => [channel, { status: textOf((one ?? {}) as Json, 'status') }] as const,
  )
  return {
    ...facts,
    ...(settings.length === 0 ? {} : { dndSettings: Object.fromEntries(settings) }),
    ...(message ? { body: message.text } : {}),
  }
}
