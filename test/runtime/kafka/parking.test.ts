/** Records that wait with their key on a real broker, while the member that parked them is killed and another takes over. */
import t from 'tap'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { deadLetterName } from '../../../runtime/kafka/names.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import type { LogRecord } from '../../../runtime/kafka/partitionReader.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { testStack } from '../../support/stack.ts'
import { caughtUp, eventually, factors, items, logger, partitions, sums, topics, totals, world } from './fixtures.ts'
import type { Item, Sum } from './fixtures.ts'
import { ended, spawnMember } from './memberChild.ts'
import { attempts, patientStages } from './patient.ts'

// The session of the killed member has to run out, 6 s.
t.setTimeout(180_000)

const group = 'patient'
const inputs = [items, sums]
const unexpected = (error: Error) => {
  throw error
}

for (const kept of ['in memory', 'in files'])
  t.test(`records wait over kill -9 and take-over, state ${kept}: each key in its order, each record once`, async (t) => {
    const stack = await testStack(t)
    const members = [{ group, stages: patientStages }]
    const kafka = await world(stack, members)
    t.teardown(() => kafka.close())
    const stateDir = kept === 'in files' ? t.testdir({}) : undefined

    /** Every key begins with one that is not held, then one as its number says; the rest is not held either. */
    const held = ['hold', 'hold over', 'never', 'never over', '']
    const keys = Array.from({ length: 15 }, (_, index) => `lead:${index}`)
    const wishOf = (key: string, seq: number) => (seq === 1 ? (held[Number(key.slice(5)) % held.length] as string) : '')
    const load = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) =>
        keys.map((key): [string, Item] => [key, { seq: from + index, amount: 1, wish: wishOf(key, from + index) }]),
      ).flat()
    const producer = kafka.producer()
    const send = (records: readonly [string, Item][]) =>
      Promise.all(
        records.map(([key, value]) => producer.send(items, key, value, value.wish === '' ? {} : { headers: { 'x-own': 'kept' } })),
      )
    await send(load(0, 10))

    const child = spawnMember(stack, { group, patient: true, stateDir })
    const free = keys.filter((key) => wishOf(key, 1) === '')
    const before = async (topic: AnyTopic) => seqs(await written(kafka, topic))
    await eventually('keys that wait hold up no others', async () => {
      const done = await before(totals)
      // A partition that has none of the free keys may be behind the others.
      return free.every((key) => done.get(key)?.length === 10) && keys.every((key) => done.has(key))
    })
    child.kill('SIGKILL')
    await ended(child)
    const early = await before(totals)
    for (const key of keys.filter((each) => wishOf(each, 1).startsWith('hold'))) t.strictSame(early.get(key), [0], key)
    const parkedAt = async (stage: string) => (await kafka.states(patientStages).stats(stage)).reduce((sum, each) => sum + each.parked, 0)
    t.ok((await parkedAt('patient')) >= 3, 'the three of `hold` at least')
    t.ok((await parkedAt('patient-totaller')) >= 3, 'the three of `hold over` at least')
    await send(load(10, 5))

    const gauge = new Map<string, number>()
    const heirs = await connectKafka({
      brokers: stack.kafkaBrokers,
      clientId: 'heir',
      topicPrefix: stack.prefix,
      registryUrl: stack.registryUrl,
      logger,
      metrics: {
        count() {},
        observe() {},
        set: (name, { stage = '' }, value) => void (name === 'lr_task_parked_keys' && gauge.set(stage, value)),
      },
    })
    t.teardown(() => heirs.close())
    await heirs.registerSchemas(topics)
    const heir = await heirs.runStages({
      group,
      stages: patientStages,
      sessionTimeoutMs: 6_000,
      onFatal: unexpected,
      ...(stateDir === undefined ? {} : { stateDir }),
    })
    await caughtUp(heirs, group, inputs)
    // Those that wait for ever have gone by then, those that wait for the row have not.
    await eventually('the gauges say which keys wait', () => gauge.get('patient') === 3 && gauge.get('patient-totaller') === 3)
    t.strictSame([await parkedAt('patient'), await parkedAt('patient-totaller')], [3, 3])
    await producer.send(factors, 'factor', { seq: 0, count: 0, sum: 1, by: '' })
    await eventually('nothing waits any more', () => gauge.get('patient') === 0 && gauge.get('patient-totaller') === 0)

    const all = Array.from({ length: 15 }, (_, seq) => seq)
    const without = (wishes: readonly string[]) =>
      new Map(keys.map((key) => [key, wishes.includes(wishOf(key, 1)) ? all.filter((seq) => seq !== 1) : all]))
    t.strictSame(sorted(await before(sums)), sorted(without(['never'])))
    t.strictSame(sorted(await before(totals)), sorted(without(['never', 'never over'])))
    for (const [key, outputs] of await written(kafka, totals))
      t.strictSame(
        outputs.map(({ count }) => count),
        outputs.map((_, index) => index + 1),
        `${key}: each found the state of the one before`,
      )

    const dead = await letters(stack, items)
    t.strictSame(dead.map(({ key }) => String(key)).sort(), ['lead:12', 'lead:2', 'lead:7'])
    for (const { headers } of dead) {
      t.strictSame(
        ['dlq-code', 'dlq-attempts', 'dlq-message', 'dlq-step', 'x-own'].map((name) => String(headers[name])),
        ['E_TEST_NEVER', String(attempts), '{"seq":1}', 'patient', 'kept'],
      )
    }
    const over = await letters(stack, sums)
    t.strictSame(over.map(({ key }) => String(key)).sort(), ['lead:13', 'lead:3', 'lead:8'])
    for (const { headers } of over) {
      t.strictSame(
        ['dlq-code', 'dlq-attempts', 'dlq-source-offset', 'ce_type'].map((name) => String(headers[name])),
        ['E_TEST_NEVER', String(attempts), '-1', 'rekindle.test.Sum'],
      )
      t.equal(headers['rk-group'], undefined, 'put back, it is not passed over')
    }
    t.equal(await heir.stop(), true)
  })

/** Keys on one partition. */
function companions(count: number): string[] {
  const keys = Array.from({ length: count * partitions * 4 }, (_, index) => `lead:${index}`)
  const [first = ''] = keys
  return keys.filter((key) => partitionOf(key, partitions) === partitionOf(first, partitions)).slice(0, count)
}

t.test('keys that wait with more than a megabyte and are due at once are tried again', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group, stages: patientStages }])
  t.teardown(() => kafka.close())
  const keys = companions(20)
  const producer = kafka.producer()
  // 20 times 60 kB: more than one transaction is meant to take.
  const headers = { 'x-pad': 'x'.repeat(60_000) }
  for (const key of keys) await producer.send(items, key, { seq: 1, amount: 1, wish: 'hold' }, { headers })
  // The clock stands still while a member runs, so that all of them are due at once for the next.
  let clock = Date.now()
  const run = () => kafka.runStages({ group, stages: patientStages, now: () => clock, onFatal: unexpected })
  const first = await run()
  await caughtUp(kafka, group, inputs)
  t.equal(await first.stop(), true)
  clock += 2_000
  const second = await run()
  const tries = async (key: string) => (await kafka.states(patientStages).get('patient', key))?.entry?.parked?.records[0]?.attempts ?? 0
  for (const key of keys) await eventually(`${key} is tried again`, async () => (await tries(key)) >= 2)
  t.equal(await second.stop(), true)
  await producer.send(factors, 'factor', { seq: 0, count: 0, sum: 1, by: '' })
  clock += 2_000
  const third = await run()
  await eventually('all are accepted', async () => (await written(kafka, totals)).size === keys.length)
  t.strictSame(sorted(seqs(await written(kafka, totals))), sorted(new Map(keys.map((key) => [key, [1]]))))
  t.equal(await third.stop(), true)
})

t.test('records that waited in vain count for the fuse', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group, stages: patientStages }])
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  for (const key of companions(5)) await producer.send(items, key, { seq: 1, amount: 1, wish: 'never' })
  let failed: (error: Error) => void
  const failure = new Promise<Error>((resolve) => (failed = resolve))
  const fuse = { maxConsecutive: 5, maxRatio: 1, window: 1_000 }
  const member = await kafka.runStages({ group, stages: patientStages, fuse, onFatal: (error) => failed(error) })
  const fatal = await failure
  t.match(fatal, { code: 'E_FUSE_BLOWN', message: /records that had waited: 5 dead letters in a row/ })
  t.ok((await letters(stack, items)).length < 5, 'the last of them is not written')
  await member.stop()
})

async function written(kafka: KafkaConnection, topic: AnyTopic): Promise<Map<string, Sum[]>> {
  const perKey = new Map<string, Sum[]>()
  await kafka.tail(topic as typeof sums, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
    perKey.set(key ?? '', [...(perKey.get(key ?? '') ?? []), value as Sum])
  })
  return perKey
}

const seqs = (perKey: Map<string, Sum[]>) => new Map([...perKey].map(([key, outputs]) => [key, outputs.map(({ seq }) => seq)]))
const sorted = <V>(perKey: ReadonlyMap<string, V>) => [...perKey].sort(([a], [b]) => (a < b ? -1 : 1))

async function letters(stack: { kafkaBrokers: readonly string[]; prefix: string }, topic: AnyTopic): Promise<LogRecord[]> {
  const reader = await PartitionReader.connect(createClient({ brokers: stack.kafkaBrokers, clientId: 'letters', logger }))
  const name = deadLetterName(topic, group, stack.prefix)
  const found: LogRecord[] = []
  try {
    for (const partition of await reader.partitions(name)) await reader.readToEnd(name, partition, 0n, (record) => void found.push(record))
  } finally {
    await reader.close()
  }
  return found
}
