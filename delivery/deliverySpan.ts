/**
 * The spans of a follow-up on its way out. They belong to the trace of the decision, also when it is due days later, and
 * say how it ended, never what it says.
 */
import type { OutboxEntry } from '../sinks/postgres/outbox.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { deliveries } from '../topics/index.ts'
import { hopOf, traceFields, traceparentOf } from '../runtime/tracing.ts'
import type { Tracer } from '../runtime/tracing.ts'

/** Does the work as a span; `work` answers what came of it. */
export async function delivering(tracer: Tracer | undefined, row: LedgerRow, work: () => Promise<string>): Promise<void> {
  if (tracer === undefined) {
    await work()
    return
  }
  const startMs = tracer.now()
  const hop = hopOf(row.traceparent ?? undefined, tracer.ratio, 'delivery', row.followupId, row.sequence)
  let outcome = 'failed'
  try {
    outcome = await work()
  } finally {
    tracer.report({
      name: `deliver ${row.action}`,
      kind: 'client',
      ...hop,
      links: [],
      startMs,
      endMs: tracer.now(),
      attributes: {
        'rekindle.stage': 'delivery',
        'rekindle.outcome': outcome,
        'rekindle.lead_id': row.leadId,
        'rekindle.followup_id': row.followupId,
      },
      events: [],
      failed: outcome === 'failed' || outcome === 'refused' || outcome === 'unknown',
    })
  }
}

/** Publishes an entry of the outbox; `send` is given the headers of the record. */
export async function publishing(
  tracer: Tracer | undefined,
  entry: OutboxEntry,
  send: (headers: Readonly<Record<string, string>>) => Promise<unknown>,
): Promise<void> {
  const { traceparent, leadId, delivery } = entry
  if (tracer === undefined) {
    await send(traceparent === null ? {} : { traceparent })
    return
  }
  const startMs = tracer.now()
  const hop = hopOf(traceparent ?? undefined, tracer.ratio, 'relay', delivery.deliveryId)
  await send({ traceparent: traceparentOf(hop.context) })
  tracer.report({
    name: `send ${deliveries.name}`,
    kind: 'producer',
    ...hop,
    links: [],
    startMs,
    endMs: tracer.now(),
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': deliveries.name,
      'rekindle.stage': 'relay',
      'rekindle.outcome': delivery.status,
      'rekindle.lead_id': leadId,
      'rekindle.followup_id': delivery.followupId,
    },
    events: [],
    failed: false,
  })
}

/** `trace_id` for a log line about a follow-up. */
export function rowTrace(tracer: Tracer | undefined, row: LedgerRow): { trace_id?: string } {
  return tracer === undefined ? {} : traceFields(row.traceparent ?? undefined)
}
