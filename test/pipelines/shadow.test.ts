/** A policy that is being tried decides beside the one in force on the same votes: written down, and nothing else changes by it. */
import fc from 'fast-check'
import t from 'tap'
import { shadowLines } from '../../cli/verbs/policyShadow.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import { sealed } from '../../pipelines/consensus/policy.ts'
import { shadow } from '../../pipelines/consensus/shadow.ts'
import { shadowDecision } from '../../pipelines/consensus/shadowDecision.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { insightStages } from '../../pipelines/insightStages.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { drive } from '../../runtime/driver.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { Decision, FollowUp } from '../../schemas/generated/records.ts'
import type { Assessment, Policy } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, followups, shadowDecisions, shadowPolicies } from '../../topics/index.ts'
import { decisionRecord, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { all, anyEligible, anyStage, anyVotes, caseOf, escalation, followUp, policyWith } from './cases.ts'
import { asked, question } from './leads.ts'

const key = 'sandboxLocation000001:maria'
const dear = (option: string, policy: Policy = followUp): Policy['options'] =>
  policy.options.map((one) => (one.option === option ? { ...one, costMicros: 90_000_000 } : one))
/** Nothing is worth a text that costs 90 times the worth of being right. */
const noText = policyWith({ label: 'no texts', options: dear('sms') })

t.test('with the policy in force it says what was decided, with the same probabilities, whatever the votes', async (t) => {
  await assertProperty(
    t,
    fc.property(anyVotes(followUp), anyStage, anyEligible, (votes, stage, eligible) => {
      fc.pre(eligible.size > 1)
      const gated = { eligible, results: [], liftsAt: null }
      const decision = decideNow(caseOf({ votes, gated, asks: { stage } }), 'deadline')
      const before = Decision.encode(decision)
      const beside = shadowDecision(decision, followUp)
      const stated = Object.fromEntries(decision.options.flatMap((one) => (one.eligible ? [[one.option, one.probability]] : [])))
      return (
        beside?.chosen === decision.chosen &&
        beside.degraded === decision.degraded &&
        JSON.stringify(beside.probabilities) === JSON.stringify(stated) &&
        Decision.encode(decision).equals(before)
      )
    }),
  )
})

/** One question that the whole panel answers, through the stages that act, with the shadow behind them. */
function lived(asks: Assessment, tried: Iterable<readonly [string, Policy]>) {
  const line = drive([consensus, followup, shadow], {
    at: asked,
    tables: { tenants: [[asks.tenantId, tenantRecord()]], 'policies.shadow': tried },
  })
  line.pipe(assessments, key, asks)
  const { assessmentId, tenantId, contactId, epoch } = asks
  const votes = panel(asks, roster)
  line.pipe(ballots, key, { ballotId: 'b', assessmentId, tenantId, contactId, epoch, source: 'panel', castAt: asked, votes })
  line.advance('1h')
  return {
    acted: Buffer.concat([...line.outputs(decisions).map(Decision.encode), ...line.outputs(followups).map(FollowUp.encode)]),
    decided: line.outputs(decisions),
    beside: line.outputs(shadowDecisions),
    drops: line.drops.filter(({ stage }) => stage === 'shadow').map(({ reason }) => reason),
  }
}

t.test('decisions and follow-ups are the same bytes with it and without it, also where it breaks', (t) => {
  const asks = question({ decisionTypes: ['follow_up', 'escalation'] })
  const plain = lived(asks, [])
  t.strictSame(plain.beside, [])
  t.strictSame(plain.drops, ['no_shadow', 'no_shadow'])
  const tried = lived(asks, [['*:follow_up', noText]])
  t.ok(tried.acted.equals(plain.acted))
  const broken = new Proxy(followUp, {
    get(policy, name) {
      if (name === 'options') throw new Error('broken')
      return Reflect.get(policy, name) as unknown
    },
  })
  const failed = lived(asks, [['*:follow_up', broken]])
  t.ok(failed.acted.equals(plain.acted))
  t.strictSame(failed.drops.toSorted(), ['no_shadow', 'shadow_failed'])
  t.end()
})

t.test('what it would have chosen stands beside what was chosen', (t) => {
  const { decided, beside } = lived(question({ decisionTypes: ['follow_up'] }), [['*:follow_up', noText]])
  t.equal(decided[0]?.chosen, 'sms', 'a new lead with a phone gets a text')
  t.equal(beside.length, 1)
  t.match(beside[0], {
    ...{ decisionId: decided[0]?.decisionId, policyHash: noText.policyHash, usual: 'sms', usualPolicyHash: followUp.policyHash },
    ...{ degraded: false, decidedAt: decided[0]?.decidedAt },
  })
  t.not(beside[0]?.chosen, 'sms')
  t.strictSame(Object.keys(beside[0]?.probabilities ?? {}), ['wait', 'sms', 'email', 'call'])
  t.end()
})

t.test('that of the location goes before that of all; an unsound one and one of another type decide nothing', (t) => {
  const asks = question({ decisionTypes: ['follow_up'] })
  const own = sealed({ ...noText, tenantId: asks.tenantId, label: 'own' })
  const with_ = (...tried: (readonly [string, Policy])[]) => lived(asks, tried)
  t.equal(with_(['*:follow_up', noText], [`${asks.tenantId}:follow_up`, own]).beside[0]?.policyHash, own.policyHash)
  t.strictSame(with_(['*:follow_up', { ...noText, tauMicro: 0 }]).drops, ['shadow_unsound'])
  t.strictSame(with_(['*:follow_up', escalation]).drops, ['shadow_unsound'])
  t.end()
})

t.test('where nobody chose it does not either; too few voices for it are said; of a draw the usual choice counts', (t) => {
  const decision = decideNow(caseOf({ votes: [], gated: { eligible: all, results: [], liftsAt: null } }), 'deadline')
  for (const stopReason of ['gated', 'superseded']) t.equal(shadowDecision({ ...decision, stopReason }, followUp), undefined)
  t.match(shadowDecision(decision, followUp), { degraded: true, chosen: 'wait' })
  const draw = { trial: 'x-1', usual: 'email', drawn: true, arms: [], seed: 's' }
  t.equal(shadowDecision({ ...decision, chosen: 'sms', draw }, followUp)?.usual, 'email')
  t.end()
})

t.test('who failed is there for nobody: an error is no voice, an abstention is one', (t) => {
  const policy = policyWith({ quorumMilli: 1_000, requiredFamilies: [] })
  const of = (kind: string) =>
    shadowDecision(decisionRecord({ contributions: [], silent: [{ agentId: 'intent_detector', kind, reasonCode: 'r' }] }), policy)?.degraded
  t.strictSame([of('abstain'), of('error'), of('missing')], [false, true, true])
  t.end()
})

t.test('nothing acts on what it writes, and nothing but it reads what is being tried', (t) => {
  const stages = [...pipeline, ...insightStages]
  const reading = (name: string) =>
    stages
      .filter(
        ({ on, tables = {} }) =>
          on.some(({ topic }) => topic.name === name) ||
          Object.values(tables as Record<string, AnyTopic>).some((table) => table.name === name),
      )
      .map((one) => one.name)
  t.strictSame(reading(shadowDecisions.name), [])
  t.strictSame(reading(shadowPolicies.name), ['shadow'])
  t.strictSame(
    stages.filter(({ outputs }) => outputs.includes(decisions)).map((one) => one.name),
    ['consensus'],
  )
  t.end()
})

t.test('the comparison counts by option, and says by verdicts whether it is better beyond chance', (t) => {
  const moves = [
    { usual: 'sms', chosen: 'sms', count: 90 },
    { usual: 'sms', chosen: 'email', count: 8 },
    { usual: 'call', chosen: 'wait', count: 2 },
  ]
  const told = { since: tuesdayNoon, degraded: 1, moves, judged: [] }
  t.strictSame(shadowLines(noText, told), [
    `*:follow_up  ${noText.policyHash.slice(0, 12)}  no texts`,
    '  since 2026-11-10 17:00 UTC: 100 decisions, the same 90, others 10 (10.0 %); on 1 it would have had too few voices',
    '  sms -> email  8',
    '  call -> wait  2',
    '  Nobody has judged a decision of the random audit since.',
  ])
  // Eight of eight: 1/2^8 for each side, so 97.5 % exactly is above a half (.025^(1/8) = .63).
  const judged = Array.from({ length: 10 }, (_, n) => ({
    ...{ decisionId: `d${n}`, usual: 'sms', chosen: n < 8 ? 'email' : 'sms', right: n < 8 ? 'email' : 'sms' },
  }))
  t.equal(
    shadowLines(noText, { ...told, judged }).at(-1),
    '  By 10 verdicts: right 10 times against 2; better on 8, worse on 0: it is better beyond chance.',
  )
  t.strictSame(shadowLines(noText, { ...told, since: undefined, moves: [] }).slice(1), ['  It has not decided anything yet.'])
  t.end()
})
