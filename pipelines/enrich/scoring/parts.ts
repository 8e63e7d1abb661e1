/**
 * The composite score as data: its four parts and their weights, what counts for each, and where a temperature begins. Why
 * the fit is what it is: docs/decisions/0031-scores-with-factors.md.
 */
import type { Interest } from '../behaviour/signals.ts'

export type PartName = 'behaviour' | 'intent' | 'fit' | 'engagement'

/** Weight of each part, in hundredths. @source lead-domain reference 11.4 */
export const partWeights: Readonly<Record<PartName, number>> = { behaviour: 30, intent: 40, fit: 20, engagement: 10 }

export type Temperature = 'hot' | 'warm' | 'cold' | 'unknown'

/**
 * Lowest score of each temperature; below all of them is cold. @source lead-domain reference 5.5, row "stated requirement": above 80, 40 to 79, below 40.
 * 80 is not above 80.
 */
export const temperatures: readonly { readonly temperature: Temperature; readonly from: number }[] = [
  { temperature: 'hot', from: 81 },
  { temperature: 'warm', from: 40 },
]

/** What each kind of interest is called when it is a reason. */
export const interestWords: Readonly<Record<Interest, string>> = {
  pricing_tool_usage: 'uses a pricing tool',
  agent_inquiry: 'asks for the realtor',
  neighborhood_research: 'reads about neighbourhoods',
  market_report_engagement: 'reads market reports',
  property_search: 'searches for properties',
  listing_views: 'looks at properties',
  email_opens: 'opens e-mails',
  website_visits: 'visits the website',
  sms_responses: 'answers texts',
  virtual_tour_views: 'takes virtual tours',
}

/** A thing to know about a lead; one fact with a value is enough. What the value is makes no difference. */
export interface Need {
  readonly words: string
  readonly facts: readonly string[]
}

/**
 * What is asked of every lead, by the custom fields that hold the answers. The reference asks for place and condition of the
 * home too: a place is a proxy for protected attributes, the condition is known of sellers only.
 * @source lead-domain reference 8, question score; 14.2
 */
export const needs: readonly Need[] = [
  { words: 'budget', facts: ['budget', 'budget_min', 'budget_max'] },
  { words: 'time frame', facts: ['timeline'] },
  { words: 'financing', facts: ['financing', 'pre_approved', 'down_payment'] },
  { words: 'wishes', facts: ['property_type', 'bedrooms', 'bathrooms'] },
  { words: 'motivation', facts: ['motivation', 'goal'] },
]

/** Points of the fit by how many of the seven things (phone, e-mail, five answers) are known. @source lead-domain reference 8 */
export const fitByKnown: readonly number[] = [0, 15, 30, 50, 65, 75, 85, 100]

/** Points of the engagement for each action. @source lead-domain reference 6.2: min(5 x events, 100) */
export const ENGAGEMENT_EACH = 5
