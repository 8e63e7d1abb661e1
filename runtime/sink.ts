/**
 * A sink writes batches of one topic-partition into a database. Two ways to be exactly-once: `stored-offsets` keeps the
 * offset in the same database transaction as the rows; `deterministic-blocks` fixes the range [min, max] before the
 * insert (in the commit metadata), so that a retry sends the identical block under the identical token.
 */
import type { StreamRecord } from './stage.ts'
import type { AnyTopic, ValueOf } from './topic.ts'

export interface SinkRecord<V> extends Omit<StreamRecord<V>, 'value'> {
  /** `null` is a tombstone. */
  readonly value: V | null
  readonly partition: number
  readonly offset: bigint
}

export interface SinkBatch<T extends AnyTopic = AnyTopic> {
  readonly topic: T
  readonly partition: number
  readonly records: readonly SinkRecord<ValueOf<T>>[]
  /** First and last offset of the range the batch stands for, gaps included. */
  readonly min: bigint
  readonly max: bigint
  /** `<physical topic>-<partition>-<min>-<max>`. */
  readonly token: string
  /**
   * It may have been stored, wholly, in part or not at all: an earlier attempt failed, or a predecessor had fixed this range. A
   * database whose memory of tokens is not one with its rows has to look.
   */
  readonly maybeStored: boolean
}

export interface SinkPlace {
  readonly topic: AnyTopic
  readonly partition: number
}

export interface SinkOptions {
  name: string
  topics: readonly AnyTopic[]
  batch: { maxRecords: number; maxMs: number }
  exactlyOnce:
    | {
        kind: 'stored-offsets'
        /** Next offset to read per (topic, partition), or `undefined` when none is stored. */
        load(topic: AnyTopic, partition: number): Promise<bigint | undefined>
      }
    | { kind: 'deterministic-blocks' }
  /**
   * Stores the batches. With `deterministic-blocks` there is one; with `stored-offsets` those of one partition number that
   * are ready together, in the order of `topics`, to be stored with each one's `max + 1` in one database transaction. That
   * transaction takes the stored offsets first (`SELECT … FOR UPDATE`) and leaves out what lies below them: a member that
   * was suspended may write after its successor has, and nobody but the database can keep the two apart.
   * Throws on infrastructure; the very same batches are offered again, one by one when there were several.
   */
  write(batches: readonly SinkBatch[]): Promise<void>
  /**
   * Called about once a second with the places of which the sink has stored everything up to the end of the partition as
   * it was at `at` (ms): lets a database know how fresh its copy is.
   */
  caughtUp?(places: readonly SinkPlace[], at: number): Promise<void>
}
export interface Sink extends Readonly<SinkOptions> {
  readonly kind: 'sink'
}
/** Declares a sink. */
export function sink(options: SinkOptions): Sink {
  return { kind: 'sink', ...options }
}
