/** A verdict is recorded with how the decision came to be judged, or refused with a sentence. */
import t from 'tap'
import { labelWeights } from '../../pipelines/consensus/fit/labelWeights.ts'
import { labelOf, SECOND_SHARE, selectionOf, storedSelection, wantsSecond } from '../../pipelines/learning/labels.ts'
import { deterministicId } from '../../runtime/ids.ts'
import type { Decision } from '../../schemas/generated/records.ts'
import { decisionRecord, tuesdayNoon } from '../support/leadRecords.ts'

const options: Decision['options'] = ['wait', 'sms', 'email', 'call'].map((option) => ({
  ...{ option, eligible: option !== 'email', baseMicro: 0, score: '0' },
  ...{ probability: 0, utility: 0 },
}))
const decided = (over: Partial<Decision> = {}) => decisionRecord({ options, auditSelected: true, pAudit: 0.03, ...over })
const anna = { option: 'call', labeller: 'anna', note: null }

t.test('a decision of the random audit is judged with the probability of the audit, another one with none', (t) => {
  t.strictSame(selectionOf(decided()), { selection: 'random', inclusion: 0.03 })
  t.strictSame(selectionOf(decided({ auditSelected: false })), { selection: 'override', inclusion: 0 })
  t.strictSame(
    selectionOf(decided({ type: 'escalation', chosen: 'hand_over' })),
    { selection: 'random', inclusion: 0.03 },
    'whoever takes over reads it, and is not asked for a verdict',
  )
  t.strictSame(selectionOf(decided({ type: 'escalation', chosen: 'hand_over', auditSelected: false })), {
    selection: 'override',
    inclusion: 0,
  })
  t.strictSame(selectionOf(decided({ type: 'escalation', chosen: 'wait' })), { selection: 'random', inclusion: 0.03 })
  t.strictSame(
    selectionOf(decided({ escalation: 'undecided' })),
    { selection: 'escalated', inclusion: 1 },
    'every undecided one is asked for',
  )
  t.end()
})

t.test('a verdict on a hand-over that was stored as certain is one of the random audit, or of nobody knows what', (t) => {
  const certain = { selection: 'escalated', inclusion: 1 }
  const over = { type: 'escalation', chosen: 'hand_over' }
  t.strictSame(storedSelection(decided(over), certain), { selection: 'random', inclusion: 0.03 })
  t.strictSame(storedSelection(decided({ ...over, auditSelected: false }), certain), { selection: 'override', inclusion: 0 })
  for (const asked of [{ ...over, escalation: 'quorum_failed_twice' }, { escalation: 'undecided' }, {}])
    t.strictSame(storedSelection(decided(asked), certain), certain, 'it was asked for, by a rule or by a question')
  const random = { selection: 'random', inclusion: 0.02 }
  t.strictSame(storedSelection(decided(over), random), random)
  // 900 that were left and 100 that were handed over, 2 of 100 drawn: 18 labels and 2, each of which stands for 50.
  const left = Array.from({ length: 18 }, () => selectionOf(decided({ type: 'escalation', chosen: 'wait', pAudit: 0.02 })))
  const handed = Array.from({ length: 2 }, () => selectionOf(decided({ ...over, pAudit: 0.02 })))
  const weights = labelWeights(
    [...left, ...handed].map(({ inclusion }) => ({ inclusion, at: 0 })),
    0,
    60,
  )
  const sum = (part: readonly number[]) => part.reduce((total, weight) => total + weight, 0)
  t.equal(sum(weights.slice(18)) / sum(weights), 0.1, 'the share of hand-overs is what it was')
  t.end()
})

t.test('the same person judging again tells the same outcome anew, another person another one', (t) => {
  const idOf = (labeller: string, option: string) => {
    const labelled = labelOf(decided(), { option, labeller, note: null }, tuesdayNoon, 'r', deterministicId)
    return labelled.ok ? labelled.outcome.outcomeId : t.fail(labelled.sentence)
  }
  t.equal(idOf('anna', 'call'), idOf('anna', 'sms'))
  t.not(idOf('anna', 'call'), idOf('ben', 'call'))
  t.end()
})

t.test('an option that was not allowed may have been right; one that does not exist, or a decision nobody took, is refused', (t) => {
  const label = (decision: Decision, option: string) => labelOf(decision, { ...anna, option }, tuesdayNoon, 'r', deterministicId)
  t.match(label(decided(), 'email'), {
    ok: true,
    outcome: { kind: 'audit_label', at: tuesdayNoon, label: { option: 'email', inclusion: 0.03 } },
  })
  t.match(label(decided(), 'fax'), {
    ok: false,
    reason: 'option_unknown',
    sentence: /fax is no option of a follow_up decision: wait, sms, email, call/,
  })
  t.match(label(decided({ stopReason: 'gated' }), 'wait'), { ok: false, reason: 'not_judged' })
  t.match(label(decided({ stopReason: 'superseded' }), 'wait'), { ok: false, reason: 'not_judged' })
  t.end()
})

t.test('the answer to an open question was asked for certain, by whatever rule it was put', (t) => {
  const answered = labelOf(decided(), { ...anna, option: 'call', carryOut: true }, tuesdayNoon, 'r', deterministicId)
  t.match(answered, { ok: true, outcome: { label: { selection: 'escalated', inclusion: 1, carryOut: true } } })
  t.end()
})

t.test('a tenth of the audits has a second judge, by the id alone', (t) => {
  const ids = Array.from({ length: 20_000 }, (_, n) => deterministicId('decision', n))
  const share = ids.filter(wantsSecond).length / ids.length
  // Binomial, sd = sqrt(.1 * .9 / 20,000) = .0021: within five of them.
  t.ok(Math.abs(share - SECOND_SHARE) < 0.011, String(share))
  t.end()
})
