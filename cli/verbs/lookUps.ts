/** `rekindle look-ups`: how many leads were looked up for each location, with what success and at what cost. */
import type { Command } from 'commander'
import { lookUpSums } from '../../sinks/postgres/lookUps.ts'
import type { LookUpSum } from '../../sinks/postgres/lookUps.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import { countOf } from '../countOption.ts'
import type { Surroundings } from '../surroundings.ts'
import { mustBeStored } from '../unknownLocation.ts'

interface LookUpFlags {
  readonly location?: string
  readonly days: string
  readonly json?: true
}

export function addLookUps(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('look-ups')
    .description('look-ups of leads at providers of data: outcomes, success rate and credits by location')
    .option('--location <id>', 'only this GHL location')
    .option('--days <n>', 'UTC days, today included, 1 to 400', '7')
    .option('--json', 'one JSON document a line')
    .action(async (flags: LookUpFlags) => {
      const days = countOf('--days', flags.days, 1, 400)
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle look-ups' })
      try {
        const sums = await lookUpSums(pool, days, now(), flags.location)
        if (sums.length === 0 && flags.location !== undefined) await mustBeStored(pool, flags.location)
        if (flags.json === true) for (const one of sums) terminal.out(JSON.stringify({ ...one, successRate: successRate(one) ?? null }))
        else for (const line of lookUpLines(sums)) terminal.out(line)
      } finally {
        await pool.end()
      }
    })
}

/** Share of the questions with an answer that found something, 0 to 1; `undefined` while there is no answer. Reused answers count once. */
export function successRate({ found, partly, none }: Pick<LookUpSum, 'found' | 'partly' | 'none'>): number | undefined {
  const answered = found + partly + none
  return answered === 0 ? undefined : (found + partly) / answered
}

/** The report for people. */
export function lookUpLines(sums: readonly LookUpSum[]): string[] {
  if (sums.length === 0) return ['No lead was looked up.']
  const rows = sums.map((one) => {
    const rate = successRate(one)
    const counts = [one.found, one.partly, one.none, one.error, one.refused, one.reused].map(String)
    return [one.tenantId, one.provider, ...counts, rate === undefined ? '-' : `${(100 * rate).toFixed(1)} %`, one.spent, one.spentToday]
  })
  const head = ['location', 'provider', 'found', 'partly', 'none', 'error', 'over budget', 'reused', 'success', 'credits', 'today']
  return columns([head, ...rows], { right: [2, 3, 4, 5, 6, 7, 8, 9, 10] })
}
