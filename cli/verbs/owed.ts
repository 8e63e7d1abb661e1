/** `rekindle owed`: leads that wait for an answer, each with why and how long. */
import type { Command } from 'commander'
import { coverageWords, isComplete } from '../../pipelines/reconcile/coverage.ts'
import { instantText, localTimes } from '../../pipelines/instantText.ts'
import { spanText } from '../../pipelines/reconcile/words.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { owedThrough } from '../../sinks/postgres/owedLeads.ts'
import type { OwedAnswer } from '../../sinks/postgres/owedLeads.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { tenantRows } from '../../sinks/postgres/sweeps.ts'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import { countOf } from '../countOption.ts'
import type { Surroundings } from '../surroundings.ts'
import { spanOf } from '../timeOption.ts'
import { mustBeStored } from '../unknownLocation.ts'

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
    .option('--longer-than <duration>', 'only those who wait this long or longer, such as 30m or 2h', '0m')
    .option('--limit <n>', 'leads at most, 1 to 1000', '50')
    .option('--json', 'one JSON document a line')
    .action(async (flags: OwedFlags) => {
      const at = now()
      const limit = countOf('--limit', flags.limit, 1, 1_000)
      const writtenBefore = at - spanOf('--longer-than', flags.longerThan)
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle owed' })
      try {
        const filter = { tenantId: flags.location, writtenBefore, limit }
        const queries = readerQueries(pool)
        const answer = await owedThrough((asked, known) => queries.owed(asked, known), filter, at)
        if (answer.leads.length === 0 && flags.location !== undefined) await mustBeStored(pool, flags.location)
        const coverage = coverageWords(answer.coverage, at, flags.location)
        if (flags.json === true) {
          for (const one of answer.leads) terminal.out(JSON.stringify(one))
          for (const line of coverage) terminal.err(line)
          return
        }
        const tenants = await tenantRows(pool, [...new Set(answer.leads.map(({ tenantId }) => tenantId))])
        for (const line of [...owedLines(answer, (tenantId) => tenants.get(tenantId)?.timeZone ?? 'UTC'), ...coverage]) terminal.out(line)
      } finally {
        await pool.end()
      }
    })
}

/** The list for people, and the instant that it is true for. `zoneOf`: what clocks at a location show, as an IANA zone. */
export function owedLines({ at, leads, nextCursor, coverage }: OwedAnswer, zoneOf: (tenantId: string) => string): string[] {
  const more = nextCursor === null ? [] : ['There may be more who wait: --limit shows up to 1000, --location those of one location.']
  if (leads.length === 0)
    return [`${isComplete(coverage) ? 'No lead waits' : 'No lead is known to wait'} for an answer, as of ${instantText(at)}.`, ...more]
  const rows = leads.map(({ tenantId, contactId, name, waitingMs, cause, detail, lookAt, foundAfterMs, machineAt }) => [
    `${tenantId}:${contactId}`,
    name ?? '-',
    spanText(waitingMs),
    cause.replaceAll('_', ' '),
    foundAfterMs === null ? '' : spanText(foundAfterMs),
    localTimes(
      [
        lookAt === null ? detail : `look at ${lookAt}`,
        machineAt === null ? '' : `a workflow or another program wrote ${instantText(machineAt)}`,
      ]
        .filter((part) => part !== '')
        .join('; '),
      zoneOf(tenantId),
    ),
  ])
  const table = columns([['lead', 'name', 'waits', 'why', 'found after', 'detail'], ...rows], { right: [2, 4] })
  return [...table, ...more, `As of ${instantText(at)}.`]
}
