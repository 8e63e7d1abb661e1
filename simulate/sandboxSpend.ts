/**
 * What the sandbox location spends on marketing: four channels, a row a week for the last 13 weeks. The rows of a week are the same
 * whenever they are asked for, so a second start states nothing new about it.
 */
import type { MarketingSpend } from '../schemas/generated/records.ts'
import { sandboxTenantId } from './sandboxTenant.ts'
import { seededRandom } from './seededRandom.ts'

const DAY_MS = 86_400_000
const WEEKS = 13
/** 1970-01-05 was the first Monday. */
const FIRST_MONDAY = 4

/** Usual spend of a week in whole dollars, give or take a fifth. */
const weekly = [
  { channel: 'social_media', campaign: 'sandbox lead ads', dollars: 320 },
  { channel: 'paid_search', campaign: 'sandbox search', dollars: 450 },
  { channel: 'referral', campaign: 'sandbox portal', dollars: 600 },
  { channel: 'events', campaign: 'sandbox open houses', dollars: 140 },
] as const

/** Spend of the whole weeks before `at`, ms. */
export function sandboxSpend(at: number): MarketingSpend[] {
  const thisWeek = Math.floor((Math.floor(at / DAY_MS) - FIRST_MONDAY) / 7)
  return Array.from({ length: WEEKS }, (_, index) => thisWeek - WEEKS + index).flatMap((week) => {
    const monday = (FIRST_MONDAY + week * 7) * DAY_MS
    return weekly.map(({ channel, campaign, dollars }) => ({
      tenantId: sandboxTenantId,
      channel,
      campaign,
      day: new Date(monday).toISOString().slice(0, 10),
      amount: (seededRandom(week, 'spend', channel).between(dollars * 80, dollars * 120) / 100).toFixed(2),
      currency: 'USD',
      statedAt: monday + 7 * DAY_MS,
    }))
  })
}
