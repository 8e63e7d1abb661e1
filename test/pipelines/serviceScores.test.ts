/** The scores beside the composite: tables and arithmetic of the reference, what they never weigh, and what no order may change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { applyEvent, emptyProfile } from '../../pipelines/enrich/applyEvent.ts'
import { forgotten } from '../../pipelines/enrich/erasure.ts'
import { answersOf } from '../../pipelines/enrich/scoring/answers.ts'
import { churnOf, churnTierOf } from '../../pipelines/enrich/scoring/churn.ts'
import { scoringOf } from '../../pipelines/enrich/scoring/composite.ts'
import { goldenTierOf } from '../../pipelines/enrich/scoring/goldenLead.ts'
import { lifecycleOf } from '../../pipelines/enrich/scoring/lifecycle.ts'
import { fitByKnown } from '../../pipelines/enrich/scoring/parts.ts'
import { reachOf } from '../../pipelines/enrich/scoring/questionScore.ts'
import { serviceScoresOf } from '../../pipelines/enrich/scoring/serviceScores.ts'
import {
  churnTiers,
  financingPoints,
  goldenTiers,
  goldenWeights,
  horizons,
  neverKnown,
  questions,
} from '../../pipelines/enrich/scoring/serviceTables.ts'
import { goldenInWords, questionsInWords, toldServiceScores } from '../../pipelines/enrich/scoring/told.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import type { LeadEvent, LeadProfile, ScoreFactor, ServiceScores } from '../../schemas/generated/records.ts'
import { DAY, HOUR, noContactFields, profileRecord } from '../support/leadRecords.ts'
import { eventsOf } from '../support/eventsOf.ts'
import { assertProperty } from '../support/property.ts'

const start = Date.parse('2026-11-03T15:00:00Z')
const factNames = {
  f1: 'budget',
  f2: 'timeline',
  f3: 'pre_approved',
  f4: 'bedrooms',
  f5: 'motivation',
  f6: 'location',
  f7: 'home_condition',
  f8: 'financing',
  f9: 'age',
}
const settings = { humanQuietMs: 24 * HOUR, inquiryConsentDays: 90, ...permissionDefaults, factNames }

const bare: LeadProfile = emptyProfile({ tenantId: 'location-1', contactId: 'maria', occurredAt: start, receivedAt: start })
const says = (text: string) =>
  ({
    messageId: text,
    at: start,
    channel: 'sms',
    direction: 'inbound',
    sender: 'lead',
    text,
  }) satisfies LeadProfile['recentMessages'][number]
const finds = (kind: string) => ({ kind, value: 'x', words: 'secret words', at: start, messageId: 'm' })
const reads = (signal: string, count: number) => ({
  behaviour: {
    seen: Array.from({ length: count }, (_, n) => ({ at: start - n, signal, subject: null, price: null })).reverse(),
    fired: {},
    likelihood: 0,
    dueAt: null,
  },
})
const scoresFor = (over: Partial<LeadProfile>, at = start): ServiceScores => {
  const profile = { ...bare, ...over }
  return serviceScoresOf(profile, factNames, scoringOf(profile, factNames, at))
}
const answered = (...ids: string[]) => scoresFor({ customFields: Object.fromEntries(ids.map((id) => [id, 'x'])) }).questions
const wordsOf = ({ factors }: { readonly factors: readonly ScoreFactor[] }) => factors.map(({ words }) => words)
const sumOf = (factors: readonly ScoreFactor[]) => factors.reduce((sum, { points }) => sum + points, 0)

t.test('one to seven answers are 15, 30, 50, 65, 75, 85 and 100; from five on a person could take over', async (t) => {
  const ids = ['f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7']
  const each = [0, 1, 2, 3, 4, 5, 6, 7].map((count) => answered(...ids.slice(0, count)))
  t.strictSame(
    each.map(({ score, reach, ready }) => [score, reach, ready]),
    [
      [0, 'little', false],
      [15, 'little', false],
      [30, 'some', false],
      [50, 'much', false],
      [65, 'much', false],
      [75, 'much', true],
      [85, 'much', true],
      [100, 'much', true],
    ],
  )
  t.strictSame(each[2], {
    score: 30,
    answered: 2,
    reach: 'some',
    ready: false,
    factors: [{ code: 'questions_answered', points: 30, words: 'answered: budget and time frame' }],
  })
  t.strictSame(each[0]?.factors, [], 'nothing is known, and no point is given for it')
  t.equal(questions.length, 7)
  t.equal(fitByKnown.length, questions.length + 1)
  t.strictSame([0, 1, 2, 3, 7].map(reachOf), ['little', 'little', 'some', 'much', 'much'])
})

t.test('an answer counts wherever it is given, once, and whatever it says', async (t) => {
  const inMessages = scoresFor({
    textSignals: [finds('budget'), finds('objection')],
    recentMessages: [says('we are pre-approved and must move asap')],
  }).questions
  t.strictSame(wordsOf(inMessages), ['answered: budget, time frame and financing'])
  t.strictSame(wordsOf(scoresFor({ textSignals: [finds('time_frame')] }).questions), ['answered: time frame'])
  t.strictSame(wordsOf(scoresFor({ recentMessages: [says('hello')], textSignals: [finds('question')] }).questions), [])
  t.equal(answered('f1').score, scoresFor({ customFields: { f1: '450k' }, textSignals: [finds('budget')] }).questions.score)
  t.strictSame(wordsOf(answered('f3', 'f8')), ['answered: financing'], 'two fields for one question')
  t.strictSame(wordsOf(answered('f9', 'f10')), [], 'an age is asked of nobody')
  t.equal(
    questionsInWords(answered('f1', 'f2', 'f3', 'f4', 'f6')),
    'questions 75 of 100, 5 of 7 answered (much); enough to hand over and to offer a meeting',
  )
  t.equal(questionsInWords(answered()), 'questions 0 of 100, 0 of 7 answered (little)')
})

t.test('place and condition of the home are answers to a question and nothing in the composite', async (t) => {
  const stated = { customFields: { f6: '78701', f7: 'poor' } }
  t.strictSame(wordsOf(scoresFor(stated).questions), ['answered: place and condition of the home'])
  t.equal(scoringOf({ ...bare, ...stated }, factNames, start).score, 0)
  await assertProperty(
    t,
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      if (one.trim() === '' || other.trim() === '') return
      t.strictSame(scoresFor({ customFields: { f6: one } }), scoresFor({ customFields: { f6: other } }), 'which place makes no difference')
    }),
  )
})

t.test('a golden lead is 0.25 timeline + 0.20 budget + 0.18 financing + 0.10 place + 0.04 market, of what is known', async (t) => {
  const best = {
    ...reads('market_report_view', 3),
    customFields: { f1: '450k', f2: 'within 30 days', f3: 'yes', f6: 'Austin' },
  }
  t.strictSame(scoresFor(best).golden, {
    // 25 + 20 + 18 + 10 + 4: the most that can be known.
    score: 77,
    tier: 'silver',
    factors: [
      { code: 'urgent_timeline', points: 25, words: 'wants to move within 30 days' },
      { code: 'budget_clarity', points: 20, words: 'its budget is stated' },
      { code: 'financing', points: 18, words: 'financing ready, as stated' },
      { code: 'location_specificity', points: 10, words: 'says where it looks' },
      { code: 'market_knowledge', points: 4, words: 'reads market reports: 3' },
    ],
    unknown: [],
  })
  t.strictSame(scoresFor({}).golden, {
    score: 0,
    tier: 'none',
    factors: [],
    unknown: ['urgent_timeline', 'budget_clarity', 'financing', 'location_specificity', 'market_knowledge'],
  })
  t.match(goldenInWords(scoresFor(best).golden), /^golden lead: silver, 77 of 100; not known: emotional investment and decision authority$/)
  t.equal(
    Object.values(goldenWeights).reduce((sum, weight) => sum + weight, 0),
    100,
  )
  t.strictSame([0, 69, 70, 84, 85, 94, 95, 100].map(goldenTierOf), [
    'none',
    'none',
    'silver',
    'silver',
    'gold',
    'gold',
    'platinum',
    'platinum',
  ])
})

t.test('budget and financing of a golden lead are what is stated or written, the further of both', async (t) => {
  const parts = (over: Partial<LeadProfile>) => scoresFor(over).golden.factors.map(({ code, points, words }) => [code, points, words])
  t.strictSame(parts({ textSignals: [finds('budget')] }), [['budget_clarity', 20, 'writes what it can pay']], 'its words are not repeated')
  t.strictSame(parts({ customFields: { f1: '2500' } }), [], 'a rent, or thousands left out')
  // 18 x 0.8 = 14.4 and 18 x 0.48 = 8.64.
  t.strictSame(parts({ customFields: { f8: 'In progress' } }), [['financing', 14, 'financing in progress, as stated']])
  t.strictSame(parts({ customFields: { f3: 'no', f8: 'planning' } }), [['financing', 9, 'financing planning, as stated']])
  const refused = scoresFor({ customFields: { f3: 'no' } }).golden
  t.strictSame(refused.factors, [])
  t.notOk(refused.unknown.includes('financing'), 'known, and nothing to add')
  for (const f8 of ['Cash', 'cash buyer', 'Paying cash'])
    t.strictSame(parts({ customFields: { f8 } }), [['financing', 18, 'financing ready, as stated']], f8)
  t.strictSame(parts({ customFields: { f8: 'Cash-out refinance' } }), [])
  t.ok(scoresFor({ customFields: { f3: 'maybe', f8: 'unknown' } }).golden.unknown.includes('financing'))
  t.strictSame(
    parts({ customFields: { f3: 'no' }, recentMessages: [says('I am a cash buyer')] }),
    [['financing', 18, 'financing ready ("cash buyer")']],
    'what it writes counts where it is further',
  )
  t.strictSame(
    parts({ customFields: { f3: 'yes' }, recentMessages: [says('need financing')] }).filter(([code]) => code === 'financing'),
    [['financing', 18, 'financing ready, as stated']],
  )
  t.strictSame(parts(reads('property_view', 9)), [], 'looking at homes is no knowledge of the market')
  t.strictSame(
    [undefined, 'yes', 'Approved', 'none', 'odd'].map((f8) => answersOf(f8 === undefined ? {} : { f8 }, factNames).financing),
    [undefined, 'ready', 'ready', 'none', undefined],
  )
})

t.test('a lifecycle is the status, and before an end the furthest that scores tell of', async (t) => {
  const stageOf = (status: string, temperature: string, engagement: number, ready: boolean) =>
    lifecycleOf({ status }, { temperature, engagement }, ready).stage
  t.strictSame(
    ['converted', 'lost', 'disqualified', 'qualified', 'dormant'].map((status) => stageOf(status, 'hot', 100, true)),
    ['converted', 'lost', 'lost', 'appointment', 'dormant'],
  )
  t.equal(stageOf('contacted', 'hot', 5, true), 'hot')
  t.equal(stageOf('contacted', 'warm', 5, true), 'engaged')
  t.equal(stageOf('reactivated', 'warm', 0, true), 'qualified')
  t.equal(stageOf('reactivated', 'warm', 0, false), 'contacted')
  t.equal(stageOf('contacted', 'cold', 0, false), 'contacted')
  t.equal(stageOf('new', 'unknown', 0, false), 'new')
})

t.test('churn is how much of 7, 14 and 30 days has passed without a sign of life', async (t) => {
  const lead = { ...bare, firstSeenAt: start }
  const after = (days: number) => churnOf(lead, start + days * DAY)
  t.match(after(0), { risk: 0, tier: 'low', factors: [], since: start })
  // 50 x 3.5/7 + 30 x 3.5/14 + 20 x 3.5/30 = 25 + 7.5 + 2.33 = 34.83; the point that rounding down loses goes to the second, which lost half.
  t.strictSame(after(3.5)?.factors, [
    { code: 'silent_7_days', points: 25, words: 'no sign of life for 3 of 7 days' },
    { code: 'silent_14_days', points: 8, words: 'no sign of life for 3 of 14 days' },
    { code: 'silent_30_days', points: 2, words: 'no sign of life for 3 of 30 days' },
  ])
  // 50 + 15 + 4.67, then 50 + 30 + 9.33: the reference calls 7 days without activity HIGH too.
  t.match(
    [7, 14, 30, 300].map((days) => [after(days)?.risk, after(days)?.tier]),
    [
      [70, 'high'],
      [89, 'critical'],
      [100, 'critical'],
      [100, 'critical'],
    ],
  )
  t.equal(after(7)?.factors[0]?.words, 'no sign of life for 7 days')
  t.match(churnOf({ ...lead, lastInboundAt: start + 6 * DAY }, start + 7 * DAY), { since: start + 6 * DAY, risk: 10, tier: 'low' })
  t.match(churnOf({ ...lead, lastOutboundAt: start + 6 * DAY }, start + 7 * DAY), { risk: 70 }, 'what is written to it is no sign of life')
  t.equal(churnOf({ ...lead, ...reads('page_view', 1) }, start - DAY)?.risk, 0, 'a moment before the last sign is not silence')
  for (const closed of [{ status: 'converted' }, { status: 'lost' }, { deletedAt: start }, { dnd: true }])
    t.equal(churnOf({ ...lead, ...closed }, start + DAY), undefined, JSON.stringify(closed))
  t.strictSame([0, 29, 30, 59, 60, 79, 80, 100].map(churnTierOf), [
    'low',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'critical',
    'critical',
  ])
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 0, max: 40 * 24 }), fc.integer({ min: 0, max: 40 * 24 }), (one, more) => {
      const [earlier, later] = [churnOf(lead, start + one * HOUR), churnOf(lead, start + (one + more) * HOUR)]
      if (earlier === undefined || later === undefined) throw new Error('no churn')
      if (later.risk < earlier.risk || later.risk > 100) throw new Error(`${earlier.risk} then ${later.risk}`)
      if (sumOf(later.factors) !== later.risk) throw new Error(JSON.stringify(later))
    }),
  )
})

const event = eventsOf({ tenantId: 'location-1', contactId: 'maria' })
const written = (at: number, text: string) =>
  event('message_inbound', at, {
    message: {
      messageId: `${at}-${text}`,
      conversationId: null,
      channel: 'sms',
      direction: 'inbound',
      sender: 'lead',
      subject: null,
      text,
      status: 'delivered',
      userId: null,
      callStatus: null,
      callDurationSeconds: null,
    },
  })
const anyEvent = fc
  .record({
    at: fc.integer({ min: 0, max: 40 }),
    which: fc.integer({ min: 0, max: 6 }),
    text: fc.constantFrom('ready to buy asap', 'cash buyer, my budget is 450k', 'need financing, next year', 'STOP', 'hello'),
    fields: fc.constantFrom({ f1: '1.2m' }, { f2: 'asap', f6: 'Austin' }, { f3: 'no' }, { f4: '3', f5: 'job', f7: 'fair' }, { f6: '' }),
    signal: fc.constantFrom('market_report_view', 'property_view'),
  })
  .map(({ at, which, text, fields, signal }) => {
    const when = start + at * 5 * HOUR
    if (which === 0) return event('contact_deleted', when, { contact: noContactFields })
    if (which < 3) return event('contact_updated', when, { contact: { ...noContactFields, customFields: fields } })
    if (which === 3) return event('behaviour_observed', when, { behaviour: { signal, subject: null, price: null } })
    return written(when, text)
  })
const foldOf = (events: readonly LeadEvent[]) =>
  events.reduce<LeadProfile | undefined>((before, one) => applyEvent(before, one, settings), undefined)

t.test('any order and any duplicates of the same events give the same scores, and points are the score', async (t) =>
  assertProperty(
    t,
    fc.property(
      fc
        .array(anyEvent, { minLength: 2, maxLength: 14 })
        .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }))),
      ([events, disturbed]) => {
        const [one, other] = [foldOf(events), foldOf(disturbed)]
        const scores = one?.serviceScores
        if (one === undefined || other === undefined || !scores) throw new Error('no scores')
        if (JSON.stringify(scores) !== JSON.stringify(other.serviceScores)) throw new Error(JSON.stringify([scores, other.serviceScores]))
        const anew = { ...one, customFields: { ...one.customFields } }
        const { at } = scores
        if (JSON.stringify(serviceScoresOf(anew, factNames, scoringOf(anew, factNames, at))) !== JSON.stringify(scores))
          throw new Error('what is kept of the answers is not what they come to')
        const later = start + 250 * HOUR
        if (JSON.stringify(churnOf(one, later)) !== JSON.stringify(churnOf(other, later))) throw new Error('another churn')
        for (const { score, factors } of [scores.questions, scores.golden]) {
          if (sumOf(factors) !== score || score < 0 || score > 100) throw new Error(JSON.stringify({ score, factors }))
          if (score > 50 && factors.length === 0) throw new Error('a score above 50 without a reason')
        }
        if (scores.golden.tier !== goldenTierOf(scores.golden.score)) throw new Error(JSON.stringify(scores.golden))
        if (scores.golden.score > 77) throw new Error('more than can be known')
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('intelligence that arrives is scored with the event that brings it', async (t) => {
  const before = foldOf([written(start, 'hello')])
  t.equal(before?.serviceScores?.questions.score, 0)
  const ready = applyEvent(before, written(start + HOUR, 'I am a cash buyer'), settings)
  t.match(ready.serviceScores, { golden: { score: 18, factors: [{ code: 'financing', points: 18 }] } })
  const after = applyEvent(before, written(start + HOUR, 'my budget is 450k, I am a cash buyer'), settings)
  t.match(after.serviceScores, {
    at: start + HOUR,
    questions: { score: 30, factors: [{ words: 'answered: budget and financing' }] },
    golden: { score: 38 },
  })
})

t.test(
  'a deletion and an erasure take what the scores rested on; reasons repeat nothing a lead wrote but phrases of the lexicon',
  async (t) => {
    const lead = [
      event('contact_updated', start, { contact: { ...noContactFields, customFields: { f1: '451,777', f6: 'Elm Street 12' } } }),
      written(start + 1, 'I am Maria Lopez 512 555 0101, pre-approved, budget up to 455k'),
    ]
    const told = JSON.stringify(foldOf(lead)?.serviceScores)
    t.match(told, /pre approved/)
    t.notMatch(told, /maria|lopez|555|451|455|elm/i)
    const gone = foldOf([...lead, event('contact_deleted', start + 2, { contact: noContactFields })])?.serviceScores
    t.match(gone, { questions: { score: 0 }, golden: { score: 0 }, lifecycle: { stage: 'lost', because: 'the contact was deleted' } })
    t.equal(forgotten(foldOf(lead), { tenantId: 'location-1', contactId: 'maria', erasedAt: start + 3 }).serviceScores, null)
    t.equal(toldServiceScores({ serviceScores: null }), undefined)
    const { serviceScores: _scores, ...older } = profileRecord()
    t.equal(toldServiceScores(older as LeadProfile), undefined, 'a row that lacks the field')
  },
)

t.test('the page about scores tells questions, weights, tiers and horizons as they are', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'scoring.md'), 'utf8')
  const rows = page.split('\n').map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
      .join('|'),
  )
  const has = (row: string) => t.ok(rows.includes(row), row)
  for (const { words, facts } of questions) has(`${words}|${facts.map((fact) => `\`${fact}\``).join(', ')}`)
  has(`score|${fitByKnown.join('|')}`)
  for (const [part, weight] of Object.entries(goldenWeights))
    t.ok(
      rows.some((row) => row.startsWith(`${part.replaceAll('_', ' ')}|${(weight / 100).toFixed(2)}|`)),
      part,
    )
  for (const { part, because } of neverKnown)
    has(`${part.replaceAll('_', ' ')}|${(goldenWeights[part] / 100).toFixed(2)}|never known: ${because}`)
  for (const { tier, from } of [...goldenTiers, ...churnTiers]) has(`${tier}|${from} and more`)
  for (const { days, weight } of horizons) has(`${days} days|${(weight / 100).toFixed(2)}`)
  for (const [name, points] of Object.entries(financingPoints)) has(`\`${name}\`|${points}`)
})
