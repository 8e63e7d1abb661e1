/** Verdicts become a table of votes, and the table a policy: by what was counted then, and only by verdicts asked for by chance. */
import fc from 'fast-check'
import t from 'tap'
import { compiled, policyProblems, sealed } from '../../pipelines/consensus/policy.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { learnedLines } from '../../cli/learnText.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { olderVotes } from '../../pipelines/learning/agentVersions.ts'
import { learn, LEAST_OF_A_LOCATION } from '../../pipelines/learning/learn.ts'
import type { Learned } from '../../pipelines/learning/learn.ts'
import { wantsSecond } from '../../pipelines/learning/labels.ts'
import { drawnVerdicts, firstVerdicts, pairsOfVerdicts, voteTableOf } from '../../pipelines/learning/voteTable.ts'
import type { JudgedDecision } from '../../pipelines/learning/judgedDecision.ts'
import type { Contribution, Decision, Policy } from '../../schemas/generated/records.ts'
import { DAY, decisionRecord, HOUR, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const shipped = shippedPolicy('follow_up') as Policy
const contribution = (agentId: string, option: string, bin: number, over: Partial<Contribution> = {}): Contribution => ({
  ...{
    agentId,
    agentVersion: 1,
    family: compiled(shipped).familyOf(agentId, 'outside'),
    option,
    bin,
    rank: 1,
    lambdaMicro: 0,
    deltaMicro: 0,
  },
  ...{ tauMicro: 0, nats: '0', blocked: false, reasonCode: 'r', reasonText: null },
  ...over,
})

/** The `n`-th judged decision: `expert` votes for what is right, `parrot` for a text whatever is right. */
function judged(n: number, right: string, over: Partial<JudgedDecision> = {}, decision: Partial<Decision> = {}): JudgedDecision {
  return {
    decision: decisionRecord({
      decisionId: `d${String(n).padStart(5, '0')}`,
      contactId: `c${n}`,
      stage: 'engaged',
      decidedAt: tuesdayNoon + n * HOUR,
      contributions: [contribution('intent_detector', right, 4), contribution('channel_strategist', 'sms', 4)],
      silent: [
        { agentId: 'behavioral_profiler', kind: 'abstain', reasonCode: 'no_finding' },
        { agentId: 'timing_optimizer', kind: 'missing', reasonCode: 'no_answer' },
      ],
      ...decision,
    }),
    option: right,
    labeller: 'anna',
    inclusion: 0.03,
    labelledAt: tuesdayNoon + n * HOUR + DAY,
    ...over,
  }
}
const truths = ['wait', 'sms', 'email', 'call', 'sms']
const verdicts = (count: number, from = 0) => Array.from({ length: count }, (_, n) => judged(from + n, truths[n % truths.length] as string))
const learned = (material: readonly JudgedDecision[], inForce: (key: string) => Policy | undefined = () => undefined) =>
  learn({ decisionType: 'follow_up', judged: material, shipped, inForce })

t.test('the table says which options a decision could choose; one that lists none says nothing of it', (t) => {
  const listed = (option: string, eligible: boolean) => ({
    ...{ option, eligible, baseMicro: 0, score: '0', probability: 0, utility: 0 },
  })
  const options = [listed('wait', true), listed('sms', false), listed('email', true), listed('call', true)]
  const table = voteTableOf([judged(0, 'sms', {}, { options }), judged(1, 'call')], shipped)
  t.strictSame(
    table.items.map(({ eligible }) => eligible),
    [['wait', 'email', 'call'], undefined],
  )
  t.end()
})

t.test('the table has the votes that were counted, blocked ones too; who failed is absent, who had nothing to say is there', (t) => {
  const table = voteTableOf(
    [
      judged(
        0,
        'call',
        {},
        { contributions: [contribution('intent_detector', 'call', 4, { blocked: true }), contribution('other/x', 'sms', 2)] },
      ),
    ],
    shipped,
  )
  t.strictSame(table.options, ['wait', 'sms', 'email', 'call'])
  t.match(table.items, [{ item: 'd00000', stage: 'engaged', at: tuesdayNoon, truth: 'call', inclusion: 0.03, group: /:c0$/ }])
  t.strictSame(table.votes, [
    { item: 'd00000', agent: 'intent_detector', option: 'call', bin: 4 },
    { item: 'd00000', agent: 'behavioral_profiler', option: null, bin: null },
  ])
  t.notOk(
    table.agents.some(({ agent }) => agent === 'other/x'),
    'an outside agent with one judged vote is not heard',
  )
  t.ok(shipped.roster.every((agent) => table.agents.some((known) => known.agent === agent)))
  t.end()
})

t.test('of several verdicts on a decision the first counts; two of them are a pair for agreement', (t) => {
  const ids = Array.from({ length: 100 }, (_, n) => n)
  const isAskedTwice = (n: number) => wantsSecond(judged(n, 'sms').decision.decisionId)
  const [twice = -1, once = -1] = [ids.find(isAskedTwice), ids.find((n) => !isAskedTwice(n))]
  const two = (n: number, decision: Partial<Decision>) => [
    judged(n, 'call', { labeller: 'ben', labelledAt: 2 }, decision),
    judged(n, 'sms', { labelledAt: 1 }, decision),
    judged(n + 100, 'wait', {}, decision),
  ]
  const drawn = { auditSelected: true }
  t.strictSame(
    firstVerdicts(two(twice, drawn)).map(({ option }) => option),
    ['sms', 'wait'],
  )
  t.strictSame(pairsOfVerdicts(two(twice, drawn)), [['sms', 'call']])
  t.strictSame(
    pairsOfVerdicts(two(twice, { auditSelected: false, escalation: 'undecided' })),
    [['sms', 'call']],
    'it is put to two as well',
  )
  t.strictSame(pairsOfVerdicts(two(twice, { auditSelected: false })), [], 'nobody was asked')
  t.strictSame(pairsOfVerdicts(two(once, drawn)), [], 'nobody was asked a second time')
  t.end()
})

t.test('policies are compared by what was drawn by lot, not by what was put to people for certain', (t) => {
  const material = [
    judged(0, 'sms', { labeller: 'ben', labelledAt: 2 }, { auditSelected: true }),
    judged(0, 'wait', { labelledAt: 1 }, { auditSelected: true }),
    judged(1, 'call', { inclusion: 1 }, { auditSelected: false, escalation: 'undecided' }),
    judged(2, 'call', { inclusion: 1 }, { auditSelected: true, escalation: 'undecided' }),
    judged(3, 'call', { inclusion: 0 }, { auditSelected: false }),
  ]
  t.strictSame(drawnVerdicts(material), [
    { decisionId: 'd00000', option: 'wait' },
    { decisionId: 'd00002', option: 'call' },
  ])
  t.end()
})

t.test('a policy is fitted up to the newest verdict that teaches: an override and a second opinion make no other one', (t) => {
  const taught = verdicts(120)
  const later = tuesdayNoon + 90 * DAY
  const override = judged(500, 'call', { inclusion: 0, labeller: 'ben', labelledAt: later })
  const second = { ...(taught[7] as JudgedDecision), labeller: 'ben', labelledAt: later }
  const [plain, beside] = [learned(taught), learned([...taught, override, second])].map(([one]) => one)
  t.equal(beside?.policy.policyHash, plain?.policy.policyHash)
  // The 120th verdict is given a day after its decision: 119 hours and a day after noon of 2026-11-10.
  t.equal(plain?.policy.label, 'fitted on 120 verdicts up to 2026-11-16')
  t.equal(plain?.policy.createdAt, tuesdayNoon + 119 * HOUR + DAY)
  t.end()
})

t.test('votes of an older version of an agent count as its own, and the report says how many there are', (t) => {
  const { id: agent } = roster.find(({ id, version }) => version === 1 && shipped.roster.includes(id) && id !== 'channel_strategist') ?? {
    id: 'no agent is of version 1 any more',
  }
  const asItIs = { agentVersion: roster.find(({ id }) => id === 'channel_strategist')?.version ?? 0 }
  const cast = (n: number, version: number, over: Partial<JudgedDecision> = {}) =>
    judged(n, 'call', over, {
      contributions: [contribution(agent, 'call', 4, { agentVersion: version }), contribution('channel_strategist', 'sms', 4, asItIs)],
    })
  const material = [cast(0, 1), cast(1, 1), cast(2, 3), cast(3, 2), cast(4, 9, { inclusion: 0 })]
  t.strictSame(olderVotes(material), [{ agent, version: 3, votes: 4, older: 3 }])
  t.strictSame(olderVotes(material.slice(0, 2)), [], 'one version is none older')
  const newer = roster.find(({ version }) => version > 1)
  const before = judged(0, 'call', {}, { contributions: [contribution(newer?.id ?? '', 'call', 4), contribution('guest/one', 'sms', 4)] })
  t.strictSame(
    olderVotes([before]),
    [{ agent: newer?.id, version: newer?.version, votes: 1, older: 1 }],
    'nothing of the newest was judged yet: all that is known is of an older one',
  )
  const of = (version: number) => learned(Array.from({ length: 40 }, (_, n) => cast(n, n < 30 ? 1 : version)))
  const [one] = of(1)
  const [two] = of(2)
  t.equal(two?.policy.policyHash, one?.policy.policyHash)
  t.strictSame(one?.olderVotes, [])
  t.strictSame(two?.olderVotes, [{ agent, version: 2, votes: 40, older: 30 }])
  t.ok(
    learnedLines(two as Learned, false).includes(
      `  ${agent} is of version 2 now: 30 of its 40 judged votes are of an older one, and count as its own.`,
    ),
  )
  const { olderVotes: _none, ...untold } = two as Learned
  t.notMatch(learnedLines(untold, false).join('\n'), /of version/, 'reports from before it was told say nothing of it')
  t.end()
})

t.test('without a verdict that was asked for by chance nothing is learned', (t) => {
  t.strictSame(learned([]), [])
  t.strictSame(learned(verdicts(50).map((one) => ({ ...one, inclusion: 0 }))), [], 'overrides teach nothing')
  t.end()
})

t.test('P-21: who is right gains weight, who always says the same loses it, and the policy is sound', (t) => {
  const [everybody, ...own] = learned(verdicts(60))
  t.strictSame(own, [])
  t.match(everybody, { key: '*:follow_up', outcome: 'publish', problems: [], former: shipped })
  const policy = everybody?.policy as Policy
  t.strictSame(policyProblems(policy), [])
  t.equal(policy.label, 'fitted on 60 verdicts up to 2026-11-14', '10 November 17:00 + 59 h + 24 h')
  const [before, after] = [compiled(shipped), compiled(policy)]
  t.ok(after.lambdaOf('intent_detector', 4, 'call') > before.lambdaOf('intent_detector', 4, 'call'))
  t.ok(after.lambdaOf('channel_strategist', 4, 'sms') < before.lambdaOf('channel_strategist', 4, 'sms') / 2)
  t.strictSame(policy.options, shipped.options, 'values and costs are no matter of labels')
  t.match(everybody?.report.labels, { usable: 60, ofUnknownInclusion: 0 })
  t.end()
})

t.test('the same verdicts give the same policy in any order and on any day, and then there is nothing to publish', async (t) => {
  const material = verdicts(45)
  const hash = learned(material)[0]?.policy.policyHash
  await assertProperty(
    t,
    fc.property(
      fc.shuffledSubarray(material, { minLength: material.length }),
      (shuffled) => learned(shuffled)[0]?.policy.policyHash === hash,
    ),
    { numRuns: 20 },
  )
  const inForce = learned(material)[0]?.policy as Policy
  t.match(learned(material, (key) => (key === '*:follow_up' ? inForce : undefined))[0], { outcome: 'unchanged' })
})

t.test('a location has a policy of its own from 300 verdicts on, drawn towards that of all', (t) => {
  const others = verdicts(50).map((one) => ({ ...one, decision: { ...one.decision, tenantId: 'elsewhere' } }))
  const keys = (count: number) => learned([...verdicts(count, 50), ...others]).map(({ key }) => key)
  t.strictSame(keys(LEAST_OF_A_LOCATION - 1), ['*:follow_up'])
  t.strictSame(keys(LEAST_OF_A_LOCATION), ['*:follow_up', 'sandboxLocation000001:follow_up'])
  const [, own] = learned([...verdicts(LEAST_OF_A_LOCATION, 50), ...others])
  t.equal(own?.policy.tenantId, 'sandboxLocation000001')
  t.strictSame(own && policyProblems(own.policy), [])
  t.end()
})

t.test('a location that a person let go back to the policy of all gets none of its own by the timer', (t) => {
  const key = 'sandboxLocation000001:follow_up'
  const former = sealed({ ...shipped, label: 'in force for all' })
  // Elsewhere other options are right, so that what is fitted on the own verdicts foretells them better than that of all.
  const others = verdicts(LEAST_OF_A_LOCATION).map((one) => ({
    ...one,
    option: 'email',
    decision: { ...one.decision, tenantId: 'elsewhere', decisionId: `e${one.decision.decisionId}` },
  }))
  const outcomes = (rolledBack?: ReadonlySet<string>, own?: Policy) =>
    learn({
      decisionType: 'follow_up',
      judged: [...verdicts(LEAST_OF_A_LOCATION), ...others],
      shipped,
      inForce: (of) => (of === key ? own : of === '*:follow_up' ? former : undefined),
      rolledBack,
    }).map(({ key: of, outcome }) => `${of} ${outcome}`)
  const all = ['*:follow_up publish', 'elsewhere:follow_up publish']
  t.strictSame(outcomes(), [...all, `${key} publish`], 'a person learns')
  t.strictSame(outcomes(new Set([key])), [...all, `${key} rolled_back`])
  t.strictSame(
    outcomes(new Set([key]), sealed({ ...former, tenantId: 'sandboxLocation000001' })),
    [...all, `${key} publish`],
    'the sink is behind',
  )
  t.end()
})

t.test('what foretells the newest verdicts less well than the policy in force is kept back', (t) => {
  // In 160 old verdicts the expert is right; in the 40 newest, which the fit holds back, whatever it says is wrong.
  const turned = [
    ...verdicts(160),
    ...Array.from({ length: 40 }, (_, n) =>
      judged(
        160 + n,
        'wait',
        {},
        { contributions: [contribution('intent_detector', 'call', 4), contribution('channel_strategist', 'sms', 4)] },
      ),
    ),
  ]
  const [everybody] = learned(turned)
  t.equal(everybody?.outcome, 'worse')
  t.ok((everybody?.report.held?.fitted.logLoss ?? 0) > (everybody?.report.held?.former.logLoss ?? Infinity))
  t.end()
})
