/**
 * Where what a fold does comes from: the record or timer, how often it was folded, and how the record is kept while it
 * waits. The same record gives the same identity whether it was folded at once or after it had waited.
 */
import { runtimeErrors } from './errors.ts'
import { deadLetter } from './outcome.ts'
import type { DeadLetter } from './outcome.ts'
import type { ParkedRecord } from './parked.ts'
import type { StreamRecord } from './stage.ts'
import { schemaKeyPrefix } from './stateEntry.ts'
import { Undecodable } from './taskBatch.ts'
import type { InputRecord, OutputRecord } from './taskBatch.ts'
import type { AnyTopic } from './topic.ts'
import { stateBeside } from './tracing.ts'

/** Where a record or timer came from: names it in errors, stamps what it causes. */
export interface Cause {
  readonly at: number
  readonly source: InputRecord | undefined
  readonly handedOver: OutputRecord | undefined
  /** Hand-overs since the record or timer. */
  readonly depth: number
  readonly traceparent: string | undefined
  /** What other tracing systems have put beside it, where it is handed on. */
  readonly tracestate: string | undefined
  /** Name of the timer that fired; `undefined` for records. */
  readonly timer: string | undefined
  /**
   * Identity of the record or timer, from which ids of what it causes are derived. A record carries it in its `ce_id`
   * header, so that a stage gives the same ids whether it was handed the record in memory or read it from Kafka.
   */
  readonly identity: string
  /** Of a timer; a record is named by its place, see `labelOf`. */
  readonly timerLabel: string | undefined
  /** Topics that it was handed over on since. */
  readonly path: string
  /** Times that the record was folded, this one included. */
  readonly attempt: number
  /** When it was folded again after it had waited, ms: the state is touched then. */
  readonly retriedAt: number | undefined
}

/** Told before each fold what it folds, and when it has come out of it: whoever looks on can say which one never does. */
export interface FoldMark {
  /** What was handed over has neither a source nor a timer: it came of the one told of last. */
  begin(stage: string, cause: Pick<Cause, 'source' | 'timer'>, key: string, partition: number): void
  end(): void
}

/** Values of records that wait, in the form that their topic has them in. */
export interface ParkedValues {
  frame(topic: AnyTopic, payload: Buffer): Buffer
  /** The decoded value, or `Undecodable`. */
  decode(topic: AnyTopic, bytes: Buffer): unknown
}

export const plainValues: ParkedValues = { frame: (_, payload) => payload, decode: (topic, bytes) => topic.value.decode(bytes) as unknown }

/** A record that was read, for the `attempt`th time; `retriedAt` when it has waited. */
export function causeOf(record: InputRecord, attempt: number, retriedAt: number | undefined): Cause {
  const { ce_id: id, traceparent, tracestate } = record.headers
  return {
    at: record.timestamp,
    source: record,
    handedOver: undefined,
    depth: 0,
    traceparent,
    tracestate: stateBeside(traceparent, tracestate),
    timer: undefined,
    identity: id ?? placeOf(record),
    timerLabel: undefined,
    path: '',
    attempt,
    retriedAt,
  }
}

export function causeOfTimer(name: string, dueAt: number, now: number): Cause {
  return {
    at: now,
    source: undefined,
    handedOver: undefined,
    depth: 0,
    traceparent: undefined,
    tracestate: undefined,
    timer: name,
    identity: `timer ${name} ${dueAt}`,
    timerLabel: `timer ${name} due at ${dueAt}`,
    path: '',
    attempt: 1,
    retriedAt: undefined,
  }
}

/** The output that `cause` led to, as it is handed over. */
export function causeOfHandOver(cause: Cause, output: OutputRecord): Cause {
  const { topic, headers } = output
  // Field by field: a spread with further fields behind it costs more than all the rest of a hand-over.
  return {
    at: cause.at,
    source: cause.source,
    handedOver: output,
    depth: cause.depth + 1,
    traceparent: cause.traceparent,
    tracestate: cause.tracestate,
    timer: undefined,
    identity: headers['ce_id'] as string,
    timerLabel: cause.timerLabel,
    path: `${cause.path} > ${topic.name}`,
    attempt: 1,
    retriedAt: cause.retriedAt,
  }
}

/** Names the cause in errors. Made when it is asked for: hardly any record leads to one. */
export function labelOf({ source, timerLabel, path }: Cause): string {
  return `${source === undefined ? String(timerLabel) : placeOf(source)}${path}`
}

function placeOf({ topic, partition, offset }: InputRecord): string {
  return `${topic}-${partition}@${offset}`
}

/** Whether there is a record to be set aside: of what a timer itself does there is none. */
export function hasRecord({ source, handedOver }: Cause): boolean {
  return source !== undefined || handedOver !== undefined
}

/** What is answered to a record that no fold can be given; `undefined` when it can be given to those that read its topic. */
export function refusal({ key, value }: InputRecord): DeadLetter | undefined {
  if (value instanceof Undecodable) return deadLetter('E_RECORD_UNDECODABLE', undecodable(value))
  if (key === null) return deadLetter('E_RECORD_KEY_MISSING', { means: runtimeErrors.E_RECORD_KEY_MISSING.means })
  // Its state would be taken for a schema by the next restore, and none after it would end.
  if (key.startsWith(schemaKeyPrefix)) return deadLetter('E_RECORD_KEY_RESERVED', { means: runtimeErrors.E_RECORD_KEY_RESERVED.means })
  return undefined
}

/** Whether no stage was given the record: its replay is for all that read its topic, unless it is the replay of one for a stage alone. */
export function isForAll({ source, handedOver, retriedAt }: Cause): boolean {
  if (handedOver !== undefined || source === undefined || retriedAt !== undefined) return false
  return source.onlyFor === undefined && refusal(source) !== undefined
}

/** Whether the record itself has waited, not one that it caused. */
export function isRefolded({ retriedAt, handedOver }: Cause): boolean {
  return retriedAt !== undefined && handedOver === undefined
}

/** The record as a fold sees it. */
export function streamed({ topic, value, timestamp, headers }: InputRecord, key: string): StreamRecord<unknown> {
  return { topic, key, value, timestamp, headers }
}

/** The record of the cause as it waits. It has a value: tombstones are dropped before. */
export function parkedRecord({ source, handedOver }: Cause, attempts: number, partition: number, values: ParkedValues): ParkedRecord {
  if (handedOver !== undefined) {
    const { topic, key, payload, timestamp, headers } = handedOver
    const value = values.frame(topic, payload as Buffer)
    return { topic: topic.name, partition, offset: -1n, timestamp, attempts, key: Buffer.from(key), headers, value }
  }
  const { topic, offset, timestamp, raw, ...read } = source as InputRecord
  return {
    topic,
    partition: read.partition,
    offset,
    timestamp,
    attempts,
    key: raw.key as Buffer,
    headers: raw.headers,
    value: raw.value as Buffer,
  }
}

export function undecodable({ reason }: Undecodable): Readonly<Record<string, unknown>> {
  return { reason, means: runtimeErrors.E_RECORD_UNDECODABLE.means }
}
