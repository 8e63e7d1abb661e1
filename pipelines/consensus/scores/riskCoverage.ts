/**
 * What acting only when sure would cost: the share of wrong decisions among the surest, for every share that is acted on.
 * @source reference/consensus.md 7.1
 */
import type { Claim } from './calibration.ts'

export interface RiskPoint {
  /** Share of decisions acted on, the surest first. */
  readonly coverage: number
  /** Share of these that are wrong. */
  readonly risk: number
}

/** One point per distinct confidence, so that equal claims are acted on together. */
export function riskCoverage(claims: readonly Claim[]): RiskPoint[] {
  const sorted = [...claims].sort((a, b) => b.confidence - a.confidence)
  const points: RiskPoint[] = []
  let wrong = 0
  sorted.forEach(({ confidence, right }, index) => {
    wrong += Number(!right)
    if (sorted[index + 1]?.confidence !== confidence) points.push({ coverage: (index + 1) / sorted.length, risk: wrong / (index + 1) })
  })
  return points
}

/** Mean risk over all coverages, 0 to 1: lower is better. */
export function areaUnderRisk(points: readonly RiskPoint[]): number {
  return points.reduce((sum, { coverage, risk }, index) => sum + risk * (coverage - (points[index - 1]?.coverage ?? 0)), 0)
}
