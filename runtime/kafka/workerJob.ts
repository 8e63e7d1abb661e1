/**
 * One record in the hands of a worker: what needs no work is refused first, the handler runs under its deadline, and the
 * result becomes records whose ids are the same on every redelivery.
 */
import { runtimeError, runtimeErrors } from '../errors.ts'
import type { FuseLimits } from '../fuse.ts'
import { deterministicId } from '../ids.ts'
import { partitionOf } from '../murmur2.ts'
import { deadLetter, drop } from '../outcome.ts'
import { groupHeader, Undecodable } from '../task.ts'
import { passedOn } from '../taskEffects.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { hopOf, recordAttributes, stateBeside, traceparentOf } from '../tracing.ts'
import type { Hop, Span } from '../tracing.ts'
import type { Worker, WorkResult } from '../worker.ts'
import type { WorkerGate } from '../workerGate.ts'
import { deadLetterRecord, fittingLetter, isReplayForOthers } from './deadLetters.ts'
import type { LogRecord } from './partitionReader.ts'
import type { Workshop } from './workshop.ts'
import type { OutgoingRecord } from './openTransactions.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a worker of any topics
export type AnyWorker = Worker<any, any>

export interface WorkerContext extends Workshop {
  readonly group: string
  readonly worker: AnyWorker
  readonly fuse: FuseLimits
  /** Failures of one record, with the breaker closed, before the process replays. */
  readonly attempts: number
  /** One for all partitions of the process: they call the same outside. */
  readonly gate: WorkerGate
  /** Clock of where time goes, ms; that of the process unless given. */
  readonly monotonic?: () => number
}

export interface Job {
  readonly log: LogRecord
  readonly key: string | null
  readonly value: unknown
  readonly headers: Readonly<Record<string, string>>
  /** Offset to commit when everything up to this job is done. */
  nextOffset: bigint
  state: 'waiting' | 'running' | 'done'
  /** Calls made. */
  attempts: number
  /** Failures that count: those after which the breaker was closed. */
  failures: number
  result: WorkResult<AnyTopic> | undefined
  /** When the work on it began and ended, ms; with a tracer only. */
  startMs: number | undefined
  endMs: number | undefined
}

/** What is answered without any work, if anything. */
export function refusal({ log, key, value, headers }: Job, group: string): WorkResult<AnyTopic> | undefined {
  if (isReplayForOthers(headers, log.topic, group)) return drop('replay_for_others')
  if (value instanceof Undecodable) return deadLetter('E_RECORD_UNDECODABLE', { reason: value.reason })
  if (key === null) return deadLetter('E_RECORD_KEY_MISSING')
  return value === null ? drop('tombstone') : undefined
}

/** Calls the handler once, until it answers, its deadline passes, or the partition is given up. */
export async function attempt(job: Job, { worker, group }: WorkerContext, givingUp: AbortSignal): Promise<WorkResult<AnyTopic>> {
  const { log, headers } = job
  const key = job.key as string
  const ending = new AbortController()
  const { signal } = ending
  const name = `work on ${log.topic} ${log.partition}@${log.offset}`
  const timer = setTimeout(
    () => ending.abort(runtimeError('E_WORK_TIMEOUT', `${name} took longer than ${worker.deadlineMs} ms.`)),
    worker.deadlineMs,
  )
  // Not `AbortSignal.any`: what listens to that is kept for as long as the partition is held, and each record would leave one.
  const giveUp = () => ending.abort(givingUp.reason)
  givingUp.addEventListener('abort', giveUp, { once: true })
  // A handler that does not listen to its signal is left behind; its late answer counts for nothing.
  const ended = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
  const topic = (worker.input as AnyTopic).name
  try {
    return (await Promise.race([
      worker.handle(
        { topic, key, value: job.value, timestamp: log.timestamp, headers },
        {
          key,
          at: log.timestamp,
          signal,
          idempotencyKey: `${group}:${topic}:${log.partition}:${log.offset}`,
          id: (...parts) => deterministicId(worker.name, key, ...parts),
        },
      ),
      ended,
    ])) as WorkResult<AnyTopic>
  } finally {
    clearTimeout(timer)
    givingUp.removeEventListener('abort', giveUp)
  }
}

/** The context of a finished job; `undefined` without a tracer. Only a result that is emitted names its span on records. */
function hopOfJob({ log, key, headers, result, attempts }: Job, { worker, tracer }: WorkerContext): Hop | undefined {
  if (tracer === undefined) return undefined
  const place = placeOf(log)
  const again = result?.kind === 'done' ? [] : [result?.kind ?? '', place, attempts]
  return hopOf(headers['traceparent'], tracer.ratio, worker.name, key ?? '', headers['ce_id'] ?? place, ...again)
}

/** The span of a finished job when its trace is sampled. */
export function spanOfJob(job: Job, context: WorkerContext): Span | undefined {
  const hop = hopOfJob(job, context)
  if (hop?.context.sampled !== true || job.startMs === undefined || job.endMs === undefined) return undefined
  const { log, key, result, attempts } = job
  const input = context.worker.input as AnyTopic
  return {
    name: `process ${input.name}`,
    kind: 'consumer',
    ...hop,
    links: [],
    startMs: job.startMs,
    endMs: job.endMs,
    attributes: {
      ...recordAttributes({ topic: input.name, partition: log.partition, group: context.group, operation: 'process' }),
      'messaging.kafka.offset': Number(log.offset),
      ...(attempts > 1 ? { 'rekindle.attempts': attempts } : {}),
      ...(result?.kind === 'dead-letter' ? { 'error.type': result.code } : {}),
      ...(input.key === 'lead' && key !== null ? { 'rekindle.lead_id': key } : {}),
      'rekindle.stage': context.worker.name,
      'rekindle.outcome': (result?.kind ?? '').replace('-', '_'),
    },
    events: [],
    failed: result?.kind === 'dead-letter',
  }
}

function placeOf({ topic, partition, offset }: LogRecord): string {
  return `${topic}-${partition}@${offset}`
}

/**
 * The records that a finished job writes. Where a topic does not take one of them the result becomes a dead letter. Throws when a value
 * is refused by its own schema, and when that dead letter is itself too large.
 */
export function outgoing(job: Job, context: WorkerContext): OutgoingRecord[] {
  const records = recordsOf(job, context)
  const excess = context.sizes.excess(records)
  if (excess === undefined) return records
  const { topic, key, bytes, limit } = excess
  if (job.result?.kind === 'dead-letter')
    throw runtimeError('E_OUTPUT_TOO_LARGE', `${context.group}: ${topic} takes ${limit} bytes, of ${key} come ${bytes}.`)
  job.result = deadLetter('E_OUTPUT_TOO_LARGE', { ...excess, means: runtimeErrors.E_OUTPUT_TOO_LARGE.means })
  return outgoing(job, context)
}

function recordsOf(job: Job, context: WorkerContext): OutgoingRecord[] {
  const { log, key, headers, result, attempts } = job
  const { worker, group, wire, counts, topicPrefix } = context
  if (result === undefined || result.kind === 'drop') return []
  if (result.kind === 'dead-letter') {
    const reason = {
      topic: worker.input as AnyTopic,
      group,
      step: worker.name,
      code: result.code,
      detail: result.detail,
      attempts: Math.max(1, attempts),
    }
    return [fittingLetter(deadLetterRecord(log, reason, topicPrefix, Date.now()), context.sizes)]
  }
  const hop = hopOfJob(job, context)
  const traceparent = hop === undefined ? headers['traceparent'] : traceparentOf(hop.context)
  const tracestate = stateBeside(headers['traceparent'], headers['tracestate'])
  return result.emit.map((emission, ordinal): OutgoingRecord => {
    const name = physicalName(emission.topic, topicPrefix)
    const to = emission.key ?? (key as string)
    return {
      topic: name,
      partition: partitionOf(to, counts.of(name)),
      key: to,
      value: emission.value === null ? null : wire.encode(emission.topic, emission.value as never),
      timestamp: log.timestamp,
      headers: {
        ...(emission.headers === undefined ? {} : passedOn(emission.headers)),
        [groupHeader]: group,
        ce_specversion: '1.0',
        ce_id: deterministicId(worker.name, to, emission.topic.name, headers['ce_id'] ?? placeOf(log), ordinal),
        ce_source: `rekindle/${worker.name}`,
        ce_type: emission.topic.value.name,
        'content-type': 'application/avro',
        ...(traceparent === undefined ? {} : { traceparent, ...(tracestate === undefined ? {} : { tracestate }) }),
      },
    }
  })
}
