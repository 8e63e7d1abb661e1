/** Table 9.4: ways to discount voters that err together. Table 9.5: the same with families declared wrongly. */
import { suggestedFamilies } from '../../../pipelines/consensus/fit/correlations.ts'
import { seededRandom } from '../../../simulate/seededRandom.ts'
import { declaredFamilies, labFit, labMatrix, labPool, labRules } from '../lab.ts'
import type { Discount } from '../lab.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent, Goal } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld, skewRates } from '../world.ts'
import type { SyntheticLead, World, WorldSpec } from '../world.ts'
import { forecastsOf, Gathered, goalOf, trialOf } from './common.ts'

const mixed: WorldSpec = { ...baseWorld, rates: skewRates, vacuous: 4, bias: 0.1 }
const goal = (accuracy: number, logLoss: number, brier: number): Goal => ({ accuracy, logLoss, brier })

const discounts: readonly (readonly [string, Discount, number, Goal, Goal])[] = [
  ['common factor for the family', 'common', -1.5, goal(0.853, 0.391, 0.205), goal(0.894, 0.304, 0.159)],
  ['sorted marginal n_eff within (family, option)', 'sorted', -1.5, goal(0.86, 0.39, 0.199), goal(0.897, 0.291, 0.153)],
  ['the same, floor 0', 'sorted', 0, goal(0.859, 0.393, 0.201), goal(0.898, 0.293, 0.153)],
  ['sorted marginal n_eff across the family', 'sortedFamily', -1.5, goal(0.844, 0.429, 0.22), goal(0.887, 0.312, 0.165)],
  ['strongest vote per (family, option)', 'strongest', -1.5, goal(0.846, 0.392, 0.208), goal(0.873, 0.358, 0.187)],
]

export function discountTable(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec, place] of [
      ['40/30/20/10', baseWorld, 3],
      ['70/15/10/5 + 4 vacuous + bias .10', mixed, 4],
    ] as const) {
      const { world, labelled, test } = trialOf(spec, seed, 400, 1200, extent)
      for (const row of discounts) {
        const [method, discount, floor] = row
        const model = labFit(world, { leads: labelled }, { ...labRules, discount, floor })
        all.row(name, method, scoresOf(forecastsOf(test, (lead) => labPool(model, lead))), row[place])
      }
      const { policy } = shippedFit(world, labelled, { shares: { temperature: 0, conformal: 0 } })
      all.row(name, 'as shipped, without temperature', scoresOf(shippedForecasts(world, policy, test)))
    }
  return all.table('9.4', 'how to discount, 400 labels, no temperature')
}

export function familiesTable(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds) {
    const { world, labelled, test } = trialOf(baseWorld, seed, 600, 2000, extent)
    const random = seededRandom(seed, 'families')
    const declared = declaredFamilies(world)
    const variants: [string, number[], [number, number], [number, number]][] = [
      ['correct', declared, [0.852, 0.387], [0.854, 0.367]],
      // The largest family in two halves.
      [
        'one family split in two',
        declared.map((family, agent) => (family === 0 && agent >= 6 ? 7 : family)),
        [0.833, 0.468],
        [0.835, 0.394],
      ],
      ['learned', learnedFamilies(world, labelled), [0.85, 0.409], [0.852, 0.367]],
      ['all in one', declared.map(() => 0), [0.784, 0.505], [0.786, 0.493]],
      ['random', declared.map(() => random.between(0, 6)), [0.77, 1.094], [0.79, 0.477]],
      ['none', declared.map((_, agent) => agent), [0.767, 1.222], [0.788, 0.482]],
    ]
    for (const [method, familyOf, plain, tempered] of variants)
      for (const [name, temperature, goals] of [
        ['no temperature', 'none', plain],
        ['with temperature', 'plain', tempered],
      ] as const) {
        const model = labFit(world, { leads: labelled, familyOf }, { ...labRules, strength: 'accuracy', discount: 'common', temperature })
        all.row(name, method, scoresOf(forecastsOf(test, (lead) => labPool(model, lead))), goalOf(...goals))
      }
  }
  return all.table('9.5', 'families misdeclared, accuracy strength, common discount, 600 labels')
}

/** Families read from the errors alone: nobody is declared to belong to anybody. */
function learnedFamilies(world: World, labelled: readonly SyntheticLead[]): number[] {
  const alone = world.agents.map((_, agent) => agent)
  const { clusters } = suggestedFamilies(labMatrix(world, labelled, alone))
  return world.agents.map(({ name }) => clusters.findIndex((members) => members.includes(name)))
}
