/** `rekindle attribution show`: what marketing has brought a location, from the findings that the agents vote with. */
import type { Command } from 'commander'
import type { AgentInsight } from '../../schemas/generated/records.ts'
import { insights } from '../../topics/index.ts'
import { attributionLines } from '../attributionText.ts'
import { latestByKey } from '../latestByKey.ts'
import type { Surroundings } from '../surroundings.ts'
import { mustBeKnown } from '../unknownLocation.ts'

interface ShowFlags {
  readonly location: string
  readonly json?: true
}

export function addAttribution(program: Command, { terminal, config, kafka, now, stop }: Surroundings): void {
  program
    .command('attribution')
    .description('what marketing has brought a location')
    .command('show')
    .description('revenue by model and channel, spend, return and forecast of the last 90 days, with ranges and sample sizes')
    .requiredOption('--location <id>', 'GHL location id')
    .option('--json', 'one JSON document a line, as published')
    .action(async ({ location, json }: ShowFlags) => {
      const connection = await kafka(config())
      try {
        const found = [...(await latestByKey<AgentInsight>(connection, insights, stop)).values()].filter(
          ({ tenantId, system }) => tenantId === location && system === 'attribution',
        )
        if (found.length === 0) await mustBeKnown(connection, location, stop)
        if (json === true) for (const one of found) terminal.out(JSON.stringify(one))
        else for (const line of attributionLines(location, new Map(found.map((one) => [one.agentId, one])), now())) terminal.out(line)
      } finally {
        await connection.close()
      }
    })
}
