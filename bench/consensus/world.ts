/**
 * Synthetic agents and leads with a known truth, drawn from one seed: 37 agents in seven families that copy each other,
 * overstate themselves, time out and abstain, and the ways in which a world can be worse than that. Everything that is
 * measured here is synthetic: orderings and failure modes carry over to real leads, decimals do not.
 * @source reference/consensus.md 8
 */
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { SeededRandom } from '../../simulate/seededRandom.ts'

export const optionCount = 4

export interface FamilySpec {
  readonly name: string
  readonly size: number
  /** Probability of taking over the family's common draw. */
  readonly copy: number
  readonly overconfidence: number
  /** `noise` takes .25 or .18 as accuracy, `wrong` .12 to .22 with confidence about .85. */
  readonly kind?: 'noise' | 'wrong'
}

export const baseFamilies: readonly FamilySpec[] = [
  { name: 'personas', size: 12, copy: 0.75, overconfidence: 2.2 },
  { name: 'scores', size: 6, copy: 0.5, overconfidence: 1.0 },
  { name: 'behaviour', size: 6, copy: 0.4, overconfidence: 1.3 },
  { name: 'timing', size: 4, copy: 0.3, overconfidence: 0.8 },
  { name: 'compliance', size: 3, copy: 0.2, overconfidence: 1.0 },
  { name: 'routing', size: 3, copy: 0.3, overconfidence: 1.2 },
  { name: 'noise', size: 3, copy: 0, overconfidence: 2.5, kind: 'noise' },
]
export const loudWrongFamilies: readonly FamilySpec[] = [
  { name: 'personas', size: 12, copy: 0.7, overconfidence: 2.2 },
  { name: 'scores', size: 6, copy: 0.5, overconfidence: 1.0 },
  { name: 'behaviour', size: 5, copy: 0.4, overconfidence: 1.3 },
  { name: 'wrong', size: 10, copy: 0.6, overconfidence: 1.0, kind: 'wrong' },
  { name: 'timing', size: 4, copy: 0.3, overconfidence: 1.2 },
]

export interface WorldSpec {
  readonly name: string
  readonly rates: readonly number[]
  readonly families: readonly FamilySpec[]
  /** Accuracy of a family is uniform in here, of its members normal around it. */
  readonly accuracy: readonly [number, number]
  readonly spread: number
  /** Agents that always vote option 0 with confidence .8. */
  readonly vacuous: number
  /** Probability with which a vote is replaced by the agent's favourite. */
  readonly bias: number
  /** Factor on all copy probabilities. */
  readonly copyFactor: number
  /** Wrong votes land on the neighbour with this probability, else on any wrong option; 0 = symmetric. */
  readonly concentration: number
  /** Standard deviation of the skill of a family by true option. */
  readonly optionSkill: number
  /** From this lead on family `scores` has accuracy .25. */
  readonly driftAt: number
  /** Standard deviation of the skill of a family by kind of lead; a lead is of one of two kinds, and nobody is told which. */
  readonly leadSkill: number
  /** Share of leads on which a whole family, drawn anew each time, does not answer. */
  readonly outage: number
  /** Share of labels that are wrong (another option, uniformly). */
  readonly wrongLabels: number
}

export const baseWorld: WorldSpec = {
  name: '40/30/20/10',
  rates: [0.4, 0.3, 0.2, 0.1],
  families: baseFamilies,
  accuracy: [0.45, 0.65],
  spread: 0.06,
  vacuous: 0,
  bias: 0,
  copyFactor: 1,
  concentration: 0,
  optionSkill: 0,
  driftAt: Infinity,
  leadSkill: 0,
  outage: 0,
  wrongLabels: 0,
}
export const skewRates = [0.7, 0.15, 0.1, 0.05]

/** Kinds of lead, where skill depends on them. */
const kinds = [0, 1] as const

/** A drawn world: who the agents are. */
export interface World {
  readonly spec: WorldSpec
  readonly agents: readonly {
    readonly name: string
    readonly family: number
    readonly accuracy: number
    readonly vacuous: boolean
    readonly favourite: number
  }[]
  /** Index of the first agent of each family: its accuracy is that of the common draw. */
  readonly firstOf: readonly number[]
  /** Logit offset by family and true option. */
  readonly skill: readonly (readonly number[])[]
  /** Logit offset by family and kind of lead. */
  readonly skillByKind: readonly (readonly number[])[]
}

/** An answer: option 0 to 3, or why there is none. */
export const timedOut = -1
export const silent = -2

export interface SyntheticLead {
  readonly truth: number
  /** What the auditor says: the truth, or a wrong label. */
  readonly label: number
  readonly vote: Int8Array
  /** Stated confidence; of an abstention what it would have been. */
  readonly confidence: Float64Array
  readonly bin: Int8Array
}

export function drawWorld(spec: WorldSpec, seed: number): World {
  const random = seededRandom(seed, 'world')
  const firstOf: number[] = []
  const agents: World['agents'][number][] = []
  spec.families.forEach(({ size, kind, name }, family) => {
    firstOf.push(agents.length)
    const centre = spec.accuracy[0] + (spec.accuracy[1] - spec.accuracy[0]) * random.next()
    for (let member = 0; member < size; member++) {
      const accuracy =
        kind === 'noise'
          ? random.chance(0.5)
            ? 0.25
            : 0.18
          : kind === 'wrong'
            ? 0.12 + 0.1 * random.next()
            : clip(centre + spec.spread * normal(random), 0.27, 0.8)
      agents.push({ name: `${name}_${String(member).padStart(2, '0')}`, family, accuracy, vacuous: false, favourite: random.between(0, 3) })
    }
  })
  const candidates = agents.flatMap(({ family }, index) => (family > 0 ? [index] : []))
  const parrots = new Set<number>()
  while (parrots.size < Math.min(spec.vacuous, candidates.length)) parrots.add(candidates[random.between(0, candidates.length - 1)] ?? 0)
  const skill = spec.families.map(() => spec.rates.map(() => spec.optionSkill * normal(random)))
  // Drawn last and only where it counts: other worlds keep their numbers.
  const skillByKind = spec.families.map(() => kinds.map(() => (spec.leadSkill > 0 ? spec.leadSkill * normal(random) : 0)))
  return { spec, firstOf, skill, skillByKind, agents: agents.map((agent, index) => ({ ...agent, vacuous: parrots.has(index) })) }
}

export interface Draw {
  readonly option: number
  readonly p: number
}

/** `count` leads of a world from the stream of numbers that `name` opens; `from` counts for the drift. */
export function drawLeads(world: World, seed: number, name: string, count: number, from = 0): SyntheticLead[] {
  const random = seededRandom(seed, 'leads', name)
  // What is wrong in some worlds only has numbers of its own: otherwise they have the same leads, and are compared on these.
  const faults = seededRandom(seed, 'faults', name)
  return Array.from({ length: count }, (_, index) => drawLead(world, random, faults, from + index))
}

function drawLead(world: World, random: SeededRandom, faults: SeededRandom, index: number): SyntheticLead {
  const { spec, agents, firstOf } = world
  const truth = categorical(spec.rates, random)
  const difficulty = 0.8 * normal(random)
  const kind = spec.leadSkill > 0 ? faults.between(0, kinds.length - 1) : 0
  const draw = (accuracy: number, family: number): Draw => {
    const p = chanceOf(world, accuracy, family, truth, difficulty, index, kind)
    return { option: random.chance(p) ? truth : wrongOption(truth, spec.concentration, random), p }
  }
  const common = spec.families.map((_, family) => draw(agents[firstOf[family] ?? 0]?.accuracy ?? 0.5, family))
  const down = spec.outage > 0 && faults.chance(spec.outage) ? faults.between(0, spec.families.length - 1) : -1
  const vote = new Int8Array(agents.length)
  const confidence = new Float64Array(agents.length)
  const bin = new Int8Array(agents.length)
  agents.forEach(({ family, accuracy, vacuous, favourite }, column) => {
    const rules = spec.families[family] as FamilySpec
    const { option, p } = random.chance(rules.copy * spec.copyFactor) ? (common[family] as Draw) : draw(accuracy, family)
    const sure =
      rules.kind === 'wrong'
        ? clip(0.85 + 0.05 * normal(random), 0.5, 0.97)
        : clip(sigma(confidenceCentre(rules, p, spec.optionSkill > 0) + 0.5 * normal(random)), 0.26, 0.99)
    const missing = random.chance(0.08) || family === down
    const abstains = sure < 0.34 && random.chance(0.7)
    const replaced = random.chance(spec.bias)
    const stated = vacuous ? 0.8 : sure
    vote[column] = missing ? timedOut : vacuous ? 0 : abstains ? silent : replaced ? favourite : option
    confidence[column] = stated
    bin[column] = binOf(stated)
  })
  const label = spec.wrongLabels > 0 && faults.chance(spec.wrongLabels) ? wrongOption(truth, 0, faults) : truth
  return { truth, label, vote, confidence, bin }
}

/** Probability that an agent of this accuracy is right on a lead. */
export function chanceOf(
  world: World,
  accuracy: number,
  family: number,
  truth: number,
  difficulty: number,
  index: number,
  kind = 0,
): number {
  const drifted = index >= world.spec.driftAt && world.spec.families[family]?.name === 'scores' ? 0.25 : accuracy
  return sigma(logit(drifted) - difficulty + (world.skill[family]?.[truth] ?? 0) + (world.skillByKind[family]?.[kind] ?? 0))
}

/** Where the logit of a stated confidence is centred. */
export function confidenceCentre({ overconfidence }: FamilySpec, p: number, optionSkill: boolean): number {
  const seen = optionSkill ? clip(p, 0.26, 0.97) : Math.max(p, 0.26)
  return overconfidence * logit(seen) + (overconfidence > 2 ? 0.6 : 0)
}

function wrongOption(truth: number, concentration: number, random: SeededRandom): number {
  if (concentration > 0 && random.chance(concentration)) return neighbourOf(truth)
  const other = random.between(0, optionCount - 2)
  return other >= truth ? other + 1 : other
}

/** 0 and 1 are taken for each other, and 2 and 3. */
export function neighbourOf(option: number): number {
  return option ^ 1
}

/** Confidence to bin by the cut points .40 .55 .70 .85. */
export function binOf(confidence: number): number {
  return confidence < 0.4 ? 1 : confidence < 0.55 ? 2 : confidence < 0.7 ? 3 : confidence < 0.85 ? 4 : 5
}

export function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

export function sigma(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

export function logit(p: number): number {
  return Math.log(p / (1 - p))
}

/** A standard normal number (Box and Muller; one of the pair). */
export function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

function categorical(rates: readonly number[], random: SeededRandom): number {
  let left = random.next()
  return Math.max(
    0,
    rates.findIndex((rate) => (left -= rate) < 0),
  )
}
