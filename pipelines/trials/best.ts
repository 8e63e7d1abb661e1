/**
 * How probable it is that a wording is the best of several, what choosing it may cost, and how probable it is that one share
 * lies above another by a margin: integrals over Beta distributions, to 1e-6. By pinned arithmetic.
 * @source reference/consensus.md 10.3, 10.4
 */
import { exp, ln } from '../consensus/pinnedMath.ts'
import { betaCdf, betaQuantile, lnBeta } from '../sources/betaDistribution.ts'
import type { Beta } from './posterior.ts'

/** The integral is taken for up to so many. */
export const ARMS_MOST = 13
/** What is left out at either end. */
const TAIL = 1e-9
/** Steps to a standard deviation: the error of the trapezoid rule on a smooth bell falls as e^(-2 π² n²), 3 steps leave 1e-77. */
const STEPS_PER_DEVIATION = 3
/** On the scale of log-odds a density is smooth within π: e^(-2 π² / .5) = 1e-17. */
const STEP_MOST = 0.5

export interface Best {
  /** P(this one is the best), each. They add up to 1. */
  readonly best: readonly number[]
  /** What is lost on average by taking this one for good: E(max) - E(this one), each. */
  readonly loss: readonly number[]
}

/** P(k best) = ∫ f_k(x) Π F_j(x) dx over j ≠ k, for 1 to 13 distributions. */
export function bestOf(arms: readonly Beta[]): Best {
  if (arms.length === 0 || arms.length > ARMS_MOST) throw new RangeError(`from 1 to ${ARMS_MOST} arms, not ${arms.length}`)
  if (arms.length === 1) return { best: [1], loss: [0] }
  const best = arms.map(() => 0)
  let highest = 0
  // Below the highest of the lower ends the largest of all lies with less than the tail: nobody is best there.
  for (const { x, weight, t } of placesOf(arms, 'highest')) {
    const below = arms.map(({ a, b }) => betaCdf(x, a, b))
    arms.forEach((arm, k) => {
      const mass = weight * densityAt(t, arm) * below.reduce((product, share, j) => (j === k ? product : product * share), 1)
      best[k] = (best[k] ?? 0) + mass
      highest += x * mass
    })
  }
  return { best, loss: arms.map(({ a, b }) => Math.max(0, highest - a / (a + b))) }
}

/** P(share of `one` > share of `other` + margin); the margin is 0 or above, and `one` has next to nothing beyond 1 - margin. */
export function exceeds(one: Beta, other: Beta, margin: number): number {
  let sum = 0
  for (const { x, weight, t } of placesOf([other, one], 'first'))
    sum += weight * densityAt(t, other) * (1 - betaCdf(x + margin, one.a, one.b))
  return Math.min(1, sum)
}

interface Place {
  /** A share, and its log-odds. */
  readonly x: number
  readonly t: number
  readonly weight: number
}

/**
 * Places on the scale of log-odds, on which a Beta distribution is a smooth bell: so close that the narrowest is met, as far as the
 * first reaches, or as far as the largest of all.
 */
function placesOf(arms: readonly Beta[], reach: 'first' | 'highest'): Place[] {
  const reaching = reach === 'first' ? arms.slice(0, 1) : arms
  const ends = reaching.map(({ a, b }) => [logOdds(betaQuantile(TAIL, a, b)), logOdds(betaQuantile(1 - TAIL, a, b))] as const)
  const low = Math.max(...ends.map(([end]) => end))
  const high = Math.max(...ends.map(([, end]) => end))
  // Variance of the log-odds of a Beta distribution, nearly: 1/a + 1/b.
  const narrowest = Math.min(...arms.map(({ a, b }) => Math.sqrt(1 / a + 1 / b)))
  const steps = Math.max(1, Math.ceil((high - low) / Math.min(STEP_MOST, narrowest / STEPS_PER_DEVIATION)))
  const step = (high - low) / steps
  return Array.from({ length: steps + 1 }, (_, place) => {
    const t = low + place * step
    return { t, x: 1 / (1 + exp(-t)), weight: place === 0 || place === steps ? step / 2 : step }
  })
}

function logOdds(x: number): number {
  return ln(x / (1 - x))
}

/** Density of the log-odds of a Beta distribution: x^a (1 - x)^b / B(a, b). */
function densityAt(t: number, { a, b }: Beta): number {
  const lnX = t > 0 ? -ln(1 + exp(-t)) : t - ln(1 + exp(t))
  return exp(a * lnX + b * (lnX - t) - lnBeta(a, b))
}
