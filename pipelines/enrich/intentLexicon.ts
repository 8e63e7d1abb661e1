/**
 * Phrases of buying intent, timeline and financing with their points.
 * @source lead-domain reference 2.3, Intent Detector; entries in the normalised form of normalForm.ts
 */

/** Points for each phrase found; together at most SIGNAL_CAP. */
export const intentSignals: readonly {
  readonly strength: 'high' | 'medium'
  readonly points: number
  readonly phrases: readonly string[]
}[] = [
  {
    strength: 'high',
    points: 8,
    phrases: [
      'ready to buy',
      'looking to purchase',
      'need to move',
      'urgent',
      'pre approved',
      'preapproved',
      'cash buyer',
      'closing date',
      'when can we close',
      'make an offer',
      'negotiate price',
      'inspection',
      'mortgage approved',
    ],
  },
  {
    strength: 'medium',
    points: 4,
    phrases: [
      'seriously considering',
      'planning to buy',
      'in the market',
      'looking for a realtor',
      'mortgage pre qualification',
      'down payment ready',
      'timeline',
      'budget range',
      'financing options',
    ],
  },
]
export const SIGNAL_CAP = 40

export interface Band<Name extends string = string> {
  readonly name: Name
  readonly points: number
  readonly phrases: readonly string[]
}

export type TimelineName = 'immediate' | 'short_term' | 'medium_term' | 'long_term'

/** The first band with a phrase in the text counts, soonest first. */
export const timelineBands: readonly Band<TimelineName>[] = [
  { name: 'immediate', points: 35, phrases: ['asap', 'immediately', 'this week', 'urgent', 'right away'] },
  { name: 'short_term', points: 28, phrases: ['next month', 'within 30 days', 'by end of month', 'soon'] },
  { name: 'medium_term', points: 18, phrases: ['2 3 months', 'this quarter', 'spring', 'summer', 'fall', 'autumn', 'winter'] },
  { name: 'long_term', points: 8, phrases: ['next year', '6 months', 'eventually', 'someday'] },
]
export const TIMELINE_UNSPECIFIED = 15

export type FinancingName = 'ready' | 'in_progress' | 'planning'

/** The first band with a phrase in the text counts, readiest first. */
export const financingBands: readonly Band<FinancingName>[] = [
  { name: 'ready', points: 25, phrases: ['pre approved', 'preapproved', 'cash buyer', 'financing secured', 'mortgage approved'] },
  { name: 'in_progress', points: 20, phrases: ['applying for mortgage', 'pre qualification', 'credit check', 'loan application'] },
  { name: 'planning', points: 12, phrases: ['need financing', 'mortgage options', 'lender recommendations', 'down payment'] },
]
export const FINANCING_UNKNOWN = 8
