/** How a table is printed: what was measured beside its target, the spread over seeds, the worst of them, and the verdict. */
import { aligned } from '../percentiles.ts'
import { meanOf } from './measure.ts'
import type { BenchTable, Goal, Row } from './measure.ts'
import { figureVerdict, rowVerdict, verdictText } from './tolerance.ts'

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
