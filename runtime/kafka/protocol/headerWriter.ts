/**
 * The headers of the records of one batch. What a record says at a place of its list the next one mostly says too, such as
 * the CloudEvents type: it is encoded once and copied. An id, which never comes twice, is written each time.
 */
import { ByteWriter } from './byteWriter.ts'

export type HeaderValue = Buffer | string | null | undefined
export type HeaderValues = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>

/** The last header at a place; its bytes once it has come twice. */
interface Remembered {
  name: string
  value: string
  bytes: Buffer | undefined
}

export class HeaderWriter {
  readonly #places: Remembered[] = []

  /** Their number, then each with its name. A list is a header that is repeated. */
  write(to: ByteWriter, headers: HeaderValues): void {
    let count = 0
    for (const name in headers) {
      const value = headers[name]
      count += Array.isArray(value) ? value.length : 1
    }
    to.varint(count)
    let place = 0
    for (const name in headers) {
      const value = headers[name]
      if (typeof value === 'string') this.#text(to, place, name, value)
      else if (Array.isArray(value)) for (const each of value as readonly HeaderValue[]) writeHeader(to, name, each)
      else writeHeader(to, name, value as HeaderValue)
      place += 1
    }
  }

  #text(to: ByteWriter, place: number, name: string, value: string): void {
    const last = this.#places[place]
    if (last === undefined) {
      this.#places[place] = { name, value, bytes: undefined }
      return writeHeader(to, name, value)
    }
    if (last.name !== name || last.value !== value) {
      last.name = name
      last.value = value
      last.bytes = undefined
      return writeHeader(to, name, value)
    }
    if (last.bytes === undefined) {
      const alone = new ByteWriter()
      writeHeader(alone, name, value)
      last.bytes = alone.written
    }
    to.raw(last.bytes)
  }
}

function writeHeader(to: ByteWriter, name: string, value: HeaderValue): void {
  to.varintText(name)
  if (value === null || value === undefined) to.varint(-1)
  else if (typeof value === 'string') to.varintText(value)
  else to.varint(value.length).raw(value)
}
