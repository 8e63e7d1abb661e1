/**
 * The best that can be done with votes and bins: the probabilities of somebody who knows how the world was drawn (families,
 * accuracies, copying, habits, overconfidence) but sees of a lead what the pool sees. The gap to it is what a pool leaves on
 * the table.
 * @source reference/consensus.md 7.2, 8.2
 */
import { softmaxOf } from './lab.ts'
import { chanceOf, confidenceCentre, logit, neighbourOf, optionCount, silent, timedOut } from './world.ts'
import type { SyntheticLead, World } from './world.ts'

/** Points over the difficulty, Normal(0, .8): 25 of equal distance out to four standard deviations. */
const points = Array.from({ length: 25 }, (_, index) => (-4 + index / 3) * 0.8)
const lnPointWeights = points.map((d) => -(d * d) / (2 * 0.64))
const confidenceSpread = 0.5
/** Below the first an agent may abstain; the others are the cut points of the bins. */
const cuts = [0.34, 0.4, 0.55, 0.7, 0.85]

/** Chance of being right and of showing each bin (0: abstaining), by difficulty point and true option. */
type Shown = readonly (readonly { readonly p: number; readonly bins: readonly number[] }[])[]

interface Tables {
  readonly own: readonly Shown[]
  readonly common: readonly Shown[]
}
const tablesOf = new WeakMap<World, Map<boolean, Tables>>()

/** Posterior of the options. `index` is the place of the lead in the stream, for worlds that drift. */
export function oracle(world: World, lead: SyntheticLead, index = 0): number[] {
  const drifted = index >= world.spec.driftAt
  let known = tablesOf.get(world)
  if (known === undefined) tablesOf.set(world, (known = new Map<boolean, Tables>()))
  let tables = known.get(drifted)
  if (tables === undefined) known.set(drifted, (tables = tabled(world, index)))
  const rows = points.map((_, point) => {
    const weight = lnPointWeights[point] ?? 0
    return world.spec.rates.map((rate, truth) => Math.log(rate) + weight + lnLikelihood(world, tables, lead, truth, point))
  })
  const top = Math.max(...rows.flat())
  return softmaxOf(
    world.spec.rates.map((_, truth) =>
      Math.log(
        Math.max(
          1e-300,
          rows.reduce((sum, row) => sum + Math.exp((row[truth] ?? -Infinity) - top), 0),
        ),
      ),
    ),
  )
}

function tabled(world: World, index: number): Tables {
  const { spec, agents, firstOf } = world
  const shown = (accuracy: number, family: number): Shown =>
    points.map((difficulty) =>
      spec.rates.map((_, truth) => {
        const rules = spec.families[family]
        const p = chanceOf(world, accuracy, family, truth, difficulty, index)
        // The confidence of loud agents says nothing, whoever they are.
        if (rules === undefined || rules.kind === 'wrong') return { p, bins: [1, 1, 1, 1, 1, 1] }
        const centre = confidenceCentre(rules, p, spec.optionSkill > 0)
        const [b34 = 0, b40 = 0, b55 = 0, b70 = 0, b85 = 0] = cuts.map((cut) => normalBelow((logit(cut) - centre) / confidenceSpread))
        return { p, bins: [0.7 * b34, 0.3 * b34 + b40 - b34, b55 - b40, b70 - b55, b85 - b70, 1 - b85] }
      }),
    )
  return {
    own: agents.map(({ accuracy, family }) => shown(accuracy, family)),
    common: spec.families.map((_, family) => shown(agents[firstOf[family] ?? 0]?.accuracy ?? 0.5, family)),
  }
}

function lnLikelihood(world: World, { own, common }: Tables, lead: SyntheticLead, truth: number, point: number): number {
  const { spec, agents, firstOf } = world
  const { bias } = spec
  let total = 0
  spec.families.forEach((rules, family) => {
    const copy = rules.copy * spec.copyFactor
    const shared = common[family]?.[point]?.[truth]
    if (shared === undefined) return
    const products = Array.from({ length: optionCount }, (_, option) => voteChance(world, option, truth, shared.p))
    const first = firstOf[family] ?? 0
    for (let column = first; column < first + rules.size; column++) {
      const vote = lead.vote[column] ?? timedOut
      const agent = agents[column]
      const alone = own[column]?.[point]?.[truth]
      if (vote === timedOut || agent === undefined || agent.vacuous || alone === undefined) continue
      const bin = vote === silent ? 0 : (lead.bin[column] ?? 1)
      const habit = vote === silent ? 1 : bias * Number(vote === agent.favourite)
      const free = vote === silent ? 0 : 1 - bias
      const itself = (1 - copy) * (alone.bins[bin] ?? 0) * (habit + free * (vote === silent ? 0 : voteChance(world, vote, truth, alone.p)))
      const copied = copy * (shared.bins[bin] ?? 0)
      for (let option = 0; option < optionCount; option++)
        products[option] = (products[option] ?? 0) * (itself + copied * (habit + free * Number(vote === option)))
    }
    total += Math.log(
      Math.max(
        1e-300,
        products.reduce((sum, product) => sum + product, 0),
      ),
    )
  })
  return total
}

/** Probability that a draw with chance p of being right lands on an option. */
function voteChance(world: World, option: number, truth: number, p: number): number {
  if (option === truth) return p
  const { concentration } = world.spec
  return (1 - p) * (concentration * Number(option === neighbourOf(truth)) + (1 - concentration) / (optionCount - 1))
}

/** P(Z < z) for a standard normal, within 1e-7. @source Abramowitz and Stegun 26.2.17 */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z >= 0 ? 1 - tail : tail
}
