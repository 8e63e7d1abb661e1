/**
 * Reasons with whole points that people can add up: their sum is the rounded exact sum, and none is further than a point from
 * its exact share. Whatever order the reasons come in, the result is the same.
 */
import type { ScoreFactor } from '../../../schemas/generated/records.ts'

/** A reason before its points are whole. */
export interface ExactFactor {
  readonly code: string
  readonly words: string
  /** Of the 100 of its part. */
  readonly points: number
  /** Of its part, in hundredths. */
  readonly weight: number
}

/**
 * Whole points that sum to the rounded sum: each rounded down, then one more for those that lost most, equal ones by their
 * code. What is left without a point is no factor.
 */
export function wholeFactors(exact: readonly ExactFactor[]): ScoreFactor[] {
  let sum = 0
  const rows = exact.map(({ code, words, weight, points: ofPart }) => {
    // Thousandths of a point: ten for each hundredth of weight.
    const milli = Math.round(10 * weight * ofPart)
    sum += milli
    return { code, words, points: Math.floor(milli / 1000), lost: milli % 1000 }
  })
  let missing = Math.floor((sum + 500) / 1000) - rows.reduce((all, { points }) => all + points, 0)
  for (const row of [...rows].sort((a, b) => b.lost - a.lost || byCode(a, b))) {
    if (missing === 0) break
    row.points++
    missing--
  }
  return rows
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points || byCode(a, b))
    .map(({ code, points, words }) => ({ code, points, words }))
}

function byCode(a: { readonly code: string }, b: { readonly code: string }): number {
  return a.code < b.code ? -1 : 1
}
