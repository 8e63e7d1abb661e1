/**
 * An Avro definition as a tree whose names are resolved, for the part of Avro that records here use: record, array, map,
 * union, the primitives. Everything else is kept by name, so that a rule can refuse it.
 */

export type Definition = string | readonly Definition[] | { readonly type: Definition; readonly [key: string]: unknown }

export interface Field {
  readonly name: string
  readonly node: Node
  readonly doc: string | undefined
  readonly hasDefault: boolean
  readonly default: unknown
}
export type Node =
  | { readonly kind: 'primitive'; readonly type: string; readonly meaning: string | undefined }
  | { readonly kind: 'record'; readonly name: string; readonly doc: string | undefined; readonly fields: readonly Field[] }
  | { readonly kind: 'array' | 'map'; readonly of: Node }
  | { readonly kind: 'union'; readonly branches: readonly Node[] }
  | { readonly kind: 'other'; readonly type: string }

const primitives = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])

/** Reads a definition. A name that was defined before stands for its definition. */
export function parse(definition: unknown): Node {
  return read(definition as Definition, new Map(), '')
}

function read(definition: Definition, names: Map<string, Node>, namespace: string): Node {
  if (typeof definition === 'string') {
    if (primitives.has(definition)) return { kind: 'primitive', type: definition, meaning: undefined }
    const known = names.get(fullName(definition, namespace))
    if (known === undefined) throw new TypeError(`The type ${definition} is used before it is defined.`)
    return known
  }
  if (Array.isArray(definition))
    return { kind: 'union', branches: (definition as readonly Definition[]).map((branch) => read(branch, names, namespace)) }
  const shape = definition as { type: Definition; [key: string]: unknown }
  if (typeof shape.type !== 'string') return read(shape.type, names, namespace)
  if (primitives.has(shape.type)) return { kind: 'primitive', type: shape.type, meaning: shape['logicalType'] as string | undefined }
  if (shape.type === 'array') return { kind: 'array', of: read(shape['items'] as Definition, names, namespace) }
  if (shape.type === 'map') return { kind: 'map', of: read(shape['values'] as Definition, names, namespace) }
  if (shape.type === 'record') return readRecord(shape, names, namespace)
  return names.get(fullName(shape.type, namespace)) ?? { kind: 'other', type: shape.type }
}

function readRecord(shape: Record<string, unknown>, names: Map<string, Node>, outer: string): Node {
  const namespace = (shape['namespace'] as string | undefined) ?? outer
  const name = fullName(shape['name'] as string, namespace)
  const fields: Field[] = []
  const node: Node = { kind: 'record', name, doc: shape['doc'] as string | undefined, fields }
  // Known before its fields are read: a record may contain itself.
  names.set(name, node)
  for (const field of shape['fields'] as { name: string; type: Definition; doc?: string; default?: unknown }[]) {
    fields.push({
      name: field.name,
      node: read(field.type, names, namespace),
      doc: field.doc,
      hasDefault: 'default' in field,
      default: field.default,
    })
  }
  return node
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/** A type in the words of a sentence: `int`, `timestamp-millis`, `null or string`, `array of Vote`. */
export function inWords(node: Node): string {
  switch (node.kind) {
    case 'primitive':
      return node.meaning ?? node.type
    case 'record':
      return node.name.split('.').at(-1) ?? node.name
    case 'array':
      return `array of ${inWords(node.of)}`
    case 'map':
      return `map of ${inWords(node.of)}`
    case 'union':
      return node.branches.map(inWords).join(' or ')
    case 'other':
      return node.type
  }
}

/** A definition without what readers and writers never see: docs and order of keys. Equal texts mean the same version. */
export function essence(definition: unknown): string {
  return JSON.stringify(definition, (key, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    const entries = Object.entries(value).filter(([name]) => name !== 'doc' || key === 'default')
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
