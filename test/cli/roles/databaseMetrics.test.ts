/** What a pool does is what the metrics say: connections by who has them, queries by first word and outcome, none counted twice. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Registry } from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import { databaseMetrics } from '../../../cli/roles/databaseMetrics.ts'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import { textsOf } from '../../support/sources.ts'

const gauge = async (registry: Registry, name: string): Promise<number | undefined> =>
  (await registry.getSingleMetric(name)?.get())?.values[0]?.value

/** Sums or counts of `lr_db_query_duration_seconds` by operation and outcome. */
async function queries(registry: Registry, what: 'sum' | 'count'): Promise<Record<string, number>> {
  const all = (await registry.metrics()).matchAll(
    /^lr_db_query_duration_seconds_(\w+)\{db="postgres",operation="(\w+)",outcome="(\w+)"\} (\S+)$/gm,
  )
  return Object.fromEntries(
    [...all].flatMap(([, of, operation, outcome, value]) => (of === what ? [[`${operation} ${outcome}`, Number(value)]] : [])),
  )
}

const SLEEP_MS = 120

/** Says yes in the protocol of Postgres: to a query about `nowhere` no, to one that sleeps later. Enough for queries without parameters. */
async function server(t: Test): Promise<string> {
  const message = (kind: string, body: string | Buffer = ''): Buffer => {
    const bytes = Buffer.from(body)
    const head = Buffer.alloc(5)
    head.write(kind)
    head.writeInt32BE(bytes.length + 4, 1)
    return Buffer.concat([head, bytes])
  }
  const ready = message('Z', 'I')
  const refusal = message('E', 'SERROR\0C42P01\0Mrelation "nowhere" does not exist\0\0')
  const open = new Set<Socket>()
  const listening = createServer((socket) => {
    open.add(socket.on('close', () => open.delete(socket)).on('error', () => undefined))
    // One message at a time: the client sends the next when it has the answer.
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
      socket.on('data', (bytes) => {
        if (bytes.toString('latin1', 0, 1) !== 'Q') return void socket.end()
        const text = bytes.toString('utf8', 5, bytes.length - 1)
        const answer = text.includes('nowhere') ? refusal : message('C', 'DONE\0')
        setTimeout(() => socket.write(Buffer.concat([answer, ready])), text.includes('pg_sleep') ? SLEEP_MS : 0)
      })
    })
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    listening.close()
  })
  return `postgres://somebody@127.0.0.1:${(listening.address() as AddressInfo).port}/rekindle`
}

t.test('connections in use, waited for and allowed; queries of the pool and of transactions, once each', async (t) => {
  const url = await server(t)
  const registry = new Registry()
  const watch = databaseMetrics(registry)
  t.equal(await gauge(registry, 'lr_db_pool_limit'), 0, 'no pool yet')
  const pool = createPool({ url, max: 2, watch })
  const other = createPool({ url, max: 3, watch })
  t.teardown(() => Promise.all([pool.end(), other.end()]))
  const used = async () => Promise.all(['lr_db_pool_in_use', 'lr_db_pool_waiting', 'lr_db_pool_limit'].map((name) => gauge(registry, name)))
  t.strictSame(await used(), [0, 0, 2 + 3], 'connections are made when they are needed')
  const [first, second] = [await pool.connect(), await pool.connect()]
  const third = pool.connect()
  t.strictSame(await used(), [2, 1, 5])
  first.release()
  const given = await third
  t.strictSame(await used(), [2, 0, 5], 'the one that waited has it')
  second.release()
  given.release()
  t.strictSame(await used(), [0, 0, 5])

  t.strictSame(await queries(registry, 'count'), {}, 'nothing was asked')
  await pool.query('SELECT 1')
  await pool.query({ text: 'select pg_sleep(0.12)' })
  await t.rejects(pool.query('SELECT nothing FROM nowhere'), { code: '42P01' }, 'the error is the caller’s')
  t.equal(await inTransaction(pool, async (client) => (await client.query('INSERT INTO a VALUES (1)'), 7)), 7)
  const refused = inTransaction(pool, async (client) => {
    await client.query('CREATE TEMP TABLE a (id int)')
    await client.query('UPDATE nowhere SET id = 1')
  })
  await t.rejects(refused, { code: '42P01' })
  t.strictSame(await queries(registry, 'count'), {
    'select ok': 2,
    'select error': 1,
    'begin ok': 2,
    'insert ok': 1,
    'commit ok': 1,
    'other ok': 1,
    'update error': 1,
    'rollback ok': 1,
  })
  const slept = (await queries(registry, 'sum'))['select ok'] ?? 0
  t.ok(slept >= (SLEEP_MS - 5) / 1000 && slept < 30, `seconds, and those that the database slept among them: ${slept}`)
})

t.test('each role that opens a pool watches it', (t) => {
  const opening = textsOf('cli/roles', '.ts').filter(
    ({ text, file }) => /\b(createPool|openGhl)\(\{/.test(text) && !file.endsWith('ghlPart.ts'),
  )
  t.strictSame(opening.map(({ file }) => file).sort(), ['cli/roles/apiRole.ts', 'cli/roles/pipelineRole.ts', 'cli/roles/sinksRole.ts'])
  for (const { file, text } of opening) t.match(text, /\bwatch: databaseMetrics\(metrics\)/, file)
  t.end()
})
