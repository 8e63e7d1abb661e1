/**
 * Writes `schemas/generated/records.ts` from `schemas/avsc/*.avsc`: one interface and one `Schema` per record.
 * `--check` writes nothing and exits 1 when the file on disk differs.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Field {
  name: string
  type: unknown
  doc?: string
  default?: unknown
}
interface Rec {
  type: 'record'
  name: string
  doc?: string
  fields: Field[]
}

const here = import.meta.dirname
const sources = join(here, '..', 'avsc')
const target = join(here, '..', 'generated', 'records.ts')

/** The text of `records.ts` for the `.avsc` files of a folder, in name order. */
export function generateRecords(folder: string = sources): string {
  const files = readdirSync(folder)
    .filter((f) => f.endsWith('.avsc'))
    .sort()
  const interfaces = new Map<string, string>()
  const values: string[] = []
  for (const file of files) {
    const definition = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Rec
    typeOf(definition, interfaces)
    values.push(
      `/** ${definition.doc ?? definition.name} */\nexport const ${definition.name} = schema<${definition.name}>(${JSON.stringify(definition)})`,
    )
  }
  return [
    '// Generated from schemas/avsc by `npm run generate`. Do not edit.',
    '/* eslint-disable */',
    "import { schema } from '../../runtime/schema.ts'",
    '',
    ...interfaces.values(),
    ...values,
    '',
  ].join('\n')
}

function typeOf(type: unknown, interfaces: Map<string, string>): string {
  if (typeof type === 'string') {
    const simple: Record<string, string> = {
      string: 'string',
      int: 'number',
      long: 'number',
      float: 'number',
      double: 'number',
      boolean: 'boolean',
      bytes: 'Buffer',
      null: 'null',
    }
    return simple[type] ?? type.replace(/^rekindle\./, '')
  }
  if (Array.isArray(type))
    return type
      .map((t) => typeOf(t, interfaces))
      .reverse()
      .join(' | ')
  const t = type as { type: string; items?: unknown; values?: unknown }
  if (t.type === 'array') {
    const item = typeOf(t.items, interfaces)
    return item.includes('|') ? `(${item})[]` : `${item}[]`
  }
  if (t.type === 'map') return `Record<string, ${typeOf(t.values, interfaces)}>`
  if (t.type === 'record') {
    const record = type as Rec
    const lines = record.fields.map((f) => `  /** ${f.doc ?? f.name} */\n  ${f.name}: ${typeOf(f.type, interfaces)}`)
    const text = `/** ${record.doc ?? record.name} */\nexport interface ${record.name} {\n${lines.join('\n')}\n}\n`
    const known = interfaces.get(record.name)
    if (known !== undefined && known !== text) throw new Error(`${record.name} is defined differently in two .avsc files`)
    interfaces.set(record.name, text)
    return record.name
  }
  return typeOf(t.type, interfaces)
}

if (process.argv[1] === import.meta.filename) {
  const text = generateRecords()
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== text) {
      console.error('schemas/generated/records.ts is stale: run `npm run generate` and commit the result.')
      process.exit(1)
    }
  } else writeFileSync(target, text)
}
