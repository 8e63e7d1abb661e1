/** `rekindle gates`: what rules cost, for whoever owns them: gates that took what the votes alone were clearly for. */
import type { Command } from 'commander'
import { counted } from '../../pipelines/counted.ts'
import { instantText } from '../../pipelines/instantText.ts'
import type { GateCosts } from '../../sinks/postgres/gateCosts.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { retentionRules } from '../../sinks/postgres/retentionRules.ts'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'
import { spanOf } from '../timeOption.ts'
import { mustBeStored } from '../unknownLocation.ts'

const DAY_MS = 86_400_000
/** Of before, nothing is known: the report would say "since" of a time of which it counts nothing. */
const KEPT_DAYS = retentionRules.find(({ table }) => table === 'decisions')?.keptDays ?? 0

interface GateFlags {
  readonly location?: string
  readonly since: string
  readonly json?: true
}

export function addGates(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('gates')
    .description('what rules cost: which gate took, how often, what the votes alone were clearly for')
    .option('--location <id>', 'only this GHL location')
    .option('--since <duration>', 'decisions of this long, such as 30d', '30d')
    .option('--json', 'one JSON document')
    .action(async (flags: GateFlags) => {
      const span = spanOf('--since', flags.since)
      if (span > KEPT_DAYS * DAY_MS)
        throw cliError(
          'E_OPTION_INVALID',
          `--since ${flags.since}: decisions are kept for ${KEPT_DAYS} days, so ${KEPT_DAYS}d is the most.`,
        )
      const since = now() - span
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle gates' })
      try {
        const costs = await readerQueries(pool).gateCosts({ tenantId: flags.location, since })
        if (costs.decided.length === 0 && flags.location !== undefined) await mustBeStored(pool, flags.location)
        if (flags.json === true) terminal.out(JSON.stringify({ since, ...costs }))
        else for (const line of gateLines(costs, since)) terminal.out(line)
      } finally {
        await pool.end()
      }
    })
}

/** The table for people, and what it cannot say. */
export function gateLines({ rules, decided, countedSince }: GateCosts, since: number): string[] {
  const from = `since ${instantText(since)}`
  const sum = (field: 'heard' | 'gated') => decided.reduce((all, one) => all + one[field], 0)
  const [heard, gated] = [sum('heard'), sum('gated')]
  if (heard + gated === 0) return [`Nothing was decided ${from}.`]
  const told =
    rules.length === 0
      ? [`No rule took what the votes alone gave more than 80 %, in ${counted(heard, 'decision')} ${from}.`]
      : [
          ...columns(
            [
              ['gate', 'rule', 'denied', 'decision', 'location', 'decisions', 'by this rule alone', 'leads', 'last', 'it said'],
              ...rules.map(({ gateId, ruleId, option, type, tenantId, decisions, alone, leads, lastAt, reason }) => [
                ...[gateId, ruleId, option, type, tenantId, String(decisions), String(alone), String(leads), instantText(lastAt), reason],
              ]),
            ],
            { right: [5, 6, 7] },
          ),
          `Each time the votes alone gave what was denied more than 80 %; of ${counted(heard, 'decision')} ${from} on which votes were heard.`,
        ]
  return [
    ...told,
    ...(countedSince > since ? [`There are more than are read: counted are those since ${instantText(countedSince)}.`] : []),
    ...(gated === 0
      ? []
      : [
          `${counted(gated, 'decision')} more ${gated === 1 ? 'was' : 'were'} closed by gates before anybody was asked: what votes would have been for is not known.`,
        ]),
  ]
}
