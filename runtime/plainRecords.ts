/**
 * avsc gives records as instances of generated classes. Rules and tests compare records structurally, so each becomes an
 * object literal: the copying code is generated once per type, and arrays and maps, which are fresh, are mended in place.
 */
import type { Type, types } from 'avsc'

type Mend = (value: unknown) => unknown

/** A function that gives decoded values of the type as plain objects; `undefined` when they are plain already. */
export function plainRecordsOf(type: Type, seen = new Map<Type, { mend: Mend | undefined }>()): Mend | undefined {
  switch (type.typeName) {
    case 'array': {
      const mend = plainRecordsOf((type as types.ArrayType).itemsType, seen)
      return mend && ((value) => mendItems(value as unknown[], mend))
    }
    case 'map': {
      const mend = plainRecordsOf((type as types.MapType).valuesType as Type, seen)
      return mend && ((value) => mendValues(value as Record<string, unknown>, mend))
    }
    case 'union:unwrapped':
      return unionMend((type as types.UnwrappedUnionType).types, seen)
    case 'union:wrapped':
      return plainDeep
    case 'record':
      return recordMend(type as types.RecordType, seen)
    default:
      return undefined
  }
}

function recordMend(type: types.RecordType, seen: Map<Type, { mend: Mend | undefined }>): Mend {
  const known = seen.get(type)
  // A record inside itself is not finished yet: it is looked up when the first value comes.
  if (known !== undefined) return (value) => (known.mend as Mend)(value)
  const slot: { mend: Mend | undefined } = { mend: undefined }
  seen.set(type, slot)
  const mends: Mend[] = []
  // Avro names are JavaScript identifiers, so nothing but names and numbers gets into the generated code.
  const properties = type.fields.map(({ name, type: fieldType }) => {
    const mend = plainRecordsOf(fieldType, seen)
    return mend === undefined ? `${name}:v.${name}` : `${name}:m${mends.push(mend) - 1}(v.${name})`
  })
  const names = mends.map((_, index) => `m${index}`)
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- an object literal is several times faster than a loop over names
  const make = new Function(...names, `return (v) => ({${properties.join()}})`) as (...mends: Mend[]) => Mend
  slot.mend = make(...mends)
  return slot.mend
}

/** Unwrapped unions have at most one branch of each JavaScript kind, so the value tells which one it is. */
function unionMend(branches: readonly Type[], seen: Map<Type, { mend: Mend | undefined }>): Mend | undefined {
  let ofArray: Mend | undefined
  let ofObject: Mend | undefined
  for (const branch of branches) {
    const mend = plainRecordsOf(branch, seen)
    if (branch.typeName === 'array') ofArray = mend
    else ofObject ??= mend
  }
  if (ofArray === undefined && ofObject === undefined) return undefined
  return (value) => {
    if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value
    const mend = Array.isArray(value) ? ofArray : ofObject
    return mend === undefined ? value : mend(value)
  }
}

function mendItems(items: unknown[], mend: Mend): unknown[] {
  for (let i = 0; i < items.length; i++) items[i] = mend(items[i])
  return items
}

function mendValues(values: Record<string, unknown>, mend: Mend): Record<string, unknown> {
  for (const key of Object.keys(values)) values[key] = mend(values[key])
  return values
}

/** For what is rare: walks the value, whatever its type. */
function plainDeep(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return value.map(plainDeep)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainDeep(item)]))
}
