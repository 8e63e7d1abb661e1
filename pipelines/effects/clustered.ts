/**
 * A mean and how far it may be off, from influence values: what each item moves it by. Items of one lead are no separate
 * evidence, so their values are added before they are squared.
 * @source reference/consensus.md 10.6: interval from the influence values, clustered by lead
 */
import type { Interval } from '../consensus/scores/clopperPearson.ts'
import { Z_95 } from '../consensus/scores/shareIntervals.ts'

export interface Valued {
  readonly value: number
  /** Infinity with fewer than two leads: nothing tells how far one lead is from others. */
  readonly standardError: number
  /** With 95 %. */
  readonly interval: Interval
}

/** `influences` add up to about 0, one an item, in the order of `leads`. */
export function valued(value: number, influences: readonly number[], leads: readonly string[]): Valued {
  const sums = new Map<string, number>()
  influences.forEach((influence, index) => {
    const lead = leads[index] ?? ''
    sums.set(lead, (sums.get(lead) ?? 0) + influence)
  })
  const clusters = sums.size
  const squares = [...sums.values()].reduce((sum, one) => sum + one * one, 0)
  const standardError = clusters < 2 ? Infinity : Math.sqrt((squares * clusters) / (clusters - 1)) / influences.length
  return { value, standardError, interval: { low: value - Z_95 * standardError, high: value + Z_95 * standardError } }
}

export function widthOf({ interval: { low, high } }: Valued): number {
  return high - low
}
