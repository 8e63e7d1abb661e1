/**
 * A loopback server that answers as a market feed does, bad manners included: it wants a key, counts calls, pages its rows, and on
 * demand fails, stalls, cuts lines off, tells rows that are no facts, and tells late and again what it has told before.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

export const marketFaults = [
  /** Never answers. */
  'timeout',
  /** Cuts the connection instead of an answer. */
  'drop',
  /** Cuts it in the middle of a line. */
  'cut',
  '500',
  /** Too many calls; says when the next may be made. */
  '429',
  /** Too many calls, for an hour. */
  '429_long',
  '403',
  /** A page of a proxy with status 200. */
  'page',
  /** More than anybody reads. */
  'huge',
  /** Rows among the others that are no facts. */
  'malformed',
  /** Rows of an earlier page again, among them an older statement of one. */
  'late',
  /** The cursor of the page itself. */
  'loop',
] as const
export type MarketFault = (typeof marketFaults)[number]

/** A row of a feed: what a line of JSON Lines holds. */
export type MarketRow = Readonly<Record<string, unknown>>

export interface MarketSandboxOptions {
  readonly apiKey: string
  /** What it knows, by location. */
  readonly rows: (location: string) => readonly MarketRow[]
  readonly rowsPerPage?: number
}

export interface MarketSandbox {
  readonly url: string
  /** Paths and queries in the order in which they were called. */
  readonly calls: readonly string[]
  /** The next calls have these faults, one each. */
  fail(...faults: readonly MarketFault[]): void
  close(): Promise<void>
}

/** Rows that are no facts, as feeds have told them: cut off, in another form, or about a place. */
export const malformedRows: readonly string[] = [
  '{"kind":"market","from":"2026-11-0',
  'median_price;412500',
  '[]',
  '{"kind":"market","source":"mls-export","zip":"78701","from":"2026-11-02","to":"2026-11-09","observed_at":"2026-11-09","figures":{"inventory":4}}',
  '{"kind":"market","source":"mls-export","from":"2026-11-02","to":"2026-11-09","observed_at":"2026-11-09","figures":{"median_price":"$412,500"}}',
]

/** Starts it on a free port of the loopback interface. */
export async function startMarketSandbox(options: MarketSandboxOptions): Promise<MarketSandbox> {
  const sandbox = new SandboxServer(options)
  await sandbox.listen()
  return sandbox
}

class SandboxServer implements MarketSandbox {
  readonly calls: string[] = []
  private readonly options: MarketSandboxOptions
  private readonly faults: MarketFault[] = []
  private readonly server: Server

  constructor(options: MarketSandboxOptions) {
    this.options = options
    this.server = createServer((request, response) => {
      this.answer(request, response)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/facts`
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  fail(...faults: readonly MarketFault[]): void {
    this.faults.push(...faults)
  }

  async close(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { apiKey, rows, rowsPerPage = 20 } = this.options
    const asked = new URL(request.url ?? '/', 'http://127.0.0.1')
    this.calls.push(`${asked.pathname}${asked.search}`)
    const plain = (status: number, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`status ${status}`)
    }
    if (asked.pathname !== '/facts') {
      plain(404)
      return
    }
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      plain(401)
      return
    }
    const known = rows(asked.searchParams.get('location') ?? '')
    const from = Number(asked.searchParams.get('cursor') ?? 0)
    const lines = known.slice(from, from + rowsPerPage).map((row) => JSON.stringify(row))
    const next = from + rowsPerPage < known.length ? String(from + rowsPerPage) : ''
    const tell = (told: readonly string[], cursor: string) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'x-next-cursor': cursor }).end(`${told.join('\n')}\n`)
    }
    switch (this.faults.shift()) {
      case 'timeout':
        return
      case 'drop':
        response.destroy()
        return
      case 'cut':
        response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-length': '4096' })
        response.write(lines[0]?.slice(0, 20), () => response.destroy())
        return
      case '500':
        plain(500)
        return
      case '429':
        plain(429, { 'retry-after': '2' })
        return
      case '429_long':
        plain(429, { 'retry-after': '3600' })
        return
      case '403':
        plain(403)
        return
      case 'page':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please sign in</html>')
        return
      case 'huge':
        response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end('x'.repeat(9 * 1_048_576))
        return
      case 'malformed':
        tell([...malformedRows, ...lines], next)
        return
      case 'late': {
        const again = known.slice(0, 3).map((row) => JSON.stringify(row))
        const older = JSON.stringify({ ...known[0], observed_at: known[0]?.['to'], figures: { inventory: '1' } })
        tell([...lines, ...again, older], next)
        return
      }
      case 'loop':
        tell(lines, String(from))
        return
      default:
        tell(lines, next)
    }
  }
}
