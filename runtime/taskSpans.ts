/**
 * The spans of a task: one for each fold of a sampled record or timer, its hand-overs inside it. What a fold emits carries
 * the id of its span, which hangs on the identity of the record alone; a fold that emits nothing may come again for the
 * same record (it waits, or is replayed from the dead letters), so its id hangs on the attempt too.
 */
import type { Outcome, TimerChange } from './outcome.ts'
import type { AnyStage } from './stage.ts'
import { labelOf } from './taskCause.ts'
import type { Cause } from './taskCause.ts'
import type { AnyTopic } from './topic.ts'
import { contextIn, hopOf, recordAttributes, traceparentOf } from './tracing.ts'
import type { Hop, Span, SpanAttributes, TraceContext, Tracer } from './tracing.ts'

/** Timers whose setter is remembered for a link; a state holds any number of timers. */
const MAX_SETTERS = 10_000

/** A fold that was answered and is to be carried out. */
export interface FoldSpan extends Hop {
  /** The cause as what is carried out sees it: within the span. */
  readonly cause: Cause
  readonly links: readonly TraceContext[]
}

export class TaskSpans {
  readonly #tracer: Pick<Tracer, 'ratio' | 'now'>
  readonly #group: string
  readonly #partition: number
  /** By stage, key and timer: the span that set it, as far as this process knows. It is a link only, so nothing hangs on it. */
  readonly #setters = new Map<string, TraceContext>()

  constructor(tracer: Pick<Tracer, 'ratio' | 'now'>, group: string, partition: number) {
    this.#tracer = tracer
    this.#group = group
    this.#partition = partition
  }

  now(): number {
    return this.#tracer.now()
  }

  /** `undefined` when the trace of the record is not sampled: then it is handed on untouched. */
  begin(stage: AnyStage, key: string, cause: Cause, { kind }: Outcome<unknown, AnyTopic>): FoldSpan | undefined {
    const { identity, attempt, traceparent, timer } = cause
    const again = kind === 'next' ? [] : [kind, labelOf(cause), attempt]
    const hop = hopOf(traceparent, this.#tracer.ratio, stage.name, key, identity, ...again)
    // A record that begins a trace which is not sampled says so to those behind it.
    if (!hop.context.sampled && traceparent === traceparentOf(hop.context)) return undefined
    const setter = timer === undefined ? undefined : this.#setters.get(setterKey(stage, key, timer))
    return { ...hop, cause: { ...cause, traceparent: traceparentOf(hop.context) }, links: setter === undefined ? [] : [setter] }
  }

  /** The span of a fold that was carried out. */
  end(stage: AnyStage, key: string, fold: FoldSpan, outcome: Outcome<unknown, AnyTopic>, startMs: number): Span {
    const { cause, context, parent, links } = fold
    const topic = cause.handedOver?.topic.name ?? cause.source?.topic
    return {
      name: topic === undefined ? `timer ${cause.timer ?? ''}` : `process ${topic}`,
      kind: topic === undefined ? 'internal' : 'consumer',
      context,
      parent,
      links,
      startMs,
      endMs: this.#tracer.now(),
      attributes: this.#attributes(stage, key, cause, topic, outcome),
      events: [],
      failed: outcome.kind === 'dead-letter',
    }
  }

  /** Remembers which span set timers, for the links of the traces that they will begin. */
  timersSet(stage: AnyStage, key: string, changes: readonly TimerChange[], traceparent: string | undefined): void {
    if (changes.length === 0) return
    const context = contextIn(traceparent)
    const isSampled = context?.sampled === true
    if (!isSampled && this.#setters.size === 0) return
    for (const { name, dueAt } of changes) {
      const id = setterKey(stage, key, name)
      // Also where a record moves it that is not sampled: who set it before has not set it to this time.
      this.#setters.delete(id)
      if (isSampled && dueAt !== undefined) this.#setters.set(id, context)
    }
    for (const oldest of this.#setters.keys()) {
      if (this.#setters.size <= MAX_SETTERS) break
      this.#setters.delete(oldest)
    }
  }

  #attributes(stage: AnyStage, key: string, cause: Cause, topic: string | undefined, outcome: Outcome<unknown, AnyTopic>): SpanAttributes {
    const { source, handedOver, attempt } = cause
    const place = { group: this.#group, partition: this.#partition, operation: 'process' } as const
    const offset = handedOver === undefined && source !== undefined && source.offset >= 0n ? Number(source.offset) : undefined
    return {
      ...(topic === undefined ? { 'messaging.consumer.group.name': this.#group } : recordAttributes({ ...place, topic })),
      ...(offset === undefined ? {} : { 'messaging.kafka.offset': offset }),
      ...(handedOver === undefined ? {} : { 'rekindle.handed_over': true }),
      ...(attempt > 1 ? { 'rekindle.attempts': attempt } : {}),
      ...(outcome.kind === 'dead-letter' || outcome.kind === 'retry-later' ? { 'error.type': outcome.code } : {}),
      ...(stage.on.every((each: { topic: AnyTopic }) => each.topic.key === 'lead') && key !== '' ? { 'rekindle.lead_id': key } : {}),
      'rekindle.stage': stage.name,
      'rekindle.outcome': outcome.kind.replace('-', '_'),
    }
  }
}

function setterKey(stage: AnyStage, key: string, timer: string): string {
  return `${stage.name}\n${timer}\n${key}`
}
