/**
 * A market feed over HTTP: pages of JSON Lines, asked for with a time-out, read up to a size, repeated where that may help. Nothing
 * throws; where a page cannot be had the reader is told why and keeps what was read before.
 * @source docs/market.md
 */
import { Agent, request } from 'undici'
import { retryAfterMs } from '../ghl/call/repeat.ts'
import type { Clock } from '../ghl/clock.ts'
import type { MarketErrorCode } from './errors.ts'
import { readRows } from './rows.ts'
import type { ReadRows } from './rows.ts'

export interface MarketFeedOptions {
  /** Where facts are asked for, whole. */
  readonly url: string
  readonly apiKey?: string | undefined
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random?: () => number
  /** Longest wait for a page, ms. */
  readonly timeoutMs?: number
}

export interface FeedFailure {
  readonly kind: 'failed'
  readonly code: MarketErrorCode
  readonly detail: string
}
export type FeedPage = ({ readonly kind: 'page' } & ReadRows) | FeedFailure

export interface MarketFeed {
  /** Pages until the last one, or the first that cannot be had. */
  pages(tenantId: string): AsyncGenerator<FeedPage>
  close(): Promise<void>
}

const CONNECT_MS = 5_000
const KEEP_ALIVE_MS = 3_000
/** Of one page: some 20,000 rows. */
export const PAGE_BYTES = 8 * 1_048_576
export const MOST_PAGES = 50
const TRIES = 4
const FIRST_WAIT_MS = 500
/** A feed that asks for a longer wait is asked another day. */
const PATIENCE_MS = 30_000

type Called =
  | { readonly kind: 'text'; readonly text: string; readonly cursor: string | undefined }
  | (FeedFailure & { readonly waitMs: number | undefined })

/** Opens it; nothing is called yet. */
export function marketFeed({ url, apiKey, clock, random = Math.random, timeoutMs = 15_000 }: MarketFeedOptions): MarketFeed {
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: PAGE_BYTES,
  })

  async function call(address: URL): Promise<Called> {
    try {
      const { statusCode, headers, body } = await request(address, {
        headers: { accept: 'application/x-ndjson', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) },
        signal: AbortSignal.timeout(timeoutMs),
        dispatcher,
      })
      const text = await body.text()
      const header = (name: string) => (Array.isArray(headers[name]) ? headers[name][0] : headers[name])
      if (statusCode === 429) return unavailable('status 429', retryAfterMs(header('retry-after'), clock.now()) ?? 0)
      if (statusCode >= 500) return unavailable(`status ${statusCode}`, 0)
      if (statusCode < 200 || statusCode > 299) return failed('E_MARKET_FEED_REFUSED', `status ${statusCode}`)
      if (!/^application\/(x-ndjson|jsonl|json-lines)\b/.test(header('content-type') ?? ''))
        return failed('E_MARKET_FEED_UNREADABLE', `an answer of type ${header('content-type') ?? 'unknown'}`)
      const cursor = header('x-next-cursor')
      return { kind: 'text', text, cursor: cursor === '' ? undefined : cursor }
    } catch (error) {
      const code = codeOf(error)
      return code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
        ? failed('E_MARKET_FEED_UNREADABLE', `a page of more than ${PAGE_BYTES} bytes`)
        : unavailable(code, 0)
    }
  }

  async function patiently(address: URL): Promise<Called> {
    for (let made = 1; ; made++) {
      const called = await call(address)
      if (called.kind === 'text' || called.waitMs === undefined || called.waitMs > PATIENCE_MS || made === TRIES) return called
      await clock.sleep(called.waitMs + Math.floor(random() * FIRST_WAIT_MS * 2 ** (made - 1)))
    }
  }

  async function* pages(tenantId: string): AsyncGenerator<FeedPage> {
    const seen = new Set<string>()
    let cursor: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const address = new URL(url)
      address.searchParams.set('location', tenantId)
      if (cursor !== undefined) address.searchParams.set('cursor', cursor)
      const called = await patiently(address)
      if (called.kind !== 'text') {
        yield { kind: 'failed', code: called.code, detail: called.detail }
        return
      }
      yield { kind: 'page', ...readRows(called.text, tenantId, clock.now()) }
      cursor = called.cursor
      if (cursor === undefined) return
      if (seen.has(cursor)) {
        yield { kind: 'failed', code: 'E_MARKET_FEED_UNREADABLE', detail: 'a page that was read before comes again' }
        return
      }
      seen.add(cursor)
    }
    yield { kind: 'failed', code: 'E_MARKET_FEED_UNREADABLE', detail: `more than ${MOST_PAGES} pages` }
  }

  return { pages, close: () => dispatcher.close() }
}

function failed(code: MarketErrorCode, detail: string): Called {
  return { kind: 'failed', code, detail, waitMs: undefined }
}

function unavailable(detail: string, waitMs: number): Called {
  return { kind: 'failed', code: 'E_MARKET_FEED_UNAVAILABLE', detail, waitMs }
}

/** The innermost code, or the name: never words, which may repeat an address with its key. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { code?: unknown }
  if (error.cause instanceof Error) return codeOf(error.cause)
  return typeof code === 'string' ? code : error.name
}
