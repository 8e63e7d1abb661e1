/** Stage `attribution`: bounds of the window, what is found and what is not, and when it is published. */
import fc from 'fast-check'
import t from 'tap'
import { RENEW_MS, REFRESH_MS, VALID_MS, attribution } from '../../../pipelines/attribution/attribution.ts'
import { indexOfChannel } from '../../../pipelines/attribution/channels.ts'
import { completenessOf, figuresOf } from '../../../pipelines/attribution/figures.ts'
import { forecastFindings } from '../../../pipelines/attribution/forecast.ts'
import { journeys as journeyStage } from '../../../pipelines/attribution/journeys.ts'
import {
  MAX_CONVERSIONS_KEPT,
  MAX_SPEND_ROWS,
  PUBLISH_AFTER_MS,
  WINDOW_DAYS,
  dayOfText,
  emptyWindow,
  trimmed,
  withJourney,
  withSpend,
} from '../../../pipelines/attribution/window.ts'
import { drive } from '../../../runtime/driver.ts'
import type { Line } from '../../../runtime/driver.ts'
import { AttributionState } from '../../../schemas/generated/records.ts'
import type { AgentInsight, Finding } from '../../../schemas/generated/records.ts'
import { insightKey, insights, journeys, leadEvents, leadKey, marketingSpend, outcomes } from '../../../topics/index.ts'
import { assertProperty } from '../../support/property.ts'
import { DAY, contact, journey, spent, start, tenantId, won, wrote } from './journeyRecords.ts'

const agents = ['attribution_modeler', 'channel_analyzer', 'roi_optimizer', 'predictive_modeler']
const line = (at: number = start) => drive(attribution, { at })

/** `leads` of a channel first touched at `at`, of which the first `won` convert 20 days later for `value` each. */
function campaign(of: Line, channel: string, at: number, leads: number, won: number, value = '1000', engaged = 0): void {
  for (let i = 0; i < leads; i++) of.pipe(journeys, tenantId, journey('touched', idOf(channel, at, i), [channel], at))
  for (let i = 0; i < engaged; i++) of.pipe(journeys, tenantId, journey('engaged', idOf(channel, at, i), [channel], at))
  for (let i = 0; i < won; i++) {
    const one = journey('converted', idOf(channel, at, i), [channel], at, { at: at + 20 * DAY, value, conversionNo: 1 })
    of.pipe(journeys, tenantId, one)
  }
}
const idOf = (channel: string, at: number, i: number) => channel.length * 10_000_019 + Math.floor((at - start) / DAY) * 1009 + i
const latest = (of: Line, agentId: string): AgentInsight | undefined =>
  of
    .outputs(insights)
    .filter((insight) => insight.agentId === agentId)
    .at(-1)
const finding = (of: Line, agentId: string, kind: string, subject = ''): Finding | undefined =>
  latest(of, agentId)?.findings.find((one) => one.kind === kind && one.subject === subject)
const evidence = (of: Finding | undefined, name: string) => of?.evidence.find(({ field }) => field === name)?.value

/** A location after 75 days: paid search converts 20 of 100, radio none of 100, referral 5 of 100. */
function settled(): Line {
  const one = line()
  campaign(one, 'paid_search', start, 100, 20, '3000', 40)
  campaign(one, 'radio', start, 100, 0)
  campaign(one, 'referral', start, 100, 5, '1000')
  one.pipe(marketingSpend, tenantId, spent('paid_search', '2026-11-12', '10000'))
  one.pipe(marketingSpend, tenantId, spent('referral', '2026-11-12', '20000.50'))
  one.advance('75d')
  return one
}

t.test('without 50 touchpoints nothing is found, and that is said once', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 49, 10)
  one.advance('5m')
  t.strictSame(
    one.outputs(insights).map(({ agentId, findings, system }) => [agentId, findings, system]),
    agents.map((agent) => [agent, [], 'attribution']),
  )
  t.strictSame(
    one.records(insights).map(({ key }) => key),
    agents.map((agent) => insightKey(tenantId, agent)),
  )
})

t.test('channels are told with their return, engagement and rate; what differs clearly has its reason', async (t) => {
  const one = settled()
  const paid = finding(one, 'channel_analyzer', 'channel', 'paid_search')
  t.match(paid, { reason: 'converts_well', samples: 100 })
  // 60,000 for 10,000: ROAS 6; score min(100, 20 * 6 + 10 * .4) = 100
  t.strictSame(
    [evidence(paid, 'roas'), paid?.value, evidence(paid, 'spend'), evidence(paid, 'revenue')],
    ['6.00', '100.0', '10000.00', '60000.00'],
  )
  // 60,000 +- 1.64485 * 3,000 * sqrt(20) = 60,000 +- 22,068
  t.strictSame([evidence(paid, 'roas_low'), evidence(paid, 'roas_high')], ['3.79', '8.21'])
  const radio = finding(one, 'channel_analyzer', 'channel', 'radio')
  t.match(radio, { reason: 'never_converts', value: null })
  t.equal(evidence(radio, 'mature_converted'), '0')
  const referral = finding(one, 'channel_analyzer', 'channel', 'referral')
  // 5,000 for 20,000.50 is .25 and nobody wrote: 20 * .249994
  t.strictSame([referral?.value, evidence(referral, 'roas')], ['5.0', '0.25'])
})

t.test('leads of the last 30 days are in no rate', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 100, 20)
  campaign(one, 'radio', start, 100, 0)
  one.advance('29d')
  t.match(finding(one, 'channel_analyzer', 'channel', 'radio'), { reason: 'too_few_leads' })
  one.advance('2d')
  t.match(finding(one, 'channel_analyzer', 'channel', 'radio'), { reason: 'never_converts' })
})

t.test('a lead converts under the channel that touched it first, also where that is told after another one', async (t) => {
  const leads = drive(journeyStage, { at: start })
  for (let n = 0; n < 60; n++) {
    const contactId = `contact-${n}`
    const key = leadKey(tenantId, contactId)
    // The webhook of the message comes before that of the contact, which was there a minute earlier.
    leads.pipe(leadEvents, key, { ...wrote('facebook', start + 60_000), contactId })
    leads.pipe(leadEvents, key, { ...contact('Google Ads', start + 61_000, { createdAt: start }), contactId })
    if (n < 20) leads.pipe(outcomes, key, won(`outcome-${n}`, start + 20 * DAY, '3000', { contactId }))
  }
  const one = line()
  for (const told of leads.outputs(journeys)) one.pipe(journeys, tenantId, told)
  one.advance('75d')
  const figuresFor = (channel: string) => {
    const found = finding(one, 'channel_analyzer', 'channel', channel)
    return ['leads', 'engaged', 'converted', 'mature_leads', 'mature_converted'].map((name) => evidence(found, name))
  }
  t.strictSame(figuresFor('paid_search'), ['60', '60', '20', '60', '20'])
  t.strictSame(figuresFor('social_media'), ['0', '0', '0', '0', '0'])
})

t.test('a channel that is told late stands where it touched the lead, and nothing is counted twice', async (t) => {
  const [paid = 0, radio = 0, events = 0] = ['paid_search', 'radio', 'events'].map(indexOfChannel)
  const touched = (told: string, ...way: readonly (readonly [channel: string, at: number])[]) => {
    const touches = way.map(([channel, at]) => ({ channel, stage: 'consideration', at, source: channel, campaign: null, basis: 'stated' }))
    return journey('touched', told, [], 0, {
      at: way.find(([channel]) => channel === told)?.[1] ?? 0,
      firstTouchAt: way[0]?.[1] ?? 0,
      touches,
    })
  }
  const stepsOf = (...told: ReturnType<typeof touched>[]) =>
    told
      .reduce(withJourney, emptyWindow(start + 5 * DAY))
      .cohorts.map(({ day, steps }) => [day - Math.floor(start / DAY), ...steps.map(({ from, to, count }) => `${from}>${to} ${count}`)])
  const first = touched('radio', ['radio', start + 2 * DAY])
  const then = touched('events', ['radio', start + 2 * DAY], ['events', start + 4 * DAY])
  t.strictSame(stepsOf(first, then), [[2, `-1>${radio} 1`, `${radio}>${events} 1`]])
  t.strictSame(
    stepsOf(first, then, touched('paid_search', ['radio', start + 2 * DAY], ['paid_search', start + 3 * DAY], ['events', start + 4 * DAY])),
    [[2, `-1>${radio} 1`, `${paid}>${events} 1`, `${radio}>${paid} 1`]],
    'between the two',
  )
  t.strictSame(
    stepsOf(first, then, touched('paid_search', ['paid_search', start], ['radio', start + 2 * DAY], ['events', start + 4 * DAY])),
    [[0, `-1>${paid} 1`, `${paid}>${radio} 1`, `${radio}>${events} 1`]],
    'before both: the lead is one of that day, and of no other',
  )
  t.strictSame(
    stepsOf(first, touched('paid_search', ['radio', start + 2 * DAY], ['paid_search', start + 2 * DAY])),
    [[2, `-1>${radio} 1`, `${radio}>${paid} 1`]],
    'of one moment the one that was told first is the first',
  )
  t.strictSame(
    stepsOf(first, touched('paid_search', ['paid_search', start], ['radio', start + DAY], ['radio', start + 2 * DAY])),
    [[2, `-1>${radio} 1`]],
    'where it is counted is not known after an earlier touch of a known channel, which is not told: it stays one lead',
  )
})

t.test('a channel without others to compare it with is not said to have too few leads of its own', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 100, 20)
  campaign(one, 'radio', start, 30, 0)
  one.advance('61d')
  t.match(finding(one, 'channel_analyzer', 'channel', 'paid_search'), {
    reason: 'too_few_leads',
    text: 'Paid search touched 100 leads first; the other channels touched too few, long enough ago, to compare it with.',
  })
  t.match(finding(one, 'channel_analyzer', 'channel', 'radio'), {
    text: 'Radio touched 30 leads first, too few of them long enough ago to be compared.',
  })
})

t.test('the models stand beside each other, and a channel that all of them credit above its leads is named', async (t) => {
  const one = settled()
  const paid = finding(one, 'attribution_modeler', 'credit', 'paid_search')
  t.match(paid, { reason: 'every_model_credits_more', value: '60000.00' })
  t.strictSame(
    paid?.evidence.map(({ value }) => value),
    new Array(6).fill('60000.00'),
    'one touch: all models say the same',
  )
  t.match(finding(one, 'attribution_modeler', 'models'), { value: '0.000', reason: 'models_agree', samples: 25 })
  t.equal(evidence(finding(one, 'attribution_modeler', 'models'), 'revenue'), '65000.00')
  t.match(finding(one, 'attribution_modeler', 'credit', 'referral'), { reason: 'every_model_credits_less' })
})

t.test('how far models differ is the revenue that stands under another channel', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 60, 0)
  for (let i = 0; i < 10; i++) {
    one.pipe(journeys, tenantId, journey('touched', 9000 + i, ['radio', 'events'], start))
    one.pipe(journeys, tenantId, journey('converted', 9000 + i, ['radio', 'events'], start, { value: '100', conversionNo: 1 }))
  }
  one.advance('5m')
  // First touch puts all on radio, last touch all on events.
  t.match(finding(one, 'attribution_modeler', 'models'), { value: '1.000', reason: 'models_differ', bin: 1 })
})

t.test('budget is moved where two returns can be told apart, and the text says what it assumes', async (t) => {
  const one = settled()
  // 70 % of 30,000.50 is 21,000.35, less 10,000 = 11,000.35 in 74 days and 5 minutes: * 30 / 74 = 4,459.60 a month
  const shift = finding(one, 'roi_optimizer', 'shift', 'referral>paid_search')
  t.match(shift, {
    value: '4459.60',
    reason: 'better_return',
    text: /would bring [\d,]+\.\d\d to [\d,]+\.\d\d USD more, if further spend returns what the last did/,
  })
  // 5 conversions of 1,000: 5,000 +- 1.64485 * 2,236.07 = 1,322 to 8,678, of 20,000.50 .0661 to .4339
  t.ok(Math.abs(Number(evidence(shift, 'gain_low')) - 4459.6 * (3.79319 - 0.433892)) < 1, String(evidence(shift, 'gain_low')))
  t.match(finding(one, 'roi_optimizer', 'return', 'paid_search'), { reason: 'returns_more', value: '6.00' })
  t.match(finding(one, 'roi_optimizer', 'return', 'referral'), { reason: 'returns_less' })
  t.equal(finding(one, 'roi_optimizer', 'return', 'radio'), undefined, 'no spend, no return')
})

t.test('spend in several currencies, none at all and too much of it to keep give no return', async (t) => {
  const of = (state: AttributionState) => figuresOf(state, start).spendProblem
  const window = (...rows: Parameters<typeof spent>[]) =>
    rows.reduce((state, row) => withSpend(state, spent(...row)) as AttributionState, emptyWindow(start))
  t.equal(of(window()), 'no_spend')
  t.equal(of(window(['radio', '2026-11-10', '5'])), undefined)
  t.equal(of(window(['radio', '2026-11-10', '5'], ['events', '2026-11-10', '5', { currency: 'EUR' }])), 'several_currencies')
  t.equal(of(window(['radio', '2026-11-10', '5'], ['events', '2026-11-10', '0', { currency: 'EUR' }])), undefined, 'taken back')
  let full = emptyWindow(start)
  for (let i = 0; i <= MAX_SPEND_ROWS; i++)
    full = withSpend(full, spent('radio', '2026-11-10', '1', { campaign: `c${i}` })) as AttributionState
  t.equal(full.spend.length, 2_000)
  t.equal(of(full), 'too_many_rows')
  t.equal(of(trimmed(full, start + 100 * DAY)), 'no_spend', 'until that day has left the window')
})

t.test('spend from before the location was first heard of is not held against revenue that nobody saw', async (t) => {
  const state = withSpend(emptyWindow(start), spent('radio', '2026-11-09', '500')) as AttributionState
  t.equal(figuresOf(state, start).spendProblem, 'no_spend')
  t.equal(figuresOf(withSpend(state, spent('radio', '2026-11-10', '7')) as AttributionState, start).channels[0]?.spend, 700n)
})

t.test('spend of days to come counts when they have come, and a mistyped year is none', async (t) => {
  const told = ['2026-11-10', '2026-11-12'].map((day) => spent('radio', day, '500'))
  const state = told.reduce((before, row) => withSpend(before, row) as AttributionState, emptyWindow(start))
  const spentAt = (at: number) => figuresOf(state, at).channels[0]?.spend
  t.strictSame([start, start + 2 * DAY - 1, start + 2 * DAY].map(spentAt), [50_000n, 50_000n, 100_000n])
  t.equal(withSpend(state, spent('radio', '2062-11-10', '500')), undefined)
  // 2026-11-10 and 90 days.
  t.ok(withSpend(state, spent('radio', '2027-02-08', '500')))
  t.equal(withSpend(state, spent('radio', '2027-02-09', '500')), undefined)
})

t.test('spend of the oldest day is held against what was won on it, at any hour of the newest one', async (t) => {
  const won = (n: number) =>
    journey('converted', n, ['radio'], start + 2 * DAY, { at: start + 2 * DAY + DAY / 3, value: '1000', conversionNo: 1 })
  let state = withSpend(emptyWindow(start), spent('radio', '2026-11-12', '3000')) as AttributionState
  for (let n = 0; n < 6; n++) state = withJourney(state, won(n))
  const noon = start + 92 * DAY + DAY / 2
  const of = (at: number) => {
    const { revenue, channels } = figuresOf(trimmed(state, at), at)
    return [revenue, channels[0]?.credits.linear, channels[0]?.roas]
  }
  t.strictSame(of(noon), [600_000n, 600_000n, 2])
  t.strictSame(of(noon + DAY), [0n, undefined, undefined], 'a day later the whole day has left the window')
  const late = trimmed(emptyWindow(start), noon)
  t.equal(withJourney(late, won(1)).conversions.length, 1, 'one that is told then counts as those that are kept')
})

t.test('what was won before the location was first heard of is in no return and no forecast; the models credit it', async (t) => {
  const since = start - (start % DAY)
  const touches = [{ channel: indexOfChannel('radio') ?? -1, at: since - 20 * DAY, basis: 95 }]
  const won = (count: number, at: number, cents: string) =>
    Array.from({ length: count }, (_, i) => ({ id: `${at}-${i}`, at, cents, touches }))
  const state = withSpend(
    { ...emptyWindow(start), conversions: [...won(9, since - 1, '100000'), ...won(6, since, '2000')] },
    spent('radio', '2026-11-10', '60'),
  ) as AttributionState
  const [radio] = figuresOf(state, start).channels
  // 6 x 20.00 for 60.00.
  t.strictSame([radio?.roas, radio?.returnedCents, radio?.spend], [2, 12_000n, 6_000n])
  t.equal(radio?.credits.data_driven, 912_000n)
  t.equal(
    figuresOf({ ...state, conversions: state.conversions.slice(0, 13) }, start).channels[0]?.roasInterval,
    undefined,
    'four are too few',
  )
  const later = start + 70 * DAY
  const many = { ...state, conversions: [...won(9, since - 1, '100000'), ...won(20, since, '2000')] }
  const figures = { ...figuresOf(many, later), touchpoints: 50 }
  // 20 x 20.00 in 70 days.
  t.equal(forecastFindings(many, figures, later)[0]?.value, ((400 * 30) / 70).toFixed(2))
  t.strictSame(forecastFindings({ ...many, conversions: many.conversions.slice(0, 28) }, figures, later), [], '19 since')
})

t.test('a little more credit than leads is chance', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 60, 7)
  campaign(one, 'radio', start, 60, 6)
  one.advance('5m')
  // 7 of 13 is .538 for half of the leads; 2.69 / sqrt(7) of it is more than all of it.
  t.match(finding(one, 'attribution_modeler', 'credit', 'paid_search'), { reason: 'credited' })
  one.advance('31d')
  t.match(finding(one, 'predictive_modeler', 'lead_worth', 'paid_search'), { reason: 'worth_the_same' })
})

t.test('the latest statement on a channel, campaign and day counts, in whatever order they come', async (t) => {
  const rows = [spent('radio', '2026-11-10', '5', { statedAt: start }), spent('radio', '2026-11-10', '7', { statedAt: start + 1 })]
  for (const order of [rows, [...rows].reverse()]) {
    const state = order.reduce((before, row) => withSpend(before, row) as AttributionState, emptyWindow(start))
    t.strictSame(
      state.spend.map(({ cents }) => cents),
      ['700'],
    )
  }
  for (const wrong of [spent('tv', '2026-11-10', '5'), spent('radio', '2026-13-01', '5'), spent('radio', '2026-11-10', '-5')])
    t.equal(withSpend(emptyWindow(start), wrong), undefined)
  t.equal(dayOfText('2026-02-30'), undefined)
  const one = line()
  one.pipe(marketingSpend, tenantId, spent('tv', '2026-11-10', '5'))
  t.equal(one.drops.at(-1)?.reason, 'spend_unreadable')
})

t.test('the forecast is what was seen, without growth, and only where enough was seen', async (t) => {
  const one = line()
  // Three conversions of 600 a week, of leads first touched 20 days before.
  const weeks = (count: number) => {
    for (let week = 0; week < count; week++) {
      campaign(one, 'paid_search', one.now - 20 * DAY, 10, 3, '600')
      one.advance('7d')
    }
  }
  weeks(8)
  t.equal(finding(one, 'predictive_modeler', 'forecast'), undefined, '24 conversions, but 55 days')
  weeks(4)
  const forecast = finding(one, 'predictive_modeler', 'forecast')
  // The last publication was five minutes after day 83: 36 conversions, 21,600 * 30 / 83.
  const mean = (21_600 * 30) / 83
  t.equal(forecast?.value, mean.toFixed(2))
  t.equal(evidence(forecast, 'dispersion'), '1.00', 'three each week are less uneven than chance')
  const variance = 36 * 600 * 600 * (30 / 83 + (30 / 83) ** 2)
  t.equal(evidence(forecast, 'revenue_high'), (mean + 1.6448536269514722 * Math.sqrt(variance)).toFixed(2))
})

t.test('a location that states no worth of what it wins has no forecast, and none of 0', async (t) => {
  const leads = drive(journeyStage, { at: start })
  for (let n = 0; n < 60; n++) {
    const contactId = `contact-${n}`
    leads.pipe(leadEvents, leadKey(tenantId, contactId), { ...contact('Google Ads'), contactId })
    if (n < 25) leads.pipe(outcomes, leadKey(tenantId, contactId), won(`outcome-${n}`, start + 20 * DAY, '0', { contactId }))
  }
  const one = line()
  for (const told of leads.outputs(journeys)) one.pipe(journeys, tenantId, told)
  one.advance('75d')
  t.equal(evidence(finding(one, 'channel_analyzer', 'channel', 'paid_search'), 'converted'), '25')
  t.equal(finding(one, 'predictive_modeler', 'forecast'), undefined)
})

t.test('19 conversions are no forecast, and weeks that are uneven widen it', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 60, 0)
  one.advance('69d')
  campaign(one, 'paid_search', one.now - 20 * DAY, 19, 19, '600')
  one.advance('5m')
  t.equal(finding(one, 'predictive_modeler', 'forecast'), undefined)
  campaign(one, 'radio', one.now - 20 * DAY, 1, 1, '600')
  one.advance('5m')
  // 20 in one of 9 weeks: mean 20/9, variance (20 * 20 - 9 * (20/9)^2) / 8 = 44.44, by the mean 20
  t.equal(evidence(finding(one, 'predictive_modeler', 'forecast'), 'dispersion'), '20.00')
})

t.test('returns that cannot be told apart move no budget, and fewer than five conversions have no interval', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 60, 6, '1000')
  campaign(one, 'radio', start, 60, 5, '1000')
  campaign(one, 'events', start, 60, 4, '1000')
  for (const channel of ['paid_search', 'radio', 'events']) one.pipe(marketingSpend, tenantId, spent(channel, '2026-11-10', '1000'))
  one.advance('5m')
  t.strictSame(
    latest(one, 'roi_optimizer')?.findings.map(({ kind, subject }) => `${kind} ${subject}`),
    ['return paid_search', 'return radio'],
  )
  const events = finding(one, 'channel_analyzer', 'channel', 'events')
  t.strictSame([evidence(events, 'roas'), evidence(events, 'roas_low')], ['4.00', undefined])
})

t.test('only the first conversion of a lead counts in rates, each in revenue', async (t) => {
  let state = withJourney(emptyWindow(start), journey('touched', 1, ['radio'], start))
  state = withJourney(state, journey('converted', 1, ['radio'], start, { value: '10', conversionNo: 1 }))
  state = withJourney(state, journey('converted', 2, ['radio'], start, { value: '20', conversionNo: 2 }))
  t.match(figuresOf(state, start), { revenue: 3_000n, conversions: 2, channels: [{ channel: 'radio', converted: 1, leads: 1 }] })
})

t.test('a lead of a channel is worth more where the interval says so', async (t) => {
  const one = settled()
  t.match(finding(one, 'predictive_modeler', 'lead_worth', 'paid_search'), { reason: 'worth_more', value: '600.00' })
  t.equal(finding(one, 'predictive_modeler', 'lead_worth', 'radio'), undefined, 'no conversion, no interval')
})

t.test('a channel that has just begun is not worth less for it: leads of the last 30 days have had no time to convert', async (t) => {
  const touchedOn = (channel: string, at: number, count: number, ids: number) =>
    Array.from({ length: count }, (_, i) => journey('touched', ids + i, [channel], at))
  const wonOn = (channel: string, first: number, at: number, count: number, ids: number) =>
    Array.from({ length: count }, (_, i) =>
      journey('converted', ids + i, [channel], first, { at, value: '1000', conversionNo: 1, journeyId: `0-${channel}-${ids + i}` }),
    )
  const now = start + 75 * DAY
  const young = now - 15 * DAY
  // One lead in ten converts, within 45 days of its first touch: of the young ones a third of them so far.
  const told = [
    ...touchedOn('radio', start, 1000, 0),
    ...touchedOn('events', start, 1000, 2000),
    ...touchedOn('events', young, 1000, 4000),
    ...wonOn('radio', start, start + 40 * DAY, 100, 0),
    ...wonOn('events', start, start + 40 * DAY, 100, 2000),
    ...wonOn('events', young, now - DAY, 33, 4000),
  ]
  const state = told.reduce((so, one) => withJourney(so, one), trimmed(emptyWindow(start), now))
  const worth = forecastFindings(state, figuresOf(state, now), now).filter(({ kind }) => kind === 'lead_worth')
  // 100 conversions of 1,000 by 1,000 leads, in both.
  t.strictSame(
    worth.map(({ subject, reason, value, samples }) => [subject, reason, value, samples]),
    [
      ['events', 'worth_the_same', '100.00', 1000],
      ['radio', 'worth_the_same', '100.00', 1000],
    ],
  )
})

t.test('parts of one conversion that stand under several other channels are one amount, and no evidence of their own', async (t) => {
  const now = start + 75 * DAY
  const way = (channels: readonly string[], count: number, won: number, ids: number) => [
    ...Array.from({ length: count }, (_, i) => journey('touched', ids + i, channels.slice(0, 1), start - (channels.length - 1) * DAY)),
    ...(channels.length === 1 ? [] : Array.from({ length: count }, (_, i) => journey('touched', ids + i, channels, start))),
    ...Array.from({ length: won }, (_, i) =>
      journey('converted', ids + i, channels, start, { at: start + 20 * DAY, value: '1000', conversionNo: 1, journeyId: `0-${ids + i}` }),
    ),
  ]
  const told = [...way(['radio'], 60, 22, 0), ...way(['events', 'television'], 60, 5, 1000)]
  const state = told.reduce((so, one) => withJourney(so, one), trimmed(emptyWindow(start - 2 * DAY), now))
  const [radio] = forecastFindings(state, figuresOf(state, now), now).filter(({ subject }) => subject === 'radio')
  // 22,000 less 2.69 x 1,000 x sqrt(22), by 60 leads: 156. Of the others 5,000 and 2.69 x 1,000 x sqrt(5), by 60: 184; as ten halves it would be 154.
  t.match(radio, { kind: 'lead_worth', reason: 'worth_the_same', value: '366.67' })
  t.equal(evidence(radio, 'worth_low'), '156.37')
})

t.test('findings are published five minutes after a change and once a day, and again only when new or about to run out', async (t) => {
  const one = line()
  campaign(one, 'radio', start, 10, 0)
  t.strictSame(one.timers(tenantId), { publish: start + PUBLISH_AFTER_MS })
  one.advance('4m')
  one.pipe(journeys, tenantId, journey('touched', 77, ['radio'], start))
  t.strictSame(one.timers(tenantId), { publish: start + PUBLISH_AFTER_MS }, 'not moved by what comes meanwhile')
  one.advance('1m')
  t.equal(one.outputs(insights).length, 4)
  t.strictSame(
    one.outputs(insights).map(({ validUntil, at }) => validUntil - at),
    new Array(4).fill(VALID_MS),
  )
  one.restart()
  one.advance('1d')
  t.equal(one.outputs(insights).length, 4, 'nothing new and two days left')
  one.advance('1d')
  t.equal(one.outputs(insights).length, 8, 'a day left is less than a day and a half')
  t.ok(RENEW_MS > REFRESH_MS && VALID_MS > RENEW_MS + REFRESH_MS / 2)
})

t.test('what is told twice counts once; leads without a known touch are counted as not attributed', async (t) => {
  const one = line()
  campaign(one, 'paid_search', start, 60, 6)
  const again = journey('converted', idOf('paid_search', start, 0), ['paid_search'], start, {
    at: start + 20 * DAY,
    value: '1000',
    conversionNo: 1,
  })
  one.pipe(journeys, tenantId, again)
  one.pipe(journeys, tenantId, journey('converted', 'x1'.length + 500, [], start, { value: '70', conversionNo: 1 }))
  one.advance('5m')
  const models = finding(one, 'attribution_modeler', 'models')
  t.strictSame(
    ['revenue', 'unattributed', 'conversions'].map((name) => evidence(models, name)),
    ['6070.00', '70.00', '7'],
  )
})

t.test('how far channels are known is asked of all conversions alike, those without a worth among them', async (t) => {
  let state = emptyWindow(start)
  const won = (n: number, channels: readonly string[], value: string | null) => {
    state = withJourney(state, journey('converted', n, channels, start, { value, conversionNo: 1 }))
  }
  for (let n = 0; n < 10; n++) won(n, ['paid_search'], '1000')
  for (let n = 10; n < 40; n++) won(n, ['paid_search'], null)
  for (let n = 40; n < 50; n++) won(n, [], null)
  // 40 of 50 have a channel, and all of these are stated: .8 * .95
  t.equal(completenessOf(figuresOf(state, start)).toFixed(6), '0.760000')
})

t.test('after 90 days nothing is left: empty findings are published and the location is forgotten', async (t) => {
  const one = settled()
  one.advance('60d')
  t.equal(one.state(tenantId), undefined)
  t.strictSame(
    agents.map((agent) => latest(one, agent)?.findings),
    [[], [], [], []],
  )
  t.strictSame(one.timers(tenantId), {})
})

t.test('of more than 600 conversions a fair part is kept, each standing for as many; sums stay exact by day', async (t) => {
  let state = emptyWindow(start)
  for (let i = 0; i < 2_000; i++)
    state = withJourney(state, journey('converted', i, [i % 4 === 0 ? 'radio' : 'events'], start, { value: '10', conversionNo: 1 }))
  t.ok(state.conversions.length <= MAX_CONVERSIONS_KEPT)
  // 2,000 / 4 = 500 by chance; ids are spread evenly
  t.equal(state.sampleBits, 2)
  t.ok(Math.abs(state.conversions.length - 500) < 60, String(state.conversions.length))
  const figures = figuresOf(state, start)
  t.match(figures, { conversions: 2_000, revenue: 2_000_000n, scale: 4 })
  const radio = figures.channels.find(({ channel }) => channel === 'radio')
  t.ok(Math.abs(Number(radio?.credits.linear) - 500_000) < 100_000, String(radio?.credits.linear))
  t.equal(trimmed(state, start + 91 * DAY).sampleBits, 0)
})

t.test('the state stays within its bound, whatever comes', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.record({ n: fc.nat(5_000), day: fc.nat(400), kind: fc.constantFrom('touched', 'engaged', 'converted', 'odd') }), {
        maxLength: 300,
      }),
      (steps) => {
        let state = emptyWindow(start)
        let at = start
        for (const { n, day, kind } of steps) {
          at = Math.max(at, start + day * DAY)
          state = withJourney(
            trimmed(state, at),
            journey(kind, n, ['radio', 'events', 'referral'].slice(0, 1 + (n % 3)), start + day * DAY, { value: '5', conversionNo: 1 }),
          )
        }
        return (
          state.cohorts.length <= WINDOW_DAYS + 1 &&
          state.days.length <= WINDOW_DAYS + 1 &&
          state.conversions.length <= MAX_CONVERSIONS_KEPT
        )
      },
    ),
    { numRuns: 50 },
  ),
)

t.test('a full window is some 310 KB', async (t) => {
  let state = emptyWindow(start + 90 * DAY)
  const { touches } = journey('x', 0, new Array<string>(20).fill('radio'), start + 60 * DAY)
  for (let i = 0; i < MAX_CONVERSIONS_KEPT; i++) {
    const journeyId = `9f1c0f5e-5a1e-5b7e-8a77-${String(i).padStart(12, '0')}`
    const over = { journeyId, value: '12345.67', conversionNo: 1, touches }
    state = withJourney(state, journey('converted', i, [], start + 60 * DAY, over))
  }
  for (let i = 0; i < MAX_SPEND_ROWS; i++)
    state = withSpend(state, spent('radio', '2027-01-01', '1234.56', { campaign: `campaign number ${i}` })) as AttributionState
  const steps = Array.from({ length: 14 * 17 }, (_, index) => ({ from: index % 14, to: Math.floor(index / 14), count: 100 }))
  const cohorts = Array.from({ length: WINDOW_DAYS + 1 }, (_, day) => ({ day: 20_000 + day, steps }))
  const bytes = AttributionState.encode({ ...state, cohorts }).length
  t.ok(state.conversions.length === 600 && state.spend.length === 2_000)
  t.ok(bytes < 320_000, String(bytes))
})

t.test('names of campaigns that other programs write do not make the state larger, and stay apart', async (t) => {
  const named = (i: number) => `${'a long name of a campaign '.repeat(40)}${i}`
  let state = emptyWindow(start)
  for (let i = 0; i < MAX_SPEND_ROWS; i++)
    state = withSpend(state, spent('radio', '2026-11-10', '1234.56', { campaign: named(i) })) as AttributionState
  state = withSpend(state, spent('radio', '2026-11-10', '1', { campaign: named(7), statedAt: start + 1 })) as AttributionState
  t.equal(state.spend.length, 2_000)
  t.equal(state.spend.filter(({ cents }) => cents === '100').length, 1, 'the latest statement on each counts')
  const bytes = AttributionState.encode(state).length
  t.ok(bytes < 160_000, String(bytes))
  const kept = {
    channel: indexOfChannel('radio') ?? 0,
    campaign: named(1),
    day: dayOfText('2026-11-10') ?? 0,
    cents: '900',
    currency: 'USD',
  }
  const before = { ...emptyWindow(start), spend: [{ ...kept, statedAt: start }] }
  const after = withSpend(before, spent('radio', '2026-11-10', '2', { campaign: named(1), statedAt: start + 1 }))
  t.strictSame(
    after?.spend.map(({ cents }) => cents),
    ['200'],
    'also of what was kept under its whole name',
  )
  t.equal(withSpend(emptyWindow(start), spent('radio', '2026-11-10', '5', { currency: 'dollars'.repeat(1_000) })), undefined)
})

t.test('two locations do not know of each other, and the same records give the same bytes', async (t) => {
  const run = () => {
    const one = settled()
    one.pipe(journeys, 'location-2', journey('touched', 1, ['radio'], start + 75 * DAY, { tenantId: 'location-2' }))
    one.advance('5m')
    return one
  }
  const [a, b] = [run(), run()]
  t.strictSame(a.records(insights), b.records(insights))
  t.strictSame(
    a
      .outputs(insights)
      .filter((one) => one.tenantId === 'location-2')
      .map(({ findings }) => findings),
    [[], [], [], []],
  )
})
