/**
 * How a figure moved: its newest week against its oldest like one, from the feed that rests on most. Fewer than two weeks or too few
 * observations make no trend.
 */
import type { MarketReading, MarketSeries } from '../../schemas/generated/records.ts'
import { figureRule } from '../../topics/marketFacts.ts'
import { microsOf } from './micros.ts'

const DAY_MS = 86_400_000

export interface Trend {
  readonly before: MarketReading
  readonly now: MarketReading
  readonly source: string
  /** Per mille of what was before, or thousandths of the figure itself: as asked for. */
  readonly change: bigint
  /** Counts of a period, or shares of so many, that nothing moved would be as far apart by chance. */
  readonly byChance: boolean
  /** Between the ends of both periods. */
  readonly days: number
  readonly weeks: number
  /** Steps from week to week in the direction of the whole, 0 to 1. */
  readonly steadiness: number
  readonly samples: number
}

export interface Measure {
  readonly figure: string
  readonly by: 'per_mille' | 'thousandths'
  /** Least observations over all weeks. */
  readonly leastSamples: number
}

/** The trend of a figure of one subject, of which there may be several feeds: that of the one that rests on most, which may say that nothing moved. */
export function trendOf(feeds: readonly MarketSeries[], measure: Measure): Trend | undefined {
  return feeds
    .flatMap((feed) => trendOfFeed(feed, measure) ?? [])
    .sort((a, b) => b.samples - a.samples || b.weeks - a.weeks || (a.source < b.source ? -1 : 1))[0]
}

function trendOfFeed({ windows, source }: MarketSeries, { figure, by, leastSamples }: Measure): Trend | undefined {
  const told = windows.flatMap(({ readings }) => readings.find((reading) => reading.figure === figure) ?? [])
  const now = told[told.length - 1]
  if (now === undefined) return undefined
  // A day's count is not compared with a week's.
  const like = told.filter((reading) => daysOf(reading) === daysOf(now))
  const [before] = like
  if (before === undefined || like.length < 2) return undefined
  const samples = like.reduce((sum, reading) => sum + samplesOf(reading), 0)
  const values = like.map(({ value }) => microsOf(value))
  const change = changeOf(microsOf(before.value), microsOf(now.value), by)
  if (samples < leastSamples || change === undefined) return undefined
  const agreeing = values.slice(1).filter((value, index) => sign(value - (values[index] ?? value)) === sign(change)).length
  return {
    before,
    now,
    source,
    change,
    byChance: isByChance(figure, before, now),
    days: Math.round((now.periodTo - before.periodTo) / DAY_MS),
    weeks: like.length,
    steadiness: agreeing / (values.length - 1),
    samples,
  }
}

const daysOf = ({ periodFrom, periodTo }: MarketReading): number => Math.round((periodTo - periodFrom) / DAY_MS)
const sign = (value: bigint): number => (value > 0n ? 1 : value < 0n ? -1 : 0)

function samplesOf({ figure, value, samples }: MarketReading): number {
  return samples > 0 ? samples : figureRule(figure)?.counts === true ? Math.floor(Number(value)) : 0
}

const SHARE = 'market_share'
/** 3.29 squared, in hundredths: further apart come two figures by chance once in 1,000 times. */
const APART_HUNDREDTHS = 1_083n
/** All of a share: 100 per cent in millionths. */
const WHOLE = 100_000_000n

/**
 * Would two figures with nothing between them but chance be as far apart? Homes and posts of a period are counted anew in each: the variance
 * of a count is the count. A share is one of so many: that of a share is p (1 - p) / n. Of other figures nothing tells how far they vary.
 */
function isByChance(figure: string, before: MarketReading, now: MarketReading): boolean {
  const rule = figureRule(figure)
  const [a, b] = [microsOf(before.value), microsOf(now.value)]
  const apart = 100n * (b - a) * (b - a)
  if (figure === SHARE) {
    const [n, m] = [BigInt(before.samples), BigInt(now.samples)]
    return apart * n * m <= APART_HUNDREDTHS * (a * (WHOLE - a) * m + b * (WHOLE - b) * n)
  }
  // What is for sale stands from week to week.
  return rule?.counts === true && rule.is === 'rate' && apart <= APART_HUNDREDTHS * (a + b) * 1_000_000n
}

/** In whole per mille or thousandths, cut towards zero. Of nothing there is no share. */
function changeOf(before: bigint, now: bigint, by: Measure['by']): bigint | undefined {
  if (by === 'thousandths') return (now - before) / 1000n
  return before > 0n ? ((now - before) * 1000n) / before : undefined
}
