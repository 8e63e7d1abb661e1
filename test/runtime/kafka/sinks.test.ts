import { spawn } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { createClient, createTransactionalProducer } from '../../../runtime/kafka/client.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { deadLetter, drop, emit } from '../../../runtime/outcome.ts'
import { passOver, sink } from '../../../runtime/sink.ts'
import type { SinkBatch } from '../../../runtime/sink.ts'
import { done, worker } from '../../../runtime/worker.ts'
import { testStack } from '../../support/stack.ts'
import { caughtUp, eventually, factors, items, logger, partitions, totals, world } from './fixtures.ts'
import type { Item, Sum } from './fixtures.ts'
import { itemSink, tables } from './sinkProcess.ts'
import type { SinkProcessOptions } from './sinkProcess.ts'

// Sessions of killed members have to run out, 6 s each.
t.setTimeout(180_000)

const unexpected = (error: Error) => {
  throw error
}
const members = [
  { group: 'store', inputs: [items, factors] },
  { group: 'work', inputs: [items] },
]

for (const kind of ['stored-offsets', 'deterministic-blocks'] as const) {
  t.test(`${kind}: a crash between insert and commit neither loses nor doubles a row`, async (t) => {
    const stack = await testStack(t)
    const pool = new pg.Pool({ connectionString: stack.databaseUrl })
    await pool.query(tables)
    const kafka = await world(stack, members)
    t.teardown(() => Promise.all([kafka.close(), pool.end()]))
    const producer = kafka.producer()
    const send = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, index) =>
          producer.send(items, `lead:${(from + index) % 37}`, { seq: from + index, amount: 1, wish: '' }),
        ),
      )
    await send(0, 900)
    for (const dieAfter of [1, 4]) {
      const options: SinkProcessOptions = {
        brokers: stack.kafkaBrokers,
        registryUrl: stack.registryUrl,
        prefix: stack.prefix,
        databaseUrl: stack.databaseUrl,
        kind,
        dieAfter,
      }
      const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'sinkProcess.ts'), JSON.stringify(options)], {
        cwd: join(import.meta.dirname, '..', '..', '..'),
        stdio: 'inherit',
      })
      await new Promise((resolve) => child.once('exit', resolve))
      t.equal(child.signalCode, 'SIGKILL')
      // More arrives before the successor, so that a range which is not fixed would become another one.
      await send(dieAfter === 1 ? 900 : 1000, dieAfter === 1 ? 1000 : 1100)
    }
    const member = await kafka.runSink({ group: 'store', sink: itemSink(pool, kind, () => undefined), onFatal: unexpected })
    await caughtUp(kafka, 'store', [items])
    t.equal(await member.stop(), true)
    const { rows } = await pool.query<{ n: string; d: string }>('SELECT count(*) AS n, count(DISTINCT seq) AS d FROM rows')
    t.strictSame(rows, [{ n: '1100', d: '1100' }])
  })
}

t.test('P-60: a batch that the database refuses is offered again unchanged, in order, until it is stored', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, members)
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  for (let seq = 0; seq < 5; seq += 1) await producer.send(items, 'lead:1', { seq, amount: 1, wish: '' })
  await producer.send(factors, 'a', { seq: 0, count: 0, sum: 1, by: '' })
  await producer.send(factors, 'a', null)
  const offered: { token: string; seqs: number[]; maybeStored: boolean }[] = []
  const tombstones: unknown[] = []
  const fresh = new Map<string, number>()
  let failures = 2
  const fragile = sink({
    name: 'fragile',
    topics: [items, factors],
    batch: { maxRecords: 3, maxMs: 20 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    async write(batches) {
      t.equal(batches.length, 1, 'a block is written alone')
      const [{ topic, records, token, maybeStored }] = batches as readonly [SinkBatch]
      if (topic.name === 'factors')
        return void tombstones.push(...records.map(({ key, value }) => [key, (value as Sum | null)?.sum ?? null]))
      offered.push({ token, seqs: records.map(({ value }) => (value as Item).seq), maybeStored })
      if (failures-- > 0) throw new Error('the database is away')
    },
    async caughtUp(places, at) {
      for (const { topic, partition } of places) fresh.set(`${topic.name}#${partition}`, at)
    },
  })
  const began = Date.now()
  const member = await kafka.runSink({ group: 'store', sink: fragile, onFatal: unexpected })
  await caughtUp(kafka, 'store', [items, factors])
  const place = `${stack.prefix}items.v1-${partitionOf('lead:1', partitions)}`
  t.strictSame(offered, [
    { token: `${place}-0-2`, seqs: [0, 1, 2], maybeStored: false },
    { token: `${place}-0-2`, seqs: [0, 1, 2], maybeStored: true },
    { token: `${place}-0-2`, seqs: [0, 1, 2], maybeStored: true },
    { token: `${place}-3-4`, seqs: [3, 4], maybeStored: false },
  ])
  t.strictSame(
    tombstones,
    [
      ['a', 1],
      ['a', null],
    ],
    'topics with other partition counts are read by the same sink',
  )
  await eventually('every partition is known to be fresh', () => fresh.size === partitions + 1)
  t.ok([...fresh.values()].every((at) => at >= began))
  await member.stop()
})

t.test('a copy is not called whole while something is committed behind a transaction that is open', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, members)
  t.teardown(() => kafka.close())
  const partition = partitionOf('lead:1', partitions)
  const open = createTransactionalProducer(createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }), `${stack.prefix}open`)
  await open.connect()
  t.teardown(() => open.disconnect())
  const transaction = await open.transaction()
  await transaction.send({ topic: `${stack.prefix}items.v1`, messages: [{ partition, key: 'lead:9', value: null }] })
  await kafka.producer().send(items, 'lead:1', { seq: 7, amount: 1, wish: '' })
  const accepted = Date.now()

  const stored: number[] = []
  const whole = new Map<number, number>()
  const copy = sink({
    name: 'copy',
    topics: [items],
    batch: { maxRecords: 10, maxMs: 10 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    async write(batches) {
      stored.push(...batches.flatMap(({ records }) => records.flatMap(({ value }) => (value === null ? [] : [(value as Item).seq]))))
    },
    async caughtUp(places, at) {
      if (at < accepted) return
      for (const place of places) {
        // Compared when it is told: it is true by then, or it never was.
        if (place.partition === partition) t.strictSame(stored, [7], 'it is stored when the copy is called whole')
        whole.set(place.partition, at)
      }
    },
  })
  const member = await kafka.runSink({ group: 'store', sink: copy, onFatal: unexpected })
  const others = Array.from({ length: partitions }, (_, each) => each).filter((each) => each !== partition)
  await eventually('the others are known to be whole', () => others.every((each) => whole.has(each)))
  const first = Math.max(...others.map((each) => whole.get(each) ?? 0))
  await eventually('and once more', () => others.every((each) => (whole.get(each) ?? 0) > first))
  t.equal(whole.has(partition), false)
  await transaction.commit()
  await eventually('it is whole', () => whole.has(partition))
  t.equal(await member.stop(), true)
})

t.test(
  'records that a sink passes over are in no batch, and their place is stored; what only looks like them is not passed over',
  async (t) => {
    const stack = await testStack(t)
    const kafka = await world(stack, members)
    t.teardown(() => kafka.close())
    const producer = kafka.producer()
    for (const seq of [1, 2, 3]) await producer.send(items, 'lead:1', { seq, amount: 1, wish: '' })
    const raw = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).producer()
    await raw.connect()
    t.teardown(() => raw.disconnect())
    const partition = partitionOf('lead:1', partitions)
    await raw.send({ topic: `${stack.prefix}items.v1`, messages: [{ partition, key: 'lead:1', value: 'not avro' }] })
    await producer.send(items, 'lead:1', { seq: 5, amount: 1, wish: '' })
    const stored: number[] = []
    const choosy = sink({
      name: 'choosy',
      topics: [items],
      batch: { maxRecords: 10, maxMs: 10 },
      passesOver: [passOver(items, ['seq'], ({ seq }) => seq !== 2)],
      exactlyOnce: { kind: 'deterministic-blocks' },
      async write(batches) {
        stored.push(...batches.flatMap(({ records }) => records.map(({ value }) => (value as Item).seq)))
      },
    })
    const member = await kafka.runSink({ group: 'store', sink: choosy, onFatal: unexpected })
    await caughtUp(kafka, 'store', [items])
    t.strictSame(stored, [2])
    const [letters] = (await kafka.deadLetterCounts([items]).look()).filter(({ open }) => open > 0)
    t.match(letters, { group: 'store', step: 'choosy', open: 1 })
    await member.stop()
  },
)

t.test('what cannot be decoded does not reach a sink: it is set aside and the rest goes on', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, members)
  t.teardown(() => kafka.close())
  const raw = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).producer()
  await raw.connect()
  t.teardown(() => raw.disconnect())
  const partition = partitionOf('lead:1', partitions)
  await raw.send({ topic: `${stack.prefix}items.v1`, messages: [{ partition, key: 'lead:1', value: 'not avro' }] })
  await kafka.producer().send(items, 'lead:1', { seq: 7, amount: 1, wish: '' })
  const stored: number[] = []
  const plain = sink({
    name: 'plain',
    topics: [items],
    batch: { maxRecords: 10, maxMs: 10 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    async write(batches) {
      stored.push(...batches.flatMap(({ records }) => records.map(({ value }) => (value as Item).seq)))
    },
  })
  const member = await kafka.runSink({ group: 'store', sink: plain, onFatal: unexpected })
  await caughtUp(kafka, 'store', [items])
  t.strictSame(stored, [7])
  const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const offsets = await admin.fetchTopicOffsets(`${stack.prefix}items.v1.store.dlq`)
  t.ok(Number(offsets.find((each) => each.partition === partition)?.high) >= 1)
  await member.stop()
})

t.test('a worker keeps the order of a key, works on several keys at once and writes results with the offset', async (t) => {
  const kafka = await world(await testStack(t), members)
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  // All in one partition, so that what runs side by side is a matter of keys alone.
  const keys = Array.from({ length: 200 }, (_, index) => `lead:${index}`)
    .filter((key) => partitionOf(key, partitions) === 0)
    .slice(0, 4)
  for (let seq = 0; seq < 40; seq += 1) {
    const wish = seq === 10 ? 'dead' : seq === 11 ? 'drop' : seq === 12 ? 'fail' : ''
    await producer.send(items, keys[seq % 4] as string, { seq, amount: 1, wish })
  }
  const running = new Set<string>()
  let most = 0
  let failures = 1
  const started: number[] = []
  const slow = worker({
    name: 'slow',
    input: items,
    outputs: [totals],
    concurrency: 3,
    deadlineMs: 1_000,
    async handle({ value, key }, ctx) {
      if (running.has(key)) throw new Error(`two at once for ${key}`)
      running.add(key)
      started.push(value.seq)
      most = Math.max(most, running.size)
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(key)
      if (value.wish === 'dead') return deadLetter('E_TEST_POISON')
      if (value.wish === 'drop') return drop('unwanted')
      if (value.wish === 'fail' && failures-- > 0) throw new Error('the outside is away')
      return done([emit(totals, { seq: value.seq, count: 0, sum: 0, by: ctx.idempotencyKey })])
    },
  })
  const member = await kafka.runWorker({ group: 'work', worker: slow, onFatal: unexpected })
  await caughtUp(kafka, 'work', [items])
  const results: Sum[] = []
  await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => results.push(value as Sum))
  t.strictSame(
    results.map(({ seq }) => seq),
    Array.from({ length: 40 }, (_, seq) => seq).filter((seq) => seq !== 10 && seq !== 11),
    'in the order of the input, though worked on side by side',
  )
  t.equal(results[0]?.by, 'work:items:0:0')
  t.equal(most, 3)
  t.equal(started.length, 41, 'one was tried again')
  await member.stop()

  await producer.send(items, keys[0] as string, { seq: 100, amount: 1, wish: '' })
  const aborted: unknown[] = []
  const deaf = worker({
    name: 'deaf',
    input: items,
    outputs: [totals],
    concurrency: 3,
    deadlineMs: 30,
    handle: (_, { signal }) => new Promise<never>(() => signal.addEventListener('abort', () => aborted.push(signal.reason))),
  })
  const error = await new Promise<Error>((resolve, reject) => {
    kafka.runWorker({ group: 'work', worker: deaf, attempts: 2, onFatal: resolve }).then((late) => t.teardown(() => late.stop()), reject)
  })
  t.match(error.message, /worker deaf could not do .*items\.v1 0@40 in 2 attempts/)
  t.equal(aborted.length, 2, 'the deadline reaches the handler')
  t.match(error.cause, { code: 'E_WORK_TIMEOUT', message: /work on .*items\.v1 0@40 took longer than 30 ms/ })
})

t.test('a sink whose database never answers ends its member, with the name of the step', async (t) => {
  const kafka = await world(await testStack(t), members)
  t.teardown(() => kafka.close())
  await kafka.producer().send(items, 'lead:1', { seq: 1, amount: 1, wish: '' })
  const answered = new AbortController()
  const silent = sink({
    name: 'silent',
    topics: [items],
    batch: { maxRecords: 10, maxMs: 10 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    write: () => new Promise<void>((resolve) => answered.signal.addEventListener('abort', () => resolve())),
  })
  const failures: Error[] = []
  const member = await kafka.runSink({ group: 'store', sink: silent, stuckMs: 1_000, onFatal: (error) => failures.push(error) })
  await eventually('the member gives up', () => failures.length > 0)
  t.match(failures[0], { code: 'E_TASK_STUCK', message: /store unit \S+ has been in "write .*items\.v1-\d-0-0" for \d{4,} ms/ })
  answered.abort()
  await member.stop()
})
