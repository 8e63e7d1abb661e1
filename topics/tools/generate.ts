/**
 * Writes `docs/topics.md` and `docs/asyncapi.yaml` from the declarations. `--check` writes nothing and exits 1 when one
 * of them is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { currentRecords, examplesOf } from '../../schemas/tools/catalogue.ts'
import { allTopics } from '../index.ts'
import { asyncapi } from './asyncapi.ts'
import { topicsPage } from './topicsPage.ts'

const root = join(import.meta.dirname, '..', '..')

/** Path below the root to its text. */
export function generated(): Map<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const records = new Map(currentRecords().map((entry) => [entry.name, entry]))
  const examples = (name: string) => {
    const entry = records.get(name)
    return entry === undefined ? [] : examplesOf(entry).map((example) => ({ name: example.name, value: asText(example.value) }))
  }
  const document = stringify(asyncapi(allTopics, version, examples), { aliasDuplicateObjects: false, lineWidth: 0 })
  return new Map([
    ['docs/topics.md', topicsPage(allTopics)],
    ['docs/asyncapi.yaml', document],
  ])
}

/** Bytes are shown as their text, as in the example files. */
function asText(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('utf8')
  if (Array.isArray(value)) return value.map(asText)
  return value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]))
    : value
}

if (process.argv[1] === import.meta.filename) {
  const check = process.argv.includes('--check')
  for (const [path, text] of generated()) {
    const file = join(root, path)
    if (!check) writeFileSync(file, text)
    else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
      console.error(`${path} is stale: run \`npm run generate\` and commit the result.`)
      process.exitCode = 1
    }
  }
}
