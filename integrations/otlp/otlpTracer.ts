/**
 * Sends spans to a collector as OTLP over HTTP in JSON. A collector that is down or slow stops nobody: a bounded number
 * of spans waits, what comes beyond it is dropped, and both losses are counted.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import type { HrTime, SpanContext } from '@opentelemetry/api'
import { ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { Resource } from '@opentelemetry/resources'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Span, TraceContext, Tracer } from '../../runtime/tracing.ts'
import { traceMetrics } from './traceMetrics.ts'

export interface OtlpTracerOptions {
  /** Base URL of the collector; spans go to `<endpoint>/v1/traces`. */
  readonly endpoint: string
  /** Share of new traces that are sampled, 0 to 1. */
  readonly ratio: number
  /** Names the process in every span: `service.name` and `service.version`. */
  readonly service: { readonly name: string; readonly version: string }
  readonly metrics: Registry
  readonly logger: Pick<Logger, 'info' | 'warn'>
}

export interface OtlpTracer extends Tracer {
  /** Sends what waits, for at most `budgetMs`; what is left then is dropped and counted. Never rejects. */
  close(budgetMs: number): Promise<void>
}

/** 2,048 spans of some 2 kB as objects: 4 MB of memory while a collector is away. */
const MAX_WAITING_SPANS = 2_048
const MAX_REQUEST_SPANS = 256
/** Spans wait this long for company, ms. */
const LINGER_MS = 1_000
/** An export that takes longer is given up, its repetitions included, ms. */
const EXPORT_MS = 5_000
/** The clock of the process and the wall clock may part by this much before spans follow the wall clock, ms. */
const MAX_DRIFT_MS = 5

/** A tracer that exports in the background. */
export function otlpTracer({ endpoint, ratio, service, metrics, logger }: OtlpTracerOptions): OtlpTracer {
  const count = traceMetrics(metrics)
  const resource = resourceFromAttributes({ 'service.name': service.name, 'service.version': service.version })
  const target = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const inner = new OTLPTraceExporter({ url: target, timeoutMillis: EXPORT_MS })
  let waiting = 0
  let closed = false
  let away = false

  const exporter: SpanExporter = {
    export(spans, done) {
      inner.export(spans, (result) => {
        const taken = result.code === ExportResultCode.SUCCESS
        // Counted as dropped already when the process did not wait for the answer.
        if (!closed) {
          waiting -= spans.length
          count(taken ? 'exported' : 'refused', spans.length)
          if (!taken && !away) logger.warn({ collector: target, err: result.error }, 'the collector takes no spans: they are dropped')
          if (taken && away) logger.info({ collector: target }, 'the collector takes spans again')
          away = !taken
        }
        done(result)
      })
    },
    shutdown: () => inner.shutdown(),
  }
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING_SPANS,
    maxExportBatchSize: MAX_REQUEST_SPANS,
    scheduledDelayMillis: LINGER_MS,
    // The exporter has given up before; this is for one that does not.
    exportTimeoutMillis: 2 * EXPORT_MS,
  })
  let offsetMs = Date.now() - performance.now()

  return {
    ratio,
    now() {
      const wall = Date.now()
      const at = performance.now() + offsetMs
      if (Math.abs(wall - at) <= MAX_DRIFT_MS) return at
      offsetMs += wall - at
      return wall
    },
    report(span) {
      if (!span.context.sampled) return
      if (closed || waiting >= MAX_WAITING_SPANS) return count('dropped', 1)
      waiting += 1
      processor.onEnd(readable(span, resource, service.version))
    },
    async close(budgetMs) {
      const timer = new AbortController()
      // A refusal is counted where the answer comes in.
      const flushed = processor.shutdown().catch(() => undefined)
      const late = delay(budgetMs, undefined, { signal: timer.signal }).catch(() => undefined)
      await Promise.race([flushed, late])
      timer.abort()
      closed = true
      if (waiting > 0) count('dropped', waiting)
    },
  }
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const satisfies Record<Span['kind'], SpanKind>

function readable(span: Span, resource: Resource, version: string): ReadableSpan {
  const { name, kind, context, parent, links, startMs, attributes, events, failed } = span
  const own = contextOf(context)
  const endMs = Math.max(startMs, span.endMs)
  return {
    name,
    kind: kinds[kind],
    spanContext: () => own,
    ...(parent === undefined ? {} : { parentSpanContext: { ...contextOf(parent), isRemote: true } }),
    startTime: timeOf(startMs),
    endTime: timeOf(endMs),
    duration: timeOf(endMs - startMs),
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes,
    links: links.map((link) => ({ context: contextOf(link) })),
    events: events.map((event) => ({ name: event.name, time: timeOf(event.atMs) })),
    ended: true,
    resource,
    instrumentationScope: { name: 'rekindle', version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function contextOf({ traceId, spanId, sampled }: TraceContext): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE }
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)]
}
