/**
 * What a location's API shows, as the body that its webhook would have had: ingest translates it like any other. Each has an
 * id that is the same when the same state is found again, so that a second sweep tells nothing twice. Pure.
 * @source reference/gohighlevel.md 1.2 (bodies), 3.4 to 3.7 (answers)
 */
import { createHash } from 'node:crypto'
import { DateTime } from 'luxon'
import { isObject } from '../ingest/body.ts'
import type { Json } from '../ingest/body.ts'
import { instantOf, objectOf, textOf } from '../ingest/fields.ts'
import { SCHEDULED } from '../ingest/judgeMessage.ts'
import { contactIdOf } from '../ingest/subject.ts'

export interface Found {
  /** Webhook type whose body it has. */
  readonly type: string
  readonly contactId: string
  /** Names the thing and the state it is in. */
  readonly foundId: string
  /** When it happened or last changed, ms; null when the platform does not say. */
  readonly at: number | null
  readonly body: Json
}

/** A row of the export that is no message: it tells that something of the contact has changed. */
export type Hint = 'contact' | 'opportunity' | 'appointment'

/** Rows of the export that are no messages and tell of nothing that is followed here. */
const NO_MESSAGE = /^TYPE_(ACTIVITY_|FORM_SUBMISSION)/
const HINTS: Readonly<Record<string, Hint>> = {
  TYPE_ACTIVITY_CONTACT: 'contact',
  TYPE_ACTIVITY_OPPORTUNITY: 'opportunity',
  TYPE_ACTIVITY_APPOINTMENT: 'appointment',
}
/**
 * A webhook is dated by the gateway, some seconds after the change, a found state by the change. Without this much a webhook of
 * the change before would be newer than what came after it. 10 s in ms; what was read had not changed until it was read.
 */
const GATEWAY_MS = 10_000
/** Statuses after which a message has not reached the lead: told once more, and dated by the change. */
const FAILED = new Set(['failed', 'undelivered', 'opt_out'])

/** Which of the contact's things changed, for an activity row. */
export function hintOf(row: Json): Hint | undefined {
  return HINTS[textOf(row, 'messageType') ?? '']
}

/**
 * A message of the export; undefined for an activity row, for one that names no contact, direction or id, and for one that is to
 * leave later: it is found when it has, because the export goes by when a message changed.
 */
export function foundMessage(tenantId: string, row: Json): Found | undefined {
  const type = textOf(row, 'messageType') ?? ''
  const messageId = textOf(row, 'id', 'messageId')
  const contactId = textOf(row, 'contactId')
  const meta = objectOf(row, 'meta')
  const outer = meta === null ? null : objectOf(meta, 'email')
  const email = outer === null ? null : (objectOf(outer, 'email') ?? outer)
  const direction = textOf(row, 'direction') ?? (email === null ? null : textOf(email, 'direction'))
  if (messageId === null || contactId === null || NO_MESSAGE.test(type)) return undefined
  if (direction !== 'inbound' && direction !== 'outbound') return undefined
  const status = textOf(row, 'status')?.toLowerCase() ?? ''
  if (direction === 'outbound' && status === SCHEDULED) return undefined
  const hasFailed = direction === 'outbound' && FAILED.has(status)
  // `dateUpdated` also moves when a message is read, and the lead has not written again then.
  const { dateUpdated, meta: _, id: __, ...rest } = row
  return {
    type: direction === 'inbound' ? 'InboundMessage' : 'OutboundMessage',
    contactId,
    foundId: `message:${messageId}${hasFailed ? `:${status}` : ''}`,
    at: instantOf(row, 'dateAdded'),
    body: {
      ...rest,
      type: direction === 'inbound' ? 'InboundMessage' : 'OutboundMessage',
      locationId: tenantId,
      contactId,
      direction,
      messageId,
      emailMessageId: firstText(email?.['messageIds']),
      callDuration: meta?.['callDuration'],
      callStatus: meta?.['callStatus'],
      ...(hasFailed ? { dateUpdated } : {}),
    },
  }
}

/** An e-mail of the thread that a row of the export stands for, as it was read by its own id. */
export function foundEmail(tenantId: string, row: Json, email: Json): Found | undefined {
  const { meta: _, ...thread } = row
  const of = { messageType: row['messageType'], contactId: row['contactId'] ?? email['contactId'] }
  return foundMessage(tenantId, { ...thread, ...email, ...of })
}

/** A contact as it stood at `readAt` (ms); `isKnown` tells whether anything was ever told of it. */
export function foundContact(tenantId: string, contact: Json, isKnown: boolean, readAt: number): Found | undefined {
  const contactId = textOf(contact, 'id')
  if (contactId === null) return undefined
  const type = isKnown ? 'ContactUpdate' : 'ContactCreate'
  const at = changedAt(contact)
  const body = { ...contact, type, locationId: tenantId, id: contactId, dateUpdated: trueAt(at, readAt) }
  return { type, contactId, foundId: `contact:${contactId}:${digestOf(contact)}`, at, body }
}

/**
 * A contact that the platform did not have any more at `readAt` (ms). When it was deleted nobody says, so it is dated by the reading;
 * `lastEventAt` (ms) of its lead names the state it was deleted in, so that one which comes back and goes again is told again.
 */
export function foundDeletion(tenantId: string, contactId: string, lastEventAt: number, readAt: number): Found {
  const type = 'ContactDelete'
  const dateUpdated = DateTime.fromMillis(readAt, { zone: 'utc' }).toISO() ?? undefined
  const body = { type, locationId: tenantId, id: contactId, dateUpdated }
  return { type, contactId, foundId: `contact:${contactId}:deleted:${lastEventAt}`, at: null, body }
}

/** An opportunity as it stood at `readAt` (ms). */
export function foundOpportunity(tenantId: string, opportunity: Json, readAt: number): Found | undefined {
  const id = textOf(opportunity, 'id')
  const contact = objectOf(opportunity, 'contact')
  const contactId = textOf(opportunity, 'contactId') ?? (contact === null ? null : textOf(contact, 'id'))
  if (id === null || contactId === null) return undefined
  const { createdAt, updatedAt, contact: _, ...rest } = opportunity
  const dated = { dateAdded: createdAt ?? opportunity['dateAdded'], dateUpdated: updatedAt ?? opportunity['dateUpdated'] }
  const type = 'OpportunityUpdate'
  const at = changedAt(dated)
  const body = { ...rest, ...dated, type, locationId: tenantId, contactId, dateUpdated: trueAt(at, readAt) }
  return { type, contactId, foundId: `opportunity:${id}:${digestOf({ ...rest, ...dated })}`, at, body }
}

/** An appointment as it stood at `readAt` (ms); one that was never told of is a booking. */
export function foundAppointment(tenantId: string, appointment: Json, isKnown: boolean, readAt: number): Found | undefined {
  const id = textOf(appointment, 'id')
  const contactId = textOf(appointment, 'contactId')
  if (id === null || contactId === null) return undefined
  const type = isKnown ? 'AppointmentUpdate' : 'AppointmentCreate'
  const at = changedAt(appointment)
  const body = { type, locationId: tenantId, appointment: { ...appointment, dateUpdated: trueAt(at, readAt) } }
  return { type, contactId, foundId: `appointment:${id}:${digestOf(appointment)}`, at, body }
}

/** Does the body name the contact that ingest will find in it? One that does not would be refused there for its key. */
export function isAbout({ body, contactId }: Found): boolean {
  return contactIdOf(body) === contactId
}

function changedAt(row: Json): number | null {
  return instantOf(row, 'dateUpdated') ?? instantOf(row, 'dateAdded')
}

/** ISO 8601; undefined, and so dated by its receipt, when the platform does not say when it changed. */
function trueAt(at: number | null, readAt: number): string | undefined {
  return at === null
    ? undefined
    : (DateTime.fromMillis(Math.max(at, Math.min(at + GATEWAY_MS, readAt)), { zone: 'utc' }).toISO() ?? undefined)
}

function firstText(value: unknown): string | undefined {
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined
}

/** Of what is stated, whatever the order of its fields. */
export function digestOf(row: Json): string {
  const text = JSON.stringify(row, (name, value: unknown) => {
    // The cursor of a search and the id of a call differ each time.
    if (name === 'searchAfter' || name === 'traceId') return undefined
    return isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value
  })
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
