/** Findings of one kind about the location of a lead, as agents of system 8 look them up. */
import type { Finding } from '../../../schemas/generated/records.ts'
import { field } from '../agent.ts'
import type { AgentTables, Bin } from '../agent.ts'
import type { AdaptiveAgentId, FindingKind } from './findingKinds.ts'

/** What the agent has found of this kind, the most pressing first. Nothing when it stated nothing that is still valid. */
export function foundBy(tables: AgentTables, agentId: AdaptiveAgentId, kind: FindingKind): Finding[] {
  return (tables.insight(agentId)?.findings ?? []).filter((finding) => finding.kind === kind)
}

/** The bin of a finding, lowered to `most`; a bin beyond 1 to 5 is the nearest of them. */
export function binOfFinding({ bin }: Finding, most: Bin = 5): Bin {
  return Math.max(1, Math.min(most, Math.trunc(bin))) as Bin
}

/** The finding as evidence of a vote: figure and interval. */
export function evidenceOf(agentId: AdaptiveAgentId, { evidence, value }: Finding) {
  const name = `insights.${agentId}`
  if (evidence.length === 0) return [field(name, value ?? '')]
  return evidence.slice(0, 2).map((one) => field(name, `${one.field}: ${one.value}`))
}
