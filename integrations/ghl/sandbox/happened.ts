/**
 * What happened on the platform, told to the sandbox by whoever makes it up: the body that its webhook has, whether that is
 * ever delivered or not. From then on the API shows it. Kept in memory and bounded: a sandbox that starts anew has forgotten it.
 */
import { fieldsOf, number, text, texts } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import { NOTED_AT } from './journal.ts'
import type { Journal, JournalLine, SandboxMessage, Table } from './journal.ts'

const CHANNELS: Readonly<Record<string, SandboxMessage['type']>> = { SMS: 'SMS', Email: 'Email', CALL: 'Call', FB: 'Facebook' }
/** Fields of a webhook that are no part of what it tells of. */
const ENVELOPE = new Set(['type', 'appId', 'versionId', 'timestamp', 'webhookId', 'locationId'])

/**
 * Takes in what happened at `at` and was noted by the platform at `notedAt` (both ms): lists by time of change go by the second.
 * Returns why it cannot, or undefined.
 */
export function happened(journal: Journal, body: Fields, at: number, notedAt: number): string | undefined {
  const lines = linesOf(journal, body, at, notedAt)
  if (typeof lines === 'string') return lines
  for (const line of lines) journal.hear(line)
  return undefined
}

function linesOf(journal: Journal, body: Fields, at: number, notedAt: number): JournalLine[] | string {
  const type = text(body, 'type') ?? ''
  const location = text(body, 'locationId')
  if (location === null) return 'the body names no locationId'
  const iso = new Date(at).toISOString()
  const content = Object.fromEntries(Object.entries(body).filter(([name]) => !ENVELOPE.has(name)))
  const put = (table: Table, id: string, fields: Fields | null): JournalLine => ({
    kind: 'put',
    table,
    location,
    id,
    fields: fields === null ? null : { ...fields, [NOTED_AT]: notedAt },
  })
  const before = (table: Table, id: string) => journal.table(table, location).get(id) ?? undefined
  const id = text(body, 'id')
  switch (type) {
    case 'ContactCreate':
    case 'ContactUpdate':
    case 'ContactTagUpdate':
    case 'ContactDndUpdate': {
      if (id === null) return 'the contact has no id'
      const known = before('contacts', id)
      const dates = { dateAdded: known?.['dateAdded'] ?? content['dateAdded'] ?? iso, dateUpdated: iso }
      return [
        put('contacts', id, { type: 'lead', ...known, ...content, id, locationId: location, ...dates }),
        // Tags that were set through the API would hide those of the row.
        ...(journal.tags.has(id) ? [{ kind: 'tags', contactId: id, tags: texts(body, 'tags') } as const] : []),
        activity(location, id, 'CONTACT', `${id}-${at}`, notedAt),
      ]
    }
    case 'ContactDelete':
      return id === null ? 'the contact has no id' : [put('contacts', id, null)]
    case 'InboundMessage':
    case 'OutboundMessage':
      return messageLines(body, location, at, notedAt)
    case 'AppointmentCreate':
    case 'AppointmentUpdate': {
      const appointment = fieldsOf(body['appointment'])
      const [eventId, contactId] = [text(appointment, 'id'), text(appointment, 'contactId')]
      if (eventId === null || contactId === null) return 'the appointment has no id or no contactId'
      return [
        put('appointments', eventId, { ...before('appointments', eventId), ...appointment, locationId: location, dateUpdated: iso }),
        activity(location, contactId, 'APPOINTMENT', `${eventId}-${at}`, notedAt),
      ]
    }
    case 'AppointmentDelete': {
      const eventId = text(fieldsOf(body['appointment']), 'id')
      return eventId === null ? 'the appointment has no id' : [put('appointments', eventId, null)]
    }
    case 'OpportunityDelete':
      return id === null ? 'the opportunity has no id' : [put('opportunities', id, null)]
    case 'NoteCreate':
    case 'NoteUpdate':
    case 'TaskCreate':
    case 'TaskComplete': {
      // Lists of a contact show them, no list by time of change does; and no row of the export tells of them.
      const table = type.startsWith('Note') ? 'notes' : 'tasks'
      const known = id === null ? undefined : before(table, id)
      const contactId = text(body, 'contactId') ?? text(known, 'contactId')
      if (id === null || contactId === null) return `the ${table.slice(0, -1)} has no id or no contactId`
      const state = table === 'notes' ? {} : { completed: type === 'TaskComplete' || known?.['completed'] === true }
      const dateAdded = known?.['dateAdded'] ?? content['dateAdded'] ?? iso
      return [put(table, id, { ...known, ...content, ...state, id, contactId, dateAdded })]
    }
    case 'NoteDelete':
    case 'TaskDelete':
      return id === null ? 'the row has no id' : [put(type === 'NoteDelete' ? 'notes' : 'tasks', id, null)]
    default: {
      if (!/^Opportunity(Create|Update|StageUpdate|StatusUpdate|MonetaryValueUpdate|AssignedToUpdate)$/.test(type))
        return `${type || 'a body without a type'} is nothing that happens to a contact here`
      const contactId = text(body, 'contactId')
      if (id === null || contactId === null) return 'the opportunity has no id or no contactId'
      const known = before('opportunities', id)
      const { dateAdded: _, ...stated } = content
      const dates = {
        createdAt: known?.['createdAt'] ?? iso,
        updatedAt: iso,
        lastStageChangeAt: iso,
        lastStatusChangeAt: iso,
        lastActionDate: iso,
      }
      return [
        put('opportunities', id, { ...known, ...stated, id, locationId: location, contact: { id: contactId }, ...dates }),
        activity(location, contactId, 'OPPORTUNITY', `${id}-${at}`, notedAt),
      ]
    }
  }
}

function messageLines(body: Fields, location: string, at: number, notedAt: number): JournalLine[] | string {
  const messageId = text(body, 'messageId', 'emailMessageId')
  const contactId = text(body, 'contactId')
  const channel = CHANNELS[text(body, 'messageType') ?? '']
  if (messageId === null || contactId === null || channel === undefined)
    return 'the message has no id, no contactId or no known messageType'
  const calling = { callDuration: number(body, 'callDuration') ?? undefined, callStatus: text(body, 'callStatus') ?? undefined }
  const message: SandboxMessage = {
    messageId,
    ...(channel === 'Email' ? { emailMessageId: text(body, 'emailMessageId') ?? messageId } : {}),
    conversationId: text(body, 'conversationId') ?? `conv-${contactId}`,
    location,
    contactId,
    type: channel,
    body: text(body, 'body') ?? '',
    subject: text(body, 'subject'),
    at,
    notedAt,
    webhookId: text(body, 'webhookId') ?? '',
    direction: text(body, 'type') === 'InboundMessage' ? 'inbound' : 'outbound',
    shown: {
      status: text(body, 'status') ?? 'delivered',
      source: text(body, 'source') ?? undefined,
      userId: text(body, 'userId') ?? undefined,
      ...(channel === 'Call' ? { meta: calling } : {}),
    },
  }
  return [{ kind: 'message', message }]
}

/** The row by which the export shows that something of a contact changed. */
function activity(location: string, contactId: string, what: string, key: string, at: number): JournalLine {
  const message: SandboxMessage = {
    messageId: `act-${what.toLowerCase()}-${key}`,
    conversationId: `conv-${contactId}`,
    location,
    contactId,
    type: 'Activity',
    body: '',
    subject: null,
    at,
    webhookId: '',
    direction: 'outbound',
    shown: { messageType: `TYPE_ACTIVITY_${what}`, type: undefined, direction: undefined, source: undefined },
  }
  return { kind: 'message', message }
}
