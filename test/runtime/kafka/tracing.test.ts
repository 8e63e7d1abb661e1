/**
 * Traces through groups of their own on a real broker: stage, stage, worker and sink give one tree at the collector, and a
 * collector that hangs or refuses changes nothing of what is written.
 */
import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { otlpTracer } from '../../../integrations/otlp/otlpTracer.ts'
import type { OtlpTracer } from '../../../integrations/otlp/otlpTracer.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection, RunningMember } from '../../../runtime/kafka/connectKafka.ts'
import { deterministicId } from '../../../runtime/ids.ts'
import { emit } from '../../../runtime/outcome.ts'
import { sink } from '../../../runtime/sink.ts'
import { done, worker } from '../../../runtime/worker.ts'
import { startCollector, treeOf } from '../../support/collector.ts'
import type { CollectedSpan, Collector } from '../../support/collector.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, sums, totaller, totals, world } from './fixtures.ts'

t.setTimeout(240_000)

const unexpected = (error: Error) => {
  throw error
}
const echo = worker({
  name: 'echo',
  input: totals,
  outputs: [sums],
  concurrency: 4,
  deadlineMs: 60_000,
  handle: async ({ value }) => (value.by === 'adder' ? done([emit(sums, { ...value, by: 'echo' })]) : done()),
})
/** Closes the circle of the world: what the worker writes is totalled, and answered no more. */
const split = [
  { group: 'add', stages: [adder] },
  { group: 'total', stages: [totaller] },
  { group: 'answer', inputs: [totals] },
  { group: 'store', inputs: [totals] },
]
const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
const KEYS = ['ann', 'bob', 'cat']
const RECORDS = 12
/** Of now: the broker looks once a minute for what is older than its topic keeps, and deletes it before it is read. */
const began = Date.now()
const traceIdOf = (seq: number) => (seq + 1).toString(16).padStart(32, 'a')
const producerId = 'b7ad6b7169203331'

function tracerTo(collector: Collector, role: string): OtlpTracer {
  const quiet = pino({ level: 'silent' })
  return otlpTracer({ endpoint: collector.url, ratio: 1, service: { name: role, version: '0' }, metrics: new Registry(), logger: quiet })
}

/** A connection of a process of its own. */
function connect(stack: TestStack, tracer: OtlpTracer | undefined): Promise<KafkaConnection> {
  const { kafkaBrokers: brokers, registryUrl, prefix: topicPrefix } = stack
  return connectKafka({ brokers, clientId: 'traced', topicPrefix, registryUrl, logger, tracer })
}

async function sendItems(kafka: KafkaConnection, flag: '00' | '01' = '01'): Promise<void> {
  const producer = kafka.producer()
  for (let seq = 0; seq < RECORDS; seq++) {
    const headers = { traceparent: `00-${traceIdOf(seq)}-${producerId}-${flag}`, ce_id: deterministicId('item', seq) }
    await producer.send(items, KEYS[seq % KEYS.length] as string, { seq, amount: 1, wish: '' }, { headers, timestamp: began + seq })
  }
}

t.test('stages, a worker and a sink in processes of their own give one tree for each record', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, split)
  const collector = await startCollector()
  const tracers = ['add', 'total', 'answer', 'store'].map((role) => tracerTo(collector, role))
  const connections = await Promise.all(tracers.map((tracer) => connect(stack, tracer)))
  t.teardown(async () => {
    await Promise.all([kafka, ...connections].map((each) => each.close()))
    await collector.close()
  })
  await sendItems(kafka)
  let stored = 0
  const shelf = sink({
    name: 'shelf',
    topics: [totals],
    batch: { maxRecords: 100, maxMs: 50 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    write: async ([batch]) => void (stored += batch?.records.length ?? 0),
  })
  const [adding, totalling, answering, storing] = connections as [KafkaConnection, KafkaConnection, KafkaConnection, KafkaConnection]
  const running: RunningMember[] = await Promise.all([
    adding.runStages({ group: 'add', stages: [adder], onFatal: unexpected }),
    totalling.runStages({ group: 'total', stages: [totaller], onFatal: unexpected }),
    answering.runWorker({ group: 'answer', worker: echo, onFatal: unexpected }),
    storing.runSink({ group: 'store', sink: shelf, onFatal: unexpected }),
  ])
  await eventually('both totals of every item are stored', () => stored === 2 * RECORDS)
  for (const [group, input] of [
    ['add', items],
    ['total', sums],
    ['answer', totals],
  ] as const)
    await caughtUp(kafka, group, [input])
  t.strictSame(await Promise.all(running.map((member) => member.stop())), [true, true, true, true])
  await Promise.all(tracers.map((tracer) => tracer.close(60_000)))

  for (let seq = 0; seq < RECORDS; seq++) {
    const spans = collector.spans.filter(({ traceId }) => traceId === traceIdOf(seq))
    // The sink and the worker read the same record: which of the two is first is nobody's promise.
    t.strictSame(
      treeOf(spans, producerId).sort(),
      [
        'process items [adder next]',
        '  process sums [totaller next]',
        '    process totals [echo done]',
        '    process totals [shelf stored]',
        '      process sums [totaller next]',
        '        process totals [echo done]',
        '        process totals [shelf stored]',
      ].sort(),
      `the tree of item ${seq}`,
    )
    t.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length, 'each span once')
    t.equal(new Set(spans.map(({ service }) => service)).size, 4, 'over four processes')
  }
  const batches = collector.spans.filter(({ name }) => name.startsWith('poll '))
  const linked = new Set(batches.flatMap(({ links }) => links))
  t.equal(
    batches.every(({ kind, parentSpanId, links }) => kind === 3 && parentSpanId === '' && links.length > 0),
    true,
  )
  t.strictSame(
    collector.spans.filter(({ name, spanId }) => name.startsWith('process ') && !linked.has(spanId)).map(({ spanId }) => spanId),
    [],
    'every record is linked from its batch',
  )
  const first = collector.spans.find(({ name }) => name === 'process items') as CollectedSpan
  t.match(first, {
    kind: 5,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': 'items',
      'messaging.consumer.group.name': 'add',
      'messaging.operation.type': 'process',
      'messaging.kafka.offset': Number,
      'rekindle.lead_id': /^(ann|bob|cat)$/,
    },
  })
  t.match(first.attributes['messaging.destination.partition.id'], /^[0-3]$/)
})

t.test('with a collector that hangs, or refuses, the pipeline writes what it writes without tracing', async (t) => {
  const written: string[][] = []
  for (const mode of [undefined, 'hangs', 'refuses'] as const) {
    const stack = await testStack(t)
    const collector = await startCollector(mode)
    const tracer = mode === undefined ? undefined : tracerTo(collector, 'line')
    const kafka = await world(stack)
    const line = await connect(stack, tracer)
    t.teardown(async () => {
      await Promise.all([kafka.close(), line.close()])
      await collector.close()
    })
    await sendItems(kafka)
    const member = await line.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
    await caughtUp(kafka, 'line', [items])
    // Not before the collector was asked: what is compared is a line with an export under way.
    if (mode !== undefined) await eventually('the collector is asked', () => collector.requests > 0)
    t.equal(await member.stop(), true)
    await tracer?.close(10)
    t.strictSame(collector.spans, [])
    const found: string[] = []
    const until = new AbortController()
    // What is missing is to be seen.
    const late = setTimeout(() => until.abort(), 60_000)
    await kafka.tail(
      totals,
      { from: 'beginning', signal: until.signal },
      ({ key, value, headers: { traceparent, ...headers }, timestamp }) => {
        found.push(JSON.stringify([key, value, timestamp, Object.entries(headers).sort(), traceparent?.slice(0, 35)]))
        if (found.length === RECORDS) until.abort()
      },
    )
    clearTimeout(late)
    if (found.length !== RECORDS) t.comment(`${mode ?? 'untraced'}: ${JSON.stringify(await kafka.lag('line', [items, sums]), bigints)}`)
    written.push(found.sort())
  }
  const [untraced, hanging, refusing] = written
  t.equal(untraced?.length, RECORDS)
  t.strictSame(hanging, untraced)
  t.strictSame(refusing, untraced)
})

t.test('a trace that is not sampled makes no span on any hop', async (t) => {
  const stack = await testStack(t)
  const collector = await startCollector()
  const tracer = tracerTo(collector, 'line')
  const kafka = await world(stack)
  const line = await connect(stack, tracer)
  t.teardown(async () => {
    await Promise.all([kafka.close(), line.close()])
    await collector.close()
  })
  await sendItems(kafka, '00')
  const member = await line.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  await caughtUp(kafka, 'line', [items])
  t.equal(await member.stop(), true)
  await tracer.close(60_000)
  t.strictSame(collector.spans, [])
})
