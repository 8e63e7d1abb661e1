/**
 * What a standing finding says of the channel that a lead came by. A finding about a channel is no finding about a lead, so a vote
 * that rests on it is medium at most: it tips the scales where nobody knows the lead better.
 */
import { channelOfSource } from '../../attribution/channels.ts'
import { sourceName } from '../../sources/sourceName.ts'
import type { AgentInsight, Finding } from '../../../schemas/generated/records.ts'
import { field } from '../agent.ts'
import type { Bin, Grounds } from '../agent.ts'
import type { AgentView } from '../agentView.ts'

const MOST: Bin = 3
/** Unanswered attempts after which a channel's record is no reason for another one. */
export const patienceAttempts = 3

/** The finding of this kind about the lead's channel; `undefined` where its source names none or nothing was found. */
export function findingFor(view: Pick<AgentView, 'source'>, insight: AgentInsight | undefined, kind: string): Finding | undefined {
  if (insight === undefined) return undefined
  const channel = channelOfSource(sourceName(view.source))
  return insight.findings.find((finding) => finding.kind === kind && finding.subject === channel)
}

/** Grounds of a vote that rests on a finding. `shown` are fields of its evidence. */
export function groundsOf(view: Pick<AgentView, 'source'>, agentId: string, finding: Finding, shown: readonly string[]): Grounds {
  const figures = finding.evidence.filter((one) => shown.includes(one.field)).map((one) => `${one.field} ${one.value}`)
  return {
    bin: Math.max(1, Math.min(MOST, finding.bin)) as Bin,
    reason: finding.reason,
    text: finding.text,
    evidence: [field('source', view.source ?? ''), field(`insights.${agentId}`, [finding.subject, ...figures].join(', '))],
  }
}

/** Silent, neither given up nor booked: what is asked of these agents is whether contact is worth it once more. */
export function isSilent({ stage, counters }: Pick<AgentView, 'stage' | 'counters'>): boolean {
  return stage === 'silent' && counters.attemptsSinceReply < patienceAttempts
}
