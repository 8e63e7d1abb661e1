/**
 * The ClickHouse HTTP interface over the embedded engine, for `@clickhouse/client`: one session a request, settings and
 * parameters of the request only, errors with code and type, gzip both ways, big plain results streamed, a query stopped
 * when its client goes away, nothing that reaches outside the database.
 */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Writable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { Session } from 'chdb'
import { authenticate, QueryRefused, readBody, readRequest, sessionEpilogue, sessionPreamble } from './request.ts'
import type { QueryRequest } from './request.ts'
import type { Sessions } from './sessions.ts'
import { inspect } from './statement.ts'
import type { Statement } from './statement.ts'

/** Longest wait for a client that does not take its answer, at shutdown. */
const FLUSH_MS = 1_000

export interface EndpointOptions {
  readonly sessions: Sessions
  readonly user: string
  readonly password: string
  readonly bodyLimitBytes: number
  /** Queries at once; the rest wait. Below the thread pool's size, so that a kill always finds a thread. */
  readonly concurrency: number
  /** Requests that may wait. */
  readonly queueLimit: number
}

export interface Endpoint {
  readonly server: Server
  /** Takes no more requests, waits for the running ones, stops those that last longer. */
  close(budgetMs: number): Promise<void>
}

interface Answer {
  readonly readRows: number
  readonly readBytes: number
  readonly writtenRows: number
  readonly writtenBytes: number
  readonly elapsedS: number
  readonly body: Buffer
}

/** Formats whose rows stand alone, so that blocks can follow each other; all others have a frame round the whole. */
const rowFormats = new Set([
  'JSONEachRow',
  'JSONLines',
  'NDJSON',
  'JSONStringsEachRow',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'TSVRaw',
  'CSV',
])
const rawInsertFormats = new Set([
  'JSONEachRow',
  'JSONCompactEachRow',
  'CSV',
  'CSVWithNames',
  'TSV',
  'TabSeparated',
  'TSVWithNames',
  'TabSeparatedWithNames',
])

const contentTypes: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
}

/** HTTP status of ClickHouse's exception codes; 500 for the rest. */
function statusOf(code: number): number {
  if (code === 516 || code === 497) return 403
  if (code === 307) return 413
  if (code === 48) return 501
  if (code === 202) return 503
  if ([46, 47, 50, 56, 60, 63, 81, 115, 511].includes(code)) return 404
  if ([6, 26, 27, 36, 38, 41, 53, 62, 69, 70, 72, 117, 130, 131, 354, 386, 456, 457].includes(code)) return 400
  return 500
}

export function clickhouseEndpoint(options: EndpointOptions): Endpoint {
  const { sessions } = options
  const running = new Map<string, { stop: () => void; ended: Promise<void> }>()
  const waiting: (() => void)[] = []
  let active = 0
  let closing = false

  async function slot(): Promise<void> {
    if (active < options.concurrency) {
      active++
      return
    }
    if (waiting.length >= options.queueLimit)
      throw new QueryRefused(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `Too many simultaneous queries: ${active} run, ${waiting.length} wait.`)
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  function release(): void {
    const next = waiting.shift()
    if (next === undefined) active--
    else next()
  }

  const answering = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    answering.add(response)
    response.once('close', () => answering.delete(response))
    void handle(request, response).catch((error: unknown) => {
      fail(response, error)
    })
  })
  // Rows of a slow writer may take long; a silent connection may not.
  server.requestTimeout = 300_000
  server.keepAliveTimeout = 30_000

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine')
    if (url.pathname === '/ping' || url.pathname === '/replicas_status') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=UTF-8' }).end('Ok.\n')
      return
    }
    if (closing) throw new QueryRefused(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'The engine is shutting down.')
    authenticate(url.searchParams, request.headers, options.user, options.password)
    const body = await readBody(request, options.bodyLimitBytes)
    if (url.pathname !== '/') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=UTF-8' }).end(`There is no handle ${url.pathname}\n`)
      return
    }
    const query = readRequest(request.method ?? 'POST', url.searchParams, request.headers, body)
    const statement = inspect(query.sql)
    if (statement.refusal !== undefined) throw new QueryRefused(statement.refusal.code, statement.refusal.type, statement.refusal.message)
    if (statement.verb === '') throw new QueryRefused(62, 'SYNTAX_ERROR', 'Syntax error: Empty query.')
    response.setHeader('x-clickhouse-query-id', query.queryId ?? randomUUID())
    await run(query, statement, response)
  }

  async function run(query: QueryRequest, statement: Statement, response: ServerResponse): Promise<void> {
    const tag = `rekindle:${randomUUID()}`
    let over = false
    let gone = false
    let kill: Promise<void> | undefined
    const stop = () => {
      kill ??= sessions.kill(tag, () => over)
    }
    response.once('close', () => {
      if (response.writableFinished) return
      gone = true
      if (!over) stop()
    })
    await slot()
    const ended = (async () => {
      try {
        // The client may have left while it waited for its turn.
        if (gone) return
        await sessions.use(query.sessionId, query.sessionTimeoutMs, async (session) => {
          await session.queryAsync(sessionPreamble(query, tag))
          try {
            await execute(session, query, statement, response)
          } finally {
            const epilogue = query.sessionId === undefined ? undefined : sessionEpilogue(query)
            if (epilogue !== undefined) await session.queryAsync(epilogue)
          }
        })
      } finally {
        over = true
        release()
        await kill
      }
    })()
    running.set(tag, { stop, ended: ended.catch(() => undefined) })
    try {
      await ended
    } finally {
      running.delete(tag)
    }
  }

  return {
    server,
    async close(budgetMs) {
      closing = true
      server.close()
      server.closeIdleConnections()
      const all = () => Promise.allSettled([...running.values()].map((entry) => entry.ended))
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          for (const entry of running.values()) entry.stop()
          resolve()
        }, budgetMs)
      })
      await Promise.race([all(), late])
      clearTimeout(timer)
      await all()
      // The query is over before its last bytes have left.
      await Promise.race([Promise.all([...answering].map((response) => once(response, 'close'))), pause(FLUSH_MS)])
      server.closeAllConnections()
      await sessions.close()
    },
  }
}

async function execute(session: Session, query: QueryRequest, statement: Statement, response: ServerResponse): Promise<void> {
  const format = statement.format ?? query.defaultFormat
  if (statement.verb === 'INSERT') {
    finish(response, query, format, await insert(session, query, statement))
    return
  }
  const framed = query.settings.some(([key]) => key === 'output_format_json_array_of_rows')
  const plainSelect = (statement.verb === 'SELECT' || statement.verb === 'WITH') && !statement.nested
  // Starting a stream plans the query on this thread, and planning may run a bracketed SELECT: those are buffered.
  if (plainSelect && rowFormats.has(format) && !framed) {
    await stream(session, query, format, response)
    return
  }
  const sql = query.rows.length === 0 ? query.sql : `${query.sql}\n${text(query.rows)}`
  const result = await session.queryAsync(sql, { format })
  const bytes = result.bytes()
  finish(response, query, format, {
    readRows: result.rowsRead,
    readBytes: result.bytesRead,
    writtenRows: 0,
    writtenBytes: 0,
    elapsedS: result.elapsed,
    body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  })
}

async function insert(session: Session, query: QueryRequest, statement: Statement): Promise<Answer> {
  const none = Buffer.alloc(0)
  const target = statement.insert
  const rowsFollow = query.rows.length > 0
  // An insert of no rows is no insert: the engine would take the missing data for a syntax error.
  if (target !== undefined && !rowsFollow && query.sqlInUrl)
    return { readRows: 0, readBytes: 0, writtenRows: 0, writtenBytes: 0, elapsedS: 0, body: none }
  if (target !== undefined && rowsFollow && rawInsertFormats.has(target.format)) {
    const written = await session.insert({
      table: target.table,
      format: target.format as 'JSONEachRow',
      values: query.rows,
      ...(target.columns === undefined ? {} : { columns: target.columns }),
    })
    return {
      readRows: written.rowsSent ?? written.rowsWritten,
      readBytes: written.bytesSent,
      writtenRows: written.rowsWritten,
      writtenBytes: written.bytesWritten,
      elapsedS: written.elapsed,
      body: none,
    }
  }
  const result = await session.queryAsync(rowsFollow ? `${query.sql}\n${text(query.rows)}` : query.sql, { format: 'TabSeparated' })
  return { readRows: result.rowsRead, readBytes: result.bytesRead, writtenRows: 0, writtenBytes: 0, elapsedS: result.elapsed, body: none }
}

/** Rows that travel inside the statement must be text: the engine takes statements as UTF-8. */
function text(rows: Buffer): string {
  if (!isUtf8(rows))
    throw new QueryRefused(48, 'NOT_IMPLEMENTED', 'Binary input formats are not offered by the embedded engine; use JSONEachRow.')
  return rows.toString('utf8')
}

async function stream(session: Session, query: QueryRequest, format: string, response: ServerResponse): Promise<void> {
  const started = performance.now()
  const blocks = session.queryStream(query.sql, { format })[Symbol.asyncIterator]()
  let rows = 0
  try {
    // The first block decides about the status: an error after it can only break the connection.
    let block = await blocks.next()
    const first = block.done === true ? Buffer.alloc(0) : bufferOf(block.value.raw())
    const second = block.done === true ? block : await blocks.next()
    if (second.done === true) {
      if (block.done !== true) rows = block.value.numRows
      finish(response, query, format, {
        readRows: rows,
        readBytes: first.length,
        writtenRows: 0,
        writtenBytes: 0,
        elapsedS: (performance.now() - started) / 1000,
        body: first,
      })
      return
    }
    const out = begin(response, query, format)
    await send(out, first, response)
    for (block = second; block.done !== true && !response.destroyed; block = await blocks.next())
      await send(out, bufferOf(block.value.raw()), response)
    out.end()
  } catch (error) {
    if (response.headersSent) response.destroy(error as Error)
    else throw error
  } finally {
    await blocks.return?.()
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

async function send(out: Writable, chunk: Buffer, response: ServerResponse): Promise<void> {
  if (out.write(chunk) || response.destroyed) return
  // A reader that left never drains.
  const left = new AbortController()
  const leave = () => {
    left.abort()
  }
  response.once('close', leave)
  try {
    await once(out, 'drain', { signal: left.signal })
  } catch (error) {
    if (!left.signal.aborted) throw error
  } finally {
    response.off('close', leave)
  }
}

function begin(response: ServerResponse, query: QueryRequest, format: string): Writable {
  response.setHeader('content-type', contentTypes[format] ?? 'text/plain; charset=UTF-8')
  response.setHeader('x-clickhouse-format', format)
  response.setHeader('x-clickhouse-timezone', 'UTC')
  if (!query.gzip) {
    response.writeHead(200)
    return response
  }
  response.writeHead(200, { 'content-encoding': 'gzip' })
  // Loopback: speed counts more than size.
  const zip = createGzip({ level: constants.Z_BEST_SPEED })
  zip.pipe(response)
  return zip
}

function finish(response: ServerResponse, query: QueryRequest, format: string, answer: Answer): void {
  const summary = {
    read_rows: answer.readRows,
    read_bytes: answer.readBytes,
    written_rows: answer.writtenRows,
    written_bytes: answer.writtenBytes,
    total_rows_to_read: 0,
    result_rows: answer.writtenRows,
    result_bytes: answer.body.length,
    elapsed_ns: Math.round(answer.elapsedS * 1e9),
  }
  response.setHeader(
    'x-clickhouse-summary',
    JSON.stringify(Object.fromEntries(Object.entries(summary).map(([key, value]) => [key, String(value)]))),
  )
  begin(response, query, format).end(answer.body)
}

function fail(response: ServerResponse, error: unknown): void {
  const { code, message } = exceptionOf(error)
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = `${message}\n`
  response.removeHeader('content-encoding')
  response.writeHead(statusOf(code), {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-exception-code': String(code),
    // A body that was refused half-read cannot be followed by another request.
    ...(code === 307 ? { connection: 'close' } : {}),
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

function exceptionOf(error: unknown): { code: number; message: string } {
  if (error instanceof QueryRefused) return { code: error.code, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  const code = Number(/Code: (\d+)/.exec(message)?.[1] ?? 1002)
  return {
    code,
    message: /^Code: \d+/.test(message)
      ? message
      : `Code: ${code}. DB::Exception: ${message} (${code === 1002 ? 'UNKNOWN_EXCEPTION' : 'EXCEPTION'})`,
  }
}
