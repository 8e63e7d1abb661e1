/**
 * How much each label counts: the inverse of the probability with which it came to be labelled, so that labels that were
 * sought out do not pass for usual ones, less with age.
 * @source reference/consensus.md step 7
 */
import { exp } from '../pinnedMath.ts'

const dayMs = 86_400_000
const ln2 = 0.6931471805599453
/** A label from a one-in-a-thousand selection would otherwise speak for a thousand. */
const largestWeight = 50

/** Inclusion probability of an item that any of several independent selections may have picked. */
export function inclusionOf(selections: readonly number[]): number {
  return 1 - selections.reduce((left, p) => left * (1 - p), 1)
}

/**
 * Omega of each label: min(1 / p, 50), normalised to mean 1, times the effective-sample fraction (sum w)^2 / (n sum w^2),
 * times 2^(-age / half-life). 0 for a label whose probability is unknown (given as 0): it is counted nowhere.
 */
export function labelWeights(
  labels: readonly { readonly inclusion: number; readonly at: number }[],
  now: number,
  halfLifeDays: number,
): number[] {
  const raw = labels.map(({ inclusion }) => (inclusion > 0 ? Math.min(1 / inclusion, largestWeight) : 0))
  const n = raw.filter((weight) => weight > 0).length
  const sum = sumOf(raw)
  const scale = n === 0 ? 0 : (n / sum) * (effectiveCount(raw) / n)
  return labels.map(({ at }, index) => (raw[index] ?? 0) * scale * exp((-ln2 * Math.max(0, now - at)) / (halfLifeDays * dayMs)))
}

/** How many equally weighted labels say as much: (sum w)^2 / sum w^2; 0 for none. */
export function effectiveCount(weights: readonly number[]): number {
  const squares = sumOf(weights.map((weight) => weight * weight))
  return squares === 0 ? 0 : sumOf(weights) ** 2 / squares
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
