/**
 * What is measured of a forecast, over seeds, and how it is printed beside a target. Log loss is floored at 1e-6 and the
 * calibration error has ten bins of equal width, as the targets have.
 * @source reference/consensus.md 8.4
 */
import { calibrationError, topClaims, widthBins } from '../../pipelines/consensus/scores/calibration.ts'
import { accuracy, brier, logLoss } from '../../pipelines/consensus/scores/properScores.ts'
import type { Forecast } from '../../pipelines/consensus/scores/properScores.ts'
import { aligned } from '../percentiles.ts'
import { figureVerdict, rowVerdict, verdictText } from './tolerance.ts'

export interface Scores {
  readonly accuracy: number
  /** NaN for a rule that states no probabilities, like Brier and calibration error. */
  readonly logLoss: number
  readonly brier: number
  readonly ece: number
}
/** Target of a row: accuracy, log loss, Brier, calibration error; what the reference does not give is left out. */
export interface Goal {
  readonly accuracy?: number
  readonly logLoss?: number
  readonly brier?: number
  readonly ece?: number
}
export interface Row {
  /** World and number of labels, where a table has several. */
  readonly world: string
  readonly method: string
  /** One per seed. */
  readonly seeds: readonly Scores[]
  readonly goal?: Goal
}
/** Anything else a table tells, by name. */
export interface Figure {
  readonly what: string
  readonly seeds: readonly number[]
  readonly goal?: number
  /** How far from the goal it may be; left out where no spread is stated. */
  readonly within?: number
}
export interface BenchTable {
  readonly id: string
  readonly title: string
  readonly rows: readonly Row[]
  readonly figures: readonly Figure[]
}

/** How much of the full size is run. */
export interface Extent {
  readonly seeds: readonly number[]
  /** Factor on the number of test leads, 1 for the full table. */
  readonly scale: number
}

export function scoresOf(forecasts: readonly Forecast[]): Scores {
  return {
    accuracy: accuracy(forecasts),
    logLoss: logLoss(forecasts, 1e-6),
    brier: brier(forecasts),
    ece: calibrationError(widthBins(topClaims(forecasts))),
  }
}

/** Scores of a rule that only names an option. */
export function scoresOfChoices(right: readonly boolean[]): Scores {
  return { accuracy: right.filter(Boolean).length / right.length, logLoss: NaN, brier: NaN, ece: NaN }
}

export function meanOf({ seeds }: Pick<Row, 'seeds'>): Scores {
  const mean = (field: keyof Scores) => seeds.reduce((sum, scores) => sum + scores[field], 0) / seeds.length
  return { accuracy: mean('accuracy'), logLoss: mean('logLoss'), brier: mean('brier'), ece: mean('ece') }
}

/** The row of a table. */
export function rowOf(table: Pick<BenchTable, 'rows'>, method: string, world?: string): Row {
  const found = table.rows.find((row) => row.method === method && (world === undefined || row.world === world))
  if (found === undefined) throw new Error(`no row ${method} in ${world ?? 'the table'}`)
  return found
}

/** A table as text: measured beside the target, with the spread and the worst of the seeds. */
export function tableLines({ id, title, rows, figures }: BenchTable): string[] {
  const seeds = rows[0]?.seeds.length ?? figures[0]?.seeds.length ?? 0
  const lines = [`Table ${id} (synthetic, ${seeds} seeds): ${title}`]
  if (rows.length > 0) {
    const head = ['world, labels', 'method', 'accuracy', 'log loss', 'Brier', 'ECE', 'sd', 'worst seed', 'target', 'verdict']
    const worlds = rows.some(({ world }) => world !== '')
    const cells = rows.map((row) => {
      const mean = meanOf(row)
      return [
        row.world,
        row.method,
        ...[mean.accuracy, mean.logLoss, mean.brier, mean.ece].map(short),
        spread(row),
        worst(row),
        goalText(row.goal),
        verdictText(rowVerdict(row)),
      ]
    })
    lines.push(...aligned([head, ...cells].map((row) => (worlds ? row : row.slice(1)))))
  }
  if (figures.length > 0) {
    lines.push(
      ...aligned([
        ['figure', 'mean', 'least', 'most', 'target', 'verdict'],
        ...figures.map((figure) => {
          const { what, seeds: values, goal } = figure
          return [
            what,
            short(values.reduce((sum, value) => sum + value, 0) / values.length),
            short(Math.min(...values)),
            short(Math.max(...values)),
            goal === undefined ? '' : short(goal),
            verdictText(figureVerdict(figure)),
          ]
        }),
      ]),
    )
  }
  return lines
}

/** Three places, without the leading zero, as the targets are written; empty for NaN. */
export function short(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(3).replace(/^(-?)0\./, '$1.')
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return ''
  return [goal.accuracy, goal.logLoss, goal.brier, goal.ece]
    .map((value) => (value === undefined ? '-' : short(value)))
    .join(' / ')
    .replace(/( \/ -)+$/, '')
}

/** Standard deviation of accuracy over seeds. */
function spread(row: Row): string {
  const { accuracy: centre } = meanOf(row)
  const n = row.seeds.length
  return n < 2 ? '' : short(Math.sqrt(row.seeds.reduce((sum, { accuracy: value }) => sum + (value - centre) ** 2, 0) / (n - 1)))
}

function worst({ seeds }: Row): string {
  const losses = seeds.map(({ logLoss: loss }) => loss).filter((loss) => !Number.isNaN(loss))
  const least = short(Math.min(...seeds.map(({ accuracy: value }) => value)))
  return losses.length === 0 ? least : `${least} / ${short(Math.max(...losses))}`
}
