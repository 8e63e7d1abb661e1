/**
 * An Avro record type with its TypeScript shape. Encoding is synchronous; a reader resolves any older writer schema
 * that Avro's rules allow. Nothing here knows a registry: ids on the wire belong to `runtime/kafka/`.
 */
import { createHash } from 'node:crypto'
import avro from 'avsc'
import { plainRecordsOf } from './plainRecords.ts'

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
  /** The path and value of the first mismatch, or `undefined` when the value is valid. */
  mismatch(value: unknown): string | undefined
}

/** Where values are encoded before they are copied out at their size: 64 KB hold all but the odd one. */
const scratch = Buffer.allocUnsafe(64 * 1024)

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
        const end = type.encode(value, scratch)
        // It says by how much it was too small. avsc's own way allocates zeroed memory for each value.
        if (end < 0) return type.toBuffer(value)
        const bytes = Buffer.allocUnsafe(end)
        scratch.copy(bytes, 0, 0, end)
        return bytes
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
    mismatch: checked,
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? typeof value : text.slice(0, 80)
}
