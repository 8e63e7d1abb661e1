/**
 * What another way to choose would have brought, from a log of choices that were left to lot with known probabilities. The
 * effective sample size comes first; weights are never cut, since that would be a silent bias; what the log cannot tell is
 * refused as a value. The order of the choices changes no bit.
 * @source reference/consensus.md 10.6
 */
import { createHash } from 'node:crypto'
import { ln } from '../consensus/pinnedMath.ts'
import { valued, widthOf } from './clustered.ts'
import type { Valued } from './clustered.ts'
import { chanceAt, fitRidgeLogit } from './ridgeLogit.ts'
import type { LogitWeights } from './ridgeLogit.ts'

/** Below so many choices' worth there is no estimate. @source reference/consensus.md 10.6 */
export const ESS_LEAST = 100
/** An interval of more than ten points tells nobody which of two wordings to use: what is looked for is a few points. */
export const WIDEST = 0.1

/** One choice that was left to lot, and what came of it. Probabilities are millionths; options that are not named have none. */
export interface LoggedChoice {
  readonly id: string
  readonly lead: string
  /** What may tell how probable an answer is, known before the choice. As many for each choice, around 0 and of size 1. */
  readonly features: readonly number[]
  readonly taken: string
  /** 1 = answered, 0 = not. */
  readonly reward: number
  /** How probable each option was. */
  readonly logged: ReadonlyMap<string, number>
  /** How probable it would be under the other way. */
  readonly target: ReadonlyMap<string, number>
}

export interface OffPolicy {
  readonly choices: number
  readonly leads: number
  /** (sum w)^2 / sum w^2 */
  readonly effective: number
  /** About 1 where the probabilities are those the lot was drawn with. */
  readonly meanWeight: Valued
  /** What the choices that were made brought. */
  readonly logging: Valued
  readonly ips: Valued
  readonly snips: Valued
  /** By the model of answers alone: without an interval, because it says nothing of how wrong the model is. */
  readonly direct: number
  readonly doublyRobust: Valued
}

export interface OffPolicyRules {
  /** Penalty of the model of answers. */
  readonly penalty: number
  /** Log-odds its intercepts are pulled to; by default those of the choices that the model is fitted to. */
  readonly interceptTowards?: number
}
const plainRules: OffPolicyRules = { penalty: 1 }

/** The estimates, whatever they are worth. At least one choice, each of which the lot could have taken. */
export function offPolicy(log: readonly LoggedChoice[], rules: OffPolicyRules = plainRules): OffPolicy {
  const choices = [...log].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const leads = choices.map(({ lead }) => lead)
  const count = choices.length
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / count
  const about = (values: readonly number[]) => {
    const centre = mean(values)
    return valued(
      centre,
      values.map((value) => value - centre),
      leads,
    )
  }
  const weights = choices.map(weightOf)
  const rewards = choices.map(({ reward }) => reward)
  const weighted = weights.map((weight, index) => weight * (rewards[index] ?? 0))
  const meanWeight = mean(weights)
  // Weights of nothing at all: the other way never takes what was taken, and the self-normalised mean is that of no choice.
  const snips = meanWeight === 0 ? 0 : mean(weighted) / meanWeight
  const expected = expectedAnswers(choices, rules)
  const robust = choices.map(
    ({ reward }, index) => (expected[index]?.target ?? 0) + (weights[index] ?? 0) * (reward - (expected[index]?.taken ?? 0)),
  )
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0)
  return {
    choices: count,
    leads: new Set(leads).size,
    effective: squares === 0 ? 0 : (meanWeight * count) ** 2 / squares,
    meanWeight: about(weights),
    logging: about(rewards),
    ips: about(weighted),
    snips: valued(
      snips,
      weights.map((weight, index) => (meanWeight === 0 ? Infinity : (weight / meanWeight) * ((rewards[index] ?? 0) - snips))),
      leads,
    ),
    direct: mean(expected.map(({ target }) => target)),
    doublyRobust: about(robust),
  }
}

/** pi_new(a | x) / p, of whole millionths. */
export function weightOf({ taken, logged, target }: LoggedChoice): number {
  return (target.get(taken) ?? 0) / (logged.get(taken) ?? 0)
}

/** Would the other way choose something here that the lot never could have? */
export function isUnseen({ logged, target }: Pick<LoggedChoice, 'logged' | 'target'>): boolean {
  return [...target].some(([option, share]) => share > 0 && (logged.get(option) ?? 0) === 0)
}

/** Half of the leads, by a hash: no lead is on both sides. */
export function foldOf(lead: string): 0 | 1 {
  return (createHash('sha256').update(`fold:${lead}`).digest().readUInt8(0) & 1) === 0 ? 0 : 1
}

/** By a model of each option that was fitted to the leads of the other half: of the option taken, and over the other way. */
function expectedAnswers(choices: readonly LoggedChoice[], rules: OffPolicyRules): { taken: number; target: number }[] {
  const size = choices[0]?.features.length ?? 0
  const folds = choices.map(({ lead }) => foldOf(lead))
  const models = ([0, 1] as const).map((fold) =>
    modelOf(
      choices.filter((_, index) => folds[index] !== fold),
      size,
      rules,
    ),
  )
  return choices.map(({ features, taken, target }, index) => {
    const answers = models[folds[index] ?? 0]
    const chances = [...target].map(([option, share]) => (share === 0 ? 0 : (share / 1e6) * (answers?.(option, features) ?? 0)))
    // Smallest first: a sum in the order given would depend on that order in its last digit.
    return { taken: answers?.(taken, features) ?? 0, target: chances.sort((a, b) => a - b).reduce((sum, chance) => sum + chance, 0) }
  })
}

function modelOf(
  choices: readonly LoggedChoice[],
  size: number,
  { penalty, interceptTowards }: OffPolicyRules,
): (option: string, features: readonly number[]) => number {
  const rate = (choices.reduce((sum, { reward }) => sum + reward, 0) + 0.5) / (choices.length + 1)
  const ridge = { penalty, interceptTowards: interceptTowards ?? ln(rate) - ln(1 - rate) }
  const rows = new Map<string, { features: readonly number[]; answered: number }[]>()
  for (const { taken, features, reward } of choices) {
    const known = rows.get(taken)
    const row = { features, answered: reward }
    if (known === undefined) rows.set(taken, [row])
    else known.push(row)
  }
  const weights = new Map<string, LogitWeights>([...rows].map(([option, own]) => [option, fitRidgeLogit(own, size, ridge)]))
  const none = fitRidgeLogit([], size, ridge)
  return (option, features) => chanceAt(weights.get(option) ?? none, features)
}

export type Answer =
  | { readonly kind: 'estimated'; readonly estimate: OffPolicy; readonly warnings: readonly string[] }
  /** `unseen`: choices at which the other way would take what the lot never could have; of no_chance those that the lot could not have taken. */
  | {
      readonly kind: 'refused'
      readonly because: 'no_choices' | 'no_chance' | 'no_overlap' | 'too_few' | 'too_wide'
      readonly effective: number
      readonly unseen: readonly string[]
    }

/** The estimate where the log can carry it, else why not. */
export function answerOf(log: readonly LoggedChoice[], widest = WIDEST): Answer {
  const refused = (
    because: Extract<Answer, { kind: 'refused' }>['because'],
    effective: number,
    unseen: readonly string[] = [],
  ): Answer => ({
    kind: 'refused',
    because,
    effective,
    unseen,
  })
  if (log.length === 0) return refused('no_choices', 0)
  // Nothing divided by nothing passes every bound that is asked with "less than".
  const impossible = log.filter(({ taken, logged }) => !((logged.get(taken) ?? 0) > 0)).map(({ id }) => id)
  if (impossible.length > 0) return refused('no_chance', 0, impossible.sort())
  const unseen = log.filter(isUnseen).map(({ id }) => id)
  if (unseen.length > 0) return refused('no_overlap', 0, unseen.sort())
  const estimate = offPolicy(log)
  if (estimate.effective < ESS_LEAST) return refused('too_few', estimate.effective)
  if (Math.max(widthOf(estimate.snips), widthOf(estimate.doublyRobust)) > widest) return refused('too_wide', estimate.effective)
  return { kind: 'estimated', estimate, warnings: warningsOf(estimate) }
}

/** What should keep a reader from believing it. */
export function warningsOf({ snips, doublyRobust, meanWeight }: OffPolicy): string[] {
  const apart = Math.abs(snips.value - doublyRobust.value)
  return [
    ...(apart > Math.min(snips.standardError, doublyRobust.standardError)
      ? ['The two estimates are further apart than a standard error: believe neither without looking closer.']
      : []),
    // Three standard errors: a lot that was drawn as it was written down is further off once in 370 logs.
    ...(Math.abs(meanWeight.value - 1) > 3 * meanWeight.standardError
      ? ['The weights are not 1 on average: what was taken does not fit the probabilities that were written down.']
      : []),
  ]
}
