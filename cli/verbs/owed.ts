/** `rekindle owed`: leads that wait for an answer, each with why and how long. */
import type { Command } from 'commander'
import type { Owed } from '../../pipelines/reconcile/owed.ts'
import { durationMs } from '../../runtime/duration.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { owedLeads } from '../../sinks/postgres/owedLeads.ts'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'

interface OwedFlags {
  readonly location?: string
  readonly longerThan: string
  readonly limit: string
  readonly json?: true
}

export function addOwed(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('owed')
    .description('leads whose last message has no answer, those that wait longest first, each with why')
    .option('--location <id>', 'only this GHL location')
    .option('--longer-than <duration>', 'only those who wait longer than this, such as 30m or 2h', '0m')
    .option('--limit <n>', 'leads at most, 1 to 1000', '50')
    .option('--json', 'one JSON document a line')
    .action(async (flags: OwedFlags) => {
      const at = now()
      const limit = Number(flags.limit)
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1_000))
        throw cliError('E_OPTION_INVALID', `--limit ${flags.limit}: must be a whole number from 1 to 1000.`)
      const writtenBefore = at - lengthOf(flags.longerThan)
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle owed' })
      try {
        const leads = await owedLeads(pool, { tenantId: flags.location, writtenBefore, limit }, at)
        if (flags.json === true) for (const one of leads) terminal.out(JSON.stringify(one))
        else for (const line of owedLines(leads)) terminal.out(line)
      } finally {
        await pool.end()
      }
    })
}

/** The report for people. */
export function owedLines(leads: readonly Owed[]): string[] {
  if (leads.length === 0) return ['No lead waits for an answer.']
  const rows = leads.map(({ tenantId, contactId, name, waitingMs, cause, detail, foundAfterMs }) => [
    `${tenantId}:${contactId}`,
    name ?? '-',
    spanText(waitingMs),
    cause.replaceAll('_', ' '),
    foundAfterMs === null ? '' : spanText(foundAfterMs),
    detail,
  ])
  return columns([['lead', 'name', 'waits', 'why', 'found after', 'detail'], ...rows], { right: [2, 4] })
}

/** The two largest units: `3d 4h`, `2h 5m`, `40s`. */
export function spanText(spanMs: number): string {
  const seconds = Math.floor(spanMs / 1_000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`
}

function lengthOf(text: string): number {
  try {
    return durationMs(text)
  } catch (error) {
    throw cliError('E_OPTION_INVALID', `--longer-than ${text}: ${(error as Error).message}`)
  }
}
