/**
 * Whether a record may change this way. A topic keeps records longer than a deployment takes, so a reader meets all
 * versions: public contracts must hold both ways against the whole history (FULL_TRANSITIVE), internal ones backwards
 * (BACKWARD_TRANSITIVE). A refusal names the field and says what to do.
 */
import { inWords, parse } from './avro.ts'
import type { Node } from './avro.ts'

/** Why bytes of one version cannot be read with another. */
export interface Obstacle {
  /** Dotted path from the record; `[]` steps into an array, `{}` into a map. */
  readonly path: string
  readonly kind: 'absent' | 'type' | 'name' | 'meaning'
  readonly writer: string
  readonly reader: string
}

/** Writer type to the reader types it may be read as. @source Avro 1.12 specification, Schema Resolution */
const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

/** What hinders a reader of one definition from reading bytes of another. Empty: nothing. */
export function obstacles(writer: unknown, reader: unknown): Obstacle[] {
  return resolve(parse(writer), parse(reader), '', new Set())
}

function resolve(writer: Node, reader: Node, path: string, seen: Set<string>): Obstacle[] {
  const differ = (kind: Obstacle['kind']): Obstacle[] => [{ path, kind, writer: inWords(writer), reader: inWords(reader) }]
  // Every branch that may have been written must be readable; a reader's union needs one branch that fits.
  if (writer.kind === 'union') {
    const lost = writer.branches.filter((branch) => resolve(branch, reader, path, new Set(seen)).length > 0)
    if (lost.length === 0) return []
    // With one branch that fits by kind, its own obstacles say more than "the union differs".
    const deeper = lost.flatMap((branch) => within(branch, reader, path, seen))
    return deeper.length > 0 ? deeper : differ('type')
  }
  if (reader.kind === 'union') {
    if (reader.branches.some((branch) => resolve(writer, branch, path, new Set(seen)).length === 0)) return []
    const deeper = within(writer, reader, path, seen)
    return deeper.length > 0 ? deeper : differ('type')
  }
  if (writer.kind === 'other' || reader.kind === 'other') return differ('type')
  if (writer.kind === 'primitive' && reader.kind === 'primitive') {
    if (writer.type !== reader.type) return promotions[writer.type]?.includes(reader.type) === true ? [] : differ('type')
    // Avro reads on; but a number that meant milliseconds must not become microseconds.
    return writer.meaning === reader.meaning ? [] : differ('meaning')
  }
  if (writer.kind === 'record' && reader.kind === 'record') return resolveRecord(writer, reader, path, seen)
  if (writer.kind === 'array' && reader.kind === 'array') return resolve(writer.of, reader.of, `${path}[]`, seen)
  if (writer.kind === 'map' && reader.kind === 'map') return resolve(writer.of, reader.of, `${path}{}`, seen)
  return differ('type')
}

/** The obstacles inside the one branch of the reader that is of the writer's kind. */
function within(writer: Node, reader: Node, path: string, seen: Set<string>): Obstacle[] {
  const branches = reader.kind === 'union' ? reader.branches : [reader]
  const alike = branches.find((branch) => branch.kind === writer.kind && branch.kind !== 'primitive')
  return alike === undefined ? [] : resolve(writer, alike, path, new Set(seen))
}

function resolveRecord(writer: Node & { kind: 'record' }, reader: Node & { kind: 'record' }, path: string, seen: Set<string>): Obstacle[] {
  if (writer.name !== reader.name) return [{ path, kind: 'name', writer: writer.name, reader: reader.name }]
  // A record that contains itself is readable when the rest of it is.
  if (seen.has(writer.name)) return []
  const inner = new Set(seen).add(writer.name)
  return reader.fields.flatMap((field): Obstacle[] => {
    const at = path === '' ? field.name : `${path}.${field.name}`
    const written = writer.fields.find(({ name }) => name === field.name)
    if (written !== undefined) return resolve(written.node, field.node, at, inner)
    return field.hasDefault ? [] : [{ path: at, kind: 'absent', writer: 'nothing', reader: inWords(field.node) }]
  })
}

export interface Contract {
  /** Short name of the record. */
  readonly record: string
  readonly contract: 'public' | 'internal'
  /** How long records are kept, in words: `365 days`, `for ever`. */
  readonly kept: string
}
export interface Version {
  readonly version: number
  readonly definition: unknown
}

/** Why the current definition may not follow its history: one sentence each, empty when it may. */
export function refusals({ record, contract, kept }: Contract, history: readonly Version[], current: unknown): string[] {
  const found = history.flatMap(({ version, definition }) => [
    ...obstacles(definition, current).map((obstacle) => backward(obstacle, record, version, kept)),
    ...(contract === 'public' ? obstacles(current, definition).map((obstacle) => forward(obstacle, record, version, kept)) : []),
  ])
  return [...new Set(found)]
}

/** The new definition must read what the version wrote. */
function backward({ path, kind, writer, reader }: Obstacle, record: string, version: number, kept: string): string {
  const old = `records of v${version} (kept ${kept})`
  switch (kind) {
    case 'absent':
      return `${record}: the field ${path} is new and has no default, but ${old} lack it; give it a default, for example null in a union with null.`
    case 'name':
      return `${record}: ${path === '' ? 'the record' : path} was called ${writer} in v${version} and is called ${reader} now; keep the name.`
    case 'meaning':
      return `${record}: ${path} meant ${writer} in v${version} and means ${reader} now, so old values would be misread; keep it and add a field with another name.`
    case 'type':
      return `${record}: ${path} was ${writer} in v${version} and is ${reader} now, which cannot read ${old}; keep the type and add a field with another name.`
  }
}

/** Readers that still run the version must read what is written now. */
function forward({ path, kind, writer, reader }: Obstacle, record: string, version: number, kept: string): string {
  const others = `readers of v${version}`
  switch (kind) {
    case 'absent':
      return `${record}: the field ${path} was removed, but ${others} need it and have no default for it (records are kept ${kept}); put it back, and give fields a default from the start if they may go one day.`
    case 'name':
      return `${record}: ${path === '' ? 'the record' : path} is called ${writer} now; ${others} know it as ${reader}; keep the name.`
    case 'meaning':
      return `${record}: ${path} means ${writer} now; ${others} take it for ${reader}; keep it and add a field with another name.`
    case 'type':
      return `${record}: ${path} is ${writer} now, which ${others} cannot read as ${reader}; keep the type and add a field with another name.`
  }
}
