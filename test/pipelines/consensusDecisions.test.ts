import fc from 'fast-check'
import t from 'tap'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster, rosterFor } from '../../pipelines/agents/roster.ts'
import { conflictsOf, divergence } from '../../pipelines/consensus/conflicts.ts'
import { auditSelected, decideIfReady, decideNow, hasQuorum } from '../../pipelines/consensus/decide.ts'
import { explain, logOddsOf } from '../../pipelines/consensus/explain.ts'
import { flipSet } from '../../pipelines/consensus/flipSet.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { paramsOf } from '../../pipelines/consensus/params.ts'
import { lnMicro } from '../../pipelines/consensus/pinnedMath.ts'
import { policyHash, policyProblems } from '../../pipelines/consensus/policy.ts'
import { pool } from '../../pipelines/consensus/pool.ts'
import { rankByUtility } from '../../pipelines/consensus/utility.ts'
import { Decision } from '../../schemas/generated/records.ts'
import type { LeadView, Policy, Tenant, Vote } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { asked, day, hour, message, minute, profiles, question, silent, view, wrote } from './leads.ts'

import {
  all,
  anyVotes,
  caseOf,
  decided,
  escalation,
  followUp,
  forty,
  options,
  policyWith,
  probabilitiesOf,
  rosterOf,
  vote,
} from './cases.ts'

t.test('P-19: one vote decides nothing: without a quorum the safe fallback is taken and the silent agents are named', async (t) => {
  const alone = decideNow(caseOf({ votes: [vote('channel_strategist', 'call', 5)] }), 'deadline')
  t.match(alone, {
    chosen: 'wait',
    degraded: true,
    fallbackUsed: true,
    stopReason: 'deadline',
    nEff: 1,
    quorum: 3,
    dueAt: null,
    params: {},
  })
  t.strictSame(
    alone.silent.map(({ agentId, kind }) => [agentId, kind]),
    rosterFor('follow_up')
      .filter((agent) => agent !== 'channel_strategist')
      .sort()
      .map((agent) => [agent, 'missing']),
  )
  t.equal(
    decideIfReady(caseOf({ votes: [vote('channel_strategist', 'call', 5)] })),
    undefined,
    'before the deadline the question stays open',
  )
  const four = ['demographic_analyzer', 'behavioral_profiler', 'intent_detector', 'timing_optimizer'].map((agent) => vote(agent, 'call', 5))
  const incomplete = pool(four, followUp, 'new', all)
  t.equal(incomplete.nEffMicro, 4_000_000)
  t.notOk(hasQuorum(incomplete, followUp), 'four voters, but nobody who knows the conversation')
})

t.test('P-03: errors and abstentions do not move the pool, and an error is not presence', (t) =>
  assertProperty(
    t,
    fc.property(anyVotes(forty), (votes) => {
      const heard = votes.filter(({ kind, option }) => kind === 'vote' && option !== null)
      const failed = votes.map((each) => (each.kind === 'abstain' ? { ...each, kind: 'error' } : each))
      return (
        JSON.stringify(probabilitiesOf(votes, forty)) === JSON.stringify(probabilitiesOf(heard, forty)) &&
        JSON.stringify(probabilitiesOf(failed, forty)) === JSON.stringify(probabilitiesOf(heard, forty)) &&
        pool(failed, forty, 'new', all).nEffMicro <= pool(votes, forty, 'new', all).nEffMicro
      )
    }),
  ),
)

t.test('P-04: a new lead without any history reaches the quorum', async (t) => {
  const decision = decided()
  t.match(decision, { degraded: false, stopReason: 'all_votes' })
  t.ok(decision.nEff >= decision.quorum)
  // Eleven families: facts, behaviour, timing, calendar, media one each; text and market 2 / 1.3 = 1.538461 each, conversation and
  // attribution 4 / 1.9 = 2.105263 each, signals and results of the location 3 / 1.6 = 1.875 each.
  t.equal(decision.nEff, 16.037448)
})

t.test('P-16: a fresh system with no outcomes at all acts on a good lead', async (t) => {
  t.match(decided({ view: profiles.high_intent }), {
    chosen: /sms|call/,
    degraded: false,
    params: { channel: /sms|call/, delayMinutes: '0' },
    dueAt: asked,
  })
})

t.test('P-22: winners vary with the lead', async (t) => {
  const situations: Parameters<typeof caseOf>[0][] = [
    {},
    { view: silent(2, 24), asks: { reason: 'silence_48h', stage: 'silent' } },
    { view: wrote('call me'), asks: { stage: 'engaged' } },
    { view: silent(1, 1), asks: { reason: 'level_changed', stage: 'silent' } },
  ]
  t.strictSame(
    situations.map((situation) => decided(situation).chosen),
    ['sms', 'email', 'call', 'wait'],
  )
})

t.test('P-23: a contested decision is a record with its conflict, not a label in a log', async (t) => {
  const even = rosterOf([1, 1], 0, { baseRatesMicro: { '*': Object.fromEntries(options.map((option) => [option, lnMicro(0.25)])) } })
  const votes = [vote('a0_0', 'sms', 5), vote('a1_0', 'call', 5)]
  const decision = decideNow(caseOf({ policy: even, votes }), 'deadline')
  t.ok(decision.conflicts.includes('split'))
  t.match(
    explain(decision).sentences.join('\n'),
    /^Contested: the two likeliest choices are less than 15 points apart in how likely they are to be right\.$/m,
  )
})

t.test('a policy with a quantile names what it cannot rule out, and asks a person before nothing but what cannot be undone', async (t) => {
  // Equal base rates and one vote of bin 5, 1 nat: e / (e + 3) = .4754 for it, .1749 for each other option.
  const equal = { '*': Object.fromEntries(options.map((option) => [option, lnMicro(0.25)])) }
  const under = (conformalMicro: number | null) =>
    decideNow(caseOf({ policy: rosterOf([1], 0, { baseRatesMicro: equal, conformalMicro }), votes: [vote('a0_0', 'sms', 5)] }), 'deadline')
  t.match(under(null), { conformalSet: null, escalation: null }, 'not enough audits')
  t.match(under(600_000), { chosen: 'sms', conformalSet: ['sms'], escalation: null }, '1 - .4754 is within .6, 1 - .1749 is not')
  t.match(under(900_000), { chosen: 'sms', conformalSet: [...options], escalation: 'undecided' })
  // Two for waiting, 2 nats: e^2 / (e^2 + 3) = .711, so waiting is best, and .096 for each other option.
  const waiting = caseOf({
    policy: rosterOf([1, 1], 0, { baseRatesMicro: equal, conformalMicro: 950_000 }),
    votes: [vote('a0_0', 'wait', 5), vote('a1_0', 'wait', 5)],
  })
  t.match(decideNow(waiting, 'deadline'), { chosen: 'wait', conformalSet: [...options], escalation: null }, 'waiting can be undone')
  t.match(under(500_000), { conformalSet: [], escalation: null }, 'none is likely enough')
  t.match(
    explain(under(900_000)).sentences.join(' '),
    /A person should look: it could also be right to wait or send an e-mail or have a realtor call\./,
  )
  t.notMatch(explain(under(600_000)).sentences.join(' '), /A person should look/)
  const exact = 1_000_000 - 475_367
  t.match([under(exact).conformalSet, under(exact - 1).conformalSet], [['sms'], []], 'the line is drawn in whole millionths')
  const gone = caseOf({ policy: rosterOf([1], 0, { baseRatesMicro: equal, conformalMicro: 900_000 }), votes: [] })
  t.match(decideNow(gone, 'superseded'), { conformalSet: null, escalation: null })
  t.match(decideNow(gone, 'deadline'), { degraded: true, conformalSet: null, escalation: null })
  const { conformalMicro: _none, ...before } = followUp
  t.equal(policyHash(before as Policy), followUp.policyHash, 'a policy from before there was a quantile keeps its hash')
  t.not(policyWith({ conformalMicro: 0 }).policyHash, followUp.policyHash)
  t.strictSame(policyProblems(policyWith({ conformalMicro: 1_000_001 })), ['conformal quantile is outside 0 to 1'])
})

t.test('conflicts: split, family split, a gate that costs something', async (t) => {
  const two = rosterOf([3, 3], 0)
  const torn = [...[0, 1, 2].map((i) => vote(`a0_${i}`, 'sms', 5)), ...[0, 1, 2].map((i) => vote(`a1_${i}`, 'wait', 5))]
  const pooled = pool(torn, two, 'new', all)
  t.ok(divergence(pooled) > 0.25)
  t.ok(conflictsOf(pooled, two).includes('family-split'))
  t.equal(divergence(pool(torn.slice(0, 3), two, 'new', all)), 0, 'one family cannot disagree with itself')
  const denied = pool(
    [0, 1, 2].map((i) => vote(`a0_${i}`, 'sms', 5)),
    two,
    'new',
    new Set(['wait', 'email']),
  )
  t.ok(conflictsOf(denied, two).includes('gate-vs-pool'))
  t.ok(denied.contributions.every(({ blocked }) => blocked))
  t.match(
    denied.options.map(({ option, eligible, probability }) => [option, eligible, probability > 0]),
    [
      ['wait', true, true],
      ['sms', false, false],
      ['email', true, true],
      ['call', false, false],
    ],
  )
  t.strictSame(conflictsOf(pool([], two, 'new', new Set(['wait'])), two), [])
})

t.test('a vote for an option that a gate took away is stored as blocked and moves nothing', async (t) => {
  const blocked = { ...view().blockedChannels, sms: 'dnd' }
  const decision = decided({ view: view({ blockedChannels: blocked }), votes: [...panel(question({ view: view() }), roster)] })
  t.ok(decision.contributions.some(({ option, blocked: is }) => option === 'sms' && is))
  t.equal(decision.options.find(({ option }) => option === 'sms')?.probability, 0)
  t.not(decision.chosen, 'sms')
})

const gate = (lead: LeadView, tenant?: Tenant, types: readonly string[] = options) =>
  evaluateGates({ view: lead, at: asked, tenant }, types)
const left = (lead: LeadView, tenant?: Tenant) => [...gate(lead, tenant).eligible].join()
const tenant: Tenant = {
  tenantId: 'sandboxLocation000001',
  name: 'Sandbox',
  status: 'active',
  appId: null,
  country: 'US',
  timeZone: 'America/Chicago',
  senderName: 'Ana',
  postalAddress: 'x',
  automation: true,
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

t.test('gates take away what may not be done, with rule, reason and the time it lifts', async (t) => {
  t.equal(left(view()), 'wait,sms,email,call')
  t.ok(gate(view()).results.every(({ verdict }) => verdict === 'allow'))
  t.equal(left(view({ hasPhone: false })), 'wait,email')
  t.equal(left(view({ blockedChannels: { sms: 'revoked', email: 'odd' } })), 'wait,call')
  t.match(
    gate(view({ blockedChannels: { sms: 'revoked' } })).results.find(({ verdict }) => verdict === 'deny'),
    { gateId: 'consent', ruleId: 'revoked', option: 'sms', liftsAt: null, reason: 'The lead has revoked permission for sms.' },
  )
  for (const status of ['converted', 'lost', 'disqualified']) t.equal(left(view({ status })), 'wait')
  for (const opportunityStatus of ['won', 'lost']) t.equal(left(view({ opportunityStatus })), 'wait')
  t.equal(left(view({ opportunityStatus: 'abandoned' })), 'wait,sms,email,call')
  t.equal(left(view(), { ...tenant, automation: false }), 'wait')
  t.equal(left(view(), { ...tenant, status: 'paused' }), 'wait')
  t.equal(left(view(), tenant), 'wait,sms,email,call')
})

t.test('a conversation that a person leads is left to the person, until it lifts or is handed back', async (t) => {
  t.match(gate(view({ humanOwned: true, humanOwnedUntil: asked + hour })), { liftsAt: asked + hour, eligible: new Set(['wait']) })
  t.match(gate(view({ humanOwned: true })), { liftsAt: null, eligible: new Set(['wait']) })
  t.equal(left(view({ humanOwned: false, humanOwnedUntil: asked + hour })), 'wait', "in doubt it is the person's")
  t.equal(left(view({ humanOwned: false, humanOwnedUntil: asked - hour })), 'wait,sms,email,call')
})

t.test('the contact budget counts every sender and lifts when the oldest counted message leaves the window', async (t) => {
  const sent = [5, 3, 1].map((hours) => message('outbound', 'x', asked - hours * hour))
  const full = view({ outboundLast24h: 3, outboundLast14d: 3, recentMessages: sent, lastOutboundAt: asked - hour })
  t.equal(gate(full).liftsAt, asked - 5 * hour + day)
  t.equal(gate(full, { ...tenant, maxPer24h: 2 }).liftsAt, asked - 3 * hour + day)
  t.equal(gate({ ...full, recentMessages: sent.slice(2) }).liftsAt, asked - hour + day, 'late rather than early when not all are known')
  t.equal(gate(view({ outboundLast24h: 3, lastOutboundAt: asked - hour })).liftsAt, asked - hour + day)
  t.equal(gate(view({ outboundLast24h: 3 })).liftsAt, asked + day)
  t.equal(gate(view({ outboundLast14d: 10, lastOutboundAt: asked - 2 * day })).liftsAt, asked + 12 * day)
  t.equal(gate(full, { ...tenant, maxPer24h: 99 }).eligible.size, 1, 'a tenant cannot lift the hard ceiling')
  t.equal(gate(view({ outboundLast24h: 2, outboundLast14d: 9 })).eligible.size, 4)
})

t.test('the machine does not write over words that a person should answer; the hand-over stays open', async (t) => {
  for (const text of ['I will call my lawyer', 'can I talk to a person?', 'this is terrible']) {
    t.equal(left(wrote(text)), 'wait', text)
    t.strictSame([...gate(wrote(text), tenant, ['wait', 'hand_over']).eligible], ['wait', 'hand_over'])
  }
  t.equal(left(wrote('how much?')), 'wait,sms,email,call')
})

t.test('gates of a hand-over: closed leads and conversations a person already leads; no consent is needed for it', async (t) => {
  const types = ['wait', 'hand_over']
  t.equal(
    gate(view({ blockedChannels: { sms: 'dnd', email: 'dnd', call: 'dnd' } }), { ...tenant, automation: false }, types).eligible.size,
    2,
  )
  t.equal(gate(view({ humanOwned: true }), tenant, types).eligible.size, 1)
  t.equal(gate(view({ status: 'lost' }), tenant, types).eligible.size, 1)
})

t.test('gates: taking away consent, address, budget or ownership can only shrink what is allowed', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.dictionary(fc.constantFrom('sms', 'email', 'call'), fc.constantFrom('dnd', 'revoked')),
      fc.boolean(),
      fc.boolean(),
      fc.nat(5),
      fc.nat(12),
      fc.boolean(),
      (blockedChannels, hasPhone, hasEmail, outboundLast24h, outboundLast14d, humanOwned) => {
        const lead = view({ blockedChannels, hasPhone, hasEmail, outboundLast24h, outboundLast14d, humanOwned })
        const before = gate(lead).eligible
        const stricter: Partial<LeadView>[] = [
          { blockedChannels: { ...blockedChannels, sms: 'dnd' } },
          { hasPhone: false },
          { hasEmail: false },
          { outboundLast24h: outboundLast24h + 1 },
          { outboundLast14d: outboundLast14d + 1 },
          { humanOwned: true },
        ]
        return (
          before.has('wait') && stricter.every((change) => [...gate({ ...lead, ...change }).eligible].every((option) => before.has(option)))
        )
      },
    ),
  ),
)

t.test('when every way is closed the decision is to wait, with the reason, and nobody is asked', async (t) => {
  const decision = decided({ view: view({ humanOwned: true, humanOwnedUntil: asked + hour }), votes: [] })
  t.match(decision, {
    chosen: 'wait',
    stopReason: 'gated',
    liftsAt: asked + hour,
    dueAt: null,
    degraded: false,
    silent: [],
    contributions: [],
    auditSelected: false,
    pAudit: 0,
  })
  t.match(decideNow(caseOf({ view: view({ hasPhone: false, hasEmail: false }), votes: [] }), 'deadline'), {
    stopReason: 'gated',
    liftsAt: null,
  })
})

t.test('shipped policies make believable decisions', async (t) => {
  const inbound = (text: string, changes?: Parameters<typeof wrote>[1]) => ({
    view: wrote(text, changes),
    asks: { reason: 'inbound_message', stage: 'engaged' },
  })
  const quiet = (attempts: number, step: string) => ({ view: silent(attempts, 24), asks: { reason: step, stage: 'silent' } })
  const table: [name: string, situation: Parameters<typeof caseOf>[0], followUp: string, escalation: string][] = [
    ['fresh and reachable', {}, 'sms 0 first_touch', 'wait'],
    ['fresh, e-mail only', { view: view({ hasPhone: false }) }, 'email 0 first_touch', 'wait'],
    ['fresh and URGENT', { view: view({ level: 'URGENT' }) }, 'sms 0 first_touch', 'hand_over'],
    ['asks a question', inbound('Is it available? How much is it?'), 'sms 1 reply', 'wait'],
    [
      'asks by e-mail',
      inbound('Is it available?', {
        recentMessages: [message('inbound', 'Is it available? How much?', asked - minute, 'email')],
        counters: { inboundByChannel: { email: 1 } },
      }),
      'email 1 reply',
      'wait',
    ],
    ['asks for a call', inbound('please call me'), 'call 1', 'wait'],
    ['declines', inbound('not interested'), 'wait', 'wait'],
    ['asks for a person', inbound('can I talk to a human?'), 'wait', 'hand_over'],
    ['is angry', inbound('this is terrible'), 'wait', 'hand_over'],
    ['URGENT and asks', inbound('Can we see it today?', { level: 'URGENT' }), 'sms 1 reply', 'hand_over'],
    ['silent for 24 h', quiet(1, 'silence_24h'), 'sms 480 nudge_24h', 'wait'],
    ['silent for 48 h', quiet(2, 'silence_48h'), 'email 480 nudge_48h', 'wait'],
    ['silent for 72 h after three attempts', quiet(3, 'silence_72h'), 'email 480 reengage', 'wait'],
    ['five attempts unanswered', quiet(5, 'silence_72h'), 'wait', 'hand_over'],
    ['written to an hour ago', { view: silent(1, 1), asks: { reason: 'level_changed', stage: 'silent' } }, 'wait', 'wait'],
    [
      'booked',
      { view: view({ appointmentAt: asked + day, appointmentStatus: 'confirmed' }), asks: { reason: 'level_changed', stage: 'booked' } },
      'wait',
      'wait',
    ],
    ['blocked everywhere', { view: view({ blockedChannels: { sms: 'dnd', email: 'dnd', call: 'dnd' } }) }, 'wait', 'wait'],
  ]
  for (const [name, situation, expected, handOver] of table) {
    const decision = decided(situation)
    const words = [decision.chosen, decision.params['delayMinutes'], decision.params['templateId']]
      .filter((word) => word !== undefined)
      .join(' ')
    t.equal(words, expected, name)
    t.equal(decided({ ...situation, policy: escalation }).chosen, handOver, `${name}: escalation`)
    const delay = Number(decision.params['delayMinutes'] ?? NaN)
    t.equal(decision.dueAt, decision.chosen === 'wait' ? null : asked + delay * minute)
    t.ok(Decision.encode(decision).length < 2048, `${name}: ${Decision.encode(decision).length} bytes`)
  }
})

t.test('one more hand-over finding never makes a hand-over less likely, and the threshold is at P = .194', async (t) => {
  // .4 p' + p - .1 against p' - 2 p with p' = 1 - p: 3.6 p > .7
  const best = (p: number) =>
    rankByUtility(
      escalation,
      new Map([
        ['wait', 1 - p],
        ['hand_over', p],
      ]),
      'd',
    )[0]?.option
  t.strictSame([0.19, 0.1944, 0.1945, 0.2].map(best), ['wait', 'wait', 'hand_over', 'hand_over'])
})

t.test('parameters: the smallest delay of those who voted for it, else of other contacts; other values by strength', async (t) => {
  const cast = (agent: string, option: string, bin: number, params: Record<string, string>) => vote(agent, option, bin, { params })
  const of = (chosen: string, votes: readonly Vote[]) => paramsOf(chosen, votes, pool(votes, followUp, 'new', all).contributions)
  t.strictSame(
    of('sms', [
      cast('timing_optimizer', 'sms', 2, { delayMinutes: '480' }),
      cast('intent_detector', 'sms', 5, { delayMinutes: '1' }),
      cast('channel_strategist', 'email', 5, { delayMinutes: '0' }),
    ]),
    {
      delayMinutes: '1',
      channel: 'sms',
      templateId: 'reengage',
    },
  )
  t.strictSame(of('email', [cast('timing_optimizer', 'sms', 2, { delayMinutes: '120', templateId: 'reply' })]), {
    delayMinutes: '120',
    templateId: 'reply',
    channel: 'email',
  })
  t.strictSame(
    of('sms', [
      cast('timing_optimizer', 'sms', 2, { templateId: 'a' }),
      cast('intent_detector', 'sms', 4, { templateId: 'b' }),
      cast('channel_strategist', 'sms', 2, { templateId: 'a' }),
    ]),
    {
      templateId: 'b',
      channel: 'sms',
      delayMinutes: '240',
    },
  )
  t.equal(
    of('sms', [cast('timing_optimizer', 'sms', 3, { templateId: 'b' }), cast('intent_detector', 'sms', 3, { templateId: 'a' })])[
      'templateId'
    ],
    'a',
    'equal strength: smallest text',
  )
  t.strictSame(
    of('call', [cast('timing_optimizer', 'call', 3, { delayMinutes: '-3' }), cast('intent_detector', 'call', 3, { delayMinutes: 'soon' })]),
    { channel: 'call', delayMinutes: '240' },
  )
  t.strictSame(of('wait', [cast('timing_optimizer', 'wait', 3, { delayMinutes: '5' })]), {})
  t.strictSame(
    of('sms', [cast('team:x/guru', 'sms', 5, { delayMinutes: '0', templateId: 'spam' })]),
    { channel: 'sms', delayMinutes: '240', templateId: 'reengage' },
    'an unmeasured outsider sets nothing',
  )
  t.strictSame(paramsOf('hand_over', [], []), {})
})

t.test('the audit takes about 3 % by a hash of the decision id, the same ones every time', async (t) => {
  const ids = Array.from({ length: 20_000 }, (_, index) => `decision-${index}`)
  const taken = ids.filter((id) => auditSelected(id, 30_000))
  // 600 expected, standard deviation sqrt(20000 * .03 * .97) = 24
  t.ok(Math.abs(taken.length - 600) < 4 * 24, String(taken.length))
  t.strictSame(
    taken,
    ids.filter((id) => auditSelected(id, 30_000)),
  )
  t.notOk(ids.some((id) => auditSelected(id, 0)))
  t.ok(ids.every((id) => auditSelected(id, 1_000_000)))
})

t.test('replay: the same votes and policy give the same bytes, and the long record keeps the sentences of eight votes', async (t) => {
  const votes = forty.roster.map((agent, index) =>
    vote(agent, options[index % 4] ?? 'wait', (index % 5) + 1, { reasonText: 'A sentence of a usual length about this lead.' }),
  )
  const once = Decision.encode(decideNow(caseOf({ policy: forty, votes }), 'deadline'))
  t.ok(once.equals(Decision.encode(decideNow(caseOf({ policy: structuredClone(forty), votes: structuredClone(votes) }), 'deadline'))))
  const decision = Decision.decode(once)
  t.equal(decision.contributions.length, 37)
  t.equal(decision.contributions.filter(({ reasonText }) => reasonText !== null).length, 8)
})

t.test('explain: five lines a realtor can read, the numbers behind them, and log-odds that add up exactly', async (t) => {
  const decision = decided({ view: wrote('Is it available? How much is it?'), asks: { reason: 'inbound_message', stage: 'engaged' } })
  const explained = explain(decision, followUp)
  t.equal(explained.headline, 'Send a text message, at 2026-11-03 15:01 UTC.')
  t.match(explained.sentences[0], /^For it: The lead asked a question and waits for an answer\. \(Intent detector, very high\)/)
  t.match(explained.sentences[1], /^Against it: .* \(Behavioral profiler would have a realtor call, very low\)/)
  t.match(explained.sentences[2], /^The agents put \d+ % on this being right, \d+ % that it would be better to /)
  t.ok(explained.sentences.length <= 5)
  t.equal(explained.contributions[0]?.agentId, 'intent_detector')
  const odds = explained.logOdds
  t.equal(BigInt(odds?.base ?? 0) + BigInt(odds?.votesFor ?? 0) - BigInt(odds?.votesAgainst ?? 0), BigInt(odds?.total ?? 1))
  const [chosen, rival] = [odds?.chosen, odds?.rival].map((name) => decision.options.find(({ option }) => option === name))
  t.ok(Math.abs(Math.log((chosen?.probability ?? 0) / (rival?.probability ?? 1)) - (odds?.nats ?? 0)) < 1e-9)
  t.equal(BigInt(chosen?.score ?? 0) - BigInt(rival?.score ?? 0), BigInt(odds?.total ?? 1))
})

t.test('explain: gated, superseded, degraded, cautious and vote-less decisions say so', async (t) => {
  const gated = explain(decided({ view: view({ humanOwned: true, humanOwnedUntil: asked + hour }) }))
  t.equal(gated.headline, 'Do nothing: no other action is allowed right now.')
  t.strictSame(gated.sentences, [
    'A person leads this conversation (until 2026-11-03 16:00 UTC).',
    'The first way opens again at 2026-11-03 16:00 UTC.',
  ])
  const newest = asked - hour
  const spent = decided({ view: view({ outboundLast14d: 10, recentMessages: [message('outbound', 'x', newest)], lastOutboundAt: newest }) })
  t.strictSame(
    explain(spent).sentences,
    [
      '10 messages in 14 days: the limit is 10 (until 2026-11-17 14:00 UTC at the latest).',
      'The first way opens again by 2026-11-17 14:00 UTC at the latest.',
    ],
    'the oldest of the ten may leave the fortnight any moment',
  )
  t.equal(gated.logOdds, undefined)
  const due = explain(decided({ view: wrote('Can I talk to a person?') }))
  t.equal(due.headline, 'Hand the lead over to a person: its own words are for a person to answer.')
  t.match(due.sentences, [/^The lead asked for a person\. A person should answer\.$/, /^It is handed over whatever the votes say/])
  t.match(
    explain(decided({ view: { ...wrote('Can I talk to a person?'), humanOwned: true, humanOwnedUntil: null } })).headline,
    /^Do nothing/,
    'a person has it already',
  )
  t.match(explain(decided({ view: view({ hasPhone: false, hasEmail: false }) })).sentences.at(-1), /does not lift by itself/)
  const superseded = explain(decideNow(caseOf(), 'superseded'))
  t.match([superseded.headline, superseded.sentences.length, superseded.flipSet], [/lead changed/, 1, undefined])
  const degraded = explain(decideNow(caseOf({ votes: [] }), 'deadline'))
  t.equal(degraded.headline, 'Wait: too few agents answered to decide.')
  t.match(degraded.sentences.join(' '), /0\.0 of 3\.0.*flagged as degraded/)
  t.notMatch(degraded.sentences.join(' '), /a person should look/)
  const twice = explain(decideNow(caseOf({ votes: [], degradedBefore: true }), 'deadline'))
  t.match(twice.sentences[0], /so the safe choice was taken\. It was so the time before as well: a person should look\.$/)
  const cautious = explain(decided({ view: view({ level: 'URGENT' }), policy: escalation }), escalation)
  t.equal(cautious.headline, 'Hand the lead over to a person, now.')
  // One vote of the highest bin against a base of .1 : .9 leaves a hand-over less likely to be right than waiting.
  t.match(
    cautious.sentences.join(' '),
    /better to leave the lead with Rekindle\. To leave the lead with Rekindle is likeliest to be right; this is best by what each would gain and cost\./,
  )
  t.match(cautious.sentences.at(-1), /^Without Escalation manager it would be: leave the lead with Rekindle\.$/)
  const blind = explain(decided({ view: view({ level: 'URGENT' }), policy: escalation }))
  t.notMatch(blind.sentences.join(' '), /Without any vote/, 'not the likeliest option, and no policy to ask')
  const quiet = explain(decided({ policy: escalation }), escalation)
  t.equal(quiet.headline, 'Leave the lead with Rekindle.')
  t.match(quiet.sentences.join(' '), /usual right choice for a lead that is new.*No agent argued for anything else.*Without any vote/)
  const nobody = (stage: string, open: readonly string[]) =>
    explain(
      decideNow(
        caseOf({
          question: question({ stage }),
          votes: rosterFor('follow_up').map((agent) => vote(agent, null)),
          gated: { results: [], eligible: new Set(open), liftsAt: null },
        }),
        'deadline',
      ),
    )
  // Of 100 engaged leads the shipped rates put sms first, then wait, then e-mail; a message that is missed costs more than one too many.
  t.match(
    nobody('engaged', ['wait', 'email']).sentences[0],
    /^No agent argued for it; it is not the usual right choice for a lead that is engaged, but best by what each would gain and cost\.$/,
  )
  t.match(
    nobody('silent', ['wait', 'call']).sentences[0],
    /^No agent argued for it; it is the usual right choice for a lead that is silent\.$/,
  )
  t.notMatch(
    degraded.sentences.join(' '),
    /likeliest to be right|The agents put/,
    'the safe choice weighs nothing, and nobody said anything',
  )
  t.match(degraded.sentences.join(' '), /Without a vote that counts, what is usual puts 20 % on this being right/)
  const partly = explain(decided({ view: view({ blockedChannels: { email: 'dnd' } }) }))
  t.match(partly.sentences.join(' '), /Not allowed: Do not disturb is set for email\./)
  const unknown = decided()
  const odd = explain({
    ...unknown,
    contributions: unknown.contributions.map((each) => ({ ...each, bin: 9, reasonText: null, reasonCode: 'some_reason' })),
  })
  t.match(odd.contributions[0], { confidence: 'unknown', says: 'Some reason.' })
  t.equal(logOddsOf({ ...unknown, runnerUp: null }), undefined)
})

t.test('explain: a family that was not heard is named, votes that do not count are told, and the likeliest option is named', async (t) => {
  const family = followUp.families.find(({ family }) => family === 'conversation')?.agents ?? []
  const others = rosterFor('follow_up').filter((agent) => !family.includes(agent))
  const deaf = decideNow(caseOf({ votes: others.map((agent) => vote(agent, null)) }), 'deadline')
  t.ok(deaf.fallbackUsed && deaf.nEff > deaf.quorum)
  const [told, unnamed] = [explain(deaf, followUp), explain({ ...deaf, silent: [] })]
  t.equal(told.headline, 'Wait: agents that have to be heard did not answer.')
  t.equal(told.sentences[0], 'Nobody answered of the agents of "conversation", which have to be heard, so the safe choice was taken.')
  t.equal(unnamed.sentences[0], 'Nobody answered of agents that have to be heard, so the safe choice was taken.')
  t.notMatch([...told.sentences, ...unnamed.sentences].join(' '), /Fewer voices/)
  const nearly = explain({ ...deaf, nEff: 2.96, silent: [] })
  t.match(nearly.sentences[0], /^Fewer voices than needed were heard \(2\.9 of 3\.0\), so/)

  const closed = decideNow(
    caseOf({
      votes: rosterFor('follow_up').map((agent, index) => vote(agent, index === 0 ? 'call' : null)),
      gated: { results: [], eligible: new Set(['wait', 'sms']), liftsAt: null },
    }),
    'deadline',
  )
  t.match(explain(closed).sentences.join(' '), /1 agent would have a realtor call, which is not allowed\./)
  t.notMatch(explain(closed).sentences.join(' '), /No agent argued for anything else/)
  const light = {
    ...closed,
    contributions: closed.contributions.map((one) => ({ ...one, option: closed.chosen, blocked: false, nats: '0' })),
  }
  t.match(explain(light).sentences[0], /^What argued for it has no weight; it is/)
  t.match(explain(light).sentences[1], /^No agent argued for anything else\.$/)

  const [wait, sms, call] = [decided().options[0], decided().options[1], decided().options[3]].map((one) => ({ ...one, eligible: true }))
  const compromise = explain({
    ...decided(),
    chosen: 'sms',
    runnerUp: 'wait',
    options: [
      { ...wait, probability: 0.28 },
      { ...sms, probability: 0.32 },
      { ...call, probability: 0.4 },
    ] as Decision['options'],
  })
  t.match(
    compromise.sentences.join(' '),
    /32 % on this being right, 28 % that it would be better to wait\. To have a realtor call is likeliest to be right, at 40 %; this is best by/,
  )
})

t.test('flip set: removing it changes the choice, removing less by the same greed does not, one vote is found exactly', async (t) => {
  await assertProperty(
    t,
    fc.property(anyVotes(forty), (votes) => {
      const decision = decideNow(caseOf({ policy: forty, votes }), 'deadline')
      const flip = flipSet(decision, forty)
      if (flip === undefined) return true
      const gone = new Set(flip.votes.map(({ agentId }) => agentId))
      const without = (agents: ReadonlySet<string>) =>
        decideNow(
          caseOf({ policy: policyWith({ ...forty, quorumMilli: 0 }), votes: votes.filter(({ agentId }) => !agents.has(agentId)) }),
          'deadline',
        ).chosen
      const single = votes.find(({ agentId }) => without(new Set([agentId])) !== decision.chosen)
      return without(gone) === flip.becomes && flip.becomes !== decision.chosen && (single === undefined || flip.votes.length === 1)
    }),
    { numRuns: 60 },
  )
  const decision = decided({ view: wrote('please call me'), asks: { stage: 'engaged' } })
  t.equal(flipSet(decision, followUp)?.insteadOf, 'call')
})
