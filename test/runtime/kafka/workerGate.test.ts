import t from 'tap'
import type { Test } from 'tap'
import { noMetrics } from '../../../runtime/metrics.ts'
import { emit } from '../../../runtime/outcome.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { RunningMember } from '../../../runtime/kafka/stageMember.ts'
import { done, worker } from '../../../runtime/worker.ts'
import type { WorkerOptions } from '../../../runtime/worker.ts'
import { testStack } from '../../support/stack.ts'
import { caughtUp, eventually, items, logger, totals, world } from './fixtures.ts'
import type { Sum } from './fixtures.ts'

t.setTimeout(180_000)

type Caller = Pick<WorkerOptions<typeof items, typeof totals>, 'breaker' | 'retryBudget'>

/** A worker whose outside can be taken down, with what its metrics and its handler have seen. */
async function outside(t: Test, options: Caller) {
  const stack = await testStack(t)
  const setUp = await world(stack, [{ group: 'work', inputs: [items] }])
  const seen = {
    down: false,
    /** Every call that began. */
    calls: [] as { key: string; seq: number; ok: boolean; at: number }[],
    /** Each state of the breaker, with the number of calls begun before it. */
    states: [] as { state: string; calls: number }[],
    joins: 0,
    deadLetters: 0,
    refused: 0,
    fatal: [] as Error[],
    /** Fails the first call of each record. */
    shaky: false,
  }
  const kafka = await connectKafka({
    ...{ brokers: stack.kafkaBrokers, clientId: 'caller', topicPrefix: stack.prefix, registryUrl: stack.registryUrl, logger },
    metrics: {
      ...noMetrics,
      count(name) {
        if (name === 'lr_kafka_rebalances_total') seen.joins += 1
        if (name === 'lr_dlq_records_total') seen.deadLetters += 1
        if (name === 'lr_worker_retries_refused_total') seen.refused += 1
      },
      set(name, { state }, value) {
        if (name === 'lr_worker_breaker_state' && value === 1) seen.states.push({ state: String(state), calls: seen.calls.length })
      },
    },
  })
  const members: RunningMember[] = []
  t.teardown(async () => {
    await Promise.all(members.map((member) => member.stop()))
    await Promise.all([setUp.close(), kafka.close()])
  })
  const running = new Set<string>()
  const caller = worker({
    ...options,
    name: 'caller',
    input: items,
    outputs: [totals],
    concurrency: 2,
    deadlineMs: 5_000,
    async handle({ value, key }) {
      if (running.has(key)) throw new Error(`two at once for ${key}`)
      running.add(key)
      const first = !seen.calls.some(({ seq }) => seq === value.seq)
      const ok = !seen.down && !(seen.shaky && first)
      seen.calls.push({ key, seq: value.seq, ok, at: performance.now() })
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(key)
      if (!ok) throw new Error('the outside is away')
      return done([emit(totals, { seq: value.seq, count: 0, sum: 0, by: key })])
    },
  })
  const producer = setUp.producer()
  const send = async (from: number, to: number, keys: number) => {
    for (let seq = from; seq < to; seq += 1) await producer.send(items, `lead:${seq % keys}`, { seq, amount: 1, wish: '' })
  }
  const start = async (attempts: number) => {
    const onFatal = (error: Error) => seen.fatal.push(error)
    const member = await kafka.runWorker({ group: 'work', worker: caller, attempts, sessionTimeoutMs: 6_000, onFatal })
    members.push(member)
    return member
  }
  const results = async () => {
    const found: Sum[] = []
    await setUp.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => found.push(value as Sum))
    return found
  }
  const lag = async () => (await setUp.lag('work', [items])).reduce((sum, one) => sum + Number(one.lag), 0)
  return { kafka: setUp, seen, send, start, results, lag }
}

const upTo = (end: number) => Array.from({ length: end }, (_, seq) => seq)
const inOrder = (numbers: readonly number[]) => numbers.every((seq, index) => index === 0 || seq > (numbers[index - 1] as number))

t.test('an outside that is down for a while costs no record, no order and no membership', async (t) => {
  // Open for 300, 600, 1,200, 2,400, 4,800 and then 7,000 ms: the last is longer than the session of the member.
  const breaker = { inARow: 3, openMs: { first: 300, most: 7_000 }, jitter: 0, trials: 1, successes: 2 }
  const { kafka, seen, send, start, results, lag } = await outside(t, { breaker })
  const member = await start(3)
  await send(0, 60, 12)
  await caughtUp(kafka, 'work', [items])
  t.equal(await lag(), 0)

  seen.down = true
  await send(60, 62, 2)
  const openings = () => seen.states.filter(({ state }) => state === 'open')
  await eventually('the breaker opens', () => openings().length === 1)
  await send(62, 160, 12)
  await eventually('the longest open time has passed', () => openings().length === 7)
  t.equal(await lag(), 100, 'the offsets stand where they stood')
  t.strictSame(seen.fatal, [])
  seen.down = false
  await caughtUp(kafka, 'work', [items])

  const [closed, ...changes] = seen.states
  t.equal(closed?.state, 'closed')
  t.strictSame(
    changes.map(({ state }) => state),
    [...Array.from({ length: 7 }, () => ['open', 'half-open']).flat(), 'closed'],
  )
  for (const [index, { state, calls }] of changes.entries())
    if (state === 'half-open') t.equal(calls, changes[index - 1]?.calls, 'no call begins while it is open')
  const failed = seen.calls.filter(({ ok }) => !ok)
  t.equal(failed.length, 9, 'three opened it, six trials kept it open')
  t.ok(
    upTo(160).some((seq) => failed.filter((call) => call.seq === seq).length > 3),
    'a record is called more often than a process would end for',
  )
  const found = await results()
  t.strictSame(
    found.map(({ seq }) => seq).sort((a, b) => a - b),
    upTo(160),
    'each result is there once',
  )
  for (let key = 0; key < 12; key += 1) {
    const own = seen.calls.filter((call) => call.key === `lead:${key}` && call.ok).map(({ seq }) => seq)
    t.ok(inOrder(own) && own.length > 0, `calls for lead:${key} are in order`)
    t.ok(inOrder(found.filter(({ by }) => by === `lead:${key}`).map(({ seq }) => seq)), `results of lead:${key} are in order`)
  }
  t.strictSame([seen.joins, seen.deadLetters, seen.fatal.length], [1, 0, 0])
  t.equal(await member.stop(), true)
})

t.test('a member stops at once while its breaker is open, and the next one does all that was left', async (t) => {
  const { kafka, seen, send, start, results, lag } = await outside(t, { breaker: { inARow: 3, openMs: { first: 600_000, most: 600_000 } } })
  seen.down = true
  const member = await start(5)
  await send(0, 40, 8)
  await eventually('the breaker opens', () => seen.states.at(-1)?.state === 'open')
  t.equal(await member.stop(), true, 'within its budget')
  t.equal(await lag(), 40)
  seen.down = false
  const next = await start(5)
  await caughtUp(kafka, 'work', [items])
  t.strictSame(
    (await results()).map(({ seq }) => seq).sort((a, b) => a - b),
    upTo(40),
  )
  t.strictSame([seen.deadLetters, seen.fatal.length], [0, 0])
  t.equal(await next.stop(), true)
})

t.test('retries wait for budget and do not fail for want of it', async (t) => {
  const { kafka, seen, send, start, results } = await outside(t, {
    breaker: { inARow: 1_000, leastCalls: 50 },
    retryBudget: { share: 0, perSecond: 10, most: 1 },
  })
  seen.shaky = true
  await send(0, 21, 21)
  const begun = performance.now()
  const member = await start(2)
  await caughtUp(kafka, 'work', [items])
  t.equal(seen.calls.length, 42, 'each record twice')
  t.ok(Math.max(...seen.calls.map(({ at }) => at)) - begun >= 2_000, 'one retry at once, the other twenty ten a second')
  t.ok(seen.refused > 0 && seen.refused <= 20)
  t.strictSame(
    (await results()).map(({ seq }) => seq).sort((a, b) => a - b),
    upTo(21),
  )
  t.strictSame(seen.fatal, [])
  t.equal(await member.stop(), true)
})
