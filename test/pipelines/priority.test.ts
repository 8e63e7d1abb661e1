/** Priority tiers: the weights and tables against arithmetic, what is unknown, when contact is due, and what no order may change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { applyEvent, emptyProfile } from '../../pipelines/enrich/applyEvent.ts'
import { scoringOf } from '../../pipelines/enrich/scoring/composite.ts'
import { daysToMove } from '../../pipelines/enrich/scoring/answers.ts'
import { priorityOf, tierOf } from '../../pipelines/enrich/scoring/priority.ts'
import { budgetPoints, priorityWeights, sourcePoints, tiers, timelinePoints } from '../../pipelines/enrich/scoring/priorityTables.ts'
import { priorityInWords, toldPriority } from '../../pipelines/enrich/scoring/told.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import type { LeadEvent, LeadProfile, Priority } from '../../schemas/generated/records.ts'
import { DAY, HOUR, MINUTE, noContactFields, profileRecord } from '../support/leadRecords.ts'
import { eventsOf } from '../support/eventsOf.ts'
import { assertProperty } from '../support/property.ts'

const start = Date.parse('2026-11-03T15:00:00Z')
const factNames = { f1: 'budget', f2: 'timeline', f3: 'pre_approved', f4: 'bedrooms', f5: 'motivation', f6: 'budget_min', f7: 'budget_max' }
const settings = { humanQuietMs: 24 * HOUR, inquiryConsentDays: 90, ...permissionDefaults, factNames }

const bare: LeadProfile = emptyProfile({ tenantId: 'location-1', contactId: 'maria', occurredAt: start, receivedAt: start })
const says = (text: string, at = start) =>
  ({ messageId: text, at, channel: 'sms', direction: 'inbound', sender: 'lead', text }) satisfies LeadProfile['recentMessages'][number]
const acts = (count: number) => ({
  behaviour: {
    seen: Array.from({ length: count }, (_, n) => ({ at: start - n, signal: 'email_open', subject: null, price: null })).reverse(),
    fired: {},
    likelihood: 0,
    dueAt: null,
  },
})
const priorityFor = (over: Partial<LeadProfile>, at = start): Priority => {
  const profile = { ...bare, ...over }
  return priorityOf(profile, factNames, scoringOf(profile, factNames, at))
}

t.test('a priority is 0.25 budget + 0.20 engagement + 0.20 timeline + 0.15 intent + 0.10 fit + 0.10 source', async (t) => {
  t.match(
    priorityFor({
      ...acts(20),
      phone: '+15125550101',
      email: 'maria@example.com',
      source: 'Referral',
      customFields: { f1: '$800k', f2: 'within 30 days', f3: 'yes', f4: '3', f5: 'job' },
      recentMessages: [says('ready to buy, cash buyer, make an offer')],
    }),
    {
      at: start,
      // 0.25 x 90 + 0.20 x 100 + 0.20 x 100 + 0.15 x 90 + 0.10 x 100 + 0.10 x 100 = 22.5 + 20 + 20 + 13.5 + 10 + 10
      score: 96,
      tier: 'URGENT',
      unknown: [],
      factors: [
        // 22.5 and 13.5 lose half a point each, and the sum only one: it goes to the first by code.
        { code: 'budget', points: 23, words: 'a budget of 750,000 or more' },
        { code: 'engagement', points: 20, words: 'acts: engagement 100 of 100' },
        { code: 'timeline', points: 20, words: 'wants to move within 30 days' },
        { code: 'intent', points: 13, words: 'says "ready to buy", "cash buyer", "make an offer"' },
        { code: 'fit', points: 10, words: 'what it needs is known: fit 100 of 100' },
        { code: 'source', points: 10, words: 'comes from referral' },
      ],
    },
  )
})

t.test('tiers begin at 85, 70 and 50, and wait 15 minutes, 1, 4 and 24 hours', async (t) => {
  t.strictSame([0, 49, 50, 69, 70, 84, 85, 100].map(tierOf), ['COLD', 'COLD', 'WARM', 'WARM', 'HOT', 'HOT', 'URGENT', 'URGENT'])
  t.strictSame(
    tiers.map(({ tier, withinMs }) => [tier, withinMs]),
    [
      ['URGENT', 15 * MINUTE],
      ['HOT', HOUR],
      ['WARM', 4 * HOUR],
      ['COLD', DAY],
    ],
  )
})

t.test('the tables are those of the reference', async (t) => {
  const budgetAt = (f1: string) => priorityFor({ customFields: { f1 } }).factors.find(({ code }) => code === 'budget')?.points
  // A quarter of 100, 90, 75, 60, 45, 30 and 20, beside 1.5 of fit; a point lost goes to who lost most, of equals to the budget.
  t.strictSame(
    ['1m', '999999', '750k', '749999', '500k', '350k', '250k', '150k', '149999'].map(budgetAt),
    [25, 23, 23, 19, 19, 15, 11, 8, 5],
  )
  t.equal(
    priorityFor({ customFields: { f6: '300k', f7: '500k' } }).factors[0]?.words,
    'a budget of 350,000 or more',
    'the middle of 300 and 500 thousand',
  )
  t.strictSame(
    timelinePoints.map(({ toDays, points }) => [toDays, points]),
    [
      [30, 100],
      [60, 85],
      [90, 70],
      [180, 50],
      [365, 30],
      [Infinity, 15],
    ],
  )
  const sourceAt = (source: string) => priorityFor({ source }).factors[0]?.points ?? 0
  t.strictSame(['zillow', 'Realtor.com', 'google ads', 'past client', 'cold_call', 'a portal'].map(sourceAt), [9, 8, 8, 10, 4, 3])
  t.equal(sourcePoints.length, 12)
  t.equal(
    Object.values(priorityWeights).reduce((sum, weight) => sum + weight, 0),
    100,
  )
})

t.test('an answer about time is read at its later end, and one that names none is unknown', async (t) => {
  const answers = ['asap', 'within 30 days', '6 weeks', '1-3 months', '3-6 months', '6-12 months', '12+ months', '2 years or more']
  t.strictSame(answers.map(daysToMove), [0, 30, 42, 90, 180, 360, Infinity, Infinity])
  t.strictSame(
    ['over the next 3 months', 'after school ends, within 3 months', 'after 6 months', 'more than 1 year', 'at least 6 months'].map(
      daysToMove,
    ),
    [90, 90, Infinity, Infinity, Infinity],
    'only what stands before the number opens its end',
  )
  t.strictSame(['1.5 years', '1,5 years', '0.5 years', '1.5-2 months'].map(daysToMove), [548, 548, 183, 60], '1.5 * 365 = 547.5')
  t.strictSame(
    [
      ...[
        'not in the next 6 months',
        'not for another 6 months',
        'not before 6 months',
        'no sooner than 6 months',
        'not until 6 months from now',
      ],
      ...['no more than 6 months', 'not over 6 months', 'no later than 6 months', 'no in 6 months', '6 months from now'],
    ].map(daysToMove),
    [...Array<number>(5).fill(Infinity), ...Array<number>(5).fill(180)],
    'what is denied is its beginning, or its end',
  )
  t.equal(priorityFor({ customFields: { f2: 'Over the next 3 months' } }).factors[0]?.words, 'wants to move within 90 days')
  t.strictSame(['flexible', '', 'not now', 'soon-ish', undefined].map(daysToMove), [undefined, undefined, undefined, undefined, undefined])
  t.strictSame(
    ['now', 'Right now', 'ready now', 'We need to sell now', 'ASAP, no realtor yet', 'now - 3 months', '3-6_months'].map(daysToMove),
    [0, 0, 0, 0, 0, 90, 180],
  )
  t.strictSame(
    [
      ...['just looking for now', 'Just browsing for now', 'no plans now', 'no plans right now', 'No rush, happy where I am now'],
      ...[
        "I don't need to move right now",
        'not ready right now',
        'no need to move right away',
        "can't move asap",
        'we moved 5 months ago',
      ],
    ].map(daysToMove),
    Array<undefined>(10).fill(undefined),
    'who looks around wants nothing within 30 days',
  )
  t.equal(
    priorityFor({ customFields: { f2: '6-12 months' }, recentMessages: [says('we need to move asap')] }).factors[0]?.words,
    'wants to move within 30 days',
    'the soonest of answer and words',
  )
})

t.test('what is not known adds nothing and is named; of nobody is a tier guessed', async (t) => {
  const stranger = priorityFor({})
  t.match(stranger, { tier: 'unknown', score: 0, dueAt: null, factors: [] })
  t.strictSame(stranger.unknown, ['budget', 'timeline', 'intent', 'fit', 'source'])
  t.equal(priorityInWords(stranger), 'priority unknown, 0 of 100, no contact due; not known: budget, timeline, intent, fit and source')
  t.match(priorityFor({ source: 'website' }), { tier: 'COLD', unknown: ['budget', 'timeline', 'intent', 'fit'] })
  t.ok(priorityFor({ customFields: { f1: '2500' } }).unknown.includes('budget'), 'a rent, or thousands left out')
  t.ok(priorityFor({ customFields: { f2: 'flexible' } }).unknown.includes('timeline'))
  t.notOk(priorityFor({ recentMessages: [says('hello')] }).unknown.includes('intent'), 'no wish is said')
  t.equal(priorityFor({ source: 'unknown' }).unknown.includes('source'), true)
  t.equal(toldPriority({ priority: null }), undefined)
  const { priority: _priority, ...older } = profileRecord()
  t.equal(toldPriority(older as LeadProfile), undefined, 'a row that lacks the field')
})

t.test('contact is due from the last sign of life until a person or Rekindle has written', async (t) => {
  const website = { source: 'website', firstSeenAt: start }
  const due = (over: Partial<LeadProfile>) => priorityFor({ ...website, ...over }).dueAt
  t.equal(due({}), start + DAY, 'from when it is first known')
  t.equal(due({ lastInboundAt: start + HOUR }), start + HOUR + DAY)
  t.equal(
    due({ lastInboundAt: start + HOUR, lastHumanAt: start + HOUR - 1 }),
    start + HOUR + DAY,
    'what was written before answers nothing',
  )
  t.equal(due({ lastInboundAt: start + HOUR, lastHumanAt: start + HOUR + 1 }), null)
  t.equal(due({ lastInboundAt: start + HOUR, lastOwnAt: start + HOUR + 1 }), null)
  t.equal(due({ lastInboundAt: start + HOUR, lastOutboundAt: start + HOUR + 1 }), start + HOUR + DAY, 'a campaign contacts nobody')
  t.equal(due({ status: 'converted' }), null)
  t.equal(due({ deletedAt: start }), null)
  t.equal(due({ dnd: true }), null, 'closed on every channel')
})

t.test('reasons quote phrases of the lexicon and names of the tables, nothing else that a lead or a form wrote', async (t) => {
  const { factors } = priorityFor({
    source: 'Maria Lopez ad',
    customFields: { f1: '451,777', f2: '3 months, Maria' },
    recentMessages: [says('I am Maria Lopez 512 555 0101, ready to buy')],
  })
  t.equal(factors.length, 5)
  t.notMatch(factors.map(({ words }) => words).join('\n'), /maria|lopez|555|451/i)
})

const event = eventsOf({ tenantId: 'location-1', contactId: 'maria' })
const written = (at: number, text: string, direction: 'inbound' | 'outbound') =>
  event(`message_${direction}`, at, {
    message: {
      messageId: `${direction}-${at}-${text}`,
      conversationId: null,
      channel: 'sms',
      direction,
      sender: direction === 'inbound' ? 'lead' : 'human',
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
    which: fc.integer({ min: 0, max: 5 }),
    text: fc.constantFrom('ready to buy asap', 'cash buyer, make an offer', 'next year', 'STOP', 'hello'),
    fields: fc.constantFrom({ f1: '1.2m' }, { f2: 'asap' }, { f1: '90k' }, { f2: 'flexible' }),
    source: fc.constantFrom('referral', 'zillow', null),
  })
  .map(({ at, which, text, fields, source }) => {
    const when = start + at * HOUR
    if (which === 0) return event('contact_deleted', when, { contact: noContactFields })
    if (which < 3) return event('contact_updated', when, { contact: { ...noContactFields, source, customFields: fields } })
    return written(when, text, which === 5 ? 'outbound' : 'inbound')
  })
const foldOf = (events: readonly LeadEvent[]) =>
  events.reduce<LeadProfile | undefined>((before, one) => applyEvent(before, one, settings), undefined)?.priority

t.test('any order and any duplicates of the same events give one priority, and its points are its score', async (t) =>
  assertProperty(
    t,
    fc.property(
      fc
        .array(anyEvent, { minLength: 2, maxLength: 14 })
        .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }))),
      ([events, disturbed]) => {
        const [one, other] = [foldOf(events), foldOf(disturbed)]
        if (one === undefined || one === null) throw new Error('no priority')
        if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${JSON.stringify(one)}\n${JSON.stringify(other)}`)
        const sum = one.factors.reduce((all, { points }) => all + points, 0)
        if (sum !== one.score || (one.tier !== 'unknown' && one.tier !== tierOf(sum))) throw new Error(JSON.stringify(one))
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('the page about scores tells weights, tiers and tables as they are', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'scoring.md'), 'utf8')
  const rows = page.split('\n').map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
      .join('|'),
  )
  for (const [part, weight] of Object.entries(priorityWeights))
    t.ok(
      rows.some((row) => row.startsWith(`${part}|${(weight / 100).toFixed(2)}|`)),
      part,
    )
  const within = ['15 minutes', '1 hour', '4 hours', '24 hours']
  tiers.forEach(({ tier, from }, place) =>
    t.ok(rows.includes(`${tier}|${from === 0 ? 'below 50' : `${from} and more`}|${within[place] ?? ''}`), tier),
  )
  for (const { from, points } of budgetPoints)
    t.ok(rows.includes(`${from === 0 ? 'less' : `${from.toLocaleString('en-US')} and more`}|${points}`), String(from))
  for (const { toDays, points } of timelinePoints)
    t.ok(rows.includes(`${toDays === Infinity ? 'later' : `within ${toDays} days`}|${points}`), String(toDays))
  for (const { name, points } of sourcePoints) t.ok(rows.includes(`${name}|${points}`), name)
})
