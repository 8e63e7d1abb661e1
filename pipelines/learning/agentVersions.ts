/**
 * Judged votes of agents that have since become another version. They count as the agent's own, since most changes are small and
 * verdicts are few; a report says how many there are, so that nobody takes what an older version earned for what this one does.
 * @source reference/consensus.md 6: the roster of a policy is one of versions
 */
import { roster } from '../agents/roster.ts'
import { compare } from '../consensus/pool.ts'
import { firstVerdicts } from './voteTable.ts'
import type { JudgedDecision } from './judgedDecision.ts'

export interface OlderVotes {
  readonly agent: string
  /** The version of this build; of an agent that is not ours, or where a newer one was judged, the newest that has a judged vote. */
  readonly version: number
  /** Judged votes of all its versions. */
  readonly votes: number
  /** Of these, by older versions. */
  readonly older: number
}

const versionOf: ReadonlyMap<string, number> = new Map(roster.map(({ id, version }) => [id, version]))

/** Agents of which older versions have judged votes among those that teach something, by name. */
export function olderVotes(judged: readonly JudgedDecision[]): OlderVotes[] {
  const byAgent = new Map<string, Map<number, number>>()
  for (const { decision, inclusion } of firstVerdicts(judged)) {
    if (inclusion <= 0) continue
    for (const { agentId, agentVersion } of decision.contributions) {
      const versions = byAgent.get(agentId) ?? new Map<number, number>()
      byAgent.set(agentId, versions.set(agentVersion, (versions.get(agentVersion) ?? 0) + 1))
    }
  }
  return [...byAgent]
    .map(([agent, versions]) => {
      const version = Math.max(versionOf.get(agent) ?? 0, ...versions.keys())
      const votes = [...versions.values()].reduce((sum, count) => sum + count, 0)
      return { agent, version, votes, older: votes - (versions.get(version) ?? 0) }
    })
    .filter(({ older }) => older > 0)
    .sort((a, b) => compare(a.agent, b.agent))
}
