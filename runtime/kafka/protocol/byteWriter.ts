/**
 * Bytes of the Kafka protocol, written once into one buffer: big-endian numbers, variable-length ones, and the compact
 * strings and arrays of flexible requests.
 * @source https://kafka.apache.org/protocol#protocol_types
 */
const FIRST_BYTES = 1024
/** Up to this many bytes a loop costs less than a call into the runtime. */
const LOOP_BYTES = 48

export class ByteWriter {
  #bytes: Buffer
  #at = 0

  constructor(firstBytes = FIRST_BYTES) {
    this.#bytes = Buffer.allocUnsafe(firstBytes)
  }

  get length(): number {
    return this.#at
  }

  /** What was written. Shares memory with the writer: do not write on. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  int8(value: number): this {
    this.#room(1)
    this.#bytes[this.#at++] = value & 0xff
    return this
  }

  int16(value: number): this {
    this.#room(2)
    this.#at = this.#bytes.writeInt16BE(value, this.#at)
    return this
  }

  int32(value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
    return this
  }

  uint32(value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32BE(value, this.#at)
    return this
  }

  int64(value: bigint): this {
    this.#room(8)
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at)
    return this
  }

  /** An unsigned 32-bit number, 7 bits a byte, the lowest first. */
  uvarint(value: number): this {
    this.#room(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
    return this
  }

  /** A signed 32-bit number as the records of a batch carry it (zigzag). */
  varint(value: number): this {
    return this.uvarint((value << 1) ^ (value >> 31))
  }

  /** A signed whole number of up to 53 bits (zigzag). */
  varlong(value: number): this {
    if (value >= -0x40000000 && value < 0x40000000) return this.varint(value)
    this.#room(10)
    let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
    return this
  }

  raw(bytes: Uint8Array): this {
    const { length } = bytes
    this.#room(length)
    if (length > LOOP_BYTES) this.#bytes.set(bytes, this.#at)
    else for (let at = 0; at < length; at++) this.#bytes[this.#at + at] = bytes[at] as number
    this.#at += length
    return this
  }

  /** Text in UTF-8 behind its length as a varint. */
  varintText(text: string): this {
    const { length } = text
    if (length > LOOP_BYTES) return this.#longText(text)
    this.#room(1 + length)
    const start = this.#at
    // Up to 63 characters of one byte each take one byte for their number.
    this.#bytes[this.#at++] = length << 1
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at)
      if (code > 0x7f) {
        this.#at = start
        return this.#longText(text)
      }
      this.#bytes[this.#at++] = code
    }
    return this
  }

  #longText(text: string): this {
    const bytes = Buffer.byteLength(text)
    return this.varint(bytes).utf8(text, bytes)
  }

  /**
   * What `write` writes, behind its length as a varint. It is written where it will stand if the length takes two bytes, as
   * that of nearly every record does.
   */
  lengthPrefixed(write: (to: this) => void): this {
    // Five bytes and not two: the number is written at the start again, and must not move what stands behind it by then.
    this.#room(5)
    const start = this.#at
    this.#at += 2
    write(this)
    const length = this.#at - start - 2
    const prefix = varintSize(length)
    if (prefix !== 2) {
      this.#room(prefix)
      this.#bytes.copyWithin(start + prefix, start + 2, this.#at)
    }
    this.#at = start
    this.varint(length)
    this.#at += length
    return this
  }

  /** Text in UTF-8 of a byte length that the caller knows. */
  utf8(text: string, bytes: number): this {
    this.#room(bytes)
    this.#bytes.write(text, this.#at, bytes, 'utf8')
    this.#at += bytes
    return this
  }

  /** COMPACT_NULLABLE_STRING: length + 1, 0 for null. */
  compactString(text: string | null): this {
    if (text === null) return this.uvarint(0)
    const bytes = Buffer.byteLength(text)
    return this.uvarint(bytes + 1).utf8(text, bytes)
  }

  /** COMPACT_ARRAY: length + 1, then the items. */
  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1)
    for (const item of items) write(item)
    return this
  }

  /** No tagged fields. */
  noTags(): this {
    return this.int8(0)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

/** Bytes that `varint` takes for a number. */
export function varintSize(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let bytes = 1
  while (rest > 0x7f) {
    bytes += 1
    rest >>>= 7
  }
  return bytes
}

/** Bytes that `varlong` takes for a number. */
export function varlongSize(value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return varintSize(value)
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  let bytes = 1
  while (rest > 0x7fn) {
    bytes += 1
    rest >>= 7n
  }
  return bytes
}
