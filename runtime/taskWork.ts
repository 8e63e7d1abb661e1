/**
 * What one batch of a task has led to so far: outputs, and over the stores, which it never touches, the entries as it leaves
 * them. Whoever gives it up has changed nothing.
 */
import type { DueTimer, StateEntry, StateStore } from './stateStore.ts'
import type { AnyStage } from './stage.ts'
import type { DeadLetterRecord, InputRecord, OutputRecord, StateChange, TaskBatch } from './taskBatch.ts'
import { isForAll } from './taskCause.ts'
import type { Cause } from './taskCause.ts'
import type { TimerHeap } from './timerHeap.ts'
import type { Span } from './tracing.ts'

/** A due timer and the place of its stage in the task. */
export interface StageTimer extends DueTimer {
  readonly stage: AnyStage
  readonly place: number
}

/**
 * What no topic takes, looked for while one record or timer is folded again of which something was too large: the answer to a fold
 * that made it is not kept. The detail is for the dead letter.
 */
export interface Refusals {
  output(output: OutputRecord): Readonly<Record<string, unknown>> | undefined
  entry(stage: string, key: string, entry: StateEntry): Readonly<Record<string, unknown>> | undefined
}

export class TaskWork {
  readonly outputs: OutputRecord[] = []
  readonly deadLetters: DeadLetterRecord[] = []
  readonly drops: { stage: string; reason: string }[] = []
  readonly advanced = new Map<string, number>()
  readonly retried: InputRecord[] = []
  readonly spans: Span[] = []
  skipped = 0
  timersFired = 0
  readonly timersDead: boolean[] = []
  /** Wall clock, ms; always given while timers fire. */
  readonly now: number | undefined
  /** Timers of this batch that are still to fire; only while timers fire. */
  readonly due: TimerHeap<StageTimer> | undefined
  readonly refusals: Refusals | undefined
  readonly #stores: ReadonlyMap<string, StateStore>
  /** By stage and key. */
  readonly #overlay = new Map<string, Map<string, StateEntry | undefined>>()

  constructor(stores: ReadonlyMap<string, StateStore>, now: number | undefined, due?: TimerHeap<StageTimer>, refusals?: Refusals) {
    this.refusals = refusals
    this.#stores = stores
    this.now = now
    this.due = due
  }

  /** The entry as the batch leaves it so far. */
  entryOf(stage: AnyStage, key: string): StateEntry | undefined {
    const entries = this.#overlay.get(stage.name)
    const entry = entries?.get(key)
    // There with nothing: deleted by this very batch.
    if (entry !== undefined || entries?.has(key) === true) return entry
    return this.#stores.get(stage.name)?.get(key)
  }

  set(stage: AnyStage, key: string, entry: StateEntry | undefined): void {
    let entries = this.#overlay.get(stage.name)
    if (entries === undefined) this.#overlay.set(stage.name, (entries = new Map<string, StateEntry | undefined>()))
    entries.set(key, entry)
  }

  /** Sets the record of the cause aside: the one that was handed over, or else the one that was read. */
  setAside(stage: AnyStage, cause: Cause, code: string, detail: DeadLetterRecord['detail'], attempts: number): void {
    const { source, handedOver } = cause
    this.deadLetters.push({ source, handedOver, stage: stage.name, code, detail, attempts, alone: !isForAll(cause) })
  }

  advance(stage: AnyStage): void {
    this.advanced.set(stage.name, (this.advanced.get(stage.name) ?? 0) + 1)
  }

  /** The batch of `processed` records; with spans where the task is traced. */
  batch(processed: number, traced: boolean): TaskBatch {
    const changes: StateChange[] = []
    for (const [stage, entries] of this.#overlay) for (const [key, entry] of entries) changes.push({ stage, key, entry })
    const { outputs, deadLetters, drops, skipped, timersFired, timersDead, retried, advanced, spans } = this
    const seen = traced ? { spans } : {}
    return { outputs, changes, deadLetters, drops, processed, skipped, timersFired, timersDead, retried, advanced, ...seen }
  }
}

/** Values of the parked records among timers that are due, by topic as `topicOf` knows it. */
export function parkedValuesDue<T>(
  stores: Iterable<StateStore>,
  retryTimer: string,
  now: number,
  limit: number,
  topicOf: (name: string) => T | undefined,
): ReadonlyMap<T, readonly Buffer[]> {
  const values = new Map<T, Buffer[]>()
  for (const store of stores) {
    if (store.parked === 0) continue
    for (const { key, name } of store.due(now, limit)) {
      if (name !== retryTimer) continue
      for (const { topic: read, value } of store.get(key)?.parked?.records ?? []) {
        const topic = topicOf(read)
        if (topic === undefined) continue
        const known = values.get(topic)
        if (known === undefined) values.set(topic, [value])
        else known.push(value)
      }
    }
  }
  return values
}
