/**
 * Pools that are compared with the one in use: other strengths, other discounts, with and without a temperature, in floating
 * point. Lifts come from the production `strengthsOf`, correlations from the production `familyCorrelations`; the pool in use
 * itself is always run through `fit` and `pool` (shipped.ts), never through this file.
 * @source reference/consensus.md 8.5, 9
 */
import { errorsOf, familyCorrelations, residualCorrelation, rhoShrinkage } from '../../pipelines/consensus/fit/correlations.ts'
import { strengthsOf } from '../../pipelines/consensus/fit/strengths.ts'
import type { JudgedVote, StrengthRules } from '../../pipelines/consensus/fit/strengths.ts'
import { absent } from '../../pipelines/consensus/fit/voteTable.ts'
import type { VoteMatrix } from '../../pipelines/consensus/fit/voteTable.ts'
import { clip, logit, optionCount } from './world.ts'
import type { SyntheticLead, World } from './world.ts'

export type Discount = 'none' | 'common' | 'sorted' | 'sortedFamily' | 'strongest'

export interface LabRules {
  readonly strength: 'accuracy' | 'bin' | 'option'
  readonly discount: Discount
  /** Least lift. */
  readonly floor: number
  readonly isotonic: boolean
  /** Strength by bin without labels. */
  readonly cold: readonly number[]
  /** A temperature on the last 30 % of the labels, which the strengths then do not use. */
  readonly temperature: 'none' | 'plain' | 'penalised'
}
export const coldSlope = [0.05, 0.2, 0.5, 0.8, 1.0]
export const coldFlat = [0.3, 0.3, 0.3, 0.3, 0.3]
export const labRules: LabRules = { strength: 'bin', discount: 'sorted', floor: 0, isotonic: true, cold: coldSlope, temperature: 'none' }

export interface LabModel {
  readonly discount: Discount
  readonly familyOf: readonly number[]
  readonly rho: readonly number[]
  readonly lnPi: readonly number[]
  /** By agent, bin - 1, option. */
  readonly lambda: readonly (readonly (readonly number[])[])[]
  readonly tau: number
}
export interface LabData {
  readonly leads: readonly SyntheticLead[]
  /** Weight of each label; 1 by default. */
  readonly weights?: readonly number[]
  /** Prior of the base rates and how many labels it counts for; (n_o + 1) / (n + 4) by default. */
  readonly prior?: { readonly rates: readonly number[]; readonly labels: number }
  /** Family of each agent, when not as drawn. */
  readonly familyOf?: readonly number[]
  /** Correlation of each family, when it is not to be estimated. */
  readonly rho?: readonly number[]
}

/** Prior correlations: .5 for the personas, .3 for everybody else; of other families, .5 where a persona is a member. */
export function priorRho(world: World, familyOf: readonly number[]): number[] {
  const rho = Array.from({ length: Math.max(...familyOf) + 1 }, () => 0.3)
  world.agents.forEach(({ family }, agent) => {
    if (family === 0) rho[familyOf[agent] ?? 0] = 0.5
  })
  return rho
}

export function declaredFamilies(world: World): number[] {
  return world.agents.map(({ family }) => family)
}

/** Leads as the matrix that correlations are read from, in the order of the agents. */
export function labMatrix(world: World, leads: readonly SyntheticLead[], familyOf: readonly number[]): VoteMatrix {
  return {
    options: ['0', '1', '2', '3'],
    agents: world.agents.map(({ name }) => name),
    families: Array.from({ length: Math.max(...familyOf) + 1 }, (_, index) => String(index)),
    familyOf,
    items: leads.map(({ label, vote, bin }, index) => ({
      item: String(index),
      group: String(index),
      stage: '*',
      at: index,
      truth: label,
      inclusion: 1,
      option: Int32Array.from(vote, (voted) => (voted < 0 ? absent : voted)),
      bin,
    })),
  }
}

export function labFit(world: World, data: LabData, rules: LabRules): LabModel {
  const count = rules.temperature === 'none' ? data.leads.length : Math.round(data.leads.length * 0.7)
  const leads = data.leads.slice(0, count)
  const weights = leads.map((_, index) => data.weights?.[index] ?? 1)
  const familyOf = data.familyOf ?? declaredFamilies(world)
  const priors = priorRho(world, familyOf)
  const rho = data.rho ?? (leads.length < 30 ? priors : rhoOf(labMatrix(world, leads, familyOf), priors))
  const pi = basePi(leads, weights, data.prior)
  const model = {
    discount: rules.discount,
    familyOf,
    rho,
    lnPi: pi.map(Math.log),
    lambda: lambdasOf(world, leads, weights, pi, rules),
    tau: 1,
  }
  return rules.temperature === 'none' ? model : { ...model, tau: bestTau(model, data.leads.slice(count), rules.temperature) }
}

/**
 * Correlations as production finds them. Where everybody is of one family nobody outside tells how difficult a lead is, so the
 * errors are correlated as they are, which is how the targets of table 9.5 come out; production keeps to the prior there.
 */
function rhoOf(matrix: VoteMatrix, priors: readonly number[]): number[] {
  const [prior = 0.3] = priors
  if (matrix.families.length > 1)
    return familyCorrelations(matrix, (family) => priors[Number(family)] ?? 0.3).map(({ rho: found }) => found)
  const errors = errorsOf(matrix)
  const alike = new Float64Array(errors.length)
  const found = matrix.agents.flatMap((_, a) =>
    matrix.agents.slice(a + 1).flatMap((_, further) => residualCorrelation(errors, alike, a, a + 1 + further) ?? []),
  )
  const measured = found.length === 0 ? 0 : Math.max(0, found.reduce((sum, r) => sum + r, 0) / found.length)
  return [(errors.length * measured + rhoShrinkage * prior) / (errors.length + rhoShrinkage)]
}

function basePi(leads: readonly SyntheticLead[], weights: readonly number[], prior: LabData['prior']): number[] {
  const { rates, labels } = prior ?? { rates: Array.from({ length: optionCount }, () => 1 / optionCount), labels: optionCount }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return rates.map(
    (rate, option) =>
      (leads.reduce((sum, { label }, index) => sum + (label === option ? (weights[index] ?? 0) : 0), 0) + labels * rate) / (total + labels),
  )
}

function lambdasOf(
  world: World,
  leads: readonly SyntheticLead[],
  weights: readonly number[],
  pi: readonly number[],
  rules: LabRules,
): number[][][] {
  return world.agents.map((_, agent) => {
    const votes = leads.flatMap(({ label, vote, bin }, index): JudgedVote[] => {
      const option = vote[agent] ?? -1
      return option < 0
        ? []
        : [{ bin: bin[agent] ?? 1, option, weight: weights[index] ?? 1, right: Number(option === label), rate: pi[option] ?? 0 }]
    })
    if (rules.strength === 'accuracy') return accuracyStrengths(votes)
    const lift: StrengthRules = { cold: rules.cold, cells: rules.strength, floor: rules.floor, isotonic: rules.isotonic }
    return strengthsOf(votes, pi, lift).byCell.map((row) => [...row])
  })
}

/** Rates of being right, whatever the option: what a pool without lift would use. */
function accuracyStrengths(votes: readonly JudgedVote[]): number[][] {
  const rate = (votes.reduce((sum, { right }) => sum + right, 0) + 0.8) / (votes.length + 2)
  return [1, 2, 3, 4, 5].map((bin) => {
    const own = votes.filter((vote) => vote.bin === bin)
    const inBin = (own.reduce((sum, { right }) => sum + right, 0) + 12 * rate) / (own.length + 12)
    return Array.from({ length: optionCount }, () => logit(clip(inBin, 0.05, 0.97)) + Math.log(3))
  })
}

/** Worth of each voting agent of a lead, by agent: the factor on its strength. */
export function worths(model: LabModel, lead: SyntheticLead): Float64Array {
  const { discount, familyOf, rho, lambda } = model
  const worth = new Float64Array(lead.vote.length)
  const groups = new Map<string, number[]>()
  lead.vote.forEach((option, agent) => {
    if (option < 0) return
    const family = familyOf[agent] ?? 0
    const key = discount === 'sorted' || discount === 'strongest' ? `${family} ${option}` : String(family)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [agent])
    else group.push(agent)
  })
  const strength = (agent: number) => lambda[agent]?.[(lead.bin[agent] ?? 1) - 1]?.[lead.vote[agent] ?? 0] ?? 0
  for (const group of groups.values()) {
    const r = rho[familyOf[group[0] ?? 0] ?? 0] ?? 0
    const nEff = (m: number) => (m === 0 ? 0 : m / (1 + (m - 1) * r))
    if (discount !== 'none' && discount !== 'common') group.sort((a, b) => strength(b) - strength(a))
    group.forEach((agent, place) => {
      worth[agent] =
        discount === 'none'
          ? 1
          : discount === 'common'
            ? nEff(group.length) / group.length
            : discount === 'strongest'
              ? Number(place === 0)
              : nEff(place + 1) - nEff(place)
    })
  }
  return worth
}

/** Probabilities of a lead; `weights` are learned ones by agent. */
export function labPool(model: LabModel, lead: SyntheticLead, weights?: Float64Array): number[] {
  return softmaxOf(scoresAt(model, supportOf(model, lead, worths(model, lead), weights), model.tau))
}

function supportOf({ lambda }: LabModel, { vote, bin }: SyntheticLead, worth: Float64Array, weights?: Float64Array): Float64Array {
  const support = new Float64Array(optionCount)
  vote.forEach((option, agent) => {
    if (option >= 0)
      support[option] =
        (support[option] ?? 0) + (lambda[agent]?.[(bin[agent] ?? 1) - 1]?.[option] ?? 0) * (worth[agent] ?? 0) * (weights?.[agent] ?? 1)
  })
  return support
}

function scoresAt({ lnPi }: LabModel, support: Float64Array, tau: number): number[] {
  return lnPi.map((base, option) => base + tau * (support[option] ?? 0))
}

export function softmaxOf(scores: readonly number[]): number[] {
  const top = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - top))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

function bestTau(model: LabModel, leads: readonly SyntheticLead[], kind: 'plain' | 'penalised'): number {
  const items = leads.map((lead) => ({ support: supportOf(model, lead, worths(model, lead)), label: lead.label }))
  let best = { tau: 1, cost: Infinity }
  for (let step = 0; step < 29; step++) {
    const tau = 0.2 + 0.05 * step
    const loss = items.reduce(
      (sum, { support, label }) => sum - Math.log(Math.max(1e-6, softmaxOf(scoresAt(model, support, tau))[label] ?? 0)),
      0,
    )
    const cost = loss / items.length + (kind === 'penalised' ? 0.02 * (tau - 1) ** 2 : 0)
    if (cost < best.cost) best = { tau, cost }
  }
  return best.tau
}

/** Forecasts of a stream with learned weights, predicted first, each label known 50 leads later. @source step 7, learned weights */
export function labPoolLearning(model: LabModel, leads: readonly SyntheticLead[], late = 50): number[][] {
  const weights = new Float64Array(model.familyOf.length).fill(1)
  const forecasts: number[][] = []
  leads.forEach((lead, index) => {
    forecasts.push(labPool(model, lead, weights))
    const known = leads[index - late]
    const said = forecasts[index - late]
    if (known === undefined || said === undefined) return
    const worth = worths(model, known)
    known.vote.forEach((option, agent) => {
      if (option < 0) return
      const lambda = model.lambda[agent]?.[(known.bin[agent] ?? 1) - 1]?.[option] ?? 0
      const off = (said[option] ?? 0) - Number(option === known.label)
      weights[agent] = learnedWeight(weights[agent] ?? 1, off * (worth[agent] ?? 0) * lambda * model.tau)
    })
  })
  return forecasts
}

/** A weight after one label: down the gradient of the log loss and a little towards 1. @source step 7, learned weights */
export function learnedWeight(weight: number, gradient: number): number {
  const moved = clip(weight * Math.exp(-0.05 * clip(gradient, -3, 3)), 0.05, 3)
  return moved + 0.002 * (1 - moved)
}
