import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'
import fc from 'fast-check'
import t from 'tap'
import { ClickhouseEngine } from '../../stack/clickhouse/clickhouseEngine.ts'
import { inspect } from '../../stack/clickhouse/statement.ts'
import { assertProperty } from '../support/property.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-clickhouse-'))
const engine = new ClickhouseEngine({ dataDir, port: 0, onProgress: () => undefined })
const clients: ClickHouseClient[] = []
let url = ''

function client(options: Parameters<typeof createClient>[0] = {}): ClickHouseClient {
  const made = createClient({ url, ...options })
  clients.push(made)
  return made
}

t.before(async () => {
  await engine.start()
  url = engine.address ?? ''
  await client().command({ query: 'CREATE DATABASE leads' })
  await client().command({
    query: `CREATE TABLE leads.events (id UInt64, name String, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id
            SETTINGS non_replicated_deduplication_window = 100`,
  })
})
t.teardown(async () => {
  await Promise.all(clients.map((made) => made.close()))
  await engine.stop(10_000)
  rmSync(dataDir, { recursive: true, force: true })
})

const row = (id: number, name = 'Maria') => ({ id, name, at: '2026-11-03 15:00:00.000' })
const rows = async <T>(query: string, options: Record<string, unknown> = {}) =>
  (await client().query({ query, format: 'JSONEachRow', ...options })).json<T>()
const count = async (where = '1') => Number((await rows<{ n: string }>(`SELECT count() AS n FROM leads.events WHERE ${where}`))[0]?.n)

t.test('the engine answers a ping and tells its version', async (t) => {
  t.strictSame(await client().ping(), { success: true })
  t.match(await rows('SELECT version() AS v'), [{ v: /^26\./ }])
})

t.test('rows inserted as an array and as a stream are there, and the summary counts them', async (t) => {
  const written = await client().insert({
    table: 'leads.events',
    values: [row(1), row(2, 'Zoë; DROP TABLE x --'), row(3, "O'Hara\n\t\\")],
    format: 'JSONEachRow',
  })
  t.equal(written.summary?.written_rows, '3')
  await client({ database: 'leads' }).insert({ table: 'events', values: Readable.from([row(4), row(5)]), format: 'JSONEachRow' })
  t.strictSame(
    (await rows<{ name: string }>('SELECT name FROM leads.events WHERE id <= 5 ORDER BY id')).map(({ name }) => name),
    ['Maria', 'Zoë; DROP TABLE x --', "O'Hara\n\t\\", 'Maria', 'Maria'],
  )
})

t.test('an insert of no rows, of named columns, of values in the statement, and from a select', async (t) => {
  await client().insert({ table: 'leads.events', values: [], format: 'JSONEachRow' })
  await client().insert({ table: 'leads.events', columns: ['id', 'name'], values: [{ id: 10, name: 'a' }], format: 'JSONEachRow' })
  await client().command({ query: "INSERT INTO leads.events (id, name) VALUES (11, 'b;c'), (12, 'd')" })
  await client().command({ query: 'INSERT INTO leads.events (id, name) SELECT number + 13, toString(number) FROM numbers(2)' })
  t.equal(await count('id BETWEEN 10 AND 14'), 5)
})

t.test('the same deduplication token writes once, another token writes again', async (t) => {
  for (const token of ['events-0-0-9', 'events-0-0-9', 'events-0-10-19'])
    await client().insert({
      table: 'leads.events',
      values: [row(100)],
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: token, async_insert: 0 },
    })
  t.equal(await count('id = 100'), 2)
})

t.test('query parameters arrive as they are, whatever they hold', async (t) => {
  const texts = ['plain', "it's", 'tab\tnewline\nreturn\r', 'back\\slash', '{x:String}', '👋 Ж', "'; DROP TABLE leads.events; --", '`"$1']
  for (const text of texts) t.strictSame(await rows('SELECT {v:String} AS v', { query_params: { v: text } }), [{ v: text }])
  t.strictSame(
    await rows('SELECT {a:Array(String)} AS a, {n:UInt64} AS n, {d:DateTime} AS d', {
      query_params: { a: ["x'y", 'z'], n: '18446744073709551615', d: '2026-11-03 15:00:00' },
    }),
    [{ a: ["x'y", 'z'], n: '18446744073709551615', d: '2026-11-03 15:00:00' }],
  )
})

t.test('any text comes back as the parameter it was', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 40 }), async (text) => {
      // The engine's own text ends at a NUL, as a C string does.
      fc.pre(!text.includes('\0'))
      const [got] = await rows<{ v: string }>('SELECT {v:String} AS v', { query_params: { v: text } })
      return got?.v === text
    }),
  ),
)

t.test('64-bit integers come as text, so that no digit is lost', async (t) => {
  t.strictSame(await rows('SELECT toUInt64(18446744073709551615) AS n'), [{ n: '18446744073709551615' }])
})

t.test('settings hold for one request and leak into no other', async (t) => {
  t.strictSame(await rows("SELECT getSetting('max_threads') AS n", { clickhouse_settings: { max_threads: 1 } }), [{ n: 1 }])
  t.not(
    (await rows<{ n: string }>("SELECT getSetting('max_block_size') AS n", { clickhouse_settings: { max_block_size: '7' } }))[0]?.n,
    (await rows<{ n: string }>("SELECT getSetting('max_block_size') AS n"))[0]?.n,
  )
})

t.test('a named session keeps its temporary table and forgets the settings of a request', async (t) => {
  const own = client({ session_id: 'one' })
  await own.command({ query: 'CREATE TEMPORARY TABLE seen (id UInt8)' })
  await own.command({ query: 'INSERT INTO seen VALUES (7)', clickhouse_settings: { max_block_size: '77' } })
  t.strictSame(
    await (await own.query({ query: "SELECT id, getSetting('max_block_size') != 77 AS forgot FROM seen", format: 'JSONEachRow' })).json(),
    [{ id: 7, forgot: 1 }],
  )
  await t.rejects(rows('SELECT * FROM seen'), { code: '60', type: 'UNKNOWN_TABLE' })
})

t.test('a named session takes one query at a time: the next one in line is answered, a concurrent one is told', async (t) => {
  const own = client({ session_id: 'two', max_open_connections: 4 })
  for (let i = 0; i < 20; i++) t.equal(await (await own.query({ query: `SELECT ${i} AS i`, format: 'TabSeparated' })).text(), `${i}\n`)
  const long = own.query({ query: 'SELECT sleep(1.5)', format: 'TabSeparated' })
  const runs = "SELECT 1 FROM system.processes WHERE query LIKE '%sleep(1.5)%' AND query NOT LIKE '%system.processes%'"
  while ((await rows(runs)).length === 0);
  await t.rejects(own.query({ query: 'SELECT 1' }), { code: '373', type: 'SESSION_IS_LOCKED' })
  await (await long).text()
})

t.test('errors carry code and type', async (t) => {
  await t.rejects(rows('SELECT * FROM leads.nope'), { code: '60', type: 'UNKNOWN_TABLE' })
  await t.rejects(rows('SELEC 1'), { code: '62', type: 'SYNTAX_ERROR' })
  await t.rejects(client({ database: 'nowhere' }).query({ query: 'SELECT 1' }), { code: '81', type: 'UNKNOWN_DATABASE' })
  await t.rejects(rows('SELECT 1', { clickhouse_settings: { no_such_setting: 1 } }), { code: '115', type: 'UNKNOWN_SETTING' })
  await t.rejects(client().insert({ table: 'leads.events', values: [{ id: 'x' }], format: 'JSONEachRow' }), { message: /Cannot parse/ })
  await t.rejects(client({ url: url.replace(/:[^:@/]+@/, ':wrong@') }).query({ query: 'SELECT 1' }), {
    code: '516',
    type: 'AUTHENTICATION_FAILED',
  })
})

t.test('one request carries one statement', async (t) => {
  await t.rejects(client().command({ query: 'SELECT 1; DROP TABLE leads.events' }), { code: '62', type: 'SYNTAX_ERROR' })
  await client().command({ query: 'SELECT 1 AS one; -- and a comment' })
})

t.test('what reaches outside the database is refused', async (t) => {
  for (const query of [
    'SYSTEM SHUTDOWN',
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM `file`('/etc/passwd', 'LineAsString')",
    "SELECT file('/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'TSV')",
    "SELECT * FROM /* nothing */ remote ('127.0.0.1', system.one)",
    "INSERT INTO FUNCTION s3('http://x/y.csv', 'CSV') SELECT 1",
    "SELECT * FROM executable('id', 'TSV', 'x String')",
    "CREATE TABLE leads.f (x String) ENGINE = File(TabSeparated, '/etc/passwd')",
    "CREATE TABLE leads.f (x String) ENGINE = URL('http://127.0.0.1', 'TSV')",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "INSERT INTO leads.events FROM INFILE '/etc/passwd' FORMAT TSV",
    "BACKUP TABLE leads.events TO Disk('x', 'y')",
  ])
    await t.rejects(client().command({ query }), { code: '497', type: 'ACCESS_DENIED' }, query)
  t.equal((await rows('SELECT 1 AS one'))[0] !== undefined, true)
})

t.test('a name inside a literal or a comment, or a table of that name, is no call', async (t) => {
  t.equal(inspect("SELECT 'file(x)' -- url(y)\n, 1 /* remote(z) */").refusal, undefined)
  t.equal(inspect('INSERT INTO leads.url (a, b) FORMAT JSONEachRow').refusal, undefined)
  t.equal(inspect('SELECT file, url FROM t WHERE remote IN (1)').refusal, undefined)
  t.equal(inspect('SELECT $$file(x); SYSTEM$$').refusal, undefined)
  t.same(inspect('INSERT INTO a.b (c, `d`) FORMAT JSONEachRow').insert, { table: 'a.b', columns: ['c', 'd'], format: 'JSONEachRow' })
  t.equal(inspect("INSERT INTO a VALUES ('x')").insert, undefined)
  t.equal(inspect('select 1 format CSV').format, 'CSV')
  t.equal(inspect("SELECT formatDateTime(now(), 'FORMAT X')").format, undefined)
})

t.test('readonly = 1 lets a reader read and nothing else', async (t) => {
  const readonly = { clickhouse_settings: { readonly: '1' as const } }
  t.strictSame(await rows('SELECT 1 AS one', readonly), [{ one: 1 }])
  await t.rejects(client().command({ query: 'DROP TABLE leads.events', ...readonly }), { code: '164', type: 'READONLY' })
})

t.test('gzip both ways', async (t) => {
  const zipped = client({ compression: { request: true, response: true } })
  await zipped.insert({ table: 'leads.events', values: Array.from({ length: 1000 }, (_, i) => row(1_000_000 + i)), format: 'JSONEachRow' })
  const found = await (
    await zipped.query({ query: 'SELECT id FROM leads.events WHERE id >= 1000000 ORDER BY id', format: 'JSONEachRow' })
  ).json<{ id: string }>()
  t.equal(found.length, 1000)
  t.equal(found[999]?.id, '1000999')
})

t.test('a big result comes in pieces and whole; formats with a frame too', async (t) => {
  let seen = 0
  const stream = (
    await client().query({ query: 'SELECT number, repeat(toString(number), 10) AS s FROM numbers(400000)', format: 'JSONEachRow' })
  ).stream()
  for await (const part of stream) seen += part.length
  t.equal(seen, 400_000)
  const framed = await (await client().query({ query: 'SELECT number FROM numbers(200000)', format: 'JSON' })).json<{ number: string }>()
  t.equal(framed.rows, 200_000)
  t.equal(framed.data.at(-1)?.number, '199999')
})

t.test('a query is stopped when its client leaves', async (t) => {
  const leave = new AbortController()
  const endless = client().query({
    query: 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 7',
    abort_signal: leave.signal,
  })
  const running = async () =>
    Number(
      (
        await rows<{ n: string }>(
          "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%system.processes%'",
        )
      )[0]?.n,
    )
  while ((await running()) === 0) await pause(20)
  leave.abort()
  await t.rejects(endless)
  while ((await running()) > 0) await pause(20)
  t.equal(await running(), 0)
})

t.test('many requests at once each get their own answer', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => rows<{ v: string }>('SELECT {v:String} AS v', { query_params: { v: `lead ${i}` } })),
  )
  t.strictSame(
    answers.map(([answer]) => answer?.v),
    Array.from({ length: 60 }, (_, i) => `lead ${i}`),
  )
})

t.test('a GET changes nothing, an unknown path is not found, a body over the limit is refused', async (t) => {
  const { username, password, host, port } = new URL(url)
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  const dropped = await fetch(`http://${host}/?query=${encodeURIComponent('DROP TABLE leads.events')}`, { headers })
  t.match(await dropped.text(), /READONLY/)
  t.equal((await fetch(`http://${host}/nowhere`, { headers })).status, 404)
  t.equal((await fetch(`http://${host}/`, { method: 'POST', body: 'SELECT 1' })).status, 403)
  const status = await new Promise<number | undefined>((resolve) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    // 65 MB against a limit of 64.
    sent.on('error', () => {
      resolve(413)
    })
    sent.end(Buffer.alloc(65 * 1024 * 1024, 'x'))
  })
  t.equal(status, 413)
})

t.test('a kill -9 in mid-insert loses no acknowledged row and doubles none', async (t) => {
  await client().command({
    query: 'CREATE TABLE leads.kept (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000',
  })
  let acknowledged = 0
  const insert = (block: number) =>
    client().insert({
      table: 'leads.kept',
      values: Array.from({ length: 500 }, (_, i) => ({ id: block * 500 + i })),
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: `kept-${block}`, async_insert: 0 },
    })
  for (; acknowledged < 10; acknowledged++) await insert(acknowledged)
  const cut = insert(acknowledged).catch(() => undefined)
  process.kill(engine.pid ?? 0, 'SIGKILL')
  await cut
  await engine.start()
  url = engine.address ?? ''
  for (let block = 9; block < 12; block++) await insert(block)
  t.strictSame(await rows('SELECT count() AS n, uniqExact(id) AS u FROM leads.kept'), [{ n: String(12 * 500), u: String(12 * 500) }])
})

t.test('SIGTERM lets a running query end, and the log says so', async (t) => {
  // Its length does not depend on how busy the machine is, as a long count would: the engine waits 4 s for it.
  const last = rows<{ n: string }>('SELECT count() AS n FROM numbers(1) WHERE sleep(1.5) = 3')
  const running = async () =>
    Number(
      (
        await rows<{ n: string }>(
          "SELECT count() AS n FROM system.processes WHERE query LIKE '%sleep(1.5) = 3%' AND query NOT LIKE '%system.processes%'",
        )
      )[0]?.n,
    )
  while ((await running()) === 0) await pause(5)
  await Promise.all([engine.stop(20_000), last.then(([answer]) => t.equal(answer?.n, '0'))])
  t.ok(existsSync(engine.logFile))
  t.match(readFileSync(engine.logFile, 'utf8'), /engine closed after SIGTERM/)
})
