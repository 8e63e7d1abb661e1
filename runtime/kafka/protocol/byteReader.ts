/**
 * Reads what brokers answer in flexible versions: big-endian numbers, compact strings and arrays, and tagged fields, of
 * which unknown ones are passed over. Reading past the end throws a RangeError.
 * @source https://kafka.apache.org/protocol#protocol_types
 */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at)
    this.#at += 2
    return value
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at)
    this.#at += 4
    return value
  }

  int64(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at)
    this.#at += 8
    return value
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  compactString(): string | null {
    const length = this.uvarint() - 1
    if (length < 0) return null
    const from = this.#at
    this.#skip(length)
    return this.#bytes.toString('utf8', from, this.#at)
  }

  compactArray<T>(read: () => T): T[] {
    const items: T[] = []
    for (let left = this.uvarint() - 1; left > 0; left--) items.push(read())
    return items
  }

  /** The tagged fields; `take` may read the value of one it knows. */
  tags(take?: (tag: number, value: ByteReader) => void): void {
    for (let left = this.uvarint(); left > 0; left--) {
      const tag = this.uvarint()
      const length = this.uvarint()
      const from = this.#at
      this.#skip(length)
      take?.(tag, new ByteReader(this.#bytes.subarray(from, this.#at)))
    }
  }

  #skip(length: number): void {
    if (this.#at + length > this.#bytes.length)
      throw new RangeError(`the answer ends after ${this.#bytes.length} bytes, ${this.#at + length} were announced`)
    this.#at += length
  }
}
