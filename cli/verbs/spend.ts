/** `rekindle spend`: what a location spends on marketing, onto the topic that revenue attribution reads, and back from it. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { centsOf, decimalOf } from '../../pipelines/attribution/cents.ts'
import { counted } from '../../pipelines/counted.ts'
import type { MarketingSpend } from '../../schemas/generated/records.ts'
import { marketingSpend } from '../../topics/index.ts'
import { badRowLines } from '../badRows.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { mustBeWhole } from '../latestByKey.ts'
import { readSpend } from '../spendFile.ts'
import type { KafkaForVerbs, Surroundings } from '../surroundings.ts'
import { mustBeKnown } from '../unknownLocation.ts'

interface LoadFlags {
  readonly location: string
  readonly skipBad?: true
  readonly dryRun?: true
}

export function addSpend(program: Command, { terminal, config, kafka, now, stop }: Surroundings): void {
  const verb = program.command('spend').description('what a location spends on marketing, by channel, campaign and day')
  verb
    .command('load')
    .description(
      'state spend from a CSV file with the header channel,campaign,day,amount,currency; the latest statement on the first three counts, 0 takes one back',
    )
    .argument('<file>', 'CSV file')
    .requiredOption('--location <id>', 'GHL location id')
    .option('--skip-bad', 'load the good rows although some are bad')
    .option('--dry-run', 'say what would be loaded')
    .action(async (file: string, { location, skipBad, dryRun }: LoadFlags) => {
      const { rows, problems } = readSpend(textOf(file), location, now())
      const bad = problems.map(({ line, reason }) => `line ${line}: ${reason}`)
      for (const line of badRowLines(bad, bad.length)) terminal.err(line)
      if (problems.length > 0 && skipBad !== true)
        throw cliError(
          'E_SPEND_ROWS_INVALID',
          `${problems.length} of ${problems.length + rows.length} rows of ${file} are bad; nothing was loaded.`,
        )
      const connection = await kafka(config())
      try {
        await mustBeKnown(connection, location, stop)
        if (dryRun === true) {
          terminal.out(`${counted(rows.length, 'row')} would be loaded${skipped(problems.length)}: ${totals(rows)}.`)
          return
        }
        await connection.send(
          marketingSpend,
          rows.map((value) => ({ key: location, value })),
        )
      } finally {
        await connection.close()
      }
      terminal.out(`${counted(rows.length, 'row')} loaded${skipped(problems.length)}: ${totals(rows)}.`)
    })
  verb
    .command('list')
    .description('the latest statement on each channel, campaign and day')
    .option('--location <id>', 'only this GHL location')
    .action(async ({ location }: { readonly location?: string }) => {
      const connection = await kafka(config())
      try {
        const rows = [...(await statements(connection, stop)).values()]
          .filter(({ tenantId }) => location === undefined || tenantId === location)
          .sort((a, b) => compare(order(a), order(b)))
        if (rows.length === 0 && location !== undefined) await mustBeKnown(connection, location, stop)
        if (rows.length === 0) terminal.out('No spend is known.')
        else for (const line of spendLines(rows)) terminal.out(line)
      } finally {
        await connection.close()
      }
    })
}

/** The latest statement on each location, channel, campaign and day. */
async function statements(connection: KafkaForVerbs, signal: AbortSignal): Promise<Map<string, MarketingSpend>> {
  const found = new Map<string, MarketingSpend>()
  await connection.tail(marketingSpend, { from: 'beginning', untilEnd: true, signal }, ({ value }) => {
    if (value === undefined || value === null) return
    const row = value as MarketingSpend
    const which = [row.tenantId, row.channel, row.campaign, row.day].join('\n')
    const known = found.get(which)
    if (known === undefined || row.statedAt >= known.statedAt) found.set(which, row)
  })
  mustBeWhole(marketingSpend, signal)
  return found
}

/** The table for people. */
export function spendLines(rows: readonly MarketingSpend[]): string[] {
  const cells = rows.map(({ tenantId, channel, campaign, day, amount, currency }) => [
    tenantId,
    day,
    channel.replaceAll('_', ' '),
    campaign === '' ? '-' : campaign,
    amount,
    currency,
  ])
  return [
    ...columns([['location', 'day', 'channel', 'campaign', 'amount', 'currency'], ...cells], { right: [4] }),
    `Together ${totals(rows)}.`,
  ]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw cliError('E_SPEND_FILE_INVALID', `${file}: ${(error as Error).message}`)
  }
}

function totals(rows: readonly MarketingSpend[]): string {
  const sums = new Map<string, bigint>()
  for (const { amount, currency } of rows) sums.set(currency, (sums.get(currency) ?? 0n) + (centsOf(amount) ?? 0n))
  return [...sums].map(([currency, cents]) => `${decimalOf(cents)} ${currency}`).join(', ') || 'nothing'
}

function skipped(count: number): string {
  return count === 0 ? '' : `, ${count === 1 ? '1 bad one' : `${count} bad ones`} left out`
}

function order({ tenantId, day, channel, campaign }: MarketingSpend): string {
  return [tenantId, day, channel, campaign].join('\n')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
