/**
 * The JSON Schema of an Avro record, its field docs included: what the read API answers with is described once, in
 * `schemas/avsc`, and appears in the OpenAPI document with the same words.
 */
import { Type } from '@sinclair/typebox'
import type { TUnsafe } from '@sinclair/typebox'
import type { Schema } from '../runtime/schema.ts'

type Avro = string | readonly Avro[] | AvroObject
interface AvroObject {
  readonly type: Avro
  readonly name?: string
  readonly doc?: string
  readonly fields?: readonly { readonly name: string; readonly type: Avro; readonly doc?: string }[]
  readonly items?: Avro
  readonly values?: Avro
  readonly logicalType?: string
}
type Json = Record<string, unknown>

const primitives: Readonly<Record<string, Json>> = {
  null: { type: 'null' },
  boolean: { type: 'boolean' },
  int: { type: 'integer' },
  long: { type: 'integer' },
  float: { type: 'number' },
  double: { type: 'number' },
  string: { type: 'string' },
}

/** The value as it is when a record of `schema` is sent as JSON. Throws for Avro types no record of ours has (bytes, fixed, enum). */
export function jsonSchemaOf<T>(schema: Schema<T>): TUnsafe<T> {
  return Type.Unsafe<T>(convert(schema.definition as AvroObject, new Map()))
}

function convert(avro: Avro, known: Map<string, Json>): Json {
  if (typeof avro === 'string') {
    const found = primitives[avro] ?? known.get(avro.split('.').at(-1) ?? avro)
    if (found === undefined) throw new TypeError(`Avro type ${avro} has no JSON form here.`)
    return found
  }
  if (isUnion(avro)) return union(avro.map((branch) => convert(branch, known)))
  if (avro.type === 'array') return { type: 'array', items: convert(avro.items as Avro, known) }
  if (avro.type === 'map') return { type: 'object', additionalProperties: convert(avro.values as Avro, known) }
  if (avro.type !== 'record') {
    const base = convert(avro.type, known)
    return avro.logicalType === 'timestamp-millis' ? { ...base, description: 'ms since the epoch' } : base
  }
  const fields = avro.fields ?? []
  const record: Json = {
    type: 'object',
    title: avro.name,
    ...(avro.doc === undefined ? {} : { description: avro.doc }),
    required: fields.map(({ name }) => name),
    properties: Object.fromEntries(fields.map(({ name, type, doc }) => [name, described(convert(type, known), doc)])),
  }
  if (avro.name !== undefined) known.set(avro.name, record)
  return record
}

function isUnion(avro: Avro): avro is readonly Avro[] {
  return Array.isArray(avro)
}

/** `["null", X]` of a primitive becomes one schema with two types, which serialises without trying branches. */
function union(branches: readonly Json[]): Json {
  const others = branches.filter((branch) => branch['type'] !== 'null')
  const [only] = others
  if (others.length === 1 && only !== undefined && typeof only['type'] === 'string' && !['object', 'array'].includes(only['type'])) {
    return { ...only, type: [only['type'], 'null'] }
  }
  return { anyOf: branches }
}

function described(schema: Json, doc: string | undefined): Json {
  if (doc === undefined) return schema
  const unit = typeof schema['description'] === 'string' && schema['properties'] === undefined ? ` (${schema['description']})` : ''
  return { ...schema, description: `${doc}${unit}` }
}
