/**
 * Who is held down because it has fallen out with the other agents: named by the newest decisions without any verdict, and carried on
 * from what was told last until verdicts of after its turn say what it is worth. The same decisions, verdicts and last list give the
 * same list in any order, and nobody is dropped of whom verdicts of before the turn would still speak.
 * @source decision 88
 */
import type { Policy } from '../../schemas/generated/records.ts'
import { agreementOf } from '../consensus/fit/agreement.ts'
import type { AtOdds } from '../consensus/fit/agreement.ts'
import { LEAST_TO_ADMIT } from '../consensus/fit/fit.ts'
import { matrixOf, withoutVotesBefore } from '../consensus/fit/voteTable.ts'
import { compare } from '../consensus/pool.ts'
import { heardOutside, isOutside } from './outsideVotes.ts'
import { firstVerdicts, unjudgedTableOf } from './voteTable.ts'
import type { VotedDecision } from './voteTable.ts'
import type { JudgedDecision } from './judgedDecision.ts'

/** As it was seen when it was named; `votes` is of now. */
export interface Turned extends AtOdds {
  /** Newest version of its votes before the turn and since, as far as decisions say. */
  readonly versions?: { readonly before: number; readonly since: number }
  /** Its judged votes of after the turn that strengths are taken from. From 30 on they say what it is worth. */
  readonly votes: number
}

export interface Watch {
  /** Questions that somebody was compared on; of one lead and day the first counts. */
  readonly questions: number
  /** Agents whose fall would be seen. */
  readonly watched: number
  /** By name. Votes of before their turn are left out; who has fewer than 30 judged ones since is worth nothing. */
  readonly turned: readonly Turned[]
  /** These fell, and nobody can say whether they changed or the others: none of them is held down for it. */
  readonly undecided: readonly AtOdds[]
}

export interface Watched {
  /** Newest decisions of the type, of all locations, judged or not. */
  readonly recent: readonly VotedDecision[]
  readonly judged: readonly JudgedDecision[]
  /** What was told the last time. */
  readonly remembered: readonly Turned[]
  /** Names the options, and the agents with their families. */
  readonly policy: Policy
}

/** Who has turned, by name: those of the last time that verdicts have not cleared, and those that fell since. */
export function watchOf({ recent, judged, remembered, policy }: Watched): Watch {
  const carried = latestOf(remembered).filter((one) => !isCleared(one, judged, policy))
  const since = new Map(carried.map((one) => [one.agent, one.since]))
  const down = new Set(carried.filter(isDown).map(({ agent }) => agent))
  const matrix = matrixOf(unjudgedTableOf(recent, policy, heardOutside(firstVerdicts(judged))))
  // Looked at from its turn on: the same turn names nobody twice, a second one does.
  const { questions, watched, atOdds, undecided } = agreementOf(withoutVotesBefore(matrix, carried), {
    judges: (agent) => !isOutside(agent) && (!since.has(agent) || down.has(agent)),
    fallen: (agent) => down.has(agent),
  })
  const named = undecided ? [] : atOdds.map((one) => ({ ...one, ...versionsOf(one, recent), votes: 0 }))
  const turned = new Map<string, Turned>([...carried, ...named].map((one) => [one.agent, one]))
  return {
    ...{ questions, watched, undecided: undecided ? atOdds : [] },
    turned: [...turned.values()].sort((a, b) => compare(a.agent, b.agent)),
  }
}

/** Nothing says yet what it is worth since its turn. */
export function isDown({ votes }: Pick<Turned, 'votes'>): boolean {
  return votes < LEAST_TO_ADMIT
}

/** Of several of one name the latest turn. */
function latestOf(remembered: readonly Turned[]): Turned[] {
  const latest = new Map<string, Turned>()
  for (const one of remembered) {
    const known = latest.get(one.agent)
    if (known === undefined || known.since < one.since || (known.since === one.since && known.votes > one.votes)) latest.set(one.agent, one)
  }
  return [...latest.values()]
}

/**
 * No verdict of before its turn is left, and either enough of after say what it is worth or no policy knows it: whom no policy knows
 * is weighed by 30 of its own, all of after then.
 */
function isCleared(one: Turned, judged: readonly JudgedDecision[], policy: Policy): boolean {
  const isHeardBefore = judged.some(
    ({ decision, inclusion, outside = [] }) =>
      inclusion > 0 &&
      decision.decidedAt < one.since &&
      [...decision.contributions, ...outside].some(({ agentId }) => agentId === one.agent),
  )
  return !isHeardBefore && (!isDown(one) || !policy.roster.includes(one.agent))
}

function versionsOf({ agent, since }: AtOdds, recent: readonly VotedDecision[]): Pick<Turned, 'versions'> {
  const newest = (isOfPart: (at: number) => boolean) =>
    Math.max(
      ...recent.flatMap(({ decidedAt, contributions }) =>
        isOfPart(decidedAt) ? contributions.flatMap((vote) => (vote.agentId === agent ? [vote.agentVersion ?? 0] : [])) : [],
      ),
    )
  const versions = { before: newest((at) => at < since), since: newest((at) => at >= since) }
  return versions.before > 0 && versions.since > 0 ? { versions } : {}
}
