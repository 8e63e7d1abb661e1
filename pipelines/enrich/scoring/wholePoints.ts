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
  let missing = 0
  const lost: number[] = []
  const rows: { code: string; points: number; words: string }[] = []
  for (const { code, words, weight, points: ofPart } of exact) {
    // Thousandths of a point: ten for each hundredth of weight.
    const milli = Math.round(10 * weight * ofPart)
    const points = Math.floor(milli / 1000)
    sum += milli
    missing -= points
    lost.push(milli % 1000)
    rows.push({ code, points, words })
  }
  // No more are missing than there are rows: each lost less than one.
  for (missing += Math.floor((sum + 500) / 1000); missing > 0; missing--) {
    const place = mostLost(rows, lost)
    ;(rows[place] as { points: number }).points++
    lost[place] = -1
  }
  return inOrder(rows)
}

/** Those with points, most first, equal ones by their code. Each is put in its place among the few before it. */
function inOrder(rows: readonly ScoreFactor[]): ScoreFactor[] {
  const factors: ScoreFactor[] = []
  for (const row of rows) {
    if (row.points <= 0) continue
    let place = factors.length
    while (place > 0 && isBefore(row, factors[place - 1] as ScoreFactor)) place--
    if (place === factors.length) factors.push(row)
    else factors.splice(place, 0, row)
  }
  return factors
}

function isBefore(a: ScoreFactor, b: ScoreFactor): boolean {
  return a.points > b.points || (a.points === b.points && byCode(a, b) < 0)
}

function mostLost(rows: readonly ScoreFactor[], lost: readonly number[]): number {
  let most = 0
  for (let place = 1; place < rows.length; place++) {
    const more = (lost[place] as number) - (lost[most] as number)
    if (more > 0 || (more === 0 && byCode(rows[place] as ScoreFactor, rows[most] as ScoreFactor) < 0)) most = place
  }
  return most
}

function byCode(a: { readonly code: string }, b: { readonly code: string }): number {
  return a.code < b.code ? -1 : 1
}
