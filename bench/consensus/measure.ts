/**
 * What is measured of a forecast, over seeds. Log loss is floored at 1e-6 and the
 * calibration error has ten bins of equal width, as the targets have.
 * @source reference/consensus.md 8.4
 */
import { calibrationError, topClaims, widthBins } from '../../pipelines/consensus/scores/calibration.ts'
import { accuracy, brier, logLoss } from '../../pipelines/consensus/scores/properScores.ts'
import type { Forecast } from '../../pipelines/consensus/scores/properScores.ts'

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
