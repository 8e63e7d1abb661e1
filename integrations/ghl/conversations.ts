/**
 * Conversations and their messages. A message that was taken is queued, nothing more; what became of it comes as a webhook
 * or is read. @source reference/gohighlevel.md 3.6
 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, flag, listOf, number, text, texts, time } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { allOf, pageReader, pagesOf } from './call/pages.ts'
import { succeeded } from './contactShape.ts'
import { htmlOf } from './emailHtml.ts'
import type { Outcome, Read } from './outcomes.ts'
import { conversationsPerPage, exportedPerPage, messagesPerPage } from './pageSizes.ts'

export interface OutgoingMessage {
  readonly contactId: string
  readonly channel: 'sms' | 'email'
  readonly text: string
  /** E-mail only. */
  readonly subject: string | null
}

export interface SentMessage {
  /** By which its webhook names it: of an e-mail the id of the e-mail, which the answer tells beside that of the message. */
  readonly messageId: string
  readonly conversationId: string | null
}

export interface GhlMessage {
  readonly messageId: string
  /** Of an e-mail, where the platform tells it: by this one, and no other, its webhook names it. */
  readonly emailMessageId: string | null
  /** Lists show a thread of e-mails as one message: the ids of all that are in it. */
  readonly emailMessageIds: readonly string[]
  readonly conversationId: string | null
  readonly contactId: string | null
  /** `TYPE_SMS`, `TYPE_EMAIL`, `TYPE_CALL` …; activity rows and form submissions are among them. */
  readonly messageType: string | null
  readonly direction: string | null
  readonly body: string
  readonly subject: string | null
  readonly status: string | null
  readonly callStatus: string | null
  readonly callSeconds: number | null
  /** `app`, `workflow`, `campaign`, `bulk_actions` or `api`. */
  readonly source: string | null
  readonly userId: string | null
  readonly attachments: readonly string[]
  /** When it was added, ms. */
  readonly at: number | null
  readonly raw: Fields
}

/** One e-mail of a thread. */
export interface GhlEmail {
  readonly emailMessageId: string
  readonly direction: string | null
  readonly subject: string | null
  readonly body: string
  /** When it was added, ms. */
  readonly at: number | null
  readonly raw: Fields
}

export interface Conversation {
  readonly conversationId: string
  readonly contactId: string | null
  readonly unread: number
  readonly assignedTo: string | null
  readonly lastMessageType: string | null
  readonly lastMessageDirection: string | null
  /** ms. */
  readonly lastMessageAt: number | null
}

export interface ExportQuery {
  /** ms. */
  readonly from: number
  readonly before?: number
  /** Without one every kind comes but e-mail. */
  readonly channel?: 'Call' | 'SMS' | 'Email' | 'WhatsApp' | 'Instagram' | 'Facebook'
  readonly contactId?: string
}

/** What a provider may say of a message. */
export type SettableStatus = 'delivered' | 'failed' | 'pending' | 'read'

export type Conversations = ReturnType<typeof conversations>

export function conversations(caller: Caller) {
  function search(
    tenantId: string,
    query: { readonly contactId?: string; readonly status?: 'all' | 'unread' } = {},
    options?: CallOptions,
  ): AsyncGenerator<Read<Listed<Conversation>>, void> {
    const page = pageReader<Conversation, number>(conversationsPerPage)
    return pagesOf((startAfterDate: number | undefined) =>
      caller.read(
        {
          endpoint: 'conversationSearch',
          tenantId,
          query: {
            locationId: tenantId,
            contactId: query.contactId,
            status: query.status,
            limit: conversationsPerPage,
            sort: 'desc',
            sortBy: 'last_message_date',
            startAfterDate,
          },
          options,
        },
        (answer) => {
          const listed = listOf(answer['conversations'], conversationOf)
          return page(listed, listed?.items.at(-1)?.lastMessageAt ?? undefined, number(answer, 'total'))
        },
      ),
    )
  }

  function messages(tenantId: string, conversationId: string, options?: CallOptions): AsyncGenerator<Read<Listed<GhlMessage>>, void> {
    return pagesOf((lastMessageId: string | undefined) =>
      caller.read(
        { endpoint: 'messageList', tenantId, path: { conversationId }, query: { limit: messagesPerPage, lastMessageId }, options },
        (answer) => {
          const listed = messagesOf(answer)
          const outer = fieldsOf(answer['messages']) ?? answer
          if (listed === undefined || !flag(outer, 'nextPage')) return listed
          const next = text(outer, 'lastMessageId') ?? undefined
          // There is more, and nobody says where: what comes behind it would count as read.
          return next === undefined ? undefined : { ...listed, next }
        },
      ),
    )
  }

  function email(tenantId: string, emailMessageId: string, options?: CallOptions): Promise<Read<GhlEmail>> {
    return caller.read({ endpoint: 'emailGet', tenantId, path: { emailMessageId }, options }, (answer) => {
      // Documented without this; seen with it.
      const shown = emailOf(fieldsOf(answer['emailMessage']) ?? answer)
      // Another one's words are not to be taken for those of this one.
      return shown?.emailMessageId === emailMessageId ? shown : undefined
    })
  }

  /** What a row of a list stands for: each e-mail of a thread by itself, with its words, any other message as it is. */
  async function messagesIn(tenantId: string, row: GhlMessage, options?: CallOptions): Promise<Read<readonly GhlMessage[]>> {
    const { emailMessageIds: ids } = row
    if (ids.length === 1 ? row.body !== '' : ids.length === 0 && (row.body !== '' || row.messageType !== 'TYPE_EMAIL'))
      return { ok: true, value: [row] }
    if (ids.length === 0) return unreadable('an e-mail without its words')
    const emails: GhlMessage[] = []
    for (const id of ids) {
      const read = await email(tenantId, id, options)
      if (!read.ok) return read
      if (read.value.body === '') return unreadable('an e-mail without its words')
      emails.push({ ...row, ...read.value, raw: row.raw })
    }
    return { ok: true, value: emails }
  }

  return {
    /** Conversations, the newest first. The index lags about a minute. */
    search,

    get(tenantId: string, conversationId: string, options?: CallOptions): Promise<Read<Conversation>> {
      return caller.read({ endpoint: 'conversationGet', tenantId, path: { conversationId }, options }, conversationOf)
    },

    /** Messages of a conversation, the newest first. */
    messages,

    message(tenantId: string, messageId: string, options?: CallOptions): Promise<Read<GhlMessage>> {
      return caller.read({ endpoint: 'messageGet', tenantId, path: { messageId }, options }, (answer) =>
        messageOf(fieldsOf(answer['message']) ?? answer),
      )
    },

    /** An e-mail by its own id: lists leave its words out (highlevel-api-docs #40). */
    email,

    /** Every message of a location that changed in a stretch of time, oldest first: what a reconciler reads. */
    export(tenantId: string, query: ExportQuery, options?: CallOptions): AsyncGenerator<Read<Listed<GhlMessage>>, void> {
      const page = pageReader<GhlMessage, string>(exportedPerPage, 'has a next')
      return pagesOf((cursor: string | undefined) =>
        caller.read(
          {
            endpoint: 'messageExport',
            tenantId,
            query: {
              locationId: tenantId,
              limit: exportedPerPage,
              sortBy: 'updatedAt',
              sortOrder: 'asc',
              startDate: new Date(query.from).toISOString(),
              endDate: query.before === undefined ? undefined : new Date(query.before).toISOString(),
              channel: query.channel,
              contactId: query.contactId,
              cursor,
            },
            options,
          },
          (answer) => page(messagesOf(answer), text(answer, 'nextCursor') ?? undefined, number(answer, 'total')),
        ),
      )
    },

    /** What was sent to a contact since (ms), all conversations: of the newest page of each. Of `email`, each e-mail with its words. */
    async messagesTo(
      tenantId: string,
      contactId: string,
      { since, channel }: { readonly since: number; readonly channel: OutgoingMessage['channel'] },
      options?: CallOptions,
    ): Promise<Read<readonly GhlMessage[]>> {
      const found = await allOf(search(tenantId, { contactId }, options))
      if (!found.ok) return found
      if (found.value.unreadable > 0) return unreadable('a conversation without an id')
      const sent: GhlMessage[] = []
      for (const { conversationId } of found.value.items) {
        const page = await messages(tenantId, conversationId, options).next()
        if (page.done === true) continue
        if (!page.value.ok) return page.value
        if (page.value.value.unreadable > 0) return unreadable('a message without an id')
        for (const row of page.value.value.items) {
          // A message that it tells no time of may be of any.
          if (row.at !== null && row.at < since) continue
          const shown = channel === 'email' ? await messagesIn(tenantId, row, options) : ({ ok: true, value: [row] } as const)
          if (!shown.ok) return shown
          sent.push(...shown.value.filter(({ direction }) => direction === 'outbound'))
        }
      }
      return { ok: true, value: sent }
    },

    send(
      tenantId: string,
      { contactId, channel, text: words, subject }: OutgoingMessage,
      options?: CallOptions,
    ): Promise<Outcome<SentMessage>> {
      const body =
        channel === 'sms'
          ? { type: 'SMS', contactId, message: words }
          : { type: 'Email', contactId, subject: subject ?? '', html: htmlOf(words), message: words }
      return caller.change({ endpoint: 'messageSend', tenantId, body, options }, (answer) => sentMessageOf(answer, channel))
    },

    /** Says what became of a message. Right after it was made the platform refuses for some seconds: `not_yet_visible`. */
    setStatus(tenantId: string, messageId: string, status: SettableStatus, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'messageStatus', tenantId, path: { messageId }, body: { status }, options }, succeeded)
    },

    /** Takes back a message that was scheduled; false when there was none to take back: it has left, or never was. */
    cancelScheduled(tenantId: string, messageId: string, options?: CallOptions): Promise<Outcome<boolean>> {
      return caller.change({ endpoint: 'messageCancel', tenantId, path: { messageId }, options }, (answer) =>
        (number(answer, 'status') ?? 200) < 400 ? succeeded(answer) : false,
      )
    },
  }
}

/** Really `{messages: {messages: […]}}` (highlevel-api-docs #54); the documented flat list is read too. */
export function messagesOf(answer: Fields): Listed<GhlMessage> | undefined {
  const outer = answer['messages']
  return listOf(Array.isArray(outer) ? outer : fieldsOf(outer)?.['messages'], messageOf)
}

export function messageOf(message: Fields): GhlMessage | undefined {
  const messageId = text(message, 'id', 'messageId')
  if (messageId === null) return undefined
  const meta = fieldsOf(message['meta'])
  const emailMessageIds = emailIdsOf(meta)
  return {
    messageId,
    emailMessageId: emailMessageIds[0] ?? null,
    emailMessageIds,
    conversationId: text(message, 'conversationId'),
    contactId: text(message, 'contactId'),
    messageType: text(message, 'messageType'),
    direction: text(message, 'direction') ?? text(fieldsOf(meta?.['email']), 'direction'),
    body: text(message, 'body') ?? '',
    subject: text(message, 'subject'),
    status: text(message, 'status'),
    callStatus: text(meta, 'callStatus'),
    callSeconds: number(meta, 'callDuration'),
    source: text(message, 'source'),
    userId: text(message, 'userId'),
    attachments: texts(message, 'attachments'),
    at: time(message, 'dateAdded'),
    raw: message,
  }
}

/** Documented as `{email: {email: {messageIds}}}` (highlevel-api-docs #54), and seen without the second one. */
function emailIdsOf(meta: Fields | undefined): readonly string[] {
  const email = fieldsOf(meta?.['email'])
  const ids = texts(email, 'messageIds')
  return ids.length > 0 ? ids : texts(fieldsOf(email?.['email']), 'messageIds')
}

function emailOf(email: Fields): GhlEmail | undefined {
  const emailMessageId = text(email, 'id')
  if (emailMessageId === null) return undefined
  return {
    emailMessageId,
    direction: text(email, 'direction'),
    subject: text(email, 'subject'),
    body: text(email, 'body') ?? '',
    at: time(email, 'dateAdded'),
    raw: email,
  }
}

function conversationOf(conversation: Fields): Conversation | undefined {
  const conversationId = text(conversation, 'id')
  if (conversationId === null) return undefined
  return {
    conversationId,
    contactId: text(conversation, 'contactId'),
    unread: number(conversation, 'unreadCount') ?? 0,
    assignedTo: text(conversation, 'assignedTo'),
    lastMessageType: text(conversation, 'lastMessageType'),
    lastMessageDirection: text(conversation, 'lastMessageDirection'),
    lastMessageAt: time(conversation, 'lastMessageDate'),
  }
}

/** @source reference/gohighlevel.md 1.2 (OutboundMessage of an e-mail has `emailMessageId` and no `messageId`), 3.6 (the answer has both) */
function sentMessageOf(answer: Fields, channel: OutgoingMessage['channel']): SentMessage | undefined {
  const messageId = channel === 'email' ? text(answer, 'emailMessageId', 'messageId') : text(answer, 'messageId')
  return messageId === null ? undefined : { messageId, conversationId: text(answer, 'conversationId') }
}

function unreadable(detail: string): Read<never> {
  return { ok: false, detail, failure: { kind: 'unknown', code: 'answer_unreadable', detail } }
}
