/**
 * Intervals in closed form, with the basic operations and the square root only: no draws, the same bits everywhere.
 * All are of 90 % unless a wider `z` is given.
 */

/** Normal quantile of 95 %: between minus and plus that lies 90 %. */
export const Z_90 = 1.6448536269514722
/** 90 % for all 14 channels at once (Bonferroni: quantile of 1 - .1 / 28 = .99643), for what is said of one because it differs. */
export const Z_90_OF_14 = 2.6901

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Wilson interval of a share. @source E. B. Wilson 1927; `total` must be positive */
export function shareInterval(hits: number, total: number, z: number = Z_90): Interval {
  const p = hits / total
  const zz = z * z
  const centre = (p + zz / (2 * total)) / (1 + zz / total)
  const half = (z * Math.sqrt((p * (1 - p)) / total + zz / (4 * total * total))) / (1 + zz / total)
  return { mean: p, low: hits === 0 ? 0 : Math.max(0, centre - half), high: hits === total ? 1 : Math.min(1, centre + half) }
}

/** Newcombe's interval of the difference of two shares, a - b, from their Wilson intervals. @source R. G. Newcombe 1998, method 10 */
export function differenceInterval(a: Interval, b: Interval): Interval {
  const mean = a.mean - b.mean
  const down = Math.sqrt(squared(a.mean - a.low) + squared(b.high - b.mean))
  const up = Math.sqrt(squared(a.high - a.mean) + squared(b.mean - b.low))
  return { mean, low: mean - down, high: mean + up }
}

/**
 * Interval of a sum of amounts that came by chance, as a compound Poisson sum: its variance is estimated by the sum of their
 * squares. `scale` is how many each one stands for (of a sample). Never below 0.
 */
export function sumInterval(amounts: readonly number[], scale: number = 1, z: number = Z_90): Interval {
  const mean = amounts.reduce((sum, amount) => sum + amount, 0) * scale
  const half = z * Math.sqrt(amounts.reduce((sum, amount) => sum + amount * amount, 0)) * scale
  return { mean, low: Math.max(0, mean - half), high: mean + half }
}

function squared(value: number): number {
  return value * value
}
