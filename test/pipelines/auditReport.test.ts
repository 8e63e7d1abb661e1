/** How right decisions are counts verdicts by chance alone; agreement counts those of two people. */
import t from 'tap'
import { auditReportLines } from '../../cli/verbs/auditReport.ts'
import { auditReport } from '../../pipelines/learning/auditReport.ts'
import { decisionRecord } from '../support/leadRecords.ts'

const judged = (decisionId: string, chosen: string, option: string, over = {}) => ({
  ...{ decision: decisionRecord({ decisionId, chosen }), option, labeller: 'anna', selection: 'random', inclusion: 0.03, labelledAt: 1 },
  ...over,
})
const second = { labeller: 'ben', labelledAt: 2 }

t.test('verdicts by chance are counted, the first of each decision; hand-overs and overrides stand apart', (t) => {
  const report = auditReport([
    ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => judged(id, 'sms', 'sms')),
    judged('h', 'sms', 'wait'),
    judged('i', 'sms', 'wait'),
    judged('j', 'email', 'call'),
    judged('k', 'sms', 'call', { selection: 'override' }),
    judged('l', 'hand_over', 'hand_over', { selection: 'escalated' }),
    // Ben agrees on a and b, not on h and i: both say sms to half of the four, so chance alone gives .5 * .5 + .5 * .5.
    judged('a', 'sms', 'sms', second),
    judged('b', 'sms', 'wait', second),
    judged('h', 'sms', 'wait', second),
    judged('i', 'sms', 'sms', second),
  ])
  t.match(report, { random: 10, escalated: 1, overrides: 1, right: 7 })
  // Clopper and Pearson, 7 of 10 at .05: .3475 to .9333.
  t.ok(Math.abs(report.rightShare.low - 0.3475) < 1e-4 && Math.abs(report.rightShare.high - 0.9333) < 1e-4)
  t.match(report.agreement, { items: 4, observed: 0.5, expected: 0.5, kappa: 0 })
  t.strictSame(report.mistakes, [
    { chosen: 'sms', right: 'wait', count: 2 },
    { chosen: 'email', right: 'call', count: 1 },
  ])
  t.strictSame(auditReportLines('follow_up', report), [
    'follow up: 10 decisions judged by chance; 1 of hand-overs, 1 overrides, which say nothing of the rest',
    '  right: 7 of 10, 70 % (with 95 % between 35 % and 93 %)',
    '  2 times sms where wait was right',
    '  1 times email where call was right',
    '  second opinions: 4, the same in 50 %, by habit alone in 50 %: kappa 0.00',
  ])
  t.end()
})

t.test('without verdicts nothing is claimed', (t) => {
  t.strictSame(auditReportLines('escalation', auditReport([])), [
    'escalation: 0 decisions judged by chance',
    '  Nobody has judged a decision a second time: how far people agree is not known.',
  ])
  t.end()
})
