/** The spans of the sampled records of a batch that a sink stored. They are stored together, so they share its time. */
import type { Sink, SinkBatch } from '../sink.ts'
import { hopOf, recordAttributes } from '../tracing.ts'
import type { Span, Tracer } from '../tracing.ts'

export interface StoredBatch {
  readonly sink: Sink
  readonly group: string
  readonly batch: SinkBatch
  /** ms since the epoch. */
  readonly startMs: number
  readonly endMs: number
}

export function sinkSpans({ ratio }: Pick<Tracer, 'ratio'>, { sink, group, batch, startMs, endMs }: StoredBatch): Span[] {
  const { topic, partition } = batch
  return batch.records.flatMap(({ key, offset, headers }): Span[] => {
    const hop = hopOf(headers['traceparent'], ratio, sink.name, key, topic.name, partition, String(offset))
    if (!hop.context.sampled) return []
    const attributes = {
      ...recordAttributes({ topic: topic.name, partition, group, operation: 'process' }),
      'messaging.kafka.offset': Number(offset),
      ...(topic.key === 'lead' ? { 'rekindle.lead_id': key } : {}),
      'rekindle.stage': sink.name,
      'rekindle.outcome': 'stored',
    }
    return [{ name: `process ${topic.name}`, kind: 'consumer', ...hop, links: [], startMs, endMs, attributes, events: [], failed: false }]
  })
}
