/**
 * House rules for a definition, beyond what Avro asks: everything is documented, and what could never change without
 * breaking somebody is not used at all. A new enum symbol or union branch breaks readers, so codes are strings from a
 * documented vocabulary and the only union is "null or".
 */
import { parse } from './avro.ts'
import type { Node } from './avro.ts'

const NAMESPACE = 'rekindle.'

/** What is wrong with a definition, a sentence each. */
export function violations(definition: unknown): string[] {
  const node = parse(definition)
  if (node.kind !== 'record') return ['A definition must be a record.']
  const found = visit(node, short(node.name), new Set())
  return node.name.startsWith(NAMESPACE) ? found : [...found, `${node.name}: the namespace must be rekindle.`]
}

function visit(node: Node, path: string, seen: Set<string>): string[] {
  switch (node.kind) {
    case 'primitive':
      return []
    case 'array':
    case 'map':
      return visit(node.of, path, seen)
    case 'other':
      return [`${path} is ${node.type}: readers break when its values grow; use a string and list the words in the doc.`]
    case 'union':
      return visitUnion(node.branches, path, seen)
    case 'record': {
      if (seen.has(node.name)) return []
      seen.add(node.name)
      return [
        ...(node.doc === undefined || node.doc === '' ? [`${path} has no doc: say in a sentence what the record is.`] : []),
        ...node.fields.flatMap((field) => [
          ...(field.doc === undefined || field.doc === ''
            ? [`${path}.${field.name} has no doc: say what it is, with its unit or its words.`]
            : []),
          ...(isNullable(field.node) && !field.hasDefault
            ? [`${path}.${field.name} may be null but has no default: give it null, so that it may be left out one day.`]
            : []),
          ...(field.hasDefault && isNullable(field.node) && field.default !== null
            ? [`${path}.${field.name}: the default of "null or" must be null.`]
            : []),
          ...visit(field.node, `${path}.${field.name}`, seen),
        ]),
      ]
    }
  }
}

function visitUnion(branches: readonly Node[], path: string, seen: Set<string>): string[] {
  const isNullOr = branches.length === 2 && branches[0]?.kind === 'primitive' && branches[0].type === 'null'
  if (!isNullOr)
    return [`${path} is a union of ${branches.length}: readers break when it grows; use optional typed sections beside a kind.`]
  return visit(branches[1] as Node, path, seen)
}

function isNullable(node: Node): boolean {
  return node.kind === 'union' && node.branches[0]?.kind === 'primitive' && node.branches[0].type === 'null'
}

function short(name: string): string {
  return name.split('.').at(-1) ?? name
}
