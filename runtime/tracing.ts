/**
 * Trace contexts (W3C) and spans, as plain values. The id of a span that a record caused is a hash of the identity of the
 * record: a replay, a retry after a crash and another distribution of the stages give the same ids, so that the header of
 * what is emitted is as deterministic as the rest of it.
 */
import { hash } from 'node:crypto'

/** Who takes spans. The runtime knows no exporter; without a tracer it makes no span and hands headers on as they are. */
export interface Tracer {
  /** Share of the traces that begin here which are sampled, 0 to 1. One that began elsewhere keeps its flag. */
  readonly ratio: number
  /** Wall clock, ms with fractions. */
  now(): number
  /** Takes a span that has ended. Never waits and never throws: what it cannot keep it drops and counts. */
  report(span: Span): void
}

export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string
  readonly sampled: boolean
}

/**
 * Everything that a span may say. Names of the messaging conventions of OpenTelemetry where there is one. No text, phone or
 * e-mail; of a lead nothing but its key, which is an id of the platform.
 */
export const spanAttributes = [
  'messaging.system',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.destination.name',
  'messaging.destination.partition.id',
  'messaging.consumer.group.name',
  'messaging.kafka.offset',
  'messaging.batch.message_count',
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'error.type',
  'rekindle.stage',
  'rekindle.outcome',
  'rekindle.attempts',
  'rekindle.handed_over',
  'rekindle.lead_id',
  'rekindle.followup_id',
] as const
export type SpanAttributes = Readonly<Partial<Record<(typeof spanAttributes)[number], string | number | boolean>>>

export interface Span {
  readonly name: string
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  readonly context: TraceContext
  readonly parent: TraceContext | undefined
  readonly links: readonly TraceContext[]
  /** ms since the epoch, with fractions. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: SpanAttributes
  /** Named moments within it. */
  readonly events: readonly { readonly name: string; readonly atMs: number }[]
  readonly failed: boolean
}

const wellFormed = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** The context in a `traceparent`; `undefined` when there is none or it is not well formed. @source w3.org/TR/trace-context */
export function contextIn(traceparent: string | undefined): TraceContext | undefined {
  const parts = traceparent === undefined ? null : wellFormed.exec(traceparent)
  if (parts === null) return undefined
  const [, traceId, spanId, flags] = parts as unknown as [string, string, string, string]
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 }
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** What must be handed on at least, characters; more may be dropped whole. */
export const TRACESTATE_CHARACTERS = 512

/**
 * What other tracing systems have put beside a `traceparent`, as it is handed on: nothing where that is not well formed, or where it is longer
 * than has to be handed on, since each record that comes of it would carry all of that. @source w3.org/TR/trace-context
 */
export function stateBeside(traceparent: string | undefined, tracestate: string | undefined): string | undefined {
  if (tracestate === undefined || tracestate.length > TRACESTATE_CHARACTERS) return undefined
  return contextIn(traceparent) === undefined ? undefined : tracestate
}

/** `trace_id` for a log line about a record, when its trace is sampled. */
export function traceFields(traceparent: string | undefined): { trace_id?: string } {
  const context = contextIn(traceparent)
  return context?.sampled === true ? { trace_id: context.traceId } : {}
}

/** 13 digits are 52 bits, which a number holds exactly. */
const SAMPLED_DIGITS = 13

/** Whether a trace that begins here is sampled: the end of its id decides, so that all processes agree. */
export function isSampled(traceId: string, ratio: number): boolean {
  return parseInt(traceId.slice(-SAMPLED_DIGITS), 16) < ratio * 16 ** SAMPLED_DIGITS
}

/** Hexadecimal digits from the parts, each typed by its place and length. */
function idOf(digits: number, parts: readonly (string | number)[]): string {
  const id = hash('sha256', parts.map((part) => `${String(part).length}:${part}`).join(''), 'hex').slice(0, digits)
  // All zeros mean "none" to every reader of traces.
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id
}

export interface Hop {
  readonly context: TraceContext
  /** `undefined` where the trace begins, and where it is not sampled: then there is no span. */
  readonly parent: TraceContext | undefined
}

/**
 * The context in which a record is worked on. `identity` names who works on which record; a trace begins here when the
 * record carries none. Not sampled, the context of the record is handed on as it is.
 */
export function hopOf(traceparent: string | undefined, ratio: number, ...identity: readonly (string | number)[]): Hop {
  const parent = contextIn(traceparent)
  if (parent === undefined) {
    const traceId = idOf(32, ['trace', ...identity])
    return { context: { traceId, spanId: idOf(16, ['span', ...identity]), sampled: isSampled(traceId, ratio) }, parent: undefined }
  }
  if (!parent.sampled) return { context: parent, parent: undefined }
  return { context: { traceId: parent.traceId, spanId: idOf(16, ['span', ...identity]), sampled: true }, parent }
}

/** Attributes that every span about a record of Kafka has. */
export function recordAttributes(place: {
  readonly topic: string
  readonly partition: number
  readonly group: string
  readonly operation: 'process' | 'poll' | 'send'
}): SpanAttributes {
  const { topic, partition, group, operation } = place
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation === 'poll' ? 'receive' : operation,
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.consumer.group.name': group,
  }
}
