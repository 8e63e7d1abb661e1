/**
 * What goes into a transaction and what makes one: records, offsets, and the two protocols behind one interface.
 */
import type { Membership } from './protocol/committing.ts'
import type { HeaderValue } from './protocol/recordBatch.ts'
import type { ProducerIdentity } from './protocol/transactionRequests.ts'

export interface OutgoingRecord {
  /** Physical name. */
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  /** ms since the epoch. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, Exclude<HeaderValue, null> | (Buffer | string)[]>>
}

/** Next offset to read, by physical topic, for the partition of the unit. */
export interface SourceOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Stored beside the offset, at most a few hundred bytes. */
  readonly metadata?: string
}

/** How the transactions of a cluster are made: `implicit` where it offers them, see decision 11. */
export type TransactionProtocol = 'implicit' | 'classic'

/** What a producer has in hand while it owns its transactional id. */
export interface OpenTransactions {
  /**
   * Writes records and offsets atomically; under the implicit protocol nothing, once the group has gone on from this membership.
   * Returns the first offset given out per `<topic>#<partition>`. `onWritten` is called when brokers have everything and only the
   * end of the transaction is left.
   */
  commit(
    records: readonly OutgoingRecord[],
    offsets: readonly SourceOffset[],
    membership?: Membership,
    onWritten?: () => void,
  ): Promise<ReadonlyMap<string, bigint>>
  close(): Promise<void>
  /** Under which the next one is made, where each has its own; those before it are committed. */
  readonly identity?: ProducerIdentity
}
