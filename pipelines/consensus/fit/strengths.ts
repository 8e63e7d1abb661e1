/**
 * Strength of a vote as lift over chance, in nats: per agent, per confidence bin, per option, each level drawn towards the
 * one above. An agent that always says the popular thing tends to 0, and without labels every strength is the cold table.
 * @source reference/consensus.md step 2
 */
import { exp, ln } from '../pinnedMath.ts'
import { leastRate } from './baseRates.ts'

/** Labels that the level above counts for: agent, bin, option. */
export const strengthShrinkage = { agent: 6, bin: 12, option: 12 } as const
/** Lift of an agent nobody has measured, nats. */
export const priorLift = 0.3
/** Strengths stay inside 0 .. 4 nats. */
export const largestStrength = 4

const bins = 5

/** A vote whose rightness somebody has judged. */
export interface JudgedVote {
  readonly bin: number
  readonly option: number
  readonly weight: number
  /** 1 if right, 0 if wrong; between when the label is a probability. */
  readonly right: number
  /** Base rate of the voted option at the stage of the item. */
  readonly rate: number
}

export interface StrengthRules {
  /** Strength by bin without labels, nats. */
  readonly cold: readonly number[]
  /** `option` measures every option apart, `bin` only the bins, `agent` the agent as a whole. */
  readonly cells: 'agent' | 'bin' | 'option'
  /** The least strength; below 0 a vote could count against its option, and the pool would not be monotone. */
  readonly floor: number
  readonly isotonic: boolean
}
/** As the production fit measures. */
export const strengthRules = (cold: readonly number[]): StrengthRules => ({ cold, cells: 'option', floor: 0, isotonic: true })

export interface Strengths {
  /** Lift of the agent as a whole, nats, before clipping. */
  readonly lift: number
  /** How often a parrot of its habits would be right. */
  readonly chance: number
  /** Share of right votes, by weight; NaN never: `undefined` without votes. */
  readonly rightShare: number | undefined
  /** By bin (0 first, for bin 1): options the agent was never heard on take this. Nats. */
  readonly byBin: readonly number[]
  /** By bin, then option, nats. */
  readonly byCell: readonly (readonly number[])[]
}

class Tally {
  weight = 0
  right = 0
  chance = 0
  add({ weight, right, rate }: JudgedVote): void {
    this.weight += weight
    this.right += weight * right
    this.chance += weight * rate
  }
}

/** The strengths of one agent. `rates` are the base rates over all stages: the chance of an option it was never heard on. */
export function strengthsOf(votes: readonly JudgedVote[], rates: readonly number[], rules: StrengthRules): Strengths {
  const whole = new Tally()
  const byBin = Array.from({ length: bins }, () => new Tally())
  const byCell = Array.from({ length: bins }, () => rates.map(() => new Tally()))
  for (const vote of votes) {
    whole.add(vote)
    byBin[vote.bin - 1]?.add(vote)
    byCell[vote.bin - 1]?.[vote.option]?.add(vote)
  }
  // Without any vote the chance has no part in the result: it is taken away as it was added.
  const chance = whole.weight > 0 ? whole.chance / whole.weight : 0.5
  const lift = level(whole, chance, strengthShrinkage.agent, priorLift)
  const binLevels = byBin.map((tally, index) => {
    const prior = lift + (rules.cold[index] ?? 0) - priorLift
    const expected = tally.weight > 0 ? tally.chance / tally.weight : chance
    return rules.cells === 'agent'
      ? { lift: prior, weight: 0 }
      : { lift: level(tally, expected, strengthShrinkage.bin, prior), weight: tally.weight }
  })
  const cells = byCell.map((row, index) => {
    const prior = binLevels[index]?.lift ?? 0
    return row.map((tally, option) =>
      rules.cells === 'option'
        ? {
            lift: level(tally, tally.weight > 0 ? tally.chance / tally.weight : (rates[option] ?? 0), strengthShrinkage.option, prior),
            weight: tally.weight,
          }
        : { lift: prior, weight: binLevels[index]?.weight ?? 0 },
    )
  })
  const finished = (levels: readonly { lift: number; weight: number }[], shrinkage: number): number[] => {
    const clipped = levels.map(({ lift: value }) => Math.min(largestStrength, Math.max(rules.floor, value)))
    return rules.isotonic
      ? risen(
          clipped,
          levels.map(({ weight }) => weight + shrinkage),
        )
      : clipped
  }
  const byOption = rates.map((_, option) =>
    finished(
      cells.map((row) => row[option] ?? { lift: 0, weight: 0 }),
      strengthShrinkage.option,
    ),
  )
  return {
    lift,
    chance,
    rightShare: whole.weight > 0 ? whole.right / whole.weight : undefined,
    byBin: finished(binLevels, strengthShrinkage.bin),
    byCell: byBin.map((_, index) => byOption.map((column) => column[index] ?? 0)),
  }
}

/** Log-odds of being right, drawn to `prior` above chance, minus the log-odds of chance. */
function level(tally: Tally, chance: number, shrinkage: number, prior: number): number {
  const by = logit(chance)
  return logit((tally.right + shrinkage * sigmoid(by + prior)) / (tally.weight + shrinkage)) - by
}

/** The closest values (least squares by weight) that never fall: weighted pool-adjacent-violators. */
export function risen(values: readonly number[], weights: readonly number[]): number[] {
  const blocks: { value: number; weight: number; length: number }[] = []
  values.forEach((value, index) => {
    let block = { value, weight: weights[index] ?? 1, length: 1 }
    for (let last = blocks.at(-1); last !== undefined && last.value > block.value; last = blocks.at(-1)) {
      const weight = last.weight + block.weight
      block = { value: (last.value * last.weight + block.value * block.weight) / weight, weight, length: last.length + block.length }
      blocks.pop()
    }
    blocks.push(block)
  })
  return blocks.flatMap(({ value, length }) => Array.from({ length }, () => value))
}

/** ln(p / (1 - p)), p kept within 1e-4 .. 1 - 1e-4. */
export function logit(p: number): number {
  const kept = Math.min(1 - leastRate, Math.max(leastRate, p))
  return ln(kept / (1 - kept))
}

export function sigmoid(x: number): number {
  return 1 / (1 + exp(-x))
}
