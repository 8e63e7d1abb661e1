/** The pool in use on synthetic leads: the production `fit` and the production `pool`, nothing else. */
import { fitMatrix } from '../../pipelines/consensus/fit/fit.ts'
import type { Fitted, FitOptions } from '../../pipelines/consensus/fit/fit.ts'
import { withParts } from '../../pipelines/consensus/fit/policyParts.ts'
import { poolItem } from '../../pipelines/consensus/fit/poolTable.ts'
import { policyProblems } from '../../pipelines/consensus/policy.ts'
import type { Forecast } from '../../pipelines/consensus/scores/properScores.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { matrixOfLeads, priorOf } from './asTable.ts'
import type { SyntheticLead, World } from './world.ts'

/** Base rates of the shipped prior where a table does not say otherwise. */
export const shippedRates = [0.55, 0.2, 0.15, 0.1]

export interface ShippedOptions extends Partial<FitOptions> {
  readonly rates?: readonly number[]
  readonly inclusionOf?: (index: number) => number
}

export function shippedFit(
  world: World,
  labelled: readonly SyntheticLead[],
  options: ShippedOptions = {},
): { fitted: Fitted; policy: Policy } {
  const { rates = shippedRates, inclusionOf = () => 1, ...rest } = options
  const prior = priorOf(world, rates)
  const matrix = matrixOfLeads(world, labelled)
  const items = matrix.items.map((item, index) => ({ ...item, inclusion: inclusionOf(index) }))
  const now = items.at(-1)?.at ?? 0
  const fitted = fitMatrix({ ...matrix, items }, { now, ...rest, prior })
  const policy = withParts(prior, fitted.parts, { label: 'synthetic', createdAt: 0 })
  const problems = policyProblems(policy)
  if (problems.length > 0) throw new Error(`the fitted policy is unsound: ${problems.join('; ')}`)
  return { fitted, policy }
}

export function shippedForecasts(world: World, policy: Policy, leads: readonly SyntheticLead[]): Forecast[] {
  const matrix = matrixOfLeads(world, leads)
  return matrix.items.map((item, index) => ({
    probabilities: poolItem(matrix, item, policy).options.map(({ probability }) => probability),
    truth: leads[index]?.truth ?? 0,
  }))
}
