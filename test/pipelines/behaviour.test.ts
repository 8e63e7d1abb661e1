/** Behavioural triggers: each rule on both sides of its bounds, the likelihood against arithmetic, and what no order may change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { completedBy, dueBy, nextDue, withFired } from '../../pipelines/enrich/behaviour/engine.ts'
import type { Fired } from '../../pipelines/enrich/behaviour/engine.ts'
import {
  channelOf,
  confidenceOf,
  contactWindow,
  interestShares,
  likelihoodOf,
  trendOf,
} from '../../pipelines/enrich/behaviour/likelihood.ts'
import { localHour, weekendNight } from '../../pipelines/enrich/behaviour/localTime.ts'
import { observationOf, withObserved } from '../../pipelines/enrich/behaviour/observed.ts'
import { LATE_MS, rules } from '../../pipelines/enrich/behaviour/rules.ts'
import type { Rule, RuleId } from '../../pipelines/enrich/behaviour/rules.ts'
import { KEPT_EACH, interestWeights, signalNames, signals } from '../../pipelines/enrich/behaviour/signals.ts'
import type { SignalName } from '../../pipelines/enrich/behaviour/signals.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import { LeadProfile } from '../../schemas/generated/records.ts'
import type { LeadEvent, Observed } from '../../schemas/generated/records.ts'
import { assessments, leadEvents, leadKey, profiles, triggers, webhooks } from '../../topics/index.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

/** A Tuesday. */
const start = Date.parse('2026-11-03T15:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const tenantId = 'location-1'
const contactId = 'contact-1'
const maria = leadKey(tenantId, contactId)

const did = (signal: SignalName, at: number, subject: string | null = null, price: number | null = null): Observed => ({
  at: start + at,
  signal,
  subject,
  price,
})
const event = (kind: string, at: number, sections: Partial<LeadEvent>): LeadEvent => ({
  eventId: `${kind}-${at}-${JSON.stringify(sections).length}`,
  tenantId,
  contactId,
  kind,
  occurredAt: at,
  receivedAt: at,
  source: 'ghl_webhook',
  sourceId: 'source',
  rawType: kind,
  ...noSections,
  statedAt: null,
  ...sections,
})
const shows = ({ at, signal, subject, price }: Observed) => event('behaviour_observed', at, { behaviour: { signal, subject, price } })
const keptOf = (all: readonly Observed[]): readonly Observed[] => all.reduce<readonly Observed[]>(withObserved, [])

interface Told {
  readonly rule: string
  readonly anchor: number
}
/** The engine as the stage uses it: events as they arrive, then the clock until nothing is due. */
const told = (arrivals: readonly Observed[], { night = false, latest = true }: { night?: boolean; latest?: boolean } = {}): Told[] => {
  let seen: readonly Observed[] = []
  let fired: Fired = {}
  let now = 0
  const all: Told[] = []
  const take = (firings: ReturnType<typeof dueBy>) => {
    fired = withFired(fired, firings)
    all.push(...firings.map(({ rule, anchor }) => ({ rule: rule.id, anchor: anchor - start })))
  }
  const wait = (until: number) => {
    for (let due = nextDue(seen, fired, now); due !== undefined && due <= until; due = nextDue(seen, fired, now)) {
      now = Math.max(now, due)
      take(dueBy(seen, fired, now))
    }
    now = Math.max(now, until)
  }
  for (const one of arrivals) {
    wait(latest ? Math.max(now, one.at) : now)
    const before = seen
    seen = withObserved(seen, one)
    if (seen !== before) take(completedBy(one, seen, fired, now, () => night))
  }
  wait(now + 40 * DAY)
  return all
}
const firedRules = (arrivals: readonly Observed[], options: { night?: boolean } = {}) =>
  new Set(told(arrivals, options).map(({ rule }) => rule))

/** For every rule what completes it and what just does not. */
const cases: Readonly<Record<RuleId, { fires: readonly Observed[][]; not: readonly Observed[][]; night?: true }>> = {
  high_engagement_spike: {
    fires: [[0, 30, 60, 90, 120].map((at) => did('page_view', at * MINUTE))],
    not: [[0, 30, 60, 90].map((at) => did('page_view', at * MINUTE)), [0, 30, 60, 90, 121].map((at) => did('page_view', at * MINUTE))],
  },
  price_sensitivity: {
    fires: [
      [500, 500, 480, 440, 440].map((price, at) => did('property_view', at * DAY, null, price)),
      // Three views: the middle one is in both pairs.
      [500, 400, 300].map((price, at) => did('property_view', at * DAY, null, price)),
      // Only the last five count.
      [100, 500, 500, 480, 440, 440].map((price, at) => did('property_view', at * DAY, null, price)),
    ],
    not: [
      // 900 is 90 % of 1,000, not less.
      [500, 500, 480, 450, 450].map((price, at) => did('property_view', at * DAY, null, price)),
      [500, 100].map((price, at) => did('property_view', at * DAY, null, price)),
      [500, 500, 480, 440, 440].map((_, at) => did('property_view', at * DAY)),
    ],
  },
  decision_signals: {
    fires: [
      [did('calculator_usage', 0), did('property_view', HOUR), did('property_view', 2 * HOUR), did('property_view', DAY)],
      [did('favorites_action', 0), did('calculator_usage', DAY)],
    ],
    not: [
      [did('calculator_usage', 0), did('property_view', HOUR), did('property_view', 2 * HOUR)],
      [did('favorites_action', 0), did('calculator_usage', DAY + 1)],
      [did('favorites_action', 0), did('property_view', 1), did('property_view', 2), did('property_view', 3)],
    ],
  },
  abandonment: {
    fires: [
      [did('form_started', 0)],
      [did('tour_started', 0, 'tour-1'), did('tour_finished', HOUR, 'tour-2')],
      [did('application_started', 0), did('form_submitted', HOUR)],
    ],
    not: [
      [did('form_started', 0), did('form_submitted', DAY - 1)],
      [did('tour_started', 0, 'tour-1'), did('tour_finished', HOUR)],
      [did('form_interaction', 0)],
    ],
  },
  high_intent_viewing: {
    fires: [[did('property_view', 0, 'a'), did('property_view', 1, 'b'), did('property_view', HOUR, 'a'), did('property_view', DAY, 'a')]],
    not: [
      [did('property_view', 0, 'a'), did('property_view', HOUR, 'a'), did('property_view', DAY + 1, 'a')],
      [did('property_view', 0, 'a'), did('property_view', HOUR, 'a'), did('property_view', 2 * HOUR, 'b')],
      [did('property_view', 0), did('property_view', HOUR), did('property_view', 2 * HOUR)],
    ],
  },
  email_engaged: {
    fires: [
      [did('email_open', 0)],
      [did('email_open', 0), did('page_view', HOUR)],
      [did('sms_reply', 0), did('email_open', HOUR)],
      [did('email_open', 0, 'mail-1'), did('email_reply', 1), did('email_open', HOUR, 'mail-2')],
      [did('email_open', 0), did('email_reply', 1), did('email_open', HOUR)],
    ],
    not: [
      [did('email_open', 0), did('sms_reply', DAY - 1)],
      [did('email_click', 0)],
      // Read once more after it was answered.
      [did('email_open', 0, 'mail-1'), did('email_reply', 1), did('email_open', HOUR, 'mail-1')],
    ],
  },
  price_click_left: {
    fires: [[did('price_click', 0)], [did('price_click', 0), did('page_view', 5 * MINUTE + 1)]],
    not: [[did('price_click', 0), did('page_view', 5 * MINUTE - 1)], [did('calculator_usage', 0)]],
  },
  night_owl: {
    night: true,
    fires: [[did('page_view', 0), did('property_view', 2 * DAY)]],
    not: [[did('page_view', 0)], [did('page_view', 0), did('property_view', 2 * DAY + 1)], [did('page_view', 0), did('email_open', HOUR)]],
  },
  comparison_shopping: {
    fires: [['a', 'b', 'a', 'c'].map((id, at) => did('property_view', at * 40 * MINUTE, id))],
    not: [
      ['a', 'b', 'a'].map((id, at) => did('property_view', at * MINUTE, id)),
      ['a', 'b', 'c'].map((id, at) => did('property_view', at * 61 * MINUTE, id)),
    ],
  },
  churn_risk: {
    fires: [[did('scroll_behavior', 0)]],
    not: [],
  },
  hot_lead_signals: {
    fires: [[did('property_view', 0), did('email_open', HOUR), did('property_view', 4 * HOUR)]],
    not: [
      [did('property_view', 0), did('email_open', HOUR)],
      [did('property_view', 0), did('email_open', HOUR), did('document_download', 4 * HOUR + 1)],
      // An e-mail program that loads pictures three times is no hot lead.
      [did('email_open', 0), did('email_open', HOUR), did('email_open', 2 * HOUR)],
    ],
  },
}

t.test('P-38 every rule fires on its fixture, once, and not just below its bounds', async (t) => {
  t.strictSame(Object.keys(cases).sort(), rules.map(({ id }) => id).sort())
  for (const { id } of rules) {
    const { fires, not, night = false } = cases[id]
    for (const [index, arrivals] of fires.entries())
      t.equal(told(arrivals, { night }).filter(({ rule }) => rule === id).length, 1, `${id} fires on ${index}`)
    for (const [index, arrivals] of not.entries()) t.notOk(firedRules(arrivals, { night }).has(id), `${id} is silent on ${index}`)
  }
  t.notOk(firedRules(cases.night_owl.fires[0] ?? []).has('night_owl'), 'not by day')
})

t.test(
  'P-37 a producer exists for each: what completes a rule comes through webhooks, reports of workflows or mails, and fires it',
  async (t) => {
    // Saturday, 22:30 in Chicago.
    const night = Date.parse('2026-11-08T04:30:00Z')
    for (const { id } of rules) {
      const begins = id === 'night_owl' ? night : start
      const line = drive([ingest, enrich], { at: begins - DAY, tables: { tenants: [[tenantId, tenantRecord({ tenantId })]] } })
      let sent = 0
      const pipe = (origin: string, type: string, body: Record<string, unknown>) => {
        const bytes = Buffer.from(JSON.stringify({ timestamp: new Date(line.now).toISOString(), ...body }))
        line.pipe(webhooks, maria, {
          ...{
            receivedId: `r${++sent}`,
            tenantId,
            origin,
            scheme: 'ed25519',
            keyId: 'k',
            type,
            webhookId: origin === 'workflow' ? null : `w${sent}`,
          },
          ...{ contactId, batchIndex: 0, receivedAt: line.now, body: bytes },
        })
      }
      pipe('webhook', 'ContactCreate', {
        type: 'ContactCreate',
        locationId: tenantId,
        id: contactId,
        phone: '+15125550100',
        source: 'form',
      })
      line.advance('24h')
      const fixture = id === 'night_owl' ? [did('page_view', 0), did('property_view', HOUR)] : (cases[id].fires[0] ?? [])
      for (const [index, { at, signal, subject, price }] of fixture.entries()) {
        line.advance(`${Math.max(0, at - start - (line.now - begins))}ms`)
        const mail = { event: 'opened', id: `mail-event-${index}`, timestamp: line.now / 1000, recipient: 'maria@example.com' }
        if (signal === 'email_open')
          pipe('webhook', 'LCEmailStats', { type: 'LCEmailStats', locationId: tenantId, contactId, webhookPayload: mail })
        else
          pipe('workflow', 'WorkflowWebhook', {
            contact_id: contactId,
            location: { id: tenantId },
            customData: { rekindle_signal: signal, subject, price, idempotency_key: `view-${index}` },
          })
      }
      line.advance('9d')
      t.strictSame(line.deadLetters, [], id)
      t.ok(
        line.outputs(triggers).some(({ trigger }) => trigger === id),
        id,
      )
    }
  },
)

t.test('P-36 P-37 every signal has a source or is accepted, and every interest and rule has a signal', async (t) => {
  const used = new Set(
    rules
      .flatMap(({ condition }: Rule) =>
        condition.kind === 'within' ? condition.needs.flat() : condition.kind === 'absence' ? [{ of: condition.after }] : [condition],
      )
      .flatMap(({ of }) => (of === 'any' ? [] : of)),
  )
  for (const signal of used) t.ok(Object.hasOwn(signals, signal), signal)
  const interests = new Set(signalNames.map((name) => signals[name].interest))
  for (const interest of Object.keys(interestWeights)) t.ok(interests.has(interest as keyof typeof interestWeights), interest)
  for (const signal of signalNames)
    t.strictSame(observationOf(shows(did(signal, 0, 'x', 1))), did(signal, 0, 'x', 1), `${signal} is accepted`)
  t.equal(observationOf(shows({ ...did('page_view', 0), signal: 'property_views' })), undefined, 'a name that is not in the vocabulary')
  // A half would be another text once it was stored, and the same thing told again would count twice.
  const homes = `${'x'.repeat(63)}😀`
  t.equal(observationOf(shows(did('page_view', 0, homes)))?.subject, 'x'.repeat(63), 'no half of an emoji')
  const { virtual_tour_views: tours, ...others } = interestWeights
  t.equal(Math.round(100 * Object.values(others).reduce((sum, weight) => sum + weight, 0)), 100)
  t.equal(tours, 0.05)
})

t.test('what GoHighLevel tells shows what the lead did', async (t) => {
  const message = (channel: string, direction = 'inbound') =>
    observationOf(
      event('message_inbound', start, {
        message: {
          messageId: null,
          conversationId: null,
          channel,
          direction,
          sender: 'lead',
          subject: null,
          text: '',
          status: null,
          userId: null,
          callStatus: null,
          callDurationSeconds: null,
        },
      }),
    )?.signal
  t.strictSame(
    ['sms', 'whatsapp', 'rcs', 'email', 'call', 'voicemail', 'live_chat', 'facebook', 'instagram', 'gmb', 'internal_comment'].map(
      (channel) => message(channel),
    ),
    [
      'sms_reply',
      'sms_reply',
      'sms_reply',
      'email_reply',
      'phone_call',
      'phone_call',
      'chat_message',
      'chat_message',
      'chat_message',
      'chat_message',
      undefined,
    ],
  )
  t.equal(message('sms', 'outbound'), undefined, 'what we do is not what the lead does')
  const emailEvent = { emailEventId: null, event: 'opened', address: null, mailId: 'm1', code: null, reason: null, permanent: false }
  t.match(observationOf(event('email_opened', start, { emailEvent })), { signal: 'email_open', subject: 'm1' })
  t.match(observationOf(event('email_clicked', start, { emailEvent })), { signal: 'email_click', subject: 'm1' })
  t.equal(observationOf(event('email_delivered', start, { emailEvent })), undefined)
  const voiceCall = {
    callId: 'c',
    messageId: null,
    agentId: null,
    durationSeconds: 1,
    summary: null,
    transcript: null,
    trial: false,
    actions: [],
  }
  t.match(observationOf(event('voice_call_ended', start, { voiceCall })), { signal: 'phone_call' })
  t.equal(observationOf(event('voice_call_ended', start, { voiceCall: { ...voiceCall, trial: true } })), undefined)
  t.equal(observationOf(event('voice_call_ended', start, { voiceCall: { ...voiceCall, messageId: 'm' } })), undefined, 'told as a message')
  const appointment = {
    appointmentId: 'a',
    calendarId: null,
    status: 'confirmed',
    title: null,
    startsAt: null,
    endsAt: null,
    assignedUserId: null,
  }
  t.match(observationOf(event('appointment_booked', start, { appointment })), { signal: 'appointment_booked' })
  t.equal(observationOf(event('appointment_changed', start, { appointment })), undefined)
})

const times = (signal: SignalName, count: number, at = 0) => Array.from({ length: count }, (_, index) => did(signal, at + index))
const likelihoodAt = (seen: readonly Observed[], at: number) => likelihoodOf(interestShares(seen, start + at))
const near = (t: Test, found: number, wanted: number, what: string) =>
  t.ok(Math.abs(found - wanted) < 1e-9, `${what}: ${found} is ${wanted}`)

t.test('the likelihood is the formula of the reference', async (t) => {
  near(t, likelihoodAt([did('calculator_usage', 0)], 0), (250 * 0.25 * Math.log(2)) / 3, 'one fresh use of the pricing tool')
  near(t, likelihoodAt([did('calculator_usage', 0)], 72 * HOUR), (250 * 0.25 * Math.log(2)) / 3 / Math.E, 'a time constant later')
  near(t, likelihoodAt([did('calculator_usage', 0), did('email_open', 0)], 0), (250 * 0.3 * Math.log(2)) / 3, 'interests add up')
  near(t, likelihoodAt(times('email_open', 3), 2), (250 * 0.05 * Math.log(4)) / 3, 'three opens')
  near(t, likelihoodAt(times('sms_reply', KEPT_EACH), KEPT_EACH - 1), 250 * 0.02, 'the 20th saturates')
  t.ok(Math.log(1 + KEPT_EACH) / 3 > 1, 'so that more than 20 need not be kept')
  t.ok(Math.log(KEPT_EACH) / 3 < 1)
  t.equal(likelihoodAt([], 0), 0)
  t.equal(likelihoodAt([did('page_view', 1)], 0), 0, 'nothing is known of what is still to come')
  t.equal(
    likelihoodAt(
      (['calculator_usage', 'phone_call', 'neighborhood_view', 'market_report_view'] as const).flatMap((signal) => times(signal, 20)),
      19,
    ),
    100,
  )
})

t.test('the profiles of the reference (13.1) come to their levels', async (t) => {
  // Evenly over an hour, so that nothing rises or falls.
  const evenly = (signal: SignalName, count: number) =>
    Array.from({ length: count }, (_, index) => did(signal, count === 1 ? HOUR : Math.round((index * HOUR) / (count - 1))))
  const profileOf = (uses: Partial<Record<SignalName, number>>) =>
    likelihoodAt(
      Object.entries(uses).flatMap(([signal, count]) => evenly(signal as SignalName, count)),
      HOUR,
    )
  // High intent: 23 property views, 12 visits, 8 calculators, a search, a contact form, e-mails opened.
  const high = profileOf({ property_view: 23, page_view: 12, calculator_usage: 8, search_query: 1, form_submitted: 1, email_open: 10 })
  t.ok(high >= 80, `${high}: URGENT`)
  const medium = profileOf({ property_view: 8, page_view: 6, calculator_usage: 2, search_query: 1, email_open: 3 })
  t.ok(medium >= 20 && medium < 50, `${medium}: WARM`)
  const low = profileOf({ property_view: 1, page_view: 2, email_open: 1 })
  t.ok(low < 20, `${low}: COLD`)
})

t.test('an interest rises or falls by the halves of its time', async (t) => {
  t.equal(trendOf([0, 1, 2], 100), 'stable', 'fewer than four events')
  t.equal(trendOf([0, 1, 2, 100], 100), 'decreasing', '1 is less than half of 3')
  t.equal(trendOf([0, 40, 60, 100], 100), 'stable', '2 and 2')
  t.equal(trendOf([0, 10, 60, 70, 80], 100), 'stable', '3 is not more than 1.5 times 2')
  t.equal(trendOf([0, 10, 60, 70, 80, 90], 100), 'increasing', '4 is more than 3')
  t.equal(trendOf([0, 10, 20, 30, 60, 70], 100), 'stable', '2 is not less than half of 4')
})

t.test('confidence, channel and the hours to reach the lead', async (t) => {
  t.equal(confidenceOf([], start), 0)
  near(t, confidenceOf(interestShares([did('email_open', 0)], start), start), (0.2 + 1) / 2, 'one fresh interest')
  const two = interestShares([did('email_open', 0), did('page_view', 72 * HOUR)], start + 72 * HOUR)
  near(t, confidenceOf(two, start + 72 * HOUR), (0.4 + Math.exp(-0.5)) / 2, 'two, 36 hours old on average')
  t.equal(channelOf([]), 'sms')
  t.equal(channelOf([did('email_open', 0), did('sms_reply', 0)]), 'sms', '1.5 is more than 1')
  t.equal(channelOf([did('email_open', 0), did('email_open', 1), did('sms_reply', 0)]), 'email', '2 is more than 1.5')
  t.equal(channelOf([did('phone_call', 0), did('sms_reply', 0)]), 'call')
  const hours = (hour: number) => contactWindow([did('page_view', 0)], () => hour)
  t.strictSame(hours(14), { from: 13, to: 15 })
  t.strictSame(hours(9), { from: 9, to: 10 })
  t.strictSame(hours(18), { from: 17, to: 18 })
  t.strictSame(hours(22), { from: 12, to: 14 }, 'nothing of 21 to 23 is left')
  t.strictSame(
    contactWindow([], () => 14),
    { from: 12, to: 14 },
  )
  t.strictSame(contactWindow([did('page_view', 0)], undefined), { from: 12, to: 14 }, 'the zone is not known')
  t.equal(localHour(['America/Chicago'])?.(start), 9)
  t.equal(localHour(['America/Chicago', 'America/New_York']), undefined)
})

t.test('a weekend night is one in every zone that may apply', async (t) => {
  const night = (zones: string[], text: string) => weekendNight(zones)(Date.parse(text))
  t.ok(night(['America/Chicago'], '2026-11-08T04:00:00Z'), 'Saturday 22:00')
  t.notOk(night(['America/Chicago'], '2026-11-08T03:59:59Z'))
  t.ok(night(['America/Chicago'], '2026-11-08T07:59:59Z'), 'Sunday 01:59')
  t.notOk(night(['America/Chicago'], '2026-11-08T08:00:00Z'))
  t.notOk(night(['America/Chicago'], '2026-11-07T05:00:00Z'), 'Friday 23:00')
  t.notOk(night(['America/Chicago'], '2026-11-09T06:30:00Z'), 'Monday 00:30')
  t.ok(night(['America/New_York', 'America/Los_Angeles'], '2026-11-08T06:30:00Z'), 'Sunday 01:30 and Saturday 22:30')
  t.notOk(night(['America/New_York', 'America/Los_Angeles'], '2026-11-08T04:00:00Z'))
  t.notOk(night([], '2026-11-08T04:00:00Z'))
})

t.test('P-39 a rule rests for its cool-down and fires on new evidence after it', async (t) => {
  const spike = (at: number) => times('page_view', 5, at)
  const ofSpike = (arrivals: Observed[]) => told(arrivals).filter(({ rule }) => rule === 'high_engagement_spike')
  t.strictSame(
    ofSpike([...spike(0), ...spike(HOUR), ...spike(23 * HOUR)]).map(({ anchor }) => anchor),
    [4],
  )
  t.strictSame(
    ofSpike([...spike(0), ...spike(DAY + 4)]).map(({ anchor }) => anchor),
    [4, DAY + 8],
  )
})

t.test('what was completed more than a day ago is not told any more', async (t) => {
  const late = (byMs: number) => {
    const seen = times('page_view', 5)
    return completedBy(seen[0] as Observed, seen, {}, start + 4 + byMs, () => false).map(({ rule }) => rule.id)
  }
  t.strictSame(late(LATE_MS), ['high_engagement_spike'], 'the first to happen, the last to come')
  t.strictSame(late(LATE_MS + 1), [])
  const opened = [did('email_open', 0)]
  t.equal(dueBy(opened, {}, start + DAY - 1).length, 0)
  t.strictSame(
    dueBy(opened, {}, start + DAY).map(({ rule }) => rule.id),
    ['email_engaged'],
  )
  t.equal(dueBy(opened, {}, start + 2 * DAY + 1).length, 0)
})

const arrivals = fc.array(
  fc.record({
    at: fc.oneof(
      fc.integer({ min: 0, max: 20 }).map((n) => n * 15 * MINUTE),
      fc.integer({ min: 0, max: 40 }).map((n) => n * DAY),
    ),
    signal: fc.constantFrom(...signalNames),
    subject: fc.constantFrom('a', 'b', null),
    price: fc.constantFrom(100, 90, 80, null),
  }),
  { maxLength: 60 },
)
const anyArrivals = arrivals.chain((all) => {
  const events = all.map(({ at, signal, subject, price }) => did(signal, at, subject, price))
  return fc.shuffledSubarray([...events, ...events], { minLength: events.length })
})

t.test('in any order and with any duplicates no rule fires twice for the same, and cool-downs hold', async (t) =>
  assertProperty(
    t,
    fc.property(anyArrivals, fc.boolean(), fc.boolean(), (all, night, latest) => {
      const last = new Map<string, number>()
      for (const { rule, anchor } of told(all, { night, latest })) {
        const known = last.get(rule)
        const rest = rules.find(({ id }) => id === rule)?.cooldownMs ?? NaN
        if (known !== undefined && !(anchor - known >= rest)) return false
        last.set(rule, anchor)
      }
      return true
    }),
  ),
)

t.test('what is kept of a lead is the same in any order, and small', async (t) =>
  assertProperty(
    t,
    fc.property(arrivals, fc.infiniteStream(fc.nat()), (all, picks) => {
      const events = all.map(({ at, signal, subject, price }) => did(signal, at, subject, price))
      const rest = [...events, ...events]
      const shuffled: Observed[] = []
      while (rest.length > 0) shuffled.push(...rest.splice((picks.next().value ?? 0) % rest.length, 1))
      const kept = keptOf(events)
      const isSmall = signalNames.every((name) => kept.filter(({ signal }) => signal === name).length <= KEPT_EACH)
      return isSmall && JSON.stringify(keptOf(shuffled)) === JSON.stringify(kept)
    }),
  ),
)

t.test('of one signal the latest 20 within 30 days are kept', async (t) => {
  t.strictSame(keptOf(times('page_view', 25)), times('page_view', 25).slice(5))
  t.strictSame(keptOf([...times('page_view', 25)].reverse()), times('page_view', 25).slice(5))
  t.strictSame(keptOf([did('email_open', 0), did('page_view', 30 * DAY)]).length, 2)
  t.strictSame(keptOf([did('email_open', 0), did('page_view', 30 * DAY + 1)]), [did('page_view', 30 * DAY + 1)])
})

t.test('decay does not depend on the steps: any later moment is the formula of that moment', async (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 0, max: 500 * HOUR }), fc.integer({ min: 0, max: 500 * HOUR }), (first, second) => {
      const one = [did('calculator_usage', 0)]
      // exp(-(a + b)) = exp(-a) exp(-b), to the last digits of a double.
      const steps = (likelihoodAt(one, first) * likelihoodAt(one, second)) / likelihoodAt(one, 0)
      return Math.abs(likelihoodAt(one, first + second) - steps) <= 1e-12 * likelihoodAt(one, 0)
    }),
  ),
)

const line = () => drive(enrich, { at: start })
type Line = ReturnType<typeof line>
const tell = (on: Line, ...all: readonly Observed[]) => {
  for (const one of all) on.pipe(leadEvents, maria, shows(one))
}
const known = (on: Line) => on.pipe(leadEvents, maria, event('contact_created', start, {}))

t.test('a trigger leaves the fold that completes it, with its reason, what it rests on and how to reach the lead', async (t) => {
  const on = line()
  known(on)
  on.advance('5h')
  tell(
    on,
    did('property_view', 4 * HOUR, '12-oak-st', 450_000),
    did('property_view', 4 * HOUR + 2 * MINUTE, '12-oak-st', 450_000),
    did('property_view', 5 * HOUR, '12-oak-st', 450_000),
  )
  const { at, dueAt, ...trigger } = on.outputs(triggers).at(-1) ?? { at: 0, dueAt: 0 }
  t.match(trigger, {
    trigger: 'high_intent_viewing',
    priority: 9,
    severity: null,
    action: 'send_message',
    reason:
      '3 views of one property within 24 hours: property view of 12-oak-st for 450000 at 2026-11-03 19:00 UTC, property view of 12-oak-st for 450000 at 2026-11-03 19:02 UTC and property view of 12-oak-st for 450000 at 2026-11-03 20:00 UTC.',
    evidence: [{ subject: '12-oak-st', price: 450_000 }, {}, { at: start + 5 * HOUR }],
    outlook: { level: 'COLD', channel: 'sms', contactFrom: 12, contactTo: 14, keySignals: ['listing_views'] },
  })
  t.strictSame([at, dueAt], [start + 5 * HOUR, start + 5 * HOUR])
  t.equal(on.outputs(assessments).at(-1)?.reason, 'high_intent_viewing', 'and the agents are asked')
  const asked = on.outputs(assessments).length
  tell(on, ...['a', 'b', 'c'].map((id, n) => did('property_view', 5 * HOUR + n + 1, id)))
  t.ok(on.outputs(triggers).some(({ trigger: name }) => name === 'high_engagement_spike'))
  t.equal(on.outputs(assessments).length, asked, 'not again within 4 hours')
})

t.test('a rule that a message completes which takes a permission back is told, and nobody is asked what to write', async (t) => {
  const askedAfter = (text: string) => {
    const consent = { revocation: 'purpose', marketingNeeds: 'inquiry', written: null }
    const on = drive(enrich, { at: start, tables: { tenants: [[tenantId, tenantRecord({ tenantId, consent })]] } })
    known(on)
    on.advance('5h')
    tell(on, ...times('page_view', 4, 5 * HOUR))
    const said = { messageId: 'm', channel: 'sms', direction: 'inbound', sender: 'lead', subject: null, text }
    const nothing = { conversationId: null, status: null, userId: null, callStatus: null, callDurationSeconds: null }
    const before = on.outputs(assessments).length
    on.pipe(leadEvents, maria, event('message_inbound', start + 5 * HOUR + 9, { message: { ...said, ...nothing } }))
    t.equal(on.outputs(triggers).at(-1)?.trigger, 'high_engagement_spike', text)
    t.notOk((on.state(maria) as LeadProfile).consents['sms']?.status === 'revoked', 'the lead is open')
    return on.outputs(assessments).slice(before)
  }
  t.strictSame(askedAfter('no more ads'), [])
  t.equal(askedAfter('What is it worth?').length, 1)
})

t.test('absence fires by a timer that survives a restart, and any activity moves it', async (t) => {
  const on = line()
  known(on)
  tell(on, did('email_open', 0, 'mail-1'))
  t.equal(on.timers(maria)['behaviour'], start + DAY)
  on.restart()
  on.advance('24h')
  const trigger = on.outputs(triggers).find(({ trigger: name }) => name === 'email_engaged')
  t.match(trigger, {
    dueAt: start + DAY,
    reason:
      'An e-mail was opened and not answered for 24 hours: email open of mail-1 at 2026-11-03 15:00 UTC, nothing until 2026-11-04 15:00 UTC.',
  })
  t.equal(on.timers(maria)['behaviour'], start + 7 * DAY, 'then the lead may be about to leave')
  tell(on, did('page_view', DAY))
  t.equal(on.timers(maria)['behaviour'], start + 8 * DAY)
  on.advance('7d')
  t.equal(on.outputs(triggers).at(-1)?.trigger, 'churn_risk')
  t.equal(on.timers(maria)['behaviour'], undefined, 'nothing is waited for twice')
  t.ok((on.outputs(profiles).at(-1)?.behaviour?.likelihood ?? NaN) < 2, 'what was done has faded')
})

t.test('behaviour lifts the intent level and its decay lowers it again', async (t) => {
  const on = line()
  known(on)
  on.advance('1h')
  tell(
    on,
    ...times('calculator_usage', 8, HOUR - 40 * MINUTE),
    ...times('form_submitted', 2, HOUR - 30 * MINUTE),
    ...times('search_query', 3, HOUR - 20 * MINUTE),
  )
  const state = () => on.state(maria) as LeadProfile
  t.match(state(), { score: 0, level: 'HOT' }, 'it said nothing and did much')
  const change = on.outputs(triggers).filter(({ trigger }) => trigger === 'level_changed')
  t.strictSame(
    change.map(({ from, to }) => [from, to]),
    [
      ['COLD', 'WARM'],
      ['WARM', 'HOT'],
    ],
  )
  t.match(
    change[0]?.reason,
    /^Intent went from COLD to WARM with calculator usage at .*: its words score 0, its behaviour [\d.]+ of 100\.$/,
  )
  on.advance('3d')
  t.equal(state().level, 'WARM', 'three days of silence later')
})

t.test('nothing fires for leads that are gone, and a deletion takes what they did', async (t) => {
  const on = line()
  known(on)
  tell(on, did('email_open', 0))
  on.pipe(leadEvents, maria, event('contact_deleted', start + 1, {}))
  t.equal((on.state(maria) as LeadProfile).behaviour, null)
  t.strictSame(on.timers(maria), {})
  tell(on, did('page_view', 1))
  t.equal((on.state(maria) as LeadProfile).behaviour, null, 'nor does a late event bring it back')
  const before = on.outputs(triggers).length
  tell(on, ...times('page_view', 6, HOUR))
  t.equal(on.outputs(triggers).length, before)
})

t.test('every trigger has a reason', async (t) => {
  const on = line()
  known(on)
  on.pipe(
    leadEvents,
    maria,
    event('appointment_booked', start, {
      appointment: {
        appointmentId: 'a',
        calendarId: null,
        status: 'confirmed',
        title: null,
        startsAt: start + DAY,
        endsAt: null,
        assignedUserId: null,
      },
    }),
  )
  on.advance('31d')
  const all = on.outputs(triggers)
  t.strictSame(
    all.map(({ trigger, reason }) => [trigger, reason]),
    [
      ['new_lead', 'The lead became known with contact created at 2026-11-03 15:00 UTC.'],
      ['appointment_booked', 'An appointment was booked at 2026-11-03 15:00 UTC for 2026-11-04 15:00 UTC.'],
      ['silence_24h', '24 hours without a message in either direction since the lead became known at 2026-11-03 15:00 UTC.'],
      ['silence_48h', '48 hours without a message in either direction since the lead became known at 2026-11-03 15:00 UTC.'],
      ['silence_72h', '72 hours without a message in either direction since the lead became known at 2026-11-03 15:00 UTC.'],
      ['churn_risk', 'No activity for 7 days: appointment booked at 2026-11-03 15:00 UTC, nothing until 2026-11-10 15:00 UTC.'],
    ],
  )
})

t.test('through the stage any order and any duplicates fire nothing twice', async (t) =>
  assertProperty(
    t,
    fc.property(anyArrivals, fc.integer({ min: 1, max: 30 }), (all, hours) => {
      const on = line()
      known(on)
      for (const one of all) {
        on.pipe(leadEvents, maria, shows(one))
        on.advance(`${hours}h`)
      }
      on.advance('40d')
      const behavioural = new Set<string>(rules.map(({ id }) => id))
      const ids = on
        .outputs(triggers)
        .filter(({ trigger }) => behavioural.has(trigger))
        .map(({ triggerId }) => triggerId)
      return new Set(ids).size === ids.length
    }),
    { numRuns: 30 },
  ),
)

t.test('what is kept of the busiest lead stays small', async (t) => {
  const on = line()
  known(on)
  const busiest = signalNames.flatMap((signal, n) =>
    Array.from({ length: 30 }, (_, index) => did(signal, index * 60 + n, '12345678-1234-1234-1234-123456789012', 450_000)),
  )
  on.advance('1h')
  tell(on, ...busiest)
  const bytes = LeadProfile.encode(on.state(maria) as LeadProfile).length
  // Of these about 800 for the score of ten interests and its reasons.
  t.ok(bytes < 41_000, `${bytes} bytes with every signal full`)
  const usual = line()
  known(usual)
  usual.advance('1h')
  tell(usual, ...times('email_open', 5), ...times('sms_reply', 5), ...times('property_view', 10))
  const plain = LeadProfile.encode(usual.state(maria) as LeadProfile).length
  // Of these about 200 for the scores beside the composite.
  t.ok(plain < 1_200, `${plain} bytes with 20 observations`)
})

t.test('the page about triggers tells every rule, signal and weight as they are', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'triggers.md'), 'utf8')
  const rows = page.split('\n').map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  const has = (wanted: readonly string[]) =>
    t.ok(
      rows.some((row) => row.join('|') === wanted.join('|')),
      wanted.join(' | '),
    )
  for (const rule of rules as readonly Rule[])
    has([
      `\`${rule.id}\``,
      rule.words,
      [rule.severity, rule.priority].filter((part) => part !== null).join(', '),
      rule.action ?? '',
      rule.asks ? 'yes' : 'no',
      rule.cooldownMs === DAY ? '24 hours' : `${rule.cooldownMs / DAY} days`,
    ])
  for (const name of signalNames) has([`\`${name}\``, signals[name].interest ?? '', signals[name].source])
  for (const [interest, weight] of Object.entries(interestWeights)) has([interest, weight.toFixed(2)])
})
