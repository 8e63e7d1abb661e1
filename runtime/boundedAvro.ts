/**
 * Corrects how avsc 5.7 reads arrays and maps: it believes how many items are announced. Five bytes that announce fifty million held the
 * process up for most of a minute and took a gigabyte, two bytes had it skip a block backwards for ever, and each process that took the
 * partition over met the same record. Here no more items are believed than bytes are left, and no block ends before it begins.
 */
import avro from 'avsc'

/** What is read, and how far it has been read. */
interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  readString(): string
  skipString(): void
}

interface Part {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

interface ArrayOf extends Part {
  readonly itemsType: Part
}
interface MapOf extends Part {
  readonly valuesType: Part
}

/** Corrects avsc, once; every reader looks these up when it reads. Items that take no bytes (arrays of null) are not for topics. */
export function boundAvro(): void {
  const { ArrayType, MapType } = avro.types as unknown as { ArrayType: { prototype: ArrayOf }; MapType: { prototype: MapOf } }
  const array = ArrayType.prototype
  array._read = function (this: ArrayOf, tap) {
    const { itemsType } = this
    let items: unknown[] | undefined
    let at = 0
    for (let left = announced(tap, false); left > 0; left = announced(tap, false)) {
      // As avsc does: made as long as its first block, it is filled faster.
      items ??= new Array<unknown>(left)
      for (; left > 0; left -= 1) {
        items[at++] = itemsType._read(tap)
        within(tap)
      }
    }
    return items ?? []
  }
  array._skip = function (this: ArrayOf, tap) {
    for (let left = announced(tap, true); left > 0; left = announced(tap, true))
      for (; left > 0; left -= 1) {
        this.itemsType._skip(tap)
        within(tap)
      }
  }
  const map = MapType.prototype
  map._read = function (this: MapOf, tap) {
    const { valuesType } = this
    const values: Record<string, unknown> = {}
    for (let left = announced(tap, false); left > 0; left = announced(tap, false))
      for (; left > 0; left -= 1) {
        const name = tap.readString()
        const value = valuesType._read(tap)
        // Named `__proto__` it would be taken for the prototype of the others.
        if (name === '__proto__') Object.defineProperty(values, name, { value, enumerable: true, writable: true, configurable: true })
        else values[name] = value
        within(tap)
      }
    return values
  }
  map._skip = function (this: MapOf, tap) {
    for (let left = announced(tap, true); left > 0; left = announced(tap, true))
      for (; left > 0; left -= 1) {
        tap.skipString()
        this.valuesType._skip(tap)
        within(tap)
      }
  }
}

/**
 * How many items of the next block are to be read, 0 behind the last. A negative number stands before the bytes of the block, which are
 * passed over at once when it is only skipped.
 * @source https://avro.apache.org/docs/1.12.0/specification/#arrays-1
 */
function announced(tap: Tap, skips: boolean): number {
  for (;;) {
    let items = tap.readLong()
    if (items < 0) {
      const bytes = tap.readLong()
      items = -items
      if (skips) {
        if (!(bytes >= 0 && bytes <= tap.buf.length - tap.pos)) throw tooMuch(`a block of ${bytes} bytes is`, tap)
        tap.pos += bytes
        continue
      }
    }
    if (items > Math.max(0, tap.buf.length - tap.pos)) throw tooMuch(`${items} items are`, tap)
    return items
  }
}

/** The readers of avsc go on behind the end, where everything is zero. */
function within(tap: Tap): void {
  if (tap.pos > tap.buf.length) throw new RangeError('the value ends within a list')
}

function tooMuch(what: string, { buf, pos }: Tap): RangeError {
  return new RangeError(`${what} announced with ${Math.max(0, buf.length - pos)} bytes left`)
}
