/**
 * One partition in memory, as Kafka keeps it: the marker of a transaction takes an offset, aborted records stay and are
 * hidden, and readers stop at the first record of a transaction that has not ended.
 */
import type { BrokerRecord, Fetched, PartitionEnds, StoredRecord } from '../broker.ts'
import { runtimeError } from '../errors.ts'

interface Slot {
  /** `undefined` is the marker of a transaction. */
  readonly record: StoredRecord | undefined
  readonly transaction: TransactionMark | undefined
}

/** Shared by all records of one transaction. */
export interface TransactionMark {
  state: 'open' | 'committed' | 'aborted'
}

export class PartitionLog {
  private slots: Slot[] = []
  private readonly topic: string
  private readonly partition: number
  private low = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  append(record: BrokerRecord, transaction: TransactionMark | undefined): bigint {
    const offset = BigInt(this.low + this.slots.length)
    this.slots.push({ record: { ...record, topic: this.topic, partition: this.partition, offset }, transaction })
    return offset
  }

  /** Writes the marker of a transaction that has records here. */
  end(transaction: TransactionMark): void {
    this.slots.push({ record: undefined, transaction })
  }

  ends(): PartitionEnds {
    const open = this.slots.findIndex(({ transaction }) => transaction?.state === 'open')
    const end = this.low + this.slots.length
    return { low: BigInt(this.low), stable: BigInt(open === -1 ? end : this.low + open), end: BigInt(end) }
  }

  /** From an offset on so many records, and so many bytes of values; the first one however large it is. */
  read(from: bigint, maxRecords: number, maxBytes = Infinity): Fetched {
    const { low, end } = this.ends()
    if (from < low || from > end)
      throw runtimeError(
        'E_OFFSET_OUT_OF_RANGE',
        `${this.topic} partition ${this.partition} holds ${low} to ${end}, ${from} was asked for.`,
      )
    const records: StoredRecord[] = []
    let bytes = 0
    let at = Number(from) - this.low
    for (; at < this.slots.length && records.length < maxRecords; at++) {
      const { record, transaction } = this.slots[at] as Slot
      if (transaction?.state === 'open') break
      if (record === undefined || transaction?.state === 'aborted') continue
      bytes += record.value?.length ?? 0
      if (bytes > maxBytes && records.length > 0) break
      records.push(record)
    }
    return { records, next: BigInt(this.low + at) }
  }

  /** Deletes everything below an offset, as retention does. */
  deleteBelow(offset: bigint): void {
    const count = Math.min(this.slots.length, Math.max(0, Number(offset) - this.low))
    this.slots = this.slots.slice(count)
    this.low += count
  }
}
