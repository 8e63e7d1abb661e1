/** What became of the spans of a process: exporting them may fail, and then they are dropped, so that is counted. */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'

/** `exported` the collector has; `refused` it did not take in time; `dropped` never reached it, because too many waited. */
export type SpanOutcome = 'exported' | 'refused' | 'dropped'

export const traceMetricCatalogue = {
  lr_trace_spans_total: { help: 'Spans of sampled records and requests by what became of them.', labels: ['outcome'] },
} as const

/** Registers the counter; every outcome begins at 0, so that the first loss is a rise. */
export function traceMetrics(registry: Registry): (outcome: SpanOutcome, spans: number) => void {
  const { help, labels } = traceMetricCatalogue.lr_trace_spans_total
  const spans = new Counter({ name: 'lr_trace_spans_total', help, labelNames: [...labels], registers: [registry] })
  for (const outcome of ['exported', 'refused', 'dropped'] as const) spans.inc({ outcome }, 0)
  return (outcome, by) => spans.inc({ outcome }, by)
}
