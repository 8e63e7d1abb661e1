/**
 * How often each option is right before anybody speaks, by stage, drawn towards the parent's rates while labels are few.
 * @source reference/consensus.md step 1
 */
import type { Policy } from '../../../schemas/generated/records.ts'
import { exp } from '../pinnedMath.ts'
import { compiled } from '../policy.ts'

/** Labels that the parent's rate counts for. */
export const baseRateShrinkage = 20
/** Rates and chances are kept this far from 0 and 1 before a logarithm is taken. */
export const leastRate = 1e-4

/** A label for base rates: `shares` is the right option as a distribution, so that a soft label can be counted too. */
export interface RateLabel {
  readonly stage: string
  readonly weight: number
  readonly shares: readonly number[]
}

/** Base rates by stage; `*` holds for every stage that is not listed. */
export type BaseRates = ReadonlyMap<string, readonly number[]>

/**
 * Base rates of all stages that have labels or that the parent knows. The parent of a stage is the same stage of the parent
 * policy; a stage unknown there has all stages together as its parent.
 */
export function baseRatesOf(options: readonly string[], labels: readonly RateLabel[], parent: Policy, k = baseRateShrinkage): BaseRates {
  const rules = compiled(parent)
  const parentRates = (stage: string) => normalised(options.map((option) => exp(rules.baseMicro(stage, option) / 1e6)))
  const overall = shrunk(labels, parentRates('*'), k)
  const stages = [...new Set([...Object.keys(parent.baseRatesMicro), ...labels.map(({ stage }) => stage)])].filter((stage) => stage !== '*')
  const rates = new Map<string, readonly number[]>([['*', overall]])
  for (const stage of stages.sort()) {
    const own = labels.filter((label) => label.stage === stage)
    rates.set(stage, shrunk(own, Object.hasOwn(parent.baseRatesMicro, stage) ? parentRates(stage) : overall, k))
  }
  return rates
}

/** The rates of a stage. */
export function ratesAt(rates: BaseRates, stage: string): readonly number[] {
  return rates.get(stage) ?? rates.get('*') ?? []
}

function shrunk(labels: readonly RateLabel[], parent: readonly number[], k: number): number[] {
  const total = labels.reduce((sum, { weight }) => sum + weight, 0)
  return parent.map(
    (rate, option) => (labels.reduce((sum, { weight, shares }) => sum + weight * (shares[option] ?? 0), 0) + k * rate) / (total + k),
  )
}

/** Stored rates are rounded, so they add up to 1 only nearly. */
function normalised(rates: readonly number[]): number[] {
  const sum = rates.reduce((total, rate) => total + rate, 0)
  return rates.map((rate) => rate / sum)
}
