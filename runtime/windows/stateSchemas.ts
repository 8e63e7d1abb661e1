/**
 * Puts Avro definitions into one another. A name may be defined once in a schema: what is defined already is referred
 * to by its full name, and two different types under one name are refused.
 */
import { schema } from '../schema.ts'
import type { Schema } from '../schema.ts'
import { timerName } from './closingTimer.ts'

const primitives = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])
const named = new Set(['record', 'error', 'enum', 'fixed'])

/** One record type of the given full name. Field types may repeat named types; throws `TypeError` if two of them differ. */
export function recordSchema<T>(
  name: string,
  doc: string,
  fields: readonly { name: string; type: unknown; default?: unknown; doc: string }[],
): Schema<T> {
  return schema<T>(qualified({ type: 'record', name, doc, fields }, '', new Map()) as object)
}

/** The value of a schema. */
export type ValueOfSchema<S> = S extends Schema<infer V> ? V : never

/**
 * One state out of several, for a stage that keeps more than one window or join: each part is `null` until it is first
 * set. The parts are what the helpers take as the state before. Throws `TypeError` if two of them would have one timer: each
 * would close by that of the other, and lose its own.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Schema is invariant in its value
export function combinedState<const Parts extends Record<string, Schema<any>>>(
  name: string,
  parts: Parts,
): Schema<{ readonly [K in keyof Parts]: ValueOfSchema<Parts[K]> | null }> {
  const timers = new Map<string, string>()
  for (const [part, state] of Object.entries(parts)) {
    if (!hasTimer(state)) continue
    const timer = timerName(state.name)
    const other = timers.get(timer)
    if (other !== undefined)
      throw new TypeError(
        `${other} and ${part} of ${name} would share the timer ${timer}: declare one of them under a name that ends in another word`,
      )
    timers.set(timer, part)
  }
  return recordSchema(
    name,
    'Several states of one stage.',
    Object.entries(parts).map(([part, { definition, name: type }]) => ({
      name: part,
      type: ['null', definition],
      default: null,
      doc: `State of ${type}.`,
    })),
  )
}

/** Is it the state of a helper that sets a timer? */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Schema is invariant in its value
function hasTimer({ name, definition }: Schema<any>): boolean {
  const { fields = [] } = definition as { fields?: readonly { name: string; type: unknown }[] }
  const types = fields.flatMap((field) => (field.name === 'timer' && Array.isArray(field.type) ? (field.type as unknown[]) : []))
  return types.some((type) => (type as { name?: unknown }).name === `${name}Timer`)
}

/** A copy of the definition with full names, in which each named type is defined at its first place only. */
function qualified(definition: unknown, namespace: string, known: Map<string, string>): unknown {
  if (typeof definition === 'string') return primitives.has(definition) ? definition : fullName(definition, namespace)
  if (Array.isArray(definition)) return definition.map((branch) => qualified(branch, namespace, known))
  const type = definition as {
    type: unknown
    name?: string
    namespace?: string
    fields?: { type: unknown }[]
    items?: unknown
    values?: unknown
  }
  if (type.type === 'array') return { ...type, items: qualified(type.items, namespace, known) }
  if (type.type === 'map') return { ...type, values: qualified(type.values, namespace, known) }
  if (typeof type.type !== 'string' || !named.has(type.type)) return { ...type, type: qualified(type.type, namespace, known) }
  const { namespace: own = namespace, name = '', ...rest } = type
  const full = fullName(name, own)
  const inner = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : ''
  // Two occurrences are the same type if they are the same written out whole.
  const whole = (): string => JSON.stringify(withFields(rest, full, inner, new Map([[full, '']])))
  const before = known.get(full)
  if (before === undefined) {
    known.set(full, whole())
    return withFields(rest, full, inner, known)
  }
  // Empty while the type itself is being written out: what stands inside it under its own name is a reference.
  if (before !== '' && before !== whole()) throw new TypeError(`two different types of one schema are named ${full}`)
  return full
}

function withFields(rest: { fields?: { type: unknown }[] }, name: string, namespace: string, known: Map<string, string>): object {
  const { fields } = rest
  if (fields === undefined) return { ...rest, name }
  return { ...rest, name, fields: fields.map((field) => ({ ...field, type: qualified(field.type, namespace, known) })) }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}
