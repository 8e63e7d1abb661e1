/**
 * What a fit changed against the policy in force, and on how many labels, so that a person can judge it before it is
 * published: counts, effective counts, each agent, each family, and both policies on labels that the new one has not seen.
 */
import type { Policy } from '../../../schemas/generated/records.ts'
import { exp, ln } from '../pinnedMath.ts'
import { compiled } from '../policy.ts'
import { linkThreshold, suggestedFamilies } from './correlations.ts'
import type { FamilyCorrelation } from './correlations.ts'
import type { Quantile } from './conformal.ts'
import { effectiveCount } from './labelWeights.ts'
import { poolItem } from './poolTable.ts'
import type { Slices } from './slices.ts'
import type { JudgedVote, Strengths } from './strengths.ts'
import { leastProbability } from './temperature.ts'
import type { MatrixItem, VoteMatrix } from './voteTable.ts'

/** Below this the correlation of single pairs is noise, and so are families read from them. */
const leastForFamilies = 300

/** The part of themselves that labels count for by age below which the report says so. */
const AGED_TO = 0.1

/** What the strengths were computed from, agent by agent, for the report. */
export interface AgentFit {
  readonly agent: string
  readonly votes: readonly JudgedVote[]
  readonly strengths: Strengths
  /** It is at odds with the others, and too few labels since then say what it is worth. */
  readonly isDown: boolean
}

export interface AgentReport {
  readonly agent: string
  readonly family: string
  /** Labelled votes, and how many fresh ones of a random audit they count for. */
  readonly votes: number
  readonly effectiveVotes: number
  /** Share of right votes; `undefined` without votes. */
  readonly rightShare: number | undefined
  /** How often a parrot of its habits would be right. */
  readonly chance: number | undefined
  /** Lift over chance, nats. */
  readonly lift: number
  /** Mean strength of its labelled votes under the former policy and the new one, nats. */
  readonly strengthBefore: number | undefined
  readonly strengthAfter: number | undefined
}
export interface HeldScores {
  readonly logLoss: number
  readonly accuracy: number
}
export interface FitReport {
  readonly labels: {
    /** Usable: truth and inclusion probability known. */
    readonly usable: number
    /** Labelled, but with unknown inclusion probability. */
    readonly ofUnknownInclusion: number
    readonly strengths: number
    /** How many fresh ones of a random audit they count for: what stands against the 6, 12 and 20 of the priors. */
    readonly strengthsEffective: number
    readonly temperature: number
    readonly conformal: number
    /** In a later slice with a group of an earlier one. */
    readonly leftOut: number
  }
  readonly agents: readonly AgentReport[]
  /** Base rates that moved, as shares. */
  readonly baseRates: readonly { readonly stage: string; readonly option: string; readonly before: number; readonly after: number }[]
  readonly families: readonly {
    readonly family: string
    readonly before: number
    readonly after: number
    readonly measured: number | undefined
    readonly pairs: number
  }[]
  readonly tau: { readonly before: number; readonly after: number }
  readonly quantile: Quantile
  /** Both policies on the newest slice, which neither strengths nor temperature of the new one have seen; `undefined` without one. */
  readonly held: { readonly labels: number; readonly former: HeldScores; readonly fitted: HeldScores } | undefined
  readonly warnings: readonly string[]
}

export interface Material {
  readonly matrix: VoteMatrix
  readonly labelled: readonly MatrixItem[]
  readonly slices: Slices
  /** Of the labels for strengths, and of those of the newest slice. */
  readonly weights: readonly number[]
  readonly last: readonly number[]
  readonly agents: readonly AgentFit[]
  readonly correlations: readonly FamilyCorrelation[]
  readonly former: Policy
  readonly policy: Policy
  readonly quantile: Quantile
  readonly halfLifeDays: number
}

export function reportOf(material: Material): FitReport {
  const { matrix, labelled, slices, weights, last, correlations, former, policy, quantile } = material
  const rhoBefore = (family: string) => (former.families.find((known) => known.family === family)?.rhoMicro ?? NaN) / 1e6
  return {
    labels: {
      usable: labelled.length,
      ofUnknownInclusion: matrix.items.filter(({ truth, inclusion }) => truth >= 0 && inclusion === 0).length,
      strengths: slices.strengths.length,
      strengthsEffective: sumOf(weights),
      temperature: slices.temperature.length,
      conformal: slices.conformal.length,
      leftOut: slices.leftOut.length,
    },
    agents: agentReports(material),
    baseRates: movedRates(former, policy),
    families: correlations.map(({ family, measured, pairs }) => ({
      family,
      before: rhoBefore(family),
      after: (policy.families.find((known) => known.family === family)?.rhoMicro ?? NaN) / 1e6,
      measured,
      pairs,
    })),
    tau: { before: former.tauMicro / 1e6, after: policy.tauMicro / 1e6 },
    quantile,
    held:
      slices.conformal.length === 0
        ? undefined
        : {
            labels: slices.conformal.length,
            former: heldScores(matrix, slices.conformal, last, former),
            fitted: heldScores(matrix, slices.conformal, last, policy),
          },
    warnings: warningsOf(material),
  }
}

function agentReports({ matrix, agents, former, policy }: Material): AgentReport[] {
  const [before, after] = [compiled(former), compiled(policy)]
  return agents.map(({ agent, votes, strengths }) => {
    const total = votes.reduce((sum, { weight }) => sum + weight, 0)
    const mean = (rules: typeof before) =>
      total > 0
        ? votes.reduce((sum, { weight, bin, option }) => sum + weight * rules.lambdaOf(agent, bin, matrix.options[option] ?? ''), 0) /
          total /
          1e6
        : undefined
    return {
      agent,
      family: matrix.families[matrix.familyOf[matrix.agents.indexOf(agent)] ?? -1] ?? '',
      votes: votes.length,
      effectiveVotes: total,
      rightShare: strengths.rightShare,
      chance: total > 0 ? strengths.chance : undefined,
      lift: strengths.lift,
      strengthBefore: mean(before),
      strengthAfter: mean(after),
    }
  })
}

function movedRates(former: Policy, policy: Policy): FitReport['baseRates'] {
  const was = compiled(former)
  return Object.entries(policy.baseRatesMicro).flatMap(([stage, rates]) =>
    Object.entries(rates)
      .filter(([option, rate]) => was.baseMicro(stage, option) !== rate)
      .map(([option, rate]) => ({ stage, option, before: exp(was.baseMicro(stage, option) / 1e6), after: exp(rate / 1e6) })),
  )
}

function heldScores(matrix: VoteMatrix, items: readonly MatrixItem[], weights: readonly number[], policy: Policy): HeldScores {
  let [total, loss, right] = [0, 0, 0]
  items.forEach((item, index) => {
    const weight = weights[index] ?? 0
    const { options } = poolItem(matrix, item, policy)
    const first = options.findIndex(({ eligible }) => eligible)
    const best = options.reduce((top, { eligible, score }, place) => (eligible && score > (options[top]?.score ?? 0n) ? place : top), first)
    total += weight
    loss -= weight * ln(Math.max(leastProbability, options[item.truth]?.probability ?? 0))
    right += weight * Number(best === item.truth)
  })
  return { logLoss: loss / total, accuracy: right / total }
}

function warningsOf({ matrix, slices, weights, correlations, quantile, agents, halfLifeDays }: Material): string[] {
  const warnings: string[] = []
  const [worth, unaged] = [sumOf(weights), effectiveCount(weights)]
  if (worth < AGED_TO * unaged)
    warnings.push(
      `The labels are old: ${weights.length} count for ${worth.toFixed(1)} fresh ones, each for half after ${halfLifeDays} days. Times and \`now\` are in ms.`,
    )
  if (slices.temperature.length === 0) warnings.push('Too few labels for a temperature: tau stays 1.')
  if (quantile.quantileMicro === null) warnings.push(`Not enough audits for conformal sets: ${quantile.audits}.`)
  const measured = correlations.filter((each) => each.measured !== undefined)
  if (slices.strengths.length < leastForFamilies || measured.length === 0) return warnings
  return [
    ...warnings,
    ...familyWarnings(matrix, slices.strengths, new Set(agents.flatMap(({ agent, votes }) => (votes.length > 0 ? [agent] : [])))),
  ]
}

/** Families that the errors contradict by more than two standard deviations of a correlation, 1 / sqrt(n) each. */
function familyWarnings(matrix: VoteMatrix, items: readonly MatrixItem[], heard: ReadonlySet<string>): string[] {
  const { clusters, between } = suggestedFamilies({ ...matrix, items })
  const doubt = 2 / Math.sqrt(items.length)
  const familyOf = (agent: string) => matrix.families[matrix.familyOf[matrix.agents.indexOf(agent)] ?? -1] ?? ''
  const found = clusters.map((members) => members.filter((agent) => heard.has(agent)))
  const warnings: string[] = []
  for (const members of found) {
    const families = [...new Set(members.map(familyOf))].sort()
    const partOf = (family: string) => members.filter((agent) => familyOf(agent) === family)
    if (pairs(families).some(([a, b]) => between(partOf(a), partOf(b)) > linkThreshold + doubt))
      warnings.push(`Agents of ${families.join(', ')} err together: ${members.join(', ')}.`)
  }
  for (const family of matrix.families) {
    const parts = found.map((members) => members.filter((agent) => familyOf(agent) === family)).filter((members) => members.length > 0)
    if (pairs(parts).some(([a, b]) => between(a, b) < linkThreshold - doubt))
      warnings.push(`Family ${family} errs in ${parts.length} parts: ${parts.map((members) => members.join(', ')).join(' | ')}.`)
  }
  return warnings
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function pairs<T>(list: readonly T[]): (readonly [T, T])[] {
  return list.flatMap((a, index) => list.slice(index + 1).map((b) => [a, b] as const))
}
