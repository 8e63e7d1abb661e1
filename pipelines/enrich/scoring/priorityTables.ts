/**
 * Priority tiers as data: what is weighed, the points of each answer, where a tier begins and within which time its leads are
 * contacted. What the reference leaves open: docs/decisions/0036-priority-tiers.md. @source lead-domain reference 5.4
 */
import type { TimelineName } from '../intentLexicon.ts'

export type PriorityPart = 'budget' | 'engagement' | 'timeline' | 'intent' | 'fit' | 'source'

/** Weight of each part, in hundredths. */
export const priorityWeights: Readonly<Record<PriorityPart, number>> = {
  budget: 25,
  engagement: 20,
  timeline: 20,
  intent: 15,
  fit: 10,
  source: 10,
}

export type Tier = 'URGENT' | 'HOT' | 'WARM' | 'COLD'

const MINUTE_MS = 60_000

/** Lowest score of each tier, and how long after its last sign of life a lead waits at most, in ms. */
export const tiers: readonly { readonly tier: Tier; readonly from: number; readonly withinMs: number }[] = [
  { tier: 'URGENT', from: 85, withinMs: 15 * MINUTE_MS },
  { tier: 'HOT', from: 70, withinMs: 60 * MINUTE_MS },
  { tier: 'WARM', from: 50, withinMs: 4 * 60 * MINUTE_MS },
  { tier: 'COLD', from: 0, withinMs: 24 * 60 * MINUTE_MS },
]

/** Points of a budget of at least so much, in units of the tenant's currency; highest first. */
export const budgetPoints: readonly { readonly from: number; readonly points: number }[] = [
  { from: 1_000_000, points: 100 },
  { from: 750_000, points: 90 },
  { from: 500_000, points: 75 },
  { from: 350_000, points: 60 },
  { from: 250_000, points: 45 },
  { from: 150_000, points: 30 },
  { from: 0, points: 20 },
]

/** Less is a rent, or a number whose thousands were left out: no budget can be read from it. */
export const LEAST_BUDGET = 20_000

/** Points of wanting to move within so many days; soonest first. */
export const timelinePoints: readonly { readonly toDays: number; readonly points: number }[] = [
  { toDays: 30, points: 100 },
  { toDays: 60, points: 85 },
  { toDays: 90, points: 70 },
  { toDays: 180, points: 50 },
  { toDays: 365, points: 30 },
  { toDays: Infinity, points: 15 },
]

/** The latest day that the words of a band allow: "next month" ends within 60, "next year" not within 365. */
export const bandDays: Readonly<Record<TimelineName, number>> = {
  immediate: 7,
  short_term: 60,
  medium_term: 180,
  long_term: Infinity,
}

/** Days of the units in which an answer counts; 3 months are 90 days and 12 are 360, as the bands above have it. */
export const unitDays: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30, year: 365 }

/** Points of the intent for each phrase said, by its strength; at most 100. There is no list of low ones. */
export const phrasePoints = { high: 30, medium: 15 } as const

/** Points of a source and the names that stand for it, in lower case with `_` for all that is no letter or digit. @source also 12.5 */
export const sourcePoints: readonly { readonly name: string; readonly points: number; readonly also: readonly string[] }[] = [
  { name: 'referral', points: 100, also: ['agent_referral', 'client_referral', 'vendor_referral'] },
  { name: 'past_client', points: 95, also: [] },
  { name: 'zillow', points: 85, also: [] },
  { name: 'realtor_com', points: 80, also: ['realtor'] },
  { name: 'organic', points: 80, also: ['google_organic'] },
  { name: 'google_ads', points: 75, also: [] },
  { name: 'website', points: 75, also: ['website_form', 'web_form'] },
  { name: 'facebook', points: 70, also: ['facebook_ads', 'facebook_organic', 'facebook_lead_ad'] },
  { name: 'open_house', points: 70, also: [] },
  { name: 'instagram', points: 65, also: ['instagram_ads', 'instagram_organic'] },
  { name: 'purchased_list', points: 50, also: [] },
  { name: 'cold_call', points: 40, also: [] },
]

/** A source is stated, but none of these. One that is not stated is unknown and adds nothing. */
export const OTHER_SOURCE = 30
