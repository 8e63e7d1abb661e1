/**
 * A loopback server that answers as Apollo's people enrichment does, bad manners included: it wants a key, counts fixed windows
 * and tells them in headers, finds nobody with a 200, and fails on demand. Nothing it is told leaves the machine.
 * @source docs.apollo.io as in the client; unverified against a live account
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { fieldsOf, text } from '../../ghl/call/fields.ts'
import type { Fields } from '../../ghl/call/fields.ts'
import type { Clock } from '../../ghl/clock.ts'
import { matchPath } from '../client.ts'

export const apolloFaults = [
  /** Never answers. */
  'timeout',
  /** Cuts the connection instead of an answer. */
  'drop',
  /** Finds the person, charges, and then cuts the connection. */
  'drop_after_charge',
  /** Server error. */
  '500',
  /** Says that there are too many requests, without saying until when. */
  '429',
  /** The plan does not include the call. */
  '403',
  /** The parameters are wrong. */
  '422',
  /** The account is empty. */
  'no_credits',
  /** A page of a proxy with status 200. */
  'page',
  /** Fields of other types, empty texts, and no organisation. */
  'odd',
] as const
export type ApolloFault = (typeof apolloFaults)[number]

export interface ApolloSandboxOptions {
  /** 0 = any free one. */
  readonly port?: number
  readonly apiKey: string
  readonly clock: Clock
  /** Who is found; `undefined` = nobody. */
  readonly people: (sought: Fields) => Fields | undefined
  readonly callsPerMinute?: number
}

export interface ApolloSandbox {
  readonly url: string
  /** Calls in the order in which they came, by their bodies. */
  readonly calls: readonly Fields[]
  /** Credits charged. */
  readonly credits: number
  /** The next calls have these faults, one each. */
  fail(...faults: readonly ApolloFault[]): void
  close(): Promise<void>
}

const MINUTE_MS = 60_000
const BODY_BYTES = 65_536

/** Starts it on the loopback interface. */
export async function startApolloSandbox(options: ApolloSandboxOptions): Promise<ApolloSandbox> {
  const sandbox = new SandboxServer(options)
  await sandbox.listen(options.port ?? 0)
  return sandbox
}

class SandboxServer implements ApolloSandbox {
  readonly calls: Fields[] = []
  credits = 0
  private readonly options: ApolloSandboxOptions
  private readonly faults: ApolloFault[] = []
  private readonly server: Server
  private window = { minute: 0, made: 0 }

  constructor(options: ApolloSandboxOptions) {
    this.options = options
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch(() => response.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  fail(...faults: readonly ApolloFault[]): void {
    this.faults.push(...faults)
  }

  async close(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { apiKey, people, callsPerMinute = 200 } = this.options
    const body = await bodyOf(request)
    const say = (status: number, said: object) => {
      response.writeHead(status, { 'content-type': 'application/json', ...this.headers(callsPerMinute) }).end(JSON.stringify(said))
    }
    if (request.method !== 'POST' || request.url !== matchPath) return say(404, { error: 'The endpoint does not exist' })
    if (request.headers['x-api-key'] !== apiKey) return say(401, { error: 'Invalid access credentials.' })
    if (body === undefined) return say(400, { error_message: 'Invalid request' })
    const minute = Math.floor(this.options.clock.now() / MINUTE_MS)
    if (this.window.minute !== minute) this.window = { minute, made: 0 }
    if (this.window.made >= callsPerMinute) return say(429, { message: 'The maximum number of api calls allowed is reached' })
    this.window.made++
    this.calls.push(body)
    const fault = this.faults.shift()
    switch (fault) {
      case 'timeout':
        return
      case 'drop':
        response.destroy()
        return
      case '500':
        return say(500, { error: 'Internal Server Error' })
      case '429':
        return say(429, { message: 'Too many requests' })
      case '403':
        return say(403, { error: `${matchPath} is not accessible with this api_key`, error_code: 'API_INACCESSIBLE' })
      case '422':
        return say(422, { error_message: 'Parameters misconfigured' })
      case 'no_credits':
        return say(422, { error: 'Insufficient credits' })
      case 'page':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please sign in</html>')
        return
      case 'odd':
        this.credits++
        return say(200, {
          person: { first_name: 7, last_name: '', title: ['x'], city: ' ', state: null, organization: 'none', surprise: {} },
        })
      default:
    }
    if (text(body, 'email', 'name', 'first_name', 'id', 'linkedin_url') === null) return say(200, { person: null })
    const person = people(body)
    if (person !== undefined) this.credits++
    if (fault === 'drop_after_charge') {
      response.destroy()
      return
    }
    say(200, { person: person ?? null })
  }

  private headers(callsPerMinute: number): Readonly<Record<string, string>> {
    return {
      'x-rate-limit-minute': String(callsPerMinute),
      'x-minute-usage': String(this.window.made),
      'x-minute-requests-left': String(callsPerMinute - this.window.made),
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Fields | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > BODY_BYTES) return undefined
    parts.push(part)
  }
  try {
    return fieldsOf(JSON.parse(Buffer.concat(parts).toString('utf8')))
  } catch {
    return undefined
  }
}
