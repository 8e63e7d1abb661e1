/**
 * Who speaks for whom: sources that speak for agents of the roster, and under which name everybody else does. No two sources
 * have a name in common, whatever they call their agents.
 */
import type { Ballot, Vote } from '../../schemas/generated/records.ts'

/** Sources whose ballots speak for agents of the roster. Others speak under their own name. */
export const rosterSources: readonly string[] = ['panel', 'claude']

/** Would its names be those of another source? The first slash of an agent's name ends that of its source. */
export function isAmbiguous(source: string): boolean {
  return source === '' || source.includes('/')
}

/** The votes of a ballot; those from outside carry their source in the agent id, so nobody can take the seat of a roster agent. */
export function underOwnName({ source, votes }: Pick<Ballot, 'source' | 'votes'>): Vote[] {
  if (rosterSources.includes(source)) return votes
  return votes.map((vote) => (vote.agentId.startsWith(`${source}/`) ? vote : { ...vote, agentId: `${source}/${vote.agentId}` }))
}
