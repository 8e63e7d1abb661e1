/** Reads what the requests of our own are made of, as brokers do. */
export class RequestReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readInt8((this.#at += 1) - 1)
  }
  int16(): number {
    return this.#bytes.readInt16BE((this.#at += 2) - 2)
  }
  int32(): number {
    return this.#bytes.readInt32BE((this.#at += 4) - 4)
  }
  int64(): bigint {
    return this.#bytes.readBigInt64BE((this.#at += 8) - 8)
  }

  compactBytes(): Buffer {
    const length = this.#uvarint() - 1
    return this.#bytes.subarray(this.#at, (this.#at += Math.max(0, length)))
  }
  compactString(): string {
    return this.compactBytes().toString('utf8')
  }
  compactArray<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.#uvarint() - 1) }, read)
  }

  /** The requests have none that mean anything. */
  tags(): void {
    if (this.#uvarint() !== 0) throw new Error('a request with tagged fields')
  }

  #uvarint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }
}
