/** Writes `docs/errors.md` from the error tables. `--check` writes nothing and exits 1 when it is stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCatalogue } from '../errorCatalogue.ts'
import { errorsPage } from './errorsPage.ts'

const path = 'docs/errors.md'
const file = join(import.meta.dirname, '..', '..', path)
const text = errorsPage(errorCatalogue)
if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  console.error(`${path} is stale: run \`npm run generate\` and commit the result.`)
  process.exitCode = 1
}
