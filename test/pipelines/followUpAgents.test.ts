import t from 'tap'
import { chanceOf } from '../../pipelines/agents/follow-up/conversionOptimizer.ts'
import { strategies } from '../../pipelines/agents/follow-up/objectionHandler.ts'
import { slotsAhead } from '../../pipelines/agents/follow-up/schedulingAgent.ts'
import { isVideoAddress } from '../../pipelines/agents/follow-up/videoAiAgent.ts'
import { moodOf, objectionsOf } from '../../pipelines/agents/readings.ts'
import type { Assessment, Counters } from '../../schemas/generated/records.ts'
import { asked, day, hour, message, minute, profiles, silent, view, wrote } from './leads.ts'
import { inbound, opinionOf } from './opinions.ts'

const answered = (text: string): Partial<Assessment> => ({
  reason: 'level_changed',
  view: wrote(text, { recentMessages: [message('inbound', text, asked - 2 * hour), message('outbound', 'Thank you.', asked - hour)] }),
})

t.test('the mood of messages is their words of praise less those of displeasure', async (t) => {
  t.equal(moodOf(['The house is on Main Street.']), undefined)
  t.equal(moodOf(['This is terrible.'])?.points, -1)
  t.equal(moodOf(['This is terrible and awful.', 'We love it, it is great.'])?.points, 0, 'even')
})

t.test(
  'P-34: sentiment_analyst answers displeasure with reassurance, confusion with information, praise with a soft question',
  async (t) => {
    const of = (changes: Partial<Assessment>) => opinionOf('sentiment_analyst', 'content', changes)
    // One message of three: completeness .9. One word .9 * .7 = .63, two .9 * .85 = .765; confusion .9 * .8 = .72.
    t.equal(of(inbound('this is terrible')), 'reassure 3 tone_negative')
    t.equal(of(inbound('this is terrible and awful')), 'reassure 4 tone_negative')
    t.equal(of(inbound('I am confused, what do you mean?')), 'inform 4 tone_confused')
    t.equal(of(inbound('Great, thank you')), 'soft_ask 3 tone_positive')
    t.equal(of(inbound('3 bedrooms please')), 'abstain no_tone')
    t.equal(of({}), 'abstain nothing_said')
    t.equal(opinionOf('sentiment_analyst', 'escalation', inbound('this is terrible and awful')), 'hand_over 4 tone_negative')
    t.equal(opinionOf('sentiment_analyst', 'escalation', inbound('this is terrible')), 'abstain no_finding', 'one word is no ground')
    t.equal(opinionOf('sentiment_analyst', 'escalation', answered('terrible and awful')), 'abstain no_finding', 'somebody has answered')
  },
)

t.test('sentiment_analyst reads three messages and not the fourth', async (t) => {
  const recentMessages = ['terrible', 'ok', 'ok', 'ok'].map((text, index) => message('inbound', text, asked - (4 - index) * minute))
  t.equal(opinionOf('sentiment_analyst', 'content', { view: view({ recentMessages }) }), 'abstain no_tone')
})

t.test('P-05: objections are found in plain strings and in message rows alike', async (t) => {
  const text = 'Honestly it is too expensive for us'
  const of = (words: Parameters<typeof objectionsOf>[0]) => objectionsOf(words).map(({ objection }) => objection)
  t.strictSame(of([text]), ['price'])
  t.strictSame(of([message('inbound', text, asked)]), ['price'])
  t.strictSame(of(['what is the price?']), [], 'a question about the price objects to nothing')
})

t.test('objection_handler answers each class with its wording and leaves alone who wants to be', async (t) => {
  const of = (text: string, type = 'content') => opinionOf('objection_handler', type, inbound(text))
  t.equal(of('it is too expensive'), 'inform 4 objection_price')
  t.equal(of('it is too expensive', 'follow_up'), 'abstain no_finding')
  t.equal(of('bad timing'), 'reassure 4 objection_timing')
  t.equal(of('bad timing', 'follow_up'), 'wait 4 objection_timing')
  t.equal(of('not interested', 'follow_up'), 'wait 4 objection_not_interested')
  t.equal(of('not interested'), 'wait 4 objection_not_interested')
  t.equal(of('sounds good'), 'abstain no_objection')
  t.equal(opinionOf('objection_handler', 'content'), 'abstain nothing_said')
  t.equal(
    opinionOf('objection_handler', 'content', answered('it is too expensive')),
    'inform 3 objection_price',
    '.8 * .75: it may be settled',
  )
  t.equal(opinionOf('objection_handler', 'follow_up', answered('bad timing')), 'abstain no_finding')
  t.notOk('authority' in strategies, 'who decides with the lead is nobody’s business')
})

t.test('conversion_optimizer: level, reply rate and freshness make the chance, the chance the strength of the question', async (t) => {
  const chance = (level: string, replies: number, sent: number, hours: number | undefined) =>
    chanceOf({
      level,
      askedAt: asked,
      lastInboundAt: hours === undefined ? null : asked - hours * hour,
      ...{ replyHours: Array<number>(replies).fill(1), counters: view({ counters: { inbound: replies, outbound: sent } }).counters },
    })
  t.ok(Math.abs(chance('URGENT', 2, 4, 0) - (0.36 + 0.3 + 0.3)) < 1e-12)
  t.ok(Math.abs(chance('WARM', 1, 4, 84) - (0.2 + 0.15 + 0.15)) < 1e-12)
  t.ok(Math.abs(chance('COLD', 0, 4, 1000) - (0.08 + 0 + 0.03)) < 1e-12, 'a stale word keeps .1')
  t.ok(Math.abs(chance('COLD', 0, 4, undefined) - (0.08 + 0 + 0.09)) < 1e-12, 'no word counts .3')
  const of = (level: string, replies: number, sent: number, hours: number | undefined) =>
    opinionOf('conversion_optimizer', 'content', {
      view: view({
        level,
        lastInboundAt: hours === undefined ? null : asked - hours * hour,
        replyHours: Array<number>(replies).fill(1),
        counters: { inbound: replies, outbound: sent },
      }),
    })
  t.equal(of('URGENT', 2, 4, 0), 'direct_ask 4 chance_high')
  t.equal(of('HOT', 1, 4, 84), 'soft_ask 4 chance_good', '.28 + .15 + .15 = .58')
  t.equal(of('WARM', 0, 2, 84), 'inform 3 chance_fair', '.2 + .15 = .35 with two messages')
  t.equal(of('COLD', 0, 4, undefined), 'wait 3 chance_low', '.17, a third of it guessed: .8 * .8')
  t.equal(of('URGENT', 0, 0, undefined), 'abstain no_history')
})

t.test('market_context_agent tells of one-sided markets, never presses, and is silent without data', async (t) => {
  const of = (facts: Record<string, string>) => opinionOf('market_context_agent', 'content', { view: view({ facts }) })
  t.equal(of({}), 'abstain no_market_data')
  t.equal(of({ market_trend: 'balanced', price_trend: 'stable' }), 'abstain market_balanced')
  t.equal(of({ market_trend: "sellers' market", market_inventory: 'low' }), 'inform 5 sellers_market')
  t.equal(of({ market_trend: "sellers' market", market_inventory: 'high' }), 'abstain market_balanced')
  t.equal(of({ market_trend: 'buyers market', price_trend: 'falling' }), 'inform 4 buyers_market')
  t.equal(of({ price_trend: 'rising' }), 'inform 1 prices_moving', 'one fact of two: .5 * .75')
})

t.test('performance_tracker takes the way that works and says when nothing does', async (t) => {
  const of = (counters: Partial<Counters>, changes: Parameters<typeof view>[0] = {}) =>
    opinionOf('performance_tracker', 'follow_up', {
      view: view({ replyHours: Array<number>(counters.inbound ?? 0).fill(1), counters, ...changes }),
    })
  const history = (replies: Record<string, number>, sent: Record<string, number>, attemptsSinceReply = 0) => ({
    inbound: Object.values(replies).reduce((a, b) => a + b, 0),
    outbound: Object.values(sent).reduce((a, b) => a + b, 0),
    inboundByChannel: replies,
    outboundByChannel: sent,
    attemptsSinceReply,
  })
  t.equal(of({}), 'abstain no_history')
  t.equal(of(history({ email: 2 }, { sms: 4, email: 4 })), 'email 4 way_works', 'rate .5: .9 * 5/6 = .75')
  t.equal(of(history({ sms: 1 }, { sms: 5 })), 'sms 3 way_works_somewhat', 'rate .2: .8 * 6/7 = .69')
  t.equal(of(history({ sms: 3 }, { sms: 3 }, 3)), 'abstain way_gone_quiet')
  t.equal(of(history({ sms: 2 }, { sms: 2 }), { blockedChannels: { sms: 'dnd' } }), 'abstain history_too_short')
  t.equal(of(history({}, { sms: 5 })), 'wait 4 nothing_works', '.85 * 6/7 = .73')
  t.equal(of(history({ facebook: 2 }, { sms: 6 })), 'abstain rate_unremarkable')
  t.equal(of(history({}, { sms: 4 })), 'abstain history_too_short')
  t.equal(of(history({ sms: 3 }, { sms: 10 }, 10), { replyHours: [] }), 'wait 4 nothing_works', 'it opened with three, and answered none')
})

t.test('scheduling_agent proposes an appointment only when slots are known', async (t) => {
  const ahead = new Date(asked + day).toISOString()
  const later = new Date(asked + 2 * day).toISOString()
  t.strictSame(slotsAhead(`${later} and ${ahead}, or ${new Date(asked - day).toISOString()}`, asked), [asked + day, asked + 2 * day])
  t.strictSame(slotsAhead('Tuesday at 3, 2026-12-01T10:00', asked), [], 'a time without an offset is no instant')
  const of = (type: string, changes: Parameters<typeof view>[0]) => opinionOf('scheduling_agent', type, { view: view(changes) })
  const slots = { open_slots: `${ahead} ${later}` }
  t.equal(of('content', { level: 'HOT' }), 'abstain no_slots_known')
  t.equal(of('content', { level: 'HOT', facts: slots }), 'direct_ask 4 slots_open')
  t.equal(of('follow_up', { level: 'HOT', facts: slots }), 'sms 4 slots_open')
  t.equal(of('content', { level: 'HOT', facts: { open_slots: ahead } }), 'direct_ask 3 slots_open', '.8 * .8 = .64')
  t.equal(of('content', { facts: slots }), 'abstain not_qualified_yet')
  const five = { budget: '300k', timeline: 'asap', motivation: 'to invest', property_type: 'condo', bedrooms: '2' }
  t.equal(of('content', { facts: { ...slots, ...five } }), 'direct_ask 4 slots_open')
  t.equal(of('content', { level: 'URGENT', facts: { ...slots, ...five } }), 'direct_ask 5 slots_open')
  t.equal(of('content', { level: 'HOT', facts: slots, appointmentAt: asked + day, appointmentStatus: 'new' }), 'abstain appointment_ahead')
  t.equal(of('content', { level: 'HOT', facts: slots, hasPhone: false, hasEmail: false }), 'abstain no_open_channel')
})

t.test('P-06: video_ai_agent speaks of a video that exists and never makes an address up', async (t) => {
  const of = (changes: Parameters<typeof view>[0]) => opinionOf('video_ai_agent', 'follow_up', { view: view(changes) })
  const facts = { video_url: 'https://video.example/v/123' }
  t.equal(of({ level: 'URGENT' }), 'abstain no_video')
  t.equal(of({ level: 'URGENT', facts }), 'call 5 video_recorded')
  t.equal(of({ level: 'HOT', facts }), 'call 4 video_recorded')
  t.equal(of({ level: 'WARM', facts }), 'abstain not_hot')
  t.equal(of({ level: 'HOT', facts, blockedChannels: { call: 'dnd' } }), 'abstain no_open_channel')
  t.ok(isVideoAddress('https://video.example/v/123'))
  t.ok(isVideoAddress(`https://video.example/${'x'.repeat(100)}`))
  for (const bad of ['http://video.example/v', 'soon', 'https://video.example', `https://video.example/${'x'.repeat(200)}`, undefined])
    t.notOk(isVideoAddress(bad), String(bad))
})

t.test('P-03: the extended agents say nothing about a lead of which nothing is known', async (t) => {
  const silentOnes = [
    'sentiment_analyst',
    'objection_handler',
    'conversion_optimizer',
    'market_context_agent',
    'performance_tracker',
    'scheduling_agent',
    'video_ai_agent',
  ]
  for (const id of silentOnes)
    for (const lead of [view(), ...Object.values(profiles)])
      for (const type of ['content', 'follow_up', 'escalation']) t.match(opinionOf(id, type, { view: lead }), /^(none|abstain )/, id)
  t.equal(opinionOf('performance_tracker', 'follow_up', { view: silent(6, 24) }), 'wait 4 nothing_works')
})
