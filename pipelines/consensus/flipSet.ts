/**
 * The votes whose removal would change a decision: how firmly it stands. Greedy with re-ranking inside families after
 * each removal: exact for one vote, an upper bound beyond.
 * @source reference/consensus.md 5
 */
import type { Contribution, Decision, Policy } from '../../schemas/generated/records.ts'
import { softmax } from './pinnedMath.ts'
import { compare, scoreOfBase } from './pool.ts'
import { rankByUtility } from './utility.ts'

export interface FlipVote {
  readonly agentId: string
  readonly option: string
}
export interface FlipSet {
  readonly votes: readonly FlipVote[]
  /** What would be chosen without them. */
  readonly insteadOf: string
  readonly becomes: string
}

/**
 * The flip set of a decision that votes made; `undefined` when no removal changes it (the base rates decide) or when it was
 * not made by votes. `policy` is the one it was made with: the best choice is by its utilities, not the likeliest option.
 */
export function flipSet(decision: Decision, policy: Policy): FlipSet | undefined {
  if (decision.fallbackUsed || decision.stopReason === 'gated' || decision.stopReason === 'superseded') return undefined
  const worth = worthOfRanks(decision.contributions)
  const judge = (left: readonly Contribution[]) => verdict(decision, left, worth, policy)
  const start = judge(decision.contributions).winner
  let left = decision.contributions.filter(({ blocked, nats }) => !blocked && nats !== '0')
  const removed: FlipVote[] = []
  while (left.length > 0) {
    const trials = left
      .map((gone) => ({ gone, ...judge(left.filter((contribution) => contribution !== gone)) }))
      .sort((a, b) => Number(a.winner === start) - Number(b.winner === start) || a.lead - b.lead || compare(a.gone.agentId, b.gone.agentId))
    const [best] = trials
    if (best === undefined) break
    removed.push({ agentId: best.gone.agentId, option: best.gone.option })
    if (best.winner !== start) return { votes: removed, insteadOf: start, becomes: best.winner }
    left = left.filter((contribution) => contribution !== best.gone)
  }
  return undefined
}

/** Worth of each rank by family, 1e-6: it depends on the rank only, so fewer votes take the first ranks. */
function worthOfRanks(contributions: readonly Contribution[]): Map<string, number> {
  return new Map(contributions.map(({ family, rank, deltaMicro }) => [`${family} ${rank}`, deltaMicro]))
}

interface Verdict {
  readonly winner: string
  /** By how much the winner leads the next option. */
  readonly lead: number
}

function verdict(decision: Decision, left: readonly Contribution[], worth: ReadonlyMap<string, number>, policy: Policy): Verdict {
  const running = decision.options.filter(({ eligible }) => eligible)
  const scores = running.map(({ option, baseMicro }) => {
    const families = new Map<string, Contribution[]>()
    for (const c of left) if (c.option === option) families.set(c.family, [...(families.get(c.family) ?? []), c])
    let score = scoreOfBase(baseMicro)
    for (const [family, votes] of families) {
      votes.sort((a, b) => b.lambdaMicro - a.lambdaMicro || compare(a.agentId, b.agentId))
      votes.forEach(({ lambdaMicro, tauMicro }, index) => {
        score += BigInt(lambdaMicro) * BigInt(worth.get(`${family} ${index + 1}`) ?? 0) * BigInt(tauMicro)
      })
    }
    return score
  })
  const probabilities = new Map(softmax(scores).map((probability, index) => [running[index]?.option ?? '', probability]))
  const ranked = rankByUtility(policy, probabilities, decision.decisionId)
  return { winner: ranked[0]?.option ?? 'wait', lead: (ranked[0]?.utility ?? 0) - (ranked[1]?.utility ?? 0) }
}
