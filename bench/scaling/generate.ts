/**
 * Writes the tables of docs/scaling.md, or with `--check` says that they are stale: the bytes of a record change with its
 * sentences, and the page would tell of another build. Run Prettier after writing: it sets the columns.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { markdown, tableIn, tables, withTable } from './page.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'scaling.md')
const computed = Object.entries(await tables())
const before = readFileSync(page, 'utf8')
if (!process.argv.includes('--check'))
  writeFileSync(
    page,
    computed.reduce((text, [name, rows]) => withTable(text, name, markdown(rows)), before),
  )
else {
  for (const [name] of computed.filter(([name, rows]) => !isDeepStrictEqual(tableIn(before, name), rows))) {
    console.error(`docs/scaling.md is stale (table "${name}"): run \`npm run generate\` and commit the result.`)
    process.exitCode = 1
  }
}
