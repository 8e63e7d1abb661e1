import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { RekindleError } from '../../../runtime/errors.ts'
import { sink } from '../../../runtime/sink.ts'
import { removeStack, startStack } from '../../../stack/stack.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, sums, totaller, totals, world } from './fixtures.ts'
import type { Item, Sum } from './fixtures.ts'

// A broker of this test's own is started and comes back twice; each wait below ends by itself, and says what it was for.
t.setTimeout(290_000)

t.test('a broker killed with -9 in mid-load: members recover in process, nothing is lost or doubled, writers are told', async (t) => {
  const stack = await testStack(t)
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-broker-'))
  const { registryUrl, databaseUrl, clickhouseUrl, redisUrl } = stack
  const own = await startStack({
    dataDir,
    external: { registryUrl, databaseUrl, clickhouseUrl, redisUrl: redisUrl ?? 'redis://127.0.0.1:9' },
  })
  t.teardown(async () => {
    await own.stop()
    await removeStack(dataDir)
  })
  const pidOf = () => own.engines.find(({ name }) => name === 'kafka')?.pid
  const killBroker = async () => {
    const pid = pidOf()
    process.kill(pid as number, 'SIGKILL')
    await eventually('the broker is back', () => pidOf() !== undefined && pidOf() !== pid)
  }
  const members = [
    { group: 'line', stages: [adder, totaller] },
    { group: 'store', inputs: [totals] },
  ]
  const kafka = await world({ ...stack, kafkaBrokers: own.addresses.kafkaBrokers }, members)
  t.teardown(() => kafka.close())

  const fatal: Error[] = []
  const onFatal = (error: Error) => void fatal.push(error)
  const producer = kafka.producer({ deadlineMs: 3_000 })
  const records = Array.from({ length: 6_000 }, (_, seq): [string, Item] => [`lead:${seq % 50}`, { seq, amount: 1, wish: '' }])
  // A busy machine may take longer for all of them at once than a writer waits that is to learn of a broker that is away.
  const patient = kafka.producer({ deadlineMs: 60_000 })
  await Promise.all(records.map(([key, value]) => patient.send(items, key, value)))

  const stored: { token: string; seqs: number[] }[] = []
  const blocks = new Set<string>()
  const store = sink({
    name: 'store',
    topics: [totals],
    batch: { maxRecords: 200, maxMs: 50 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    // As the real one: a token that was there before inserts nothing.
    async write(batches) {
      for (const { token, records: batch } of batches) {
        if (!blocks.has(token)) stored.push({ token, seqs: batch.map(({ value }) => (value as Sum).seq) })
        blocks.add(token)
      }
    },
  })
  const line = await kafka.runStages({ group: 'line', stages: [adder, totaller], maxRecords: 20, onFatal })
  const sinking = await kafka.runSink({ group: 'store', sink: store, onFatal })
  for (const share of [0.2, 0.6]) {
    await eventually(`${share} of it is stored`, () => stored.reduce((sum, { seqs }) => sum + seqs.length, 0) > share * records.length)
    const killing = killBroker()
    const refused = await producer.send(items, 'elsewhere:1', { seq: -1, amount: 0, wish: 'drop' }).then(
      () => 'stored',
      (error: unknown) => (error instanceof RekindleError ? error.code : String(error)),
    )
    t.ok(['stored', 'E_BROKER_UNREACHABLE'].includes(refused), refused)
    await killing
  }
  await caughtUp(kafka, 'line', [items, sums])
  await caughtUp(kafka, 'store', [totals])
  t.strictSame(fatal, [], 'no process had to end')

  const counts = new Map<string, number[]>()
  await kafka.tail(
    totals,
    { from: 'beginning', untilEnd: true },
    ({ key, value }) => void counts.set(key ?? '', [...(counts.get(key ?? '') ?? []), (value as Sum).count]),
  )
  t.equal(counts.size, 50)
  const expected = Array.from({ length: 120 }, (_, index) => index + 1)
  t.ok(
    [...counts.values()].every((list) => list.join() === expected.join()),
    'every record of every key once, in order',
  )
  t.strictSame(
    stored.flatMap(({ seqs }) => seqs).sort((a, b) => a - b),
    records.map(([, { seq }]) => seq),
    'and once in the sink',
  )
  await eventually('writing works again', () =>
    producer.send(items, 'elsewhere:1', { seq: -1, amount: 0, wish: 'drop' }).then(
      () => true,
      () => false,
    ),
  )
  t.equal(await line.stop(), true)
  t.equal(await sinking.stop(), true)
})
