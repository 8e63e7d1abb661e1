/**
 * A loopback server that answers like GoHighLevel, bad manners included: it wants tokens and versions, limits the rate,
 * lags in its search, and fails on demand in every way that makes the outcome of a send unknown. For tests and for local
 * mode; nothing it is told leaves the machine.
 */
import { createHash, createPrivateKey, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Call, Reply } from './call.ts'
import { Faults, faultOf } from './faults.ts'
import type { Fault } from './faults.ts'
import { Journal } from './journal.ts'
import type { SandboxContact, SandboxMessage, SandboxTask } from './journal.ts'
import { SandboxOauth } from './oauth.ts'
import type { Agreement, SandboxApp } from './oauth.ts'
import { TellBack } from './tellBack.ts'

export interface SandboxOptions {
  /** 0 = any free one. */
  readonly port?: number
  /** Journal of everything it accepted. */
  readonly file: string
  readonly clock: Clock
  /** Where OutboundMessage webhooks go; none without it. */
  readonly webhookUrl?: string
  /** PKCS#8 Ed25519 key that webhooks are signed with. Needed with `webhookUrl`. */
  readonly signingKeyPem?: string
  readonly appId?: string
  /** The app that may trade codes for tokens. */
  readonly app?: SandboxApp
  /** Location of tokens that name none. */
  readonly location?: string
  /** Time until the search finds a new message, ms. The platform: about a minute. */
  readonly indexLagMs?: number
  /** Calls per token in 10 s. */
  readonly callsPer10s?: number
  /** First wait before a webhook is repeated, ms. */
  readonly firstRetryMs?: number
}

export interface Sandbox {
  readonly url: string
  readonly port: number
  messages(): readonly SandboxMessage[]
  tasks(): readonly SandboxTask[]
  tagsOf(contactId: string): readonly string[]
  /** The code a browser comes back with after somebody agreed. */
  authorize(agreement: Agreement): string
  readonly oauth: SandboxOauth
  addFault(fault: Fault): void
  clearFaults(): void
  setContact(contact: SandboxContact): void
  /** Resolves when no webhook is on its way. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** The token with which the sandbox acts for a location. */
export function sandboxToken(location: string): string {
  return `sandbox-${location}`
}

const WINDOW_MS = 10_000
const BODY_BYTES = 1_048_576
const DAILY = 200_000

/** Starts it on the loopback interface. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = new SandboxServer(options)
  await sandbox.listen()
  return sandbox
}

class SandboxServer implements Sandbox {
  readonly oauth: SandboxOauth
  private readonly options: SandboxOptions
  private readonly journal: Journal
  private readonly faults = new Faults()
  private readonly calls = new Map<string, number[]>()
  private readonly server: Server
  private readonly tellBack: TellBack | undefined
  private readonly ended = new AbortController()

  constructor(options: SandboxOptions) {
    this.options = options
    this.journal = new Journal(options.file)
    this.oauth = new SandboxOauth(options.app, options.clock)
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch(() => response.destroy())
    })
    const { webhookUrl, signingKeyPem } = options
    if (webhookUrl === undefined) return
    if (signingKeyPem === undefined) throw new TypeError('signingKeyPem is needed to sign webhooks to webhookUrl.')
    this.tellBack = new TellBack({
      url: webhookUrl,
      key: createPrivateKey(signingKeyPem),
      appId: options.appId ?? 'sandboxApp',
      clock: options.clock,
      firstWaitMs: options.firstRetryMs ?? 1_000,
      onTold: ({ messageId }) => {
        this.journal.write({ kind: 'told_back', messageId })
      },
    })
    for (const message of this.journal.messages) if (!this.journal.toldBack.has(message.messageId)) this.tellBack.tell(message)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
  messages(): readonly SandboxMessage[] {
    return this.journal.messages
  }
  tasks(): readonly SandboxTask[] {
    return this.journal.tasks
  }
  tagsOf(contactId: string): readonly string[] {
    return this.journal.tags.get(contactId) ?? []
  }
  authorize(agreement: Agreement): string {
    return this.oauth.authorize(agreement)
  }
  addFault(fault: Fault): void {
    this.faults.add(fault)
  }
  clearFaults(): void {
    this.faults.clear()
  }
  setContact(contact: SandboxContact): void {
    this.journal.write({ kind: 'contact', contact })
  }
  settled(): Promise<void> {
    return this.tellBack?.settled() ?? Promise.resolve()
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve)
    })
  }

  close(): Promise<void> {
    this.tellBack?.stop()
    this.ended.abort()
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const path = url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
    const body = await bodyOf(request)
    if (body === undefined) return reply(response, 413, { statusCode: 413, message: 'Payload too large' })
    const method = request.method ?? 'GET'
    if (path[0] === '_sandbox') {
      const { status, body: told } = this.control(method, path.slice(1), body)
      return reply(response, status, told)
    }
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (path[0] === 'oauth') {
      const call = { location: '', token: token ?? '', method, path, query: url.searchParams, body }
      return this.answerCall(response, call, (call) => this.oauth.answer(call))
    }
    if (token === undefined || (this.oauth.isOurs(token) && this.oauth.locationOf(token) === undefined))
      return reply(response, 401, { statusCode: 401, message: 'Invalid JWT' })
    const group = path[0] === 'conversations' || path[0] === 'calendars' ? '2021-04-15' : '2021-07-28'
    if (request.headers['version'] !== group)
      return reply(response, 404, { statusCode: 404, message: 'version header is invalid or was not found.' })
    if (!this.admit(token, response)) return reply(response, 429, { statusCode: 429, message: 'Too Many Requests' })
    const ours = this.oauth.locationOf(token)
    const named = token.startsWith('sandbox-') ? token.slice('sandbox-'.length) : this.options.location
    const location = ours ?? named ?? 'sandboxLocation000001'
    await this.answerCall(response, { location, token, method, path, query: url.searchParams, body }, (call) => this.route(call))
  }

  private async answerCall(response: ServerResponse, call: Call, route: (call: Call) => Reply): Promise<void> {
    const fault = this.faults.next(call.method === 'GET' ? 'reads' : 'changes')
    switch (fault?.kind) {
      case '429':
        return reply(response, 429, { statusCode: 429, message: 'Too Many Requests' })
      case '500':
        return reply(response, 500, { statusCode: 500, message: 'Internal server error', traceId: randomUUID() })
      case 'dnd':
        return reply(response, 400, { statusCode: 400, message: 'Cannot send message as DND is active for SMS.', traceId: randomUUID() })
      case 'drop':
        return void response.destroy()
      case 'timeout':
        return
      case 'slow':
        await this.options.clock.sleep(fault.ms ?? 2_000, this.ended.signal)
        break
      case 'timeout_after_accept':
      case 'drop_after_accept':
      case '500_after_accept':
      case 'odd':
      case undefined:
        break
    }
    const { status, body } = route(call)
    switch (fault?.kind) {
      case 'timeout_after_accept':
        return
      case 'drop_after_accept':
        return void response.destroy()
      case '500_after_accept':
        return reply(response, 500, { statusCode: 500, message: 'Internal server error' })
      case 'odd':
        return reply(response, status, { msg: 'Message queued successfully.' })
      default:
        return reply(response, status, body)
    }
  }

  private admit(token: string, response: ServerResponse): boolean {
    const now = this.options.clock.now()
    const most = this.options.callsPer10s ?? 100
    const calls = (this.calls.get(token) ?? []).filter((at) => at > now - WINDOW_MS)
    const admitted = calls.length < most
    if (admitted) calls.push(now)
    this.calls.set(token, calls)
    response.setHeader('X-RateLimit-Limit-Daily', String(DAILY))
    response.setHeader('X-RateLimit-Daily-Remaining', String(DAILY - 1))
    response.setHeader('X-RateLimit-Interval-Milliseconds', String(WINDOW_MS))
    response.setHeader('X-RateLimit-Max', String(most))
    response.setHeader('X-RateLimit-Remaining', String(most - calls.length))
    return admitted
  }

  private route(call: Call): Reply {
    const {
      method,
      path: [area, id, part],
    } = call
    const at = `${method} ${area ?? ''}`
    if (at === 'POST conversations' && id === 'messages') return this.send(call)
    if (at === 'GET conversations' && id === 'search') return this.search(call)
    if (at === 'GET conversations' && id !== undefined && part === 'messages') return this.list(call, id)
    if (area === 'contacts' && id !== undefined) {
      if (this.journal.contacts.get(id)?.missing === true)
        return { status: 400, body: { statusCode: 400, message: `Contact with id ${id} not found` } }
      if (method === 'GET' && part === undefined) return { status: 200, body: { contact: this.contact(call, id), traceId: randomUUID() } }
      if (method === 'GET' && part === 'tasks') {
        const tasks = this.journal.tasks.filter((task) => task.contactId === id && task.location === call.location)
        return {
          status: 200,
          body: {
            tasks: tasks.map(({ taskId, title, body, contactId }) => ({ id: taskId, title, body, contactId, completed: false })),
            traceId: randomUUID(),
          },
        }
      }
      if (method === 'POST' && part === 'tasks') return this.task(call, id)
      if (method === 'POST' && part === 'tags') {
        const tags = Array.isArray(call.body['tags']) ? (call.body['tags'] as unknown[]).filter((tag) => typeof tag === 'string') : []
        this.journal.write({ kind: 'tags', contactId: id, tags })
        return { status: 201, body: { tags: this.tagsOf(id) } }
      }
    }
    return { status: 404, body: { statusCode: 404, message: `Cannot ${method} /${call.path.join('/')}` } }
  }

  private send({ location, body }: Call): Reply {
    const { type, contactId, message, html, subject } = body
    if (type !== 'SMS' && type !== 'Email') return { status: 422, body: { statusCode: 422, message: ['type must be a valid enum value'] } }
    if (typeof contactId !== 'string' || contactId === '')
      return { status: 422, body: { statusCode: 422, message: ['contactId should not be empty'] } }
    const contact = this.journal.contacts.get(contactId)
    if (contact?.missing === true) return { status: 400, body: { statusCode: 400, message: `Contact with id ${contactId} not found` } }
    const dnd = contact?.dnd === true || !['inactive', undefined].includes(contact?.dndSettings?.[type]?.status)
    if (dnd) return { status: 400, body: { statusCode: 400, message: `Cannot send message as DND is active for ${type}.` } }
    const kept = type === 'Email' ? (html ?? message) : message
    const accepted: SandboxMessage = {
      messageId: `msg${randomBytes(9).toString('hex')}`,
      conversationId: conversationOf(location, contactId),
      location,
      contactId,
      type,
      body: typeof kept === 'string' ? kept : '',
      subject: typeof subject === 'string' ? subject : null,
      at: this.options.clock.now(),
      webhookId: randomUUID(),
    }
    this.journal.write({ kind: 'message', message: accepted })
    this.tellBack?.tell(accepted)
    const { messageId, conversationId } = accepted
    return {
      status: 201,
      body: {
        conversationId,
        messageId,
        ...(type === 'Email' ? { emailMessageId: messageId } : {}),
        msg: 'Message queued successfully.',
        traceId: randomUUID(),
      },
    }
  }

  private task({ location, body }: Call, contactId: string): Reply {
    const { title, body: text } = body
    if (typeof title !== 'string' || title === '') return { status: 422, body: { statusCode: 422, message: ['title should not be empty'] } }
    const task = {
      taskId: `task${randomBytes(9).toString('hex')}`,
      location,
      contactId,
      title,
      body: typeof text === 'string' ? text : '',
      at: this.options.clock.now(),
    }
    this.journal.write({ kind: 'task', task })
    return { status: 201, body: { task: { id: task.taskId, title, body: task.body, contactId, completed: false }, traceId: randomUUID() } }
  }

  private contact({ location }: Call, contactId: string) {
    const known = this.journal.contacts.get(contactId)
    return {
      id: contactId,
      locationId: location,
      dnd: known?.dnd ?? false,
      dndSettings: known?.dndSettings ?? {},
      tags: this.tagsOf(contactId),
    }
  }

  private indexed(location: string): SandboxMessage[] {
    const until = this.options.clock.now() - (this.options.indexLagMs ?? 0)
    return this.journal.messages.filter((message) => message.location === location && message.at <= until)
  }

  private search({ query, location }: Call): Reply {
    const asked = query.get('contactId')
    const contacts = [...new Set(this.indexed(location).map(({ contactId }) => contactId))].filter(
      (contactId) => asked === null || contactId === asked,
    )
    return {
      status: 200,
      body: {
        conversations: contacts.map((contactId) => ({ id: conversationOf(location, contactId), contactId, locationId: location })),
        total: contacts.length,
      },
    }
  }

  private list({ location, query }: Call, conversationId: string): Reply {
    const all = this.indexed(location)
      .filter((message) => message.conversationId === conversationId)
      .reverse()
      .slice(0, Number(query.get('limit') ?? 20))
    const messages = all.map(({ messageId, contactId, type, body, subject, at }) => ({
      id: messageId,
      direction: 'outbound',
      status: 'delivered',
      type: type === 'SMS' ? 2 : 3,
      messageType: `TYPE_${type.toUpperCase()}`,
      locationId: location,
      contactId,
      conversationId,
      dateAdded: new Date(at).toISOString(),
      body,
      source: 'api',
      ...(subject === null ? {} : { subject }),
    }))
    return {
      status: 200,
      body: { messages: { lastMessageId: messages.at(-1)?.id ?? null, nextPage: false, messages }, traceId: randomUUID() },
    }
  }

  private control(method: string, [what, id]: readonly string[], body: Readonly<Record<string, unknown>>): Reply {
    switch (`${method} ${what ?? ''}`) {
      case 'GET health':
        return { status: 200, body: { ok: true } }
      case 'GET messages':
        return { status: 200, body: { messages: this.journal.messages, total: this.journal.messages.length } }
      case 'GET tasks':
        return { status: 200, body: { tasks: this.journal.tasks, total: this.journal.tasks.length } }
      case 'GET faults':
        return { status: 200, body: { faults: this.faults.list() } }
      case 'DELETE faults':
        this.faults.clear()
        return { status: 200, body: { faults: [] } }
      case 'POST faults': {
        const fault = faultOf(body)
        if (typeof fault === 'string') return { status: 422, body: { message: fault } }
        this.faults.add(fault)
        return { status: 201, body: { faults: this.faults.list() } }
      }
      case 'POST contacts':
        if (id === undefined) return { status: 422, body: { message: 'POST /_sandbox/contacts/<contactId>' } }
        this.setContact({ ...(body as Partial<SandboxContact>), contactId: id })
        return { status: 201, body: this.journal.contacts.get(id) }
      default:
        return { status: 404, body: { message: 'GET health, messages, tasks, faults; POST faults, contacts/<contactId>; DELETE faults' } }
    }
  }
}

function conversationOf(location: string, contactId: string): string {
  return `conv${createHash('sha256').update(`${location}:${contactId}`).digest('hex').slice(0, 16)}`
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  const sent = Buffer.concat(chunks).toString('utf8')
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true)
    return Object.fromEntries(new URLSearchParams(sent))
  try {
    const value = JSON.parse(sent) as unknown
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch {
    // No body or no JSON: the call is judged by the fields it lacks.
    return {}
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body ?? {})
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
