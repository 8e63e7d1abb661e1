/**
 * Everything that must hold for the records: house rules, examples, history, compatibility, the generated file. Prints
 * one sentence for each fault and exits 1 when there is one.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { schema } from '../../runtime/schema.ts'
import { essence } from './avro.ts'
import { contractOf, currentRecords, examplesOf, historyOf, schemasFolder } from './catalogue.ts'
import type { RecordEntry } from './catalogue.ts'
import { refusals } from './compatibility.ts'
import { generateRecords } from './generate.ts'
import { violations } from './rules.ts'

const EXAMPLES_MIN = 2

/** The faults of all records of a schemas folder, a sentence each. */
export function faults(folder: string = schemasFolder): string[] {
  const stale =
    readFileSync(join(folder, 'generated', 'records.ts'), 'utf8') === generateRecords(join(folder, 'avsc'))
      ? []
      : ['schemas/generated/records.ts is stale: run `npm run generate`.']
  return [
    ...stale,
    ...currentRecords(folder).flatMap((entry) => [
      ...violations(entry.definition),
      ...exampleFaults(entry, folder),
      ...historyFaults(entry, folder),
    ]),
  ]
}

/** An example must be valid, hold nothing the definition lacks, and survive encoding. */
export function exampleFaults(entry: RecordEntry, folder: string = schemasFolder): string[] {
  const examples = examplesOf(entry, folder)
  const type = schema(entry.definition)
  const few =
    examples.length < EXAMPLES_MIN
      ? [
          `${entry.name} has ${examples.length} examples: put at least ${EXAMPLES_MIN} believable ones into schemas/examples/${entry.name}/.`,
        ]
      : []
  const wrong = examples.flatMap(({ name, value }) => {
    const mismatch = type.mismatch(value)
    if (mismatch !== undefined) return [`schemas/examples/${entry.name}/${name}.json: ${mismatch}.`]
    const lost = lostIn(value, type.decode(type.encode(value)), entry.name)
    return lost === undefined
      ? []
      : [`schemas/examples/${entry.name}/${name}.json: ${lost} does not come back; the record has no such field.`]
  })
  return [...few, ...wrong]
}

/** The path of the first thing in `value` that `decoded` lacks. A field that `decoded` has beyond it took its default. */
function lostIn(value: unknown, decoded: unknown, path: string): string | undefined {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return isDeepStrictEqual(value, decoded) ? undefined : path
  if (decoded === null || typeof decoded !== 'object') return path
  for (const [key, item] of Object.entries(value)) {
    const lost = lostIn(item, (decoded as Record<string, unknown>)[key], `${path}.${key}`)
    if (lost !== undefined) return lost
  }
  return undefined
}

/** The current definition must be the last version of its history and agree with every one before. */
export function historyFaults(entry: RecordEntry, folder: string = schemasFolder): string[] {
  const history = historyOf(entry.name, folder)
  const broken = refusals(contractOf(entry.name), history, entry.definition)
  if (broken.length > 0) return broken
  const last = history.at(-1)
  const isRecorded = last !== undefined && essence(last.definition) === essence(entry.definition)
  return isRecorded
    ? []
    : [
        `${entry.name} has changed since ${last === undefined ? 'ever' : `v${last.version}`}: run \`npm run schemas:record\` and commit schemas/history.`,
      ]
}

if (process.argv[1] === import.meta.filename) {
  const found = faults()
  for (const fault of found) console.error(fault)
  if (found.length > 0) process.exit(1)
}
