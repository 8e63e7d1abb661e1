/**
 * Exact early stop: closes a question when no missing vote can change the most probable option, the chosen action, nor whether
 * a human is asked about it. Sound because the pool is monotone: a missing agent can at most vote for an option in its strongest cell.
 * @source reference/consensus.md step 5
 */
import type { Policy, PolicyOption } from '../../schemas/generated/records.ts'
import { compiled } from './policy.ts'
import type { CompiledPolicy } from './policy.ts'
import { exp, natsOf } from './pinnedMath.ts'
import type { Pooled } from './pool.ts'
import { isRuledOut, micro } from './utility.ts'

/** Where the final probability of an option must lie. */
export interface Box {
  readonly option: string
  readonly low: number
  readonly high: number
  /** The score now and the highest it can become, 1e-18 nats. */
  readonly score: bigint
  readonly maxScore: bigint
}

/** The box of every eligible option, given the agents that have not answered. */
export function boxes(pooled: Pooled, policy: Policy): Box[] {
  const rules = compiled(policy)
  const running = pooled.options.filter(({ eligible }) => eligible)
  const scores = running.map(({ option, score }) => ({ option, score, maxScore: maxScore(pooled, rules, option, score) }))
  const top = scores.reduce((max, { maxScore: score }) => (score > max ? score : max), scores[0]?.maxScore ?? 0n)
  const weight = (score: bigint) => exp(natsOf(score - top))
  return scores.map(({ option, score, maxScore: highest }) => {
    const others = scores.filter((other) => other.option !== option)
    const low = weight(score)
    const high = weight(highest)
    const rivalsAtMost = others.reduce((sum, other) => sum + weight(other.maxScore), 0)
    const rivalsAtLeast = others.reduce((sum, other) => sum + weight(other.score), 0)
    // An underflow of all weights leaves 0 / 0: then nothing is known and the box is everything.
    return {
      option,
      score,
      maxScore: highest,
      low: low + rivalsAtMost > 0 ? low / (low + rivalsAtMost) : 0,
      high: high + rivalsAtLeast > 0 ? high / (high + rivalsAtLeast) : 1,
    }
  })
}

/** The score of an option if every missing agent voted for it in its strongest cell, 1e-18 nats. */
function maxScore(pooled: Pooled, rules: CompiledPolicy, option: string, score: bigint): bigint {
  const added = new Map<string, number[]>()
  for (const agent of pooled.missing) {
    const family = rules.familyOf(agent, agent)
    added.set(family, [...(added.get(family) ?? []), rules.maxLambdaOf(agent, option)])
  }
  let highest = score
  for (const [family, lambdas] of added) {
    const present = pooled.contributions.filter((c) => c.family === family && c.option === option).map(({ lambdaMicro }) => lambdaMicro)
    highest += support(rules, family, [...present, ...lambdas]) - support(rules, family, present)
  }
  return highest
}

function support(rules: CompiledPolicy, family: string, lambdas: readonly number[]): bigint {
  return [...lambdas]
    .sort((a, b) => b - a)
    .reduce((sum, lambda, index) => sum + BigInt(lambda) * BigInt(rules.deltaMicro(family, index + 1)) * BigInt(rules.policy.tauMicro), 0n)
}

/** True when the votes so far suffice. */
export type Settles = (pooled: Pooled, policy: Policy) => boolean

/** No missing vote can change the most probable option by more than the margin, nor the action, nor its escalation. */
export const settled: Settles = (pooled, policy) => {
  if (pooled.missing.length === 0) return true
  const box = boxes(pooled, policy)
  const action = sureAction(box, policy)
  return action !== undefined && (action.reversible || isEscalationSure(action, box, policy))
}

/** As `settled` was until version 3 of the arithmetic: whether a human is asked could still change. For replays of its decisions. */
export const settledButEscalation: Settles = (pooled, policy) =>
  pooled.missing.length === 0 || sureAction(boxes(pooled, policy), policy) !== undefined

/** The option that is chosen whatever the missing agents say, when the most probable one is as sure; else `undefined`. */
function sureAction(box: readonly Box[], policy: Policy): PolicyOption | undefined {
  const leader = box.reduce<Box | undefined>((best, next) => (best === undefined || next.score > best.score ? next : best), undefined)
  if (leader === undefined) return undefined
  const margin = BigInt(policy.marginMicro) * 1_000_000_000_000n
  if (box.some((rival) => rival !== leader && leader.score <= rival.maxScore + margin)) return undefined
  const running = policy.options.filter(({ option }) => box.some((known) => known.option === option))
  return running.find((option) =>
    running.every((rival) => rival === option || leastAdvantage(option, rival, box) > slack(option, rival, box)),
  )
}

/** Whether another option is left beside what cannot be undone is the same at both ends of the boxes. @source step 5; 4.2, 4.3 */
function isEscalationSure(action: PolicyOption, box: readonly Box[], policy: Policy): boolean {
  // Ends within a millionth of the line are on neither side: the final P is rounded, the box is a float.
  const others = box.filter(({ option }) => option !== action.option)
  const isOut = ({ high }: Box) => isRuledOut(micro(high) + 1, policy)
  const isLeft = ({ low }: Box) => !isRuledOut(micro(low) - 1, policy)
  return others.every(isOut) || others.some(isLeft)
}

/** Rounding of P to 1e-6 moves a utility difference by at most half a unit per option; 1e-8 covers the tie band and float error. */
function slack(option: PolicyOption, rival: PolicyOption, box: readonly Box[]): number {
  return 1e-8 + box.reduce((sum, { option: truth }) => sum + 1e-6 * Math.abs(advantage(option, rival, truth)), 0)
}

function advantage(option: PolicyOption, rival: PolicyOption, truth: string): number {
  return ((option.values[truth] ?? 0) - (rival.values[truth] ?? 0)) / 1e6
}

/** The least U(option) - U(rival) over all probabilities inside the box: the free mass goes to the worst truths first. */
function leastAdvantage(option: PolicyOption, rival: PolicyOption, box: readonly Box[]): number {
  let free = 1 - box.reduce((sum, { low }) => sum + low, 0)
  let least = (rival.costMicros - option.costMicros) / 1e6
  const truths = box
    .map(({ option: truth, low, high }) => ({ low, room: high - low, value: advantage(option, rival, truth) }))
    .sort((a, b) => a.value - b.value)
  for (const { low, room, value } of truths) {
    const share = Math.max(0, Math.min(free, room))
    least += value * (low + share)
    free -= share
  }
  return least
}
