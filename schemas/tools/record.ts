/**
 * Adds the current definitions to the committed history, one file per version. A change that would break a reader is
 * refused, so the history never holds one.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { essence } from './avro.ts'
import { contractOf, currentRecords, historyOf, schemasFolder } from './catalogue.ts'
import { refusals } from './compatibility.ts'

/** Writes the new versions. Gives the files written and why others were not. */
export function recordHistory(folder: string = schemasFolder): { written: string[]; refused: string[] } {
  const written: string[] = []
  const refused: string[] = []
  for (const { name, definition } of currentRecords(folder)) {
    const history = historyOf(name, folder)
    const last = history.at(-1)
    if (last !== undefined && essence(last.definition) === essence(definition)) continue
    const broken = refusals(contractOf(name), history, definition)
    if (broken.length > 0) {
      refused.push(...broken)
      continue
    }
    const file = join('history', name, `v${(last?.version ?? 0) + 1}.avsc`)
    mkdirSync(join(folder, 'history', name), { recursive: true })
    writeFileSync(join(folder, file), `${JSON.stringify(definition, null, 2)}\n`)
    written.push(join('schemas', file))
  }
  return { written, refused }
}

if (process.argv[1] === import.meta.filename) {
  const { written, refused } = recordHistory()
  for (const file of written) console.log(`${file} is new: commit it.`)
  for (const sentence of refused) console.error(sentence)
  if (refused.length > 0) process.exit(1)
}
