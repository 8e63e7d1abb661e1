/**
 * A loopback server that answers like GoHighLevel, bad manners included: it wants tokens and versions, limits the rate,
 * lags in its search, and fails on demand in every way that makes the outcome of a send unknown. For tests and for local
 * mode; nothing it is told leaves the machine.
 */
import { createPrivateKey, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fields } from '../call/fields.ts'
import { fieldsOf, text } from '../call/fields.ts'
import type { Clock } from '../clock.ts'
import { refused } from './call.ts'
import type { Call, Reply } from './call.ts'
import { controlOf } from './control.ts'
import type { Controlled } from './control.ts'
import { Faults } from './faults.ts'
import type { Fault } from './faults.ts'
import { happened } from './happened.ts'
import { Journal } from './journal.ts'
import type { SandboxContact, SandboxMessage, SandboxTask, Table } from './journal.ts'
import { Limits } from './limits.ts'
import { SandboxOauth } from './oauth.ts'
import type { Agreement, SandboxApp } from './oauth.ts'
import { callsOf, routeOf } from './routes.ts'
import { TellBack, webhookOf } from './tellBack.ts'
import { World, conversationOf } from './world.ts'

export interface SandboxOptions {
  /** 0 = any free one. */
  readonly port?: number
  /** Journal of everything it accepted. */
  readonly file: string
  readonly clock: Clock
  /** Where webhooks go; none without it. */
  readonly webhookUrl?: string
  /** PKCS#8 Ed25519 key that webhooks are signed with. Needed with `webhookUrl`. */
  readonly signingKeyPem?: string
  /** Whether every write leads to its webhooks, not only messages; or which of them are told. */
  readonly tellsWrites?: boolean | ((body: Fields) => boolean)
  readonly appId?: string
  /** The app that may trade codes for tokens. */
  readonly app?: SandboxApp
  /** Location of tokens that name none. */
  readonly location?: string
  /** Time until a search finds what is new, ms. The platform: about a minute. */
  readonly indexLagMs?: number
  /** Calls per location in 10 s. */
  readonly callsPer10s?: number
  readonly callsPerDay?: number
  /** First wait before a webhook is repeated, ms. */
  readonly firstRetryMs?: number
}

export interface Sandbox extends Controlled {
  readonly url: string
  readonly port: number
  readonly oauth: SandboxOauth
  tagsOf(contactId: string): readonly string[]
  addFault(fault: Fault): void
  clearFaults(): void
  /** Resolves when no webhook is on its way. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** The token with which the sandbox acts for a location. */
export function sandboxToken(location: string): string {
  return `sandbox-${location}`
}

const BODY_BYTES = 1_048_576

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
  private readonly world: World
  private readonly calls: ReturnType<typeof callsOf>
  private readonly faults = new Faults()
  private readonly limits: Limits
  private readonly server: Server
  private readonly tellBack: TellBack | undefined
  private readonly ended = new AbortController()

  constructor(options: SandboxOptions) {
    const {
      webhookUrl,
      signingKeyPem,
      clock,
      appId = 'sandboxApp',
      callsPer10s = 100,
      callsPerDay = 200_000,
      tellsWrites = false,
    } = options
    this.options = options
    this.journal = new Journal(options.file)
    this.oauth = new SandboxOauth(options.app, clock)
    this.limits = new Limits({ callsPer10s, callsPerDay, clock })
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch(() => response.destroy())
    })
    this.world = new World({
      journal: this.journal,
      clock,
      appId,
      indexLagMs: options.indexLagMs ?? 0,
      tellsWrite: (body) => webhookUrl !== undefined && (typeof tellsWrites === 'function' ? tellsWrites(body) : tellsWrites),
      onWebhook: ({ webhookId, body }) => this.tellBack?.tell({ id: webhookId, body }),
    })
    this.calls = callsOf(this.world, (message) => this.tellBack?.tell({ id: message.messageId, body: webhookOf(message, appId) }))
    if (webhookUrl === undefined) return
    if (signingKeyPem === undefined) throw new TypeError('signingKeyPem is needed to sign webhooks to webhookUrl.')
    this.tellBack = new TellBack({
      url: webhookUrl,
      key: createPrivateKey(signingKeyPem),
      clock,
      firstWaitMs: options.firstRetryMs ?? 1_000,
      onTold: (messageId) => {
        this.journal.write({ kind: 'told_back', messageId })
      },
    })
    for (const message of this.messages())
      if (message.scheduledAt === undefined && !this.journal.toldBack.has(message.messageId))
        this.tellBack.tell({ id: message.messageId, body: webhookOf(message, appId) })
    for (const { webhookId, body } of this.journal.untold.values()) this.tellBack.tell({ id: webhookId, body })
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
  messages(): readonly SandboxMessage[] {
    return this.journal.messages.filter(({ direction }) => direction === undefined)
  }
  tasks(): readonly SandboxTask[] {
    return this.journal.everywhere('tasks').map(({ location, id, fields }) => ({
      taskId: id,
      location,
      contactId: text(fields, 'contactId') ?? '',
      title: text(fields, 'title') ?? '',
      body: text(fields, 'body') ?? '',
      assignedTo: text(fields, 'assignedTo'),
      dueAt: Date.parse(text(fields, 'dueDate') ?? '') || 0,
      completed: fields['completed'] === true,
      at: Date.parse(text(fields, 'dateAdded') ?? '') || 0,
    }))
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
  rows(table: Table, location: string): readonly Fields[] {
    return this.world.rows(table, location)
  }
  put(table: Table, location: string, row: Fields): void {
    this.journal.write({ kind: 'put', table, location, id: String(row['id']), fields: row })
  }
  receive({ location, contactId, type, body }: Pick<SandboxMessage, 'location' | 'contactId' | 'type' | 'body'>): SandboxMessage {
    const message: SandboxMessage = {
      messageId: this.world.newId('msg'),
      ...(type === 'Email' ? { emailMessageId: this.world.newId('mail') } : {}),
      conversationId: conversationOf(location, contactId),
      location,
      contactId,
      type,
      body,
      subject: null,
      at: this.world.now(),
      webhookId: randomUUID(),
      direction: 'inbound',
      source: 'app',
    }
    this.journal.write({ kind: 'message', message })
    return message
  }
  happened(body: Fields, at: number, notedAt = at): string | undefined {
    if (!Number.isFinite(at)) return 'at is no time'
    return fieldsOf(body) === undefined ? 'body is no object' : happened(this.journal, body, at, notedAt)
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
    if (body === undefined) return reply(response, refused(413, 'Payload too large'))
    const method = request.method ?? 'GET'
    if (path[0] === '_sandbox') return reply(response, controlOf(this, this.faults, this.journal, method, path.slice(1), body))
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    const call = { method, path, query: url.searchParams, body, token: token ?? '' }
    if (path[0] === 'oauth') return this.answerCall(response, method, () => this.oauth.answer({ ...call, location: '' }))
    const location = this.locationOf(token)
    if (location === undefined) return reply(response, refused(401, 'Invalid JWT'))
    const version = request.headers['version']
    const route = routeOf(method, path)
    if (version !== route?.version && !(route === undefined && ['2021-04-15', '2021-07-28'].includes(String(version))))
      return reply(response, refused(404, 'version header is invalid or was not found.'))
    const { refusal, headers } = this.limits.admit(location)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (refusal !== undefined) return reply(response, refused(429, refusal))
    const isRead = method === 'GET' || (route !== undefined && ['contactSearch', 'taskSearch'].includes(route.endpoint))
    return this.answerCall(response, isRead ? 'GET' : method, () => this.routed({ ...call, location }))
  }

  /** The location that a token acts for. One of our own must be known and not expired; any other is taken at its word. */
  private locationOf(token: string | undefined): string | undefined {
    if (token === undefined) return undefined
    if (this.oauth.isOurs(token)) return this.oauth.locationOf(token)
    return token.startsWith('sandbox-') ? token.slice('sandbox-'.length) : (this.options.location ?? 'sandboxLocation000001')
  }

  private routed(call: Call): Reply {
    const route = routeOf(call.method, call.path)
    return route === undefined
      ? refused(404, `Cannot ${call.method} /${call.path.join('/')}`)
      : this.calls[route.endpoint]({ ...call, at: route.at })
  }

  private async answerCall(response: ServerResponse, method: string, route: () => Reply): Promise<void> {
    const fault = this.faults.next(method === 'GET' ? 'reads' : 'changes')
    switch (fault?.kind) {
      case '429':
        if (fault.ms !== undefined) response.setHeader('Retry-After', String(Math.ceil(fault.ms / 1_000)))
        return reply(response, refused(429, 'Too Many Requests'))
      case '500':
        return reply(response, refused(500, 'Internal server error'))
      case '404':
        return page(response, 404, '<html><body>404 Not Found</body></html>')
      case 'dnd':
        return reply(response, refused(400, 'Cannot send message as DND is active for SMS.'))
      case 'opt_out':
        return reply(response, refused(400, 'Error 21610: attempt to send to an unsubscribed recipient'))
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
      case '401_after_accept':
      case 'odd':
      case 'page':
      case 'cut':
      case undefined:
        break
    }
    const answered = route()
    switch (fault?.kind) {
      case 'timeout_after_accept':
        return
      case 'drop_after_accept':
        return void response.destroy()
      case '500_after_accept':
        return reply(response, refused(500, 'Internal server error'))
      case '401_after_accept':
        return reply(response, refused(401, 'Command timed out'))
      case 'odd':
        return reply(response, { status: answered.status, body: { msg: 'Message queued successfully.' } })
      case 'page':
        return page(response, 200, '<html><body>One moment, please …</body></html>')
      case 'cut': {
        const whole = JSON.stringify(answered.body ?? {})
        return page(response, answered.status, whole.slice(0, whole.length / 2), 'application/json')
      }
      default:
        return reply(response, answered)
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Fields | undefined> {
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
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {}
  } catch {
    // No body or no JSON: the call is judged by the fields it lacks.
    return {}
  }
}

function page(response: ServerResponse, status: number, body: string, type = 'text/html'): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}

function reply(response: ServerResponse, { status, body }: Reply): void {
  const told = JSON.stringify(body ?? {})
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(told) })
  response.end(told)
}
