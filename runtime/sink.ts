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

/** Records of a topic that a sink stores nothing of, told apart by some of their fields. */
export interface PassedOver<T extends AnyTopic = AnyTopic> {
  readonly topic: T
  readonly fields: readonly string[]
  /** Given these fields of a record alone. */
  readonly when: (part: never) => boolean
}

/** Declares which records of a topic are passed over. Their fields should be early ones: nothing behind the last is read. */
export function passOver<T extends AnyTopic, const K extends keyof ValueOf<T> & string>(
  topic: T,
  fields: readonly K[],
  when: (part: Pick<ValueOf<T>, K>) => boolean,
): PassedOver<T> {
  return { topic, fields, when }
}

export interface SinkPlace {
  readonly topic: AnyTopic
  readonly partition: number
}

export interface SinkOptions {
  name: string
  topics: readonly AnyTopic[]
  batch: { maxRecords: number; maxMs: number }
  /** Records that it would store nothing of: they are not decoded and in no batch; at most one rule a topic. */
  passesOver?: readonly PassedOver[]
  exactlyOnce:
    | {
        kind: 'stored-offsets'
        /** Next offset to read per (topic, partition), or `undefined` when none is stored. */
        load(topic: AnyTopic, partition: number): Promise<bigint | undefined>
        /**
         * Told the id of the topic that stands under the name now; answers the one whose records the stored offset counts. Where none is
         * kept yet, or no offset is stored, it is that one, and is kept with the offset from then on. A topic that was made anew may well
         * reach beyond the offset of the old one: its records would be passed over, and nobody would notice.
         */
        topicId?(topic: AnyTopic, partition: number, id: string): Promise<string>
      }
    | { kind: 'deterministic-blocks' }
  /**
   * Stores the batches. With `deterministic-blocks` there is one; with `stored-offsets` those of one partition number that
   * are ready together, in the order of `topics`, to be stored with each one's `max + 1` in one database transaction. That
   * transaction takes the stored offsets first (`SELECT … FOR UPDATE`) and leaves out what lies below them: a member that
   * was suspended may write after its successor has, and nobody but the database can keep the two apart.
   * A batch without records tells that its place has moved past records that nothing is stored of.
   * Throws on infrastructure; the very same batches are offered again, one by one when there were several. One that takes longer than a
   * minute has to say now and then that it gets on (`progressed`), or the member is taken for stuck and ends.
   */
  write(batches: readonly SinkBatch[], progressed?: () => void): Promise<void>
  /**
   * True when the database refuses the rows themselves, and not because it is away: then the batch is offered in parts, until the record
   * that it refuses is alone and named. With `stored-offsets` only: a block of a fixed range is what it is.
   */
  refuses?(error: unknown): boolean
  /**
   * Called about once a second with the places of which the sink has stored everything up to the end of the partition as
   * it was at `at` (ms), transactions included that were open then: lets a database know how fresh its copy is. While records keep
   * coming that is a moment ago, and it goes on.
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
