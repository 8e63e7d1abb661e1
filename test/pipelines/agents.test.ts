import fc from 'fast-check'
import t from 'tap'
import { fullQuestion } from '../../bench/fullQuestion.ts'
import { abstain, binOf, field, noInsights, optionsByType, vote } from '../../pipelines/agents/agent.ts'
import type { Agent } from '../../pipelines/agents/agent.ts'
import { agentView, forbiddenInFacts, permittedFacts } from '../../pipelines/agents/agentView.ts'
import type { AgentView } from '../../pipelines/agents/agentView.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { openChannels, openOr } from '../../pipelines/agents/channels.ts'
import { amountOf, answerOf, shareOf } from '../../pipelines/agents/factValues.ts'
import { hotter, levelRank } from '../../pipelines/agents/levels.ts'
import { buyingPower } from '../../pipelines/agents/lead-intelligence/demographicAnalyzer.ts'
import { engagement } from '../../pipelines/agents/lead-intelligence/behavioralProfiler.ts'
import { intentOf } from '../../pipelines/agents/lead-intelligence/intentDetector.ts'
import { delayMinutes, habitMinutes } from '../../pipelines/agents/follow-up/timingOptimizer.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import {
  asksForPerson,
  financingReady,
  highIntent,
  legalWords,
  negativeWords,
  notNow,
  said,
  unanswered,
} from '../../pipelines/agents/phrases.ts'
import { familiesFor, roster, rosterFor } from '../../pipelines/agents/roster.ts'
import { drive } from '../../runtime/driver.ts'
import { Ballot } from '../../schemas/generated/records.ts'
import type { Assessment, Vote, ShortlistedRealtor } from '../../schemas/generated/records.ts'
import { assessments, ballots } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'
import { asked, day, hour, message, minute, profiles, question, silent, view, wrote } from './leads.ts'

const seen = (changes: Parameters<typeof question>[0] = {}): AgentView => agentView(question(changes))
/** `option bin reason` of one agent, or `abstain reason` / `error reason`. */
function opinion(agentId: string, changes: Partial<Assessment> = {}, type = 'follow_up'): string {
  const cast = panel(question(changes), roster).find(
    (each) => each.agentId === agentId && (each.decisionType === type || each.decisionType === '*'),
  )
  if (cast === undefined) return 'none'
  return cast.kind === 'vote' ? `${String(cast.option)} ${String(cast.bin)} ${cast.reasonCode}` : `${cast.kind} ${cast.reasonCode}`
}
const inbound = (text: string, changes: Parameters<typeof wrote>[1] = {}): Partial<Assessment> => ({
  reason: 'inbound_message',
  stage: 'engaged',
  view: wrote(text, changes),
})

t.test('probabilities become bins at .40 .55 .70 .85', async (t) => {
  t.strictSame([0, 0.3999, 0.4, 0.5499, 0.55, 0.6999, 0.7, 0.8499, 0.85, 1].map(binOf), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
})

t.test('evidence is text of at most 80 characters', async (t) => {
  t.strictSame(field('a', 12), { field: 'a', value: '12' })
  t.equal(field('a', 'x'.repeat(200)).value.length, 80)
  t.equal(field('a', `${'x'.repeat(78)}😀😀`).value, `${'x'.repeat(78)}…`, 'no half of an emoji')
})

t.test('amounts, shares and answers are read from free text, and unreadable text stays unknown', async (t) => {
  t.strictSame(['$350,000', '350k', '350-450k', '350k – 450k', '$1.2m', '3 bedrooms', 'two', undefined].map(amountOf), [
    350_000,
    350_000,
    400_000,
    400_000,
    1_200_000,
    3,
    undefined,
    undefined,
  ])
  t.equal(amountOf('250k, maybe 300k'), 250_000, 'two amounts that are no range: the first counts')
  t.strictSame(
    ['1.2 million', '1 to 1.5 million', '800 thousand', '1.5mm', '$1.5 M+', '300..450k', '6 months', '.5'].map(amountOf),
    [1_200_000, 1_250_000, 800_000, 1_500_000, 1_500_000, 375_000, 6, 0.5],
  )
  t.strictSame(
    [
      '1,5 million',
      '0,5 million',
      '1,25M',
      '1,5-2 million',
      '1,200,000',
      '12,50,000',
      '$300,000.00',
      '350,000 – 400,000',
      '250k, 300k',
    ].map(amountOf),
    [1_500_000, 500_000, 1_250_000, 1_750_000, 1_200_000, 1_250_000, 300_000, 375_000, 250_000],
    'a comma before one or two digits divides fractions',
  )
  t.strictSame(
    ['350.000', '€ 350.000,00', '1.200.000', '1 200 000', '350 000 €', '350000,00', '250.000 - 300.000', '300 000 to 400000'].map(amountOf),
    [350_000, 350_000, 1_200_000, 1_200_000, 350_000, 350_000, 275_000, 350_000],
    'thousands apart by points or spaces',
  )
  t.strictSame(['1.250 million', '0.125', '512 555 0100', '1 to 300k'].map(amountOf), [1_250_000, 0.125, 512, 150_500], 'no thousands')
  t.strictSame(['300-350,000', '300 to 350 000', '0 - 350,000'].map(amountOf), [325_000, 325_000, 175_000], 'thousands of both ends')
  t.strictSame(['0,35', '12,5%', '0,5', '12.5%', '12.345%', '33.375'].map(shareOf), [0.35, 0.125, 0.5, 0.125, 0.12345, 0.33375])
  t.strictSame(['1.5x', '1.200.00', '350kg'].map(amountOf), [undefined, undefined, undefined], 'no part of a number is an amount')
  t.strictSame(['N/A', 'not sure', 'No idea', 'n', 'no'].map(answerOf), [undefined, undefined, undefined, false, false])
  t.strictSame(['0.85', '85', '85%', '1', '850', 'often'].map(shareOf), [0.85, 0.85, 0.85, 1, undefined, undefined])
  t.strictSame(['Yes', 'true', 'no', 'Not yet', 'Pre-approved', 'maybe', undefined].map(answerOf), [
    true,
    true,
    false,
    false,
    true,
    undefined,
    undefined,
  ])
})

t.test('phrases match whole words, once each, and not behind a negation', async (t) => {
  t.strictSame(said('Frustrated, so frustrating. FRUSTRATED!', negativeWords), ['frustrated', 'frustrating'])
  t.strictSame(said('we are not pre-approved yet', financingReady), [])
  t.strictSame(said("we haven't been pre-approved, but it is a cash offer", financingReady), ['cash offer'])
  t.strictSame(said('The issue is that Sue would sue you', legalWords), ['sue you'])
  t.strictSame(said('I am not interested', notNow), ['not interested'])
  t.strictSame(said('Can I talk to a\n person?', asksForPerson), ['talk to a person'])
})

t.test('a no denies nothing of the next message: who asks for a person or speaks of law after it is heard', async (t) => {
  const wroteAll = (...texts: string[]): Partial<Assessment> =>
    inbound('', { recentMessages: texts.map((text, place) => message('inbound', text, asked - minute + place)) })
  const handedOver = (...texts: string[]) => opinion('escalation_manager', wroteAll(...texts), 'escalation')
  t.equal(handedOver('No', 'I will sue you'), 'hand_over 5 legal_words')
  t.equal(handedOver('Certainly not', 'My lawyer will write'), 'hand_over 5 legal_words')
  t.equal(handedOver('no', 'Speak to a human'), 'hand_over 5 asked_for_a_person')
  t.equal(handedOver('I do not want to speak to a human'), 'abstain no_ground')
  t.equal(opinion('intent_detector', wroteAll('no', 'Speak to a human'), 'escalation'), 'hand_over 5 asked_for_a_person')
  t.equal(opinion('intent_detector', wroteAll('Not by text', 'no', 'call me')), 'call 5 asked_for_a_call')
  t.equal(opinion('content_personalizer', wroteAll('no', 'call me')), 'abstain lead_wants_a_call')
  const trial = (...texts: string[]) => opinion('ab_test_manager', { ...wroteAll(...texts), decisionTypes: ['content'] }, 'content')
  t.equal(trial('no', 'I will sue you'), trial('I will sue you'))
  const intent = (...texts: string[]) => intentOf(seen(wroteAll(...texts))).signals
  t.strictSame(intent('No', 'Cash buyer', 'asap'), ['cash buyer', 'asap'])
})

t.test('who asks why not, or whether not, asks for a person; who states or wishes that it is not so does not', async (t) => {
  for (const text of [
    "Why can't I speak to a person?",
    'why can I not speak to a person',
    "Hello, why won't you let me talk to someone",
    'How come I can’t speak to a human',
    "So can't I just talk to a real person?",
    "Isn't there a real person there?",
    'Is there no human being I can write to?',
    'Why am I not allowed to speak to a human',
    "I don't know why I can't speak to a person",
    "You won't let me talk to a human",
    "Don't you have a real person?",
    'Can I not talk to an agent?',
  ])
    t.equal(opinion('escalation_manager', inbound(text), 'escalation'), 'hand_over 5 asked_for_a_person', text)
  for (const text of [
    "I don't want to talk to an agent",
    "That's why I don't want to speak to a realtor",
    "that is why I can't talk to an agent now",
    "The reason why I can't speak to someone now is work",
    "Let me explain why I don't want to speak to an agent",
    "I can't talk to a realtor right now",
    'Can we not talk to an agent yet?',
    'Can I please not speak to a realtor',
    "Why not wait? I don't need to talk to someone",
    'I never asked to talk to an agent',
  ])
    t.strictSame(said(text, asksForPerson), [], text)
  t.equal(opinion('intent_detector', inbound("Why can't I speak to a person"), 'escalation'), 'hand_over 5 asked_for_a_person')
  t.strictSame(said("Why can't I speak to a person?", asksForPerson), ['speak to a person'], 'by the list alone, too')
  t.strictSame(said("Why can't I make an offer", highIntent), [], 'of other phrases a denial stays one')
})

/** The evidence of one agent's votes as `field: value`. */
function evidenceOf(agentId: string, changes: Partial<Assessment>, type = 'follow_up'): string[] {
  const votes = panel(question(changes), roster).filter((cast) => cast.agentId === agentId && cast.decisionType === type)
  return votes.flatMap(({ evidence }) => evidence.map((one) => `${one.field}: ${one.value}`))
}

t.test('evidence is what the sentence rests on', async (t) => {
  const after = (text: string): Partial<Assessment> =>
    inbound('', { recentMessages: [message('inbound', text, asked - minute), message('inbound', 'thanks, bye', asked - 1)] })
  t.strictSame(evidenceOf('escalation_manager', after('I will sue you'), 'escalation'), ['recentMessages.text: will sue'])
  const long = `${'We have looked at so many homes with you. '.repeat(3)} This is ridiculous and unacceptable`
  t.strictSame(evidenceOf('escalation_manager', inbound(long), 'escalation'), ['recentMessages.text: ridiculous, unacceptable'])
  t.strictSame(evidenceOf('intent_detector', after('Can I speak to a human?'), 'escalation'), ['recentMessages.text: speak to a human'])
  t.strictSame(evidenceOf('intent_detector', after('not interested')), ['recentMessages.text: not interested'])
  t.strictSame(evidenceOf('intent_detector', after('please call me')), ['recentMessages.text: call me'])
  t.strictSame(evidenceOf('intent_detector', after('And the garden?')), ['recentMessages.text: And the garden?'])
  const mailed = { view: view({ counters: { inbound: 2, inboundByChannel: { email: 2 } } }) }
  t.strictSame(evidenceOf('behavioral_profiler', mailed), ['counters.inboundByChannel: email 2'])
  // 3 of 12 replies, 3/12 * 13/14 = .23: seldom, though no other option had any.
  const chats = { view: view({ counters: { inbound: 12, outbound: 1, inboundByChannel: { sms: 3, facebook: 9 } } }) }
  t.equal(opinion('channel_strategist', chats), 'sms 1 replies_here')
  t.strictSame(told('channel_strategist', chats), ['3 of 12 messages of the lead came by sms.'])
  t.strictSame(evidenceOf('channel_strategist', chats), ['counters.inboundByChannel: sms 3 email 0 call 0 other 9'])
})

t.test('only what the lead said after the last message to it is unanswered', async (t) => {
  const recentMessages = [
    message('inbound', 'first', asked - 3),
    message('outbound', 'hello', asked - 2),
    message('inbound', 'second', asked - 1),
  ]
  t.strictSame(
    unanswered({ recentMessages }).map(({ text }) => text),
    ['second'],
  )
  t.strictSame(unanswered({ recentMessages: recentMessages.slice(0, 2) }), [])
})

t.test('ways are open when an address is known and nothing blocks them', async (t) => {
  t.strictSame(openChannels(seen({ view: view({ hasPhone: false }) })), ['email'])
  t.strictSame(openChannels(seen({ view: view({ blockedChannels: { sms: 'dnd' } }) })), ['email', 'call'])
  t.equal(openOr(seen({ view: view({ blockedChannels: { sms: 'dnd' } }) }), 'sms'), 'email')
  t.equal(openOr(seen({ view: view({ hasPhone: false, hasEmail: false }) }), 'sms'), undefined)
})

t.test('P-01: each of the four profiles gives an intent class and a vote with confidence', async (t) => {
  const classes = Object.values(profiles).map((lead) => intentOf(seen({ view: lead })))
  t.strictSame(
    classes.map(({ intentClass, score }) => [intentClass, score]),
    [
      ['immediate', 83], // need to move 8 + calculator 16 + views 8 + search 4; immediate 35; down payment known 12
      ['exploratory', 42], // calculator 4 + views 4 + search 4; 3 to 6 months 18; down payment known 12
      ['passive', 20], // nothing; 12 months 8; down payment known 12
      ['near_term', 71], // calculator 16 + views 8; immediate 35; down payment known 12
    ],
  )
  t.strictSame(
    Object.values(profiles).map((lead) => opinion('intent_detector', { view: lead })),
    ['call 5 intent_immediate', 'email 3 intent_exploratory', 'email 1 intent_passive', 'sms 4 intent_near_term'],
  )
})

t.test('buying power orders the four profiles and lands in the bins of their acceptance values .92 .75 .65 .88', async (t) => {
  const scores = Object.values(profiles).map((lead) => buyingPower(seen({ view: lead }).facts))
  // income, credit, budget, down payment: (80+95+80+65)/4, (65+65+65+65)/4, (40+40+40+40)/4, (95+95+80+80)/4
  t.strictSame(scores, [
    { score: 80, known: 4 },
    { score: 65, known: 4 },
    { score: 40, known: 4 },
    { score: 87.5, known: 4 },
  ])
  t.strictSame(
    Object.values(profiles).map((lead) => opinion('demographic_analyzer', { view: lead })),
    ['call 5 strong_buying_power', 'email 4 middle_buying_power', 'email 3 early_stage_budget', 'call 5 strong_buying_power'],
  )
  t.equal(opinion('demographic_analyzer'), 'abstain no_money_facts')
  t.strictSame(buyingPower({ job_title: 'Senior engineer', pre_approved: 'yes', budget_min: '300k', budget_max: '500k' }), {
    score: (95 + 80 + 95) / 3,
    known: 3,
  })
  t.strictSame(buyingPower({ job_title: 'Nurse', pre_approved: 'no' }), { score: 65, known: 2 })
  t.strictSame(
    buyingPower({ job_title: 'Baker', budget: '0', down_payment: '10k' }),
    { score: 50, known: 2 },
    'a share of nothing is unknown',
  )
  t.strictSame(buyingPower({ budget: '1.2 million', down_payment: '20%' }), { score: 95, known: 2 }, 'a share needs no sum')
  t.strictSame(buyingPower({ down_payment: '5 %' }), { score: 65, known: 1 })
})

t.test('engagement orders the four profiles; a lead without behaviour is an abstention', async (t) => {
  const scores = Object.values(profiles).map((lead) => Math.round(engagement(seen({ view: lead })).score ?? -1))
  t.strictSame(scores, [
    88, // activity (.6 + .85 + 1 + 1) / 4 = .8625; replies within 2 h 90
    56, // (.3 + .45 + .4 + .3) / 4 = .3625; 2 h 75
    18, // (.1 + .25 + .05 + 0) / 4 = .1; a day 25
    81, // (.4 + .75 + .75 + 1) / 4 = .725; 45 min 90
  ])
  t.strictSame(
    Object.values(profiles).map((lead) => opinion('behavioral_profiler', { view: lead })),
    ['call 5 high_engagement', 'sms 4 medium_engagement', 'email 2 low_engagement', 'call 5 high_engagement'],
  )
  t.equal(opinion('behavioral_profiler'), 'abstain no_behaviour_known')
  const recent = engagement(seen({ view: view({ facts: { visits: '10', visits_7_days: '10', email_interactions: '3' } }) }))
  t.equal(recent.score, 100 * ((50 / 70 + 0.5) / 2))
})

t.test('P-02: times are milliseconds, so the offset an event was written with cannot matter', async (t) => {
  const paris = Date.parse('2026-11-03T15:00:00+01:00')
  const austin = Date.parse('2026-11-03T08:00:00-06:00')
  t.equal(paris, austin)
  t.equal(opinion('timing_optimizer', { view: silent(1, 1, { lastOutboundAt: austin }), askedAt: paris + hour }), 'wait 5 just_contacted')
})

t.test('contact comes after 15 minutes for URGENT, 2 hours for HOT, 8 hours otherwise, refined by reply times', async (t) => {
  const delays = ['URGENT', 'HOT', 'WARM', 'COLD'].map((level) => delayMinutes({ level, replyHours: [] }))
  t.strictSame(delays, [15, 120, 480, 480])
  // weights 1, 1.5, 2: (1 * 1 + 1.5 * 2 + 2 * 3) / 4.5 = 2.222 h
  t.equal(habitMinutes([1, 2, 3]), 133)
  t.equal(habitMinutes([1, 2]), undefined)
  t.equal(habitMinutes([0.01, 0.01, 0.01]), 15)
  t.equal(habitMinutes([90, 90, 90]), 48 * 60)
  t.strictSame(
    ['URGENT', 'HOT', 'WARM'].map((level) => delayMinutes({ level, replyHours: [5, 5, 5] })),
    [15, 120, 300],
  )
  t.equal(delayMinutes({ level: 'HOT', replyHours: [0.5, 0.5, 0.5] }), 30)
})

t.test('somebody who has just been written to is left alone for four hours', async (t) => {
  const at = (hours: number) => opinion('timing_optimizer', { view: silent(1, hours), reason: 'level_changed' })
  t.strictSame([0.5, 1.5, 3.9].map(at), ['wait 5 just_contacted', 'wait 5 just_contacted', 'wait 4 just_contacted'])
  t.equal(at(4), 'sms 2 level_pace')
  t.equal(opinion('timing_optimizer', inbound('hello there')), 'sms 2 level_pace', 'a reply ends the pause')
  t.equal(opinion('timing_optimizer', { view: profiles.high_intent }), 'sms 4 reply_habit')
})

t.test("the lead's own words come before its purchase intent", async (t) => {
  t.equal(opinion('intent_detector', inbound('Is it still available? How much is it?')), 'sms 5 open_question')
  t.equal(opinion('intent_detector', inbound('And the garden?')), 'sms 3 open_question')
  t.equal(
    opinion(
      'intent_detector',
      inbound('And the garden?', { recentMessages: [message('inbound', 'And the garden?', asked - minute, 'email')] }),
    ),
    'email 3 open_question',
  )
  t.equal(opinion('intent_detector', inbound('please call me')), 'call 5 asked_for_a_call')
  t.equal(opinion('intent_detector', inbound('please call me', { blockedChannels: { call: 'dnd' } })), 'abstain nothing_said')
  const saysOfCall = (text: string) =>
    panel(question(inbound(text)), roster).find(({ reasonCode }) => reasonCode === 'asked_for_a_call')?.reasonText
  t.equal(saysOfCall('Could you  call me\ntomorrow at 5?'), 'The lead asked to be called: "Could you call me tomorrow at 5?".')
  t.equal(saysOfCall(`Call me. ${'x'.repeat(200)}`), `The lead asked to be called: "Call me. ${'x'.repeat(51)} …".`)
  t.equal(opinion('intent_detector', inbound('Sorry, not interested')), 'wait 5 said_not_now')
  t.equal(opinion('intent_detector', inbound('can I talk to a person?'), 'escalation'), 'hand_over 5 asked_for_a_person')
  t.equal(opinion('intent_detector', inbound('can I talk to a person?')), 'abstain no_finding')
  t.equal(opinion('intent_detector', inbound('ok')), 'abstain nothing_said')
  t.equal(opinion('intent_detector', inbound('how much?', { hasPhone: false, hasEmail: false })), 'abstain nothing_said')
  t.equal(
    opinion('intent_detector', { view: view({ hasPhone: false, hasEmail: false, facts: { timeline: 'asap' } }) }),
    'abstain no_open_channel',
  )
})

t.test('time frame and financing are read from facts and words', async (t) => {
  const score = (facts: Record<string, string>) => intentOf(seen({ view: view({ facts }) })).score
  t.strictSame(
    ['asap', 'within_30_days', '3_to_6_months', 'next year', 'unclear'].map((timeline) => score({ timeline })),
    [43, 36, 26, 16, 23],
  )
  // Answers as forms offer them: 8 for financing that is unknown, and 35 up to a week, 28 up to a month, 18 below half a year, 8 from then on.
  for (const [points, answers] of [
    [35, ['Immediately (0-30 days)', 'Now', 'Within a week', 'Next week', 'As soon as possible']],
    [28, ['This month', '30 days', '2-3 weeks', '< 1 month', 'Within 1 month', '0 - 30 Days']],
    [
      18,
      [
        '30-60 days',
        '60 to 90 days',
        '90+ days',
        '2 months',
        '3 - 6 Months',
        '4-6 months',
        'under 3 months',
        '3+ months',
        '1_3_months',
        'in_the_spring',
      ],
    ],
    [
      8,
      [
        '6+ months',
        '> 6 months',
        'Over 6 months',
        'More than a year',
        '12-18 months',
        '1 year',
        '2 years',
        '9 months',
        '12_plus_months',
        'flexible',
        '6 months from now',
      ],
    ],
    [
      15,
      [
        'not sure',
        'not right now',
        '0-3',
        '',
        'Just looking for now',
        'happy where I am now',
        "I don't need to move right now",
        'not planning to move now',
      ],
    ],
  ] as const)
    for (const timeline of answers) t.equal(score({ timeline }), 8 + points, timeline)
  const saying = (text: string) => intentOf(seen(inbound(text)))
  t.match(saying('We want to move in 2 months'), { score: 26, signals: ['in 2 months'] })
  t.match(saying('We moved here 3 months ago, and have lived on Oak Street for 3 months'), { score: 23, known: 0 }, 'a past is no plan')
  t.strictSame(
    [
      { financing: 'cash' },
      { pre_approved: 'yes' },
      { financing: 'in_progress' },
      { financing: 'planning' },
      { down_payment: '10k' },
      { financing: 'Yes' },
      {},
      { pre_approved: 'no' },
    ].map(score),
    [40, 40, 35, 27, 27, 40, 23, 23],
  )
  const known = (facts: Record<string, string>) => intentOf(seen({ view: view({ facts }) })).known
  t.strictSame([{ pre_approved: 'no' }, { pre_approved: 'not sure' }, {}].map(known), [1, 0, 0])
  t.equal(score({ calculator_uses: '4', property_views: '1' }), 31)
})

t.test('each occasion has its template', async (t) => {
  const template = (changes: Partial<Assessment>) => {
    const cast = panel(question(changes), roster).find(({ agentId }) => agentId === 'content_personalizer')
    return cast?.kind === 'vote'
      ? `${String(cast.option)} ${String(cast.params['templateId'])} ${String(cast.params['delayMinutes'])}`
      : cast?.reasonCode
  }
  t.equal(template({}), 'sms first_touch 0')
  t.equal(template({ view: view({ hasPhone: false }) }), 'email first_touch 0')
  t.equal(template(inbound('hello')), 'sms reply 1')
  t.equal(template({ reason: 'inbound_message' }), 'sms reply 1')
  t.equal(template(inbound('call me back')), 'lead_wants_a_call')
  t.equal(template(inbound('not now')), 'lead_declined')
  t.equal(template({ reason: 'silence_24h', view: silent(1, 24) }), 'sms nudge_24h undefined')
  t.equal(template({ reason: 'silence_48h', view: silent(2, 24) }), 'email nudge_48h undefined')
  t.equal(template({ reason: 'silence_72h', view: silent(2, 24) }), 'sms nudge_72h undefined')
  t.equal(template({ reason: 'silence_72h', view: silent(3, 24) }), 'email reengage undefined')
  t.equal(template({ reason: 'silence_72h', view: silent(5, 24) }), 'nothing_new_to_say')
  const missed = { appointmentStatus: 'noshow', appointmentAt: asked - hour }
  t.equal(template({ reason: 'appointment_missed', view: silent(1, 2, missed) }), 'sms appointment_missed 30')
  t.equal(
    template({ reason: 'silence_24h', view: silent(1, 24, missed) }),
    'sms nudge_24h undefined',
    'later it is a silence like any other',
  )
  t.equal(template({ reason: 'appointment_missed', view: silent(1, 2, { ...missed, appointmentStatus: 'showed' }) }), 'no_occasion')
  t.equal(template({ reason: 'level_changed', view: view({ level: 'HOT' }) }), 'sms first_touch 0')
  t.equal(template({ reason: 'level_changed', view: silent(1, 24, { level: 'HOT' }) }), 'email reengage undefined')
  t.equal(template({ reason: 'level_changed', view: silent(1, 24) }), 'no_occasion')
  t.equal(template({ reason: 'level_changed', view: silent(1, 31 * 24) }), 'email reengage undefined')
  t.equal(template({ reason: 'level_changed', view: view({ status: 'dormant' }) }), 'email reengage undefined')
  t.equal(
    template({ reason: 'level_changed', view: view({ appointmentAt: asked + day, appointmentStatus: 'new' }) }),
    'sms appointment_confirm undefined',
  )
  t.equal(template({ reason: 'level_changed', view: view({ appointmentAt: asked + day, appointmentStatus: 'cancelled' }) }), 'no_occasion')
  t.equal(template({ view: view({ hasPhone: false, hasEmail: false }) }), 'no_open_channel')
})

t.test('the channel follows the lead: what it asks for, where it replies, another way, the usual way', async (t) => {
  const of = (changes: Partial<Assessment>) => opinion('channel_strategist', changes)
  t.equal(of(inbound('call me')), 'call 5 asked_for_this_way')
  const history = (sms: number, email: number) => ({
    counters: { inbound: sms + email, outbound: 4, inboundByChannel: { sms, email }, outboundByChannel: { sms: 4 } },
  })
  t.equal(of({ view: view(history(8, 0)) }), 'sms 5 replies_here', '8/8 * 9/10 = .90')
  t.equal(of({ view: view(history(1, 3)) }), 'email 3 replies_here', '3/4 * 5/6 = .625')
  t.equal(of({ view: view({ level: 'URGENT' }) }), 'call 4 urgent_call')
  t.equal(of({ view: view({ level: 'URGENT', hasPhone: false }) }), 'email 3 only_way')
  t.equal(of({ view: silent(2, 24) }), 'email 3 other_way')
  t.equal(of({ view: silent(4, 24) }), 'email 4 other_way')
  t.equal(of({ view: silent(5, 24) }), 'abstain no_better_way')
  // It answered ten texts; three e-mails since then stay unanswered.
  const since = (...channels: string[]) => [
    message('inbound', 'ok', asked - 30 * day),
    ...channels.map((channel, place) => message('outbound', 'Hello', asked - (9 - place) * day, channel)),
  ]
  const answered = {
    inbound: 8,
    outbound: 13,
    attemptsSinceReply: 3,
    inboundByChannel: { sms: 8 },
    outboundByChannel: { sms: 10, email: 3 },
  }
  const mailed = { view: view({ counters: answered, recentMessages: since('email', 'email', 'email') }) }
  t.equal(of(mailed), 'sms 3 other_way', '.65: not again the way that stays unanswered')
  t.strictSame(told('channel_strategist', mailed), ['3 attempts unanswered, all by email: another way may work.'])
  const mixed = { view: view({ counters: answered, recentMessages: since('email', 'sms', 'email') }) }
  t.strictSame(told('channel_strategist', mixed), ['3 attempts unanswered, 2 by email: another way may work.'])
  const both = { ...answered, attemptsSinceReply: 4 }
  t.equal(of({ view: view({ counters: both, recentMessages: since('email', 'sms', 'email', 'sms') }) }), 'abstain no_better_way')
  t.equal(
    of({ view: view({ counters: both, recentMessages: since('email', 'email') }) }),
    'abstain no_better_way',
    'two of four are not known',
  )
  t.equal(of({}), 'sms 2 usual_first_way')
  t.equal(of({ view: view({ hasPhone: false, hasEmail: false }) }), 'abstain no_open_channel')
})

t.test('the reply rate keeps what works and stops what stays unanswered', async (t) => {
  const of = (changes: Partial<Assessment>, type?: string) => opinion('response_analyzer', changes, type)
  const replied = (count: number, outbound: number, changes: Parameters<typeof view>[0] = {}) =>
    inbound('ok', { replyHours: Array<number>(count).fill(1), counters: { inbound: count, outbound, attemptsSinceReply: 0 }, ...changes })
  t.equal(of({}), 'abstain no_history')
  t.equal(of(replied(3, 3)), 'sms 4 replies_well')
  t.equal(of(replied(2, 4)), 'abstain rate_unremarkable')
  t.equal(of(replied(1, 1)), 'abstain rate_unremarkable')
  t.equal(of(replied(3, 3, { hasPhone: false, hasEmail: false })), 'abstain no_open_channel')
  t.equal(of(inbound('not interested')), 'wait 5 reply_declines')
  t.strictSame(
    [3, 4, 6].map((attempts) => of({ view: silent(attempts, 24) })),
    ['wait 4 unanswered', 'wait 4 unanswered', 'wait 5 unanswered'],
  )
  t.strictSame(
    [3, 4, 6].map((attempts) => of({ view: silent(attempts, 24) }, 'escalation')),
    ['hand_over 2 automation_without_effect', 'hand_over 3 automation_without_effect', 'hand_over 4 automation_without_effect'],
  )
  t.equal(of({ view: silent(3, 24, { replyHours: [1, 1] }) }, 'escalation'), 'abstain no_finding')
  // It opened with three texts, and has ignored ten since: nothing was ever answered.
  const opened = { view: silent(10, 24, { counters: { inbound: 3 } }) }
  t.equal(of(opened, 'escalation'), 'hand_over 5 automation_without_effect')
  t.ok(panel(question(opened), roster).some(({ reasonText }) => reasonText === 'Only 0 replies to 10 messages: a person may do better.'))
  // Five texts in a row after one of ours are one reply.
  t.equal(of(inbound('ok', { replyHours: [1], counters: { inbound: 5, outbound: 1 } })), 'abstain rate_unremarkable')
})

t.test('a person is called in for law, a request, anger, urgency and five unanswered attempts, in this order', async (t) => {
  const of = (changes: Partial<Assessment>) => opinion('escalation_manager', changes, 'escalation')
  t.equal(of(inbound('terrible, my lawyer will talk to a person')), 'hand_over 5 legal_words')
  t.equal(of(inbound('terrible, can I talk to someone')), 'hand_over 5 asked_for_a_person')
  t.equal(of(inbound('terrible')), 'hand_over 4 negative_sentiment')
  t.equal(of(inbound('terrible and rude')), 'hand_over 5 negative_sentiment')
  t.equal(of({ view: view({ level: 'URGENT' }) }), 'hand_over 5 urgent_level')
  t.equal(of({ view: silent(5, 24) }), 'hand_over 4 five_attempts_unanswered')
  t.equal(of({ view: silent(8, 24) }), 'hand_over 5 five_attempts_unanswered')
  t.equal(of({}), 'abstain no_ground')
})

const stub = (assess: Agent['assess'], answers: Agent['answers'] = ['follow_up']): Agent => ({
  id: 'stub',
  version: 3,
  system: 'follow-up',
  family: 'stub',
  answers,
  reads: [],
  assess,
})

t.test('P-03: an agent that throws is an error, one without a finding abstains; neither is ever a vote', async (t) => {
  const thrown = panel(question(), [
    stub(() => {
      throw new TypeError('no such field')
    }),
  ])
  t.match(thrown, [
    { kind: 'error', option: null, bin: null, reasonCode: 'threw', reasonText: 'TypeError: no such field', decisionType: '*' },
  ])
  const odd = panel(question(), [
    stub(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- anything can be thrown
      throw 'text'
    }),
  ])
  t.match(odd, [{ kind: 'error', reasonText: 'text' }])
  const grounds = { bin: 3, reason: 'r', text: 't', evidence: [] } as const
  t.match(panel(question(), [stub(() => abstain('nothing'))]), [{ kind: 'abstain', reasonCode: 'nothing' }])
  t.match(panel(question(), [stub(() => [])]), [{ kind: 'abstain', reasonCode: 'no_finding' }])
  t.match(panel(question(), [stub(() => [vote('follow_up', 'sms', grounds), vote('follow_up', 'wait', grounds)])]), [
    { kind: 'error', reasonCode: 'two_votes' },
  ])
  t.match(panel(question(), [stub(() => ({ ...vote('follow_up', 'sms', grounds), option: 'fax' }))]), [
    { kind: 'error', reasonCode: 'unknown_option' },
  ])
  t.match(
    panel(question(), [stub(() => vote('escalation', 'hand_over', grounds))]),
    [{ kind: 'abstain', reasonCode: 'no_finding' }],
    'an answer to another type is none to this one',
  )
  t.strictSame(
    panel(question({ decisionTypes: ['escalation'] }), [stub(() => vote('follow_up', 'sms', grounds))]),
    [],
    'an agent is not asked about what it does not answer',
  )
})

t.test('P-06: what agents say varies with what they see', async (t) => {
  const told = Object.values(profiles).map((lead) =>
    panel(question({ view: lead }), roster)
      .map(({ reasonText }) => reasonText)
      .join('|'),
  )
  t.equal(new Set(told).size, 4)
})

t.test('P-17: levels are compared by rank, not by their names', async (t) => {
  t.strictSame(['COLD', 'WARM', 'HOT', 'URGENT', 'SILLY'].map(levelRank), [0, 1, 2, 3, 0])
  t.equal(['HOT', 'COLD', 'WARM'].reduce(hotter), 'HOT')
  t.equal(['WARM', 'URGENT', 'HOT'].reduce(hotter), 'URGENT')
})

t.test('fair housing: no agent can read age, family, place, ZIP or any other protected attribute', async (t) => {
  // @ts-expect-error -- an agent that reads age does not compile
  void (() => seen().facts.age)
  // @ts-expect-error -- nor one that reads tags, which are free text of the tenant
  void (() => seen().tags)
  t.strictSame(
    permittedFacts.filter((fact) => forbiddenInFacts.test(fact)),
    [],
  )
  t.strictSame(
    roster.flatMap(({ reads }) => reads).filter((field) => forbiddenInFacts.test(field.replace(/^facts\./, ''))),
    [],
  )
  t.ok(
    ['age', 'family_size', 'zip', 'postal_code', 'religion', 'marital_status', 'education', 'preferred_language'].every((fact) =>
      forbiddenInFacts.test(fact),
    ),
  )
  await assertProperty(
    t,
    fc.property(
      fc.constantFrom(...Object.values(profiles)),
      fc.dictionary(
        fc.constantFrom(
          'age',
          'family_size',
          'zip',
          'postal_code',
          'religion',
          'gender',
          'education',
          'location',
          'nationality',
          'language',
        ),
        fc.string(),
      ),
      fc.array(fc.string()),
      (lead, forbidden, tags) =>
        JSON.stringify(panel(question({ view: lead }), roster)) ===
        JSON.stringify(panel(question({ view: { ...lead, facts: { ...lead.facts, ...forbidden }, tags, states: [] } }), roster)),
    ),
  )
})

t.test('agents read what they declare and nothing else', async (t) => {
  const situations = [
    ...Object.values(profiles).map((lead) => question({ view: lead })),
    question({ view: view({ facts: { budget: '2m' }, shortlist: [realtorOnList('a'), realtorOnList('b')] }) }),
    question(inbound('how much is it?')),
    question(inbound('call me')),
    question(inbound('not interested')),
    question({ view: silent(3, 24), reason: 'silence_72h' }),
    question({ view: silent(6, 40 * 24), reason: 'level_changed' }),
    question({ view: view({ level: 'URGENT' }) }),
    question({ view: silent(1, 1) }),
    question({ view: view({ appointmentAt: asked + day, appointmentStatus: 'new' }), reason: 'level_changed' }),
    question({
      view: view({
        signals: [
          { signal: 'calculator_usage', at: asked - minute, count: 9, subject: 0 },
          { signal: 'form_submitted', at: asked - minute, count: 1, subject: 1 },
        ],
      }),
    }),
    question(inbound('terrible, it is too expensive and I am confused', { level: 'HOT' })),
    question({ reason: 'silence_24h', stage: 'silent', view: silent(1, 24) }),
    question({
      view: silent(6, 24, {
        level: 'HOT',
        facts: {
          market_trend: 'buyers market',
          price_trend: 'falling',
          open_slots: '2026-12-01T10:00Z',
          video_url: 'https://video.example/v/1',
        },
      }),
    }),
  ]
  for (const agent of roster) {
    const read = new Set<string>()
    for (const situation of situations)
      for (const tables of [noInsights, { ...noInsights, hours: 'on' as const }]) agent.assess(watched(agentView(situation), read), tables)
    const undeclared = [...read].filter(
      (path) => !agent.reads.includes(path) && !agent.reads.some((declared) => declared.startsWith(`${path}.`)),
    )
    t.strictSame(undeclared, [], agent.id)
  }
})

function realtorOnList(realtorId: string): ShortlistedRealtor {
  const specialties = realtorId === 'a' ? ['luxury_properties'] : []
  const measured = { answerMinutes: 5, answers: 20, won: 12, lost: 3 }
  return { realtorId, specialties, seniority: null, availability: 'available', load: 1, capacity: 9, speaks: null, ...measured }
}

/** A view that notes which fields are read; facts and counters by their members. */
function watched(target: AgentView, read: Set<string>): AgentView {
  const note = <T extends object>(object: T, prefix: string): T =>
    new Proxy(object, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name)
        if (typeof name === 'string') read.add(prefix + name)
        return prefix === '' && (name === 'facts' || name === 'counters') ? note(value as object, `${name}.`) : value
      },
    })
  return note(target, '')
}

/** Any view at all, sensible or not. */
const anyView = fc
  .record({
    level: fc.constantFrom('COLD', 'WARM', 'HOT', 'URGENT', ''),
    status: fc.constantFrom('new', 'contacted', 'dormant', 'converted', 'x'),
    hasPhone: fc.boolean(),
    hasEmail: fc.boolean(),
    blockedChannels: fc.dictionary(fc.constantFrom('sms', 'email', 'call', '__proto__'), fc.constantFrom('dnd', 'odd')),
    facts: fc.dictionary(
      fc.constantFrom(...permittedFacts),
      fc.oneof(fc.string(), fc.constantFrom('0', '1e999', 'NaN', '-5', '350k', 'yes')),
    ),
    replyHours: fc.array(fc.oneof(fc.double({ min: 0, max: 1000, noNaN: true }), fc.constant(0)), { maxLength: 10 }),
    recentMessages: fc.array(
      fc.record({
        messageId: fc.constant(null),
        at: fc.integer({ min: asked - 30 * day, max: asked + day }),
        channel: fc.constantFrom('sms', 'email', 'call', 'facebook'),
        direction: fc.constantFrom('inbound', 'outbound'),
        sender: fc.constant('lead'),
        text: fc.oneof(fc.string(), fc.constantFrom('call me?', 'terrible', 'not now', 'lawyer')),
      }),
      { maxLength: 5 },
    ),
    signals: fc.array(
      fc.record({
        signal: fc.constantFrom(
          'page_view',
          'property_view',
          'calculator_usage',
          'form_submitted',
          'phone_call',
          'email_open',
          'x',
          '__proto__',
        ),
        at: fc.integer({ min: asked - 8 * day, max: asked }),
        count: fc.integer({ min: 1, max: 20 }),
        subject: fc.nat(5),
      }),
      { maxLength: 20 },
    ),
    appointmentAt: fc.option(fc.integer({ min: asked - day, max: asked + day })),
    lastInboundAt: fc.option(fc.integer({ min: asked - day, max: asked + day })),
    lastOutboundAt: fc.option(fc.integer({ min: asked - 60 * day, max: asked + day })),
    inbound: fc.nat(20),
    outbound: fc.nat(20),
    attempts: fc.nat(20),
  })
  .map(({ inbound: received, outbound, attempts, ...rest }) =>
    view({
      ...rest,
      counters: {
        inbound: received,
        outbound,
        attemptsSinceReply: attempts,
        inboundByChannel: { sms: received },
        outboundByChannel: { sms: outbound },
      },
    }),
  )
const anyQuestion = fc
  .record({
    view: anyView,
    reason: fc.constantFrom('new_lead', 'inbound_message', 'silence_24h', 'silence_48h', 'silence_72h', 'level_changed', 'toString'),
    stage: fc.constantFrom('new', 'engaged', 'silent', 'booked'),
  })
  .map((changes) => question({ ...changes, decisionTypes: Object.keys(optionsByType) }))

t.test(
  'P-11: whatever an agent declares to read is there to be read: a field of the view, a fact, a setting, or what an agent finds',
  async (t) => {
    const isThere = (path: string) => {
      const [first = '', second = ''] = path.split('.')
      if (first === 'facts') return second === '' || (permittedFacts as readonly string[]).includes(second)
      if (path === 'settings.trials' || path === 'settings.trialHours') return true
      if (first === 'insights') return roster.some(({ id }) => id === second)
      const value = (seen() as unknown as Record<string, object | undefined>)[first]
      return second === '' ? value !== undefined : value !== undefined && Object.hasOwn(value, second)
    }
    for (const invented of ['financial_readiness', 'counters.readiness', 'facts.financial_readiness', 'insights.nobody'])
      t.notOk(isThere(invented), invented)
    for (const { id, reads } of roster)
      t.strictSame(
        [...reads].filter((path) => !isThere(path)),
        [],
        id,
      )
  },
)

t.test('for any view every agent answers each open type once, within its vocabulary, without an error, and the same way twice', (t) =>
  assertProperty(
    t,
    fc.property(anyQuestion, (asking) => {
      const votes = panel(asking, roster)
      const wellFormed = (cast: Vote) => {
        if (cast.kind === 'abstain') return cast.option === null && cast.bin === null
        const options = optionsByType[cast.decisionType as keyof typeof optionsByType] as readonly string[]
        const delay = cast.params['delayMinutes']
        return (
          cast.kind === 'vote' &&
          options.includes(cast.option ?? '') &&
          [1, 2, 3, 4, 5].includes(cast.bin ?? 0) &&
          (cast.reasonText ?? '').length <= 140 &&
          /^[a-z_0-9]+$/.test(cast.reasonCode) &&
          cast.evidence.length > 0 &&
          cast.evidence.every(({ value }) => value.length <= 80) &&
          (delay === undefined || /^\d+$/.test(delay))
        )
      }
      const answered = roster.every((agent) =>
        agent.answers.every(
          (type) =>
            votes.filter((cast) => cast.agentId === agent.id && (cast.decisionType === type || cast.decisionType === '*')).length === 1,
        ),
      )
      // Asked alone, an agent has all the room of a ballot. What decides is the same among all.
      const alone = roster.flatMap((agent) => panel(asking, [agent]))
      const deciding = (cast: readonly Vote[]) => JSON.stringify(cast.map((one) => ({ ...one, evidence: [], reasonText: null })))
      return (
        alone.every(wellFormed) &&
        deciding(alone) === deciding(votes) &&
        answered &&
        JSON.stringify(votes) === JSON.stringify(panel(asking, roster))
      )
    }),
    { numRuns: 500 },
  ),
)

t.test('an assessment gets one ballot of the whole panel, within a few bytes of its budget', async (t) => {
  const line = drive(agents, { at: asked })
  line.pipe(
    assessments,
    'sandboxLocation000001:maria',
    question({
      decisionTypes: Object.keys(optionsByType),
      ...inbound('How much is it? Is it available?', {
        counters: { outbound: 3 },
        facts: { budget: '350k', timeline: 'asap', visits: '4' },
      }),
    }),
  )
  const [ballot] = line.outputs(ballots)
  t.equal(line.outputs(ballots).length, 1)
  t.match(ballot, { assessmentId: 'a-1', epoch: 1, source: 'panel', castAt: asked, tenantId: 'sandboxLocation000001', contactId: 'maria' })
  t.equal(new Set(ballot?.votes.map(({ agentId }) => agentId)).size, roster.length)
  t.ok(Ballot.encode(ballot as Ballot).length < 3000, 'the budget of a ballot of 37')
})

t.test('a lead that makes nearly everybody speak has a ballot of the sentences that weigh most and no evidence', async (t) => {
  const line = drive(agents, { at: asked })
  line.pipe(assessments, 'sandboxLocation000001:maria', fullQuestion(question()))
  const [ballot] = line.outputs(ballots)
  const cast = ballot?.votes.filter(({ kind }) => kind === 'vote') ?? []
  t.ok(cast.length >= 20, `${cast.length} votes`)
  // With everything they had to say it would be above 5,000; a lot, which stays, is 59 of them.
  t.ok(Ballot.encode(ballot as Ballot).length < 3_250, `${Ballot.encode(ballot as Ballot).length} bytes`)
  t.ok(cast.every(({ evidence }) => evidence.length === 0))
  const explained = cast.filter(({ reasonText }) => reasonText !== null)
  t.equal(explained.length, 8, 'as many sentences as a decision shows')
  t.ok(
    explained.every(({ bin }) => bin === 5),
    'of the strongest',
  )
})

t.test('the roster names each agent once and knows who answers what', async (t) => {
  t.strictSame(
    roster.map(({ id }) => id),
    [
      'demographic_analyzer',
      'behavioral_profiler',
      'intent_detector',
      'timing_optimizer',
      'content_personalizer',
      'channel_strategist',
      'response_analyzer',
      'escalation_manager',
      'expertise_matcher',
      'performance_predictor',
      'availability_optimizer',
      'workload_balancer',
      'behavioral_adapter',
      'demographic_targeter',
      'sentiment_optimizer',
      'ab_test_manager',
      'market_analyzer',
      'competitor_tracker',
      'social_monitor',
      'strategic_synthesizer',
      'attribution_modeler',
      'channel_analyzer',
      'roi_optimizer',
      'predictive_modeler',
      'signal_detector',
      'pattern_recognizer',
      'intent_predictor',
      'performance_monitor',
      'optimization_analyzer',
      'feedback_integrator',
      'sentiment_analyst',
      'objection_handler',
      'conversion_optimizer',
      'market_context_agent',
      'performance_tracker',
      'scheduling_agent',
      'video_ai_agent',
    ],
  )
  t.strictSame(rosterFor('escalation'), [
    'intent_detector',
    'response_analyzer',
    'escalation_manager',
    'feedback_integrator',
    'sentiment_analyst',
  ])
  t.strictSame(
    [...familiesFor('escalation')],
    [
      ['text', ['intent_detector', 'escalation_manager', 'sentiment_analyst']],
      ['conversation', ['response_analyzer']],
      ['location_results', ['feedback_integrator']],
    ],
  )
})

/** The sentences of one agent. */
function told(agentId: string, changes: Partial<Assessment>): string[] {
  const votes = panel(question({ decisionTypes: ['follow_up', 'content', 'routing'], ...changes }), roster)
  return votes.flatMap((cast) => (cast.agentId === agentId && cast.kind === 'vote' ? [cast.reasonText ?? ''] : []))
}

t.test('a call is asked for by who wants one now: not by who calls back, thanks for one, or declines for now', async (t) => {
  for (const text of ['Please call back', 'I would like a call back', 'We are expecting a call back', 'call me'])
    t.equal(opinion('intent_detector', inbound(text)), 'call 5 asked_for_a_call', text)
  for (const text of ['I will call back', 'Thanks for the call back!', 'I sent a call back request form'])
    t.not(opinion('intent_detector', inbound(text)), 'call 5 asked_for_a_call', text)
  t.equal(opinion('intent_detector', inbound('It is not a good time to call me')), 'wait 5 said_not_now')
  t.equal(opinion('channel_strategist', inbound('Call me please')), 'call 5 asked_for_this_way')
  t.match(opinion('channel_strategist', inbound('Not now. Call me in spring.')), /^sms . replies_here$/)
})

t.test('sentences of agents say what is so', async (t) => {
  const counters = { inbound: 3, outbound: 2, inboundByChannel: { email: 3 }, outboundByChannel: { email: 2 } }
  t.strictSame(told('channel_strategist', { view: view({ counters, blockedChannels: { email: 'dnd' } }) }), [
    'The lead has written on no open way: sms is the usual first way.',
  ])
  t.strictSame(told('channel_strategist', { view: view() }), ['The lead has written nothing yet: sms is the usual first way.'])
  // 1.5 h three times is 90 minutes; HOT is 120 at most, and 30 h change nothing of that.
  const paced = (level: string, hours: number) => told('timing_optimizer', { view: view({ level, replyHours: [hours, hours, hours] }) })
  t.strictSame(paced('WARM', 1.48), ['WARM leads are contacted within 1 h 29 min, given how fast this one replies.'])
  t.strictSame(paced('HOT', 30), ['HOT leads are contacted within 2 h.'])
  t.strictSame(paced('WARM', 30), ['WARM leads are contacted within 30 h, given how fast this one replies.'])
  const slots = { open_slots: '2026-11-05T15:00:00Z' }
  const meeting = (facts: Record<string, string>) =>
    told('scheduling_agent', { view: view({ level: 'HOT', facts: { ...slots, ...facts } }) })[0]
  t.equal(meeting({ lead_type: 'Seller' }), '1 free slot: propose a listing consultation.')
  t.equal(meeting({ lead_type: 'buyer and seller' }), '1 free slot: propose a buyer consultation.')
  t.equal(meeting({ lead_type: 'Seller', motivation: 'investment' }), '1 free slot: propose an investor meeting.')
  t.equal(meeting({}), '1 free slot: propose a buyer consultation.')
})
