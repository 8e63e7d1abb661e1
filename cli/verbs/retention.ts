/** `rekindle retention`: what Postgres keeps for how long, and deletes what is past now instead of within the hour. */
import type { Command } from 'commander'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import type { Surroundings } from '../surroundings.ts'
import { postgresError } from '../../sinks/postgres/errors.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { countPast, enforceRetention } from '../../sinks/postgres/retention.ts'
import type { RetentionResult } from '../../sinks/postgres/retention.ts'
import { keptForEver, retentionRules } from '../../sinks/postgres/retentionRules.ts'

export function addRetention(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('retention')
    .description('delete rows of Postgres that are past their retention, as the sinks do every hour')
    .option('--dry-run', 'only say what would go')
    .action(async (flags: { readonly dryRun?: true }) => {
      const pool = createPool({ url: databaseUrl(config()), max: 2, applicationName: 'rekindle retention' })
      try {
        const results = flags.dryRun === true ? [] : await enforceRetention(pool, now())
        const numbers =
          flags.dryRun === true
            ? new Map([...(await countPast(pool, now()))].map(([table, count]) => [table, String(count)]))
            : new Map(results.map((result) => [result.table, said(result)]))
        const limited = retentionRules.map(({ table, keptDays, what }) => [table, `${keptDays} d`, numbers.get(table) ?? '', what])
        const others = Object.entries(keptForEver).map(([table, why]) => [table, 'for ever', '-', why])
        const title = ['table', 'kept', flags.dryRun === true ? 'would go' : 'went', 'what']
        for (const line of columns([title, ...limited, ...others], { right: [1, 2] })) terminal.out(line)
        const failed = results.flatMap((result) => (result.outcome === 'failed' ? [result] : []))
        if (failed.length > 0)
          throw postgresError('E_RETENTION_FAILED', failed.map(({ table, cause }) => `${table}: ${cause.message}`).join('; '))
      } finally {
        await pool.end()
      }
    })
}

function said(result: RetentionResult): string {
  if (result.outcome === 'busy') return 'another process deletes'
  if (result.outcome === 'failed') return 'failed'
  return result.more ? `${result.deleted}, more next time` : String(result.deleted)
}
