/**
 * How near a lead is to being lost by its silence alone, 0 to 100, with its reasons: a function of the profile and of the moment of asking,
 * since nothing comes that could tell it anew. No forecast: how much of each horizon has passed. @source lead-domain reference 8, churn
 */
import type { LeadProfile, ScoreFactor } from '../../../schemas/generated/records.ts'
import { isOpen } from '../silence.ts'
import { lastSignOf } from './priority.ts'
import { churnTiers, horizons } from './serviceTables.ts'
import type { ChurnTier } from './serviceTables.ts'
import { wholeFactors } from './wholePoints.ts'

export interface Churn {
  /** The moment it is of, ms. */
  readonly at: number
  /** Last message or action of the lead, or when it is first known, ms. */
  readonly since: number
  /** Sum of the points of its factors, 0 to 100. */
  readonly risk: number
  readonly tier: ChurnTier
  readonly factors: ScoreFactor[]
}

/** `undefined` for a lead that is gone, won, lost or closed on every channel: nobody could keep it by writing. */
export function churnOf(profile: LeadProfile, at: number): Churn | undefined {
  if (!isOpen(profile)) return undefined
  const since = lastSignOf(profile)
  const silentMs = Math.max(0, at - since)
  const factors = wholeFactors(
    horizons.map(({ days, ms, weight }) => ({
      code: `silent_${days}_days`,
      weight,
      points: 100 * Math.min(1, silentMs / ms),
      words:
        silentMs >= ms ? `no sign of life for ${days} days` : `no sign of life for ${Math.floor((days * silentMs) / ms)} of ${days} days`,
    })),
  )
  let risk = 0
  for (const { points } of factors) risk += points
  return { at, since, risk, tier: churnTierOf(risk), factors }
}

/** The tier of a risk of 0 to 100. */
export function churnTierOf(risk: number): ChurnTier {
  return churnTiers.find(({ from }) => risk >= from)?.tier ?? 'low'
}
