/**
 * Table 7.1: what proper scores do not tell of the pool in use. What acting only when sure costs, what is put to people and was it needed,
 * what is gained by the utilities of the shipped follow-up policy against fixed rules, and the calibration of each option beside its null value.
 * @source reference/consensus.md 7.1
 */
import { conformalSet } from '../../../pipelines/consensus/fit/conformal.ts'
import { calibrationError, massBins, nullError, optionClaims, topClaims } from '../../../pipelines/consensus/scores/calibration.ts'
import { areaUnderRisk, riskCoverage } from '../../../pipelines/consensus/scores/riskCoverage.ts'
import { topOption } from '../../../pipelines/consensus/scores/properScores.ts'
import type { Forecast } from '../../../pipelines/consensus/scores/properScores.ts'
import { shippedPolicy } from '../../../pipelines/consensus/shippedPolicies.ts'
import { rankByUtility } from '../../../pipelines/consensus/utility.ts'
import type { Policy, PolicyOption } from '../../../schemas/generated/records.ts'
import { seededRandom } from '../../../simulate/seededRandom.ts'
import { optionNames, priorOf } from '../asTable.ts'
import { plurality } from '../baselines.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts, shippedRates } from '../shipped.ts'
import { Gathered, trialOf } from './common.ts'
import { symmetric } from './wholePipeline.ts'

/** Options of the world stand for those of the policy, in order. */
const followUp = shippedPolicy('follow_up') as Policy
const rules = followUp.options
const nullRepetitions = 200

/** 600 labels for the strengths, 150 for the temperature, 150 for the quantile. */
export function evaluation(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds) {
    const { world, labelled, test } = trialOf(symmetric, seed, 900, 1500, extent)
    const { fitted, policy } = shippedFit(world, labelled, { shares: { temperature: 1 / 6, conformal: 1 / 6 } })
    const forecasts = shippedForecasts(world, policy, test)
    selective(all, forecasts, (named) => conformalSet(named, fitted.quantile))
    const cold = shippedForecasts(world, priorOf(world, shippedRates), test)
    const counts = test.map((lead): Forecast => ({ probabilities: plurality(lead), truth: lead.truth }))
    utility(all, forecasts, cold, counts)
    const random = seededRandom(seed, 'evaluation')
    optionNames.forEach((_, option) => {
      const claims = optionClaims(forecasts, option)
      const name = `option ${option + 1}: calibration error`
      all.figure(name, calibrationError(massBins(claims)))
      const null_ = nullError(
        claims.map(({ confidence }) => confidence),
        (drawn) => massBins(drawn),
        () => random.next(),
        nullRepetitions,
      )
      all.figure(`option ${option + 1}: the same of exact probabilities`, null_.mean)
    })
  }
  return all.table('7.1', 'acting only when sure, escalation, utility, regret, calibration by option')
}

/** `setOf` names the options that cannot be ruled out: a lead with several is put to people. */
function selective(all: Gathered, forecasts: readonly Forecast[], setOf: (named: Record<string, number>) => string[]): void {
  const points = riskCoverage(topClaims(forecasts))
  all.figure('risk-coverage: area', areaUnderRisk(points))
  for (const share of [0.5, 0.8, 1])
    all.figure(`wrong among the surest ${Math.round(100 * share)} %`, points.find(({ coverage }) => coverage >= share - 1e-9)?.risk ?? NaN)
  const told = forecasts.map(({ probabilities, truth }) => {
    const named = Object.fromEntries(optionNames.map((option, index) => [option, probabilities[index] ?? 0]))
    return { isAsked: setOf(named).length > 1, right: topOption(probabilities) === truth }
  })
  const share = (of: readonly { right: boolean }[], right: boolean) => of.filter((one) => one.right === right).length / of.length
  const asked = told.filter(({ isAsked }) => isAsked)
  all.figure('put to people', asked.length / told.length)
  all.figure(
    'escalation error: wrong though not put to people',
    share(
      told.filter(({ isAsked }) => !isAsked),
      false,
    ),
  )
  all.figure('escalation error: right though put to people', share(asked, true))
}

/** Mean utility of what is chosen, by the truth; regret is against the best of the fixed rules, chosen when all is known. */
function utility(all: Gathered, forecasts: readonly Forecast[], cold: readonly Forecast[], counts: readonly Forecast[]): void {
  const fixed = new Map<string, number>(
    rules.map((rule) => [`always ${rule.option}`, meanOf(forecasts.map(({ truth }) => utilityOfChoice(rule, truth)))] as const),
  )
  fixed.set(
    'plurality',
    ofForecasts(counts, ({ probabilities }) => topOption(probabilities)),
  )
  fixed.set('as shipped, without a label', ofForecasts(cold, bestOf))
  const own = ofForecasts(forecasts, bestOf)
  all.figure('utility: as shipped, 900 labels', own)
  for (const [rule, gained] of fixed) all.figure(`utility: ${rule}`, gained)
  all.figure('regret against the best of these in hindsight', Math.max(own, ...fixed.values()) - own)
  all.figure(
    'utility: whoever knows the truth',
    meanOf(forecasts.map(({ truth }) => Math.max(...rules.map((rule) => utilityOfChoice(rule, truth))))),
  )
}

function ofForecasts(forecasts: readonly Forecast[], choice: (forecast: Forecast) => number): number {
  return meanOf(
    forecasts.map((forecast) => {
      const rule = rules[choice(forecast)]
      return rule === undefined ? NaN : utilityOfChoice(rule, forecast.truth)
    }),
  )
}

/** The option that the policy would choose, by its place. */
export function bestOf({ probabilities }: Pick<Forecast, 'probabilities'>): number {
  const named = new Map(rules.map(({ option }, index) => [option, probabilities[index] ?? 0]))
  const [best] = rankByUtility(followUp, named, '')
  return rules.findIndex(({ option }) => option === best?.option)
}

/** What a choice brought, in utility, once the truth (a place) is known. */
export function utilityOfChoice({ values, costMicros }: PolicyOption, truth: number): number {
  return ((values[rules[truth]?.option ?? ''] ?? 0) - costMicros) / 1e6
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
