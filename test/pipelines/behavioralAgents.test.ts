/** System 7: the window of signals in the view, and the three agents that read it. */
import fc from 'fast-check'
import t from 'tap'
import { noInsights } from '../../pipelines/agents/agent.ts'
import { agentView } from '../../pipelines/agents/agentView.ts'
import { patternsOf } from '../../pipelines/agents/behavioral/patternRecognizer.ts'
import { predictionOf, probabilityOf } from '../../pipelines/agents/behavioral/intentPredictor.ts'
import { signalDetector } from '../../pipelines/agents/behavioral/signalDetector.ts'
import { intentSignals, meanWeight, weights } from '../../pipelines/agents/behavioral/signalTable.ts'
import { WINDOW_ENTRIES, WINDOW_MS, signalWindow } from '../../pipelines/enrich/behaviour/signalWindow.ts'
import { signalNames } from '../../pipelines/enrich/behaviour/signals.ts'
import { encodedView, VIEW_BYTES } from '../../pipelines/enrich/leadView.ts'
import type { Observed, SeenSignal } from '../../schemas/generated/records.ts'
import { profileRecord, tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { asked, day, hour, minute, question, view } from './leads.ts'
import { opinionOf } from './opinions.ts'

const seen = (signal: string, at: number, subject: string | null = null): Observed => ({ at, signal, subject, price: null })
/** `count` signals of one kind, the latest `ago` ms before the question. */
const did = (signal: string, count: number, ago: number, subject = 0): SeenSignal => ({ signal, at: asked - ago, count, subject })
const of = (agent: string, type: string, ...signals: SeenSignal[]) => opinionOf(agent, type, { view: view({ signals }) })

t.test('repetitions within ten minutes are one entry, properties are numbers, and the oldest go first', async (t) => {
  const window = signalWindow(
    [
      seen('page_view', asked - 8 * day),
      seen('property_view', asked - hour, 'https://homes.example/12'),
      seen('property_view', asked - 9 * minute, 'https://homes.example/12'),
      seen('property_view', asked - 5 * minute, 'https://homes.example/12'),
      seen('property_view', asked - minute, 'https://homes.example/7'),
      seen('page_view', asked + 1),
    ],
    asked,
  )
  t.strictSame(window, [did('property_view', 1, hour, 2), did('property_view', 2, 5 * minute, 2), did('property_view', 1, minute, 1)])
  const many = signalWindow(
    Array.from({ length: 100 }, (_, index) => seen('page_view', asked - (100 - index) * hour)),
    asked,
  )
  t.equal(many.length, WINDOW_ENTRIES)
  t.equal(many.at(-1)?.at, asked - hour)
  t.strictSame(signalWindow([seen('page_view', asked - WINDOW_MS)], asked), [did('page_view', 1, WINDOW_MS)])
})

t.test('a window loses no signal that fits and tells none twice, and a full one leaves the view within its bytes', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({
          ago: fc.integer({ min: -hour, max: 8 * day }),
          signal: fc.constantFrom(...signalNames),
          subject: fc.option(fc.string({ maxLength: 64 })),
        }),
        { maxLength: 200 },
      ),
      (all) => {
        const kept = all.map(({ ago, signal, subject }) => seen(signal, asked - ago, subject)).sort((a, b) => a.at - b.at)
        const window = signalWindow(kept, asked)
        const start = window[0]?.at ?? asked
        const told = window.reduce((sum, { count }) => sum + count, 0)
        const inside = kept.filter(({ at }) => at <= asked && at >= asked - WINDOW_MS)
        const messages = Array.from({ length: 5 }, (_, index) => ({
          messageId: `m${index}`,
          at: asked,
          channel: 'sms',
          direction: 'inbound',
          sender: 'lead',
          text: 'é'.repeat(500),
        }))
        const profile = profileRecord({ recentMessages: messages, behaviour: { seen: kept, fired: {}, likelihood: 0, dueAt: null } })
        return (
          window.length <= WINDOW_ENTRIES &&
          (window.length < WINDOW_ENTRIES ? told === inside.length : told >= inside.filter(({ at }) => at > start).length) &&
          told <= inside.length &&
          encodedView(profile, tenantRecord(), asked).bytes.length <= VIEW_BYTES
        )
      },
    ),
  ),
)

t.test('P-36: every signal that an agent knows is one that lead events bring', async (t) => {
  const known = new Set<string>(signalNames)
  const named = [...Object.keys(weights), ...Object.values(intentSignals).flat()]
  t.strictSame(
    named.filter((name) => !known.has(name)),
    [],
  )
})

t.test('signal_detector speaks of calls, bursts, many looks and the calculator', async (t) => {
  const say = (...signals: SeenSignal[]) => of('signal_detector', 'follow_up', ...signals)
  t.equal(say(), 'abstain no_signals')
  t.equal(
    say(did('property_view', 2, minute, 1)),
    'abstain nothing_significant',
    'a home is looked at three times before it means something',
  )
  t.equal(say(did('time_on_page', 9, minute)), 'abstain nothing_significant', 'no time is told')
  t.equal(say(did('property_view', 3, minute, 1)), 'abstain no_pattern')
  // One of five signals: .6. Calls weigh all of 20: .55 + .45 = 1.
  t.equal(say(did('phone_call', 1, minute)), 'call 3 phone_call')
  // Ten page views at 5 of 20: .55 + .1125 = .66.
  t.equal(say(did('page_view', 10, minute)), 'sms 3 engagement_spike')
  // Five properties at 10 of 20: .775, .8 of it on the third day.
  t.equal(say(did('property_view', 5, 3 * hour, 1)), 'sms 4 high_intent_browsing')
  t.equal(say(did('property_view', 5, 3 * day, 1)), 'sms 3 high_intent_browsing', '.62')
  t.equal(say(did('property_view', 5, 4 * day, 1)), 'sms 2 high_intent_browsing', '.465')
  const text = (...signals: SeenSignal[]) => {
    const said = signalDetector.assess(agentView(question({ view: view({ signals }) })), noInsights)
    return 'text' in said ? said.text : said
  }
  t.equal(text(did('property_view', 5, hour, 1)), 'The lead looks at homes again and again.', 'one home five times is not many homes')
  t.equal(text(...[1, 2, 3, 4, 5].map((subject) => did('property_view', 1, hour, subject))), 'The lead looks at many homes.')
  // One calculator: .6 * (.55 + .45 * 15 / 20 = .8875) = .53
  t.equal(say(did('calculator_usage', 1, minute)), 'email 2 price_sensitivity')
})

t.test('pattern_recognizer sees each of its patterns on its own case', async (t) => {
  const see = (...signals: SeenSignal[]) => patternsOf({ signals, askedAt: asked })
  t.strictSame(see(did('page_view', 10, minute)), ['urgency_indicators'])
  t.strictSame(see(did('page_view', 9, minute)), [])
  t.strictSame(see(did('calculator_usage', 1, 2 * minute), did('form_submitted', 1, minute)), ['decision_making'])
  t.strictSame(see(did('calculator_usage', 1, 8 * minute), did('page_view', 4, 2 * minute), did('form_submitted', 1, minute)), [], 'sixth')
  t.strictSame(see(did('page_view', 4, 30 * minute)), ['abandonment_risk'])
  t.strictSame(see(did('page_view', 4, 30 * minute), did('page_view', 2, minute)), [], 'half of it goes on')
  t.strictSame(see(did('page_view', 4, 3 * hour)), [], 'what ended long ago is not breaking off')
  const three = [1, 2, 3].map((subject) => did('property_view', 1, day - subject, subject))
  t.strictSame(see(...three), ['comparison_shopping'])
  t.strictSame(see(...three.map((one) => ({ ...one, subject: 1 }))), [], 'one property three times is no comparison')
  t.strictSame(see(did('page_view', 11, 4 * hour), did('search_query', 9, 90 * minute)), ['research_mode'])
})

t.test('pattern_recognizer is as sure as its formula: .2 per pattern and .2 for fifty signals', async (t) => {
  // Decision and urgency: .4 + .2 * 12 / 50 = .448. The first is a call and a direct question.
  const busy = [did('page_view', 10, 3 * minute), did('calculator_usage', 1, 2 * minute), did('form_submitted', 1, minute)]
  t.equal(of('pattern_recognizer', 'follow_up', ...busy), 'call 2 decision_making')
  t.equal(of('pattern_recognizer', 'content', ...busy), 'direct_ask 2 decision_making')
  t.equal(of('pattern_recognizer', 'content', did('page_view', 4, 30 * minute)), 'reassure 1 abandonment_risk', '.2 + .016')
  t.equal(of('pattern_recognizer', 'content', did('page_view', 1, minute)), 'abstain no_pattern')
  t.equal(of('pattern_recognizer', 'content'), 'abstain no_signals')
  const closed = { view: view({ signals: busy, hasPhone: false, hasEmail: false }) }
  t.equal(opinionOf('pattern_recognizer', 'follow_up', closed), 'abstain no_finding')
})

t.test('P-06: the predicted intent follows the signals, with the probability of the formula', async (t) => {
  const predict = (...signals: SeenSignal[]) => predictionOf({ signals, askedAt: asked })
  t.equal(predict(did('calculator_usage', 2, hour)), undefined, 'two signals tell nothing')
  t.equal(predict(did('page_view', 3, hour)), undefined, '.3 + .1 is below one half')
  t.match(predict(did('calculator_usage', 4, hour)), { intent: 'buying', probability: 0.4 + 0.3 })
  t.match(predict(did('search_query', 5, hour)), { intent: 'research', probability: 0.5 + 0.1 })
  t.match(
    predict(did('property_view', 5, hour, 1)),
    { intent: 'comparison', probability: 0.5 + 0.2 },
    'browsing is as likely and comes after',
  )
  t.match(predict(did('page_view', 5, hour)), { intent: 'browsing', probability: 0.6 })
  t.equal(meanWeight([did('calculator_usage', 1, 0), did('page_view', 3, 0)]), 7.5)
  // 7 calculators within the last half hour: (.7 + .3) * 1.2, held at .95.
  t.equal(probabilityOf('buying', { signals: [did('calculator_usage', 7, minute)], askedAt: asked }), 0.95)
  t.equal(of('intent_predictor', 'follow_up', did('calculator_usage', 7, minute)), 'call 5 signals_buying')
  t.equal(of('intent_predictor', 'content', did('calculator_usage', 7, minute)), 'direct_ask 5 signals_buying')
  t.equal(of('intent_predictor', 'content', did('calculator_usage', 4, hour)), 'soft_ask 4 signals_buying')
  t.equal(of('intent_predictor', 'follow_up', did('search_query', 5, hour)), 'email 3 signals_research')
  t.equal(of('intent_predictor', 'content', did('page_view', 5, hour)), 'abstain no_finding', 'browsing has no wording')
})

t.test('P-03: without signals nobody is browsing at one half: the agent abstains', async (t) => {
  t.equal(of('intent_predictor', 'follow_up'), 'abstain no_signals')
  t.equal(of('intent_predictor', 'follow_up', did('page_view', 2, minute)), 'abstain intent_unclear')
})

t.test('the histories of the four profiles: who is deciding is told from who looks around', async (t) => {
  const histories = {
    high_intent: [did('search_query', 1, 2 * hour), did('calculator_usage', 1, hour), did('form_submitted', 1, 30 * minute)],
    medium_intent: [did('search_query', 1, 2 * day), did('email_open', 1, day)],
    low_intent: [did('form_submitted', 1, 5 * day)],
    investor: [did('calculator_usage', 1, 3 * hour), did('document_download', 1, hour)],
  }
  const told = (agent: string, type: string) => Object.values(histories).map((signals) => of(agent, type, ...signals))
  // Weights 15 and 5 of 20, 12 and 15 among them: .55 + .45 * (5 + 15 + 12) / 3 / 20 = .79, of two signals .7 * (.55 + .225) = .54.
  t.strictSame(told('signal_detector', 'follow_up'), [
    'email 3 price_sensitivity',
    'abstain no_pattern',
    'abstain no_pattern',
    'email 2 price_sensitivity',
  ])
  t.strictSame(told('pattern_recognizer', 'content'), [
    'direct_ask 1 decision_making',
    'abstain no_pattern',
    'abstain no_pattern',
    'abstain no_pattern',
  ])
  // Two of three speak for buying: (.2 + 13.5 / 5 / 10) * 1.2 = .564, one of them half an hour old. The others have done too little.
  t.strictSame(told('intent_predictor', 'content'), [
    'soft_ask 3 signals_buying',
    'abstain intent_unclear',
    'abstain intent_unclear',
    'abstain intent_unclear',
  ])
})
