/**
 * The consumer groups of the product and what each reads. A group is the identity of offsets, transactional ids and
 * dead-letter topics: renaming one starts over, and `rekindle topics apply` makes the topics that belong to each.
 */
import type { Config } from '../../config/config.ts'
import { declaredLookUps } from '../../enrichment/lookUpWorker.ts'
import { declaredContactLookup } from '../../lookup/contactLookup.ts'
import { systems } from '../../pipelines/agents/agent.ts'
import type { System } from '../../pipelines/agents/agent.ts'
import { agents, agentsOf } from '../../pipelines/agents/agents.ts'
import { insightStages } from '../../pipelines/insightStages.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import type { AnyStage } from '../../runtime/stage.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import type { DeclaredWorker } from '../../runtime/worker.ts'
import { clickhouseSinkTopics } from '../../sinks/clickhouse/sink.ts'
import { postgresSinkTopics } from '../../sinks/postgres/sink.ts'

export const pipelineGroup = 'pipeline'
export const agentsGroup = 'agents'
export const insightsGroup = 'insights'
export const postgresGroup = 'sink-postgres'
export const clickhouseGroup = 'sink-clickhouse'
export const lookUpGroup = 'look-ups'
export const contactLookupGroup = 'contact-lookup'

/** The group of a system that has processes of its own. */
export const agentsGroupOf = (system: System | undefined) => (system === undefined ? agentsGroup : `agents-${system}`)

/** Stages of the pipeline process: without the agents where others ask them. */
export function pipelineStages({ agents: where }: Pick<Config, 'agents'>): readonly AnyStage[] {
  return where === 'inside' ? pipeline : pipeline.filter((stage) => stage !== agents)
}

/** The group of a stage that the pipeline process runs by itself. */
export const stageGroupOf = ({ name }: Pick<AnyStage, 'name'>) => `${pipelineGroup}-${name}`

/** A group and the stages that it runs. */
export interface StageGroup {
  readonly group: string
  readonly stages: readonly AnyStage[]
}

/** What the pipeline process runs of the line of leads: one group of all stages, or one for each. */
export function lineGroups(config: Pick<Config, 'agents' | 'fused'>): readonly StageGroup[] {
  const stages = pipelineStages(config)
  return config.fused ? [{ group: pipelineGroup, stages }] : stages.map((stage) => ({ group: stageGroupOf(stage), stages: [stage] }))
}

/** Groups of agents outside the pipeline, all at once and each system by itself. */
const agentMembers = [
  { group: agentsGroup, stages: [agents] },
  ...systems.map((system) => ({ group: agentsGroupOf(system), stages: [agentsOf(system)] })),
]

/**
 * What looks at a location as a whole is read within seconds or days, never while a lead waits, so its records wait longer for
 * company, ms: with the linger of the line it made a third of all transactions of a machine, for four records each.
 */
const INSIGHTS_LINGER_MS = 250

/** How long records of a group wait for company before a transaction, ms. */
export function lingerMsOf({ kafka }: { readonly kafka: Pick<Config['kafka'], 'lingerMs'> }, group: string): number {
  return group === insightsGroup ? Math.max(kafka.lingerMs, INSIGHTS_LINGER_MS) : kafka.lingerMs
}

/** Stages, or a worker or a sink with what it reads. */
export interface ProductMember {
  readonly group: string
  readonly stages?: readonly AnyStage[]
  readonly worker?: DeclaredWorker
  readonly inputs?: readonly AnyTopic[]
}

const workerMember = (group: string, worker: DeclaredWorker): ProductMember => ({ group, worker, inputs: [worker.input] })

/** The members that an installation has. */
export function membersOf(config: Pick<Config, 'agents' | 'fused'>): readonly ProductMember[] {
  const [, ...others] = members
  return [...lineGroups(config), ...(config.agents === 'inside' ? [] : agentMembers), ...others]
}

/** Why no process runs the group by this configuration; `undefined` where one does. */
export function switchedOff(
  { lookUps, ghl }: { lookUps: Pick<Config['lookUps'], 'enabled'>; ghl: Pick<Config['ghl'], 'contactLookup'> },
  group: string,
): string | undefined {
  if (group === lookUpGroup && !lookUps.enabled) return 'LOOK_UPS is false'
  if (group === contactLookupGroup && !ghl.contactLookup) return 'GHL_CONTACT_LOOKUP is false'
  return undefined
}

/** Those of an installation as it is delivered. */
export const members: readonly [ProductMember, ...ProductMember[]] = [
  { group: pipelineGroup, stages: pipeline },
  { group: insightsGroup, stages: insightStages },
  workerMember(contactLookupGroup, declaredContactLookup),
  { group: postgresGroup, inputs: postgresSinkTopics },
  { group: clickhouseGroup, inputs: clickhouseSinkTopics },
  workerMember(lookUpGroup, declaredLookUps),
]
