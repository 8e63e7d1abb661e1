/**
 * Table 9.3 over many worlds, brought to worlds as hard as those of the target. All rows of the target are of the same five worlds, and
 * plurality in the symmetric one does not depend on what the table is about: it says how hard they are. Each figure is regressed on it, over
 * all seeds, and told at the target's value (a control variate). The rule looks at no row under test: how hard a world is is measured on leads of its own.
 */
import { plurality } from '../baselines.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent, Scores } from '../measure.ts'
import { drawLeads, drawWorld } from '../world.ts'
import { forecastsOf } from './common.ts'
import { symmetric, wholePipeline } from './wholePipeline.ts'

const OWN_LEADS = 3000
/** Mean of .717, .715 and .711, three samples of leads from the same worlds. */
const targetPlurality = (0.717 + 0.715 + 0.711) / 3

/** `most` leaves out the rows with more labels. */
export function matchedWorlds(extent: Extent, most = 3000): BenchTable {
  const table = wholePipeline(extent, most)
  const hard = extent.seeds.map((seed) => {
    const leads = drawLeads(drawWorld(symmetric, seed), seed, 'how hard', Math.round(OWN_LEADS * extent.scale))
    return scoresOf(forecastsOf(leads, plurality)).accuracy
  })
  return {
    ...table,
    id: '9.3 matched',
    title: `the same, brought to worlds in which plurality is right ${targetPlurality.toFixed(3)} of the time where errors are symmetric`,
    rows: table.rows.map(({ goal, ...row }) => ({
      ...row,
      seeds: broughtTo(targetPlurality, hard, row.seeds),
      // What the worlds are matched by is no evidence.
      ...(goal === undefined || (row.method === 'plurality' && row.world.startsWith('symmetric')) ? {} : { goal }),
    })),
  }
}

/** Each score as it would be at `x`: what a straight line over the seeds explains is taken from it. */
export function broughtTo(x: number, xs: readonly number[], seeds: readonly Scores[]): Scores[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const centre = mean(xs)
  const spread = xs.reduce((sum, value) => sum + (value - centre) ** 2, 0)
  const slope = (field: keyof Scores) => {
    const own = mean(seeds.map((scores) => scores[field]))
    return spread === 0 ? 0 : xs.reduce((sum, value, index) => sum + (value - centre) * ((seeds[index]?.[field] ?? NaN) - own), 0) / spread
  }
  const slopes = { accuracy: slope('accuracy'), logLoss: slope('logLoss'), brier: slope('brier'), ece: slope('ece') }
  return seeds.map((scores, index) => {
    const off = x - (xs[index] ?? NaN)
    return {
      accuracy: scores.accuracy + slopes.accuracy * off,
      logLoss: scores.logLoss + slopes.logLoss * off,
      brier: scores.brier + slopes.brier * off,
      ece: scores.ece + slopes.ece * off,
    }
  })
}
