import t from 'tap'
import type { Test } from 'tap'
import type { RekindleError } from '../../../runtime/errors.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, factors, items, logger, partitions, sums, totaller, totals, world } from './fixtures.ts'
import type { Item, Sum } from './fixtures.ts'
import { ended, joinedMember } from './memberChild.ts'

// Sessions of killed members have to run out, 6 s each.
t.setTimeout(180_000)

const inputs = [items, sums]
const unexpected = (error: Error) => {
  throw error
}
const item = (seq: number, wish = ''): Item => ({ seq, amount: (seq % 7) + 1, wish })

/** What one uninterrupted run would write: running count and sum per key, in the order the items were sent. */
function model(sent: readonly (readonly [string, Item])[]): Map<string, Sum[]> {
  const perKey = new Map<string, Sum[]>()
  for (const [key, { seq, amount }] of sent) {
    const before = perKey.get(key) ?? []
    const last = before.at(-1)
    perKey.set(key, [...before, { seq, count: (last?.count ?? 0) + 1, sum: (last?.sum ?? 0) + amount, by: 'adder' }])
  }
  return perKey
}

async function written(kafka: KafkaConnection, topic: typeof sums | typeof totals): Promise<Map<string, Sum[]>> {
  const perKey = new Map<string, Sum[]>()
  await kafka.tail(topic as typeof sums, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
    perKey.set(key ?? '', [...(perKey.get(key ?? '') ?? []), value as Sum])
  })
  return perKey
}

function load(from: number, count: number, keys: number): (readonly [string, Item])[] {
  return Array.from({ length: count }, (_, index) => [`lead:${(from + index) % keys}`, item(from + index)] as const)
}

async function send(kafka: KafkaConnection, records: readonly (readonly [string, Item])[]): Promise<void> {
  const producer = kafka.producer()
  await Promise.all(records.map(([key, value]) => producer.send(items, key, value)))
  await producer.close()
}

/** How many records a topic has, control records included. */
const size = async (kafka: KafkaConnection, topic: typeof totals) =>
  (await kafka.endOffsets(topic)).reduce((sum, { offset }) => sum + offset, 0n)

function same(t: Test, actual: Map<string, Sum[]>, expected: Map<string, Sum[]>, what: string): void {
  t.strictSame(new Map([...actual].sort()), new Map([...expected].sort()), what)
}

for (const kept of ['in memory', 'in files'])
  t.test(`members killed with -9 in mid-load, state ${kept}: the output equals one uninterrupted run, record by record`, async (t) => {
    const stack = await testStack(t)
    const stateDir = kept === 'in files' ? t.testdir({}) : undefined
    const kafka = await world(stack)
    t.teardown(() => kafka.close())
    const records = load(0, 4000, 40)
    await send(kafka, records.slice(0, 2000))
    for (let round = 1; round <= 3; round += 1) {
      const child = await joinedMember(stack, { group: 'line', stateDir })
      const before = await size(kafka, totals)
      await eventually('it works', async () => (await size(kafka, totals)) > before + 200n)
      child.kill('SIGKILL')
      await ended(child)
      if (round === 1) await send(kafka, records.slice(2000))
    }
    const heir = await kafka.runStages({
      group: 'line',
      stages: [adder, totaller],
      onFatal: unexpected,
      ...(stateDir === undefined ? {} : { stateDir }),
    })
    await caughtUp(kafka, 'line', inputs)
    const expected = model(records)
    same(t, await written(kafka, sums), expected, 'sums')
    same(t, await written(kafka, totals), expected, 'totals: the second stage of the same transaction')
    t.equal(await heir.stop(), true)
  })

t.test('members that join and leave in mid-load hand over without loss or repetition', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  const other = await world(stack)
  t.teardown(() => Promise.all([kafka.close(), other.close()]))
  const records = load(0, 3000, 30)
  const one = await kafka.runStages({ group: 'line', stages: [adder, totaller], maxRecords: 50, onFatal: unexpected })
  await eventually('it has every partition', () => one.ready.length === partitions)
  const sending = send(kafka, records.slice(0, 1500))
  const two = await other.runStages({ group: 'line', stages: [adder, totaller], maxRecords: 50, onFatal: unexpected })
  await eventually('they share', () => one.ready.length === 2 && two.ready.length === 2)
  t.strictSame([...one.ready, ...two.ready].sort(), ['0', '1', '2', '3'])
  await Promise.all([sending, send(other, records.slice(1500, 1501))])
  const rest = send(kafka, records.slice(1501))
  t.equal(await one.stop(), true, 'drained within its budget')
  await eventually('the other has everything', () => two.ready.length === partitions)
  await rest
  await caughtUp(kafka, 'line', inputs)
  const outputs = await written(kafka, totals)
  const expected = model(records)
  t.equal([...outputs.values()].flat().length, records.length)
  for (const [key, list] of expected) {
    t.strictSame(
      outputs.get(key)?.map(({ count }) => count),
      list.map(({ count }) => count),
      `${key}: every count once, in order`,
    )
    t.equal(outputs.get(key)?.at(-1)?.sum, list.at(-1)?.sum)
  }
  await two.stop()
})

t.test('a member that slept through its session is fenced: what it still had in hand is not written', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  const records = load(0, 3000, 20)
  await send(kafka, records)
  const stateDir = t.testdir({})
  const zombie = await joinedMember(stack, { group: 'line', stateDir })
  await eventually('it works', async () => (await size(kafka, totals)) > 200n)
  zombie.kill('SIGSTOP')
  const heir = await kafka.runStages({ group: 'line', stages: [adder, totaller], stateDir, sessionTimeoutMs: 6_000, onFatal: unexpected })
  await eventually('the heir has everything', () => heir.ready.length === partitions)
  zombie.kill('SIGCONT')
  await caughtUp(kafka, 'line', inputs)
  await eventually('the zombie is back as a member', () => heir.ready.length === partitions / 2)
  same(t, await written(kafka, totals), model(records), 'totals')
  zombie.kill('SIGTERM')
  await ended(zombie)
  t.equal(zombie.exitCode, 0)
  await heir.stop()
})

t.test('state and timers come back from the changelog; a timer that was due meanwhile fires with its due time', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  // Within the day that the topic keeps.
  const at = Date.now() - 3_600_000
  await producer.send(items, 'lead:1', item(1), { timestamp: at })
  await producer.send(items, 'lead:1', item(2, 'wait:600000'), { timestamp: at })
  let clock = at
  const run = () => kafka.runStages({ group: 'line', stages: [adder, totaller], now: () => clock, onFatal: unexpected })
  const first = await run()
  await caughtUp(kafka, 'line', inputs)
  t.equal(await first.stop(), true)
  t.equal((await written(kafka, sums)).get('lead:1')?.length, 2, 'ten minutes have not passed')
  clock = at + 600_000
  const second = await run()
  await eventually('the timer fires', async () => (await written(kafka, sums)).get('lead:1')?.length === 3)
  await producer.send(items, 'lead:1', item(3))
  await caughtUp(kafka, 'line', inputs)
  const sumsOf = (await written(kafka, sums)).get('lead:1') ?? []
  t.strictSame(
    sumsOf.map(({ seq, count, sum, by }) => [seq, count, sum, by]),
    [
      [1, 1, 2, 'adder'],
      [2, 2, 5, 'adder'],
      [2, 2, 5, 'timer late'],
      [3, 3, 9, 'adder'],
    ],
  )
  t.equal((await written(kafka, totals)).get('lead:1')?.at(-1)?.count, 4, 'the second stage counted what the timer emitted')
  await second.stop()
})

t.test('P-54: bad records go to dead letters as they were, with the reason, in the transaction; good ones beside them pass', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  const client = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger })
  const raw = client.producer({ allowAutoTopicCreation: false })
  await raw.connect()
  t.teardown(() => raw.disconnect())
  const partition = partitionOf('lead:1', partitions)
  const producer = kafka.producer()
  await producer.send(items, 'lead:1', item(1))
  await producer.send(items, 'lead:1', item(2, 'dead'), { headers: { 'x-own': 'kept' } })
  await raw.send({
    topic: `${stack.prefix}items.v1`,
    messages: [
      { partition, key: 'lead:1', value: 'not avro', headers: { twice: ['a', 'b'], bytes: Buffer.from([0xff, 0]) } },
      { partition, key: null, value: null },
    ],
  })
  await producer.send(items, 'lead:1', item(3, 'drop'))
  await producer.send(items, 'lead:1', item(4))
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  await caughtUp(kafka, 'line', inputs)
  t.strictSame(
    (await written(kafka, totals)).get('lead:1')?.map(({ seq }) => seq),
    [1, 4],
  )
  const consumer = client.consumer({ groupId: `${stack.prefix}dlq`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  t.teardown(() => consumer.disconnect())
  await consumer.subscribe({ topic: `${stack.prefix}items.v1.line.dlq`, fromBeginning: true })
  const dead: { partition: number; key: string | undefined; value: string | undefined; headers: Record<string, unknown> }[] = []
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message, partition: at }) => {
      dead.push({ partition: at, key: message.key?.toString(), value: message.value?.toString('latin1'), headers: { ...message.headers } })
    },
  })
  await eventually('three dead letters', () => dead.length === 3)
  t.strictSame(
    dead.map(({ headers }) => String(headers['dlq-code'])),
    ['E_TEST_POISON', 'E_RECORD_UNDECODABLE', 'E_RECORD_KEY_MISSING'],
  )
  t.strictSame(
    dead.map((letter) => [letter.partition, letter.key]),
    [
      [partition, 'lead:1'],
      [partition, 'lead:1'],
      [partition, undefined],
    ],
  )
  const [poison, bytes] = dead
  t.equal(String(poison?.headers['x-own']), 'kept')
  t.equal(String(poison?.headers['dlq-message']), '{"seq":2}')
  t.equal(String(poison?.headers['dlq-source-offset']), '1')
  t.equal(String(poison?.headers['dlq-source-topic']), `${stack.prefix}items.v1`)
  t.equal(String(poison?.headers['dlq-step']), 'adder')
  t.equal(bytes?.value, 'not avro')
  t.strictSame(bytes?.headers['twice'], [Buffer.from('a'), Buffer.from('b')], 'repeated headers stay repeated')
  t.strictSame(bytes?.headers['bytes'], Buffer.from([0xff, 0]))
  await member.stop()
})

t.test('P-50: the fuse stops the member with its offsets unmoved, and so does a bug in a fold', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  const partition = partitionOf('lead:1', partitions)
  const committed = async () => (await kafka.lag('line', [items])).find((lag) => lag.partition === partition)?.committed
  const fatal = async (fuse?: { maxConsecutive: number; maxRatio: number; window: number }): Promise<RekindleError> => {
    let stop: (() => Promise<boolean>) | undefined
    const error = await new Promise<Error>((resolve, reject) => {
      kafka
        .runStages({ group: 'line', stages: [adder, totaller], onFatal: resolve, ...(fuse === undefined ? {} : { fuse }) })
        .then((member) => (stop = member.stop), reject)
    })
    await eventually('the start is through', () => stop !== undefined)
    await stop?.()
    return error as RekindleError
  }
  await producer.send(items, 'lead:1', item(1))
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  await caughtUp(kafka, 'line', inputs)
  await member.stop()
  t.equal(await committed(), 1n)

  for (let seq = 2; seq <= 4; seq += 1) await producer.send(items, 'lead:1', item(seq, 'dead'))
  const blown = await fatal({ maxConsecutive: 3, maxRatio: 1, window: 1000 })
  t.match(blown, { code: 'E_FUSE_BLOWN', message: /3 dead letters in a row/ })
  t.equal(await committed(), 1n, 'nothing moved')
  await producer.send(items, 'lead:1', item(5, 'throw'))
  const bug = await fatal()
  t.match(bug.message, /stage adder threw on items-\d@4, key lead:1/)
  t.equal(await committed(), 1n, 'the record is not lost: the mended code will see it')
  t.equal((await written(kafka, totals)).get('lead:1')?.length, 1)
})

t.test('what others write to a topic of the fused line is processed, what the line wrote itself is not processed again', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  await producer.send(items, 'lead:1', item(1))
  await caughtUp(kafka, 'line', inputs)
  await producer.send(sums, 'lead:1', { seq: 100, count: 1, sum: 1000, by: 'an outside team' })
  await caughtUp(kafka, 'line', inputs)
  t.strictSame(
    (await written(kafka, totals)).get('lead:1')?.map(({ by, count }) => [by, count]),
    [
      ['adder', 1],
      ['an outside team', 2],
    ],
  )
  await member.stop()
})

t.test(
  'a table is complete before the first record, and an offset the broker no longer holds is an alarm, not a silent restart',
  async (t) => {
    const stack = await testStack(t)
    const kafka = await world(stack)
    t.teardown(() => kafka.close())
    const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).admin()
    await admin.connect()
    t.teardown(() => admin.disconnect())
    const producer = kafka.producer()
    await producer.send(factors, 'factor', { seq: 0, count: 0, sum: 10, by: '' })
    await producer.send(items, 'lead:1', item(1))
    const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
    await caughtUp(kafka, 'line', inputs)
    t.equal((await written(kafka, totals)).get('lead:1')?.at(-1)?.sum, 20)
    await member.stop()

    for (let seq = 2; seq <= 4; seq += 1) await producer.send(items, 'lead:1', item(seq))
    const partition = partitionOf('lead:1', partitions)
    await admin.fetchTopicOffsets(`${stack.prefix}items.v1`)
    await admin.deleteTopicRecords({ topic: `${stack.prefix}items.v1`, partitions: [{ partition, offset: '3' }] })
    let late: { stop(): Promise<boolean> } | undefined
    const error = await new Promise<Error>((resolve, reject) => {
      kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: resolve }).then((started) => (late = started), reject)
    })
    t.match(error, { code: 'E_OFFSET_OUT_OF_RANGE', message: /at offset 1 of .*items\.v1 partition \d; the broker holds 3 to 4/ })
    await eventually('the start is through', () => late !== undefined)
    await late?.stop()
  },
)

t.test('a dead letter that was replayed for another group is passed over, one of its own is folded', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  const replayed = (group: string) => ({ headers: { 'dlq-replay-of': `${stack.prefix}items.v1.${group}.dlq#0@1` } })
  await producer.send(items, 'lead:1', item(1), replayed('store'))
  await producer.send(items, 'lead:1', item(2), replayed('line'))
  await producer.send(items, 'lead:1', item(3), replayed('store'))
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  await caughtUp(kafka, 'line', inputs)
  await producer.send(items, 'lead:1', item(4), replayed('store'))
  await caughtUp(kafka, 'line', inputs)
  t.strictSame(
    (await written(kafka, totals)).get('lead:1')?.map(({ seq, count }) => [seq, count]),
    [[2, 1]],
  )
  await member.stop()
})

t.test('the gauges of state are the sum over the members of a process, and fall when one lets go', async (t) => {
  const stack = await testStack(t)
  const setUp = await world(stack)
  const shown = new Map<string, number>()
  const metrics = {
    ...noMetrics,
    set: (name: string, { stage = '' }, value: number) => void (name === 'lr_task_state_keys' && shown.set(stage, value)),
  }
  const options = { brokers: stack.kafkaBrokers, clientId: 'gauges', topicPrefix: stack.prefix, registryUrl: stack.registryUrl }
  const kafka = await connectKafka({ ...options, logger, metrics })
  await kafka.registerSchemas([items, sums, totals, factors])
  t.teardown(() => Promise.all([setUp.close(), kafka.close()]))
  const KEYS = 40
  await send(setUp, load(0, KEYS, KEYS))
  const run = () => kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  const [one, other] = [await run(), await run()]
  const all = (keys: number) => () => shown.get('adder') === keys && shown.get('totaller') === keys
  await eventually('both work', () => one.ready.length === 2 && other.ready.length === 2)
  await eventually('all keys are counted', all(KEYS))
  await one.stop()
  await eventually('the other one takes over', () => other.ready.length === partitions)
  await eventually('all keys are counted in one place', all(KEYS))
  await other.stop()
  t.strictSame([...shown.values()], [0, 0])
})
