/** A lot in a decision: what it changes and what not, how it waits for the agent that draws, and that a replay finds the same. */
import fc from 'fast-check'
import t from 'tap'
import type { AgentTables } from '../../../pipelines/agents/agent.ts'
import { agents } from '../../../pipelines/agents/agents.ts'
import { panel } from '../../../pipelines/agents/panel.ts'
import { roster } from '../../../pipelines/agents/roster.ts'
import { consensus } from '../../../pipelines/consensus/consensus.ts'
import { decideIfReady, decideNow } from '../../../pipelines/consensus/decide.ts'
import type { Case } from '../../../pipelines/consensus/decide.ts'
import { explain } from '../../../pipelines/consensus/explain.ts'
import { sealed } from '../../../pipelines/consensus/policy.ts'
import { replay } from '../../../pipelines/consensus/replay.ts'
import { shippedPolicy } from '../../../pipelines/consensus/shippedPolicies.ts'
import { whatIf } from '../../../pipelines/consensus/whatIf.ts'
import { trialFindings } from '../../../pipelines/trials/findings.ts'
import { namedBy } from '../../../pipelines/trials/lot.ts'
import { lotText } from '../../../pipelines/trials/lotParams.ts'
import { begun } from '../../../pipelines/trials/review.ts'
import { runningTrial } from '../../../pipelines/trials/trial.ts'
import { drive } from '../../../runtime/driver.ts'
import { Decision } from '../../../schemas/generated/records.ts'
import type { AgentInsight, Assessment, Policy, TrialState, Vote } from '../../../schemas/generated/records.ts'
import { assessments, ballots, decisions, insightKey, insights, tenants } from '../../../topics/index.ts'
import { tenantRecord } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { vote } from '../cases.ts'
import { asked, day, question, silent } from '../leads.ts'

const content = shippedPolicy('content') as Policy
const all = new Set(content.options.map(({ option }) => option))
const manager = 'ab_test_manager'
const shares = begun(runningTrial, 0).arms.map(({ option, shareMicro }) => ({ option, shareMicro }))
const lotWith = (seed: string) => ({ trial: 'wording-2', seed, exploreMicro: 300_000, shares })
/** A text from which the lot names this wording, or leaves the choice alone. */
const seedFor = (named: string | undefined) =>
  Array.from({ length: 1000 }, (_, n) => `s${n}`).find((seed) => namedBy(lotWith(seed)) === named) ?? ''
const ballotOf = (named: string | undefined, over: Partial<Vote> = {}): Vote =>
  vote(manager, named ?? null, 1, {
    decisionType: named === undefined ? '*' : 'content',
    params: { lot: lotText(lotWith(seedFor(named))) },
    ...over,
  })
const cast = (agentId: string, option: string | null, bin = 5) => vote(agentId, option, bin, { decisionType: 'content' })
const silence = (except: readonly string[]) => content.roster.filter((id) => !except.includes(id)).map((id) => cast(id, null))
const caseOf = (votes: readonly Vote[], over: Partial<Case> = {}): Case => ({
  decisionId: 'd-1',
  question: question({ decisionTypes: ['content'] }),
  decisionType: 'content',
  votes,
  policy: content,
  gated: { results: [], eligible: all, liftsAt: null },
  at: asked,
  staleBallots: 0,
  policyRefused: false,
  degradedBefore: false,
  ...over,
})
/** Everybody but the manager is silent. */
const decided = (ballot: Vote, others: readonly Vote[] = [], over: Partial<Case> = {}) =>
  decideIfReady(caseOf([...others, ballot, ...silence([manager, ...others.map(({ agentId }) => agentId)])], over)) as Decision
const soft = [cast('sentiment_analyst', 'soft_ask'), cast('conversion_optimizer', 'soft_ask')]

t.test('the lot takes its wording, the usual one is that of the pool without it, and the chances are those of both', async (t) => {
  const drawn = decided(ballotOf('inform'), soft)
  t.match(drawn, {
    chosen: 'inform',
    runnerUp: 'soft_ask',
    stopReason: 'all_votes',
    draw: {
      ...{ trial: 'wording-2', usual: 'soft_ask', drawn: true, seed: seedFor('inform') },
      arms: [
        { option: 'wait', propensityMicro: 100_000 },
        { option: 'soft_ask', propensityMicro: 800_001 },
        { option: 'inform', propensityMicro: 99_999 },
      ],
    },
  })
  const left = decided(ballotOf(undefined), soft)
  t.match(left, { chosen: 'soft_ask', draw: { usual: 'soft_ask', drawn: false, arms: drawn.draw?.arms } })
  t.match(decided(ballotOf('soft_ask'), soft), { chosen: 'soft_ask', draw: { drawn: true, usual: 'soft_ask' } })
})

t.test('the ballot of a lot is no opinion: the pool is the same with it, without it, and however sure it is', async (t) => {
  const without = decided(cast(manager, null), soft)
  for (const ballot of [ballotOf('inform'), ballotOf('inform', { bin: 5 }), ballotOf('wait'), ballotOf(undefined)]) {
    const decision = decided(ballot, soft)
    t.strictSame(decision.options, without.options)
    t.strictSame(decision.contributions, without.contributions)
    t.equal(decision.nEff, without.nEff, 'and its agent was there')
    t.ok(decision.silent.some(({ agentId, kind }) => agentId === manager && kind === 'abstain'))
  }
  t.equal(without.draw, null)
  t.equal(decided(vote(manager, 'inform', 5, { decisionType: 'content' })).contributions.length, 1, 'a vote without a lot is one')
})

t.test('nothing is drawn where the answer was not the agents’ to give', async (t) => {
  const ballot = ballotOf('inform')
  const silentOf = silence([manager])
  t.match(decideNow(caseOf([ballot, ...silentOf]), 'superseded'), { chosen: 'wait', draw: null })
  t.match(decideNow(caseOf([ballot]), 'deadline'), { chosen: 'wait', degraded: true, draw: null })
  const gated = caseOf([ballot, ...silentOf], { gated: { results: [], eligible: new Set(['wait']), liftsAt: null } })
  t.match(decideIfReady(gated), { stopReason: 'gated', draw: null })
  const reassured = [cast('sentiment_analyst', 'reassure'), cast('sentiment_optimizer', 'reassure')]
  t.match(decided(ballot, reassured), { chosen: 'reassure', draw: null }, 'chosen for a reason that nothing is tried against')
  t.match(decided(ballot, [], { gated: { results: [], eligible: new Set(['wait', 'inform']), liftsAt: null } }), {
    chosen: 'inform',
    draw: { arms: [{ option: 'wait' }, { option: 'inform', propensityMicro: 149_999 }] },
  })
})

t.test('only the agent that draws can bring a lot, only for a wording, and only on the roster of the policy', async (t) => {
  const params = ballotOf('inform').params
  t.equal(decided(cast(manager, null), [vote('sentiment_analyst', 'inform', 5, { decisionType: 'content', params })]).draw, null)
  const outside = vote(`team/${manager}`, 'inform', 5, { decisionType: 'content', params })
  t.equal(decided(cast(manager, null), [outside]).draw, null)
  t.equal(decided(vote(manager, null, 1, { kind: 'error', decisionType: '*', params })).draw, null)
  const shorter = sealed({ ...content, roster: content.roster.filter((id) => id !== manager) })
  t.equal(decided(ballotOf('inform'), [], { policy: shorter }).draw, null)
  const escalation = shippedPolicy('escalation') as Policy
  const asking = {
    question: question(),
    decisionType: 'escalation',
    policy: sealed({
      ...escalation,
      roster: [...escalation.roster, manager],
      families: [...escalation.families, { family: 'x', rhoMicro: 0, agents: [manager] }],
    }),
  }
  const votes = [
    vote(manager, null, 1, {
      decisionType: '*',
      params: {
        lot: lotText({
          ...lotWith(seedFor('wait')),
          shares: [
            { option: 'wait', shareMicro: 500_000 },
            { option: 'hand_over', shareMicro: 500_000 },
          ],
        }),
      },
    }),
  ]
  t.equal(
    decideNow(caseOf(votes, { ...asking, gated: { results: [], eligible: new Set(['wait', 'hand_over']), liftsAt: null } }), 'deadline')
      .draw,
    null,
  )
})

t.test(
  'a question on a wording is not closed before the agent that draws has answered; its deadline closes it without a lot',
  async (t) => {
    const sure = ['sentiment_analyst', 'conversion_optimizer', 'behavioral_adapter', 'demographic_targeter', 'scheduling_agent'].map((id) =>
      cast(id, 'soft_ask'),
    )
    const missing = ['market_context_agent', manager]
    const others = silence([...sure.map(({ agentId }) => agentId), ...missing])
    t.match(decideIfReady(caseOf([...sure, ...others, cast(manager, null)])), { stopReason: 'early_stop', chosen: 'soft_ask', draw: null })
    t.match(decideIfReady(caseOf([...sure, ...others, ballotOf('inform')])), { stopReason: 'early_stop', chosen: 'inform' })
    t.equal(decideIfReady(caseOf([...sure, ...others])), undefined)
    t.match(decideNow(caseOf([...sure, ...others]), 'deadline'), { chosen: 'soft_ask', degraded: false, draw: null })
  },
)

t.test('early stop is exact with a lot: whatever the missing agents say, the wording and its chances are the same', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.constantFrom('wait', 'soft_ask', 'inform', undefined),
      fc.array(fc.tuple(fc.option(fc.constantFrom(...all)), fc.integer({ min: 1, max: 5 })), {
        minLength: content.roster.length,
        maxLength: content.roster.length,
      }),
      fc.nat(content.roster.length),
      (named, said, heard) => {
        const votes = content.roster.map((id, k) => (id === manager ? ballotOf(named) : cast(id, said[k]?.[0] ?? null, said[k]?.[1])))
        const [early, whole] = [decideIfReady(caseOf(votes.slice(0, heard))), decideIfReady(caseOf(votes))]
        return early === undefined || (early.chosen === whole?.chosen && JSON.stringify(early.draw) === JSON.stringify(whole.draw))
      },
    ),
    { numRuns: 300 },
  ),
)

const tenant = tenantRecord({ tenantId: 'sandboxLocation000001', updatedAt: asked - 1 })
const key = 'sandboxLocation000001:maria'
/** The question as it goes through the stages. `n` moves the time it is asked at, and so the lot. */
const told = (n: number, tables: Record<string, readonly (readonly [string, unknown])[]> = {}) => {
  const at = asked + n
  const asking: Assessment = question({
    decisionTypes: ['content'],
    view: silent(1, 24),
    askedAt: at,
    deadlineAt: at + 2_000,
    stage: 'new',
  })
  const line = drive([agents, consensus], { at, tables: { [tenants.name]: [[tenant.tenantId, tenant]], ...tables } })
  line.pipe(assessments, key, asking)
  const [decision] = line.outputs(decisions)
  if (decision === undefined) throw new TypeError('not decided')
  const inputs = {
    assessment: { at, value: asking },
    ballots: line.outputs(ballots).map((value) => ({ at, value })),
    policy: (hash: string) => (hash === content.policyHash ? content : undefined),
    tenant,
  }
  return { decision, inputs }
}

t.test('drawn or left, a decision is decided again from its ballot byte for byte', async (t) => {
  const stories = Array.from({ length: 40 }, (_, n) => told(n))
  for (const { decision, inputs } of stories) {
    t.match(replay([decision], inputs), [{ kind: 'same' }])
    t.strictSame(Decision.decode(Decision.encode(decision)).draw, decision.draw)
  }
  t.ok(stories.some(({ decision }) => decision.draw?.drawn === true) && stories.some(({ decision }) => decision.draw?.drawn === false))
})

t.test('under another policy the lot falls alike: only what is usual changes, and the chances with it', async (t) => {
  const asks = sealed({
    ...content,
    label: 'asks',
    baseRatesMicro: { '*': { ...content.baseRatesMicro['*'], soft_ask: 0, wait: -2_000_000 } },
  })
  const compared = Array.from({ length: 40 }, (_, n) => told(n)).flatMap(({ decision, inputs }) => whatIf([decision], inputs, asks))
  t.equal(compared.length, 40)
  for (const one of compared) {
    if (one.kind !== 'compared') throw new TypeError(one.because)
    const { decision, other } = one
    t.match(other.draw, { usual: 'soft_ask', drawn: decision.draw?.drawn, seed: decision.draw?.seed })
    t.equal(other.chosen, decision.draw?.drawn === true ? decision.chosen : 'soft_ask')
    t.equal(other.draw?.arms.find(({ option }) => option === 'soft_ask')?.propensityMicro, 800_001)
  }
})

const stated = (arms: Partial<TrialState['arms'][number]>[], over: Partial<AgentInsight> = {}) => {
  const state = begun(runningTrial, asked)
  const findings = trialFindings({ ...state, arms: state.arms.map((arm, k) => ({ ...arm, ...arms[k] })) }, [])
  return {
    ...{
      tenantId: tenant.tenantId,
      agentId: manager,
      agentVersion: 1,
      system: 'content',
      at: asked - day,
      validUntil: asked + day,
      findings,
    },
    ...over,
  }
}
const answer = (tables: AgentTables) =>
  panel(question({ decisionTypes: ['content'], view: silent(1, 24) }), roster, tables).find(({ agentId }) => agentId === manager) as Vote

t.test('shares are those that were stated about the location; a stopped wording is never drawn', async (t) => {
  const insight = stated([{ shareMicro: 600_000 }, { shareMicro: 0, stoppedAt: asked - day }, { shareMicro: 400_000 }])
  const { params, evidence } = answer({ insight: (id) => (id === manager ? insight : undefined) })
  t.match(params['lot'], /^wording-2 300000 wait:600000,soft_ask:0,inform:400000 wording-2:[0-9a-f]{16}:1793718000000$/)
  t.strictSame(evidence, [{ field: 'insights.ab_test_manager', value: `stated at ${asked - day}` }])
  const draws = Array.from({ length: 60 }, (_, n) =>
    told(n, { [insights.name]: [[insightKey(tenant.tenantId, manager), { ...insight, validUntil: asked + day }]] }),
  )
  for (const { decision } of draws) {
    t.strictSame(decision.draw?.arms, [
      { option: 'wait', propensityMicro: 880_000 },
      { option: 'inform', propensityMicro: 120_000 },
    ])
  }
  t.notOk(draws.some(({ decision }) => decision.chosen === 'soft_ask'))
})

t.test('nothing stated, or of another trial: every wording alike; one wording left, or a location that wants none: no lot', async (t) => {
  const alike = / wait:333334,soft_ask:333333,inform:333333 /
  t.match(answer({ insight: () => undefined }), { evidence: [], params: { lot: alike } })
  const former = stated([]).findings.map((one) => ({ ...one, subject: one.subject === 'wording-2' ? 'wording-1' : one.subject }))
  t.match(answer({ insight: () => ({ ...stated([]), findings: former }) }).params['lot'], alike)
  const alone = stated([{ shareMicro: 1_000_000 }, { shareMicro: 0 }, { shareMicro: 0 }])
  t.match(answer({ insight: () => alone }), { kind: 'abstain', reasonCode: 'one_wording_left', params: {} })
  t.match(answer({ insight: () => undefined, trials: 'off' }), { kind: 'abstain', reasonCode: 'trials_off', params: {} })
})

t.test('a location switches trials off and on by its settings; on is the default', async (t) => {
  const drawnFor = (trials: ReturnType<typeof tenantRecord>['trials']) =>
    told(1, { [tenants.name]: [[tenant.tenantId, { ...tenant, trials }]] }).decision.draw
  t.equal(drawnFor({ enabled: false, reopened: {} }), null)
  t.ok(drawnFor({ enabled: true, reopened: {} }))
  t.ok(drawnFor(null))
  t.ok(told(1, { [tenants.name]: [] }).decision.draw)
})

t.test('told in words: that it was drawn, instead of what, and how probable that was', async (t) => {
  const words = (named: string | undefined, others: readonly Vote[] = soft) => explain(decided(ballotOf(named), others), content)
  t.match(words('inform').sentences, [
    'Drawn by lot in trial wording-2, instead of what is usual, to ask softly: this had a chance of 10.0 %.',
    /^Against it: .* \(Conversion optimizer would ask softly, very high\)$|^Against it: .* would ask softly/,
    /^The agents put \d+ % on this being right/,
  ])
  t.equal(words('inform').headline, 'Offer information.')
  t.equal(words('inform').flipSet, undefined)
  t.notMatch(words('inform').sentences.join(' '), /cost more|Without/)
  t.equal(words('soft_ask').sentences[0], 'Drawn by lot in trial wording-2, which is what is usual: this had a chance of 80.0 %.')
  t.match(
    words(undefined).sentences[0],
    'Some are drawn by lot in trial wording-2; this one was left to what is usual: this had a chance of 80.0 %.',
  )
  t.match(words('wait').sentences[0], /^Drawn by lot .* instead of what is usual, to ask softly: this had a chance of 10\.0 %\.$/)
  const { draw: _draw, ...older } = decided(ballotOf(undefined), soft)
  t.match(explain(older as Decision, content).sentences[0], /^For it: /)
})
