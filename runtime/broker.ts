/**
 * What the runtime needs of a log with transactions, and nothing more: records on partitions, one fenced producer per
 * transactional id, offsets inside the transaction, readers that see committed records only. One contract suite
 * (`test/runtime/brokerContract.ts`) says what each backend must do.
 */

/** A record to be written. */
export interface BrokerRecord {
  readonly topic: string
  /** Without one, the partition is that of the key as Java clients choose it; a record without a key needs one. */
  readonly partition?: number
  readonly key: Buffer | null
  /** `null` is a tombstone. */
  readonly value: Buffer | null
  /** ms since the epoch. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

/** A record as it is on the log. */
export interface StoredRecord extends Required<BrokerRecord> {
  readonly offset: bigint
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** What a batch of it may have; that of the broker unless given. */
  readonly maxBytes?: number
}

/** The next offset a group will read. */
export interface GroupOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export interface PartitionEnds {
  /** First offset that is kept. */
  readonly low: bigint
  /** Last stable offset, exclusive: everything below belongs to a transaction that has ended. */
  readonly stable: bigint
  /** End of the log, exclusive. */
  readonly end: bigint
}

export interface Fetched {
  /** Committed records from the wanted offset on, in order. */
  readonly records: readonly StoredRecord[]
  /** Where to read on: past markers and aborted records too, and past the records given. */
  readonly next: bigint
}

/**
 * One transaction at a time. Everything of it becomes visible at `commit` or never; offsets of groups likewise. Every call
 * rejects with E_TASK_FENCED once another producer has been opened under the same id, or the transaction has ended.
 */
export interface BrokerTransaction {
  /** Rejects with E_RECORD_TOO_LARGE, of a record that its topic does not take even alone. */
  send(records: readonly BrokerRecord[]): Promise<readonly { readonly partition: number; readonly offset: bigint }[]>
  /** Next offsets of a group, valid from the commit on. */
  sendOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface TransactionalProducer {
  begin(): Promise<BrokerTransaction>
  close(): Promise<void>
}

/** Partition numbers; a member gets the same ones of every topic it reads. */
export interface MembershipListener {
  /** Awaited before the partitions are given to anyone else. */
  revoked(partitions: readonly number[]): Promise<void>
  assigned(partitions: readonly number[]): Promise<void>
}

export interface Membership {
  /** Gives the partitions up in order and lets the others have them. */
  leave(): Promise<void>
}

export interface BrokerClient {
  /** Creates what is missing. Rejects with E_TOPIC_PARTITIONS_DIFFER when a topic exists with another count. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>
  /** Partition count. Rejects with E_TOPIC_MISSING. */
  partitions(topic: string): Promise<number>
  /** How many bytes a batch of the topic may have; `undefined` where nobody says. */
  mostBytes(topic: string): Promise<number | undefined>
  ends(topic: string, partition: number): Promise<PartitionEnds>
  /** Writes outside any transaction; resolves when stored. */
  send(records: readonly BrokerRecord[]): Promise<readonly { readonly partition: number; readonly offset: bigint }[]>
  /** Opens the producer of a transactional id: fences its predecessor and aborts what that left open. */
  transactional(id: string): Promise<TransactionalProducer>
  /**
   * Read committed. `maxBytes` bounds the values of one answer, but never keeps the first record or batch back: one that is
   * larger comes alone. Rejects with E_OFFSET_OUT_OF_RANGE where the log holds nothing, instead of starting elsewhere.
   */
  fetch(topic: string, partition: number, from: bigint, maxRecords: number, maxBytes?: number): Promise<Fetched>
  /** The committed offset of a group; `undefined` when there is none. Waits for pending ones of a transaction that is ending. */
  committed(group: string, topic: string, partition: number): Promise<bigint | undefined>
  /** Joins a group that reads these topics, which must have equal partition counts. */
  join(group: string, topics: readonly string[], listener: MembershipListener): Promise<Membership>
  close(): Promise<void>
}
