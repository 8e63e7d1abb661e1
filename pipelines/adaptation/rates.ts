/**
 * Shares as counts, compared exactly: what decides is whole numbers, and an interval keeps chance from being called a finding.
 */
import { clopperPearson } from '../consensus/scores/clopperPearson.ts'
import { shareInterval, Z_95 } from '../consensus/scores/shareIntervals.ts'
import type { Interval } from '../consensus/scores/clopperPearson.ts'

/** So many of so many. */
export interface Rate {
  readonly hits: number
  readonly trials: number
}

/** One share of one day. */
export interface DayRate extends Rate {
  /** Days since 1970-01-01, UTC. */
  readonly day: number
}

/** Up to so many trials the exact interval is computed; beyond it Wilson's, which is then within a hundredth of it. */
const EXACT_TRIALS = 1_000
/** Quantiles of the normal distribution, by alpha of both sides together. */
const Z = { 0.05: Z_95, 0.001: 3.290527 } as const
export type Alpha = keyof typeof Z

/**
 * The interval that holds the true share with probability 1 - alpha: Clopper and Pearson's for few trials, Wilson's for many.
 * Everything for no trials.
 */
export function intervalOf({ hits, trials }: Rate, alpha: Alpha = 0.05): Interval {
  if (trials <= EXACT_TRIALS) return clopperPearson(hits, trials, alpha)
  const { low, high } = shareInterval(hits, trials, Z[alpha])
  return { low, high }
}

/** Below 0, 0 or above 0 as the first share is smaller, equal or greater. Exact. Both have trials. */
export function compareRates(a: Rate, b: Rate): number {
  const difference = BigInt(a.hits) * BigInt(b.trials) - BigInt(b.hits) * BigInt(a.trials)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Is the share below (a negative `percent`) or above the other by more than so many per cent of the other? Exact. */
export function differsByMoreThan(rate: Rate, from: Rate, percent: number): boolean {
  const [own, others] = [BigInt(rate.hits) * BigInt(from.trials) * 100n, BigInt(from.hits) * BigInt(rate.trials) * BigInt(100 + percent)]
  return percent < 0 ? own < others : own > others
}

/** A median share; of an even number the one of the two middle ones that `towards` names, so that it is a share that was seen. */
export function medianRate(rates: readonly Rate[], towards: 'lower' | 'upper'): Rate | undefined {
  const sorted = [...rates].sort(compareRates)
  return sorted[towards === 'lower' ? (sorted.length - 1) >> 1 : sorted.length >> 1]
}

/** Counts added. */
export function sumOf(rates: readonly Rate[]): Rate {
  return rates.reduce<Rate>((sum, { hits, trials }) => ({ hits: sum.hits + hits, trials: sum.trials + trials }), { hits: 0, trials: 0 })
}

/** In millionths, cut: the whole numbers that means and correlations are made of. */
export function millionths({ hits, trials }: Rate): bigint {
  return trials === 0 ? 0n : (BigInt(hits) * 1_000_000n) / BigInt(trials)
}

/** `12 of 80, 15.0 %`: cut to a tenth, by whole numbers. */
export function rateText({ hits, trials }: Rate): string {
  return trials === 0 ? 'none' : `${hits} of ${trials}, ${tenths((hits * 1000) / trials)} %`
}

/** `8.0 to 24.7 %`, rounded. */
export function intervalText({ low, high }: Interval): string {
  return `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`
}

function tenths(perMille: number): string {
  const whole = Math.floor(perMille)
  return `${Math.floor(whole / 10)}.${whole % 10}`
}
