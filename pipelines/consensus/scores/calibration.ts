/**
 * Whether "70 %" is right 70 % of the time: expected calibration error, always beside what a perfectly calibrated forecaster
 * would show by chance on as many labels.
 * @source reference/consensus.md 7.1, 8.4
 */
import type { Forecast } from './properScores.ts'
import { mean, topOption } from './properScores.ts'

/** A stated confidence and whether it came true. */
export interface Claim {
  readonly confidence: number
  readonly right: boolean
}

/** The claims that forecasts make with their most probable option. */
export function topClaims(forecasts: readonly Forecast[]): Claim[] {
  return forecasts.map(({ probabilities, truth }) => {
    const top = topOption(probabilities)
    return { confidence: probabilities[top] ?? 0, right: top === truth }
  })
}

/** The claims that forecasts make about one option: whether it is right. */
export function optionClaims(forecasts: readonly Forecast[], option: number): Claim[] {
  return forecasts.map(({ probabilities, truth }) => ({ confidence: probabilities[option] ?? 0, right: truth === option }))
}

export interface ReliabilityBin {
  readonly count: number
  readonly confidence: number
  readonly right: number
}

/** Bins of equal width in confidence; empty ones are left out. */
export function widthBins(claims: readonly Claim[], bins = 10): ReliabilityBin[] {
  const groups: Claim[][] = Array.from({ length: bins }, () => [])
  for (const claim of claims) groups[Math.min(bins - 1, Math.floor(claim.confidence * bins))]?.push(claim)
  return groups.flatMap(summary)
}

/** Bins of equal numbers of claims. Fewer than 300 claims deserve 5 bins, not 10. */
export function massBins(claims: readonly Claim[], bins = claims.length < 300 ? 5 : 10): ReliabilityBin[] {
  const sorted = [...claims].sort((a, b) => a.confidence - b.confidence)
  const edge = (bin: number) => Math.round((bin * sorted.length) / bins)
  return Array.from({ length: bins }, (_, bin) => sorted.slice(edge(bin), edge(bin + 1))).flatMap(summary)
}

function summary(group: readonly Claim[]): ReliabilityBin[] {
  if (group.length === 0) return []
  return [
    {
      count: group.length,
      confidence: mean(group.map(({ confidence }) => confidence)),
      right: mean(group.map(({ right }) => Number(right))),
    },
  ]
}

/** Mean distance of confidence and share of right claims over bins, by count. 0 for no claims. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, { count }) => sum + count, 0)
  return total === 0 ? 0 : bins.reduce((sum, { count, confidence, right }) => sum + count * Math.abs(confidence - right), 0) / total
}

export interface NullError {
  readonly mean: number
  /** 95 of 100 perfectly calibrated forecasters stay below. */
  readonly upper: number
}

/**
 * The calibration error that these confidences would show if they were exactly true: outcomes are drawn with the stated
 * probabilities. `random` gives numbers of 0 to 1 from a seed, so that the same report says the same.
 */
export function nullError(
  confidences: readonly number[],
  binned: (claims: readonly Claim[]) => ReliabilityBin[],
  random: () => number,
  repetitions = 1000,
): NullError {
  const errors = Array.from({ length: repetitions }, () =>
    calibrationError(binned(confidences.map((confidence) => ({ confidence, right: random() < confidence })))),
  ).sort((a, b) => a - b)
  return { mean: mean(errors), upper: errors[Math.max(0, Math.ceil(0.95 * repetitions) - 1)] ?? NaN }
}
