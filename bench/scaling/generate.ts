/** Writes the tables of docs/scaling.md. Run Prettier afterwards: it sets the columns. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdown, tables, withTable } from './page.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'scaling.md')
let text = readFileSync(page, 'utf8')
for (const [name, rows] of Object.entries(await tables())) text = withTable(text, name, markdown(rows))
writeFileSync(page, text)
