/** Writes `docs/errors.md` from the error tables and `docs/agents.md` from the roster. `--check` writes nothing and exits 1 when one is stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { roster } from '../../pipelines/agents/roster.ts'
import type { Agent } from '../../pipelines/agents/agent.ts'
import { errorCatalogue } from '../errorCatalogue.ts'
import { agentsPage, headerText } from './agentsPage.ts'
import { errorsPage } from './errorsPage.ts'

const root = join(import.meta.dirname, '..', '..')

function headerOf({ id, system }: Agent): ReturnType<typeof headerText> {
  const name = id.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return headerText(readFileSync(join(root, 'pipelines', 'agents', system, `${name}.ts`), 'utf8'))
}

const pages = [
  ['docs/errors.md', errorsPage(errorCatalogue)],
  ['docs/agents.md', agentsPage(roster, headerOf)],
] as const
for (const [path, text] of pages) {
  const file = join(root, path)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is stale: run \`npm run generate\` and commit the result.`)
    process.exitCode = 1
  }
}
