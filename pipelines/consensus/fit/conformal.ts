/**
 * Sets of options that contain the right one with a stated probability, however wrong the pool is, as long as the audits are
 * exchangeable with what they are used on. Marginal coverage: not per lead, not per segment.
 * @source reference/consensus.md 4.3
 */
import { leastForConformal } from './slices.ts'

export interface Quantile {
  /** Allowed error. */
  readonly alpha: number
  /** An option is in the set when 1 - P is at most this, 1e-6; `null`: not enough audits, every option is in the set. */
  readonly quantileMicro: number | null
  /** Audits it rests on. */
  readonly audits: number
}

/**
 * The quantile of the nonconformity 1 - P(truth). Equal weights: the ceil((n + 1)(1 - alpha))-th smallest. Mixed weights: the
 * same with the item to come weighing as much as the heaviest audit, which errs on the side of a larger set.
 */
export function conformalQuantile(scores: readonly { readonly score: number; readonly weight: number }[], alpha: number): Quantile {
  const counted = scores.filter(({ weight }) => weight > 0).sort((a, b) => a.score - b.score)
  const audits = counted.length
  if (audits < leastForConformal(alpha)) return { alpha, quantileMicro: null, audits }
  const heaviest = counted.reduce((most, { weight }) => Math.max(most, weight), 0)
  const needed = (counted.reduce((sum, { weight }) => sum + weight, 0) + heaviest) * (1 - alpha)
  let reached = 0
  for (const { score, weight } of counted) {
    reached += weight
    // Sums of equal weights may fall short of a whole number by rounding.
    if (reached >= needed - 1e-9 * heaviest) return { alpha, quantileMicro: Math.ceil(score * 1e6 - 1e-9), audits }
  }
  return { alpha, quantileMicro: null, audits }
}

/**
 * The level, or the smallest one that so many audits can hold, 1 / (n + 1): below it there would be no quantile, and after many errors
 * nothing would be put to people at all.
 */
export function heldLevel(level: number, audits: number): number {
  return Math.max(level, 1 / (audits + 1))
}

/** The options whose 1 - P is within the quantile, in the order given; all of them without one. */
export function conformalSet(
  probabilities: Readonly<Record<string, number>>,
  { quantileMicro }: Pick<Quantile, 'quantileMicro'>,
): string[] {
  const options = Object.keys(probabilities)
  if (quantileMicro === null) return options
  return options.filter((option) => (1 - (probabilities[option] ?? 0)) * 1e6 <= quantileMicro + 1e-9)
}

/**
 * The level to use next after an audited item was inside (`missed` false) or outside its set, so that drift is followed.
 * `weight`: for how many it stands, 1 in the mean.
 */
export function adaptedAlpha(current: number, target: number, missed: boolean, weight = 1): number {
  return Math.min(1, Math.max(0, current + 0.01 * weight * (target - Number(missed))))
}
