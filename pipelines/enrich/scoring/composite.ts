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
import { ENGAGEMENT_EACH, fitByKnown, interestWords, needs, partWeights, temperatures } from './parts.ts'
import type { PartName, Temperature } from './parts.ts'
import { wholeFactors } from './wholePoints.ts'

/** What the composite reads of a profile. */
export type Scored = Pick<LeadProfile, 'recentMessages' | 'behaviour' | 'customFields' | 'phone' | 'email' | 'emailStatus'>

/** A reason before its points are whole. */
interface Exact {
  readonly code: string
  readonly words: string
  readonly part: PartName
  /** Of the 100 of its part. */
  readonly points: number
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
  const exact: readonly Exact[] = behaviourOf(shares).concat(
    intentParts(profile.recentMessages).map(({ code, points, words }) => ({ code, part: 'intent', points, words })),
    fitOf(profile, factNames),
    engagementOf(seen, at),
  )
  const factors = wholeFactors(exact.map((one) => ({ ...one, weight: partWeights[one.part] })))
  const score = factors.reduce((sum, { points }) => sum + points, 0)
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
  return Math.round(exact.reduce((sum, one) => sum + (one.part === part ? one.points : 0), 0))
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
    points: sum > 100 ? (100 * points) / sum : points,
    words: `${interestWords[interest]}: ${events}, last ${instantInWords(lastAt)}${trend === 'stable' ? '' : `, ${trend}`}`,
  }))
}

function fitOf(profile: Scored, factNames: Readonly<Record<string, string>>): Exact[] {
  const facts = new Set<string>()
  for (const [id, value] of Object.entries(profile.customFields)) {
    const name = factNames[id]
    if (name !== undefined && value.trim() !== '') facts.add(name)
  }
  const known = [
    ...(profile.phone === null ? [] : ['phone']),
    ...(workingEmail(profile) === null ? [] : ['e-mail']),
    ...needs.filter((need) => need.facts.some((fact) => facts.has(fact))).map(({ words }) => words),
  ]
  if (known.length === 0) return []
  return [{ code: 'fit_known', part: 'fit', points: fitByKnown[known.length] as number, words: `known: ${listed(known)}` }]
}

function engagementOf(seen: readonly Observed[], at: number): Exact[] {
  const actions = seen.filter((one) => one.at <= at && one.at >= at - KEPT_MS).length
  if (actions === 0) return []
  const points = Math.min(ENGAGEMENT_EACH * actions, 100)
  return [{ code: 'engagement_actions', part: 'engagement', points, words: `acts: ${actions} within 30 days` }]
}
