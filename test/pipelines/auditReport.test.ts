/** How right decisions are counts verdicts by chance alone; agreement counts those of two people. */
import t from 'tap'
import { auditReportLines } from '../../cli/verbs/auditReport.ts'
import { wantsSecond } from '../../pipelines/learning/labels.ts'
import { auditReport as reportBy } from '../../pipelines/learning/auditReport.ts'
import type { Contribution, Decision } from '../../schemas/generated/records.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { decisionRecord } from '../support/leadRecords.ts'

const auditReport = (judged: Parameters<typeof reportBy>[0]) => reportBy(judged, () => seededRandom(1).next())
const judged = (
  decisionId: string,
  chosen: string,
  option: string,
  over: { selection?: string; labeller?: string; labelledAt?: number } = {},
  decision: Partial<Decision> = {},
) => ({
  decision: decisionRecord({
    decisionId,
    chosen,
    auditSelected: over.selection === undefined,
    pAudit: 0.02,
    contributions: [],
    silent: [],
    ...decision,
  }),
  ...{ option, labeller: 'anna', selection: 'random', inclusion: 0.02, labelledAt: 1 },
  ...over,
})
const second = { labeller: 'ben', labelledAt: 2 }

t.test('verdicts by chance are counted, the first of each decision; hand-overs and overrides stand apart', (t) => {
  const report = auditReport([
    ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => judged(id, 'sms', 'sms')),
    judged('o', 'sms', 'wait'),
    judged('v', 'sms', 'wait'),
    judged('j', 'email', 'call'),
    judged('k', 'sms', 'call', { selection: 'override' }),
    judged('l', 'hand_over', 'hand_over', { selection: 'escalated' }),
    // Two are asked about e, g, o and v. Ben agrees on e and o, not on g and v: both say sms to half of the four, so chance alone gives .5 * .5 + .5 * .5.
    judged('e', 'sms', 'sms', second),
    judged('g', 'sms', 'wait', second),
    judged('o', 'sms', 'wait', second),
    judged('v', 'sms', 'sms', second),
    // Of what nobody was asked about twice, or at all, a second opinion says where the first one looks wrong.
    judged('a', 'sms', 'wait', second),
    judged('b', 'sms', 'wait', second),
    judged('y', 'sms', 'call', { selection: 'override' }),
    judged('y', 'sms', 'wait', { selection: 'override', ...second }),
  ])
  t.strictSame(['e', 'g', 'o', 'v', 'y', 'a', 'b'].map(wantsSecond), [true, true, true, true, true, false, false])
  t.match(report, { random: 10, escalated: 1, overrides: 2, right: 7 })
  // Clopper and Pearson, 7 of 10 at .05: .3475 to .9333.
  t.ok(Math.abs(report.rightShare.low - 0.3475) < 1e-4 && Math.abs(report.rightShare.high - 0.9333) < 1e-4)
  t.match(report.agreement, { items: 4, observed: 0.5, expected: 0.5, kappa: 0 })
  t.strictSame(report.mistakes, [
    { chosen: 'sms', right: 'wait', count: 2 },
    { chosen: 'email', right: 'call', count: 1 },
  ])
  t.strictSame(auditReportLines('follow_up', report), [
    'follow up: 10 decisions judged by chance; 1 put to people for certain, 2 overrides, which say nothing of the rest',
    '  right: 7 of 10, which is 70 % of all (with 95 % between 35 % and 93 %)',
    '  calibration: too few verdicts to say, 10 of 100',
    '  2 times sms where wait was right',
    '  1 time email where call was right',
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

t.test('what was drawn more often weighs less; a decision that was drawn is of the audit, also when it was escalated as well', (t) => {
  const report = auditReport([
    // Six of 2 % stand for 300 decisions, all right; five of 5 % for 100, all wrong.
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((id) => judged(id, 'sms', 'sms')),
    ...['g', 'h', 'i', 'j'].map((id) => judged(id, 'call', 'wait', {}, { pAudit: 0.05 })),
    { ...judged('k', 'call', 'wait', {}, { pAudit: 0.05 }), selection: 'escalated' },
  ])
  t.match(report, { random: 11, escalated: 0, right: 6 })
  t.ok(Math.abs((report.share ?? 0) - 300 / 400) < 1e-12)
  // (6 * 50 + 5 * 20)^2 / (6 * 2500 + 5 * 400) = 9.4 verdicts: 7 of 9, .3999 to .9719.
  t.ok(Math.abs(report.rightShare.low - 0.3999) < 1e-4 && Math.abs(report.rightShare.high - 0.9719) < 1e-4)
  t.end()
})

t.test('of a wording that was drawn the votes are judged, not the lot', (t) => {
  const draw = (chosen: string, usual: string): Partial<Decision> => ({
    ...{ type: 'content', chosen },
    draw: { trial: 'wording-2', usual, drawn: true, arms: [], seed: 's' },
  })
  const report = auditReport([
    judged('a', '', 'soft_ask', {}, draw('inform', 'soft_ask')),
    judged('b', '', 'inform', {}, draw('inform', 'soft_ask')),
    judged('c', '', 'inform', {}, draw('inform', 'inform')),
    judged('d', 'soft_ask', 'soft_ask'),
  ])
  t.match(report, { random: 4, right: 3, share: 3 / 4 })
  t.strictSame(report.mistakes, [{ chosen: 'soft_ask', right: 'inform', count: 1 }])
  t.end()
})

t.test('a card an agent: votes, right ones against habit, lift, abstentions and failures', (t) => {
  const vote = (agentId: string, option: string) => ({ agentId, option, bin: 3 }) as Contribution
  const silence = (agentId: string, kind: string) => ({ agentId, kind, reasonCode: 'r' })
  const decision = (right: string, n: number): Partial<Decision> => ({
    contributions: [vote('knower', right), vote('parrot', 'sms')],
    silent: [silence('quiet', n < 6 ? 'abstain' : n < 7 ? 'error' : 'missing')],
  })
  const rights = ['sms', 'sms', 'sms', 'sms', 'sms', 'sms', 'sms', 'wait', 'wait', 'wait']
  const { agents } = auditReport(rights.map((right, n) => judged(`d${n}`, 'sms', right, {}, decision(right, n))))
  const early = auditReport(
    rights.map((right, n) => judged(`d${n}`, 'sms', right, {}, { ...decision(right, n), stopReason: 'early_stop' })),
  )
  t.match(early.agents.at(-1), { agent: 'quiet', abstained: 6, failed: 1 }, 'nobody waited for the three that were missing')
  const close = (found: number | undefined, wanted: number) =>
    t.ok(Math.abs((found ?? NaN) - wanted) < 1e-9, `${String(found)} is ${wanted}`)
  t.strictSame(
    agents.map(({ agent, votes, right, abstained, failed }) => [agent, votes, right, abstained, failed]),
    [
      ['knower', 10, 10, 0, 0],
      ['parrot', 10, 7, 0, 0],
      ['quiet', 0, 0, 6, 4],
    ],
  )
  // By habit: the knower says sms in 7 of 10 and wait in 3, .7 * .7 + .3 * .3; the parrot is right by its habit alone.
  close(agents[0]?.chance, 0.58)
  close(agents[1]?.chance, 0.7)
  const [logit, sigma] = [(p: number) => Math.log(p / (1 - p)), (x: number) => 1 / (1 + Math.exp(-x))]
  close(agents[0]?.lift, logit((10 + 6 * sigma(logit(0.58) + 0.3)) / 16) - logit(0.58))
  close(agents[1]?.lift, logit((7 + 6 * sigma(logit(0.7) + 0.3)) / 16) - logit(0.7))
  t.match(agents[2], { rightShare: undefined, chance: undefined, lift: undefined })
  const text = auditReportLines('follow_up', auditReport(rights.map((right, n) => judged(`d${n}`, 'sms', right, {}, decision(right, n)))))
  t.match(
    text.find((line) => line.startsWith('  parrot')),
    /10\s+7\s+70 %\s+70 %\s+0\.1\d\s+0\s+0$/,
  )
  t.end()
})
