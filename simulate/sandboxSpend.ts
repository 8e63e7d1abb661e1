/**
 * What the sandbox location spends on marketing: four channels, a row a day for the last four weeks. The rows of a day are the same
 * whenever they are asked for, so a second start states nothing new about it.
 */
import type { MarketingSpend } from '../schemas/generated/records.ts'
import { sandboxTenantId } from './sandboxTenant.ts'
import { seededRandom } from './seededRandom.ts'

const DAY_MS = 86_400_000
const DAYS = 28

/** Usual spend of a day in whole dollars, give or take a fifth: the sandbox has as many leads in a day as a team in months. */
const daily = [
  { channel: 'social_media', campaign: 'sandbox lead ads', dollars: 1_500 },
  { channel: 'paid_search', campaign: 'sandbox search', dollars: 2_400 },
  { channel: 'referral', campaign: 'sandbox portal', dollars: 3_000 },
  { channel: 'events', campaign: 'sandbox open houses', dollars: 700 },
] as const

/** Spend of the days up to that of `at` (ms), in UTC. */
export function sandboxSpend(at: number): MarketingSpend[] {
  const today = Math.floor(at / DAY_MS)
  return Array.from({ length: DAYS }, (_, index) => today - DAYS + 1 + index).flatMap((day) =>
    daily.map(({ channel, campaign, dollars }) => ({
      tenantId: sandboxTenantId,
      channel,
      campaign,
      day: new Date(day * DAY_MS).toISOString().slice(0, 10),
      amount: (seededRandom(day, 'spend', channel).between(dollars * 80, dollars * 120) / 100).toFixed(2),
      currency: 'USD',
      statedAt: day * DAY_MS,
    })),
  )
}
