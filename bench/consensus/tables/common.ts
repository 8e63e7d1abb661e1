/** What the tables share: leads for training and testing of one seed, and rows gathered over seeds. */
import type { Forecast } from '../../../pipelines/consensus/scores/properScores.ts'
import { oracle } from '../oracle.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent, Figure, Goal, Row, Scores } from '../measure.ts'
import { drawLeads, drawWorld } from '../world.ts'
import type { SyntheticLead, World, WorldSpec } from '../world.ts'

/** The oracle costs a millisecond a lead; this many say enough. */
const oracleLeads = 500

export interface Trial {
  readonly world: World
  readonly labelled: readonly SyntheticLead[]
  readonly test: readonly SyntheticLead[]
}

/** One seed of a world: its agents, labelled leads and other leads to test on. */
export function trialOf(spec: WorldSpec, seed: number, labels: number, tests: number, { scale }: Extent): Trial {
  const world = drawWorld(spec, seed)
  return { world, labelled: drawLeads(world, seed, 'labelled', labels), test: drawLeads(world, seed, 'test', Math.round(tests * scale)) }
}

export function forecastsOf(leads: readonly SyntheticLead[], pool: (lead: SyntheticLead) => readonly number[]): Forecast[] {
  return leads.map((lead) => ({ probabilities: pool(lead), truth: lead.truth }))
}

export function oracleScores({ world, test }: Trial): Scores {
  return scoresOf(forecastsOf(test.slice(0, oracleLeads), (lead) => oracle(world, lead)))
}

/** Goals as the reference writes them: accuracy, log loss, calibration error. */
export function goalOf(accuracy: number, logLoss?: number, ece?: number): Goal {
  return { accuracy, ...(logLoss === undefined ? {} : { logLoss }), ...(ece === undefined ? {} : { ece }) }
}

/** Collects scores by world and method over seeds, in the order in which they first come. */
export class Gathered {
  readonly #rows = new Map<string, { world: string; method: string; seeds: Scores[]; goal: Goal | undefined }>()
  readonly #figures = new Map<string, { what: string; seeds: number[]; goal: number | undefined; within: number | undefined }>()

  row(world: string, method: string, scores: Scores, goal?: Goal): void {
    const key = `${world}\n${method}`
    const row = this.#rows.get(key)
    if (row === undefined) this.#rows.set(key, { world, method, seeds: [scores], goal })
    else row.seeds.push(scores)
  }

  /** `within`: how far from the goal it may be, where a spread is stated. */
  figure(what: string, value: number, goal?: number, within?: number): void {
    const figure = this.#figures.get(what)
    if (figure === undefined) this.#figures.set(what, { what, seeds: [value], goal, within })
    else figure.seeds.push(value)
  }

  table(id: string, title: string): BenchTable {
    const rows = [...this.#rows.values()].map(({ goal, ...row }): Row => (goal === undefined ? row : { ...row, goal }))
    const figures = [...this.#figures.values()].map(({ goal, within, ...figure }): Figure => ({
      ...figure,
      ...(goal === undefined ? {} : { goal }),
      ...(within === undefined ? {} : { within }),
    }))
    return { id, title, rows, figures }
  }
}
