/** `rekindle leads export <lead>`: everything held on a lead as one JSON document, for the person it is about. */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { Command } from 'commander'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { exportLead } from '../leadExport.ts'
import type { PlaceCount } from '../leadExport.ts'
import { leadNamed, nothingHeldOn } from '../leadNamed.ts'
import type { Surroundings } from '../surroundings.ts'

/** Adds the verb below `rekindle leads`. */
export function addLeadsExport(leads: Command, { terminal, config, held, leadsMeant, now }: Surroundings): void {
  leads
    .command('export')
    .description('everything held on a lead, as one JSON document: topics, states, Postgres, ClickHouse')
    .argument('<lead>', '<locationId>:<contactId>, or the contact id alone')
    .option('--out <file>', 'write it there, readable by you alone, and print the counts')
    .action(async (typed: string, flags: { readonly out?: string }) => {
      const { key: lead } = await leadNamed(typed, (text) => leadsMeant(config(), text))
      if (lead !== typed) terminal.err(`${typed} is ${lead}.`)
      const on = await held(config(), lead)
      try {
        const { out } = flags
        const write = (line: string) => Promise.resolve(terminal.out(line))
        const counts = await (out === undefined
          ? exportLead(lead, on, now(), write)
          : toFile(out, (toWrite) => exportLead(lead, on, now(), toWrite)))
        if (counts.every(({ records }) => records === 0)) terminal.err(nothingHeldOn(lead))
        if (out === undefined) return
        for (const line of countLines(counts)) terminal.out(line)
        for (const other of on.linked) terminal.out(`Perhaps the same person, not in this document: ${other}`)
      } finally {
        await on.close()
      }
    })
}

/** Beside its place first: a document that is not whole never has the name that was asked for. */
async function toFile<R>(path: string, work: (write: (line: string) => Promise<void>) => Promise<R>): Promise<R> {
  // Two exports at once into one place would write into one another.
  const partial = `${path}.${randomUUID()}.partial`
  const file = await open(partial, 'w', 0o600).catch((cause: unknown): never => {
    throw cliError('E_OPTION_INVALID', `--out ${path}: ${(cause as Error).message}.`, { cause })
  })
  // A second Ctrl-C ends the process where it is: half of what is held on a person would lie about.
  const leave = () => rmSync(partial, { force: true })
  process.once('exit', leave)
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
  } finally {
    process.off('exit', leave)
  }
}

function countLines(counts: readonly PlaceCount[]): string[] {
  return columns([['where', 'what', 'records'], ...counts.map(({ section, name, records }) => [section, name, String(records)])], {
    right: [2],
  })
}
