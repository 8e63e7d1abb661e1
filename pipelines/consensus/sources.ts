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

/** Of a ballot from outside, UTF-16 units of JSON: sixteen votes with a sentence and evidence each have some 8,000. */
const MOST_OF_A_BALLOT = 16_384

/**
 * Is a ballot from outside larger than votes are? Kept with its question, or as one that came before it, it would fill what is known of the
 * lead, until no question about the lead fits on a topic any more.
 */
export function isTooLarge({
  source,
  ballotId,
  assessmentId,
  votes,
}: Pick<Ballot, 'source' | 'ballotId' | 'assessmentId' | 'votes'>): boolean {
  return !rosterSources.includes(source) && JSON.stringify([source, ballotId, assessmentId, votes]).length > MOST_OF_A_BALLOT
}

/** The votes of a ballot; those from outside carry their source in the agent id, so nobody can take the seat of a roster agent. */
export function underOwnName({ source, votes }: Pick<Ballot, 'source' | 'votes'>): Vote[] {
  if (rosterSources.includes(source)) return votes
  return votes.map((vote) => (vote.agentId.startsWith(`${source}/`) ? vote : { ...vote, agentId: `${source}/${vote.agentId}` }))
}
