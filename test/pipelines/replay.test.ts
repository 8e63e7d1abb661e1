/** What the stage decided is decided again from the records of its topics, byte for byte, or said to be different and why. */
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import ts from 'typescript'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { boxes } from '../../pipelines/consensus/earlyStop.ts'
import { policyKey, sealed } from '../../pipelines/consensus/policy.ts'
import { pool } from '../../pipelines/consensus/pool.ts'
import { decidedAgain, replay } from '../../pipelines/consensus/replay.ts'
import type { Replayed, ReplayInputs, Timed } from '../../pipelines/consensus/replay.ts'
import { effectOf } from '../../pipelines/effects/loggedChoices.ts'
import { judgedDifference, whatIf } from '../../pipelines/consensus/whatIf.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { arithmeticOf } from '../../pipelines/consensus/writtenBy.ts'
import { whatIfLines } from '../../cli/verbs/whatif.ts'
import { WhatIfTally } from '../../cli/whatIfTally.ts'
import { countedLines, replayRange } from '../../cli/verbs/replay.ts'
import type { ReplaySource } from '../../cli/replaySource.ts'
import { drive } from '../../runtime/driver.ts'
import type { Assessment, Ballot, Decision, Policy, ShortlistedRealtor, Tenant, Vote } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, policies, profiles, tenants } from '../../topics/index.ts'
import { profileRecord, tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { stepsOver } from '../support/stepsOver.ts'
import { caseOf, rosterOf, vote } from './cases.ts'
import { asked, message, question, view } from './leads.ts'

const key = 'sandboxLocation000001:maria'
const [followUp] = shippedPolicies as [Policy]
/** In force for the location from the third step on, so that both are met. */
const other = sealed({ ...followUp, tenantId: 'sandboxLocation000001', label: 'other', tauMicro: 600_000 })
const known = new Map([...shippedPolicies, other].map((policy) => [policy.policyHash, policy]))
const tenant = tenantRecord({ updatedAt: asked - 1 })

/** The ballot of the panel on this question. */
const castOf = (asks: Assessment, votes: readonly Vote[]): Ballot => ({
  ...{ ballotId: 'b', assessmentId: asks.assessmentId, tenantId: asks.tenantId, contactId: asks.contactId },
  ...{ epoch: asks.epoch, source: 'panel', castAt: asked, votes: [...votes] },
})

type Step =
  | {
      readonly kind: 'ask'
      readonly raises: boolean
      /** The profile of a newer epoch was read before it. */
      readonly overtaken?: boolean
    }
  | {
      readonly kind: 'vote'
      readonly of: number
      readonly from: number
      readonly to: number
      readonly source: string
      readonly stale: boolean
    }
  | { readonly kind: 'newer' }
  | { readonly kind: 'pass'; readonly ms: number }

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), raises: fc.boolean(), overtaken: fc.nat(4).map((n) => n === 0) }),
    fc.record({
      kind: fc.constant('vote' as const),
      of: fc.nat(2),
      from: fc.constantFrom(0, 0, 3),
      to: fc.constantFrom(2, 99, 99),
      source: fc.constantFrom('panel', 'claude', 'outside'),
      stale: fc.nat(4).map((n) => n === 0),
    }),
    fc.record({ kind: fc.constant('newer' as const) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 400, 2_500) }),
  ),
  { minLength: 3, maxLength: 25 },
)

/** Lets the stage live through the steps, and keeps what went through its topics. */
function lived(story: readonly Step[]) {
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]] } })
  const held = { assessments: [] as Timed<Assessment>[], ballots: [] as Timed<Ballot>[] }
  let epoch = 1
  let cast = 0
  const questionOf = (n: number, at: number) => question({ assessmentId: `a-${n}`, epoch, askedAt: at, deadlineAt: at + 2_000 })
  story.forEach((step, index) => {
    if (index === 3) line.table(policies, 'sandboxLocation000001:follow_up', other)
    const at = line.now
    if (step.kind === 'pass') line.advance(`${step.ms}ms`)
    else if (step.kind === 'newer') line.pipe(profiles, key, profileRecord({ contactId: 'maria', epoch: ++epoch }))
    else if (step.kind === 'ask') {
      if (step.raises) epoch++
      const put = questionOf(held.assessments.length, at)
      const value = { ...put, epoch: put.epoch - Number(step.overtaken === true) }
      held.assessments.push({ at, value })
      line.pipe(assessments, key, value)
    } else {
      // Of a question that was put, or of the next one: then it is early.
      const of = Math.min(step.of, held.assessments.length)
      const asks = held.assessments[of]?.value ?? questionOf(of, at)
      const votes: Vote[] = panel(asks, roster).slice(step.from, step.from + step.to)
      const value: Ballot = {
        ...{ ballotId: `b-${cast++}`, assessmentId: asks.assessmentId, tenantId: asks.tenantId, contactId: asks.contactId },
        ...{ epoch: asks.epoch - Number(step.stale), source: step.source, castAt: at, votes },
      }
      held.ballots.push({ at, value })
      line.pipe(ballots, key, value)
    }
  })
  line.advance('1h')
  return { ...held, decisions: line.outputs(decisions) }
}

function again(story: ReturnType<typeof lived>, changes: Partial<ReplayInputs> = {}): { decision: Decision; replayed: Replayed }[] {
  return story.assessments.flatMap((assessment) => {
    const id = assessment.value.assessmentId
    const stored = story.decisions.filter(({ assessmentId }) => assessmentId === id)
    const cast = story.ballots.filter(({ value }) => value.assessmentId === id)
    const answers = replay(stored, { assessment, ballots: cast, policy: (hash) => known.get(hash), tenant, ...changes })
    return stored.map((decision, index) => ({ decision, replayed: answers[index] as Replayed }))
  })
}

t.test('whatever came in which order: every decision is decided again byte for byte', async (t) => {
  const met = new Map<string, number>()
  await assertProperty(
    t,
    fc.property(steps, (story) => {
      for (const { decision, replayed } of again(lived(story))) {
        for (const one of [decision.stopReason, decision.escalation ?? 'no_escalation', decision.policyHash])
          met.set(one, (met.get(one) ?? 0) + 1)
        if (replayed.kind !== 'same') throw new Error(`${decision.type} ${decision.stopReason}: ${JSON.stringify(replayed)}`)
      }
    }),
    { numRuns: 300 },
  )
  for (const reason of ['all_votes', 'deadline', 'superseded', 'quorum_failed_twice', followUp.policyHash, other.policyHash])
    t.ok((met.get(reason) ?? 0) > 10, `${reason}: ${met.get(reason) ?? 0} of them`)
})

t.test('a question that is read after the profile of a newer epoch ends as it comes, and is decided again the same', async (t) => {
  const vote = { kind: 'vote', of: 0, from: 0, to: 99, source: 'panel', stale: false } as const
  const late = { kind: 'ask', raises: false, overtaken: true } as const
  for (const story of [
    [{ kind: 'newer' as const }, late],
    [{ kind: 'newer' as const }, late, vote],
    [vote, { kind: 'newer' as const }, { kind: 'pass' as const, ms: 1 }, late],
  ]) {
    const told = again(lived(story))
    t.ok(told.length > 0)
    t.strictSame(
      told.map(({ decision, replayed }) => [decision.decidedAt, replayed.kind]),
      told.map(() => [story.some(({ kind }) => kind === 'pass') ? asked + 1 : asked, 'same']),
    )
    t.ok(told.some(({ decision: { stopReason } }) => stopReason === 'superseded'))
  }
})

const plain = lived([
  { kind: 'ask', raises: false },
  { kind: 'vote', of: 0, from: 0, to: 99, source: 'panel', stale: false },
])
const kindsOf = (changes: Partial<ReplayInputs>) => again(plain, changes).map(({ replayed }) => replayed)

t.test('another vote, another setting, another arithmetic and what is not kept any more are told apart', (t) => {
  t.match(kindsOf({}), [{ kind: 'same' }, { kind: 'same' }])
  const [ballot] = plain.ballots as [Timed<Ballot>]
  const votes = ballot.value.votes.map((vote) => (vote.kind === 'vote' ? { ...vote, bin: vote.bin === 5 ? 4 : 5 } : vote))
  t.match(kindsOf({ ballots: [{ ...ballot, value: { ...ballot.value, votes } }] })[0], {
    kind: 'differs',
    because: 'The votes on the topic are not those that were counted.',
  })
  t.match(kindsOf({ ballots: [] })[0], { kind: 'differs', fields: [], because: 'The stored inputs do not bring it to a decision.' })
  const paused: Tenant = { ...tenant, status: 'paused', updatedAt: asked + 1 }
  t.match(kindsOf({ tenant: paused })[0], { kind: 'differs', because: 'The settings of the location have changed since.' })
  t.match(kindsOf({ policy: () => undefined })[0], { kind: 'not_possible', because: /^Its policy [0-9a-f]{12} is not known\.$/ })
  t.match(kindsOf({ assessment: undefined })[0], { kind: 'not_possible', because: /question is not on its topic/ })
  const older = { ...plain, decisions: plain.decisions.map((decision) => ({ ...decision, engineVersion: 0 })) }
  t.match(again(older)[0]?.replayed, { kind: 'not_possible', because: /version 0 of the arithmetic/ })
  t.end()
})

t.test('what version 2 decided is decided again byte for byte: of the same votes, without who is next', async (t) => {
  const list = ['ana', 'bea'].map((realtorId): ShortlistedRealtor => ({
    ...{ realtorId, specialties: [], seniority: null, availability: 'available', load: 5, capacity: 20 },
    ...{ answerMinutes: null, answers: 0, won: 0, lost: 0, speaks: null },
  }))
  const asks = question({ decisionTypes: ['follow_up', 'routing'], view: view({ shortlist: list }) })
  // Votes may bring parameters of any name; in a decision that is about no realtor this one was kept.
  const votes = panel(asks, roster).map((vote) =>
    vote.decisionType === 'follow_up' && vote.kind === 'vote' ? { ...vote, params: { ...vote.params, alternates: 'none' } } : vote,
  )
  const cast = castOf(asks, votes)
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]] } })
  line.pipe(assessments, key, asks)
  line.pipe(ballots, key, cast)
  const now = line.outputs(decisions)
  t.match(now, [
    { type: 'follow_up', engineVersion: 9, params: { alternates: 'none' } },
    { type: 'routing', engineVersion: 9, params: { realtorId: 'ana', alternates: '["bea"]', shortlist: 'ana bea' } },
  ])
  const inputs: ReplayInputs = {
    ...{ assessment: { at: asked, value: asks }, ballots: [{ at: asked, value: cast }] },
    ...{ policy: (hash: string) => known.get(hash), tenant },
  }
  const before = now.map((decision) => ({ ...decision, engineVersion: 2 }))
  const asOfTwo = before.map((decision) =>
    decision.type === 'routing' ? { ...decision, params: { realtorId: 'ana', shortlist: 'ana bea' } } : decision,
  )
  t.match(replay(asOfTwo, inputs), [{ kind: 'same' }, { kind: 'same' }])
  t.match(replay(now, inputs), [{ kind: 'same' }, { kind: 'same' }])
  t.match(
    replay(before, inputs),
    [{ kind: 'same' }, { kind: 'differs', fields: ['params'], because: 'These fields come out otherwise: params.' }],
    'version 2 named nobody',
  )
  t.match(
    replay(
      asOfTwo.map((decision) => ({ ...decision, engineVersion: 3 })),
      inputs,
    ),
    [{ kind: 'same' }, { kind: 'differs', fields: ['params'] }],
    'version 3 names who is next',
  )
  t.match(
    replay(
      asOfTwo.map((decision) => ({ ...decision, engineVersion: 1 })),
      inputs,
    )[1],
    {
      kind: 'not_possible',
      because: 'It was made by version 1 of the arithmetic, this is 9.',
    },
  )
})

t.test('what version 3 closed before it was sure whether a human is asked is closed at the same vote again', async (t) => {
  const ten = rosterOf(
    Array.from({ length: 10 }, () => 1),
    0,
    { tenantId: tenant.tenantId },
  )
  const options = ten.options.map((option) => ({ ...option, reversible: option.option === ten.fallback }))
  const asks = question({ decisionTypes: ['follow_up'] })
  const calls = ten.roster.map((agent) => vote(agent, 'call', 5))
  const { eligible } = caseOf({ policy: ten }).gated
  const open = boxes(pool(calls.slice(0, 9), { ...ten, options }, asks.stage, eligible), { ...ten, options })
  const rival = open.filter(({ option }) => option !== 'call').reduce((a, b) => (b.high > a.high ? b : a))
  // Between the least and the most the next likely option can come to: in the set of what is left, or not, by the tenth vote.
  const conformalMicro = 1_000_000 - Math.floor(((rival.low + rival.high) / 2) * 1e6)
  const policy = sealed({ ...ten, options, conformalMicro })
  const cast = (ballotId: string, votes: Vote[], castAt: number): Timed<Ballot> => ({
    at: castAt,
    value: {
      ...{ ballotId, assessmentId: asks.assessmentId, tenantId: asks.tenantId, contactId: asks.contactId },
      ...{ epoch: asks.epoch, source: 'panel', castAt, votes },
    },
  })
  const both = [cast('b-1', calls.slice(0, 9), asked), cast('b-2', calls.slice(9), asked)]
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]], policies: [[policyKey(policy), policy]] } })
  line.pipe(assessments, key, asks)
  for (const { value } of both) line.pipe(ballots, key, value)
  const now = line.outputs(decisions)
  t.match(now, [{ chosen: 'call', stopReason: 'all_votes', engineVersion: 9, policyHash: policy.policyHash }])

  const assessment = { at: asked, value: asks }
  const inputs: ReplayInputs = { assessment, ballots: both, policy: () => policy, tenant }
  const every = new Map([[policy.policyHash, policy]])
  const start = { epoch: 0, early: 0, ballots: 2, newerAfter: undefined }
  const again = decidedAgain(now, every, assessment, both, start, tenant, { arithmetic: arithmeticOf(3) }).get('follow_up') as Decision
  t.match(again, { chosen: 'call', stopReason: 'early_stop' }, 'version 3 did not wait for the tenth')
  t.match(replay([{ ...again, engineVersion: 3 }], inputs), [{ kind: 'same' }])
  t.match(replay([{ ...again, engineVersion: 9 }], inputs), [{ kind: 'differs' }])
  t.match(replay(now, inputs), [{ kind: 'same' }])
})

t.test('what version 4 said of one message is written as it said it, byte for byte', async (t) => {
  const strict: Tenant = { ...tenant, maxPer24h: 1, maxPer14d: 1 }
  const asks = question({ decisionTypes: ['follow_up'], view: view({ outboundLast24h: 1, outboundLast14d: 1 }) })
  const line = drive(consensus, { at: asked, tables: { tenants: [[strict.tenantId, strict]] } })
  line.pipe(assessments, key, asks)
  const now = line.outputs(decisions)
  const said = (decision: Decision | undefined) => decision?.gates.filter(({ verdict }) => verdict !== 'allow').map(({ reason }) => reason)
  t.match(now, [{ stopReason: 'gated', engineVersion: 9 }])
  t.strictSame(said(now[0]), ['1 message in 24 hours: the limit is 1.', '1 message in 14 days: the limit is 1.'])
  const inputs: ReplayInputs = {
    ...{ assessment: { at: asked, value: asks }, ballots: [], policy: (hash: string) => known.get(hash), tenant: strict },
  }
  t.match(replay(now, inputs), [{ kind: 'same' }])
  const before = now.map((decision) => ({
    ...decision,
    gates: decision.gates.map((gate) => ({ ...gate, reason: gate.reason.replace('1 message ', '1 messages ') })),
  }))
  for (const engineVersion of [2, 3, 4]) {
    const by = (told: readonly Decision[]) => told.map((decision) => ({ ...decision, engineVersion }))
    t.match(replay(by(before), inputs), [{ kind: 'same' }], `version ${engineVersion}`)
    t.match(replay(by(now), inputs), [{ kind: 'differs', fields: ['gates'] }], `version ${engineVersion} said it otherwise`)
  }
  t.match(replay(before, inputs), [{ kind: 'differs', fields: ['gates'] }])
})

t.test('the gate hears who asks for a person after a no; what version 6 decided without it is decided again byte for byte', async (t) => {
  const said = [message('inbound', 'No', asked - 120_000), message('inbound', 'Speak to a human please', asked - 60_000)]
  const asks = question({ decisionTypes: ['follow_up'], view: view({ recentMessages: said, lastInboundAt: asked - 60_000 }) })
  const votes = followUp.roster.map((agent) => vote(agent, 'sms', 5))
  const cast = castOf(asks, votes)
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]] } })
  line.pipe(assessments, key, asks)
  line.pipe(ballots, key, cast)
  const now = line.outputs(decisions)
  t.match(now, [{ chosen: 'wait', stopReason: 'gated', engineVersion: 9 }])
  t.match(
    now[0]?.gates.filter(({ verdict }) => verdict !== 'allow'),
    [{ gateId: 'person_due', ruleId: 'asked_for_a_person', option: '*', reason: 'The lead asked for a person. A person should answer.' }],
  )

  const assessment = { at: asked, value: asks }
  const inputs: ReplayInputs = { assessment, ballots: [{ at: asked, value: cast }], policy: (hash) => known.get(hash), tenant }
  t.match(replay(now, inputs), [{ kind: 'same' }])
  const start = { epoch: 0, early: 0, ballots: 1, newerAfter: undefined }
  for (const version of [2, 3, 4, 5, 6]) {
    const options = { arithmetic: arithmeticOf(version) }
    const before = decidedAgain(now, known, assessment, inputs.ballots, start, tenant, options).get('follow_up') as Decision
    t.match(before, { chosen: 'sms' }, `version ${version} read "No" and what came after it as one text`)
    t.match(replay([{ ...before, engineVersion: version }], inputs), [{ kind: 'same' }], `version ${version}`)
    t.match(replay([{ ...before, engineVersion: 9 }], inputs), [{ kind: 'differs' }])
  }
})

t.test('the gate hears who asks why no person answers; what version 7 decided without it is decided again byte for byte', async (t) => {
  const said = [message('inbound', "Why can't I speak to a person?", asked - 60_000)]
  const asks = question({ decisionTypes: ['follow_up'], view: view({ recentMessages: said, lastInboundAt: asked - 60_000 }) })
  const cast = castOf(
    asks,
    followUp.roster.map((agent) => vote(agent, 'sms', 5)),
  )
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]] } })
  line.pipe(assessments, key, asks)
  line.pipe(ballots, key, cast)
  const now = line.outputs(decisions)
  t.match(now, [{ chosen: 'wait', stopReason: 'gated', engineVersion: 9 }])
  const assessment = { at: asked, value: asks }
  const inputs: ReplayInputs = { assessment, ballots: [{ at: asked, value: cast }], policy: (hash) => known.get(hash), tenant }
  t.match(replay(now, inputs), [{ kind: 'same' }])
  const start = { epoch: 0, early: 0, ballots: 1, newerAfter: undefined }
  for (const version of [6, 7]) {
    const options = { arithmetic: arithmeticOf(version) }
    const before = decidedAgain(now, known, assessment, inputs.ballots, start, tenant, options).get('follow_up') as Decision
    t.match(before, { chosen: 'sms' }, `version ${version} took it for one who wants no person`)
    t.match(replay([{ ...before, engineVersion: version }], inputs), [{ kind: 'same' }], `version ${version}`)
    t.match(replay([{ ...before, engineVersion: 9 }], inputs), [{ kind: 'differs' }])
  }
})

t.test(
  'the gate hears no displeasure with things, and Spanish; what version 7 decided without that is decided again byte for byte',
  async (t) => {
    readsOtherwise(t, 7, 'Sorry I am late, terrible traffic', 'sms', 'wait')
    readsOtherwise(t, 7, 'Quiero hablar con una persona', 'wait', 'sms')
  },
)

t.test(
  'the gate hears who wants the manager, and who waits at a door; what version 8 decided without that is decided again byte for byte',
  async (t) => {
    readsOtherwise(t, 8, 'Can I speak to your manager', 'wait', 'sms')
    readsOtherwise(t, 8, 'Quiero hablar con el gerente', 'wait', 'sms')
    readsOtherwise(t, 8, 'No one is here at the house', 'wait', 'sms')
    readsOtherwise(t, 8, 'You already asked me that', 'wait', 'sms')
  },
)

/** A text with which this version decides otherwise than that one did. */
function readsOtherwise(t: Test, version: number, text: string, after: string, before: string): void {
  const said = [message('inbound', text, asked - 60_000)]
  const asks = question({ decisionTypes: ['follow_up'], view: view({ recentMessages: said, lastInboundAt: asked - 60_000 }) })
  const cast = castOf(
    asks,
    followUp.roster.map((agent) => vote(agent, 'sms', 5)),
  )
  const assessment = { at: asked, value: asks }
  const inputs: ReplayInputs = { assessment, ballots: [{ at: asked, value: cast }], policy: (hash) => known.get(hash), tenant }
  const start = { epoch: 0, early: 0, ballots: 1, newerAfter: undefined }
  const by = (version: number) =>
    decidedAgain([made], known, assessment, inputs.ballots, start, tenant, {
      arithmetic: arithmeticOf(version),
    }).get('follow_up') as Decision
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]] } })
  line.pipe(assessments, key, asks)
  line.pipe(ballots, key, cast)
  const made = line.outputs(decisions)[0] as Decision
  t.match(made, { chosen: after, engineVersion: 9 }, text)
  t.match(replay([made], inputs), [{ kind: 'same' }], text)
  const older = by(version)
  t.match(older, { chosen: before }, `version ${version}: ${text}`)
  t.match(replay([{ ...older, engineVersion: version }], inputs), [{ kind: 'same' }], `version ${version}: ${text}`)
  t.match(replay([{ ...older, engineVersion: 9 }], inputs), [{ kind: 'differs' }])
  t.match(
    whatIf([{ ...older, engineVersion: version }], inputs, followUp),
    [{ kind: 'compared', other: { chosen: before } }],
    'under its own policy it is no other, whatever a newer version would have heard',
  )
}

t.test('a stretch of the topics is decided again and counted', async (t) => {
  const topics: Readonly<Record<string, readonly { value: unknown; timestamp: number }[]>> = {
    [decisions.name]: plain.decisions.map((value) => ({ value, timestamp: value.decidedAt })),
    [assessments.name]: plain.assessments.map(({ at, value }) => ({ value, timestamp: at })),
    [ballots.name]: [...plain.ballots.map(({ at, value }) => ({ value, timestamp: at })), { value: undefined, timestamp: asked }],
    [tenants.name]: [],
  }
  const source: ReplaySource = {
    steps: stepsOver(topics, 100),
    policy: (hash) => known.get(hash),
    tenant: () => tenant,
  }
  const run = async (range: Parameters<typeof replayRange>[1]) => {
    const told: string[] = []
    const counted = await replayRange(source, range, (decision, { kind }) => told.push(`${decision.type} ${kind}`))
    return { counted, told }
  }
  const all = { from: asked, until: asked + 1, lead: undefined }
  t.strictSame(await run(all), { counted: { same: 2, differs: 0, impossible: 0 }, told: ['follow_up same', 'escalation same'] })
  t.strictSame((await run({ ...all, lead: key })).counted.same, 2)
  for (const none of [
    { ...all, lead: 'other:lead' },
    { ...all, from: asked + 1 },
    { ...all, until: asked },
  ])
    t.strictSame((await run(none)).counted, { same: 0, differs: 0, impossible: 0 })
  t.strictSame(countedLines({ same: 2, differs: 1, impossible: 3 }), [
    '6 decisions: 2 byte for byte the same, 1 different, 3 cannot be decided again.',
  ])
  t.strictSame(countedLines({ same: 0, differs: 0, impossible: 0 }), ['No decision was made in that time.'])
  t.strictSame(countedLines({ same: 0, differs: 0, impossible: 0 }, 'loc:maria'), ['No decision about loc:maria was made in that time.'])
})

const silentPolicy = sealed({
  ...followUp,
  label: 'contact costs too much',
  options: followUp.options.map((one) => (one.option === 'wait' ? one : { ...one, costMicros: 5_000_000 })),
})

t.test('under its own policy no decision would be another; under another one those change that it is about, and no more', async (t) => {
  let changed = 0
  await assertProperty(
    t,
    fc.property(steps, (script) => {
      const story = lived(script)
      const compared = (policy: Policy) =>
        story.assessments.flatMap((assessment) => {
          const id = assessment.value.assessmentId
          const cast = story.ballots.filter(({ value }) => value.assessmentId === id)
          const stored = story.decisions.filter(({ assessmentId }) => assessmentId === id)
          return whatIf(stored, { assessment, ballots: cast, policy: (hash) => known.get(hash), tenant }, policy)
        })
      for (const one of compared(silentPolicy)) {
        if (one.kind !== 'compared') throw new Error(one.because)
        if (one.decision.type !== 'follow_up') throw new Error('another type')
        if (one.other.chosen !== 'wait') throw new Error(`${one.other.chosen} at a cost of 5`)
        if (one.other.policyHash !== silentPolicy.policyHash) throw new Error('another policy')
        if (one.decision.chosen !== 'wait') changed++
      }
      for (const policy of [followUp, other])
        for (const one of compared(policy)) {
          if (one.kind !== 'compared') throw new Error(one.because)
          if (one.decision.policyHash === policy.policyHash && one.other.chosen !== one.decision.chosen) throw new Error('its own policy')
        }
    }),
    { numRuns: 300 },
  )
  t.ok(changed > 5, `${changed} changed`)
})

t.test('a policy of one location is about its own decisions; what cannot be decided again is not compared', (t) => {
  const elsewhere = sealed({ ...silentPolicy, tenantId: 'elsewhere' })
  const inputs = { assessment: plain.assessments[0], ballots: plain.ballots, policy: (hash: string) => known.get(hash), tenant }
  t.strictSame(whatIf(plain.decisions, inputs, elsewhere), [])
  t.match(whatIf(plain.decisions, inputs, silentPolicy), [{ kind: 'compared', decision: { type: 'follow_up' }, other: { chosen: 'wait' } }])
  t.match(whatIf(plain.decisions, { ...inputs, ballots: [] }, silentPolicy), [{ kind: 'not_possible', because: /do not bring it/ }])
  t.end()
})

t.test('verdicts tell two policies apart only beyond chance', (t) => {
  const [decision] = plain.decisions as [Decision]
  const compared = (before: string, after: string, n: number) =>
    Array.from({ length: n }, (_, index) => ({
      kind: 'compared' as const,
      decision: { ...decision, decisionId: `${before}${after}${index}`, chosen: before },
      other: { ...decision, chosen: after },
    }))
  const all = [...compared('sms', 'wait', 8), ...compared('wait', 'wait', 3), ...compared('email', 'call', 2)]
  const verdicts = all.map(({ decision: { decisionId } }) => ({ decisionId, option: 'wait' }))
  const judged = judgedDifference(all, verdicts)
  // Exact: 8 of 8 at .05 reach down to .025^(1/8) = .631.
  t.match(judged, { verdicts: 13, rightBefore: 3, rightAfter: 11, better: 8, worse: 0 })
  t.ok(Math.abs(judged.betterShare.low - 0.6306) < 1e-4)
  const effect = effectOf([])
  const text = (given: typeof verdicts, limit = 0) => {
    const tally = new WhatIfTally(limit, given)
    for (const one of all) tally.add(one)
    t.equal(tally.shown.length, limit, 'only what is told in full is held')
    return whatIfLines(silentPolicy, tally, effect).join('\n')
  }
  t.match(text(verdicts), /10 of 13 decisions would be others\.\n +sms -> wait +8\n +email -> call +2\n/)
  t.match(
    text(verdicts),
    /\n\nNot estimable from this log: no follow_up decision in it was left to lot, so none shows what another option would have brought\. These 10 decisions would have changed; --json lists all of them\.\n/,
  )
  t.match(text(verdicts), /By 13 verdicts: right 11 times against 3; better on 8, worse on 0: it is better beyond chance\./)
  t.match(text(verdicts.slice(0, 2)), /better on 2, worse on 0: too few to tell the two apart/)
  t.match(text([]), /Nobody has judged a decision of the random audit among them: rekindle audit next\.$/)
  t.match(text(verdicts, 1), /and 9 more: --limit, or --json/)
  const drawn = (usual: string) => ({ trial: 'wording-2', usual, drawn: true, arms: [], seed: 's' })
  const lots = all.map((one) => ({
    ...one,
    decision: { ...one.decision, chosen: 'inform', draw: drawn(one.decision.chosen) },
    other: { ...one.other, chosen: 'inform', draw: drawn(one.other.chosen) },
  }))
  t.strictSame(judgedDifference(lots, verdicts), judged, 'a lot that both follow hides no difference between them')
  t.end()
})

t.test('what compares has nothing to write or send with', (t) => {
  const root = join(import.meta.dirname, '..', '..')
  for (const file of [
    'cli/verbs/whatif.ts',
    'cli/verbs/replay.ts',
    'cli/effectText.ts',
    'cli/replaySource.ts',
    'cli/storedQuestions.ts',
    'pipelines/consensus/whatIf.ts',
    'pipelines/consensus/replay.ts',
  ]) {
    const text = readFileSync(join(root, file), 'utf8')
    t.notMatch(text, /producer|integrations\/|delivery\/|INSERT|UPDATE/, file)
  }
  t.end()
})

t.test('no provider is reachable from what compares, by any number of imports', (t) => {
  const root = join(import.meta.dirname, '..', '..')
  const reached = new Set<string>()
  const follow = (file: string) => {
    if (reached.has(file)) return
    reached.add(file)
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
    for (const { fileName } of importedFiles) if (fileName.startsWith('.')) follow(normalize(join(dirname(file), fileName)))
  }
  follow('cli/verbs/whatif.ts')
  t.ok(reached.has('pipelines/consensus/replay.ts') && reached.has('cli/cliKafka.ts'), 'imports were followed')
  t.strictSame(
    [...reached].filter((file) => /^(integrations\/(?!otlp\/)|delivery\/|lookup\/|enrichment\/|reconcile\/|api\/)/.test(file)),
    [],
  )
  t.end()
})
