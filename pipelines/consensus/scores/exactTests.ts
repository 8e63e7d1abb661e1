/**
 * Two exact tests, so that few verdicts are never taken for news: whether a share fell between two groups, and whether less came true
 * than was foretold. Both say how probable what is seen, or more of it, would be if nothing had changed.
 */
import { exp, ln } from '../pinnedMath.ts'

export interface Counted {
  readonly hits: number
  readonly trials: number
}

/**
 * Fisher's exact test. `fewer` is the probability of as few hits in `after` as are there, or fewer, when all hits of both are dealt out
 * by chance; `more` that of as many or more.
 */
export function fisher(before: Counted, after: Counted): { readonly fewer: number; readonly more: number } {
  const hits = before.hits + after.hits
  const trials = before.trials + after.trials
  const factorials = lnFactorials(trials)
  const choose = (n: number, k: number) => (factorials[n] ?? 0) - (factorials[k] ?? 0) - (factorials[n - k] ?? 0)
  const [least, most] = [Math.max(0, hits - before.trials), Math.min(hits, after.trials)]
  let [fewer, more] = [0, 0]
  for (let k = least; k <= most; k++) {
    const p = exp(choose(after.trials, k) + choose(before.trials, hits - k) - choose(trials, hits))
    if (k <= after.hits) fewer += p
    if (k >= after.hits) more += p
  }
  return { fewer: Math.min(1, fewer), more: Math.min(1, more) }
}

/** Both sides: twice the smaller, at most 1. Never less than the probability of something as extreme on either side. */
export function fisherBoth(before: Counted, after: Counted): number {
  const { fewer, more } = fisher(before, after)
  return Math.min(1, 2 * Math.min(fewer, more))
}

/** P(at most `hits` come true) of independent claims with these probabilities (Poisson binomial, by adding one claim at a time). */
export function chanceOfSoFew(probabilities: readonly number[], hits: number): number {
  let mass = [1]
  for (const p of probabilities) mass = Array.from({ length: mass.length + 1 }, (_, k) => (mass[k] ?? 0) * (1 - p) + (mass[k - 1] ?? 0) * p)
  return Math.min(
    1,
    mass.slice(0, hits + 1).reduce((sum, one) => sum + one, 0),
  )
}

function lnFactorials(n: number): number[] {
  const values = [0]
  for (let k = 1; k <= n; k++) values.push((values[k - 1] ?? 0) + ln(k))
  return values
}
