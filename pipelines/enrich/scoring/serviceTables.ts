/**
 * The scores beside the composite as data: what is asked of a lead, what a golden one is made of, when churn is near, and the stages
 * a lead goes through. What the reference leaves open: docs/decisions/0056-service-scores.md. @source lead-domain reference 8
 */
import { needs } from './parts.ts'
import type { Need } from './parts.ts'

/** The seven questions, those of the fit first. That one is answered counts, never what the answer is: a place least of all. */
export const questions: readonly Need[] = [
  ...needs,
  { words: 'place', facts: ['location', 'location_preferences'] },
  { words: 'condition of the home', facts: ['home_condition'] },
]

/** How much of the answers is known. Three words of their own: hot, warm and cold are temperatures, and those are of the score. */
export type Reach = 'much' | 'some' | 'little'

/** Lowest count of answers for each; below all of them is little. @source lead-domain reference 5.5, row "questions answered" */
export const reaches: readonly { readonly reach: Reach; readonly from: number }[] = [
  { reach: 'much', from: 3 },
  { reach: 'some', from: 2 },
]

/** Score at which a person could take over and a meeting be offered. Five answers are the first to reach it, as the reference has both. */
export const READY_FROM = 70

export type GoldenPart =
  | 'urgent_timeline'
  | 'budget_clarity'
  | 'financing'
  | 'emotional_investment'
  | 'location_specificity'
  | 'decision_authority'
  | 'market_knowledge'

/** Weight of each part, in hundredths. */
export const goldenWeights: Readonly<Record<GoldenPart, number>> = {
  urgent_timeline: 25,
  budget_clarity: 20,
  financing: 18,
  emotional_investment: 15,
  location_specificity: 10,
  decision_authority: 8,
  market_knowledge: 4,
}

/** Parts that nothing a profile holds tells of, with the reason. They add nothing, of any lead. */
export const neverKnown: readonly { readonly part: GoldenPart; readonly because: string }[] = [
  { part: 'emotional_investment', because: 'no rule of the reference says what it is' },
  { part: 'decision_authority', because: 'with whom a lead decides tells of marriage and family' },
]

export type GoldenTier = 'platinum' | 'gold' | 'silver' | 'none'

/** Lowest score of each tier. */
export const goldenTiers: readonly { readonly tier: GoldenTier; readonly from: number }[] = [
  { tier: 'platinum', from: 95 },
  { tier: 'gold', from: 85 },
  { tier: 'silver', from: 70 },
]

/**
 * Points of the financing by how far it is, in the proportion of the bands of the intent (25, 20 and 12 of 25); a loan that is refused or
 * missing is known, and adds nothing.
 */
export const financingPoints = { ready: 100, in_progress: 80, planning: 48, none: 0 } as const
export type Financing = keyof typeof financingPoints

const DAY_MS = 86_400_000

/** Horizons of the churn risk with their weight in hundredths. */
export const horizons: readonly { readonly days: number; readonly ms: number; readonly weight: number }[] = [
  { days: 7, ms: 7 * DAY_MS, weight: 50 },
  { days: 14, ms: 14 * DAY_MS, weight: 30 },
  { days: 30, ms: 30 * DAY_MS, weight: 20 },
]

export type ChurnTier = 'critical' | 'high' | 'medium' | 'low'

/** Lowest risk of each tier. */
export const churnTiers: readonly { readonly tier: ChurnTier; readonly from: number }[] = [
  { tier: 'critical', from: 80 },
  { tier: 'high', from: 60 },
  { tier: 'medium', from: 30 },
]

export type LifecycleStage = 'new' | 'contacted' | 'qualified' | 'engaged' | 'hot' | 'appointment' | 'converted' | 'lost' | 'dormant'
