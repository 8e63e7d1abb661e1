/** Table 9.6: which labels to learn from. Table 9.7: how the first labels move the shipped prior. */
import { inclusionOf, labelWeights } from '../../../pipelines/consensus/fit/labelWeights.ts'
import { seededRandom } from '../../../simulate/seededRandom.ts'
import { coldFlat, coldSlope, declaredFamilies, labFit, labPool, labRules, priorRho } from '../lab.ts'
import type { LabRules } from '../lab.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts, shippedRates } from '../shipped.ts'
import { baseWorld, skewRates } from '../world.ts'
import type { SyntheticLead, World, WorldSpec } from '../world.ts'
import { forecastsOf, Gathered, goalOf, trialOf } from './common.ts'

const mixed: WorldSpec = { ...baseWorld, rates: skewRates, vacuous: 4, bias: 0.1 }
const randomShare = 0.02
const rules: LabRules = { ...labRules, discount: 'common', floor: -1.5, isotonic: false }

/** A labelled lead with the probability that it came to be labelled; 1 for all = unweighted. */
interface Label {
  readonly lead: SyntheticLead
  readonly inclusion: number
}

export function whichLabels(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds) {
    const { world, labelled: stream, test } = trialOf(mixed, seed, 5000, 2000, extent)
    const rho = priorRho(world, declaredFamilies(world))
    const prior = { rates: shippedRates, labels: 4 }
    const cold = labFit(world, { leads: [], rho, prior }, rules)
    const tops = stream.map((lead) => Math.max(...labPool(cold, lead)))
    const limit = [...tops].sort((a, b) => a - b)[Math.floor(stream.length / 10)] ?? 0
    const escalated = tops.map((top) => top < limit)
    const audited = auditsOf(seed, stream.length, randomShare)
    const both = stream.flatMap((lead, index): Label[] =>
      escalated[index] === true || audited.has(index) ? [{ lead, inclusion: inclusionOf([randomShare, Number(escalated[index])]) }] : [],
    )
    const picked = (indices: ReadonlySet<number>): Label[] =>
      stream.flatMap((lead, index) => (indices.has(index) ? [{ lead, inclusion: 1 }] : []))
    const lowest = new Set(escalated.flatMap((is, index) => (is ? [index] : [])))
    const sets: [string, Label[], [number, number, number]][] = [
      ['none', [], [0.805, 0.529, 0.094]],
      ['500 escalated only', picked(lowest), [0.599, 1.29, 0.153]],
      ['100 random (2 %)', picked(audited), [0.865, 0.386, 0.021]],
      ['both, unweighted', both.map(({ lead }) => ({ lead, inclusion: 1 })), [0.756, 0.643, 0.06]],
      ['both, weighted by 1 / inclusion', both, [0.87, 0.376, 0.022]],
      ['500 random (10 %)', picked(auditsOf(seed, stream.length, 0.1)), [0.871, 0.368, 0.028]],
      ['all 5,000', picked(new Set(stream.keys())), [0.875, 0.357, 0.032]],
    ]
    for (const [method, labels, goal] of sets) {
      const weights = labelWeights(
        labels.map(({ inclusion }) => ({ inclusion, at: 0 })),
        0,
        60,
      )
      const model = labFit(world, { leads: labels.map(({ lead }) => lead), weights, rho, prior }, rules)
      all.row('lift, agent x bin, common', method, scoresOf(forecastsOf(test, (lead) => labPool(model, lead))), goalOf(...goal))
    }
    for (const [method, labels] of sets) all.row('as shipped', method, shippedScores(world, labels, test))
  }
  return all.table('9.6', 'which labels, 70/15/10/5, 4 vacuous, bias .10')
}

function shippedScores(world: World, labels: readonly Label[], test: readonly SyntheticLead[]): ReturnType<typeof scoresOf> {
  const { policy } = shippedFit(
    world,
    labels.map(({ lead }) => lead),
    { inclusionOf: (index) => labels[index]?.inclusion ?? 1 },
  )
  return scoresOf(shippedForecasts(world, policy, test))
}

/** A random audit of exactly this share. */
function auditsOf(seed: number, count: number, share: number): Set<number> {
  const random = seededRandom(seed, 'audit', share)
  const ranked = Array.from({ length: count }, (_, index) => ({ index, key: random.next() })).sort((a, b) => a.key - b.key)
  return new Set(ranked.slice(0, Math.round(count * share)).map(({ index }) => index))
}

type Pair = readonly [number, number]
/** By number of labels: flat prior and bin offset in the base world, then in the mixed one. */
const coldGoals: readonly (readonly [number, Pair, Pair, Pair, Pair])[] = [
  [0, [0.815, 0.597], [0.833, 0.438], [0.775, 0.538], [0.806, 0.583]],
  [30, [0.847, 0.453], [0.848, 0.441], [0.861, 0.401], [0.864, 0.416]],
  [100, [0.852, 0.43], [0.851, 0.422], [0.879, 0.336], [0.881, 0.343]],
  [600, [0.856, 0.383], [0.856, 0.381], [0.884, 0.32], [0.884, 0.325]],
]

export function coldStart(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec, rates, place] of [
      ['40/30/20/10', baseWorld, baseWorld.rates, 1],
      ['70/15/10/5 + 4 vacuous + bias .10', mixed, shippedRates, 3],
    ] as const) {
      const { world, labelled, test } = trialOf(spec, seed, 600, 1200, extent)
      for (const row of coldGoals) {
        const [labels] = row
        const leads = labelled.slice(0, labels)
        const where = `${name}, ${labels}`
        for (const [method, cold, goal] of [
          ['flat prior .3', coldFlat, row[place]],
          ['bin offset c_b', coldSlope, row[place === 1 ? 2 : 4]],
        ] as const) {
          const model = labFit(world, { leads, prior: { rates, labels: 20 } }, { ...labRules, cold })
          all.row(where, method, scoresOf(forecastsOf(test, (lead) => labPool(model, lead))), goalOf(...goal))
        }
        const { policy } = shippedFit(world, leads, { rates })
        all.row(where, 'as shipped (fit and pool)', scoresOf(shippedForecasts(world, policy, test)))
      }
    }
  return all.table('9.7', 'cold start and few random labels')
}
