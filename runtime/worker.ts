/**
 * A worker does asynchronous work with the outside. Its outputs and its offset go into one transaction when the
 * record is done; the outside call itself is at-least-once, so whoever needs more uses `ctx.idempotencyKey` or a ledger.
 */
import type { BreakerLimits } from './circuitBreaker.ts'
import type { DeadLetter, Drop, Emission } from './outcome.ts'
import type { RetryLimits } from './retryBudget.ts'
import type { StreamRecord } from './stage.ts'
import type { AnyTopic, ValueOf } from './topic.ts'

export interface WorkerContext {
  readonly key: string
  readonly at: number
  /** Aborts at the deadline and when the partition is being given up. */
  readonly signal: AbortSignal
  /** `<group>:<topic>:<partition>:<offset>`: the same on every redelivery. */
  readonly idempotencyKey: string
  id(...parts: readonly (string | number)[]): string
}

export interface Done<Out extends AnyTopic> {
  readonly kind: 'done'
  readonly emit: readonly Emission<Out>[]
}
export type WorkResult<Out extends AnyTopic> = Done<Out> | Drop | DeadLetter

/** The work is done; emit these. */
export function done<Out extends AnyTopic = never>(emit: readonly Emission<Out>[] = []): Done<Out> {
  return { kind: 'done', emit }
}

export interface WorkerOptions<In extends AnyTopic, Out extends AnyTopic> {
  name: string
  input: In
  outputs: readonly Out[]
  /** Records of different keys in flight per partition; order per key is kept. */
  concurrency: number
  deadlineMs: number
  /** When the worker leaves an outside alone that is down; what is not given is as in `defaultBreakerLimits`. */
  breaker?: Partial<BreakerLimits>
  /** How many of the calls may be retries; what is not given is as in `defaultRetryLimits`. */
  retryBudget?: Partial<RetryLimits>
  /** Returns a result for bad data; throws only for infrastructure (retried with back-off, then the process replays). */
  handle(record: StreamRecord<ValueOf<In>>, ctx: WorkerContext): Promise<WorkResult<NoInfer<Out>>>
}
/** What is known of a worker before it is given what it works with. */
export type DeclaredWorker<In extends AnyTopic = AnyTopic, Out extends AnyTopic = AnyTopic> = Pick<
  Worker<In, Out>,
  'name' | 'input' | 'outputs' | 'concurrency'
>
export interface Worker<In extends AnyTopic = AnyTopic, Out extends AnyTopic = AnyTopic> extends Readonly<WorkerOptions<In, Out>> {
  readonly kind: 'worker'
}
/** Declares a worker. */
export function worker<In extends AnyTopic, Out extends AnyTopic = never>(options: WorkerOptions<In, Out>): Worker<In, Out> {
  return { kind: 'worker', ...options }
}
