/** How sure the figures of a location are: of 90 %, or of 90 % for all channels at once. No draws, the same bits everywhere. */
import type { MeanInterval } from '../consensus/scores/shareIntervals.ts'

/** Normal quantile of 95 %: between minus and plus that lies 90 %. */
export const Z_90 = 1.6448536269514722
/** 90 % for all 14 channels at once (Bonferroni: quantile of 1 - .1 / 28 = .99643), for what is said of one because it differs. */
export const Z_90_OF_14 = 2.6901

/**
 * Interval of a sum of amounts that came by chance, as a compound Poisson sum: its variance is estimated by the sum of their
 * squares. `scale` is how many each one stands for (of a sample). Never below 0.
 */
export function sumInterval(amounts: readonly number[], scale: number = 1, z: number = Z_90): MeanInterval {
  const mean = amounts.reduce((sum, amount) => sum + amount, 0) * scale
  const half = z * Math.sqrt(amounts.reduce((sum, amount) => sum + amount * amount, 0)) * scale
  return { mean, low: Math.max(0, mean - half), high: mean + half }
}
