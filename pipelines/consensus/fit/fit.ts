/**
 * Two words for anybody with votes: `fit` turns a table of votes with some labels into the numbers of a policy and a report,
 * `pool` turns votes and a policy into probabilities. Deterministic: the same table in any order gives the same numbers.
 * @source reference/consensus.md steps 1-4, 7
 */
import type { Policy } from '../../../schemas/generated/records.ts'
import { compiled } from '../policy.ts'
import { compare } from '../pool.ts'
import type { AtOdds } from './agreement.ts'
import { baseRatesOf, ratesAt } from './baseRates.ts'
import type { BaseRates } from './baseRates.ts'
import { conformalQuantile, heldLevel } from './conformal.ts'
import type { Quantile } from './conformal.ts'
import { familyCorrelations } from './correlations.ts'
import type { FamilyCorrelation } from './correlations.ts'
import { reportOf } from './fitReport.ts'
import type { AgentFit, FitReport } from './fitReport.ts'
import { labelWeights } from './labelWeights.ts'
import { cellsOf, coldPolicy, micro, ratesMicro, withParts } from './policyParts.ts'
import type { PolicyParts } from './policyParts.ts'
import { poolItem, supportedOf } from './poolTable.ts'
import { slicesOf } from './slices.ts'
import type { SliceShares, Slices } from './slices.ts'
import { strengthRules, strengthsOf } from './strengths.ts'
import type { JudgedVote, Strengths } from './strengths.ts'
import { fittedTauMicro } from './temperature.ts'
import { couldBeRight, matrixOf, withoutVotesBefore } from './voteTable.ts'
import type { MatrixItem, VoteMatrix, VoteTable } from './voteTable.ts'

export { pool } from './poolTable.ts'

/** Labelled votes before an agent outside the roster is weighed: below, its strengths would be the prior's, not its own. */
export const LEAST_TO_ADMIT = 30
/** Share of the labels that each later slice takes. */
const defaultShares: SliceShares = { temperature: 0.2, conformal: 0.2 }

export interface FitOptions {
  /** When it is fitted, ms: the age of labels counts from here. */
  readonly now: number
  /** What few labels are drawn towards: the shipped policy, or that of all tenants. `coldPolicy(table)` by default. */
  readonly prior?: Policy
  /** What is in force, for the report; the prior by default. */
  readonly former?: Policy
  /** A label of this age counts for half; 60 by default, Infinity where labels do not age. */
  readonly halfLifeDays?: number
  /** Allowed error of conformal sets, .05 by default. */
  readonly alpha?: number
  /** What the quantile is taken at, where past errors have moved it; `alpha` by default. */
  readonly level?: number
  readonly shares?: SliceShares
  /** Agents at odds with the others, and since when: what they earned before is not theirs any more. Nobody by default. */
  readonly heldDown?: readonly Pick<AtOdds, 'agent' | 'since'>[]
}
export interface Fitted {
  /** The numbers; `withParts` makes a policy of them. */
  readonly parts: PolicyParts
  readonly quantile: Quantile
  readonly report: FitReport
}

/** From labelled votes to the numbers of a policy. */
export function fit(table: VoteTable, options: FitOptions): Fitted {
  const prior = options.prior ?? coldPolicy(table)
  return fitMatrix(matrixOf(asDeclared(table, prior)), { ...options, prior })
}

/** The same from a matrix whose options are in the order of the prior and whose families are those it declares. */
export function fitMatrix(given: VoteMatrix, options: FitOptions & { readonly prior: Policy }): Fitted {
  const { now, prior, former = prior, halfLifeDays = 60, alpha = 0.05, level = alpha, shares = defaultShares, heldDown = [] } = options
  // For strengths and for the comparison of policies alike.
  const matrix = withoutVotesBefore(given, heldDown)
  const labelled = matrix.items.filter(({ truth, inclusion }) => truth >= 0 && inclusion > 0)
  const slices = withinReach(matrix, slicesOf(labelled, shares, alpha))
  const weights = labelWeights(slices.strengths, now, halfLifeDays)
  const rates = baseRatesOf(
    matrix.options,
    slices.strengths.map(({ stage, truth }, index) => ({
      stage,
      weight: weights[index] ?? 0,
      shares: matrix.options.map((_, option) => Number(option === truth)),
    })),
    prior,
  )
  const agents = agentFits(matrix, slices.strengths, weights, rates, prior, heldDown)
  const correlations = familyCorrelations({ ...matrix, items: slices.strengths }, (family) => priorRho(prior, family))
  const parts = partsOf(matrix, rates, agents, correlations, prior)
  const loose = withParts(prior, parts, { label: 'fit', createdAt: now })
  const later = labelWeights(slices.temperature, now, halfLifeDays)
  const tauMicro = fittedTauMicro(slices.temperature.map((item, index) => supportedOf(matrix, item, loose, later[index] ?? 0)))
  const finished = { ...parts, tauMicro }
  const policy = withParts(prior, finished, { label: 'fit', createdAt: now })
  const last = labelWeights(slices.conformal, now, halfLifeDays)
  const scores = slices.conformal.map((item, index) => ({
    score: 1 - (poolItem(matrix, item, policy).options[item.truth]?.probability ?? 0),
    weight: last[index] ?? 0,
  }))
  const quantile = conformalQuantile(scores, heldLevel(level, scores.length))
  const report = reportOf({ matrix, labelled, slices, weights, last, agents, correlations, former, policy, quantile, halfLifeDays })
  return { parts: { ...finished, conformalMicro: quantile.quantileMicro }, quantile, report }
}

/** What was closed by a gate had no probability: it says what agents are worth, and nothing of how true probabilities are. */
function withinReach(matrix: VoteMatrix, slices: Slices): Slices {
  const open = (items: readonly MatrixItem[]) => items.filter((item) => couldBeRight(matrix, item))
  return { ...slices, temperature: open(slices.temperature), conformal: open(slices.conformal) }
}

/** The table with its options in the order of the policy, and agents in the family that the policy declares for them. */
function asDeclared(table: VoteTable, prior: Policy): VoteTable {
  const rules = compiled(prior)
  return {
    ...table,
    options: prior.options.map(({ option }) => option),
    agents: table.agents.map(({ agent, family }) => ({ agent, family: rules.familyOf(agent, family) })),
  }
}

function agentFits(
  matrix: VoteMatrix,
  items: readonly MatrixItem[],
  weights: readonly number[],
  rates: BaseRates,
  prior: Policy,
  heldDown: NonNullable<FitOptions['heldDown']>,
): AgentFit[] {
  const rules = strengthRules(prior.coldStrengthsMicro.map((lambda) => lambda / 1e6))
  const overall = ratesAt(rates, '*')
  return matrix.agents.map((agent, column) => {
    const votes = items.flatMap((item, index): JudgedVote[] => {
      const option = item.option[column] ?? -1
      if (option < 0) return []
      const rate = ratesAt(rates, item.stage)[option] ?? 0
      return [{ bin: item.bin[column] ?? 1, option, weight: weights[index] ?? 0, right: Number(option === item.truth), rate }]
    })
    const strengths = strengthsOf(votes, overall, rules)
    // With fewer labels from after the change the prior would speak for it, which it has forfeited.
    const isDown = votes.length < LEAST_TO_ADMIT && heldDown.some((one) => one.agent === agent)
    return { agent, votes, strengths: isDown ? silenced(strengths) : strengths, isDown }
  })
}

/** What its votes are worth while it is held down: nothing. */
function silenced({ byBin, byCell, ...rest }: Strengths): Strengths {
  return { ...rest, byBin: byBin.map(() => 0), byCell: byCell.map((row) => row.map(() => 0)) }
}

/** The prior correlation of a family; the careful one of one model's voters for a family that the prior does not know. */
function priorRho(prior: Policy, family: string): number {
  return (prior.families.find((known) => known.family === family)?.rhoMicro ?? 500_000) / 1e6
}

function partsOf(
  matrix: VoteMatrix,
  rates: BaseRates,
  agents: readonly AgentFit[],
  correlations: readonly FamilyCorrelation[],
  prior: Policy,
): PolicyParts {
  const known = new Set(prior.roster)
  const admitted = agents.filter(({ agent, votes }) => !known.has(agent) && votes.length >= LEAST_TO_ADMIT).map(({ agent }) => agent)
  const roster = [...prior.roster, ...admitted]
  const measured = new Map(correlations.map(({ family, rho }) => [family, micro(rho)]))
  const declared = new Set(prior.families.flatMap((family) => family.agents))
  // An admitted agent may already be a member of a declared family without being expected.
  const joining = admitted.filter((agent) => !declared.has(agent))
  const familyOf = (agent: string) => matrix.families[matrix.familyOf[matrix.agents.indexOf(agent)] ?? -1] ?? ''
  const names = [...new Set([...prior.families.map(({ family }) => family), ...joining.map(familyOf)])]
  return {
    baseRatesMicro: ratesMicro(matrix.options, rates),
    coldStrengthsMicro: [...prior.coldStrengthsMicro],
    strengths: agents
      .filter(({ agent, votes, isDown }) => (votes.length > 0 || isDown) && roster.includes(agent))
      .flatMap(({ agent, strengths }) => cellsOf(agent, matrix.options, strengths)),
    families: names.map((family) => ({
      family,
      rhoMicro: measured.get(family) ?? micro(priorRho(prior, family)),
      agents: [
        ...(prior.families.find((each) => each.family === family)?.agents ?? []),
        ...joining.filter((agent) => familyOf(agent) === family).sort(compare),
      ],
    })),
    roster,
    tauMicro: 1_000_000,
    conformalMicro: null,
  }
}
