/** Table 9.2: raw accuracy against lift over chance, where some agents only repeat the popular option. */
import { labFit, labPool, labRules } from '../lab.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld, skewRates } from '../world.ts'
import type { WorldSpec } from '../world.ts'
import { forecastsOf, Gathered, goalOf, trialOf } from './common.ts'

type Pair = readonly [number, number]
const worlds: readonly (readonly [string, WorldSpec, Pair, Pair, Pair])[] = [
  ['40/30/20/10', baseWorld, [0.854, 0.386], [0.855, 0.377], [0.849, 0.39]],
  ['70/15/10/5', { ...baseWorld, rates: skewRates }, [0.897, 0.284], [0.904, 0.27], [0.895, 0.29]],
  ['same + 8 vacuous', { ...baseWorld, rates: skewRates, vacuous: 8 }, [0.778, 1.676], [0.89, 0.312], [0.882, 0.328]],
  [
    'same + 8 vacuous + bias .25',
    { ...baseWorld, rates: skewRates, vacuous: 8, bias: 0.25 },
    [0.724, 2.303],
    [0.859, 0.392],
    [0.857, 0.396],
  ],
]

export function liftTable(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec, accuracyGoal, binGoal, optionGoal] of worlds) {
      const { world, labelled, test } = trialOf(spec, seed, 600, 2000, extent)
      const methods = [
        ['accuracy-based', 'accuracy', accuracyGoal],
        ['lift, agent x bin', 'bin', binGoal],
        ['lift + option cells', 'option', optionGoal],
      ] as const
      for (const [method, strength, goal] of methods) {
        const model = labFit(world, { leads: labelled }, { ...labRules, strength, discount: 'common', floor: -1.5, isotonic: false })
        all.row(name, method, scoresOf(forecastsOf(test, (lead) => labPool(model, lead))), goalOf(...goal))
      }
      const { policy } = shippedFit(world, labelled, { shares: { temperature: 0.3, conformal: 0 } })
      all.row(name, 'as shipped (fit and pool)', scoresOf(shippedForecasts(world, policy, test)))
    }
  return all.table('9.2', 'raw accuracy against lift over chance, 600 labels')
}
