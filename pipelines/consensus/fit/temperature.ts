/**
 * One factor on all strengths that makes the stated probabilities true on labels the strengths have not seen.
 * @source reference/consensus.md step 4
 */
import { exp, ln } from '../pinnedMath.ts'

/** .20, .25 .. 1.60, in 1e-6. */
export const tauGridMicro: readonly number[] = Array.from({ length: 29 }, (_, index) => 200_000 + 50_000 * index)
const penalty = 0.02
/** Probabilities are floored here before the logarithm of a loss is taken. */
export const leastProbability = 1e-4

/** What the pool says of an item with tau = 1, taken apart. */
export interface Supported {
  /** ln of the base rate by option, nats. */
  readonly base: readonly number[]
  /** What the votes add at tau = 1, nats. */
  readonly support: readonly number[]
  readonly truth: number
  readonly weight: number
}

/** The tau with the least mean log loss plus .02 (tau - 1)^2; 1 without labels; the one nearest to 1 among equals. */
export function fittedTauMicro(items: readonly Supported[]): number {
  const total = items.reduce((sum, { weight }) => sum + weight, 0)
  if (!(total > 0)) return 1_000_000
  let best = { tauMicro: 1_000_000, cost: Infinity }
  for (const tauMicro of [...tauGridMicro].sort((a, b) => Math.abs(a - 1e6) - Math.abs(b - 1e6) || a - b)) {
    const tau = tauMicro / 1e6
    const loss = items.reduce((sum, item) => sum + item.weight * lossAt(item, tau), 0) / total
    const cost = loss + penalty * (tau - 1) ** 2
    if (cost < best.cost) best = { tauMicro, cost }
  }
  return best.tauMicro
}

function lossAt({ base, support, truth }: Supported, tau: number): number {
  const scores = base.map((nats, option) => nats + tau * (support[option] ?? 0))
  const top = Math.max(...scores)
  const total = scores.reduce((sum, score) => sum + exp(score - top), 0)
  return -ln(Math.max(leastProbability, exp((scores[truth] ?? -Infinity) - top) / total))
}
