/**
 * The part of the GoHighLevel API that the product uses. Calls that change something answer with an outcome and are never
 * repeated here; calls that read answer with a value or with why there is none.
 */
import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { htmlOf } from './emailHtml.ts'
import { ghlApiUrl, messagesPerPage, versions } from './endpoints.ts'
import { outcomeOfFailure, outcomeOfStatus } from './outcomes.ts'
import type { SendOutcome } from './outcomes.ts'
import { RateLimit } from './rateLimit.ts'
import type { Clock } from './rateLimit.ts'
import { contactOf, messagesOf, tasksOf } from './answers.ts'
import type { FoundMessage, FoundTask, GhlContact } from './answers.ts'

export interface GhlClientOptions {
  readonly apiUrl?: string
  /** The access token of a location. */
  readonly tokenOf: (tenantId: string) => string
  readonly clock: Clock
  /** Longest wait for an answer, ms. */
  readonly timeoutMs?: number
  readonly rateLimit?: RateLimit
}

export interface OutgoingMessage {
  readonly tenantId: string
  readonly contactId: string
  readonly channel: 'sms' | 'email'
  readonly text: string
  /** E-mail only. */
  readonly subject: string | null
}

export interface OutgoingTask {
  readonly tenantId: string
  readonly contactId: string
  readonly title: string
  readonly body: string
  /** ms since the epoch. */
  readonly dueAt: number
  /** GHL user. */
  readonly assignedTo: string | null
}

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string }

export interface GhlClient {
  /** Waits for room for this many calls of a location; they are then made with `admitted`. False when the signal aborts first. */
  admit(tenantId: string, calls: number, signal?: AbortSignal): Promise<boolean>
  /** Locations that would have to wait now. */
  busy(): string[]
  sendMessage(message: OutgoingMessage, options?: CallOptions): Promise<SendOutcome>
  createTask(task: OutgoingTask, options?: CallOptions): Promise<SendOutcome>
  /** Adds tags, leaving the others; adding one twice changes nothing. */
  addTags(tenantId: string, contactId: string, tags: readonly string[], options?: CallOptions): Promise<SendOutcome>
  /** `undefined` when the platform has no such contact. */
  contact(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<GhlContact | undefined>>
  /** The newest messages to a contact, all conversations. */
  messagesTo(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<FoundMessage[]>>
  tasksOf(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<FoundTask[]>>
  close(): Promise<void>
}

export interface CallOptions {
  /** The call was admitted before. */
  readonly admitted?: boolean
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterMs: number | undefined
}
type Group = keyof typeof versions

/** Connects to the API; nothing is called yet. */
export function ghlClient(options: GhlClientOptions): GhlClient {
  return new HttpGhlClient(options)
}

const CONNECT_MS = 5_000
/** Shorter than what servers close idle connections after: a request on a dying connection has an unknown outcome. */
const KEEP_ALIVE_MS = 3_000

class HttpGhlClient implements GhlClient {
  private readonly options: GhlClientOptions
  private readonly base: string
  private readonly limit: RateLimit
  private readonly agent: Agent

  constructor(options: GhlClientOptions) {
    this.options = options
    this.base = (options.apiUrl ?? ghlApiUrl).replace(/\/$/, '')
    this.limit = options.rateLimit ?? new RateLimit({ clock: options.clock })
    this.agent = new Agent({ connect: { timeout: CONNECT_MS }, keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS })
  }

  admit(tenantId: string, calls: number, signal?: AbortSignal): Promise<boolean> {
    return this.limit.take(tenantId, calls, signal)
  }

  busy(): string[] {
    return this.limit.busy()
  }

  sendMessage({ tenantId, contactId, channel, text, subject }: OutgoingMessage, options?: CallOptions): Promise<SendOutcome> {
    const body =
      channel === 'sms'
        ? { type: 'SMS', contactId, message: text }
        : { type: 'Email', contactId, subject: subject ?? '', html: htmlOf(text), message: text }
    return this.change(
      tenantId,
      'conversations',
      'POST',
      '/conversations/messages',
      body,
      (answer) => {
        const id = textIn(answer, 'messageId') ?? textIn(answer, 'emailMessageId')
        return id === undefined ? undefined : { kind: 'accepted', id, conversationId: textIn(answer, 'conversationId') ?? null }
      },
      options,
    )
  }

  createTask({ tenantId, contactId, title, body, dueAt, assignedTo }: OutgoingTask, options?: CallOptions): Promise<SendOutcome> {
    const task = { title, body, dueDate: new Date(dueAt).toISOString(), completed: false, ...(assignedTo === null ? {} : { assignedTo }) }
    return this.change(
      tenantId,
      'contacts',
      'POST',
      `/contacts/${encodeURIComponent(contactId)}/tasks`,
      task,
      (answer) => {
        const id = textIn(answer['task'], 'id') ?? textIn(answer, 'id')
        return id === undefined ? undefined : { kind: 'accepted', id, conversationId: null }
      },
      options,
    )
  }

  addTags(tenantId: string, contactId: string, tags: readonly string[], options?: CallOptions): Promise<SendOutcome> {
    return this.change(
      tenantId,
      'contacts',
      'POST',
      `/contacts/${encodeURIComponent(contactId)}/tags`,
      { tags },
      () => ({ kind: 'accepted', id: contactId, conversationId: null }),
      options,
    )
  }

  async contact(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<GhlContact | undefined>> {
    const answer = await this.read(tenantId, 'contacts', `/contacts/${encodeURIComponent(contactId)}`, options)
    if (!answer.ok)
      return answer.status === 404 || (answer.status === 400 && /not found/i.test(answer.detail)) ? { ok: true, value: undefined } : answer
    const contact = contactOf(answer.value)
    return contact === undefined ? { ok: false, detail: 'the answer holds no contact' } : { ok: true, value: contact }
  }

  async messagesTo(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<FoundMessage[]>> {
    const query = new URLSearchParams({ locationId: tenantId, contactId })
    const found = await this.read(tenantId, 'conversations', `/conversations/search?${query.toString()}`, options)
    if (!found.ok) return found
    const conversations = found.value['conversations']
    if (!Array.isArray(conversations)) return { ok: false, detail: 'the answer holds no list of conversations' }
    const messages: FoundMessage[] = []
    for (const conversation of conversations as unknown[]) {
      const id = textIn(conversation, 'id')
      if (id === undefined) continue
      const page = await this.read(tenantId, 'conversations', `/conversations/${encodeURIComponent(id)}/messages?limit=${messagesPerPage}`)
      if (!page.ok) return page
      const read = messagesOf(page.value)
      if (read === undefined) return { ok: false, detail: 'the answer holds no list of messages' }
      messages.push(...read)
    }
    return { ok: true, value: messages.filter(({ direction }) => direction === 'outbound') }
  }

  async tasksOf(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<FoundTask[]>> {
    const answer = await this.read(tenantId, 'contacts', `/contacts/${encodeURIComponent(contactId)}/tasks`, options)
    if (!answer.ok) return answer
    const tasks = tasksOf(answer.value)
    return tasks === undefined ? { ok: false, detail: 'the answer holds no list of tasks' } : { ok: true, value: tasks }
  }

  close(): Promise<void> {
    return this.agent.close()
  }

  private async change(
    tenantId: string,
    group: Group,
    method: Dispatcher.HttpMethod,
    path: string,
    body: object,
    accepted: (answer: Record<string, unknown>) => SendOutcome | undefined,
    options: CallOptions = {},
  ): Promise<SendOutcome> {
    if (options.admitted !== true) await this.limit.take(tenantId)
    let answer: Answer
    try {
      answer = await this.call(tenantId, group, method, path, body)
    } catch (error) {
      return outcomeOfFailure(error)
    }
    if (answer.status < 200 || answer.status > 299) return outcomeOfStatus(answer.status, answer.text, answer.retryAfterMs)
    const outcome = accepted(objectOf(answer.text))
    // It was taken, but we do not know as what: looked up like a time-out.
    return outcome ?? { kind: 'unknown', code: 'answer_unreadable', detail: `${answer.status}: ${answer.text.slice(0, 300)}` }
  }

  private async read(
    tenantId: string,
    group: Group,
    path: string,
    options: CallOptions = {},
  ): Promise<{ ok: true; value: Record<string, unknown> } | { ok: false; detail: string; status?: number }> {
    if (options.admitted !== true) await this.limit.take(tenantId)
    try {
      const { status, text } = await this.call(tenantId, group, 'GET', path)
      return status >= 200 && status <= 299
        ? { ok: true, value: objectOf(text) }
        : { ok: false, status, detail: `${status}: ${text.slice(0, 300)}` }
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
    }
  }

  private async call(tenantId: string, group: Group, method: Dispatcher.HttpMethod, path: string, body?: object): Promise<Answer> {
    const {
      statusCode,
      headers,
      body: answered,
    } = await request(`${this.base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.options.tokenOf(tenantId)}`,
        version: versions[group],
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(this.options.timeoutMs ?? 15_000),
      dispatcher: this.agent,
    })
    const text = await answered.text()
    const intervalMs = numberIn(headers['x-ratelimit-interval-milliseconds'])
    if (statusCode === 429) this.limit.block(tenantId, intervalMs ?? 10_000)
    else this.limit.told(tenantId, numberIn(headers['x-ratelimit-remaining']), intervalMs)
    return { status: statusCode, text, retryAfterMs: statusCode === 429 ? intervalMs : undefined }
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {}
  } catch {
    // A proxy's page or a cut-off body: an answer without any of the fields that are looked for.
    return {}
  }
}

function textIn(value: unknown, name: string): string | undefined {
  const found = value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined
  return typeof found === 'string' && found !== '' ? found : undefined
}

function numberIn(header: string | string[] | undefined): number | undefined {
  const value = Number(Array.isArray(header) ? header[0] : header)
  return header === undefined || !Number.isFinite(value) ? undefined : value
}
