/**
 * What a feed would tell of the market of the sandbox location: weeks of figures that rise and fall in steps, as rows of JSON Lines.
 * A week has the same figures whenever it is told. The names are invented.
 */
import type { MarketRow } from '../integrations/market/sandbox/sandbox.ts'
import { sandboxTenantId } from './sandboxTenant.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** 1970-01-05, a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS
/** As many as are kept for 30 days. */
const WEEKS = 4

/** 6 down to 0 and up again within twelve weeks. */
const wave = (week: number): number => Math.abs((week % 12) - 6)

interface Home {
  readonly type: string
  readonly band: string
  readonly price: number
  readonly homes: number
  readonly later: number
}
/** Segments, each with its median price, its stock of homes, and by how many weeks it follows the others. */
const homes: readonly Home[] = [
  { type: '', band: '', price: 455_000, homes: 620, later: 0 },
  { type: 'single_family', band: '', price: 520_000, homes: 340, later: 0 },
  { type: 'single_family', band: '250-500k', price: 415_000, homes: 150, later: 1 },
  { type: 'condo', band: '', price: 345_000, homes: 160, later: 4 },
  { type: 'condo', band: '250-500k', price: 360_000, homes: 95, later: 4 },
  { type: 'townhome', band: '', price: 390_000, homes: 110, later: 2 },
]
const rivals = [
  { name: 'Oak Street Homes', listings: 90, later: 0 },
  { name: 'Lakeside Realty Group', listings: 130, later: 3 },
  { name: 'Harbor and Pine', listings: 60, later: 6 },
] as const

/** The rows of the last whole weeks before `at` (ms); none for another location. */
export function sandboxMarketRows(location: string, at: number): MarketRow[] {
  if (location !== sandboxTenantId) return []
  const thisWeek = Math.floor((at - FIRST_MONDAY_MS) / WEEK_MS)
  return Array.from({ length: WEEKS }, (_, index) => thisWeek - WEEKS + index).flatMap(rowsOfWeek)
}

function rowsOfWeek(week: number): MarketRow[] {
  const from = FIRST_MONDAY_MS + week * WEEK_MS
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  const row = (kind: string, source: string, more: MarketRow): MarketRow => ({
    kind,
    source,
    from: day(from),
    to: day(from + WEEK_MS),
    observed_at: new Date(from + WEEK_MS + 6 * 3_600_000).toISOString(),
    ...more,
  })
  return [
    ...homes.map(({ type, band, price, homes: stock, later }) => {
      const step = wave(week + later)
      return row('market', 'sandbox-mls', {
        property_type: type,
        price_band: band,
        samples: Math.round(stock / 4),
        figures: {
          median_price: String(Math.round((price * (100 + step)) / 100)),
          inventory: String(Math.round((stock * (112 - 4 * step)) / 100)),
          days_on_market: String(40 - 2 * step),
          new_listings: String(Math.round((stock * (20 + step)) / 100)),
          price_cuts: String(Math.round((stock * (14 - step)) / 100)),
        },
      })
    }),
    ...rivals.map(({ name, listings, later }) => {
      const step = wave(week + later)
      return row('competitor', 'sandbox-listings', {
        competitor: name,
        samples: 4000,
        figures: {
          // Two fifths more a step: beyond what chance would bring.
          new_listings: String(listings + (2 * listings * step) / 5),
          price_cuts: String(10 - step),
          market_share: (listings / 10 + step).toFixed(1),
        },
      })
    }),
    row('social', 'sandbox-reviews', {
      samples: 40,
      figures: {
        mentions: String(40 + 5 * wave(week + 1)),
        sentiment: (0.2 + 0.04 * wave(week + 2)).toFixed(2),
        interest: String(50 + 4 * wave(week)),
      },
    }),
  ]
}
