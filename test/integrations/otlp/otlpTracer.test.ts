/** Spans to a collector that takes them, refuses them or hangs: what arrives, what is counted, and that nobody waits. */
import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { otlpTracer } from '../../../integrations/otlp/otlpTracer.ts'
import type { OtlpTracer } from '../../../integrations/otlp/otlpTracer.ts'
import type { Span } from '../../../runtime/tracing.ts'
import { startCollector } from '../../support/collector.ts'
import type { Collector } from '../../support/collector.ts'

t.setTimeout(120_000)

const traceId = '0af7651916cd43dd8448eb211c80319c'
const context = (spanId: string, sampled = true) => ({ traceId, spanId, sampled })
const span = (spanId: string, changes: Partial<Span> = {}): Span => ({
  name: 'process items',
  kind: 'consumer',
  context: context(spanId),
  parent: undefined,
  links: [],
  startMs: 1_764_000_000_123.5,
  endMs: 1_764_000_000_125.25,
  attributes: {},
  events: [],
  failed: false,
  ...changes,
})
const idOf = (index: number) => (index + 1).toString(16).padStart(16, '0')

function open(collector: Collector): { tracer: OtlpTracer; counts(): Promise<Record<string, number>> } {
  const metrics = new Registry()
  const logger = pino({ level: 'silent' })
  const tracer = otlpTracer({ endpoint: `${collector.url}/`, ratio: 1, service: { name: 'test', version: '1.2.3' }, metrics, logger })
  return {
    tracer,
    async counts() {
      const found = (await metrics.getMetricsAsJSON()).find(({ name }) => name === 'lr_trace_spans_total')
      return Object.fromEntries((found?.values ?? []).map(({ labels, value }) => [String(labels['outcome']), value]))
    },
  }
}

t.test('a span arrives as it was: kind, parent, links, times to the microsecond, attributes, service', async (t) => {
  const collector = await startCollector()
  t.teardown(() => collector.close())
  const { tracer, counts } = open(collector)
  tracer.report(
    span(idOf(0), {
      parent: context(idOf(7)),
      links: [context(idOf(8))],
      attributes: { 'messaging.system': 'kafka', 'messaging.kafka.offset': 12, 'rekindle.handed_over': true },
      events: [{ name: 'worked', atMs: 1_764_000_000_124 }],
      failed: true,
    }),
  )
  tracer.report(span(idOf(1), { context: context(idOf(1), false) }))
  await tracer.close(60_000)
  t.strictSame(collector.spans, [
    {
      service: 'test',
      name: 'process items',
      kind: 5,
      traceId,
      spanId: idOf(0),
      parentSpanId: idOf(7),
      links: [idOf(8)],
      attributes: { 'messaging.system': 'kafka', 'messaging.kafka.offset': 12, 'rekindle.handed_over': true },
      start: 1_764_000_000_123_500_000n,
      end: 1_764_000_000_125_250_000n,
    },
  ])
  t.match(collector.bodies[0], /"name":"worked"/)
  t.match(collector.bodies[0], /"code":2/, 'the status is an error')
  t.strictSame(await counts(), { exported: 1, refused: 0, dropped: 0 })
})

t.test('a collector that hangs holds a bounded number of spans and nobody up; the rest is dropped and counted', async (t) => {
  const collector = await startCollector('hangs')
  t.teardown(() => collector.close())
  const { tracer, counts } = open(collector)
  for (let index = 0; index < 3_000; index++) tracer.report(span(idOf(index)))
  t.strictSame(await counts(), { exported: 0, refused: 0, dropped: 3_000 - 2_048 })
  await tracer.close(50)
  t.strictSame(await counts(), { exported: 0, refused: 0, dropped: 3_000 }, 'what waited is counted when the process ends')
  tracer.report(span(idOf(1)))
  t.strictSame(await counts(), { exported: 0, refused: 0, dropped: 3_001 })
})

t.test('what a collector refuses is counted; once it takes spans again they arrive', async (t) => {
  const collector = await startCollector('refuses')
  t.teardown(() => collector.close())
  const { tracer, counts } = open(collector)
  tracer.report(span(idOf(0)))
  const until = Date.now() + 60_000
  while ((await counts())['refused'] !== 1) {
    if (Date.now() > until) throw new Error('the refusal was not counted')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  collector.mode = 'takes'
  tracer.report(span(idOf(1)))
  await tracer.close(60_000)
  t.strictSame(
    collector.spans.map(({ spanId }) => spanId),
    [idOf(1)],
  )
  t.strictSame(await counts(), { exported: 1, refused: 1, dropped: 0 })
})

t.test('the clock of spans is the wall clock, finer', async (t) => {
  const collector = await startCollector()
  t.teardown(() => collector.close())
  const { tracer } = open(collector)
  const before = Date.now()
  const at = tracer.now()
  t.ok(at >= before - 5 && at <= Date.now() + 5)
  await tracer.close(0)
})
