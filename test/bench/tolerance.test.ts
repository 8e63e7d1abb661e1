/** What the bench says of a row beside its target: within the stated spread, or outside and whether worlds differ by as much. */
import t from 'tap'
import { figureVerdict, pairedDeviations, rowVerdict, summaryLines, verdictText } from '../../bench/consensus/tolerance.ts'
import { rowOf } from '../../bench/consensus/measure.ts'
import { tableLines } from '../../bench/consensus/tableLines.ts'
import type { Goal, Row } from '../../bench/consensus/measure.ts'

const scores = (accuracy: number, logLoss = 0.4, ece = 0.02) => ({ accuracy, logLoss, brier: 0.2, ece })
const row = (goal: Goal | undefined, seeds: readonly ReturnType<typeof scores>[], method = 'm', world = 'w'): Row => ({
  ...{ world, method, seeds },
  ...(goal === undefined ? {} : { goal }),
})

t.test('a row is within .035 of accuracy, .06 of log loss, .015 of calibration error, as printed with three places', async (t) => {
  const at = (goal: Goal) => verdictText(rowVerdict(row(goal, [scores(0.8)])))
  t.equal(at({ accuracy: 0.835, logLoss: 0.46, ece: 0.035 }), 'within')
  t.equal(at({ accuracy: 0.765, logLoss: 0.34, ece: 0.005 }), 'within')
  t.equal(at({ accuracy: 0.836 }), 'outside: accuracy -.036')
  t.equal(at({ accuracy: 0.764, logLoss: 0.461 }), 'outside: accuracy +.036, log loss -.061')
  t.equal(at({ ece: 0.004 }), 'outside: ECE +.016')
  t.equal(at({ brier: 0.9 }), 'within', 'no spread of Brier scores is stated')
  t.equal(verdictText(rowVerdict(row(undefined, [scores(0.8)]))), '')
})

t.test('a log loss whose target is above 1 only has to be above 1', async (t) => {
  t.equal(verdictText(rowVerdict(row({ logLoss: 1.676 }, [scores(0.8, 1.01)]))), 'within')
  t.equal(verdictText(rowVerdict(row({ logLoss: 1.676 }, [scores(0.8, 0.99)]))), 'outside: log loss -.686')
})

t.test('what is outside is told beside what two runs over as many worlds differ by', async (t) => {
  // .7 and .9: variance .02, two means of two differ by 1.96 sqrt(2 * .02 / 2) = .277 in 95 of 100.
  t.equal(verdictText(rowVerdict(row({ accuracy: 0.7 }, [scores(0.7), scores(0.9)]))), 'outside: accuracy +.100 (chance .277)')
  t.equal(verdictText(figureVerdict({ what: 'f', seeds: [0.7, 0.9], goal: 0.5, within: 0.1 })), 'outside: +.300 (chance .277)')
  t.equal(verdictText(figureVerdict({ what: 'f', seeds: [0.7, 0.9], goal: 0.75, within: 0.1 })), 'within')
  t.equal(verdictText(figureVerdict({ what: 'f', seeds: [1], goal: 1, within: 0 })), 'within')
  t.equal(verdictText(figureVerdict({ what: 'f', seeds: [3], goal: 1 })), '', 'without a stated spread there is no verdict')
})

t.test('differences on the same leads have a spread of their own', async (t) => {
  const first = row({ accuracy: 0.7 }, [scores(0.6), scores(0.8)], 'first')
  // .05 and .05 above the first where .08 is the target: both are within .035 of their own targets, their difference is not.
  const second = row({ accuracy: 0.78 }, [scores(0.65), scores(0.85)], 'second')
  t.equal(verdictText(rowVerdict(second)), 'within')
  const { count, outside } = pairedDeviations({ rows: [first, second, row({ accuracy: 0.7 }, [scores(0.5)], 'other', 'elsewhere')] })
  t.equal(count, 1)
  t.match(outside, [{ what: 'w: second against first' }])
  t.ok(Math.abs((outside[0]?.by ?? NaN) + 0.03) < 1e-9 && (outside[0]?.chance ?? NaN) < 1e-9)
})

t.test('the last lines count what is within, and name what chance does not explain', async (t) => {
  const rows = [
    row({ accuracy: 0.8 }, [scores(0.8)], 'right'),
    row({ accuracy: 0.7 }, [scores(0.7), scores(0.9)], 'by chance', 'x'),
    row({ accuracy: 0.7 }, [scores(0.8), scores(0.8)], 'wrong', 'y'),
  ]
  const figures = [
    { what: 'without a spread', seeds: [2], goal: 1 },
    { what: 'far off', seeds: [2, 2], goal: 1, within: 0.1 },
  ]
  t.strictSame(summaryLines([{ id: '9.0', title: '', rows, figures }]), [
    '1 of 4 rows with a target and a stated spread are within it, 3 outside; of these 2 by more than two runs over as many worlds differ (95 %).',
    '  9.0 y, wrong: accuracy +.100 (chance .000)',
    '  9.0 far off: +1.000 (chance .000)',
    'Differences of accuracy on the same leads: 0 within +-.025, 0 outside.',
    '1 figures have a target without a spread: read them beside least and most.',
  ])
  t.strictSame(summaryLines([{ id: '9.0', title: '', rows: [], figures: [{ what: 'f', seeds: [1] }] }]), [])
})

t.test('a printed table says that it is synthetic, how it did at worst, and what was expected', async (t) => {
  const unscored = (accuracy: number, logLoss: number) => ({ ...scores(accuracy, logLoss), brier: NaN })
  const table = {
    id: '9.0',
    title: 'a test',
    rows: [{ world: '', method: 'm', seeds: [unscored(0.8, 0.5), unscored(0.9, 0.3)], goal: { accuracy: 0.85, logLoss: 0.4 } }],
    figures: [{ what: 'f', seeds: [1, 3], goal: 2 }],
  }
  t.strictSame(tableLines(table), [
    'Table 9.0 (synthetic, 2 seeds): a test',
    'method  accuracy  log loss  Brier  ECE   sd    worst seed   target       verdict',
    'm       .850      .400             .020  .071  .800 / .500  .850 / .400  within',
    'figure  mean   least  most   target  verdict',
    'f       2.000  1.000  3.000  2.000',
  ])
  t.throws(() => rowOf(table, 'other'), /no row other/)
})
