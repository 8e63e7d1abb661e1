/** Market facts for tests: by week of a feed, figures as given. */
import type { MarketFact } from '../../../schemas/generated/records.ts'
import { marketFactId } from '../../../topics/marketFacts.ts'

export const location = 'sandboxLocation000001'
export const DAY = 86_400_000
/** 2026-11-02T00:00:00Z, a Monday. */
export const monday = 1_793_577_600_000
/** The instant at which the fourth of the weeks has ended and the feeds have told of it. */
export const now = monday + 28 * DAY + 3_600_000

/** A fact of week `week` (0 to 3), stated an hour after its end. */
export function fact(week: number, figures: Record<string, string>, changes: Partial<MarketFact> = {}): MarketFact {
  const whole: Omit<MarketFact, 'factId'> = {
    tenantId: location,
    kind: 'market',
    propertyType: '',
    priceBand: '',
    competitor: null,
    periodFrom: monday + week * 7 * DAY,
    periodTo: monday + (week + 1) * 7 * DAY,
    source: 'mls-export',
    observedAt: monday + (week + 1) * 7 * DAY + 3_600_000,
    receivedAt: now,
    samples: 40,
    figures,
    ...changes,
  }
  return { ...whole, factId: marketFactId(whole) }
}

export const rival = (name: string, week: number, figures: Record<string, string>, changes: Partial<MarketFact> = {}) =>
  fact(week, figures, { kind: 'competitor', competitor: name, source: 'listing-watch', samples: 0, ...changes })
export const heard = (week: number, figures: Record<string, string>, changes: Partial<MarketFact> = {}) =>
  fact(week, figures, { kind: 'social', source: 'review-watch', ...changes })
