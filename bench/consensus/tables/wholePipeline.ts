/** Table 9.3: the whole fit and pool, in worlds that break the symmetric error model. */
import { confusionRows, plurality } from '../baselines.ts'
import { labFit, labPool, labRules } from '../lab.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld } from '../world.ts'
import type { WorldSpec } from '../world.ts'
import { forecastsOf, Gathered, goalOf, oracleScores, trialOf } from './common.ts'

type Three = readonly [number, number, number]
export const symmetric: WorldSpec = { ...baseWorld, rates: [0.5, 0.25, 0.15, 0.1] }
const concentrated: WorldSpec = { ...symmetric, concentration: 0.8 }
const skilled: WorldSpec = { ...concentrated, optionSkill: 1, vacuous: 4 }

/** Per world and number of labels: plurality, accuracy strength, agent x bin, as shipped, confusion rows. */
const goals: readonly (readonly [string, WorldSpec, number, Three, Three, Three, Three, Three])[] = [
  [
    'symmetric',
    symmetric,
    150,
    [0.717, 0.823, 0.169],
    [0.837, 0.419, 0.028],
    [0.839, 0.418, 0.029],
    [0.833, 0.428, 0.03],
    [0.815, 0.505, 0.038],
  ],
  [
    'symmetric',
    symmetric,
    600,
    [0.715, 0.824, 0.167],
    [0.844, 0.394, 0.02],
    [0.844, 0.395, 0.024],
    [0.841, 0.397, 0.025],
    [0.827, 0.468, 0.032],
  ],
  [
    'symmetric',
    symmetric,
    3000,
    [0.711, 0.829, 0.165],
    [0.845, 0.392, 0.021],
    [0.846, 0.392, 0.023],
    [0.844, 0.396, 0.022],
    [0.83, 0.45, 0.022],
  ],
  [
    'concentrated',
    concentrated,
    150,
    [0.569, 0.828, 0.068],
    [0.685, 0.643, 0.069],
    [0.693, 0.624, 0.076],
    [0.711, 0.608, 0.06],
    [0.693, 0.623, 0.096],
  ],
  [
    'concentrated',
    concentrated,
    600,
    [0.58, 0.815, 0.061],
    [0.698, 0.616, 0.055],
    [0.703, 0.602, 0.068],
    [0.745, 0.597, 0.062],
    [0.734, 0.52, 0.047],
  ],
  [
    'concentrated',
    concentrated,
    3000,
    [0.567, 0.829, 0.061],
    [0.702, 0.618, 0.058],
    [0.708, 0.605, 0.059],
    [0.744, 0.615, 0.065],
    [0.743, 0.505, 0.039],
  ],
  [
    '+ option skill + 4 vacuous',
    skilled,
    150,
    [0.67, 0.742, 0.086],
    [0.736, 0.599, 0.073],
    [0.797, 0.467, 0.055],
    [0.864, 0.326, 0.038],
    [0.784, 0.532, 0.078],
  ],
  [
    '+ option skill + 4 vacuous',
    skilled,
    600,
    [0.666, 0.73, 0.09],
    [0.77, 0.543, 0.079],
    [0.826, 0.406, 0.036],
    [0.877, 0.299, 0.032],
    [0.827, 0.388, 0.038],
  ],
  [
    '+ option skill + 4 vacuous',
    skilled,
    3000,
    [0.652, 0.757, 0.071],
    [0.776, 0.543, 0.085],
    [0.822, 0.405, 0.034],
    [0.891, 0.276, 0.03],
    [0.864, 0.309, 0.017],
  ],
]

/** `most` leaves out the rows with more labels. */
export function wholePipeline(extent: Extent, most = 3000): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec, labels, pluralityGoal, accuracyGoal, binGoal, shippedGoal, confusionGoal] of goals) {
      if (labels > most) continue
      const trial = trialOf(spec, seed, labels, 1500, extent)
      const { world, labelled, test } = trial
      const row = `${name}, ${labels}`
      all.row(row, 'plurality', scoresOf(forecastsOf(test, plurality)), goalOf(...pluralityGoal))
      for (const [method, strength, goal] of [
        ['accuracy strength', 'accuracy', accuracyGoal],
        ['lift, agent x bin', 'bin', binGoal],
      ] as const) {
        const model = labFit(world, { leads: labelled }, { ...labRules, strength, temperature: 'penalised' })
        all.row(row, method, scoresOf(forecastsOf(test, (lead) => labPool(model, lead))), goalOf(...goal))
      }
      const { policy } = shippedFit(world, labelled, { shares: { temperature: 0.3, conformal: 0 } })
      all.row(row, 'as shipped: lift, agent x bin x option', scoresOf(shippedForecasts(world, policy, test)), goalOf(...shippedGoal))
      all.row(row, 'full confusion rows', scoresOf(forecastsOf(test, confusionRows(world, { leads: labelled }))), goalOf(...confusionGoal))
      if (labels === 600) all.row(row, 'oracle', oracleScores(trial))
    }
  return all.table('9.3', 'the whole pipeline, base rates 50/25/15/10')
}
