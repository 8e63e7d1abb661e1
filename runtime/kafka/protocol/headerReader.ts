/**
 * The headers of the records of one batch, read off its bytes when they are asked for. Writers set the same names in the
 * same order on each record, and most values are the same too: what stands at a place is compared with what stood there
 * last, which costs a tenth of making text of it again.
 * @source https://kafka.apache.org/documentation/#recordheader
 */

export type FetchedHeaders = Readonly<Record<string, Buffer | null | (Buffer | null)[]>>

/** The last text at a place of the header list, and the bytes that it was made of. */
interface Remembered {
  at: number
  bytes: number
  text: string
}

export class HeaderReader {
  readonly #bytes: Buffer
  readonly #names: Remembered[] = []
  readonly #values: Remembered[] = []
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Those that begin with their number at this position, as text; of a repeated header the first, without one of null. */
  text(at: number): Record<string, string> {
    this.#at = at
    const headers: Record<string, string> = {}
    const count = this.#varint()
    for (let place = 0; place < count; place += 1) {
      const name = this.#text(this.#names, place, this.#varint())
      const length = this.#varint()
      if (length < 0 || Object.hasOwn(headers, name)) this.#at += Math.max(0, length)
      else headers[name] = this.#text(this.#values, place, length)
    }
    return headers
  }

  /** The same as views of their bytes; the values of a repeated header as a list. */
  raw(at: number): FetchedHeaders {
    this.#at = at
    const headers: Record<string, Buffer | null | (Buffer | null)[]> = {}
    const count = this.#varint()
    for (let place = 0; place < count; place += 1) {
      const name = this.#text(this.#names, place, this.#varint())
      const length = this.#varint()
      const from = this.#at
      this.#at += Math.max(0, length)
      const value = length < 0 ? null : this.#bytes.subarray(from, this.#at)
      if (!Object.hasOwn(headers, name)) {
        // Named `__proto__` it would be taken for the prototype of the others.
        if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true, writable: true })
        else headers[name] = value
        continue
      }
      const known = headers[name] as Buffer | null | (Buffer | null)[]
      headers[name] = Array.isArray(known) ? [...known, value] : [known, value]
    }
    return headers
  }

  #text(remembered: Remembered[], place: number, length: number): string {
    const at = this.#at
    const end = at + Math.max(0, length)
    if (end > this.#bytes.length) throw new RangeError(`a header ends at ${end}, its batch at ${this.#bytes.length}`)
    this.#at = end
    const last = remembered[place]
    if (last === undefined) {
      const text = this.#bytes.toString('utf8', at, end)
      remembered[place] = { at, bytes: end - at, text }
      return text
    }
    if (last.bytes === end - at && this.#same(last.at, at, last.bytes)) return last.text
    last.at = at
    last.bytes = end - at
    last.text = this.#bytes.toString('utf8', at, end)
    return last.text
  }

  /** For some ten bytes; a call into the runtime costs more than the loop. */
  #same(a: number, b: number, length: number): boolean {
    const bytes = this.#bytes
    for (let index = 0; index < length; index += 1) if (bytes[a + index] !== bytes[b + index]) return false
    return true
  }

  /** Zigzag, of up to 32 bits. */
  #varint(): number {
    const bytes = this.#bytes
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[this.#at++]
      if (byte === undefined) break
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new RangeError(`the headers of a record end at ${this.#at} within a number`)
  }
}
