/** `rekindle adaptation`: what the results of a location show: findings of the three agents of adaptive learning, with their figures. */
import type { Command } from 'commander'
import type { AdaptiveAgentId } from '../../pipelines/agents/adaptive/findingKinds.ts'
import { findingKinds } from '../../pipelines/agents/adaptive/findingKinds.ts'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import { instantText } from '../../pipelines/instantText.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { AgentInsight } from '../../schemas/generated/records.ts'
import { insightKey, insights, tenants } from '../../topics/index.ts'
import { cliKafka } from '../cliKafka.ts'
import type { Surroundings } from '../surroundings.ts'
import { unknownLocation } from '../unknownLocation.ts'

interface ShowFlags {
  readonly location: string
  readonly json?: true
}

/** What the verb reads. */
export interface OpenedInsights {
  readonly table: { get(key: string): AgentInsight | undefined }
  /** Whether the location is set up. */
  readonly isKnown: (location: string) => boolean
  close(): Promise<void>
}

export function addAdaptation(
  program: Command,
  { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>,
  openTable: () => Promise<OpenedInsights> = async () => insightsOf(await cliKafka(config())),
): void {
  const verb = program.command('adaptation').description('what the results of decisions show about a location')
  verb
    .command('show')
    .description('every standing finding with its figures, samples and intervals')
    .requiredOption('--location <id>', 'GHL location id')
    .option('--json', 'one JSON document a statement')
    .action(async ({ location, json }: ShowFlags) => {
      const opened = await openTable()
      try {
        const stated = adaptiveAgents.flatMap((agentId) => opened.table.get(insightKey(location, agentId)) ?? [])
        if (stated.length === 0 && !opened.isKnown(location)) throw unknownLocation(location)
        if (json === true) for (const one of stated) terminal.out(JSON.stringify(one))
        else for (const line of adaptationLines(location, stated, now())) terminal.out(line)
      } finally {
        await opened.close()
      }
    })
}

/** Reads both topics. Where one cannot be read the connection is closed: it would keep the process alive. */
export async function insightsOf(kafka: Pick<KafkaConnection, 'table' | 'close'>): Promise<OpenedInsights> {
  try {
    const [table, locations] = [await kafka.table(insights), await kafka.table(tenants)]
    return { table, isKnown: (location) => !isAgency(location) && locations.get(location) !== undefined, close: () => kafka.close() }
  } catch (error) {
    await kafka.close()
    throw error
  }
}

const adaptiveAgents = Object.keys(findingKinds) as AdaptiveAgentId[]

/** What each agent states, in the order of the roster; `now` is in ms. */
export function adaptationLines(location: string, stated: readonly AgentInsight[], now: number): string[] {
  if (stated.length === 0)
    return [`Nothing has been stated about ${location}: results come 72 hours after a message, and are looked at after midnight UTC.`]
  return adaptiveAgents.flatMap((agentId) => {
    const insight = stated.find((one) => one.agentId === agentId)
    if (insight === undefined) return [`${agentId}: nothing stated yet`, '']
    const { at, validUntil, findings } = insight
    const valid =
      validUntil > now ? `valid until ${instantText(validUntil)}` : `not valid since ${instantText(validUntil)}: nobody rests a vote on it`
    const found = findings.length === 0 ? ['  nothing beyond chance'] : findings.flatMap(findingLines)
    return [`${agentId}, stated ${instantText(at)}, ${valid}`, ...found, '']
  })
}

function findingLines({ kind, subject, bin, value, samples, text, evidence }: AgentInsight['findings'][number]): string[] {
  return [
    `  ${kind}${subject === '' ? '' : `  ${subject}`}  ${value ?? '-'}  of ${samples} samples, confidence ${bin} of 5`,
    `    ${text}`,
    ...evidence.map((one) => `    ${one.field}: ${one.value}`),
  ]
}
