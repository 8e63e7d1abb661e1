/**
 * Members that come and go within one tick, on a real broker: one generation for all of them instead of one for each. Who
 * waits to leave works on, leaves nothing undone and nothing double, and does not wait when it is asked a second time.
 */
import { createInterface } from 'node:readline'
import t from 'tap'
import type { Test } from 'tap'
import { coPartitioned } from '../../../runtime/kafka/assignor.ts'
import { createClient, createConsumer } from '../../../runtime/kafka/client.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import { ManualTickClock } from '../../support/tickClock.ts'
import { adder, caughtUp, eventually, items, logger, sums, totaller, totals, world } from './fixtures.ts'
import type { Item } from './fixtures.ts'
import { spawnMember } from './memberChild.ts'

t.setTimeout(240_000)

const HOUR_MS = 3_600_000
const group = 'line'
const unexpected = (error: Error) => {
  throw error
}

/**
 * A member that notices a rebalance at its own pace: the group waits for it, so that whoever comes or goes between two of its
 * heartbeats, 10 s apart, does so in one generation.
 */
async function witness(t: Test, stack: TestStack) {
  const kafka = createClient({ brokers: stack.kafkaBrokers, clientId: 'witness', logger })
  const consumer = createConsumer(kafka, {
    groupId: `${stack.prefix}${group}`,
    partitionAssigners: [coPartitioned(() => ({ since: 0, items: [] }))],
    sessionTimeout: 60_000,
    heartbeatInterval: 10_000,
  })
  let generations = 0
  let beats = 0
  consumer.on(consumer.events.GROUP_JOIN, () => (generations += 1))
  consumer.on(consumer.events.HEARTBEAT, () => (beats += 1))
  t.teardown(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topics: [items, sums].map(({ name }) => `${stack.prefix}${name}.v1`), fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined })
  await eventually('the witness has joined', () => generations === 1)
  return {
    /** How often the group was put together since it came, its own join included. */
    generations: () => generations,
    async beat() {
      const before = beats
      await eventually('the witness says that it lives', () => beats > before)
    },
  }
}

t.test('two members that come within a tick, and go within one, cost one generation each time', async (t) => {
  const stack = await testStack(t)
  const connections = [await world(stack), await world(stack)]
  t.teardown(() => Promise.all(connections.map((kafka) => kafka.close())))
  const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'observer', logger }).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const size = async () => (await admin.describeGroups([`${stack.prefix}${group}`])).groups[0]?.members.length
  const others = await witness(t, stack)
  const clock = new ManualTickClock(50 * HOUR_MS + 1)
  const starts = []
  for (const [index, kafka] of connections.entries()) {
    clock.advance(600_000)
    const stages = [adder, totaller]
    starts.push(kafka.runStages({ group, stages, joinTickMs: HOUR_MS, tickClock: clock, onFatal: unexpected }))
    await eventually('it waits for the tick', () => clock.waits.length === index + 1)
  }
  await others.beat()
  t.strictSame([await size(), others.generations()], [1, 1], 'nobody has come before the tick')
  clock.advance(HOUR_MS)
  const members = await Promise.all(starts)
  t.strictSame([await size(), others.generations()], [3, 2], 'both have come, in one generation')

  const stops = []
  for (const [index, member] of members.entries()) {
    clock.advance(600_000)
    stops.push(member.stop(2 * HOUR_MS))
    t.equal(clock.waits.length, index + 1)
  }
  await others.beat()
  t.strictSame([await size(), others.generations()], [3, 2], 'nobody has gone before the tick')
  clock.advance(HOUR_MS)
  t.strictSame(await Promise.all(stops), [true, true])
  await eventually('the witness has noticed', () => others.generations() > 2)
  await others.beat()
  t.strictSame([await size(), others.generations()], [1, 3], 'both have gone, in one generation')
})

const item = (seq: number): Item => ({ seq, amount: (seq % 7) + 1, wish: '' })
const KEYS = 20

async function send(kafka: KafkaConnection, from: number, count: number): Promise<void> {
  const producer = kafka.producer()
  await Promise.all(Array.from({ length: count }, (_, at) => producer.send(items, `lead:${(from + at) % KEYS}`, item(from + at))))
  await producer.close()
}

/** Every record once, in the order of its key: the counts of each key are 1, 2, 3 … and its last sum is that of all. */
async function sameAsOneRun(t: Test, kafka: KafkaConnection, records: number): Promise<void> {
  const perKey = new Map<string, { seq: number; count: number; sum: number }[]>()
  await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
    if (key === null || value === null || value === undefined) throw new Error('an output cannot be read')
    perKey.set(key, [...(perKey.get(key) ?? []), { seq: value.seq, count: value.count, sum: value.sum }])
  })
  t.equal(perKey.size, KEYS)
  for (let key = 0; key < KEYS; key++) {
    let sum = 0
    const expected = Array.from({ length: records / KEYS }, (_, at) => {
      const seq = at * KEYS + key
      sum += item(seq).amount
      return { seq, count: at + 1, sum }
    })
    t.strictSame(perKey.get(`lead:${key}`), expected, `lead:${key}`)
  }
}

t.test('a member that stops within a tick in mid-load loses and doubles nothing', async (t) => {
  const stack = await testStack(t)
  const [kafka, other] = [await world(stack), await world(stack)]
  t.teardown(() => Promise.all([kafka.close(), other.close()]))
  const clock = new ManualTickClock(HOUR_MS + 1)
  const stages = [adder, totaller]
  const starting = kafka.runStages({ group, stages, maxRecords: 20, joinTickMs: HOUR_MS, tickClock: clock, onFatal: unexpected })
  await eventually('it waits for the tick', () => clock.waits.length === 1)
  await send(kafka, 0, 400)
  clock.advance(HOUR_MS)
  const one = await starting
  const stopped = one.stop(2 * HOUR_MS)
  t.equal(clock.waits.length, 1)
  await send(kafka, 400, 400)
  await caughtUp(kafka, group, [items])
  t.same(
    one.tasks.map(({ state }) => state),
    ['running', 'running', 'running', 'running'],
    'it has done what came while it waited, and has everything still',
  )
  const sending = send(kafka, 800, 1_200)
  const two = await other.runStages({ group, stages, maxRecords: 20, onFatal: unexpected })
  clock.advance(HOUR_MS)
  t.equal(await stopped, true)
  await sending
  await caughtUp(other, group, [items])
  await sameAsOneRun(t, other, 2_000)
  t.equal(await two.stop(), true)
})

t.test('a process that is asked to end works on until the tick; asked again it leaves at once', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  // It joins at a tick that is 1 ms away; to leave it would wait for an hour.
  const child = spawnMember(stack, { group, joinTickMs: HOUR_MS, stopBudgetMs: 2 * HOUR_MS })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await eventually('it has joined', () => lines.includes('joined'))
  child.kill('SIGTERM')
  await eventually('it was asked', () => lines.includes('asked'))
  const askedAt = performance.now()
  await send(kafka, 0, 400)
  await caughtUp(kafka, group, [items])
  t.equal(child.exitCode, null, 'it works on')
  // Sooner it would be the same request.
  await eventually('a person may ask again', () => performance.now() - askedAt >= 300)
  child.kill('SIGTERM')
  await eventually('it ends', () => child.exitCode !== null || child.signalCode !== null)
  t.equal(child.exitCode, 0)
  await sameAsOneRun(t, kafka, 400)
})
