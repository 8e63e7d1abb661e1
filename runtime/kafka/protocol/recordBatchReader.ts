/**
 * Decodes a record batch (magic 2) into the records that the client hands on, in one pass over the bytes: its own decoder
 * makes a decoder, several buffers and a copy of all headers for each record. Keys, values and header values are views.
 * @source https://kafka.apache.org/documentation/#recordbatch
 */

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
  readonly records: object[]
}

type HeaderValues = Record<string, Buffer | null | (Buffer | null)[]>

/** First offset and length, before what the length counts. */
const HEAD_BYTES = 12
/** Up to the records, from behind the head: epoch 4, magic 1, crc 4, attributes 2, deltas and times 20, producer 14, count 4. */
const RECORDS_AT = 49
const MAGIC = 2
const COMPRESSION = 0x7
const LOG_APPEND_TIME = 0x8
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
  const appendedAt = context.timestampType === 1 ? context.maxTimestamp : undefined
  return {
    ...context,
    records: readRecords(bytes, count, Number(firstOffset), Number(firstTimestamp), appendedAt, { ...context, magicByte: MAGIC }),
  }
}

const NO_BYTES = Buffer.alloc(0)

/** For names of some ten bytes; a call into the runtime costs more than the loop. */
function sameBytes(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}

function readRecords(
  bytes: Buffer,
  count: number,
  firstOffset: number,
  firstTimestamp: number,
  appendedAt: string | undefined,
  batchContext: { readonly isControlBatch: boolean; readonly magicByte: number },
): object[] {
  let at = 0
  /** Zigzag, at most 10 bytes: exact up to 2^53, which times and offsets stay far below. */
  const varlong = (): number => {
    let value = 0
    let factor = 1
    let byte = 0x80
    while (byte >= 0x80) {
      byte = bytes.readUInt8(at++)
      value += (byte & 0x7f) * factor
      factor *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  const view = (): Buffer | null => {
    const length = varlong()
    if (length < 0) return null
    const from = at
    at += length
    if (at > bytes.length) throw new RangeError(`a record ends after ${at} bytes, its batch after ${bytes.length}`)
    return bytes.subarray(from, at)
  }
  // Writers set the same headers in the same order on each record: a name is compared with the last one at its place, which
  // costs a tenth of reading it.
  const names: { readonly bytes: Buffer; readonly text: string }[] = []
  const headerName = (place: number): string => {
    const bytes = view() ?? NO_BYTES
    const known = names[place]
    if (known !== undefined && sameBytes(known.bytes, bytes)) return known.text
    const text = bytes.toString('utf8')
    names[place] = { bytes, text }
    return text
  }
  const records = new Array<object>(count)
  for (let index = 0; index < count; index += 1) {
    const length = varlong()
    const end = at + length
    const attributes = bytes.readInt8(at++)
    const timestamp = appendedAt ?? String(firstTimestamp + varlong())
    if (appendedAt !== undefined) varlong()
    const offset = String(firstOffset + varlong())
    const key = view()
    const value = view()
    const headers: HeaderValues = {}
    const many = varlong()
    for (let place = 0; place < many; place += 1) {
      const name = headerName(place)
      const header = view()
      if (!Object.hasOwn(headers, name)) {
        // Named `__proto__` it would be taken for the prototype of the others.
        if (name === '__proto__') Object.defineProperty(headers, name, { value: header, enumerable: true, writable: true })
        else headers[name] = header
        continue
      }
      const known = headers[name] as HeaderValues[string]
      headers[name] = Array.isArray(known) ? [...known, header] : [known, header]
    }
    // A newer broker may append fields; what the record announces is where the next one begins.
    at = end
    records[index] = {
      magicByte: MAGIC,
      attributes,
      timestamp,
      offset,
      key,
      value,
      headers,
      isControlRecord: batchContext.isControlBatch,
      batchContext,
    }
  }
  return records
}
