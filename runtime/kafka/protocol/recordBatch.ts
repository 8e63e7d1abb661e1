/**
 * A record batch (magic 2) as one buffer, written in one pass. Headers that say the same on every record, such as the
 * CloudEvents type, are encoded once.
 * @source https://kafka.apache.org/documentation/#recordbatch
 */
import { ByteWriter, varintSize, varlongSize } from './byteWriter.ts'
import { crc32c } from './crc32c.ts'

export type HeaderValue = Buffer | string | null | undefined
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
const HEADER_BYTES = 8 + 4 + 4 + 1 + 4 + 2 + 4 + 8 + 8 + 8 + 2 + 4 + 4
/** Where the fields begin that the checksum covers, and where the checksum itself stands. */
const CHECKED_FROM = 21
const CHECKSUM_AT = 17
const LENGTH_AT = 8
/** Values of one header that are kept encoded; a header with more of them (an id) is encoded each time. */
const KEPT_PER_HEADER = 32

/** The batch with all its bytes. Throws when there are no records. */
export async function encodeRecordBatch(records: readonly BatchRecord[], options: BatchOptions): Promise<Buffer> {
  const [first] = records
  if (first === undefined) throw new RangeError('a record batch has at least one record')
  const { producerId, producerEpoch, firstSequence, transactional, codec } = options
  let maxTimestamp = first.timestamp
  for (const { timestamp } of records) if (timestamp > maxTimestamp) maxTimestamp = timestamp
  const body = new ByteWriter(codec === undefined ? HEADER_BYTES + 512 * records.length : 512 * records.length)
  if (codec === undefined) body.raw(emptyHeader)
  for (let place = 0; place < records.length; place++) writeRecord(body, records[place] as BatchRecord, place, first.timestamp)
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

const emptyHeader = Buffer.alloc(HEADER_BYTES)

function writeRecord(to: ByteWriter, record: BatchRecord, offsetDelta: number, firstTimestamp: number): void {
  const { key, value } = record
  const timestampDelta = record.timestamp - firstTimestamp
  const headers = encodedHeaders(record.headers)
  const keyBytes = sizeOf(key)
  const valueBytes = sizeOf(value)
  let headerBytes = varintSize(headers.length)
  for (const header of headers) headerBytes += header.length
  const size = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta) + withLength(keyBytes) + withLength(valueBytes) + headerBytes
  to.varint(size).int8(0).varlong(timestampDelta).varint(offsetDelta)
  writeBytes(to, key, keyBytes)
  writeBytes(to, value, valueBytes)
  to.varint(headers.length)
  for (const header of headers) to.raw(header)
}

/** Byte length, -1 for null. */
function sizeOf(bytes: Buffer | string | null): number {
  return bytes === null ? -1 : typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
}

function withLength(size: number): number {
  return varintSize(size) + Math.max(0, size)
}

function writeBytes(to: ByteWriter, bytes: Buffer | string | null, size: number): void {
  to.varint(size)
  if (bytes === null) return
  if (typeof bytes === 'string') to.utf8(bytes, size)
  else to.raw(bytes)
}

const kept = new Map<string, Map<string, Buffer>>()

function encodedHeaders(headers: BatchRecord['headers']): Buffer[] {
  const encoded: Buffer[] = []
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value)) for (const each of value as readonly HeaderValue[]) encoded.push(encodedHeader(name, each))
    else encoded.push(encodedHeader(name, value as HeaderValue))
  }
  return encoded
}

function encodedHeader(name: string, value: HeaderValue): Buffer {
  if (typeof value !== 'string') return headerBytes(name, value ?? null)
  let values = kept.get(name)
  const known = values?.get(value)
  if (known !== undefined) return known
  const bytes = headerBytes(name, value)
  if (values === undefined) {
    // Names come from few writers; a stranger's many names on dead letters must not fill the memory.
    if (kept.size >= KEPT_PER_HEADER) return bytes
    kept.set(name, (values = new Map<string, Buffer>()))
  }
  if (values.size < KEPT_PER_HEADER) values.set(value, bytes)
  return bytes
}

function headerBytes(name: string, value: Buffer | string | null): Buffer {
  const nameBytes = Buffer.byteLength(name)
  const valueBytes = sizeOf(value)
  const to = new ByteWriter(10 + nameBytes + Math.max(0, valueBytes))
  to.varint(nameBytes).utf8(name, nameBytes)
  writeBytes(to, value, valueBytes)
  return to.written
}
