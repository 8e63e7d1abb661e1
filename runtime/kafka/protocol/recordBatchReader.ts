/**
 * Decodes a record batch (magic 2) into the records that the client hands on. One pass finds where keys, values and headers
 * stand; they are read when they are asked for. A fetch holds thousands of records that wait for their turn: what is made
 * of each now would be copied by every collection until then, which cost a sixth of a stage's time.
 * @source https://kafka.apache.org/documentation/#recordbatch
 */
import { HeaderReader } from './headerReader.ts'
import type { FetchedHeaders } from './headerReader.ts'

/** Where the client is in the answer to a fetch. */
export interface FetchPosition {
  readonly buffer: Buffer
  readonly offset: number
  forward(bytes: number): unknown
}

export interface ReadRecordBatch {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly partitionLeaderEpoch: number
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
  readonly lastOffsetDelta: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly maxTimestamp: string
  readonly timestampType: number
  readonly records: FetchedRecord[]
}

/** First offset and length, before what the length counts. */
const HEAD_BYTES = 12
/** Up to the records, from behind the head: epoch 4, magic 1, crc 4, attributes 2, deltas and times 20, producer 14, count 4. */
const RECORDS_AT = 49
const COMPRESSION = 0x7
const LOG_APPEND_TIME = 0x8
/** The years 1 to 9999, ms: beyond them a time has no date, and further out it is no exact number any more. Brokers bound it above only. */
const EARLIEST_MS = -62_135_596_800_000
const LATEST_MS = 253_402_300_799_999
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/**
 * Reads the batch at the position and moves past it. `undefined`, with the position after the announced length, when the
 * fetch ends within it. `decompress` is asked only for compressed records.
 */
export async function readRecordBatch(
  from: FetchPosition,
  decompress: (attributes: number, bytes: Buffer) => Promise<Buffer>,
): Promise<ReadRecordBatch | undefined> {
  const { buffer, offset: start } = from
  const firstOffset = buffer.readBigInt64BE(start)
  const length = buffer.readInt32BE(start + 8)
  from.forward(HEAD_BYTES + length)
  const batch = buffer.subarray(start + HEAD_BYTES, start + HEAD_BYTES + length)
  if (batch.length < length) return undefined
  const attributes = batch.readInt16BE(9)
  const firstTimestamp = batch.readBigInt64BE(15)
  const maxTimestamp = batch.readBigInt64BE(23)
  const context = {
    firstOffset: String(firstOffset),
    firstTimestamp: String(firstTimestamp),
    partitionLeaderEpoch: batch.readInt32BE(0),
    inTransaction: (attributes & TRANSACTIONAL) > 0,
    isControlBatch: (attributes & CONTROL) > 0,
    lastOffsetDelta: batch.readInt32BE(11),
    producerId: String(batch.readBigInt64BE(31)),
    producerEpoch: batch.readInt16BE(39),
    firstSequence: batch.readInt32BE(41),
    maxTimestamp: String(maxTimestamp),
    timestampType: (attributes & LOG_APPEND_TIME) > 0 ? 1 : 0,
  }
  const count = Math.max(0, batch.readInt32BE(45))
  const stored = batch.subarray(RECORDS_AT)
  const bytes = (attributes & COMPRESSION) === 0 || count === 0 ? stored : await decompress(attributes, stored)
  const of: BatchContext = {
    bytes,
    firstOffset: Number(firstOffset),
    firstTimestamp: Number(firstTimestamp),
    appendedAt: context.timestampType === 1 ? Number(maxTimestamp) : undefined,
    headers: new HeaderReader(bytes),
    shown: { ...context },
  }
  return { ...context, records: readRecords(of, count) }
}

/** A control record at the last offset of a batch whose tail compaction removed: without it a reader would stand still. */
export function controlRecordAfter(
  batch: Pick<ReadRecordBatch, 'firstOffset' | 'lastOffsetDelta' | 'maxTimestamp'> & ShownContext,
): FetchedRecord {
  const of: BatchContext = {
    bytes: COMMIT_MARKER,
    firstOffset: Number(batch.firstOffset),
    firstTimestamp: Number(batch.maxTimestamp),
    appendedAt: undefined,
    headers: new HeaderReader(COMMIT_MARKER),
    shown: { ...batch, isControlBatch: true },
  }
  return new FetchedRecord(of, batch.lastOffsetDelta, 0, 0, 4, 0, -1, 4)
}

/** Version 0 and type 1 as the key of a marker, and that it has no headers. */
const COMMIT_MARKER = Buffer.from([0, 0, 0, 1, 0])

/** What the client looks at of the batch of a record. */
interface ShownContext {
  readonly producerId: string
  readonly inTransaction: boolean
}

/** What the records of a batch have in common. */
interface BatchContext {
  readonly bytes: Buffer
  readonly firstOffset: number
  readonly firstTimestamp: number
  /** Set where the broker gave all of them the time of their arrival, ms. */
  readonly appendedAt: number | undefined
  readonly headers: HeaderReader
  readonly shown: ShownContext & { readonly isControlBatch: boolean }
}

/** A record as the client knows it, with its place as numbers beside. Keys, values and header values are views. */
export class FetchedRecord {
  readonly #batch: BatchContext
  readonly #offsetDelta: number
  readonly #timestampDelta: number
  readonly #keyAt: number
  readonly #keyBytes: number
  readonly #valueAt: number
  readonly #valueBytes: number
  readonly #headersAt: number

  /** Lengths are -1 for null; `headersAt` is where their number stands. */
  constructor(
    batch: BatchContext,
    offsetDelta: number,
    timestampDelta: number,
    keyAt: number,
    keyBytes: number,
    valueAt: number,
    valueBytes: number,
    headersAt: number,
  ) {
    this.#batch = batch
    this.#offsetDelta = offsetDelta
    this.#timestampDelta = timestampDelta
    this.#keyAt = keyAt
    this.#keyBytes = keyBytes
    this.#valueAt = valueAt
    this.#valueBytes = valueBytes
    this.#headersAt = headersAt
  }

  get offset(): string {
    return String(this.place)
  }
  get timestamp(): string {
    return String(this.timestampMs)
  }
  get key(): Buffer | null {
    return this.#keyBytes < 0 ? null : this.#batch.bytes.subarray(this.#keyAt, this.#keyAt + this.#keyBytes)
  }
  get value(): Buffer | null {
    return this.#valueBytes < 0 ? null : this.#batch.bytes.subarray(this.#valueAt, this.#valueAt + this.#valueBytes)
  }
  get headers(): FetchedHeaders {
    return this.#batch.headers.raw(this.#headersAt)
  }
  get isControlRecord(): boolean {
    return this.#batch.shown.isControlBatch
  }
  get batchContext(): BatchContext['shown'] {
    return this.#batch.shown
  }

  /** The offset; exact up to 2^53. */
  get place(): number {
    return this.#batch.firstOffset + this.#offsetDelta
  }
  /** ms since the epoch, within the years 1 to 9999. */
  get timestampMs(): number {
    const ms = this.#batch.appendedAt ?? this.#batch.firstTimestamp + this.#timestampDelta
    return ms < EARLIEST_MS ? EARLIEST_MS : ms > LATEST_MS ? LATEST_MS : ms
  }
  get keyText(): string | null {
    return this.#keyBytes < 0 ? null : this.#batch.bytes.toString('utf8', this.#keyAt, this.#keyAt + this.#keyBytes)
  }
  /** Bytes of the value, 0 for null. */
  get valueSize(): number {
    return Math.max(0, this.#valueBytes)
  }
  /** As text; of a repeated header the first. */
  get headersAsText(): Record<string, string> {
    return this.#batch.headers.text(this.#headersAt)
  }
}

function readRecords(batch: BatchContext, count: number): FetchedRecord[] {
  const { bytes } = batch
  const end = bytes.length
  let at = 0
  /** Zigzag, at most 10 bytes: exact up to 2^53, which times and offsets stay far below. */
  const varlong = (): number => {
    const first = bytes.readUInt8(at++)
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let value = first & 0x7f
    let factor = 128
    let byte = first
    while (byte >= 0x80) {
      byte = bytes.readUInt8(at++)
      value += (byte & 0x7f) * factor
      factor *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  /** Passes over the bytes of a key or value and gives their number, -1 for null. */
  const pass = (): number => {
    const length = varlong()
    if (length > 0) at += length
    if (at > end) throw new RangeError(`a record ends after ${at} bytes, its batch after ${end}`)
    return length < 0 ? -1 : length
  }
  const records = new Array<FetchedRecord>(count)
  for (let index = 0; index < count; index += 1) {
    const length = varlong()
    const next = at + length
    // Attributes of a record are unused.
    at += 1
    const timestampDelta = varlong()
    const offsetDelta = varlong()
    const keyBytes = pass()
    const keyAt = at - Math.max(0, keyBytes)
    const valueBytes = pass()
    const valueAt = at - Math.max(0, valueBytes)
    records[index] = new FetchedRecord(batch, offsetDelta, timestampDelta, keyAt, keyBytes, valueAt, valueBytes, at)
    if (next > end) throw new RangeError(`a record ends after ${next} bytes, its batch after ${end}`)
    // A newer broker may append fields; what the record announces is where the next one begins.
    at = next
  }
  return records
}
