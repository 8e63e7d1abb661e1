/**
 * A stage is a pure fold over keyed streams: no I/O, no clock, no randomness. The runtime gives it exactly-once
 * state, timers and output; the driver runs the same code without a broker.
 */
import type { Outcome } from './outcome.ts'
import type { ParkingLimits } from './parked.ts'
import type { Schema } from './schema.ts'
import type { AnyTopic, ValueOf } from './topic.ts'

/** Look-up in a compacted topic that was read whole before the first record. */
export interface Table<V> {
  get(key: string): V | undefined
  entries(): Iterable<readonly [string, V]>
}
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- a stage without tables
export type NoTables = {}
export type TablesOf<T extends Record<string, AnyTopic>> = { readonly [K in keyof T]: Table<ValueOf<T[K]>> }

export interface Context<Tables extends Record<string, AnyTopic> = NoTables> {
  readonly key: string
  /** Timestamp of the record in ms; for a timer, the time it fired. */
  readonly at: number
  readonly tables: TablesOf<Tables>
  /** A deterministic id (UUID shape) from the stage name, the key and these parts. Same parts, same id. */
  id(...parts: readonly (string | number)[]): string
}

export interface StreamRecord<V> {
  readonly topic: string
  readonly key: string
  readonly value: V
  /** ms since the epoch. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

export interface FiredTimer {
  readonly name: string
  /** When it was due, ms. Late ones keep their due time. */
  readonly dueAt: number
  /** When it fired, ms. */
  readonly firedAt: number
}

export type Fold<S, V, Tables extends Record<string, AnyTopic>, Out extends AnyTopic> = (
  state: S | undefined,
  record: StreamRecord<V>,
  ctx: Context<Tables>,
) => Outcome<S, Out>
export type TimerFold<S, Tables extends Record<string, AnyTopic>, Out extends AnyTopic> = (
  state: S,
  timer: FiredTimer,
  ctx: Context<Tables>,
) => Outcome<S, Out>

export interface Input<S, Tables extends Record<string, AnyTopic>, Out extends AnyTopic> {
  readonly topic: AnyTopic
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the value type is bound in `from`
  readonly fold: Fold<S, any, Tables, Out>
  /** While records of several inputs wait, those of the highest go first. 0 unless given. */
  readonly priority: number
}

/**
 * Reads `topic` with `fold`. An input of a higher `priority` overtakes what waits of the others, also of the same key: between
 * topics there is no order. Every eighth turn is the lowest one's, so that none waits for ever.
 */
export function from<T extends AnyTopic, S, Tables extends Record<string, AnyTopic>, Out extends AnyTopic>(
  topic: T,
  fold: Fold<S, ValueOf<T>, Tables, Out>,
  { priority = 0 }: { readonly priority?: number } = {},
): Input<S, Tables, Out> {
  return { topic, fold, priority }
}

export interface StageOptions<S, Tables extends Record<string, AnyTopic>, Out extends AnyTopic> {
  /** Identity of state and changelog. A stage that is renamed says so with `migrates` or `startsEmpty`, or is refused (E_STAGE_CHANGED). */
  name: string
  /** The state is that of another stage of this group: copied once, before the first record. May stay when it is done. */
  migrates?: { readonly from: string }
  /** There is no state before the first record, though stages with state are gone. May stay when it is done. */
  startsEmpty?: true
  /** One value per key. Omit for a stateless stage. */
  state?: Schema<S>
  tables?: Tables
  on: readonly Input<S, NoInfer<Tables>, NoInfer<Out>>[]
  timer?: TimerFold<S, NoInfer<Tables>, NoInfer<Out>>
  /** Topics this stage may emit to; emitting to another one is a compile error. */
  outputs: readonly Out[]
  /** State of a key that was not touched for this long is deleted. */
  ttlMs?: number
  /** How much may wait after `retryLater`: 10 attempts of a record, 100 records and 256 KiB of a key unless given. */
  parking?: Partial<ParkingLimits>
}

export interface Stage<
  S = unknown,
  Tables extends Record<string, AnyTopic> = Record<string, AnyTopic>,
  Out extends AnyTopic = AnyTopic,
> extends Readonly<StageOptions<S, Tables, Out>> {
  readonly kind: 'stage'
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of stages of any state
export type AnyStage = Stage<any, any, any>

/** Declares a stage. */
export function stage<S, const Tables extends Record<string, AnyTopic> = NoTables, Out extends AnyTopic = never>(
  options: StageOptions<S, Tables, Out>,
): Stage<S, Tables, Out> {
  return { kind: 'stage', ...options }
}
