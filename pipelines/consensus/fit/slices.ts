/**
 * Cuts labelled items by time into three slices that share no item and no group: the oldest for base rates, strengths and
 * correlations, then one for the temperature, the newest for the conformal quantile. Never at random.
 * @source reference/consensus.md 7.2
 */
import type { MatrixItem } from './voteTable.ts'

/** Fewer labels than this say nothing about a temperature; they stay with the strengths. */
export const leastForTemperature = 20
/** A set from fewer audits is so wide that they teach the strengths more. */
const leastConformalSlice = 40

export interface Slices {
  readonly strengths: readonly MatrixItem[]
  readonly temperature: readonly MatrixItem[]
  readonly conformal: readonly MatrixItem[]
  /** Items of a later slice whose group stands in an earlier one. */
  readonly leftOut: readonly MatrixItem[]
}
export interface SliceShares {
  readonly temperature: number
  readonly conformal: number
}

/** `labelled` sorted by time. A slice that would be too small to say anything is empty and its labels go to the strengths. */
export function slicesOf(labelled: readonly MatrixItem[], shares: SliceShares, alpha: number): Slices {
  const n = labelled.length
  const cut = (share: number, least: number) => (Math.floor(n * share) >= least ? Math.floor(n * share) : 0)
  const nTemperature = cut(shares.temperature, leastForTemperature)
  const nConformal = cut(shares.conformal, Math.max(leastConformalSlice, leastForConformal(alpha)))
  const first = n - nTemperature - nConformal
  const strengths = labelled.slice(0, first)
  const seen = new Set(strengths.map(({ group }) => group))
  const temperature = labelled.slice(first, first + nTemperature).filter(({ group }) => !seen.has(group))
  for (const { group } of temperature) seen.add(group)
  const conformal = labelled.slice(first + nTemperature).filter(({ group }) => !seen.has(group))
  const kept = new Set([...strengths, ...temperature, ...conformal])
  return { strengths, temperature, conformal, leftOut: labelled.filter((item) => !kept.has(item)) }
}

/** The least number of audits for which a conformal set can be anything but everything: 1 / alpha - 1, 19 for .05. */
export function leastForConformal(alpha: number): number {
  // 1 / .05 is 20 exactly, 1 / .1 is 10; others may lie an ulp above a whole number.
  return Math.ceil(1 / alpha - 1 - 1e-9)
}
