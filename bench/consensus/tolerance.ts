/**
 * Whether a row comes out as its target within the spread that the reference allows for other random numbers, and for what does
 * not, whether two runs over as many worlds differ by as much.
 * @source reference/consensus.md 9: accuracy +-.035, log loss +-.06, calibration error +-.015; a log loss above 1 only has to be
 * above 1; differences of accuracy between methods on the same leads +-.025
 */
import { meanOf } from './measure.ts'
import type { BenchTable, Figure, Row, Scores } from './measure.ts'

export const tolerance = { accuracy: 0.035, logLoss: 0.06, ece: 0.015 } as const
export const pairedTolerance = 0.025
/** Normal 97.5 % point. */
const Z_95 = 1.96
/** Targets have three places. */
const HALF_A_PLACE = 0.0005

export interface Deviation {
  readonly what: string
  /** Measured minus target. */
  readonly by: number
  /** Two runs over as many worlds differ by no more than this in 95 of 100. */
  readonly chance: number
}
/** `undefined` where there is nothing to compare, or no spread is stated. */
export type Verdict = readonly Deviation[] | undefined

const names = { accuracy: 'accuracy', logLoss: 'log loss', ece: 'ECE' } as const

/** What of a row is outside its tolerance; empty: nothing. Brier scores have none. */
export function rowVerdict(row: Row): Verdict {
  const { goal } = row
  if (goal === undefined) return undefined
  const mean = meanOf(row)
  return (['accuracy', 'logLoss', 'ece'] as const).flatMap((field): Deviation[] => {
    const target = goal[field]
    if (target === undefined) return []
    const by = mean[field] - target
    const isWithin = field === 'logLoss' && target > 1 ? mean.logLoss > 1 : Math.abs(by) <= tolerance[field] + HALF_A_PLACE
    return isWithin ? [] : [{ what: names[field], by, chance: chanceOf(row.seeds.map((scores: Scores) => scores[field])) }]
  })
}

/** The same of a figure; without a stated spread there is no verdict. */
export function figureVerdict({ seeds, goal, within }: Figure): Verdict {
  if (goal === undefined || within === undefined) return undefined
  const by = seeds.reduce((sum, value) => sum + value, 0) / seeds.length - goal
  return Math.abs(by) <= within + HALF_A_PLACE ? [] : [{ what: '', by, chance: chanceOf(seeds) }]
}

/** Differences of accuracy between the first row of a world and each other one of it, where both have a target. */
export function pairedDeviations({ rows }: Pick<BenchTable, 'rows'>): { readonly count: number; readonly outside: readonly Deviation[] } {
  const outside: Deviation[] = []
  let count = 0
  for (const world of new Set(rows.map((row) => row.world))) {
    const [first, ...others] = rows.filter((row) => row.world === world && row.goal?.accuracy !== undefined)
    if (first === undefined) continue
    for (const row of others) {
      count++
      const off = row.seeds.map(({ accuracy }, seed) => accuracy - (first.seeds[seed]?.accuracy ?? NaN))
      const target = (row.goal?.accuracy ?? NaN) - (first.goal?.accuracy ?? NaN)
      const by = off.reduce((sum, value) => sum + value, 0) / off.length - target
      if (!(Math.abs(by) <= pairedTolerance + 2 * HALF_A_PLACE))
        outside.push({ what: `${world === '' ? '' : `${world}: `}${row.method} against ${first.method}`, by, chance: chanceOf(off) })
    }
  }
  return { count, outside }
}

/** Half of the interval in which the means of two runs over as many worlds as these differ. */
function chanceOf(values: readonly number[]): number {
  const n = values.length
  if (n < 2) return NaN
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  return Z_95 * Math.sqrt((2 * variance) / n)
}

/** `within`, or what is outside and whether worlds differ by as much; empty without a verdict. */
export function verdictText(verdict: Verdict): string {
  if (verdict === undefined) return ''
  return verdict.length === 0 ? 'within' : `outside: ${verdict.map(deviationText).join(', ')}`
}

export function deviationText({ what, by, chance }: Deviation): string {
  const signed = `${by < 0 ? '-' : '+'}${places(Math.abs(by))}`
  return `${what === '' ? '' : `${what} `}${signed}${Number.isNaN(chance) ? '' : ` (chance ${places(chance)})`}`
}

function places(value: number): string {
  return value.toFixed(3).replace(/^0\./, '.')
}

/** What the whole run says, for its last lines; nothing where no row has a target and a spread. */
export function summaryLines(tables: readonly BenchTable[]): string[] {
  const verdicts = tables.flatMap(({ id, rows, figures }) => [
    ...rows.flatMap((row) => ({
      name: `${id} ${[row.world, row.method].filter((part) => part !== '').join(', ')}`,
      verdict: rowVerdict(row),
    })),
    ...figures.flatMap((figure) => ({ name: `${id} ${figure.what}`, verdict: figureVerdict(figure) })),
  ])
  const told = verdicts.flatMap(({ name, verdict }) => (verdict === undefined ? [] : [{ name, verdict }]))
  if (told.length === 0) return []
  const outside = told.filter(({ verdict }) => verdict.length > 0)
  const beyond = outside.filter(({ verdict }) => verdict.some(isBeyond))
  const pairs = tables.map((table) => ({ id: table.id, ...pairedDeviations(table) }))
  const paired = pairs.flatMap(({ id, outside: off }) => off.map((deviation) => ({ id, deviation })))
  const without = tables.flatMap(({ figures }) => figures).filter(({ goal, within }) => goal !== undefined && within === undefined).length
  return [
    `${told.length - outside.length} of ${told.length} rows with a target and a stated spread are within it, ${outside.length} outside; ` +
      `of these ${beyond.length} by more than two runs over as many worlds differ (95 %).`,
    ...beyond.map(({ name, verdict }) => `  ${name}: ${verdict.filter(isBeyond).map(deviationText).join(', ')}`),
    `Differences of accuracy on the same leads: ${pairs.reduce((sum, { count }) => sum + count, 0) - paired.length} within +-.025, ${paired.length} outside.`,
    ...paired.map(({ id, deviation }) => `  ${id} ${deviationText(deviation)}`),
    ...(without === 0 ? [] : [`${without} figures have a target without a spread: read them beside least and most.`]),
  ]
}

function isBeyond({ by, chance }: Deviation): boolean {
  return !(Math.abs(by) <= chance)
}
