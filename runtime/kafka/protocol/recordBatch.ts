/**
 * A record batch (magic 2) as one buffer, written in one pass.
 * @source https://kafka.apache.org/documentation/#recordbatch
 */
import { ByteWriter } from './byteWriter.ts'
import { crc32c } from './crc32c.ts'
import { HeaderWriter } from './headerWriter.ts'
import type { HeaderValue } from './headerWriter.ts'

export type { HeaderValue } from './headerWriter.ts'
export interface BatchRecord {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  /** ms since the epoch. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
}

export interface BatchOptions {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly transactional: boolean
  /** Codec number of the protocol, and what carries it out; none when left out. */
  readonly codec?: { readonly id: number; compress(bytes: Buffer): Buffer | Promise<Buffer> } | undefined
}

const MAGIC = 2
const IN_TRANSACTION = 1 << 4
/** From the start of the batch to its record count: offset, length, leader epoch, magic, checksum, and the checked fields. */
export const BATCH_HEADER_BYTES = 8 + 4 + 4 + 1 + 4 + 2 + 4 + 8 + 8 + 8 + 2 + 4 + 4
/** Where the fields begin that the checksum covers, and where the checksum itself stands. */
const CHECKED_FROM = 21
const CHECKSUM_AT = 17
const LENGTH_AT = 8

/** The batch with all its bytes. Throws when there are no records. */
export async function encodeRecordBatch(records: readonly BatchRecord[], options: BatchOptions): Promise<Buffer> {
  const [first] = records
  if (first === undefined) throw new RangeError('a record batch has at least one record')
  const { producerId, producerEpoch, firstSequence, transactional, codec } = options
  let maxTimestamp = first.timestamp
  for (const { timestamp } of records) if (timestamp > maxTimestamp) maxTimestamp = timestamp
  const body = new ByteWriter(codec === undefined ? BATCH_HEADER_BYTES + 512 * records.length : 512 * records.length)
  if (codec === undefined) body.raw(emptyHeader)
  writeRecords(body, records)
  const batch = codec === undefined ? body.written : Buffer.concat([emptyHeader, await codec.compress(body.written)])
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - LENGTH_AT - 4, LENGTH_AT)
  // The broker sets the leader epoch, which the checksum does not cover.
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(MAGIC, 16)
  batch.writeInt16BE((codec?.id ?? 0) | (transactional ? IN_TRANSACTION : 0), CHECKED_FROM)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(first.timestamp), 27)
  batch.writeBigInt64BE(BigInt(maxTimestamp), 35)
  batch.writeBigInt64BE(producerId, 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(firstSequence, 53)
  batch.writeInt32BE(records.length, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), CHECKSUM_AT)
  return batch
}

/** The records as they stand in a batch of these alone, not compressed. */
export function encodeRecords(records: readonly BatchRecord[]): Buffer {
  const body = new ByteWriter(512 * records.length)
  writeRecords(body, records)
  return body.written
}

const emptyHeader = Buffer.alloc(BATCH_HEADER_BYTES)

function writeRecords(to: ByteWriter, records: readonly BatchRecord[]): void {
  const headers = new HeaderWriter()
  const from = records[0]?.timestamp ?? 0
  for (let place = 0; place < records.length; place++) writeRecord(to, records[place] as BatchRecord, place, from, headers)
}

function writeRecord(to: ByteWriter, record: BatchRecord, offsetDelta: number, firstTimestamp: number, headers: HeaderWriter): void {
  to.lengthPrefixed(() => {
    to.int8(0)
      .varlong(record.timestamp - firstTimestamp)
      .varint(offsetDelta)
    writeBytes(to, record.key)
    writeBytes(to, record.value)
    headers.write(to, record.headers)
  })
}

function writeBytes(to: ByteWriter, bytes: Buffer | string | null): void {
  if (bytes === null) to.varint(-1)
  else if (typeof bytes === 'string') to.varintText(bytes)
  else to.varint(bytes.length).raw(bytes)
}
