/**
 * Decides by expected utility, not by the most probable option, in exact integers; equal utilities are settled by one
 * stated chain: safer, reversible, cheaper, smallest hash. No order of votes, options or arrival plays a part.
 * @source reference/consensus.md step 6
 */
import { createHash } from 'node:crypto'
import type { Policy, PolicyOption } from '../../schemas/generated/records.ts'
import { compare } from './pool.ts'

/** Utilities are integers in 1e-12: probability in 1e-6 times value in 1e-6. */
export const utilityUnits = 1e12
/** |dU| < 1e-9 is a tie. */
const tieUnits = 1000

export interface RankedOption {
  readonly option: string
  /** Expected utility in 1e-12. */
  readonly utility: number
}

/** A probability in 1e-6, rounded half up. */
export function micro(probability: number): number {
  return Math.floor(probability * 1e6 + 0.5)
}

/**
 * A probability in 1e-6 is too small for the conformal set; without a quantile none is. In whole millionths, so that every
 * machine draws the line at the same place. @source reference/consensus.md 4.3
 */
export function isRuledOut(probabilityMicro: number, { conformalMicro }: Policy): boolean {
  // A policy that was stored before the field was known has none.
  return typeof conformalMicro === 'number' && 1_000_000 - probabilityMicro > conformalMicro
}

/** Expected utility of one option, 1e-12: sum over the truth of P times value, minus the cost. */
export function utilityOf(option: PolicyOption, probabilities: ReadonlyMap<string, number>): number {
  let sum = -option.costMicros * 1_000_000
  for (const [truth, probability] of probabilities) sum += micro(probability) * (option.values[truth] ?? 0)
  return sum
}

/** The eligible options, best first. */
export function rankByUtility(policy: Policy, probabilities: ReadonlyMap<string, number>, decisionId: string): RankedOption[] {
  const left = policy.options
    .filter(({ option }) => probabilities.has(option))
    .map((option) => ({ rules: option, option: option.option, utility: utilityOf(option, probabilities) }))
  const ranked: RankedOption[] = []
  // A tie is measured against the best of what is left: "within 1e-9" is no equivalence, so a plain sort would depend on order.
  while (left.length > 0) {
    const best = Math.max(...left.map(({ utility }) => utility))
    const tied = left.filter(({ utility }) => best - utility < tieUnits)
    const winner = tied.reduce((a, b) => (preferred(a.rules, b.rules, decisionId) <= 0 ? a : b))
    ranked.push({ option: winner.option, utility: winner.utility })
    left.splice(left.indexOf(winner), 1)
  }
  return ranked
}

function preferred(a: PolicyOption, b: PolicyOption, decisionId: string): number {
  return (
    a.safety - b.safety ||
    Number(b.reversible) - Number(a.reversible) ||
    a.costMicros - b.costMicros ||
    compare(tieHash(decisionId, a.option), tieHash(decisionId, b.option))
  )
}

function tieHash(decisionId: string, option: string): string {
  return createHash('sha256')
    .update(decisionId + option)
    .digest('hex')
}
