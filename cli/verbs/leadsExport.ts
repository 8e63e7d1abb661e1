/** `rekindle leads export <leadKey>`: everything held on a lead as one JSON document, for the person it is about. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import type { Command } from 'commander'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { exportLead } from '../leadExport.ts'
import type { PlaceCount } from '../leadExport.ts'
import type { Surroundings } from '../surroundings.ts'

/** Adds the verb below `rekindle leads`. */
export function addLeadsExport(leads: Command, { terminal, config, held, now }: Surroundings): void {
  leads
    .command('export')
    .description('everything held on a lead, as one JSON document: topics, states, Postgres, ClickHouse')
    .argument('<leadKey>', '<locationId>:<contactId>')
    .option('--out <file>', 'write it there, readable by you alone, and print the counts')
    .action(async (lead: string, flags: { readonly out?: string }) => {
      checkLeadKey(lead)
      const on = await held(config(), lead)
      try {
        if (flags.out === undefined) {
          await exportLead(lead, on, now(), async (line) => terminal.out(line))
          return
        }
        const counts = await toFile(flags.out, (write) => exportLead(lead, on, now(), write))
        for (const line of countLines(counts)) terminal.out(line)
        for (const other of on.linked) terminal.out(`Perhaps the same person, not in this document: ${other}`)
      } finally {
        await on.close()
      }
    })
}

/** Throws `E_OPTION_INVALID` for what is no lead key: a contact id alone would find nothing and look like an answer. */
export function checkLeadKey(lead: string): void {
  if (!/^[^:\s]+:[^:\s]+$/.test(lead)) throw cliError('E_OPTION_INVALID', `${lead} is no lead key: <locationId>:<contactId>.`)
}

/** Beside its place first: a document that is not whole never has the name that was asked for. */
async function toFile<R>(path: string, work: (write: (line: string) => Promise<void>) => Promise<R>): Promise<R> {
  // Two exports at once into one place would write into one another.
  const partial = `${path}.${randomUUID()}.partial`
  const file = await open(partial, 'w', 0o600)
  try {
    const result = await work(async (line) => {
      await file.write(`${line}\n`)
    })
    await file.sync()
    await file.close()
    await rename(partial, path)
    return result
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    throw error
  }
}

function countLines(counts: readonly PlaceCount[]): string[] {
  return columns([['where', 'what', 'records'], ...counts.map(({ section, name, records }) => [section, name, String(records)])], {
    right: [2],
  })
}
