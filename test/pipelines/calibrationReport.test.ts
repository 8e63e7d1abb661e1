/** Stated shares against verdicts, by hand. */
import t from 'tap'
import { calibrationLines } from '../../cli/calibrationText.ts'
import { calibrationReport } from '../../pipelines/learning/calibrationReport.ts'
import { lnMicro } from '../../pipelines/consensus/pinnedMath.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { decisionRecord } from '../support/leadRecords.ts'

const drawn = (id: number, stated: number, option: string, pAudit = 0.02) => {
  const of = (name: string, probability: number) => ({
    ...{ option: name, eligible: true, score: '0', probability, utility: 0 },
    baseMicro: lnMicro(0.5),
  })
  const options = [of('sms', stated), of('wait', 1 - stated), { ...of('call', 0), eligible: false }]
  return { option, decision: decisionRecord({ decisionId: `d${id}`, chosen: 'sms', pAudit, options, draw: null }) }
}
const random = () => {
  const numbers = seededRandom(1, 'calibration')
  return () => numbers.next()
}
const close = (found: number | undefined, wanted: number) => Math.abs((found ?? NaN) - wanted) < 1e-6

t.test('below a hundred verdicts nothing is said', async (t) => {
  const few = Array.from({ length: 99 }, (_, id) => drawn(id, 0.8, 'sms'))
  t.equal(calibrationReport(few, random()), undefined)
  t.strictSame(calibrationLines(undefined, 99), ['  calibration: too few verdicts to say, 99 of 100'])
  t.strictSame(calibrationLines(undefined, 0), [])
})

t.test('scores beside those of the base rates, and five bins of what was stated and what came true', async (t) => {
  // Eighty say 80 %, of which 60 are right; twenty say 90 % and all are right: bins of 20, the last of the 90 %.
  const verdicts = [
    ...Array.from({ length: 80 }, (_, id) => drawn(id, 0.8, id % 4 === 0 ? 'wait' : 'sms')),
    ...Array.from({ length: 20 }, (_, id) => drawn(100 + id, 0.9, 'sms')),
  ]
  const report = calibrationReport(verdicts, random())
  // (60 * -ln .8 + 20 * -ln .2 + 20 * -ln .9) / 100 and (60 * 2 * .04 + 20 * 2 * .64 + 20 * 2 * .01) / 100.
  t.ok(close(report?.pool.logLoss, (60 * 0.2231435513 + 20 * 1.6094379124 + 20 * 0.1053605157) / 100))
  t.ok(close(report?.pool.brier, 0.308))
  t.ok(close(report?.base.logLoss, 0.6931471806) && close(report?.base.brier, 0.5))
  t.equal(report?.bins.length, 5)
  t.strictSame(
    report?.bins.map(({ verdicts }) => verdicts),
    [20, 20, 20, 20, 20],
  )
  t.ok(close(report?.bins[4]?.stated, 0.9) && report?.bins[4]?.realised === 1)
  t.ok(
    close(
      report?.bins.slice(0, 4).reduce((sum, { realised }) => sum + realised, 0),
      3,
    ),
    '60 of the 80',
  )
  t.ok((report?.byChance.mean ?? 0) > 0 && (report?.byChance.upper ?? 0) > (report?.byChance.mean ?? 1))
  t.strictSame(calibrationReport([...verdicts].reverse(), random()), report, 'the order of verdicts is none of it')
  const lines = calibrationLines(report, 100)
  t.match(lines[0], '  stated: log loss 0.477 (base rates alone 0.693), Brier 0.308 (0.500), on 100 verdicts')
  t.match(lines.at(-2), /^\s+90 %\s+100 %\s+20$/)
  t.match(
    lines.at(-1),
    /^ {2}calibration error 0\.\d{3}; true statements would show 0\.\d{3} by chance, and 95 of 100 times less than 0\.\d{3}$/,
  )
})

t.test('a verdict that was drawn more often weighs less, and what was right but not open counts as a surprise', async (t) => {
  // Fifty of 2 % stand for 2,500 decisions, all right; fifty of 10 % for 500, all wrong: 5 of 6 come true.
  const verdicts = Array.from({ length: 100 }, (_, id) => drawn(id, 0.8, id % 2 === 0 ? 'sms' : 'call', id % 2 === 0 ? 0.02 : 0.1))
  const report = calibrationReport(verdicts, random())
  // 5/6 * -ln .8 + 1/6 * -ln 1e-4; Brier 5/6 * .08 + 1/6 * (.64 + .04 + 1).
  t.ok(close(report?.pool.logLoss, (5 * 0.2231435513 + 9.210340372) / 6))
  t.ok(close(report?.pool.brier, (5 * 0.08 + 1.68) / 6))
  const weighed = report?.bins.map(({ realised }) => realised) ?? []
  t.equal(weighed.length, 5)
  t.ok(
    weighed.every((realised) => realised > 0.5),
    'each bin has about as many of both, and the right ones weigh five times as much',
  )
})
