/**
 * Shares of the wordings of a trial, in whole millionths that add up to 1,000,000: mixed with a floor, moved at most ten points
 * a day, carried over when a wording is stopped or opened again.
 * @source reference/consensus.md 10.3
 */
import { WHOLE_MICRO } from './lot.ts'

/** Ten points. */
export const MOVE_MOST_MICRO = 100_000

/** `total` in whole parts in proportion to the weights: rounded down, what is left to the largest remainders, of equal ones the first. */
export function apportioned(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  return rounded(
    total,
    weights.map((weight) => (total * weight) / sum),
  )
}

/** Exact values that add up to `total`, as whole numbers that do: each is rounded down or up. */
function rounded(total: number, exact: readonly number[]): number[] {
  const down = exact.map(Math.floor)
  const left = total - down.reduce((all, value) => all + value, 0)
  const order = exact
    .map((value, place) => ({ place, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.place - b.place)
  const up = new Set(order.slice(0, left).map(({ place }) => place))
  return down.map((value, place) => (up.has(place) ? value + 1 : value))
}

/** Thompson sampling with a floor: `(1 - K p_min) TS + p_min`. `best`: P(the wording is the best), each; not all nought. */
export function mixedShares(best: readonly number[], floorMicro: number): number[] {
  return apportioned(WHOLE_MICRO - best.length * floorMicro, best).map((share) => share + floorMicro)
}

/**
 * The shares of yesterday on their way to those of today: along the straight line between the two, until one has moved by
 * `mostMicro`. Both add up and keep the floor, so every place on the line does.
 */
export function movedShares(before: readonly number[], target: readonly number[], mostMicro = MOVE_MOST_MICRO): number[] {
  const steps = target.map((share, place) => share - (before[place] ?? 0))
  const longest = Math.max(...steps.map(Math.abs))
  if (longest <= mostMicro) return [...target]
  // At most 1e6 * 1e5: exact before the division.
  return rounded(
    WHOLE_MICRO,
    steps.map((step, place) => (before[place] ?? 0) + (step * mostMicro) / longest),
  )
}

/**
 * Shares as they were, for the wordings that are open now: a stopped one leaves its share to the others in proportion to what
 * they have above the floor, one that was opened again begins at the floor.
 */
export function carriedShares(before: readonly { readonly shareMicro: number }[], floorMicro: number): number[] {
  const above = before.map(({ shareMicro }) => Math.max(0, shareMicro - floorMicro))
  return mixedShares(above.some((share) => share > 0) ? above : above.map(() => 1), floorMicro)
}
