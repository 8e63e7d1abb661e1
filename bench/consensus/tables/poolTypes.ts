/** Table 9.1: kinds of pool in the base world, and what a discount costs where families are independent. */
import { nullError, topClaims, widthBins } from '../../../pipelines/consensus/scores/calibration.ts'
import { seededRandom } from '../../../simulate/seededRandom.ts'
import {
  bestSingle,
  confidenceWeighted,
  equalLogPool,
  hedge,
  keepConfident,
  linearPool,
  mostConfident,
  plurality,
  statedLogOdds,
} from '../baselines.ts'
import { labFit, labPool, labPoolLearning, labRules } from '../lab.ts'
import type { LabRules } from '../lab.ts'
import { scoresOf, scoresOfChoices } from '../measure.ts'
import type { BenchTable, Extent, Goal } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { tolerance } from '../tolerance.ts'
import { baseWorld } from '../world.ts'
import { forecastsOf, Gathered, oracleScores, trialOf } from './common.ts'
import type { Trial } from './common.ts'

const accuracyRules: LabRules = { ...labRules, strength: 'accuracy', discount: 'common' }
const lastThird = { temperature: 0.3, conformal: 0 }

/** `most` leaves out the rows with more labels. */
export function poolTypes(extent: Extent, most = 3000): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds) {
    const base = trialOf(baseWorld, seed, 600, 2000, extent)
    learningFree(all, base)
    learned(all, base, '600 labels', {
      'calibrated log-odds, no discount': { accuracy: 0.76, logLoss: 1.217, brier: 0.406, ece: 0.184 },
      'learned weights, no discount': { accuracy: 0.828, logLoss: 0.559, brier: 0.258, ece: 0.099 },
      'calibrated + family discount': { accuracy: 0.846, logLoss: 0.398, brier: 0.209, ece: 0.044 },
      '+ one temperature': { accuracy: 0.849, logLoss: 0.379, brier: 0.201, ece: 0.022 },
      '+ exponentiated-gradient weights': { accuracy: 0.848, logLoss: 0.389, brier: 0.206, ece: 0.04 },
    })
    all.row('600 labels', 'oracle', oracleScores(base))
    learned(all, trialOf(baseWorld, seed, 150, 2000, extent), '150 labels', {
      'calibrated + family discount': { accuracy: 0.842, logLoss: 0.44 },
      '+ one temperature': { accuracy: 0.844, logLoss: 0.405 },
    })
    if (most >= 3000)
      learned(all, trialOf(baseWorld, seed, 3000, 2000, extent), '3,000 labels', {
        'calibrated + family discount': { accuracy: 0.846, logLoss: 0.398 },
        '+ one temperature': { accuracy: 0.847, logLoss: 0.379 },
      })
    const low = trialOf({ ...baseWorld, copyFactor: 0.1 }, seed, 600, 2000, extent)
    all.row('low correlation', 'plurality', scoresOf(forecastsOf(low.test, plurality)), { accuracy: 0.884, logLoss: 0.7 })
    learned(all, low, 'low correlation', {
      'calibrated log-odds, no discount': { accuracy: 0.899, logLoss: 0.302 },
      'calibrated + family discount': { accuracy: 0.899, logLoss: 0.292 },
      '+ one temperature': { accuracy: 0.9, logLoss: 0.254 },
    })
  }
  return all.table('9.1', 'kinds of pool, base world')
}

function learningFree(all: Gathered, { labelled, test }: Trial): void {
  const counts = [0, 1, 2, 3].map((option) => labelled.filter(({ label }) => label === option).length + 1)
  const lnPi = counts.map((count) => Math.log(count / (labelled.length + 4)))
  const world = '600 labels'
  const forecasts: [string, Parameters<typeof forecastsOf>[1], Goal][] = [
    ['plurality', plurality, { accuracy: 0.75, logLoss: 0.756, brier: 0.387, ece: 0.177 }],
    ['confidence-weighted vote', confidenceWeighted, { accuracy: 0.725, logLoss: 0.741, brier: 0.384, ece: 0.171 }],
    ['linear pool of stated distributions', linearPool, { accuracy: 0.715, logLoss: 0.895, brier: 0.465, ece: 0.259 }],
    ['equal log pool', equalLogPool, { accuracy: 0.7, logLoss: 0.878, brier: 0.455, ece: 0.222 }],
    ['sum of stated log-odds', (lead) => statedLogOdds(lead, lnPi), { accuracy: 0.708, logLoss: 1.922, brier: 0.503, ece: 0.231 }],
    ['Hedge mixture', hedge(labelled), { accuracy: 0.649, logLoss: 0.95, brier: 0.493, ece: 0.06 }],
  ]
  for (const [method, pool, goal] of forecasts) all.row(world, method, scoresOf(forecastsOf(test, pool)), goal)
  const loudest = test.map((lead) => mostConfident(lead).option === lead.truth)
  all.row(world, 'most confident agent wins', scoresOfChoices(loudest), { accuracy: 0.631 })
  const kept = test.map((lead) => ({ ...keepConfident(lead), truth: lead.truth }))
  all.row(world, 'keep >= .7, confidence vote', scoresOfChoices(kept.map(({ option, truth }) => option === truth)), { accuracy: 0.676 })
  const claims = kept.flatMap(({ claim }) => (claim === undefined ? [] : [claim]))
  all.figure('what keep >= .7 claims', claims.reduce((sum, claim) => sum + claim, 0) / claims.length, 0.853, tolerance.accuracy)
  all.row(world, 'best single agent in hindsight', { accuracy: bestSingle(test), logLoss: NaN, brier: NaN, ece: NaN }, { accuracy: 0.688 })
}

function learned(all: Gathered, { world: agents, labelled, test }: Trial, world: string, goals: Record<string, Goal>): void {
  const row = (method: string, forecasts: Parameters<typeof scoresOf>[0]) => {
    all.row(world, method, scoresOf(forecasts), goals[method])
  }
  const learning = (model: ReturnType<typeof labFit>) => {
    const forecasts = labPoolLearning(model, test)
    return test.map(({ truth }, index) => ({ probabilities: forecasts[index] ?? [], truth }))
  }
  const bare = labFit(agents, { leads: labelled }, { ...accuracyRules, discount: 'none' })
  row(
    'calibrated log-odds, no discount',
    forecastsOf(test, (lead) => labPool(bare, lead)),
  )
  row('learned weights, no discount', learning(bare))
  const discounted = labFit(agents, { leads: labelled }, accuracyRules)
  row(
    'calibrated + family discount',
    forecastsOf(test, (lead) => labPool(discounted, lead)),
  )
  const tempered = labFit(agents, { leads: labelled }, { ...accuracyRules, temperature: 'plain' })
  row(
    '+ one temperature',
    forecastsOf(test, (lead) => labPool(tempered, lead)),
  )
  row('+ exponentiated-gradient weights', learning(discounted))
  const { policy } = shippedFit(agents, labelled, { shares: lastThird })
  const shipped = shippedForecasts(agents, policy, test)
  row('as shipped (fit and pool)', shipped)
  if (world !== '600 labels') return
  // What the calibration error of these very probabilities would be by chance, were they exactly true.
  const random = seededRandom(labelled.length, 'null')
  const confidences = topClaims(shipped).map(({ confidence }) => confidence)
  all.figure('ECE as shipped if it were exactly true', nullError(confidences, widthBins, () => random.next(), 100).mean)
}
