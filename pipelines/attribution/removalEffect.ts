/**
 * How much of the conversions would be missing without a channel: a first-order Markov chain over the channels in the order in
 * which they first touched a lead, of leads that converted and of those that did not. Solved exactly by elimination over at most
 * 14 channels, with the four basic operations only, so every machine gets the same bits.
 */
import { channels } from './channels.ts'

/** Leads that went from one channel to another; `from` -1 began, `to` -1 converted. Other negative `to` are passed over. */
export interface Step {
  readonly from: number
  readonly to: number
  readonly count: number
}

const START = -1
const CONVERTED = -1
const n = channels.length

/** Removal effects by channel in parts per million: the share of conversions that is lost when the channel leads nowhere. */
export function removalEffects(steps: readonly Step[]): number[] {
  const whole = conversionChance(steps, undefined)
  return channels.map((_, channel) => {
    if (whole === 0) return 0
    const lost = 1 - conversionChance(steps, channel) / whole
    return Math.min(1_000_000, Math.max(0, Math.round(lost * 1_000_000)))
  })
}

/** Chance that a lead that begins converts, when whoever comes to channel `removed` is lost. */
export function conversionChance(steps: readonly Step[], removed: number | undefined): number {
  const between = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  const converts = new Array<number>(n).fill(0)
  const begins = new Array<number>(n).fill(0)
  for (const { from, to, count } of steps) {
    if (from === START && to >= 0) begins[to] = (begins[to] ?? 0) + count
    else if (from >= 0 && to >= 0) addTo(between[from], to, count)
    else if (from >= 0 && to === CONVERTED) converts[from] = (converts[from] ?? 0) + count
  }
  const came = channels.map((_, to) => (begins[to] ?? 0) + between.reduce((sum, row) => sum + (row[to] ?? 0), 0))
  // Out of a channel go at most as many as came; more were told only where the beginning of their path has left the window.
  const left = channels.map((_, from) =>
    Math.max(came[from] ?? 0, (converts[from] ?? 0) + (between[from] ?? []).reduce((sum, count) => sum + count, 0)),
  )
  const chance = (count: number, from: number) => ((left[from] ?? 0) === 0 ? 0 : count / (left[from] ?? 1))
  const rows = channels.map((_, from) =>
    channels.map((__, to) => (from === to ? 1 : 0) - (from === removed ? 0 : chance(between[from]?.[to] ?? 0, from))),
  )
  const right = channels.map((_, from) => (from === removed ? 0 : chance(converts[from] ?? 0, from)))
  const reached = solved(rows, right)
  const all = begins.reduce((sum, count) => sum + count, 0)
  return all === 0 ? 0 : begins.reduce((sum, count, to) => sum + (count / all) * (reached[to] ?? 0), 0)
}

function addTo(row: number[] | undefined, index: number, count: number): void {
  if (row !== undefined) row[index] = (row[index] ?? 0) + count
}

/**
 * Gaussian elimination. No pivoting: 1 on the diagonal less a matrix whose rows add up to at most 1. Where leads could go in
 * circles for ever (a pivot of 0) none of them converts.
 */
function solved(matrix: number[][], right: number[]): number[] {
  for (let pivot = 0; pivot < n; pivot++) {
    const divisor = matrix[pivot]?.[pivot] ?? 0
    if (divisor <= 1e-12) continue
    for (let row = pivot + 1; row < n; row++) {
      const factor = (matrix[row]?.[pivot] ?? 0) / divisor
      if (factor === 0) continue
      for (let column = pivot; column < n; column++) addTo(matrix[row], column, -factor * (matrix[pivot]?.[column] ?? 0))
      right[row] = (right[row] ?? 0) - factor * (right[pivot] ?? 0)
    }
  }
  const found = new Array<number>(n).fill(0)
  for (let row = n - 1; row >= 0; row--) {
    const divisor = matrix[row]?.[row] ?? 0
    if (divisor <= 1e-12) continue
    const known = found.reduce((sum, value, column) => (column > row ? sum + value * (matrix[row]?.[column] ?? 0) : sum), 0)
    found[row] = ((right[row] ?? 0) - known) / divisor
  }
  return found
}
