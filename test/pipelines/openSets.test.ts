/** The options that could also be right are open ones, at any quantile; decisions of before that was so are decided again as they were. */
import fc from 'fast-check'
import t from 'tap'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import { lnMicro } from '../../pipelines/consensus/pinnedMath.ts'
import { policyKey } from '../../pipelines/consensus/policy.ts'
import { replay } from '../../pipelines/consensus/replay.ts'
import type { ReplayInputs } from '../../pipelines/consensus/replay.ts'
import { drive } from '../../runtime/driver.ts'
import type { Ballot, Decision } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions } from '../../topics/index.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { anyEligible, anyVotes, caseOf, followUp, options, policyWith, rosterOf, vote } from './cases.ts'
import { asked, question, view } from './leads.ts'

const equal = { '*': Object.fromEntries(options.map((option) => [option, lnMicro(0.25)])) }
const gatedTo = (...eligible: string[]) => ({ eligible: new Set(eligible), results: [], liftsAt: null })

t.test('with a quantile of one everything that is open could be right, and nothing that a gate closed', (t) => {
  const policy = rosterOf([1], 0, { baseRatesMicro: equal, conformalMicro: 1_000_000 })
  const votes = [vote('a0_0', 'sms', 5)]
  const decision = decideNow(caseOf({ policy, votes, gated: gatedTo('wait', 'sms') }), 'deadline')
  t.match(decision, { chosen: 'sms', escalation: 'undecided' })
  t.strictSame(decision.conformalSet, ['wait', 'sms'])
  t.strictSame(decideNow(caseOf({ policy, votes, gated: gatedTo('wait', 'sms', 'call') }), 'deadline').conformalSet, [
    'wait',
    'sms',
    'call',
  ])
  const why = (told: Decision) => explain(told, policy).sentences.join('\n')
  t.match(why(decision), / A person should look: it could also be right to wait\.( |$)/m)
  t.equal(why({ ...decision, engineVersion: 5, conformalSet: [...options] }), why(decision), 'nor is it said of one that names closed ones')
  t.end()
})

t.test(
  'of no policy and no votes is a closed option among those that could be right; of the open ones those whose 1 - P is within the quantile',
  async (t) => {
    let met = 0
    const micros = fc.oneof(fc.constantFrom(0, 1, 500_000, 999_999, 1_000_000), fc.integer({ min: 0, max: 1_000_000 }))
    const rates = fc.array(fc.integer({ min: -9_210_340, max: 0 }), { minLength: 4, maxLength: 4 })
    const cases = fc
      .record({ rhoMicro: micros, tauMicro: fc.integer({ min: 1, max: 10_000_000 }), conformalMicro: micros, rates })
      .chain(({ rhoMicro, tauMicro, conformalMicro, rates: drawn }) => {
        const baseRatesMicro = { '*': Object.fromEntries(options.map((option, index) => [option, drawn[index] ?? 0])) }
        const policy = rosterOf([3, 2, 1], rhoMicro, { tauMicro, conformalMicro, baseRatesMicro })
        return fc.record({ policy: fc.constant(policy), votes: anyVotes(policy), eligible: anyEligible })
      })
    await assertProperty(
      t,
      fc.property(cases, ({ policy, votes, eligible }) => {
        const gated = { ...gatedTo(), eligible }
        const { conformalSet, options: told } = decideNow(caseOf({ policy, votes, gated }), 'deadline')
        if (conformalSet === null) return
        const open = told.filter(({ option }) => eligible.has(option))
        // In whole millionths, rounded half up.
        const within = open.filter(({ probability }) => 1_000_000 - Math.floor(probability * 1e6 + 0.5) <= (policy.conformalMicro ?? NaN))
        if (conformalSet.join() !== within.map(({ option }) => option).join())
          throw new Error(`${conformalSet.join()} of ${open.length} open`)
        if (policy.conformalMicro === 1_000_000 && open.length < 4) met++
      }),
      { numRuns: 1_000 },
    )
    t.ok(met > 20, `${met} with a quantile of one and closed options`)
  },
)

const tenant = tenantRecord({ updatedAt: asked - 1 })

/** What the stage decides about a lead that may not be texted, with what it was decided from. */
function decidedUnder(conformalMicro: number) {
  const policy = policyWith({ tenantId: tenant.tenantId, conformalMicro })
  const asks = question({ decisionTypes: ['follow_up'], view: view({ blockedChannels: { ...view().blockedChannels, sms: 'dnd' } }) })
  const cast: Ballot = {
    ...{ ballotId: 'b', assessmentId: asks.assessmentId, tenantId: asks.tenantId, contactId: asks.contactId },
    ...{ epoch: asks.epoch, source: 'panel', castAt: asked, votes: panel(asks, roster) },
  }
  const key = `${asks.tenantId}:${asks.contactId}`
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]], policies: [[policyKey(policy), policy]] } })
  line.pipe(assessments, key, asks)
  line.pipe(ballots, key, cast)
  const inputs: ReplayInputs = {
    ...{ assessment: { at: asked, value: asks }, ballots: [{ at: asked, value: cast }] },
    ...{ policy: (hash: string) => (hash === policy.policyHash ? policy : undefined), tenant },
  }
  return { now: line.outputs(decisions), inputs }
}
const by = (version: number, told: readonly Decision[]) => told.map((decision) => ({ ...decision, engineVersion: version }))

t.test('what version 5 named although it was closed is named again, byte for byte', (t) => {
  const { now, inputs } = decidedUnder(1_000_000)
  const open = followUp.options.map(({ option }) => option).filter((option) => option !== 'sms')
  t.match(now, [{ engineVersion: 9, stopReason: /votes|early/ }])
  t.strictSame(
    now.map(({ conformalSet }) => conformalSet),
    [open],
  )
  t.match(replay(now, inputs), [{ kind: 'same' }])
  const before = now.map((decision) => ({ ...decision, conformalSet: followUp.options.map(({ option }) => option) }))
  for (const version of [2, 3, 4, 5]) {
    t.match(replay(by(version, before), inputs), [{ kind: 'same' }], `version ${version}`)
    t.match(replay(by(version, now), inputs), [{ kind: 'differs', fields: ['conformalSet'] }], `version ${version} named them`)
  }
  t.match(replay(before, inputs), [{ kind: 'differs', fields: ['conformalSet'] }])
  t.end()
})

t.test('below one the two versions name the same', (t) => {
  for (const quantile of [0, 600_000, 999_999]) {
    const { now, inputs } = decidedUnder(quantile)
    t.equal(now.length, 1)
    for (const version of [5, 6]) t.match(replay(by(version, now), inputs), [{ kind: 'same' }], `version ${version}, ${quantile}`)
  }
  t.end()
})

t.test('who was not asked because gates had closed everything else has no set, in either version', (t) => {
  const policy = policyWith({ conformalMicro: 1_000_000 })
  for (const closing of ['deadline', 'superseded'] as const)
    t.match(decideNow(caseOf({ policy, gated: gatedTo('wait') }), closing), { conformalSet: null, escalation: null })
  t.end()
})
