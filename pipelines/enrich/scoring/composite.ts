/**
 * How promising a lead is, 0 to 100, with its reasons: a function of the profile and of a moment, so the order of events and
 * their repetition change nothing. The points of the factors are whole and their sum is the score, exactly.
 * @source lead-domain reference 11.4
 */
import type { LeadProfile, Observed, Scoring } from '../../../schemas/generated/records.ts'
import { interestShares } from '../behaviour/likelihood.ts'
import type { InterestShare } from '../behaviour/likelihood.ts'
import { KEPT_MS } from '../behaviour/signals.ts'
import { instantInWords, listed } from '../behaviour/because.ts'
import { workingEmail } from '../consent.ts'
import { intentParts } from '../score.ts'
import { answersOf } from './answers.ts'
import { ENGAGEMENT_EACH, fitByKnown, interestWords, needs, partWeights, temperatures } from './parts.ts'
import type { PartName, Temperature } from './parts.ts'
import { wholeFactors } from './wholePoints.ts'
import type { ExactFactor } from './wholePoints.ts'

/** What the composite reads of a profile. */
export type Scored = Pick<LeadProfile, 'recentMessages' | 'behaviour' | 'customFields' | 'phone' | 'email' | 'emailStatus'>

interface Exact extends ExactFactor {
  readonly part: PartName
}

/**
 * The score of a lead as of `at` (ms). `factNames`: custom field id to the name of the fact that it holds. `shares`: of its
 * behaviour at that moment, where they are known already.
 */
export function scoringOf(
  profile: Scored,
  factNames: Readonly<Record<string, string>>,
  at: number,
  shares: readonly InterestShare[] = interestShares(profile.behaviour?.seen ?? [], at),
): Scoring {
  const seen = profile.behaviour?.seen ?? []
  const exact: Exact[] = behaviourOf(shares)
  for (const { code, points, words } of intentParts(profile.recentMessages))
    exact.push({ code, part: 'intent', weight: partWeights.intent, points, words })
  const known = knownOf(profile, factNames)
  if (known > 0) exact.push(fits[known] as Exact)
  const actions = actionsOf(seen, at)
  if (actions > 0)
    exact.push({
      code: 'engagement_actions',
      part: 'engagement',
      weight: partWeights.engagement,
      points: Math.min(ENGAGEMENT_EACH * actions, 100),
      words: `acts: ${actions} within 30 days`,
    })
  const factors = wholeFactors(exact)
  let score = 0
  for (const { points } of factors) score += points
  return {
    at,
    score,
    temperature: exact.length === 0 ? 'unknown' : temperatureOf(score),
    behaviour: partOf(exact, 'behaviour'),
    intent: partOf(exact, 'intent'),
    fit: partOf(exact, 'fit'),
    engagement: partOf(exact, 'engagement'),
    factors,
  }
}

function partOf(exact: readonly Exact[], part: PartName): number {
  let sum = 0
  for (const one of exact) if (one.part === part) sum += one.points
  return Math.round(sum)
}

/** The temperature of a score of 0 to 100. */
export function temperatureOf(score: number): Temperature {
  return temperatures.find(({ from }) => score >= from)?.temperature ?? 'cold'
}

/** Each interest with its share of the likelihood, which stops at 100. */
function behaviourOf(shares: readonly InterestShare[]): Exact[] {
  const sum = shares.reduce((all, { points }) => all + points, 0)
  return shares.map(({ interest, events, lastAt, trend, points }) => ({
    code: `behaviour_${interest}`,
    part: 'behaviour',
    weight: partWeights.behaviour,
    points: sum > 100 ? (100 * points) / sum : points,
    words: `${interestWords[interest]}: ${events}, last ${instantInWords(lastAt)}${trend === 'stable' ? '' : `, ${trend}`}`,
  }))
}

/** What may be known of a lead, in the order it is told: a bit each. */
const knowable = ['phone', 'e-mail', ...needs.map(({ words }) => words)]
/** Where the bits of the needs begin: after telephone and e-mail. */
const NEEDS_FROM = 2

/** The fit for each set of things known: there are 128. */
const fits: readonly Exact[] = Array.from({ length: 1 << knowable.length }, (_, bits) => {
  const known = knowable.filter((_, place) => (bits & (1 << place)) !== 0)
  const points = fitByKnown[known.length] as number
  return { code: 'fit_known', part: 'fit', weight: partWeights.fit, points, words: `known: ${listed(known)}` }
})

function knownOf(profile: Scored, factNames: Readonly<Record<string, string>>): number {
  const addresses = (profile.phone === null ? 0 : 1) | (workingEmail(profile) === null ? 0 : 2)
  return addresses | (answersOf(profile.customFields, factNames).needs << NEEDS_FROM)
}

function actionsOf(seen: readonly Observed[], at: number): number {
  let actions = 0
  for (const one of seen) if (one.at <= at && one.at >= at - KEPT_MS) actions++
  return actions
}
