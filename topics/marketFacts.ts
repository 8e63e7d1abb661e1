/**
 * The vocabulary of `market.facts`: segments, figures with unit and range, the id of a fact. Whoever writes facts and whoever reads
 * them go by these tables. A segment is a type of home and a band of prices; there is no place in it.
 * @source reference/lead-domain.md 2.8; reference/safety-and-claude.md 4.4
 */
import { createHash } from 'node:crypto'
import type { MarketFact } from '../schemas/generated/records.ts'

export const marketKinds = ['market', 'competitor', 'social'] as const
export type MarketKind = (typeof marketKinds)[number]

export const propertyTypes = ['single_family', 'condo', 'townhome', 'multi_family', 'land'] as const
export type PropertyType = (typeof propertyTypes)[number]

/** Bands of prices in the currency of the location: from, included; to, not included. */
export const priceBands = [
  { band: '0-250k', from: 0, to: 250_000 },
  { band: '250-500k', from: 250_000, to: 500_000 },
  { band: '500-750k', from: 500_000, to: 750_000 },
  { band: '750k-1m', from: 750_000, to: 1_000_000 },
  { band: '1m-up', from: 1_000_000, to: Infinity },
] as const

export interface FigureRule {
  readonly figure: string
  readonly unit: string
  /** `rate` figures add up over time and are compared by the day; `level` figures are of a moment. */
  readonly is: 'level' | 'rate'
  readonly kinds: readonly MarketKind[]
  /** Smallest and largest value that is believed. */
  readonly from: number
  readonly to: number
  /** The figure itself counts what it rests on. */
  readonly counts?: true
}

/** One row per figure. Ranges keep out what is no such figure; they judge no market. */
export const marketFigures: readonly FigureRule[] = [
  { figure: 'median_price', unit: 'currency of the location', is: 'level', kinds: ['market', 'competitor'], from: 1, to: 1e9 },
  { figure: 'inventory', unit: 'homes for sale', is: 'level', kinds: ['market', 'competitor'], from: 0, to: 1e7, counts: true },
  { figure: 'days_on_market', unit: 'days, median', is: 'level', kinds: ['market', 'competitor'], from: 0, to: 5000 },
  { figure: 'new_listings', unit: 'homes in the period', is: 'rate', kinds: ['market', 'competitor'], from: 0, to: 1e7, counts: true },
  { figure: 'price_cuts', unit: 'homes in the period', is: 'rate', kinds: ['market', 'competitor'], from: 0, to: 1e7, counts: true },
  { figure: 'sold', unit: 'homes in the period', is: 'rate', kinds: ['market', 'competitor'], from: 0, to: 1e7, counts: true },
  {
    figure: 'market_share',
    unit: 'per cent; of kind market: of the location itself',
    is: 'level',
    kinds: ['market', 'competitor'],
    from: 0,
    to: 100,
  },
  { figure: 'mentions', unit: 'posts and reviews in the period', is: 'rate', kinds: ['social'], from: 0, to: 1e9, counts: true },
  { figure: 'sentiment', unit: 'mean, -1 to 1', is: 'level', kinds: ['social'], from: -1, to: 1 },
  { figure: 'interest', unit: 'index of searches, 0 to 100', is: 'level', kinds: ['social'], from: 0, to: 100 },
]
const byFigure: ReadonlyMap<string, FigureRule> = new Map(marketFigures.map((rule) => [rule.figure, rule]))

/** The rule of a figure; `undefined` for one that nobody here knows. */
export function figureRule(figure: string): FigureRule | undefined {
  return byFigure.get(figure)
}

/** An exact decimal as figures are written: no exponent, no thousands, at most 6 places. */
export const exactDecimal = /^-?\d{1,12}(\.\d{1,6})?$/

/** Is it a value that this figure of this kind of fact may have? */
export function isFigure(kind: string, figure: string, value: string): boolean {
  const rule = figureRule(figure)
  if (rule === undefined || !exactDecimal.test(value)) return false
  return (rule.kinds as readonly string[]).includes(kind) && Number(value) >= rule.from && Number(value) <= rule.to
}

/** Longest name of a competitor and of a source, characters. */
export const MOST_NAME = 60
export const MOST_SOURCE = 40

/** Is it the name of a feed as `source` has it? */
export function isSource(source: string): boolean {
  return source.length <= MOST_SOURCE && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(source)
}

/** `condo 250-500k`, `condo`, `250-500k`; empty for the whole market. */
export function segmentName({ propertyType, priceBand }: Pick<MarketFact, 'propertyType' | 'priceBand'>): string {
  return [propertyType, priceBand].filter((part) => part !== '').join(' ')
}

/** The type of home in the words of a form ("Single Family", "condominium"); `undefined` when it is none of them. */
export function propertyTypeOf(words: string | undefined): PropertyType | undefined {
  const text = words?.toLowerCase() ?? ''
  return typeWords.find(({ pattern }) => pattern.test(text))?.type
}

const typeWords: readonly { readonly type: PropertyType; readonly pattern: RegExp }[] = [
  { type: 'multi_family', pattern: /\b(multi[ _-]?family|duplex|triplex|fourplex)\b/ },
  { type: 'townhome', pattern: /\btown[ _-]?(home|house)s?\b/ },
  { type: 'single_family', pattern: /\b(single[ _-]?family|houses?|detached)\b/ },
  { type: 'condo', pattern: /\b(condo|condominium|apartment)s?\b/ },
  { type: 'land', pattern: /\b(land|lot|acreage)\b/ },
]

/** The band a price lies in. */
export function priceBandOf(price: number): string | undefined {
  return priceBands.find(({ from, to }) => price >= from && price < to)?.band
}

/** The id of a fact: what it is about, not what it says, so that a correction replaces what it corrects. */
export function marketFactId(fact: Omit<MarketFact, 'factId' | 'figures' | 'samples' | 'observedAt' | 'receivedAt'>): string {
  const { tenantId, kind, propertyType, priceBand, competitor, source, periodFrom, periodTo } = fact
  const parts = [tenantId, kind, propertyType, priceBand, competitor ?? '', source, periodFrom, periodTo]
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 32)
}

/** Is it a kind that this version knows? */
export function isMarketKind(kind: string): kind is MarketKind {
  return (marketKinds as readonly string[]).includes(kind)
}
