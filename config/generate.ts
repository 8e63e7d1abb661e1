/** Writes `.env.example` from the field table; `--check` exits 1 when the file on disk differs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { envExample } from './config.ts'

const target = join(import.meta.dirname, '..', '.env.example')
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== envExample()) {
    console.error('.env.example is stale: run `npm run generate` and commit the result.')
    process.exit(1)
  }
} else writeFileSync(target, envExample())
