/**
 * What is expected of a wording before a location has results: what the other locations of this installation found, as
 * strong as they agree. By pinned arithmetic.
 * @source reference/consensus.md 10.2 (empirical Bayes: n0 by maximising the Beta-binomial likelihood, capped at 200)
 */
import { lnBeta } from '../sources/betaDistribution.ts'
import type { Beta } from './posterior.ts'

/** Where nobody has found anything: one of ten is answered, worth ten messages. @source reference/consensus.md 10.2, flat prior */
export const flatPrior: Beta = { a: 1, b: 9 }
const FLAT_SENT = flatPrior.a + flatPrior.b
/** Other locations from which on it can be told how far locations agree. */
export const LOCATIONS_LEAST = 3
/** What is tried for n0, in messages; the most is the cap. */
export const STRENGTHS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200] as const
const STRENGTH_MOST = 200
/** A share is taken to be at least and at most so large, so that 200 messages hold one of each kind. */
const SHARE_LEAST = 0.01

/** Results of one wording in one location. */
export interface Counts {
  readonly sent: number
  readonly answered: number
}

/**
 * The priors of the wordings, each given by the results of every other location in that wording. Their mean is that of the
 * locations, each worth what it says of the others, and of the flat prior; their strength is the one under which what the
 * locations found is most probable, and never more than what they sent. With fewer than three other locations it is the flat prior.
 */
export function priorsOf(others: readonly (readonly Counts[])[]): Beta[] {
  const known = others.map((arm) => arm.filter(({ sent }) => sent > 0))
  if (known.some((arm) => arm.length < LOCATIONS_LEAST)) return others.map(() => flatPrior)
  const strength = likeliestStrength(known, (tried) => known.map((arm) => meanOf(arm, tried)))
  return known.map((arm) => priorOf(meanOf(arm, strength), Math.min(strength, sentBy(arm))))
}

function sentBy(arm: readonly Counts[]): number {
  return arm.reduce((sum, { sent }) => sum + sent, FLAT_SENT)
}

/**
 * The mean of the locations and of the flat prior, which is one more of ten messages. A share of n messages has the variance m (1 - m) (n + n0) / (n (n0 + 1)) around the
 * mean of all locations, so it says of that mean what n (n0 + 1) / (n + n0) messages of it would: never more than n0 + 1, however
 * many one location sends.
 */
function meanOf(arm: readonly Counts[], strength: number): number {
  const worth = ({ sent }: Counts) => (sent * (strength + 1)) / (sent + strength)
  const all = [{ sent: FLAT_SENT, answered: flatPrior.a }, ...arm]
  const hits = all.reduce((sum, one) => sum + (worth(one) * one.answered) / one.sent, 0)
  const share = hits / all.reduce((sum, one) => sum + worth(one), 0)
  return Math.min(1 - SHARE_LEAST, Math.max(SHARE_LEAST, share))
}

/** The strength of those tried under which, with the means that it gives, the results are most probable; of equals the weakest. */
export function likeliestStrength(arms: readonly (readonly Counts[])[], meansAt: (strength: number) => readonly number[]): number {
  const scored = STRENGTHS.map((strength) => ({ strength, score: lnLikelihood(arms, meansAt(strength), strength) }))
  return scored.reduce((best, next) => (next.score > best.score ? next : best)).strength
}

/** ln of the Beta-binomial likelihood, without the terms that do not depend on the strength. */
function lnLikelihood(arms: readonly (readonly Counts[])[], means: readonly number[], strength: number): number {
  return arms.reduce((total, arm, k) => {
    const { a, b } = { a: (means[k] ?? 0) * strength, b: (1 - (means[k] ?? 0)) * strength }
    return arm.reduce((sum, { sent, answered }) => sum + lnBeta(a + answered, b + sent - answered) - lnBeta(a, b), total)
  }, 0)
}

/** Of this mean and strength, but at least one answered and one unanswered message strong: a weaker one has no bell. */
function priorOf(mean: number, strength: number): Beta {
  const least = 1 / Math.min(mean, 1 - mean)
  const worth = Math.min(STRENGTH_MOST, Math.max(strength, least))
  return { a: mean * worth, b: (1 - mean) * worth }
}
