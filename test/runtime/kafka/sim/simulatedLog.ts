/**
 * One partition as brokers keep it: batches as they were sent, markers of transactions that take an offset, aborted records
 * that stay, and for readers an end at the first record of a transaction without its marker.
 */
import { createRequire } from 'node:module'
import { encodeRecordBatch } from '../../../../runtime/kafka/protocol/recordBatch.ts'
import { readRecordBatch } from '../../../../runtime/kafka/protocol/recordBatchReader.ts'
import type { FetchedRecord } from '../../../../runtime/kafka/protocol/recordBatchReader.ts'

interface Codecs {
  lookupCodecByAttributes(this: void, attributes: number): { decompress(bytes: Buffer): Promise<Buffer> }
}
const require = createRequire(import.meta.url)
const codecs = () => require('kafkajs/src/protocol/message/compression/index.js') as Codecs

/** Of the batch header: where its attributes stand, and which of them says that it is a marker. */
const ATTRIBUTES_AT = 21
const CONTROL = 0x20

interface Aborted {
  readonly producerId: string
  readonly firstOffset: string
  readonly endsAt: number
}

export class SimulatedLog {
  readonly topic: string
  readonly partition: number
  readonly records: FetchedRecord[] = []
  /** First offset of the open transaction of each producer. */
  readonly open = new Map<string, { readonly first: number; readonly epoch: number }>()
  readonly #aborted: Aborted[] = []
  /** Whoever waits for something new. */
  readonly #waiting = new Set<() => void>()

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get end(): number {
    return this.records.length
  }
  get stable(): number {
    return Math.min(this.end, ...[...this.open.values()].map(({ first }) => first))
  }

  /** Returns the first offset that was given out. */
  async append(bytes: Buffer): Promise<number> {
    const first = this.end
    const batch = await this.#add(bytes)
    if (batch.inTransaction && !this.open.has(batch.producerId)) this.open.set(batch.producerId, { first, epoch: batch.producerEpoch })
    this.#tell()
    return first
  }

  /** Writes the end of a transaction, where it has records here. */
  async mark(producerId: bigint, producerEpoch: number, commit: boolean, at: number): Promise<void> {
    const id = String(producerId)
    const open = this.open.get(id)
    if (open === undefined) return
    const key = Buffer.from([0, 0, 0, commit ? 1 : 0])
    const record = { key, value: null, timestamp: at, headers: {} }
    const bytes = await encodeRecordBatch([record], { producerId, producerEpoch, firstSequence: -1, transactional: true })
    bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT)
    this.open.delete(id)
    if (!commit) this.#aborted.push({ producerId: id, firstOffset: String(open.first), endsAt: this.end })
    await this.#add(bytes)
    this.#tell()
  }

  /**
   * What a fetch brings: everything below the stable end, with what a reader needs to leave out the aborted. Who reads uncommitted gets
   * all there is, and is not told of what was aborted.
   */
  fetch(from: number, maxRecords: number, isCommitted: boolean) {
    const { stable } = this
    const messages = this.records.slice(from, Math.min(isCommitted ? stable : this.end, from + maxRecords))
    const abortedTransactions = this.#aborted.filter(
      ({ firstOffset, endsAt }) => isCommitted && endsAt >= from && Number(firstOffset) < from + messages.length,
    )
    return {
      partition: this.partition,
      errorCode: 0,
      highWatermark: String(this.end),
      lastStableOffset: String(stable),
      abortedTransactions,
      messages,
    }
  }

  /** Committed records, in order. */
  committed(): readonly FetchedRecord[] {
    const gone = (record: FetchedRecord) =>
      this.#aborted.some(
        ({ producerId, firstOffset, endsAt }) =>
          record.batchContext.producerId === producerId && record.place >= Number(firstOffset) && record.place <= endsAt,
      )
    return this.records
      .slice(0, this.stable)
      .filter((record) => !record.isControlRecord && !(record.batchContext.inTransaction && gone(record)))
  }

  /** Calls it at the next change; the function returned takes that back. */
  onChange(tell: () => void): () => void {
    this.#waiting.add(tell)
    return () => void this.#waiting.delete(tell)
  }

  #tell(): void {
    for (const tell of [...this.#waiting]) tell()
  }

  async #add(bytes: Buffer) {
    const own = Buffer.from(bytes)
    own.writeBigInt64BE(BigInt(this.end), 0)
    const batch = await readRecordBatch({ buffer: own, offset: 0, forward: () => undefined }, (attributes, compressed) =>
      codecs().lookupCodecByAttributes(attributes).decompress(compressed),
    )
    if (batch === undefined) throw new Error(`half a batch for ${this.topic} ${this.partition}`)
    this.records.push(...batch.records)
    return batch
  }
}
