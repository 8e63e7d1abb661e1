/**
 * The exact interval of a share: it covers the true one at least as often as it says, however few the trials.
 */
import { exp, ln } from '../pinnedMath.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Interval for `hits` of `trials` at confidence 1 - alpha (Clopper and Pearson 1934); everything for no trials. */
export function clopperPearson(hits: number, trials: number, alpha = 0.05): Interval {
  if (trials === 0) return { low: 0, high: 1 }
  return {
    // P(X >= hits | low) = alpha / 2 and P(X <= hits | high) = alpha / 2
    low: hits === 0 ? 0 : solve((p) => 1 - tailUpTo(hits - 1, trials, p) < alpha / 2),
    high: hits === trials ? 1 : solve((p) => tailUpTo(hits, trials, p) > alpha / 2),
  }
}

/** The largest p for which `holds` is still true, by halving; `holds` turns from true to false once. */
function solve(holds: (p: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (holds(middle)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** P(X <= k) of a binomial, in log space so that thousands of trials do not underflow. */
function tailUpTo(k: number, n: number, p: number): number {
  if (p <= 0) return 1
  if (p >= 1) return k >= n ? 1 : 0
  const step = ln(p) - ln(1 - p)
  let term = n * ln(1 - p)
  let sum = exp(term)
  for (let i = 1; i <= k; i++) {
    term += ln((n - i + 1) / i) + step
    sum += exp(term)
  }
  return Math.min(1, sum)
}
