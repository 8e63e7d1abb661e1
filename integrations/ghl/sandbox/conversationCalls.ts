/** Conversations and messages as the platform answers them. @source reference/gohighlevel.md 3.6, 5 */
import { randomUUID } from 'node:crypto'
import { fieldsOf, number, text, time } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import { done, limitOf, missing, refused } from './call.ts'
import type { Reply, RoutedCall } from './call.ts'
import type { SandboxMessage } from './journal.ts'
import { conversationOf } from './world.ts'
import type { World } from './world.ts'

const settable = ['delivered', 'failed', 'pending', 'read']
const typeNumbers = { Call: 1, SMS: 2, Email: 3, Facebook: 11 } as const
const leastExported = 10
const mostExported = 500
const OFFICE = 'office@example.com'
/** Lists leave out the words of e-mails, which are read by their own id (highlevel-api-docs #40). */
const listed = ({ body, ...row }: Fields): Fields => (row['messageType'] === 'TYPE_EMAIL' ? row : { ...row, body })
/** A status is refused until the message is visible everywhere (highlevel-api-docs #4). */
const VISIBLE_MS = 5_000

export function conversationCalls(world: World, onMessage: (message: SandboxMessage) => void) {
  function shown(message: SandboxMessage): Fields {
    const {
      messageId,
      contactId,
      conversationId,
      location,
      type,
      body,
      subject,
      at,
      direction = 'outbound',
      source = 'api',
      shown: more,
    } = message
    return {
      id: messageId,
      direction,
      status: world.statusOf(message),
      type: type === 'Activity' ? undefined : typeNumbers[type],
      messageType: `TYPE_${type.toUpperCase()}`,
      locationId: location,
      contactId,
      conversationId,
      dateAdded: new Date(at).toISOString(),
      body,
      contentType: type === 'Email' ? 'text/html' : 'text/plain',
      attachments: [],
      source,
      ...(subject === null ? {} : { subject }),
      ...(type === 'Email' ? { meta: { email: { messageIds: [emailIdOf(message)] } } } : {}),
      ...more,
    }
  }

  /** Conversations by contact, or of one, the one with the newest row first: an activity after a message is the last of it. */
  function conversations(location: string, of: string | null = null): Fields[] {
    const newest = new Map<string, { readonly said: SandboxMessage; readonly last: SandboxMessage }>()
    for (const message of world.messages(location)) {
      if (of !== null && message.contactId !== of) continue
      const said = message.type === 'Activity' ? newest.get(message.contactId)?.said : message
      if (said !== undefined) newest.set(message.contactId, { said, last: message })
    }
    return [...newest.values()]
      .sort((a, b) => b.last.at - a.last.at)
      .map(({ said, last }) => {
        const contact = world.contact(location, last.contactId)
        const name = [text(contact, 'firstName'), text(contact, 'lastName')].filter(Boolean).join(' ')
        return {
          id: said.conversationId,
          contactId: last.contactId,
          locationId: location,
          lastMessageBody: last.body,
          lastMessageType: shown(last)['messageType'],
          lastMessageDirection: last.direction ?? 'outbound',
          lastMessageDate: last.at,
          type: 'TYPE_PHONE',
          unreadCount: said.direction === 'inbound' ? 1 : 0,
          fullName: name,
          contactName: name,
          email: text(contact, 'email') ?? '',
          phone: text(contact, 'phone') ?? '',
          assignedTo: text(contact, 'assignedTo') ?? '',
        }
      })
  }

  const byId = ({ location, at }: RoutedCall) =>
    world.journal.messages.find((message) => message.location === location && message.messageId === at['messageId'])

  return {
    conversationSearch({ location, query }: RoutedCall): Reply {
      const asked = query.get('contactId')
      const after = query.has('startAfterDate') ? Number(query.get('startAfterDate')) : Infinity
      const all = conversations(location, asked)
      const rest = all.filter((one) => Number(one['lastMessageDate']) < after)
      return done({ conversations: rest.slice(0, limitOf(query, 20, 100)), total: all.length })
    },

    conversationGet({ location, at }: RoutedCall): Reply {
      const found = conversations(location).find(({ id }) => id === at['conversationId'])
      if (found === undefined) return missing('Conversation', at['conversationId'])
      const { id, contactId, locationId, unreadCount, assignedTo } = found
      return done({ id, contactId, locationId, unreadCount, assignedTo, deleted: false, inbox: true, type: 1, starred: false })
    },

    messageList({ location, query, at }: RoutedCall): Reply {
      const rows = world.messages(location)
      const isOf = ({ conversationId }: SandboxMessage) => conversationId === at['conversationId']
      const whose = rows.find((message) => message.type !== 'Activity' && isOf(message))?.contactId
      const all = rows.filter((message) => (message.type === 'Activity' ? message.contactId === whose : isOf(message))).reverse()
      const last = query.get('lastMessageId')
      const rest = last === null ? all : all.slice(all.findIndex(({ messageId }) => messageId === last) + 1)
      const limit = limitOf(query, 20, 100)
      const messages = rest.slice(0, limit).map((message) => listed(shown(message)))
      return done({ messages: { lastMessageId: messages.at(-1)?.['id'] ?? null, nextPage: rest.length > limit, messages } })
    },

    messageGet(call: RoutedCall): Reply {
      const message = byId(call)
      return message === undefined ? missing('Message', call.at['messageId']) : { status: 200, body: shown(message) }
    },

    emailGet({ location, at }: RoutedCall): Reply {
      const email = world.journal.messages.find(
        (message) => message.location === location && message.type === 'Email' && emailIdOf(message) === at['emailMessageId'],
      )
      if (email === undefined) return missing('Email', at['emailMessageId'])
      const { contactId, conversationId, messageId: threadId } = email
      const { dateAdded, subject, body, direction, status, contentType, attachments, source } = shown(email)
      const lead = text(world.contact(location, contactId), 'email') ?? 'lead@example.com'
      const [from, to] = direction === 'inbound' ? [lead, OFFICE] : [OFFICE, lead]
      return done({
        emailMessage: {
          ...{ id: emailIdOf(email), threadId, locationId: location, contactId, conversationId, dateAdded, subject, body, direction },
          ...{ status, contentType, attachments, provider: 'Leadconnector', from, to: [to], source },
        },
      })
    },

    messageExport({ location, query }: RoutedCall): Reply {
      const limit = Number(query.get('limit') ?? 100)
      if (!(limit >= leastExported && limit <= mostExported))
        return refused(422, [`limit must not be less than ${leastExported} nor greater than ${mostExported}`])
      const byUpdate = query.get('sortBy') === 'updatedAt'
      const at = (message: SandboxMessage) => (byUpdate ? world.changedAt(message) : message.at)
      const sign = query.get('sortOrder') === 'asc' ? 1 : -1
      const [from, to] = [dateOf(query.get('startDate')) ?? -Infinity, dateOf(query.get('endDate')) ?? Infinity]
      const [channel, contactId, conversationId] = [query.get('channel'), query.get('contactId'), query.get('conversationId')]
      const found = world
        .messages(location)
        .filter(
          (message) =>
            at(message) >= from &&
            at(message) <= to &&
            // Without a channel every kind comes but e-mail.
            (channel === null ? message.type !== 'Email' : message.type === channel) &&
            (contactId === null || message.contactId === contactId) &&
            (conversationId === null || message.conversationId === conversationId),
        )
        .map((message) => ({ message, key: [at(message), message.messageId] as const }))
        .sort((a, b) => sign * (a.key[0] - b.key[0] || (a.key[1] < b.key[1] ? -1 : 1)))
      const after = cursorOf(query.get('cursor'))
      if (after === 'bad') return refused(400, 'Invalid cursor')
      const isAfter = (key: readonly [number, string]) =>
        after === undefined || sign * (key[0] - after[0]) > 0 || (key[0] === after[0] && (sign > 0 ? key[1] > after[1] : key[1] < after[1]))
      const rest = found.filter(({ key }) => isAfter(key))
      const page = rest.slice(0, limit)
      const last = rest.length > limit ? page.at(-1)?.key : undefined
      return done({
        messages: page.map(({ message }) => listed(shown(message))),
        nextCursor: last === undefined ? null : Buffer.from(JSON.stringify(last)).toString('base64'),
        total: found.length,
      })
    },

    messageSend({ location, body }: RoutedCall): Reply {
      const { type, message, html, subject } = body
      const contactId = text(body, 'contactId')
      if (type !== 'SMS' && type !== 'Email') return refused(422, ['type must be a valid enum value'])
      if (contactId === null) return refused(422, ['contactId should not be empty'])
      const contact = world.contact(location, contactId)
      if (contact === undefined) return missing('Contact', contactId)
      const channel = text(fieldsOf(fieldsOf(contact['dndSettings'])?.[type]), 'status')
      if (contact['dnd'] === true || !['inactive', null].includes(channel))
        return refused(400, `Cannot send message as DND is active for ${type}.`)
      // One that was never put here has whatever its webhooks say.
      const isPut = world.journal.table('contacts', location).has(contactId)
      if (type === 'SMS' && isPut && text(contact, 'phone') === null) return refused(400, 'Missing phone number')
      const kept = type === 'Email' ? (html ?? message) : message
      const scheduled = number(body, 'scheduledTimestamp')
      const accepted: SandboxMessage = {
        messageId: world.newId('msg'),
        ...(type === 'Email' ? { emailMessageId: world.newId('mail') } : {}),
        conversationId: conversationOf(location, contactId),
        location,
        contactId,
        type,
        body: typeof kept === 'string' ? kept : '',
        subject: typeof subject === 'string' ? subject : null,
        at: world.now(),
        webhookId: randomUUID(),
        ...(scheduled === null ? {} : { scheduledAt: scheduled * 1_000 }),
      }
      world.write({ kind: 'message', message: accepted })
      if (scheduled === null) onMessage(accepted)
      const { messageId, emailMessageId, conversationId } = accepted
      return done({ conversationId, messageId, emailMessageId, msg: 'Message queued successfully.' }, 201)
    },

    messageStatus(call: RoutedCall): Reply {
      const message = byId(call)
      const status = text(call.body, 'status')
      if (status === null || !settable.includes(status)) return refused(422, ['status must be a valid enum value'])
      if (message === undefined) return missing('Message', call.at['messageId'])
      if (world.now() - message.at < VISIBLE_MS) return refused(401, 'You are not authorized to update this message.')
      world.write({ kind: 'status', messageId: message.messageId, status, at: world.now() })
      return { status: 200, body: { conversationId: message.conversationId, messageId: message.messageId, status } }
    },

    messageCancel(call: RoutedCall): Reply {
      const message = byId(call)
      // The status of the answer is 200 either way; its body has another.
      if (message === undefined || world.statusOf(message) !== 'scheduled')
        return { status: 200, body: { status: 404, message: 'Failed cancel the scheduled message' } }
      world.write({ kind: 'status', messageId: message.messageId, status: 'cancelled', at: world.now() })
      return { status: 200, body: { status: 200, message: 'Scheduled message cancelled' } }
    },
  }
}

/** What was noted before e-mails had an id of their own has that of its message. */
function emailIdOf({ emailMessageId, messageId }: SandboxMessage): string {
  return emailMessageId ?? messageId
}

/** ISO 8601 or milliseconds. */
function dateOf(given: string | null): number | null {
  if (given === null) return null
  return /^\d+$/.test(given) ? Number(given) : time({ given }, 'given')
}

function cursorOf(cursor: string | null): readonly [number, string] | 'bad' | undefined {
  if (cursor === null) return undefined
  try {
    const read = JSON.parse(Buffer.from(cursor, 'base64').toString()) as unknown
    return Array.isArray(read) && typeof read[0] === 'number' && typeof read[1] === 'string' ? [read[0], read[1]] : 'bad'
  } catch {
    return 'bad'
  }
}
