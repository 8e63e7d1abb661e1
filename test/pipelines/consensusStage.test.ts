import fc from 'fast-check'
import t from 'tap'
import { noEntities } from '../../pipelines/enrich/entities.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster, rosterFor } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { consensusErrors } from '../../pipelines/consensus/errors.ts'
import { sealed } from '../../pipelines/consensus/policy.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { rosterSources } from '../../pipelines/consensus/sources.ts'
import { drive } from '../../runtime/driver.ts'
import type { Line } from '../../runtime/driver.ts'
import { Decision } from '../../schemas/generated/records.ts'
import type { Assessment, Ballot, LeadProfile, OpenQuestions, Policy, Tenant, Vote } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, policies, profiles, tenants } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'
import { asked, hour, question, view } from './leads.ts'

const maria = 'sandboxLocation000001:maria'
const [followUp, escalation] = shippedPolicies as [Policy, Policy]
/** Questions about the follow-up only, unless a test is about both. */
const ask = (changes: Partial<Assessment> = {}) => question({ decisionTypes: ['follow_up'], ...changes })
const open = (tables: Record<string, Iterable<readonly [string, unknown]>> = {}) => drive(consensus, { at: asked, tables })
const stateOf = (line: Line) => line.state(maria) as OpenQuestions

function vote(agentId: string, option: string | null, bin = 3, changes: Partial<Vote> = {}): Vote {
  return {
    agentId,
    agentVersion: 1,
    family: 'stated',
    kind: option === null ? 'abstain' : 'vote',
    decisionType: 'follow_up',
    option,
    bin: option === null ? null : bin,
    reasonCode: 'r',
    reasonText: null,
    evidence: [],
    params: {},
    ...changes,
  }
}
let cast = 0
function ballot(votes: Vote[], changes: Partial<Ballot> = {}): Ballot {
  return {
    ballotId: `b-${String(cast++)}`,
    assessmentId: 'a-1',
    tenantId: 'sandboxLocation000001',
    contactId: 'maria',
    epoch: 1,
    source: 'panel',
    castAt: asked,
    votes,
    ...changes,
  }
}
const fullBallot = (asking: Assessment, changes: Partial<Ballot> = {}) => ballot(panel(asking, roster), changes)

function profile(changes: Partial<LeadProfile> = {}): LeadProfile {
  const { counters } = view()
  return {
    tenantId: 'sandboxLocation000001',
    contactId: 'maria',
    version: 2,
    epoch: 2,
    firstName: null,
    lastName: null,
    email: null,
    phone: null,
    companyName: null,
    city: null,
    state: null,
    postalCode: null,
    country: null,
    timeZone: null,
    source: null,
    ownerId: null,
    tags: [],
    customFields: {},
    dnd: false,
    dndChannels: {},
    consents: {},
    humanOwnership: null,
    status: 'contacted',
    score: 40,
    level: 'WARM',
    counters,
    replyHours: [],
    recentMessages: [],
    outboundTimes: [],
    inboundTimes: [],
    opportunity: null,
    appointment: null,
    createdAt: null,
    firstSeenAt: asked,
    lastEventAt: asked,
    lastInboundAt: null,
    lastOutboundAt: null,
    lastHumanAt: null,
    lastOwnAt: null,
    lastAssessedAt: null,
    silenceStep: 0,
    fieldTimes: {},
    deletedAt: null,
    routedTo: null,
    countedFor: null,
    firstOrigin: null,
    lastOrigin: null,
    ...noEntities,
    ...changes,
  }
}
const reasons = (line: Line) => line.drops.map(({ reason }) => reason)
const stops = (line: Line) => line.outputs(decisions).map(({ stopReason }) => stopReason)

t.test('the full panel decides at once, one decision for each open type', async (t) => {
  const line = drive([agents, consensus], { at: asked })
  line.pipe(assessments, maria, question())
  t.strictSame(
    line.outputs(decisions).map(({ type, chosen, stopReason }) => [type, chosen, stopReason]),
    [
      ['follow_up', 'sms', 'all_votes'],
      ['escalation', 'wait', 'all_votes'],
    ],
  )
  const [decision] = line.outputs(decisions)
  t.match(decision, {
    tenantId: 'sandboxLocation000001',
    contactId: 'maria',
    assessmentId: 'a-1',
    reason: 'new_lead',
    stage: 'new',
    epoch: 1,
    profileVersion: 1,
    policyHash: followUp.policyHash,
    engineVersion: 9,
    askedAt: asked,
    decidedAt: asked,
    dueAt: asked,
    liftsAt: null,
    pAudit: 0.02,
  })
  t.equal(new Set(line.outputs(decisions).map(({ decisionId }) => decisionId)).size, 2)
  line.advance('1h')
  t.equal(line.outputs(decisions).length, 2, 'no timer is left')
})

t.test('ballots that come before their assessment wait for it', async (t) => {
  const line = open()
  line.pipe(ballots, maria, fullBallot(ask()))
  t.equal(stateOf(line).early.length, 1)
  line.pipe(assessments, maria, ask())
  t.strictSame(stops(line), ['all_votes'])
  t.equal(stateOf(line).early.length, 0)
})

t.test('early ballots are kept ten minutes, eight at most, and none of an older epoch', async (t) => {
  const line = open()
  for (let n = 0; n < 10; n++) line.pipe(ballots, maria, ballot([], { assessmentId: `later-${n}`, epoch: 3 }))
  t.equal(stateOf(line).early.length, 8)
  const twice = ballot([], { assessmentId: 'later-9', epoch: 3, ballotId: 'same' })
  line.pipe(ballots, maria, twice)
  line.pipe(ballots, maria, twice)
  t.strictSame(reasons(line), ['duplicate_ballot'])
  line.advance('11m')
  line.pipe(ballots, maria, ballot([], { assessmentId: 'new', epoch: 3 }))
  t.strictSame(
    stateOf(line).early.map(({ assessmentId }) => assessmentId),
    ['new'],
  )
  line.pipe(profiles, maria, profile({ epoch: 4 }))
  line.pipe(ballots, maria, ballot([], { assessmentId: 'old', epoch: 3 }))
  t.equal(reasons(line).at(-1), 'stale_ballot')
})

t.test('P-46: a question without enough votes is closed at its deadline by the fallback', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask())
  line.advance('1s')
  t.strictSame(stops(line), [])
  line.advance('1s')
  t.match(line.outputs(decisions), [
    { stopReason: 'deadline', chosen: 'wait', degraded: true, fallbackUsed: true, decidedAt: asked + 2000 },
  ])
  t.equal(stateOf(line).open.length, 0)
  t.strictSame(line.timers(maria), {})
})

t.test('too few voices twice in a row on one type are put to a person; a quorum in between begins anew', async (t) => {
  const line = open()
  let asks = 0
  const next = (votes: Vote[], types = ['follow_up']) => {
    const assessmentId = `a-${String(++asks)}`
    line.pipe(assessments, maria, ask({ assessmentId, decisionTypes: types, askedAt: line.now, deadlineAt: line.now + 2_000 }))
    if (votes.length > 0) line.pipe(ballots, maria, ballot(votes, { assessmentId }))
    line.advance('2s')
    return line
      .outputs(decisions)
      .filter((decision) => decision.assessmentId === assessmentId)
      .map(({ type, escalation: why, degraded }) => `${type} ${String(degraded)} ${String(why)}`)
  }
  const enough = ['intent_detector', 'timing_optimizer', 'content_personalizer'].map((agent) => vote(agent, 'call', 4))
  t.strictSame(next([]), ['follow_up true null'])
  t.strictSame(next([], ['follow_up', 'escalation']), ['follow_up true quorum_failed_twice', 'escalation true null'])
  t.strictSame(next([]), ['follow_up true quorum_failed_twice'], 'and every further time')
  line.pipe(assessments, maria, ask({ assessmentId: 'moot' }))
  line.pipe(profiles, maria, profile({ epoch: 2 }))
  t.equal(stops(line).at(-1), 'superseded')
  t.strictSame(stateOf(line).degraded, ['follow_up', 'escalation'], 'what was ended from outside says nothing of voices')
  const again = open()
  for (const votes of [[], enough, [], []]) {
    const assessmentId = `b-${String(++asks)}`
    again.pipe(assessments, maria, ask({ assessmentId, askedAt: again.now, deadlineAt: again.now + 2_000 }))
    if (votes.length > 0) again.pipe(ballots, maria, ballot(votes, { assessmentId }))
    again.advance('2s')
  }
  t.strictSame(
    again.outputs(decisions).map(({ degraded, escalation: why }) => [degraded, why]),
    [
      [true, null],
      [false, null],
      [true, null],
      [true, 'quorum_failed_twice'],
    ],
  )
})

t.test('a quorum at the deadline decides by its votes, and late votes change nothing', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask())
  line.pipe(ballots, maria, ballot(['intent_detector', 'timing_optimizer', 'content_personalizer'].map((agent) => vote(agent, 'call', 4))))
  t.strictSame(stops(line), [], 'four agents could still change it')
  line.advance('2s')
  t.match(line.outputs(decisions), [{ stopReason: 'deadline', chosen: 'call', degraded: false, nEff: 3 }])
  line.pipe(ballots, maria, ballot([vote('channel_strategist', 'wait', 5)]))
  t.strictSame(reasons(line), ['late_ballot'])
  t.equal(line.outputs(decisions).length, 1)
})

t.test('a ballot after the deadline is late even while its timer has not fired', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask({ deadlineAt: asked - 1 }))
  line.pipe(ballots, maria, fullBallot(ask()))
  t.strictSame(reasons(line), ['late_ballot'])
})

t.test('no missing vote can change it: the question is closed early', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask())
  const five = ['demographic_analyzer', 'behavioral_profiler', 'intent_detector', 'timing_optimizer', 'content_personalizer'].map((agent) =>
    vote(agent, 'sms', 5),
  )
  const missing = ['channel_strategist', 'response_analyzer']
  const voted = new Set([...five.map(({ agentId }) => agentId), ...missing])
  const others = followUp.roster.filter((agent) => !voted.has(agent)).map((agent) => vote(agent, null))
  line.pipe(ballots, maria, ballot([...five, ...others]))
  const [decision] = line.outputs(decisions)
  t.match(decision, { stopReason: 'early_stop', chosen: 'sms' })
  t.strictSame(
    decision?.silent.filter(({ kind }) => kind === 'missing').map(({ agentId }) => agentId),
    missing,
  )
})

t.test('duplicate assessments and ballots change nothing', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask())
  line.pipe(assessments, maria, ask())
  const one = ballot([vote('intent_detector', 'call', 5)])
  line.pipe(ballots, maria, one)
  const before = JSON.stringify(stateOf(line))
  line.pipe(ballots, maria, one)
  t.equal(JSON.stringify(stateOf(line)), before)
  t.strictSame(reasons(line), ['duplicate_assessment', 'duplicate_ballot'])
  line.pipe(ballots, maria, fullBallot(ask()))
  line.pipe(assessments, maria, ask())
  t.equal(line.outputs(decisions).length, 1)
})

t.test('the first vote of an agent on a decision type stands', async (t) => {
  const line = open()
  line.pipe(assessments, maria, question())
  line.pipe(ballots, maria, ballot([vote('intent_detector', 'call', 5), vote('intent_detector', 'sms', 1)]))
  line.pipe(
    ballots,
    maria,
    ballot([
      vote('intent_detector', 'wait', 5),
      vote('intent_detector', null, 1, { decisionType: '*' }),
      vote('x', 'y', 1, { decisionType: 'routing' }),
      vote('x', 'sms', 1, { decisionType: '*' }),
    ]),
  )
  t.strictSame(
    stateOf(line).open[0]?.votes.map(({ option }) => option),
    ['call'],
  )
  line.pipe(ballots, maria, ballot([vote('demographic_analyzer', null, 1, { decisionType: '*' }), vote('demographic_analyzer', 'sms', 5)]))
  t.equal(stateOf(line).open[0]?.votes.length, 2)
})

t.test('stale: a ballot on another epoch is never applied, and the decision says so', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask({ epoch: 2 }))
  line.pipe(
    ballots,
    maria,
    ballot(
      rosterFor('follow_up').map((agent) => vote(agent, 'call', 5)),
      { epoch: 1 },
    ),
  )
  t.strictSame(stops(line), [])
  line.pipe(ballots, maria, fullBallot(ask({ epoch: 2 }), { epoch: 2 }))
  t.match(line.outputs(decisions), [{ chosen: 'sms', conflicts: ['stale'], stopReason: 'all_votes' }])
})

t.test('a reply while the question is open supersedes the decision', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask({ epoch: 4 }))
  line.pipe(profiles, maria, profile({ epoch: 5 }))
  line.advance('2m')
  t.match(line.outputs(decisions), [
    { stopReason: 'superseded', chosen: 'wait', dueAt: null, epoch: 4, auditSelected: false, degraded: false },
  ])
})

t.test('a newer assessment supersedes an older question even before the profile arrives', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask({ epoch: 4 }))
  line.pipe(assessments, maria, ask({ epoch: 5, assessmentId: 'a-2' }))
  t.strictSame(
    line.outputs(decisions).map(({ assessmentId, stopReason }) => [assessmentId, stopReason]),
    [['a-1', 'superseded']],
  )
  t.strictSame(
    stateOf(line).open.map(({ assessment }) => assessment.assessmentId),
    ['a-2'],
  )
  line.pipe(assessments, maria, ask({ epoch: 4, assessmentId: 'a-3' }))
  t.strictSame(stops(line), ['superseded', 'superseded'], 'and an older one that comes late')
})

t.test('profiles without a newer epoch change nothing; a deleted contact closes its questions', async (t) => {
  const line = open()
  line.pipe(profiles, maria, profile({ epoch: 3 }))
  line.pipe(profiles, maria, profile({ epoch: 3, version: 9 }))
  t.strictSame(reasons(line), ['epoch_unchanged'])
  line.pipe(profiles, maria, profile({ epoch: 3, deletedAt: asked }))
  t.equal(reasons(line).length, 2)
  line.pipe(assessments, maria, ask({ epoch: 3 }))
  line.pipe(profiles, maria, profile({ epoch: 3, deletedAt: asked }))
  t.strictSame(stops(line), ['superseded'])
  line.pipe(assessments, maria, ask({ epoch: 3, assessmentId: 'a-2' }))
  t.equal(stateOf(line).open.length, 1, 'a contact that comes back is not locked out')
})

t.test('a gated question is decided at once, without waiting for votes; the other type stays open', async (t) => {
  const line = open()
  const gated = question({ view: view({ hasPhone: false, hasEmail: false }) })
  line.pipe(assessments, maria, gated)
  t.strictSame(
    line.outputs(decisions).map(({ type, stopReason }) => [type, stopReason]),
    [['follow_up', 'gated']],
  )
  t.strictSame(stateOf(line).open[0]?.assessment.decisionTypes, ['escalation'])
  line.pipe(ballots, maria, fullBallot(gated))
  t.strictSame(
    line.outputs(decisions).map(({ type, stopReason }) => [type, stopReason]),
    [
      ['follow_up', 'gated'],
      ['escalation', 'all_votes'],
    ],
  )
})

t.test('the kill switch and the budgets of the tenant are read from its table', async (t) => {
  const tenant: Tenant = {
    tenantId: 'sandboxLocation000001',
    name: 'Sandbox',
    status: 'active',
    appId: null,
    country: 'US',
    timeZone: 'America/Chicago',
    senderName: 'Ana',
    postalAddress: 'x',
    automation: false,
    maxPer24h: 3,
    maxPer14d: 10,
    humanQuietHours: 24,
    replyExemptMinutes: 30,
    inquiryConsentDays: 90,
    customFieldNames: {},
    updatedAt: 0,
    installation: null,
    lookUps: null,
    routing: null,
    holdout: null,
    trials: null,
    trialHours: null,
    undecided: null,
    officeHours: null,
    minuteWorthMicro: null,
    consent: null,
  }
  const line = open({ [tenants.name]: [['sandboxLocation000001', tenant]] })
  line.pipe(assessments, maria, ask())
  t.match(line.outputs(decisions), [{ stopReason: 'gated', gates: [{ gateId: 'kill_switch', ruleId: 'automation_off', verdict: 'deny' }] }])
})

t.test('two questions of one epoch each have their deadline, over a restart', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask({ deadlineAt: asked + 5000 }))
  line.pipe(assessments, maria, ask({ assessmentId: 'a-2', deadlineAt: asked + 3000 }))
  line.restart()
  line.advance('4s')
  t.strictSame(
    line.outputs(decisions).map(({ assessmentId, decidedAt }) => [assessmentId, decidedAt]),
    [['a-2', asked + 3000]],
  )
  line.advance('4s')
  t.strictSame(
    line.outputs(decisions).map(({ assessmentId, decidedAt }) => [assessmentId, decidedAt]),
    [
      ['a-2', asked + 3000],
      ['a-1', asked + 5000],
    ],
  )
})

t.test('an outside team cannot take the seat of an agent of the roster', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask())
  line.pipe(
    ballots,
    maria,
    ballot(
      rosterFor('follow_up').map((agent) => vote(agent, 'call', 5)),
      { source: 'team:x' },
    ),
  )
  line.pipe(ballots, maria, ballot([vote('team:x/guru', 'call', 5)], { source: 'team:x' }))
  t.strictSame(stops(line), [])
  t.strictSame([...new Set(stateOf(line).open[0]?.votes.map(({ agentId }) => agentId.split('/')[0]))], ['team:x'])
  line.pipe(ballots, maria, fullBallot(ask()))
  t.match(line.outputs(decisions), [{ chosen: 'sms', stopReason: 'all_votes' }])
  t.ok(
    line
      .outputs(decisions)[0]
      ?.contributions.filter(({ agentId }) => agentId.startsWith('team:x/'))
      .every(({ nats }) => nats === '0'),
  )
  t.strictSame(rosterSources, ['panel', 'claude'])
})

t.test('a source whose agents could be taken for those of another is refused', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask())
  for (const source of ['team:x/guru', '']) line.pipe(ballots, maria, ballot([vote('1', 'call', 5)], { source }))
  t.strictSame(reasons(line), ['ambiguous_source', 'ambiguous_source'])
  t.strictSame(stateOf(line).open[0]?.votes, [])
})

t.test(
  'a ballot from outside that is larger than votes are is kept nowhere, whatever of it is large; of ours none is refused',
  async (t) => {
    const line = open()
    line.pipe(assessments, maria, ask())
    const long = 'x'.repeat(17_000)
    const told = { ...vote('1', 'call', 5), reasonText: long }
    for (const large of [
      ballot([told], { source: 'team' }),
      ballot([vote('1', 'call', 5)], { source: 'team', ballotId: long }),
      ballot([vote('1', 'call', 5)], { source: long }),
      ballot([told], { source: 'team', assessmentId: 'one that is not known' }),
    ])
      line.pipe(ballots, maria, large)
    t.strictSame(reasons(line), Array(4).fill('ballot_too_large'))
    t.match(stateOf(line), { open: [{ votes: [], ballotIds: [] }], early: [] })
    line.pipe(ballots, maria, ballot([told]))
    t.equal(stateOf(line).open[0]?.votes.length, 1)
  },
)

t.test('the policy of the tenant goes before the one for all, which goes before the shipped one', async (t) => {
  const hashWith = (rows: [string, Policy][]) => {
    const line = drive([agents, consensus], { at: asked, tables: { [policies.name]: rows } })
    line.pipe(assessments, maria, ask())
    return line.outputs(decisions).map(({ policyHash, conflicts }) => [policyHash, conflicts.includes('policy-refused')])[0]
  }
  const forAll = sealed({ ...followUp, label: 'all' })
  const own = sealed({ ...followUp, tenantId: 'sandboxLocation000001', label: 'own' })
  const broken = { ...own, tauMicro: 7 }
  const key = 'sandboxLocation000001:follow_up'
  t.strictSame(hashWith([]), [followUp.policyHash, false])
  t.strictSame(hashWith([['*:follow_up', forAll]]), [forAll.policyHash, false])
  t.strictSame(
    hashWith([
      ['*:follow_up', forAll],
      [key, own],
    ]),
    [own.policyHash, false],
  )
  t.strictSame(
    hashWith([
      ['*:follow_up', forAll],
      [key, broken],
    ]),
    [forAll.policyHash, true],
    'a policy whose content is not its hash is passed over',
  )
  t.strictSame(hashWith([['*:follow_up', escalation]]), [followUp.policyHash, true], 'so is one for another type')
})

t.test(
  'a location whose own policy was taken away decides with that of all, what is open then too; what was decided keeps its policy',
  async (t) => {
    const forAll = sealed({ ...followUp, label: 'all' })
    const own = sealed({ ...followUp, tenantId: 'sandboxLocation000001', label: 'own' })
    const key = 'sandboxLocation000001:follow_up'
    const rows: [string, Policy][] = [
      ['*:follow_up', forAll],
      [key, own],
    ]
    const line = open({ [policies.name]: rows })
    line.pipe(assessments, maria, ask({ assessmentId: 'before' }))
    line.pipe(ballots, maria, fullBallot(ask({ assessmentId: 'before' }), { assessmentId: 'before', ballotId: 'b1' }))
    line.pipe(assessments, maria, ask({ assessmentId: 'open' }))
    line.table(policies, key, undefined)
    line.pipe(ballots, maria, fullBallot(ask({ assessmentId: 'open' }), { assessmentId: 'open', ballotId: 'b2' }))
    t.match(line.outputs(decisions), [
      { assessmentId: 'before', policyHash: own.policyHash },
      { assessmentId: 'open', policyHash: forAll.policyHash },
    ])
    t.notOk(line.outputs(decisions).some(({ conflicts }) => conflicts.includes('policy-refused')))
  },
)

t.test('an assessment that asks for an unknown decision type goes to the dead letters whole', async (t) => {
  const line = open()
  line.pipe(assessments, maria, question({ decisionTypes: ['follow_up', 'parking'] }))
  t.match(line.deadLetters, [{ code: 'E_DECISION_TYPE_UNKNOWN' }])
  t.ok(consensusErrors.E_DECISION_TYPE_UNKNOWN.remedy.length > 20)
  t.strictSame(stops(line), [])
})

t.test('every question gets exactly one decision per type, whatever arrives in which order and how often', (t) => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), id: fc.nat(3), epoch: fc.integer({ min: 1, max: 3 }) }),
      fc.record({
        kind: fc.constant('ballot' as const),
        id: fc.nat(3),
        epoch: fc.integer({ min: 1, max: 3 }),
        agents: fc.subarray(roster.map(({ id }) => id)),
        copy: fc.nat(2),
      }),
      fc.record({ kind: fc.constant('profile' as const), epoch: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(100, 900, 3000) }),
      fc.record({ kind: fc.constant('restart' as const) }),
    ),
    { maxLength: 30 },
  )
  return assertProperty(
    t,
    fc.property(steps, (story) => {
      const play = () => {
        const line = open()
        const opened = new Set<string>()
        for (const step of story) {
          if (step.kind === 'ask') {
            opened.add(`q${step.id}`)
            line.pipe(
              assessments,
              maria,
              question({ assessmentId: `q${step.id}`, epoch: step.epoch, askedAt: line.now, deadlineAt: line.now + 2000 }),
            )
          } else if (step.kind === 'ballot') {
            const votes = panel(question(), roster).filter(({ agentId }) => step.agents.includes(agentId))
            line.pipe(
              ballots,
              maria,
              ballot(votes, { assessmentId: `q${step.id}`, epoch: step.epoch, ballotId: `${step.id}-${step.copy}` }),
            )
          } else if (step.kind === 'profile') line.pipe(profiles, maria, profile({ epoch: step.epoch }))
          else if (step.kind === 'pass') line.advance(`${step.ms}ms`)
          else line.restart()
        }
        line.advance('10s')
        return { opened, made: line.outputs(decisions), left: (line.state(maria) as OpenQuestions | undefined)?.open.length ?? 0 }
      }
      const { opened, made, left } = play()
      const expected = [...opened].flatMap((id) => [`${id} escalation`, `${id} follow_up`]).sort()
      const got = made.map(({ assessmentId, type }) => `${assessmentId} ${type}`).sort()
      const bytes = (of: Decision[]) => of.map((each) => Decision.encode(each).toString('hex')).join()
      return left === 0 && JSON.stringify(got) === JSON.stringify(expected) && bytes(made) === bytes(play().made)
    }),
    { numRuns: 150 },
  )
})

t.test('a held lead: the decision carries when the way opens again', async (t) => {
  const line = open()
  line.pipe(assessments, maria, ask({ view: view({ humanOwned: true, humanOwnedUntil: asked + hour }) }))
  t.match(line.outputs(decisions), [{ chosen: 'wait', liftsAt: asked + hour }])
})
