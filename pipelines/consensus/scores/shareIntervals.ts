/** Intervals of shares in closed form, with the basic operations and the square root only: no draws, the same bits everywhere. */
import type { Interval } from './clopperPearson.ts'

/** Normal quantile of 97.5 %: between minus and plus that lies 95 %. */
export const Z_95 = 1.959964

export interface MeanInterval extends Interval {
  readonly mean: number
}

/** Wilson interval of a share. @source E. B. Wilson 1927; `total` must be positive */
export function shareInterval(hits: number, total: number, z: number): MeanInterval {
  const p = hits / total
  const zz = z * z
  const centre = (p + zz / (2 * total)) / (1 + zz / total)
  const half = (z * Math.sqrt((p * (1 - p)) / total + zz / (4 * total * total))) / (1 + zz / total)
  return { mean: p, low: hits === 0 ? 0 : Math.max(0, centre - half), high: hits === total ? 1 : Math.min(1, centre + half) }
}

/** Newcombe's interval of the difference of two shares, a - b, from their Wilson intervals. @source R. G. Newcombe 1998, method 10 */
export function differenceInterval(a: MeanInterval, b: MeanInterval): MeanInterval {
  const mean = a.mean - b.mean
  const down = Math.sqrt(squared(a.mean - a.low) + squared(b.high - b.mean))
  const up = Math.sqrt(squared(a.high - a.mean) + squared(b.mean - b.low))
  return { mean, low: mean - down, high: mean + up }
}

function squared(value: number): number {
  return value * value
}
