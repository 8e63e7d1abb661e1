/**
 * An Avro record type with its TypeScript shape. Encoding is synchronous; a reader resolves any older writer schema
 * that Avro's rules allow. Nothing here knows a registry: ids on the wire belong to `runtime/kafka/`.
 */
import { createHash } from 'node:crypto'
import avro from 'avsc'
import { boundAvro } from './boundedAvro.ts'
import { plainRecordsOf } from './plainRecords.ts'

boundAvro()

export interface Schema<T> {
  /** Full Avro name, e.g. `rekindle.LeadEvent`. */
  readonly name: string
  /** The Avro definition as JSON. */
  readonly definition: object
  /** SHA-256 of the canonical definition, first 16 hex digits. */
  readonly fingerprint: string
  /** Encodes without a header. Throws `TypeError` naming the path when the value does not match: a bug, not bad data. */
  encode(value: T): Buffer
  /** Decodes bytes written with this very schema. Throws on bytes that are not. */
  decode(bytes: Buffer): T
  /** A decoder for bytes written with another version; throws when Avro cannot resolve the two. */
  reader(writerDefinition: object): (bytes: Buffer) => T
  /**
   * The same for some fields alone. It reads no further than the last of them, so that early fields cost next to nothing; what
   * stands behind it may be anything.
   */
  partReader<K extends keyof T & string>(fields: readonly K[], writerDefinition: object): (bytes: Buffer) => Pick<T, K>
  /** The path and value of the first mismatch, or `undefined` when the value is valid. */
  mismatch(value: unknown): string | undefined
}

/**
 * Values are encoded one behind the other into pieces of 16 KB and handed out as views of them: to copy each out costs as much as
 * to encode it. A value that is kept keeps its piece; Node's own pool does the same with 8 KB.
 */
const PIECE_BYTES = 16 * 1024
let piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
let pieceAt = 0

/** The value at the next free place; begins a piece when it does not fit into the rest of the last. */
function encoded(type: avro.Type, value: unknown): Buffer {
  let end = type.encode(value, piece, pieceAt)
  // It says by how much it was too small.
  if (end < 0) {
    const fresh = Buffer.allocUnsafeSlow(PIECE_BYTES)
    end = type.encode(value, fresh, 0)
    // Too large for a whole one. The rest of the last stays in use.
    if (end < 0) return type.toBuffer(value)
    piece = fresh
    pieceAt = 0
  }
  const bytes = piece.subarray(pieceAt, end)
  pieceAt = end
  return bytes
}

/** Declares a record type from its Avro definition. */
export function schema<T>(definition: object): Schema<T> {
  const type = avro.Type.forSchema(definition as avro.Schema)
  const fingerprint = createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 16)
  // Bytes need no care: avsc copies them out of the buffer, so that a kept value does not pin a whole fetch.
  const plain = plainRecordsOf(type) ?? ((value: unknown) => value)
  const checked = (value: unknown): string | undefined => {
    // With a hook the check walks the whole value and keeps the path: only worth it when something is wrong.
    if (type.isValid(value)) return undefined
    let found: string | undefined
    type.isValid(value, {
      errorHook(path, bad, expected) {
        found ??= `${path.join('.')} is ${describe(bad)}, expected ${String(expected)}`
      },
    })
    return found
  }
  return {
    name: type.name ?? 'anonymous',
    definition,
    fingerprint,
    encode(value) {
      try {
        return encoded(type, value)
      } catch (error) {
        throw new TypeError(`${String(type.name)}: ${checked(value) ?? String(error)}`, { cause: error })
      }
    },
    decode(bytes) {
      return plain(type.fromBuffer(bytes)) as T
    },
    reader(writerDefinition) {
      const writer = avro.Type.forSchema(writerDefinition as avro.Schema)
      const resolver = type.createResolver(writer)
      return (bytes) => plain(type.fromBuffer(bytes, resolver)) as T
    },
    partReader<K extends keyof T & string>(fields: readonly K[], writerDefinition: object) {
      const wanted = new Set<string>(fields)
      const whole = definition as avro.schema.RecordType
      const part = avro.Type.forSchema({ ...whole, fields: whole.fields.filter(({ name }) => wanted.has(name)) })
      const resolver = part.createResolver(avro.Type.forSchema(writerDefinition as avro.Schema))
      const plainPart = plainRecordsOf(part) ?? ((value: unknown) => value)
      // The last argument leaves out what comes after the last wanted field.
      return (bytes: Buffer) => plainPart(part.fromBuffer(bytes, resolver, true)) as Pick<T, K>
    },
    mismatch: checked,
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? typeof value : text.slice(0, 80)
}
