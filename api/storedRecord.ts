/**
 * A stored record as this version knows it. What was stored before a field was known lacks it, and gets the default that its Avro
 * schema has for that, as whoever reads the topic does: no reader of the API meets a record with holes.
 */
import type { Schema } from '../runtime/schema.ts'

type Avro = string | readonly Avro[] | AvroObject
interface AvroObject {
  readonly type: Avro
  readonly name?: string
  readonly fields?: readonly { readonly name: string; readonly type: Avro; readonly default?: unknown }[]
  readonly items?: Avro
  readonly values?: Avro
}
type Fill = (value: unknown) => unknown

/** Makes records of `schema` whole; what is there stays as it is. */
export function wholeRecord<T>(schema: Schema<T>): (stored: T) => T {
  return fillOf(schema.definition as AvroObject, new Map()) as (stored: T) => T
}

const asItIs: Fill = (value) => value

function fillOf(avro: Avro, known: Map<string, Fill>): Fill {
  if (typeof avro === 'string') {
    const name = avro.split('.').at(-1) ?? avro
    // A record may hold itself, and is known by its name only once it is made.
    return (value) => (known.get(name) ?? asItIs)(value)
  }
  if (isUnion(avro)) return unionFill(avro.filter((branch) => branch !== 'null').map((branch) => fillOf(branch, known)))
  const { type, name, fields, items, values } = avro
  if (items !== undefined) {
    const fill = fillOf(items, known)
    return (value) => (Array.isArray(value) ? value.map(fill) : value)
  }
  if (values !== undefined) {
    const fill = fillOf(values, known)
    return (value) => (isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)])) : value)
  }
  if (fields === undefined) return typeof type === 'string' ? asItIs : fillOf(type, known)
  const parts = fields.map((field) => ({ field, fill: fillOf(field.type, known) }))
  const fill: Fill = (value) => {
    if (!isObject(value)) return value
    const whole: Record<string, unknown> = { ...value }
    for (const { field, fill: inside } of parts) {
      if (value[field.name] !== undefined) whole[field.name] = inside(value[field.name])
      else if (field.default !== undefined) whole[field.name] = field.default
    }
    return whole
  }
  if (name !== undefined) known.set(name, fill)
  return fill
}

/** Which of several a value is, is not known; none of our unions has two records. */
function unionFill(branches: readonly Fill[]): Fill {
  const [only, ...others] = branches
  return only === undefined || others.length > 0 ? asItIs : only
}

function isUnion(avro: Avro): avro is readonly Avro[] {
  return Array.isArray(avro)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object'
}
