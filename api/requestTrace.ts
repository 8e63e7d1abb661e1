/**
 * The W3C trace context of a delivery: taken over when it is well formed, begun otherwise, so that every record has one.
 * With a tracer the request is a span of that trace, and the record carries its id.
 */
import { randomBytes } from 'node:crypto'
import { contextIn, isSampled, traceparentOf } from '../runtime/tracing.ts'
import type { TraceContext, Tracer } from '../runtime/tracing.ts'

export interface RequestTrace {
  /** For the headers of what the request stores. */
  readonly traceparent: string
  /** Reports the span, once the status of the answer is known. */
  end(status: number): void
}

/** `header` is the value of `traceparent` as received. @source w3.org/TR/trace-context */
export function requestTrace(header: string | string[] | undefined, route: string, tracer: Tracer | undefined): RequestTrace {
  const parent = typeof header === 'string' ? contextIn(header) : undefined
  if (tracer === undefined) return { traceparent: traceparentOf(parent ?? begun(undefined, 1)), end: () => undefined }
  const context = begun(parent, tracer.ratio)
  const startMs = tracer.now()
  return {
    traceparent: traceparentOf(context),
    end(status) {
      if (!context.sampled) return
      tracer.report({
        name: `POST ${route}`,
        kind: 'server',
        context,
        parent,
        links: [],
        startMs,
        endMs: tracer.now(),
        attributes: { 'http.request.method': 'POST', 'http.route': route, 'http.response.status_code': status },
        events: [],
        failed: status >= 500,
      })
    },
  }
}

function begun(parent: TraceContext | undefined, ratio: number): TraceContext {
  const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
  return { traceId, spanId: randomBytes(8).toString('hex'), sampled: parent?.sampled ?? isSampled(traceId, ratio) }
}
