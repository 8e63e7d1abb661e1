/**
 * The W3C trace context of a delivery: taken over when it is well formed, begun otherwise, so that every record has one.
 * With a tracer the request is a span of that trace, and the record carries its id.
 */
import { randomBytes } from 'node:crypto'
import { contextIn, isSampled, traceparentOf, TRACESTATE_CHARACTERS } from '../runtime/tracing.ts'
import type { TraceContext, Tracer } from '../runtime/tracing.ts'

type ReceivedHeaders = Readonly<Record<string, string | string[] | undefined>>

export interface RequestTrace {
  /** For the headers of what the request stores. `tracestate` is that of the sender, only beside a context that was taken over. */
  readonly headers: { readonly traceparent: string; readonly tracestate?: string }
  /** Reports the span, once the status of the answer is known. */
  end(status: number): void
}

/** The headers as received; several `tracestate` are one list. @source w3.org/TR/trace-context */
export function requestTrace(received: ReceivedHeaders, route: string, tracer: Tracer | undefined): RequestTrace {
  const { traceparent } = received
  const parent = typeof traceparent === 'string' ? contextIn(traceparent) : undefined
  const state = parent === undefined ? undefined : stateIn(received['tracestate'])
  const headersFor = (context: TraceContext) => ({
    traceparent: traceparentOf(context),
    ...(state === undefined ? {} : { tracestate: state }),
  })
  if (tracer === undefined) return { headers: headersFor(parent ?? begun(undefined, 1)), end: () => undefined }
  const context = begun(parent, tracer.ratio)
  const startMs = tracer.now()
  return {
    headers: headersFor(context),
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

function stateIn(received: string | string[] | undefined): string | undefined {
  const list = [received ?? []].flat().join(',')
  return list.length > 0 && list.length <= TRACESTATE_CHARACTERS && /^[ -~\t]+$/.test(list) ? list : undefined
}
