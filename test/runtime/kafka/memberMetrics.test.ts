/** What members of every kind and producers tell as metrics, against a real broker: counts from arithmetic, times within bounds. */
import { randomBytes } from 'node:crypto'
import { Registry } from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { RunningMember } from '../../../runtime/kafka/stageMember.ts'
import { runtimeMetrics } from '../../../runtime/metrics.ts'
import { passOver, sink } from '../../../runtime/sink.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, partitions, topics, totaller, world } from './fixtures.ts'

t.setTimeout(180_000)

const SENT = 3
const unexpected = (error: Error) => {
  throw error
}

/** A connection that tells its metrics, the topics of the small world, and `SENT` records on one of them. */
async function told(t: Test) {
  const stack = await testStack(t)
  const setUp = await world(stack, [
    { group: 'line', stages: [adder, totaller] },
    { group: 'store', inputs: [items] },
  ])
  const registry = new Registry()
  const { kafkaBrokers: brokers, registryUrl, prefix: topicPrefix } = stack
  const kafka = await connectKafka({ brokers, clientId: 'told', topicPrefix, registryUrl, logger, metrics: runtimeMetrics(registry) })
  await kafka.registerSchemas(topics)
  t.teardown(() => Promise.all([setUp.close(), kafka.close()]))
  const producer = kafka.producer()
  for (let seq = 0; seq < SENT; seq += 1) await producer.send(items, `lead:${seq}`, { seq, amount: 1, wish: '' })
  const values = async (name: string): Promise<Record<string, number>> => {
    const lines = (await registry.metrics()).matchAll(/^(\w+)\{([^}]*)\} (\S+)$/gm)
    return Object.fromEntries([...lines].filter(([, own]) => own === name).map(([, , labels, value]) => [labels, Number(value)]))
  }
  return { kafka, producer, values }
}

type Told = Awaited<ReturnType<typeof told>>

/**
 * Runs a member until it has done everything, and says whether the time of its tasks adds up: each was made after the start and before
 * all were ready, and let go before the stop had ended.
 */
async function timed(t: Test, { kafka, values }: Told, group: string, start: () => Promise<RunningMember>) {
  const began = performance.now()
  const member = await start()
  await eventually('every task works', () => member.ready.length === partitions)
  const ready = performance.now()
  await caughtUp(kafka, group, [items])
  const running = `group="${group}",state="running"`
  await eventually('it tells its tasks', async () => (await values('lr_task_states'))[running] === partitions)
  t.equal((await values('lr_task_states'))[`group="${group}",state="restoring"`], 0)
  const asked = performance.now()
  t.equal(await member.stop(), true)
  const ended = performance.now()
  const phases: Record<string, number> = Object.fromEntries(
    Object.entries(await values('lr_task_time_seconds_total')).map(([labels, seconds]) => [
      /phase="(\w+)"/.exec(labels)?.[1] ?? '',
      seconds,
    ]),
  )
  const sumMs = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0) * 1_000
  t.ok(sumMs <= partitions * (ended - began) + 1, `${sumMs} ms of ${partitions} tasks in ${ended - began} ms`)
  t.ok(sumMs >= partitions * (asked - ready) - 1, `${sumMs} ms of ${partitions} tasks that worked ${asked - ready} ms`)
  return { phases, sumMs }
}

t.test('a producer counts each record once, as stored or as refused, with the time of each', async (t) => {
  const { producer, values } = await told(t)
  // Compressed, a batch may hold more than it may hold on the wire.
  const tooLarge = randomBytes(2 << 20).toString('base64')
  await t.rejects(producer.send(items, 'lead:1', { seq: 0, amount: 1, wish: tooLarge }), { code: 'E_RECORD_TOO_LARGE' })
  t.strictSame(await values('lr_kafka_produced_total'), { 'topic="items",outcome="stored"': SENT, 'topic="items",outcome="refused"': 1 })
  t.strictSame(await values('lr_kafka_produce_duration_seconds_count'), { 'topic="items"': SENT + 1 })
})

t.test('stages tell what they did with records, their tasks, and where the time of these went', async (t) => {
  const own = await told(t)
  const { kafka, values } = own
  const run = () => kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  const { phases, sumMs } = await timed(t, own, 'line', run)
  t.strictSame((await values('lr_kafka_consumed_total'))['group="line",topic="items",outcome="processed"'], SENT)
  t.strictSame(await values('lr_stage_outputs_total'), { 'stage="adder",topic="sums"': SENT, 'stage="totaller",topic="totals"': SENT })
  t.equal((await values('lr_transaction_records_sum'))['group="line"'], SENT, 'each input is in one transaction')
  const [restore = -1] = Object.values(await values('lr_task_restore_seconds'))
  t.ok(restore > 0 && restore <= (phases['restore'] ?? 0), `restored within ${restore} s of ${phases['restore']}`)
  for (const phase of ['idle', 'restore', 'poll', 'decode', 'fold', 'encode', 'produce', 'commit', 'state'])
    t.ok((phases[phase] ?? 0) > 0, `${phase}: ${phases[phase]} s of ${sumMs} ms`)
})

t.test('a sink tells what it stored, its tasks, and where the time of these went', async (t) => {
  const own = await told(t)
  const { kafka, values } = own
  const kept = sink({
    name: 'kept',
    topics: [items],
    batch: { maxRecords: 10, maxMs: 20 },
    passesOver: [passOver(items, ['seq'], ({ seq }) => seq === 0)],
    exactlyOnce: { kind: 'deterministic-blocks' },
    write: () => new Promise((resolve) => setImmediate(resolve)),
  })
  const { phases } = await timed(t, own, 'store', () => kafka.runSink({ group: 'store', sink: kept, onFatal: unexpected }))
  t.strictSame(await values('lr_sink_records_total'), { 'sink="kept",topic="items"': SENT - 1 })
  t.strictSame(await values('lr_kafka_consumed_total'), {
    'group="store",topic="items",outcome="processed"': SENT - 1,
    'group="store",topic="items",outcome="passed_over"': 1,
  })
  for (const phase of ['idle', 'restore', 'poll', 'decode', 'linger', 'write', 'produce', 'commit'])
    t.ok((phases[phase] ?? 0) > 0, `${phase}: ${phases[phase]} s`)
})
