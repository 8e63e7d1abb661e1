/**
 * Reports what a unit did in one batch: the spans of its sampled records, and one for the batch itself, a trace of its own
 * that links to them. Called after the commit, so that each record has its span once; of a batch that failed only the
 * batch is reported, for its records come again.
 */
import { randomBytes } from 'node:crypto'
import { recordAttributes } from './tracing.ts'
import type { Span, SpanAttributes, Tracer } from './tracing.ts'

/** Links of one batch span; the attribute beside them says how many records there were. */
export const MAX_LINKS = 32

export interface BatchOutline {
  /** Of records: their topics; of timers: none. */
  readonly topics: readonly string[]
  readonly partition: number
  readonly group: string
  /** Records or timers, sampled or not. */
  readonly count: number
  readonly startMs: number
  /** When the folds, the work or the waiting was over and the commit began, ms. */
  readonly workedMs: number
  readonly failed: boolean
}

/** Reports nothing when no record was sampled. */
export function reportBatch(tracer: Tracer, spans: readonly Span[], batch: BatchOutline): void {
  if (spans.length === 0) return
  const { topics, partition, group, count, startMs, workedMs, failed } = batch
  const topic = topics.join(', ')
  if (!failed) for (const span of spans) tracer.report(span)
  const endMs = tracer.now()
  const attributes: SpanAttributes = {
    ...(topics.length === 0
      ? { 'messaging.consumer.group.name': group }
      : recordAttributes({ topic, partition, group, operation: 'poll' })),
    'messaging.batch.message_count': count,
    'rekindle.outcome': failed ? 'failed' : 'committed',
  }
  tracer.report({
    name: topics.length === 0 ? `timers ${group}` : `poll ${topic}`,
    kind: topics.length === 0 ? 'internal' : 'client',
    context: { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex'), sampled: true },
    parent: undefined,
    // A hop in memory is found through the record that began it.
    links: spans
      .filter(({ attributes: of }) => of['rekindle.handed_over'] === undefined)
      .slice(0, MAX_LINKS)
      .map(({ context }) => context),
    startMs,
    endMs,
    attributes,
    events: [
      { name: 'worked', atMs: workedMs },
      { name: failed ? 'failed' : 'committed', atMs: endMs },
    ],
    failed,
  })
}
