/** The records on disk: current definitions, their examples, their committed history. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { allTopics } from '../../topics/index.ts'
import { parse } from './avro.ts'
import type { Node } from './avro.ts'
import type { Contract, Version } from './compatibility.ts'

export const schemasFolder = join(import.meta.dirname, '..')

export interface RecordEntry {
  /** Short name, that of its file. */
  readonly name: string
  readonly definition: object
}
export interface Example {
  readonly name: string
  /** As the TypeScript type has it: bytes are written as their UTF-8 text in the file. */
  readonly value: unknown
}

/** The current definitions, in name order. */
export function currentRecords(folder: string = schemasFolder): RecordEntry[] {
  return filesIn(join(folder, 'avsc'), '.avsc').map((file) => ({
    name: file.slice(0, -'.avsc'.length),
    definition: json(join(folder, 'avsc', file)) as object,
  }))
}

/** Examples of a record, in name order. */
export function examplesOf({ name, definition }: RecordEntry, folder: string = schemasFolder): Example[] {
  const at = join(folder, 'examples', name)
  const node = parse(definition)
  return filesIn(at, '.json').map((file) => ({ name: file.slice(0, -'.json'.length), value: withBytes(json(join(at, file)), node) }))
}

/** The versions of a record that were ever released, oldest first. */
export function historyOf(name: string, folder: string = schemasFolder): Version[] {
  const at = join(folder, 'history', name)
  return filesIn(at, '.avsc')
    .map((file) => ({ version: Number(/^v(\d+)\.avsc$/.exec(file)?.[1]), definition: json(join(at, file)) }))
    .sort((a, b) => a.version - b.version)
}

/** What a record promises: the strictest of its topics; state of a stage is read back by later versions of that stage alone. */
export function contractOf(name: string): Contract {
  const topics = allTopics.filter(({ value }) => value.name === `rekindle.${name}`)
  const contract = topics.some((topic) => topic.contract === 'public') ? 'public' : 'internal'
  const days = topics.map(({ retention }) => (retention === 'compact' ? Infinity : retention.days))
  const longest = days.length === 0 ? Infinity : Math.max(...days)
  return { record: name, contract, kept: longest === Infinity ? 'for ever' : `${longest} days` }
}

/** JSON has no bytes: where the definition has them, the text of the file becomes its UTF-8 bytes. */
function withBytes(value: unknown, node: Node): unknown {
  if (value === null || value === undefined) return value
  switch (node.kind) {
    case 'primitive':
      return node.type === 'bytes' && typeof value === 'string' ? Buffer.from(value, 'utf8') : value
    case 'array':
      return Array.isArray(value) ? value.map((item) => withBytes(item, node.of)) : value
    case 'map':
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item, node.of)]))
    case 'union':
      return node.branches.reduce<unknown>((now, branch) => withBytes(now, branch), value)
    case 'record': {
      const fields = new Map(node.fields.map((field) => [field.name, field.node]))
      return Object.fromEntries(
        Object.entries(value).map(([key, item]: [string, unknown]) => {
          const field = fields.get(key)
          return [key, field === undefined ? item : withBytes(item, field)]
        }),
      )
    }
    case 'other':
      return value
  }
}

function filesIn(folder: string, ending: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(ending))
        .sort()
    : []
}

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
