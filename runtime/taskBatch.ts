/**
 * What goes into a task and what comes out: records as they were read, and a batch that says everything one transaction
 * has to write.
 */
import type { RawHeaders } from './rawHeaders.ts'
import type { StateEntry } from './stateStore.ts'
import type { AnyTopic } from './topic.ts'
import type { Span } from './tracing.ts'

/** The value of a record whose bytes could not be read; the reason is for the dead letter. */
export class Undecodable {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export interface RawRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RawHeaders
}

export interface InputRecord {
  /** Logical name. */
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: string | null
  /** Decoded, `null` for a tombstone, or `Undecodable`. */
  readonly value: unknown
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
  readonly raw: RawRecord
  /** The one stage that it is for: the replay of what that one set aside, and no other did. Unless given it is for all that read its topic. */
  readonly onlyFor?: string | undefined
  /** It is not on the partition of its key: whoever wrote it chooses by another rule than all others. */
  readonly misplaced?: boolean
}

export interface OutputRecord {
  readonly stage: string
  readonly topic: AnyTopic
  readonly key: string
  readonly value: unknown
  /** The value in Avro, without a header of any registry; `null` is a tombstone. */
  readonly payload: Buffer | null
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

export interface StateChange {
  readonly stage: string
  readonly key: string
  /** `undefined` is a tombstone. */
  readonly entry: StateEntry | undefined
}

export interface DeadLetterRecord {
  /** The record that was read; `undefined` when a timer began it. It is what is set aside unless `handedOver` is given. */
  readonly source: InputRecord | undefined
  /** The record that is set aside when it was handed over in memory: what came before it succeeded and must not be repeated. */
  readonly handedOver: OutputRecord | undefined
  readonly stage: string
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
  /** Times that it was folded; 0 when it could not even wait for its turn. */
  readonly attempts: number
  /** Whether other stages that read its topic were given it, so that a replay is for this one alone. */
  readonly alone: boolean
}

/** What one transaction writes. `changes` holds the final state of each touched key once. */
export interface TaskBatch {
  readonly outputs: readonly OutputRecord[]
  readonly changes: readonly StateChange[]
  readonly deadLetters: readonly DeadLetterRecord[]
  readonly drops: readonly { readonly stage: string; readonly reason: string }[]
  /** Records read, own read-backs included. */
  readonly processed: number
  /** Of these, skipped because this task wrote them itself. */
  readonly skipped: number
  readonly timersFired: number
  /** Of the timers that were folded, in their order: whether one led to a dead letter, of a record that it handed over. */
  readonly timersDead: readonly boolean[]
  /** Records that waited and are done now: accepted, dropped or set aside. */
  readonly retried: readonly InputRecord[]
  /** Folds of records and timers that answered `next`, per stage. */
  readonly advanced: ReadonlyMap<string, number>
  /** Of the folds whose trace is sampled, to be reported when the batch is committed; absent without a tracer. */
  readonly spans?: readonly Span[]
}
