/**
 * Votes of outside programs on questions that were decided without them: what of a ballot is kept, and which of it is held
 * against verdicts. Nothing here reaches a decision but by a policy that is learned and put in force.
 */
import type { Ballot, Decision } from '../../schemas/generated/records.ts'
import { everyType } from '../agents/panel.ts'
import { LEAST_TO_ADMIT } from '../consensus/fit/fit.ts'
import { isAmbiguous, rosterSources, underOwnName } from '../consensus/sources.ts'
import type { JudgedDecision, OutsideVote } from './judgedDecision.ts'

/** Votes of one ballot that are kept, and letters of a name in it: a ballot is at most some 5 kB of a row. */
export const VOTES_AT_MOST = 16
export const NAME_LETTERS = 64
/** Programs that are heard on one question. */
export const SOURCES_AT_MOST = 8
/** Judged decisions, the newest, on which an agent must have said something: questions are to wait for nobody who has gone. */
export const HEARD_WITHIN = 100

/** What of a ballot is kept: nothing of our own sources, nothing with a name that is too long, abstentions and sound votes alone. */
export function keptVotes(ballot: Pick<Ballot, 'source' | 'votes'>): OutsideVote[] {
  const { source, votes } = ballot
  if (rosterSources.includes(source) || isAmbiguous(source) || source.length > NAME_LETTERS || votes.length > VOTES_AT_MOST) return []
  return underOwnName(ballot).flatMap(({ agentId, family, kind, decisionType, option, bin }): OutsideVote[] => {
    if ([agentId, family, decisionType, option ?? ''].some((name) => name.length > NAME_LETTERS)) return []
    if (kind === 'abstain') return [{ agentId, family, decisionType, option: null, bin: null }]
    const isVote = kind === 'vote' && decisionType !== everyType && option !== null && bin !== null && bin >= 1 && bin <= 5
    return isVote ? [{ agentId, family, decisionType, option, bin }] : []
  })
}

/**
 * Of kept votes on the question of a decision those that it says nothing of: an agent that was counted then speaks once, the
 * first vote of an agent stands, and an option that was not asked about is none.
 */
export function uncounted(
  decision: Pick<Decision, 'type' | 'contributions' | 'silent' | 'options'>,
  kept: readonly OutsideVote[],
): OutsideVote[] {
  const heard = new Set([
    ...decision.contributions.map(({ agentId }) => agentId),
    ...decision.silent.filter(({ kind }) => kind !== 'missing').map(({ agentId }) => agentId),
  ])
  const options = decision.options.map(({ option }) => option)
  return kept.filter(({ agentId, decisionType, option }) => {
    const isAbout = decisionType === decision.type || decisionType === everyType
    if (!isAbout || heard.has(agentId) || (option !== null && !options.includes(option))) return false
    heard.add(agentId)
    return true
  })
}

/** Is it an agent of an outside program? */
export function isOutside(agentId: string): boolean {
  return agentId.includes('/')
}

/**
 * Outside agents that learning hears: those with enough judged votes, in time or late, which still take part. Before, they
 * are in no table, so that what they say and which family they claim moves no number of any other agent.
 */
export function heardOutside(judged: readonly JudgedDecision[]): ReadonlySet<string> {
  const newest = [...judged]
    .filter(({ inclusion }) => inclusion > 0)
    .sort((a, b) => b.decision.decidedAt - a.decision.decidedAt || (a.decision.decisionId < b.decision.decisionId ? -1 : 1))
  const votes = new Map<string, number>()
  const recent = new Set<string>()
  newest.forEach(({ decision, outside = [] }, index) => {
    const said = [
      ...decision.contributions.map(({ agentId }) => ({ agentId, isVote: true })),
      ...decision.silent.filter(({ kind }) => kind === 'abstain').map(({ agentId }) => ({ agentId, isVote: false })),
      ...outside.map(({ agentId, option }) => ({ agentId, isVote: option !== null })),
    ]
    for (const { agentId, isVote } of said) {
      if (!isOutside(agentId)) continue
      if (index < HEARD_WITHIN) recent.add(agentId)
      if (isVote) votes.set(agentId, (votes.get(agentId) ?? 0) + 1)
    }
  })
  return new Set([...votes].filter(([agent, count]) => count >= LEAST_TO_ADMIT && recent.has(agent)).map(([agent]) => agent))
}
