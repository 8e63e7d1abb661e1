/**
 * What a fold answers: a value, never an exception. The runtime carries it out in one transaction with the offset.
 */
import type { AnyTopic, ValueOf } from './topic.ts'

/** A record to be written. The key defaults to the key that is being processed. */
export interface Emission<T extends AnyTopic = AnyTopic> {
  readonly topic: T
  readonly value: ValueOf<T> | null
  readonly key?: string
  /** String headers beside the CloudEvents ones. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Sets, moves or (with `undefined`) cancels the timer of this name for the current key. */
export interface TimerChange {
  readonly name: string
  /** Due time in ms since the epoch; `undefined` cancels. */
  readonly dueAt: number | undefined
}

export interface Next<S, Out extends AnyTopic> {
  readonly kind: 'next'
  /** The new state; `undefined` deletes the key, its timers included. */
  readonly state: S | undefined
  readonly emit: readonly Emission<Out>[]
  readonly timers: readonly TimerChange[]
}
/** The record is unwanted; state and timers stay as they are. Counted by reason. */
export interface Drop {
  readonly kind: 'drop'
  readonly reason: string
}
/** The record is bad; it goes untouched to the dead-letter topic, state and timers stay as they are. */
export interface DeadLetter {
  readonly kind: 'dead-letter'
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
}
/** The record cannot be judged yet: it waits with its key, and every later record of the key behind it, in order. */
export interface RetryLater {
  readonly kind: 'retry-later'
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly afterMs: number
}
export type Outcome<S, Out extends AnyTopic = never> = Next<S, Out> | Drop | DeadLetter | RetryLater

/** Go on with this state, emit these records, change these timers. */
export function next<S, Out extends AnyTopic = never>(
  state: S | undefined,
  effects: { emit?: readonly Emission<Out>[]; timers?: readonly TimerChange[] } = {},
): Next<S, Out> {
  return { kind: 'next', state, emit: effects.emit ?? [], timers: effects.timers ?? [] }
}

export function drop(reason: string): Drop {
  return { kind: 'drop', reason }
}

/** `code` is an entry of the error table (`runtime/errors.ts` or the product's own); `detail` is shown to the operator. */
export function deadLetter(code: string, detail: Readonly<Record<string, unknown>> = {}): DeadLetter {
  return { kind: 'dead-letter', code, detail }
}

/**
 * Not yet, for example because a table has no row: the record is folded again `afterMs` (whole ms, at least 1) later. Later
 * records of its key wait behind it, other keys go on. After the attempts that the stage allows (`parking`) it goes to the
 * dead letters with `code` and `detail`. Only for records of stages with state.
 */
export function retryLater(code: string, detail: Readonly<Record<string, unknown>>, wait: { afterMs: number }): RetryLater {
  return { kind: 'retry-later', code, detail, afterMs: wait.afterMs }
}

/** A record for `topic`. `value: null` is a tombstone (compacted topics only). */
export function emit<T extends AnyTopic>(
  topic: T,
  value: ValueOf<T> | null,
  options?: { key?: string; headers?: Readonly<Record<string, string>> },
): Emission<T> {
  return options === undefined ? { topic, value } : { topic, value, ...options }
}

/** A named timer of the current key. Setting it again moves it. */
export function timer(name: string): { at(dueAt: number): TimerChange; cancel(): TimerChange } {
  return new NamedTimer(name)
}

// Methods, not closures: folds name several timers for each record.
class NamedTimer {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  at(dueAt: number): TimerChange {
    return { name: this.name, dueAt }
  }

  cancel(): TimerChange {
    return { name: this.name, dueAt: undefined }
  }
}
