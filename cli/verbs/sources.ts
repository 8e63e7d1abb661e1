/** `rekindle sources`: where leads come from, and how many of each source ever wrote or called, and book. */
import type { Command } from 'commander'
import { sourceName } from '../../pipelines/sources/sourceName.ts'
import { sourceQuality } from '../../pipelines/sources/sourceQuality.ts'
import type { Share, SourceQuality } from '../../pipelines/sources/sourceQuality.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { sourceCounts } from '../../sinks/postgres/sourceCounts.ts'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import type { Surroundings } from '../surroundings.ts'
import { spanOf } from '../timeOption.ts'
import { mustBeStored } from '../unknownLocation.ts'

interface SourceFlags {
  readonly location?: string
  readonly olderThan: string
  readonly json?: true
}

export function addSources(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('sources')
    .description('where leads come from, and how many of each source ever wrote and book, by location')
    .option('--location <id>', 'only this GHL location')
    .option('--older-than <duration>', 'only leads that are known for longer: younger ones have had no time to write', '7d')
    .option('--json', 'one JSON document a line')
    .action(async (flags: SourceFlags) => {
      const madeBefore = now() - spanOf('--older-than', flags.olderThan)
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle sources' })
      try {
        const counts = await sourceCounts(pool, madeBefore, flags.location)
        if (counts.length === 0 && flags.location !== undefined) await mustBeStored(pool, flags.location)
        const quality = sourceQuality(counts.map((one) => ({ ...one, source: sourceName(one.source) })))
        if (flags.json === true) for (const one of quality) terminal.out(JSON.stringify(one))
        else for (const line of sourceLines(quality, flags.olderThan, flags.location)) terminal.out(line)
      } finally {
        await pool.end()
      }
    })
}

/** The report for people. */
export function sourceLines(quality: readonly SourceQuality[], olderThan: string, location?: string): string[] {
  if (quality.length === 0) return [`No lead${location === undefined ? '' : ` of ${location}`} is known for longer than ${olderThan}.`]
  const rows = quality.map(({ tenantId, source, leads, replied, booked, reply, appointment }) => [
    tenantId,
    source.replaceAll('_', ' '),
    String(leads),
    String(replied),
    shareText(reply),
    String(booked),
    shareText(appointment),
  ])
  return [
    ...columns([['location', 'source', 'leads', 'wrote', 'share', 'booked', 'booking rate'], ...rows], { right: [2, 3, 4, 5, 6] }),
    `Leads that are known for longer than ${olderThan}: younger ones have had no time to write. Who wrote first, or only to opt out, wrote as well.`,
    'Rates are estimates with the range that they are in with 90 %. Few leads say little: the rate of a small source stays near that of its location.',
  ]
}

function shareText({ mean, low, high }: Share): string {
  const percent = (share: number) => Math.round(share * 100)
  return `${percent(mean)} % (${percent(low)} to ${percent(high)})`
}
