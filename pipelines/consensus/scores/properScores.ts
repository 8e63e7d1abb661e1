/**
 * Scores that only the true probabilities can optimise: log loss and Brier, the latter taken apart, and the skill of one
 * forecast against another. Lower is better except for skill.
 * @source reference/consensus.md 7.1
 */
import { ln } from '../pinnedMath.ts'

/** A forecast over options and the index of the option that turned out right. */
export interface Forecast {
  readonly probabilities: readonly number[]
  readonly truth: number
}

/** Mean -ln P(truth), nats; P is floored, and whoever quotes the figure says at what. NaN for no forecasts. */
export function logLoss(forecasts: readonly Forecast[], floor = 1e-4): number {
  return mean(forecasts.map(({ probabilities, truth }) => -ln(Math.max(floor, probabilities[truth] ?? 0))))
}

/** Mean sum over options of (P - 1[right])^2, 0 to 2. */
export function brier(forecasts: readonly Forecast[]): number {
  return mean(
    forecasts.map(({ probabilities, truth }) => probabilities.reduce((sum, p, option) => sum + (p - Number(option === truth)) ** 2, 0)),
  )
}

/** Share of forecasts whose most probable option was right; the first among equals. */
export function accuracy(forecasts: readonly Forecast[]): number {
  return mean(forecasts.map(({ probabilities, truth }) => Number(topOption(probabilities) === truth)))
}

export function topOption(probabilities: readonly number[]): number {
  return probabilities.reduce((top, p, option) => (p > (probabilities[top] ?? -1) ? option : top), 0)
}

export interface BrierParts {
  /** How far stated probabilities are from what happened; 0 is best. */
  readonly reliability: number
  /** How far what happened differs between forecasts; higher is better. */
  readonly resolution: number
  /** What a forecast of the base rates would score. */
  readonly uncertainty: number
  /** Spread within bins: brier = reliability - resolution + uncertainty + withinBins, exactly. */
  readonly withinBins: number
}

/**
 * The Brier score taken apart over equal-width bins of each option's probability (Murphy's decomposition, summed over options).
 * Binning leaves a remainder, which is given rather than hidden.
 */
export function brierParts(forecasts: readonly Forecast[], bins = 10): BrierParts {
  const n = forecasts.length
  const options = Math.max(0, ...forecasts.map(({ probabilities }) => probabilities.length))
  let [reliability, resolution, uncertainty] = [0, 0, 0]
  for (let option = 0; option < options; option++) {
    const cells = forecasts.map(({ probabilities, truth }) => ({ p: probabilities[option] ?? 0, hit: Number(truth === option) }))
    const rate = mean(cells.map(({ hit }) => hit))
    uncertainty += rate * (1 - rate)
    const groups = new Map<number, typeof cells>()
    for (const cell of cells) {
      const bin = Math.min(bins - 1, Math.floor(cell.p * bins))
      const group = groups.get(bin)
      if (group === undefined) groups.set(bin, [cell])
      else group.push(cell)
    }
    for (const group of groups.values()) {
      const stated = mean(group.map(({ p }) => p))
      const happened = mean(group.map(({ hit }) => hit))
      reliability += (group.length / n) * (stated - happened) ** 2
      resolution += (group.length / n) * (happened - rate) ** 2
    }
  }
  return { reliability, resolution, uncertainty, withinBins: brier(forecasts) - reliability + resolution - uncertainty }
}

/** How much of the way from a reference to perfection a score goes: 1 is perfect, 0 no better, below 0 worse. */
export function skill(score: number, reference: number): number {
  return 1 - score / reference
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
