/** Timers against the real broker: what many of them write at once has to fit into what the broker takes. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { RunningMember } from '../../../runtime/kafka/stageMember.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { emit, next, timer } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { testStack } from '../../support/stack.ts'
import { caughtUp, eventually, items, logger, partitions, sums, Sum, topics, world } from './fixtures.ts'

const TIMERS = 400
const BYTES = 20_000
/** What a transaction may write to one partition; 8 MB are due, and the broker takes batches of 1 MB. */
const MOST = 800_000
const began = Date.now() - 60_000
const dueAt = began + 30_000

/** Text that no codec makes smaller than half: hexadecimal digits of digests. */
const noises = Array.from({ length: TIMERS }, (_, seed) => {
  const blocks = Array.from({ length: BYTES / 64 + 1 }, (_, block) => createHash('sha256').update(`${seed} ${block}`).digest('hex'))
  return blocks.join('').slice(0, BYTES)
})

const waiting = stage({
  name: 'waiting',
  state: Sum,
  on: [
    from(items, (_: Sum | undefined, { value: { seq } }) =>
      next({ seq, count: 0, sum: 0, by: '' }, { timers: [timer('due').at(dueAt + seq)] }),
    ),
  ],
  timer: (state: Sum) => next({ ...state, count: state.count + 1 }, { emit: [emit(sums, { ...state, by: noises[state.seq] ?? '' })] }),
  outputs: [sums],
})

t.test('what many timers write at once is split into transactions that the broker takes: each fires once, in order', async (t) => {
  const stack = await testStack(t)
  const setUp = await world(stack, [{ group: 'line', stages: [waiting] }])
  const seen = { transactions: 0, failed: 0, fired: 0 }
  const options = { brokers: stack.kafkaBrokers, clientId: 'timers', topicPrefix: stack.prefix, registryUrl: stack.registryUrl }
  const kafka = await connectKafka({
    ...{ ...options, logger },
    metrics: {
      ...noMetrics,
      count(name, _, by = 1) {
        if (name === 'lr_transactions_failed_total') seen.failed += by
        if (name === 'lr_timers_fired_total') seen.fired += by
      },
      observe: (name) => void (seen.transactions += name === 'lr_transaction_duration_seconds' ? 1 : 0),
    },
  })
  await kafka.registerSchemas(topics)
  const members: RunningMember[] = []
  t.teardown(async () => {
    // Also after a failure: a member that goes on keeps the file from ending.
    await Promise.all(members.map((each) => each.stop()))
    await Promise.all([setUp.close(), kafka.close()])
  })
  const producer = setUp.producer()
  let seq = 0
  for (let n = 0; seq < TIMERS; n += 1)
    if (partitionOf(`lead:${n}`, partitions) === 0) void producer.send(items, `lead:${n}`, { seq: seq++, amount: 0, wish: '' })
  await producer.close()
  const run = async (now: number) => {
    const onFatal = (error: Error) => void t.fail(error.message)
    const started = await kafka.runStages({ group: 'line', stages: [waiting], maxBytes: MOST, now: () => now, onFatal })
    members.push(started)
    return started
  }

  const before = await run(began)
  await caughtUp(kafka, 'line', [items])
  await before.stop()
  t.equal(seen.fired, 0)
  seen.transactions = 0
  const member = await run(dueAt + TIMERS)
  await eventually('all timers fire', () => seen.fired >= TIMERS, 20_000)
  t.equal(await member.stop(), true)

  const written: number[] = []
  await kafka.tail(sums, { from: 'beginning', untilEnd: true }, ({ value }) => {
    const { seq: of, by } = value as Sum
    if (by !== noises[of]) t.fail(`${of} was written as something else`)
    written.push(of)
  })
  t.strictSame(
    written,
    Array.from({ length: TIMERS }, (_, index) => index),
  )
  t.ok(seen.transactions >= (TIMERS * BYTES) / MOST, `${seen.transactions} transactions`)
  t.ok(seen.transactions < TIMERS / 2, 'as many timers as fit go together')
  t.strictSame([seen.failed, seen.fired], [0, TIMERS])
})
