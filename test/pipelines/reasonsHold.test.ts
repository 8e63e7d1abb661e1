/** What a realtor reads about a choice is true of it: without the votes that a sentence names, the choice is what it says. */
import t from 'tap'
import { chosenPercent } from '../../api/pages/decisionWords.ts'
import { storyEvents } from '../../bench/enrichFold.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import type { Case } from '../../pipelines/consensus/decide.ts'
import { actionOf, explain } from '../../pipelines/consensus/explain.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { usualChoice } from '../../pipelines/consensus/usualChoice.ts'
import { wholePercent } from '../../pipelines/consensus/wholePercent.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Assessment, Decision, LeadView, Policy, ShortlistedRealtor } from '../../schemas/generated/records.ts'
import { sandboxStaff } from '../../simulate/sandboxStaff.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { assessments, leadEvents, realtorSettings } from '../../topics/index.ts'
import { caseOf, followUp, policyWith, rosterOf, vote } from './cases.ts'
import { asked, day, hour, message, minute, profiles, question, silent, view, wrote } from './leads.ts'

const now = Date.UTC(2026, 10, 27, 12)

/** The questions that simulated leads raise, each type once, as the line would decide them at the deadline. */
function simulatedCases(seed: number, leads: number): Case[] {
  const tenant = sandboxTenant(now)
  const line = drive(enrich, {
    at: now,
    tables: { tenants: [[sandboxTenantId, tenant]], [realtorSettings.name]: [[sandboxTenantId, sandboxStaff(now)]] },
  })
  for (const { key, value } of storyEvents(seed, leads, now)) line.pipe(leadEvents, key, value)
  return line.outputs(assessments).flatMap((question) =>
    question.decisionTypes.flatMap((type) => {
      const policy = shippedPolicy(type)
      if (policy === undefined) return []
      const gated = evaluateGates(
        { view: question.view, at: question.askedAt, tenant, asked: question },
        policy.options.map(({ option }) => option),
      )
      const decisionId = `${question.assessmentId}-${type}`
      const votes = panel(question, roster)
      const flags = { staleBallots: 0, policyRefused: false, degradedBefore: false }
      return [{ decisionId, question, decisionType: type, votes, policy, gated, at: question.askedAt, ...flags }]
    }),
  )
}

/** What would be chosen, and for what, when these agents had nothing to say; whether enough are left to speak is another matter. */
function choiceWithout(open: Case, named: (agentId: string, option: string | null) => boolean): string {
  const votes = open.votes.map((one) =>
    one.decisionType === open.decisionType && one.kind === 'vote' && named(one.agentId, one.option)
      ? { ...one, kind: 'abstain', option: null, bin: null }
      : one,
  )
  const policy = { ...open.policy, quorumMilli: 0, requiredFamilies: [] }
  return usualChoice(decideNow({ ...open, policy, votes }, 'deadline'))
}

const agentIn = (words: string) => words.trim().toLowerCase().replaceAll(' ', '_')

t.test('without the votes that a reason names, the choice is what the reason says, over the decisions of simulated leads', async (t) => {
  const cases = simulatedCases(11, 120)
  const checked = { named: 0, none: 0 }
  const untrue: unknown[] = []
  for (const open of cases) {
    const decision = decideNow(open, 'deadline')
    const lines = explain(decision, open.policy).sentences
    if (lines.length > 5) untrue.push(lines)
    const told = lines.find((line) => line.startsWith('Without '))
    if (told === undefined) continue
    const [, names, becomes] = /^Without (.+) it would be: (.+)\.$/.exec(told) ?? []
    if (names === undefined) {
      checked.none++
      if (choiceWithout(open, () => true) !== usualChoice(decision)) untrue.push([told, decision.decisionId])
      continue
    }
    checked.named++
    const agents = new Set(names.split(' and ').map(agentIn))
    const really = choiceWithout(open, (agentId) => agents.has(agentId))
    if (actionOf(really, open.decisionType) !== becomes || really === usualChoice(decision))
      untrue.push([told, really, decision.decisionId])
  }
  t.strictSame(untrue, [])
  t.ok(checked.named > 50 && checked.none > 50, `both are told: ${JSON.stringify(checked)}`)
})

t.test('the choice is watched, not the likeliest option: a call was likelier than the text message that was chosen', async (t) => {
  const open = caseOf({ view: profiles.high_intent })
  const decision = decideNow(open, 'deadline')
  const probability = (name: string) => decision.options.find(({ option }) => option === name)?.probability ?? NaN
  t.equal(decision.chosen, 'sms')
  t.ok(probability('call') > probability('sms'))
  t.equal(explain(decision, followUp).sentences.at(-1), 'Without Channel strategist it would be: have a realtor call.')
  t.equal(
    choiceWithout(open, (agentId) => agentId === 'channel_strategist'),
    'call',
  )
  const other: Policy = policyWith({ quorumMilli: 2_000 })
  for (const policy of [undefined, other])
    t.notMatch(explain(decision, policy).sentences.join(' '), /Without/, 'nothing is said without the policy it was made with')
})

t.test('what is contested is told in words, names the gate, and is never cut', async (t) => {
  const denied = rosterOf([1, 1, 1, 1, 1, 1], 0)
  const votes = denied.roster.map((agent) => vote(agent, 'email', 5))
  // Six votes of 1 nat each for what a gate took: more than .8 of any share but a tiny one.
  const decision = decideNow(caseOf({ policy: denied, votes, view: view({ blockedChannels: { email: 'dnd' } }) }), 'deadline')
  t.strictSame(decision.conflicts, ['gate-vs-pool'])
  const gate = decision.gates.find(({ option, verdict }) => option === 'email' && verdict !== 'allow')
  t.match(
    explain(decision, denied).sentences.join('\n'),
    new RegExp(
      `^Contested: the votes alone were clearly for this, which the gate "${gate?.gateId.replaceAll('_', ' ')}" does not allow: send an e-mail\\.$`,
      'm',
    ),
  )
  const said = (changes: Partial<Decision>) => explain({ ...decision, gates: [], ...changes }, denied).sentences
  t.match(
    said({ conflicts: ['split', 'stale'] }).join('\n'),
    /^Contested: the two likeliest choices .* right; some agents answered .* did not count\.$/m,
  )
  t.match(said({ conflicts: ['family-split'] }).join('\n'), /^Contested: agents that look at different things disagree\.$/m)
  t.match(said({ conflicts: ['policy-refused'] }).join('\n'), /^Contested: the policy that was published could not be used/m)
  // A gate of its own for each channel, a draw, a rival and a conflict: all are told, in five lines.
  const full = said({
    conflicts: ['split'],
    gates: decision.gates,
    draw: { trial: 'wording-2', usual: decision.chosen, drawn: false, arms: [], seed: 's' },
  })
  t.equal(full.length, 5)
  for (const part of [/Contested/, /what is usual puts/, /Not allowed: /, /left to what is usual/, /Without/])
    t.match(full.join('\n'), part)
  const many = said({
    stopReason: 'gated',
    conflicts: ['stale'],
    gates: Array.from({ length: 6 }, () => gate ?? decision.gates[0]).flatMap((one) => one ?? []),
  })
  t.equal(many.length, 5)
  t.match(many.slice(-2), [/does not lift by itself/, /^Contested: /])
})

t.test('what an agent says of a lead is so where things are not as usual', async (t) => {
  const said = (agentId: string, lead: LeadView, asks: Partial<Assessment> = {}) => {
    const [first] = panel(
      question({ view: lead, decisionTypes: ['content', 'follow_up', 'escalation', 'routing'], ...asks }),
      roster.filter(({ id }) => id === agentId),
    ).filter(({ kind }) => kind === 'vote')
    return first?.reasonText ?? undefined
  }
  const counters = (changes: Partial<LeadView['counters']>) => ({ counters: changes })
  t.equal(
    said('response_analyzer', silent(3, 72)),
    '3 attempts without a reply: more of the same only annoys.',
    'a lead that never replied has no last reply',
  )
  t.equal(
    said('content_personalizer', silent(1, 48, { hasEmail: false }), { reason: 'silence_48h' }),
    'Two days of silence: a nudge is due, on another way if one is open.',
    'texts are the only way',
  )
  const called = (channel: string) =>
    view({ recentMessages: [message('inbound', '', asked - minute, channel)], lastInboundAt: asked - minute, ...counters({ inbound: 1 }) })
  t.equal(said('content_personalizer', called('call'), { reason: 'inbound_message' }), 'The lead called and waits for a reply.')
  t.equal(
    said('content_personalizer', called('voicemail'), { reason: 'inbound_message' }),
    'The lead left a message and waits for a reply.',
  )
  t.equal(said('content_personalizer', called('sms'), { reason: 'inbound_message' }), 'The lead wrote and waits for a reply.')
  const template = (lead: LeadView) =>
    panel(question({ view: lead, reason: 'inbound_message' }), roster).find(({ agentId }) => agentId === 'content_personalizer')?.params[
      'templateId'
    ]
  t.strictSame(
    [
      called('sms'),
      called('voicemail'),
      called('call'),
      { ...called('call'), appointmentAt: asked + day, appointmentStatus: 'confirmed' },
    ].map(template),
    ['reply', 'reply', 'first_touch', 'appointment_confirm'],
    'a reply thanks for a message',
  )
  const answered = view({ recentMessages: [message('inbound', 'Hi', asked - 2 * hour), message('outbound', 'Hello', asked - hour)] })
  t.equal(said('content_personalizer', answered, { reason: 'inbound_message' }), 'The lead has written: a reply may be due.', 'told late')
  t.equal(said('timing_optimizer', silent(1, 1)), 'The lead was last contacted 60 minutes ago and has neither written nor called since.')
  t.equal(said('sentiment_optimizer', wrote('we love it', { level: 'URGENT' })), 'In good mood and URGENT: ask directly.')
  t.equal(said('behavioral_adapter', view({ facts: { property_views: '12' } })), '12 looks at homes: this lead wants information.')
  const homes = Array.from({ length: 12 }, (_, n) => ({ signal: 'property_view', at: asked - minute, count: 1, subject: n + 1 }))
  t.equal(said('behavioral_adapter', view({ signals: homes })), '12 homes looked at: this lead wants information.')
  const texts = [
    { signal: 'sms_reply', at: asked - 5 * hour, count: 12, subject: 0 },
    { signal: 'sms_reply', at: asked - hour, count: 9, subject: 0 },
  ]
  t.equal(
    said('pattern_recognizer', view({ signals: texts })),
    'The lead has done a lot, over hours or days.',
    '21 texts are no looks at homes',
  )
  const clicks = [{ signal: 'price_click', at: asked - minute, count: 2, subject: 0 }]
  t.equal(said('signal_detector', view({ signals: clicks })), 'The lead looks into what homes cost.', 'nothing was calculated')
  const office = (load: number, capacity: number, closed: { won: number; lost: number }, realtorId: string): ShortlistedRealtor => ({
    ...{
      realtorId,
      specialties: [],
      seniority: null,
      availability: 'available',
      load,
      capacity,
      answerMinutes: null,
      answers: 0,
      speaks: null,
    },
    ...closed,
  })
  const none = { won: 0, lost: 0 }
  const closers = ([won, lost]: readonly [number, number], realtorId: string) => office(0, 20, { won, lost }, realtorId)
  const timed = (realtorId: string, answerMinutes: number | null) => ({
    ...office(0, 20, none, realtorId),
    answerMinutes,
    answers: answerMinutes === null ? 0 : 9,
  })
  t.match(
    said('availability_optimizer', view({ shortlist: [timed('a', 12), timed('b', 30)] })),
    /the soonest of those who are available\.$/,
  )
  t.match(
    said('availability_optimizer', view({ shortlist: [timed('a', 12), timed('b', null)] })),
    /the soonest known of those who are available\.$/,
  )
  t.equal(
    said('workload_balancer', view({ shortlist: [office(2, 5, none, 'small'), office(45, 90, none, 'large')] })),
    'Is the least full: 2 of 5 leads.',
    'the other one has room for 45',
  )
  t.match(
    said('performance_predictor', view({ shortlist: [closers([70, 30], 'many'), closers([3, 1], 'few'), closers([5, 95], 'poor')] })),
    /^70 of 100 closed leads became clients: the best rate on the list, with how few were closed and the load taken into account\.$/,
    '3 of 4 is a better share of next to nothing',
  )
})

t.test('a probability that is not certain is not told as certain, nor what is possible as impossible', async (t) => {
  t.strictSame([0, 0.0001, 0.0049, 0.005, 0.5, 0.9949, 0.995, 0.99999, 1].map(wholePercent), [
    '0 %',
    'below 1 %',
    'below 1 %',
    '1 %',
    '50 %',
    '99 %',
    'over 99 %',
    'over 99 %',
    '100 %',
  ])
  const sure = rosterOf([1, 1, 1, 1, 1, 1, 1], 0)
  const decision = decideNow(caseOf({ policy: sure, votes: sure.roster.map((agent) => vote(agent, 'sms', 5)) }), 'deadline')
  // Seven votes of 1 nat on .40: e^7 * .4 / (e^7 * .4 + .6) = .9986.
  t.match(
    explain(decision, sure).sentences.join('\n'),
    /^The agents put over 99 % on this being right, below 1 % that it would be better to .*$/m,
  )
  t.equal(chosenPercent(decision), 'over 99 %', 'on the page as well')
  const owned = decideNow(caseOf({ view: view({ humanOwned: true }) }), 'deadline')
  t.strictSame([owned.stopReason, chosenPercent(owned)], ['gated', undefined], 'that waiting is all that is allowed does not make it right')
})
