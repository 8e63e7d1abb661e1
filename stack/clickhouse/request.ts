/**
 * Reads a ClickHouse HTTP request: who asks, what, in which database, with which settings and parameters, and the
 * statements that put a session into that state. Bounded in bytes, also after decompression.
 */
import { timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** An answer in ClickHouse's words: `Code: N. DB::Exception: … (TYPE)`. */
export class QueryRefused extends Error {
  readonly code: number
  readonly type: string
  constructor(code: number, type: string, message: string) {
    super(`Code: ${code}. DB::Exception: ${message} (${type})`)
    this.code = code
    this.type = type
  }
}

export interface QueryRequest {
  readonly sql: string
  /** The statement came as `?query=`: the body holds its rows and nothing else. */
  readonly sqlInUrl: boolean
  /** Rows that follow the statement; empty when there are none. */
  readonly rows: Buffer
  readonly database: string | undefined
  readonly defaultFormat: string
  readonly queryId: string | undefined
  readonly sessionId: string | undefined
  readonly sessionTimeoutMs: number
  readonly settings: readonly (readonly [string, string])[]
  readonly parameters: readonly (readonly [string, string])[]
  readonly gzip: boolean
}

/** Parts of the HTTP interface, not settings of the engine. */
const httpOnly = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'session_id',
  'session_timeout',
  'session_check',
  'user',
  'password',
  'quota_key',
  'compress',
  'decompress',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'enable_http_compression',
  'http_zlib_compression_level',
  'add_http_cors_header',
  'cancel_http_readonly_queries_on_client_close',
  // The endpoint finds its own queries by this one.
  'log_comment',
])

const DEFAULT_SESSION_TIMEOUT_S = 60
/** The engine's default writes 64-bit integers as bare JSON numbers, of which JavaScript keeps 53 bits. */
const QUOTE_64_BIT = 'output_format_json_quote_64bit_integers'

export function readRequest(method: string, query: URLSearchParams, headers: IncomingMessage['headers'], body: Buffer): QueryRequest {
  if (query.has('role')) throw new QueryRefused(511, 'UNKNOWN_ROLE', 'The embedded engine has no roles.')
  if (query.get('compress') === '1' || query.get('decompress') === '1')
    throw new QueryRefused(48, 'NOT_IMPLEMENTED', 'The native compression of the HTTP interface is not offered; use gzip.')
  const inUrl = query.get('query')
  const settings = [...query].filter(([key]) => !httpOnly.has(key) && !key.startsWith('param_'))
  for (const [key] of settings)
    if (!/^[A-Za-z_][\w.]*$/.test(key)) throw new QueryRefused(115, 'UNKNOWN_SETTING', `Unknown setting '${key}'.`)
  // A GET must change nothing, whatever the statement says.
  if (method === 'GET' && !settings.some(([key, value]) => key === 'readonly' && value !== '0')) settings.push(['readonly', '2'])
  return {
    sqlInUrl: inUrl !== null,
    sql: inUrl ?? body.toString('utf8'),
    rows: inUrl === null ? Buffer.alloc(0) : body,
    database: query.get('database') ?? headerText(headers['x-clickhouse-database']),
    defaultFormat: query.get('default_format') ?? headerText(headers['x-clickhouse-format']) ?? 'TabSeparated',
    queryId: query.get('query_id') ?? undefined,
    sessionId: query.get('session_id') ?? undefined,
    sessionTimeoutMs: 1000 * (Number(query.get('session_timeout')) || DEFAULT_SESSION_TIMEOUT_S),
    settings,
    parameters: [...query].filter(([key]) => key.startsWith('param_')).map(([key, value]) => [key.slice('param_'.length), value] as const),
    gzip: query.get('enable_http_compression') === '1' && /\bgzip\b/.test(headerText(headers['accept-encoding']) ?? ''),
  }
}

/** What is asked of a session before the statement itself. `readonly` comes last: behind it nothing can be set. */
export function sessionPreamble(request: QueryRequest, tag: string): string {
  const sets = [`log_comment=${literal(tag)}`, ...(request.settings.some(([key]) => key === QUOTE_64_BIT) ? [] : [`${QUOTE_64_BIT}=1`])]
  const last: string[] = []
  for (const [key, value] of request.settings) (key === 'readonly' ? last : sets).push(`${key}=${literal(value)}`)
  const parts = [`SET ${sets.join(', ')}`]
  for (const [key, value] of request.parameters) {
    if (!/^\w+$/.test(key)) throw new QueryRefused(36, 'BAD_ARGUMENTS', `Bad parameter name ${JSON.stringify(key)}.`)
    parts.push(`SET param_${key}=${literal(value)}`)
  }
  if (request.database !== undefined) parts.push(`USE ${identifier(request.database)}`)
  if (last.length > 0) parts.push(`SET ${last.join(', ')}`)
  return parts.join('; ')
}

/** Takes the settings of one request back in a session that outlives it. */
export function sessionEpilogue(request: QueryRequest): string | undefined {
  return request.settings.length === 0 ? undefined : `SET ${request.settings.map(([key]) => `${key}=DEFAULT`).join(', ')}`
}

export function literal(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function identifier(value: string): string {
  return `\`${value.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** Throws when the user or password is wrong. Compared in a time that does not depend on where they differ. */
export function authenticate(query: URLSearchParams, headers: IncomingMessage['headers'], user: string, password: string): void {
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const [basicUser, ...rest] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':')
  const givenUser = basicUser ?? headerText(headers['x-clickhouse-user']) ?? query.get('user') ?? 'default'
  const givenPassword = basicUser === undefined ? (headerText(headers['x-clickhouse-key']) ?? query.get('password') ?? '') : rest.join(':')
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const right = timingSafeEqual(digest(`${givenUser}:${givenPassword}`), digest(`${user}:${password}`))
  if (!right)
    throw new QueryRefused(
      516,
      'AUTHENTICATION_FAILED',
      `${givenUser}: Authentication failed: password is incorrect, or there is no user with such name.`,
    )
}

/** The body, decompressed, of at most `limit` bytes before and after decompression. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = headerText(request.headers['content-encoding']) ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new QueryRefused(48, 'NOT_IMPLEMENTED', `Content-Encoding ${encoding} is not offered; use gzip or none.`)
  const chunks: Buffer[] = []
  let size = 0
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > limit) {
        done(new QueryRefused(307, 'TOO_MANY_BYTES', `The request is larger than ${limit} bytes.`))
        return
      }
      chunks.push(chunk)
      done()
    },
  })
  try {
    if (encoding === 'gzip') await pipeline(request, createGunzip(), collect)
    else await pipeline(request, collect)
  } catch (error) {
    if (error instanceof QueryRefused) throw error
    throw new QueryRefused(354, 'ZLIB_INFLATE_FAILED', `The body could not be read: ${(error as Error).message}`)
  }
  return Buffer.concat(chunks)
}
