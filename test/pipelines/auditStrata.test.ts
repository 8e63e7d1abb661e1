/** What is decided seldom or barely is drawn more often; the probability that is stored is that with which it is drawn. */
import fc from 'fast-check'
import t from 'tap'
import { auditShareMicro, SOUGHT_MICRO, soughtStrata } from '../../pipelines/consensus/auditStrata.ts'
import { auditSelected, decideNow } from '../../pipelines/consensus/decide.ts'
import { lnMicro } from '../../pipelines/consensus/pinnedMath.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { assertProperty } from '../support/property.ts'
import { anyEligible, anyStage, anyVotes, caseOf, followUp, policyWith } from './cases.ts'

const sure = new Map([
  ['wait', 0.2],
  ['sms', 0.8],
])
const barely = new Map([
  ['wait', 0.499999],
  ['sms', 0.45],
])
const half = new Map([
  ['wait', 0.5],
  ['sms', 0.5],
])

t.test('two in a hundred, five where no option has half or the choice is rare in its stage', (t) => {
  const share = (chosen: string, probabilities = sure, policy = followUp) => auditShareMicro(policy, 'silent', chosen, probabilities)
  t.equal(share('sms'), 20_000)
  t.equal(share('sms', half), 20_000, 'half is not barely')
  t.equal(share('sms', barely), 50_000)
  // Of silent leads a call is right for 8 %, an e-mail for 25 %.
  t.equal(share('call'), 50_000)
  t.equal(share('email'), 20_000)
  const tenth = policyWith({ baseRatesMicro: { '*': { ...followUp.baseRatesMicro['*'], call: lnMicro(0.1) } } })
  t.equal(auditShareMicro(tenth, 'booked', 'call', sure), 20_000, 'one in ten is not rare')
  t.equal(share('call', barely, policyWith({ pAuditMicro: 0 })), 0, 'a policy that draws none draws none')
  t.equal(share('call', barely, policyWith({ pAuditMicro: 300_000 })), 300_000, 'never less than the policy draws')
  t.equal(share('sms', sure, policyWith({ pAuditMicro: 30_000 })), 30_000)
  t.equal(SOUGHT_MICRO, 50_000)
  t.equal(new Set(soughtStrata.map(({ stratum }) => stratum)).size, 2)
  for (const { pAuditMicro } of shippedPolicies) t.equal(pAuditMicro, 20_000, '2 to 5 % of decisions')
  t.end()
})

/** An id that is drawn by the greater share and not by the smaller: of 33 ids one, so that any other tells the two shares apart by luck only. */
const betweenShares = fc.uuid().map((seed) => {
  for (let k = 0; ; k++) if (auditSelected(`${seed}-${k}`, 50_000) && !auditSelected(`${seed}-${k}`, 20_000)) return `${seed}-${k}`
})

t.test('each decision carries its own share, and is drawn by that share', async (t) => {
  await assertProperty(
    t,
    fc.property(anyVotes(followUp), anyStage, anyEligible, fc.oneof(fc.uuid(), betweenShares), (votes, stage, eligible, decisionId) => {
      fc.pre(eligible.size > 1)
      const decision = decideNow(
        caseOf({ decisionId, votes, gated: { eligible, results: [], liftsAt: null }, asks: { stage } }),
        'deadline',
      )
      const probabilities = new Map(decision.options.flatMap((one) => (one.eligible ? [[one.option, one.probability] as const] : [])))
      const micro = auditShareMicro(followUp, stage, decision.chosen, probabilities)
      return (
        decision.pAudit === micro / 1e6 && decision.auditSelected === auditSelected(decisionId, micro) && micro >= 20_000 && micro <= 50_000
      )
    }),
  )
  const superseded = decideNow(caseOf({ votes: [] }), 'superseded')
  t.match(superseded, { pAudit: 0, auditSelected: false })
})

t.test('the share that is drawn is the probability that is stored, and weights by its inverse give back the whole', async (t) => {
  const n = 20_000
  await assertProperty(
    t,
    fc.property(fc.uuid(), (seed) => {
      const drawn = (micro: number) =>
        Array.from({ length: n }, (_, k) => `${seed}-${micro}-${k}`).filter((id) => auditSelected(id, micro)).length
      const [usual, sought] = [drawn(20_000), drawn(50_000)]
      // 400 ± 5 sqrt(20000 * .02 * .98 = 392) and 1000 ± 5 sqrt(950): beyond by chance twice in a million.
      if (Math.abs(usual - 400) > 5 * 19.8 || Math.abs(sought - 1_000) > 5 * 30.9) return false
      // Right in all sought ones and in none of the others, half of all: unweighted it would be 1000 of 1400.
      const share = sought / 0.05 / (2 * n)
      return Math.abs(share - 0.5) < 5 * (Math.sqrt((n * 0.95) / 0.05) / (2 * n))
    }),
    { numRuns: 20 },
  )
})
