/** What a code of a dead letter means and what to do, from the tables of whoever may set a record aside. */
import { consensusErrors } from '../pipelines/consensus/errors.ts'
import { ingestErrors } from '../pipelines/ingest/errors.ts'
import { runtimeErrors } from '../runtime/errors.ts'
import type { ErrorEntry } from '../runtime/errors.ts'

const known: Readonly<Record<string, ErrorEntry>> = { ...runtimeErrors, ...ingestErrors, ...consensusErrors }

/** `undefined` for a code of another team's member. */
export function errorEntry(code: string): ErrorEntry | undefined {
  return Object.hasOwn(known, code) ? known[code] : undefined
}
