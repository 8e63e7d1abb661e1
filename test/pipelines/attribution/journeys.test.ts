/** Stage `journeys`: what is a touch, what is told of a lead, once, and what an erasure leaves. */
import fc from 'fast-check'
import t from 'tap'
import { isMomentOnly } from '../../../cli/heldOnLead.ts'
import { channels, channelOfSession, channelOfSource } from '../../../pipelines/attribution/channels.ts'
import {
  CONVERSION_MEMORY_MS,
  MAX_CONVERSIONS,
  MAX_TOUCHES,
  isErasedOnly,
  journeys as stage,
} from '../../../pipelines/attribution/journeys.ts'
import { journeyHash } from '../../../pipelines/attribution/pseudonym.ts'
import { channelOfLink } from '../../../pipelines/attribution/touchOf.ts'
import { sourceName } from '../../../pipelines/sources/sourceName.ts'
import { drive } from '../../../runtime/driver.ts'
import type { LeadEvent, LeadTouches, Origin } from '../../../schemas/generated/records.ts'
import { tellStory } from '../../../simulate/leadStory.ts'
import { erasures, journeys, leadEvents, leadKey, outcomes } from '../../../topics/index.ts'
import { tenantRecord } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { DAY, HOUR, contact, event, start, tenantId, won, wrote } from './journeyRecords.ts'

const maria = leadKey(tenantId, 'maria')
const line = () => drive(stage, { at: start })
const told = (of: ReturnType<typeof line>) =>
  of.outputs(journeys).map(({ kind, touches }) => `${kind} ${touches.map(({ channel, basis }) => `${channel}:${basis}`).join(' ')}`)
const origin = (told: Partial<Origin>): Origin => ({
  ...{ sessionSource: null, source: null, medium: null, campaign: null, content: null, term: null, referrer: null, page: null },
  click: null,
  ...told,
})
const noReport = {
  ...{ workflowId: null, workflowName: null, contact: null, opportunityId: null, opportunityName: null, opportunityStatus: null },
  ...{ opportunityValue: null, pipelineId: null, pipelineName: null, stageName: null, appointmentId: null, appointmentTitle: null },
  ...{ appointmentStatus: null, appointmentStartsAt: null, appointmentEndsAt: null, messageDirection: null, messageText: null },
}
const erasure = (erasedAt: number) => ({ tenantId, contactId: 'maria', erasedAt, requestId: 'r1', requestedBy: 'ana' })

t.test('sources belong to one of fourteen channels, or to none where they say nothing of what brought the lead', async (t) => {
  t.equal(channels.length, 14)
  const of = (text: string) => channelOfSource(sourceName(text))
  t.strictSame(
    [
      'Google Ads',
      'facebook lead ad',
      'Zillow',
      'agent referral',
      'Open House',
      'TV',
      'billboard',
      'utm_source=google&utm_medium=organic',
    ].map(of),
    ['paid_search', 'social_media', 'referral', 'referral', 'events', 'television', 'outdoor', 'organic_search'],
  )
  t.strictSame(['unknown', 'phone call', 'text message', 'import', '', 'other'].map(of), new Array(6).fill(undefined))
  const stories = new Set(Array.from({ length: 200 }, (_, index) => tellStory(1, index).source))
  t.strictSame(
    [...stories].filter((source) => of(source) === undefined),
    [],
    'every source of the simulator has one',
  )
})

t.test('the medium of a link decides where it names a channel, else the source does', async (t) => {
  t.strictSame(
    [
      ['google', 'cpc'],
      ['facebook', 'cpc'],
      ['newsletter', 'email'],
      ['google', 'display'],
      ['google', 'organic'],
      ['partner', 'referral'],
      ['somebody', ''],
    ].map(([source = '', medium = '']) => channelOfLink(source, medium)),
    ['paid_search', 'social_media', 'email_marketing', 'display_ads', 'organic_search', 'referral', undefined],
  )
})

t.test('whatever stands in the address of a page that a lead came by, the journey goes on', async (t) => {
  const one = line()
  for (const [hours, word] of ['constructor', '__proto__', 'toString'].entries()) {
    const told = { createdAt: start, firstOrigin: origin({ source: word, medium: word }) }
    one.pipe(leadEvents, maria, contact(`?utm_source=${word}&utm_medium=${word}`, start + hours * HOUR, told))
  }
  one.pipe(leadEvents, maria, contact('Google Ads', start + 4 * HOUR, { createdAt: start }))
  t.match((one.state(maria) as LeadTouches).touches, [{ channel: 'paid_search' }])
})

t.test('the words of the platform for a visit, those that say nothing of a channel among them', async (t) => {
  t.strictSame(
    ['Paid Search', 'Paid Social', 'Organic Search', 'Direct traffic', 'Social media', 'Referral', ' referrals '].map(channelOfSession),
    ['paid_search', 'social_media', 'organic_search', 'direct_traffic', 'social_media', 'referral', 'referral'],
  )
  t.strictSame(['CRM UI', 'CRM Workflows', 'Third Party', 'Others', '', 'constructor'].map(channelOfSession), new Array(6).fill(undefined))
})

t.test('visits that the platform recorded are touches: the first when the contact began, the latest when it is news', async (t) => {
  const one = line()
  const firstOrigin = origin({ sessionSource: 'Paid Search', source: 'adwords', medium: 'form', campaign: 'austin', click: 'google' })
  const later = (at: number, lastOrigin: Origin) =>
    contact('Google Ads', at, { createdAt: start, firstOrigin, lastOrigin }, 'contact_updated')
  one.pipe(leadEvents, maria, contact('Google Ads', start, { createdAt: start }))
  one.pipe(leadEvents, maria, later(start + HOUR, origin({ sessionSource: 'CRM UI', medium: 'manual' })))
  one.pipe(leadEvents, maria, later(start + 3 * DAY, origin({ sessionSource: 'Organic Search' })))
  one.pipe(leadEvents, maria, later(start + 9 * DAY, origin({ sessionSource: 'Organic Search' })))
  one.pipe(leadEvents, maria, later(start + 10 * DAY, origin({ sessionSource: 'Social media', source: 'fb', medium: 'post' })))
  one.pipe(leadEvents, maria, later(start + 12 * DAY, origin({ sessionSource: 'Organic Search' })))
  const { touches } = one.state(maria) as LeadTouches
  t.strictSame(
    touches.map(({ channel, at, campaign, source }) => [channel, (at - start) / DAY, campaign, source]),
    [
      ['paid_search', 0, 'austin', 'google_ads'],
      ['organic_search', 3, null, 'organic_search'],
      ['social_media', 10, null, 'facebook'],
      ['organic_search', 12, null, 'organic_search'],
    ],
    'the stated source is the first visit, which names the campaign; a visit that is told again is none',
  )
  const click = line()
  click.pipe(leadEvents, maria, contact('', start, { firstOrigin: origin({ click: 'facebook' }) }))
  t.match(click.outputs(journeys)[0]?.touches, [{ channel: 'social_media', source: 'facebook', basis: 'utm' }])
})

t.test('a latest visit that is the first one is no visit of the day on which the contact is read', async (t) => {
  const one = line()
  const paid = origin({ sessionSource: 'Paid Search', campaign: 'austin' })
  const read = (days: number, lastOrigin: Origin, firstOrigin: Origin | null = paid) =>
    one.pipe(leadEvents, maria, contact('', start + days * DAY, { createdAt: start, firstOrigin, lastOrigin }, 'contact_updated'))
  read(20, paid)
  read(25, paid, null)
  read(30, origin({ sessionSource: 'Organic Search' }))
  read(35, paid)
  t.strictSame(
    (one.state(maria) as LeadTouches).touches.map(({ channel, at }) => [channel, (at - start) / DAY]),
    [
      ['paid_search', 0],
      ['organic_search', 30],
      ['paid_search', 35],
    ],
  )
})

t.test('two campaigns of one channel on one day are two visits, in either order', async (t) => {
  const visit = (campaign: string | null, at: number) =>
    contact('', at, { lastOrigin: origin({ sessionSource: 'Paid Search', campaign }) }, 'contact_updated')
  const of = (...visits: LeadEvent[]) => {
    const one = line()
    for (const each of visits) one.pipe(leadEvents, maria, each)
    return (one.state(maria) as LeadTouches).touches.map(({ campaign }) => campaign)
  }
  t.strictSame(of(visit('a', start), visit('b', start + HOUR)), ['a', 'b'])
  t.strictSame(of(visit('a', start), visit(null, start + HOUR)), ['a'])
  t.strictSame(of(visit(null, start), visit('a', start + HOUR)), ['a'])
  t.strictSame(of(visit(null, start), visit('a', start + DAY)), [null, 'a'], 'a day later it is another one')
})

t.test('a lead is told of when a channel touches it first, when it writes, and when it converts; never by its contact id', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, contact('Facebook Lead Ad'))
  one.pipe(leadEvents, maria, contact('Facebook Lead Ad', start + HOUR, {}, 'contact_updated'))
  one.pipe(leadEvents, maria, wrote('sms', start + 2 * HOUR))
  one.pipe(leadEvents, maria, wrote('live_chat', start + 3 * HOUR))
  one.pipe(leadEvents, maria, wrote('live_chat', start + 4 * HOUR))
  one.pipe(outcomes, maria, won('o1', start + 5 * DAY, '9000.5'))
  t.strictSame(told(one), [
    'touched social_media:stated',
    'engaged social_media:stated',
    'touched social_media:stated direct_traffic:message',
    'converted social_media:stated direct_traffic:message',
  ])
  const last = one.records(journeys).at(-1)
  t.equal(last?.key, tenantId, 'the key is the location')
  t.match(last?.value, { value: '9000.50', conversionNo: 1, firstTouchAt: start, touchCount: 2, leadHash: /^[0-9a-f]{16}$/ })
  t.strictSame(
    last?.value.touches.map((touch) => touch.stage),
    ['awareness', 'consideration'],
  )
  t.notMatch(JSON.stringify(one.outputs(journeys)), /maria/)
})

t.test('parameters of a link come by a workflow or a named field, and a click in an e-mail is a touch', async (t) => {
  const one = drive(stage, {
    at: start,
    tables: { tenants: [[tenantId, tenantRecord({ tenantId, customFieldNames: { f1: 'utm_source', f2: 'utm_campaign' } })]] },
  })
  one.pipe(leadEvents, maria, contact('website', start, { customFields: { f1: 'zillow', f2: 'Spring' } }))
  one.pipe(leadEvents, maria, contact('website', start + HOUR, { customFields: { f1: 'zillow' } }, 'contact_updated'))
  t.match(one.outputs(journeys)[0]?.touches, [{ channel: 'referral', source: 'zillow', campaign: 'Spring', basis: 'utm' }])
  const workflow = {
    ...noReport,
    customFields: {},
    customData: { 'UTM Source': 'google', 'UTM Medium': 'cpc', 'UTM Campaign': 'austin' },
  }
  one.pipe(leadEvents, maria, event('workflow_reported', { occurredAt: start + DAY, workflow }))
  const mail = { emailEventId: null, event: 'clicked', address: null, mailId: null, code: null, reason: null, permanent: false }
  one.pipe(leadEvents, maria, event('email_clicked', { occurredAt: start + 2 * DAY, emailEvent: mail }))
  one.pipe(leadEvents, maria, event('email_opened', { occurredAt: start + 3 * DAY, emailEvent: { ...mail, event: 'opened' } }))
  t.strictSame(told(one).at(-1), 'touched referral:utm paid_search:utm email_marketing:click')
  t.ok(one.outputs(journeys).length === 3, 'an opened e-mail may be a machine')
})

t.test('parameters that stand in the fields of a contact are a touch once: each report of a workflow carries them again', async (t) => {
  const one = drive(stage, {
    at: start,
    tables: { tenants: [[tenantId, tenantRecord({ tenantId, customFieldNames: { f1: 'utm_source', f2: 'utm_campaign' } })]] },
  })
  const report = (days: number, customFields: Record<string, string>, customData: Record<string, string> = {}) =>
    one.pipe(
      leadEvents,
      maria,
      event('workflow_reported', { occurredAt: start + days * DAY, workflow: { ...noReport, customFields, customData } }),
    )
  const fields = { 'UTM Source': 'zillow', utm_campaign: 'Spring' }
  one.pipe(leadEvents, maria, contact('website', start, { customFields: { f1: 'zillow', f2: 'Spring' } }))
  report(2, fields)
  report(4, fields)
  report(6, { ...fields, utm_campaign: 'Autumn' })
  report(8, { ...fields, utm_campaign: 'Autumn' })
  report(10, fields, { utm_source: 'zillow', utm_campaign: 'Autumn', utm_medium: '' })
  one.pipe(leadEvents, maria, contact('website', start + 12 * DAY, {}, 'contact_updated'))
  t.strictSame(
    (one.state(maria) as LeadTouches).touches.map(({ channel, at, campaign }) => [channel, (at - start) / DAY, campaign]),
    [
      ['referral', 0, 'Spring'],
      ['referral', 6, 'Autumn'],
      ['referral', 10, 'Autumn'],
    ],
    'other parameters are news, and what the author of a workflow hands on himself is told of this visit',
  )
})

t.test('parameters in the fields of a contact that is found late are of its beginning, as its source is', async (t) => {
  const of = (...events: LeadEvent[]) => {
    const one = drive(stage, {
      at: start,
      tables: { tenants: [[tenantId, tenantRecord({ tenantId, customFieldNames: { f1: 'utm_source' } })]] },
    })
    for (const each of events) one.pipe(leadEvents, maria, each)
    return (one.state(maria) as LeadTouches).touches.map(({ channel, at }) => [channel, (at - start) / DAY])
  }
  const found = contact('website', start + 80 * DAY, { createdAt: start, customFields: { f1: 'zillow' } })
  t.strictSame(of(found), [['referral', 0]], 'a sweep finds a contact that was changed 80 days after it was made')
  const report = { ...noReport, contact: found.contact, customFields: { utm_source: 'zillow' }, customData: {} }
  t.strictSame(of(event('workflow_reported', { occurredAt: start + 80 * DAY, workflow: report })), [['referral', 0]])
  t.strictSame(
    of(contact('Open House', start), event('workflow_reported', { occurredAt: start + 80 * DAY, workflow: report })),
    [
      ['events', 0],
      ['referral', 80],
    ],
    'what a contact that is known has not stated before is news',
  )
})

t.test('a source counts once, also where an older statement is told after a newer one', async (t) => {
  const one = line()
  const stated = (source: string, at: number) => contact(source, at, { createdAt: start }, 'contact_updated')
  one.pipe(leadEvents, maria, stated('Google Ads', start + 60_000))
  one.pipe(leadEvents, maria, stated('Zillow', start))
  one.pipe(leadEvents, maria, stated('Google Ads', start + 5 * DAY))
  one.pipe(leadEvents, maria, stated('Google Ads', start + 9 * DAY))
  one.pipe(leadEvents, maria, stated('Open House', start + 12 * DAY))
  t.strictSame(
    (one.state(maria) as LeadTouches).touches.map(({ channel, at }) => [channel, (at - start) / DAY]),
    [
      ['paid_search', 0],
      ['referral', 0],
      ['events', 12],
    ],
  )
})

t.test('a campaign whose name is cut within a character is the same visit when it is told again', async (t) => {
  const one = line()
  const visit = (at: number) =>
    contact('', at, { createdAt: start, lastOrigin: origin({ source: 'google', medium: 'cpc', campaign: `${'a'.repeat(59)}\u{1F3E1}` }) })
  one.pipe(leadEvents, maria, visit(start))
  one.restart()
  one.pipe(leadEvents, maria, visit(start + 3 * DAY))
  t.strictSame(
    (one.state(maria) as LeadTouches).touches.map(({ campaign }) => campaign),
    ['a'.repeat(59)],
  )
})

t.test('a lead that goes on writing is not forgotten, and so not told of as a new one', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, contact('Zillow', start))
  for (let month = 1; month <= 7; month++) {
    one.advance('30d')
    one.pipe(leadEvents, maria, wrote('sms', start + month * 30 * DAY))
  }
  one.pipe(leadEvents, maria, contact('Zillow', start + 211 * DAY, { createdAt: start }, 'contact_updated'))
  t.strictSame(told(one), ['touched referral:stated', 'engaged referral:stated'])
  one.pipe(erasures, maria, erasure(start + 212 * DAY))
  for (let month = 8; month <= 13; month++) {
    one.advance('30d')
    one.pipe(leadEvents, maria, event('note_added', { occurredAt: start + month * 30 * DAY }))
  }
  one.advance('10d')
  t.equal(one.state(maria), undefined, 'what an erasure leaves is not kept longer by what comes after it')
})

t.test('a touch after the first appointment or opportunity is of its stage, in whatever order they are told', async (t) => {
  const bid = { opportunityId: 'o1', pipelineId: null, stageId: null, status: 'open', name: null, monetaryValue: null, ownerId: null }
  const events = [
    contact('Zillow', start),
    event('opportunity_created', { occurredAt: start + 3 * DAY, opportunity: bid }),
    wrote('facebook', start + 5 * DAY),
    event('appointment_booked', { occurredAt: start + 8 * DAY }),
  ]
  const stagesOf = (order: readonly number[]) => {
    const one = line()
    for (const place of order) one.pipe(leadEvents, maria, events[place] as LeadEvent)
    one.pipe(outcomes, maria, won('o1', start + 9 * DAY))
    return one
      .outputs(journeys)
      .at(-1)
      ?.touches.map(({ stage }) => stage)
  }
  for (const order of [
    [0, 1, 2, 3],
    [0, 3, 1, 2],
    [0, 2, 3, 1],
    [3, 2, 1, 0],
  ])
    t.strictSame(stagesOf(order), ['awareness', 'conversion'], order.join(' '))
})

t.test('what says nothing of marketing keeps no state', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, contact(null))
  one.pipe(leadEvents, maria, event('note_added'))
  one.pipe(outcomes, maria, won('o1', start, null, { kind: 'reply' }))
  t.equal(one.state(maria), undefined)
  t.strictSame(one.drops, [])
})

t.test('a message that is told before the source counts as engagement of its channel', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, wrote('sms', start))
  t.strictSame(told(one), [])
  one.pipe(leadEvents, maria, contact('Zillow', start - HOUR))
  t.strictSame(told(one), ['touched referral:stated', 'engaged referral:stated'])
})

t.test('an opportunity that was won for 0 has no worth: that is what it holds before anybody states one', async (t) => {
  const worth = (value: string) => {
    const one = line()
    one.pipe(leadEvents, maria, contact('Zillow'))
    one.pipe(outcomes, maria, won('o1', start + DAY, value))
    const [told] = one.outputs(journeys).filter(({ kind }) => kind === 'converted')
    return [told?.value, told?.conversionNo]
  }
  t.strictSame(['0', '0.00', '-5', '0.01'].map(worth), [
    [null, 1],
    [null, 1],
    [null, 1],
    ['0.01', 1],
  ])
})

t.test('what a telephone or a mailbox writes by itself is no engagement and no touch', async (t) => {
  const one = line()
  const itself = (channel: string, text: string, at: number) => {
    const said = wrote(channel, at)
    one.pipe(leadEvents, maria, { ...said, message: said.message && { ...said.message, text } })
  }
  one.pipe(leadEvents, maria, contact('Google Ads'))
  itself('sms', "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.", start + HOUR)
  itself('facebook', 'Automatic reply: we are out of office', start + 2 * HOUR)
  t.strictSame(told(one), ['touched paid_search:stated'])
  itself('sms', 'Is it still available?', start + 3 * HOUR)
  t.strictSame(told(one), ['touched paid_search:stated', 'engaged paid_search:stated'])
})

t.test('a conversion counts once, however often and whenever it is told', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, contact('Zillow'))
  for (let i = 0; i < 3; i++) one.pipe(outcomes, maria, won('o1', start + DAY))
  one.restart()
  one.pipe(outcomes, maria, won('o1', start + DAY))
  one.pipe(outcomes, maria, won('o2', start + 2 * DAY, null))
  t.strictSame(
    one
      .outputs(journeys)
      .filter(({ kind }) => kind === 'converted')
      .map(({ value, conversionNo }) => [value, conversionNo]),
    [
      ['9000.00', 1],
      [null, 2],
    ],
  )
  t.strictSame(new Set(one.drops.map(({ reason }) => reason)), new Set(['conversion_known']))
  // When its id may have been forgotten, it is too old to be told again.
  one.advance('181d')
  one.pipe(outcomes, maria, won('o1', start + DAY - 1))
  t.equal(one.drops.at(-1)?.reason, 'conversion_too_old')
  t.equal(CONVERSION_MEMORY_MS, 180 * DAY)
})

t.test('touches more than 90 days before a conversion, and those after it, have no share in it', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, contact('Zillow', start - 91 * DAY))
  one.pipe(leadEvents, maria, wrote('facebook', start - 10 * DAY))
  one.pipe(leadEvents, maria, wrote('live_chat', start + DAY))
  one.pipe(outcomes, maria, won('o1', start))
  t.strictSame(
    one
      .outputs(journeys)
      .at(-1)
      ?.touches.map(({ channel }) => channel),
    ['social_media'],
  )
})

t.test('at most 20 touches are kept: the first of each channel and the latest others; at most 32 conversions are told', async (t) => {
  const one = line()
  one.pipe(leadEvents, maria, contact('Zillow', start))
  one.pipe(leadEvents, maria, wrote('gmb', start + DAY))
  for (let i = 2; i < 60; i++) one.pipe(leadEvents, maria, wrote(i % 2 === 0 ? 'facebook' : 'live_chat', start + i * 2 * DAY))
  const { touches, touchCount } = one.state(maria) as LeadTouches
  t.equal(MAX_TOUCHES, 20)
  t.equal(touches.length, 20)
  t.equal(touchCount, 60)
  t.strictSame([touches[0]?.at, touches[1]?.at, touches.at(-1)?.at], [start, start + DAY, start + 118 * DAY])
  t.equal(one.outputs(journeys).filter(({ kind }) => kind === 'touched').length, 4, 'a channel is told of once, kept or not')
  for (let i = 0; i < MAX_CONVERSIONS + 5; i++) one.pipe(outcomes, maria, won(`o${i}`, start))
  t.equal(one.outputs(journeys).filter(({ kind }) => kind === 'converted').length, 32)
  t.equal(one.drops.at(-1)?.reason, 'too_many_conversions')
})

t.test(
  'an erased lead leaves the moment and nothing else; nothing from before comes back, and what comes later has another pseudonym',
  async (t) => {
    const one = line()
    one.pipe(leadEvents, maria, contact('Zillow', start))
    one.pipe(outcomes, maria, won('o1', start))
    one.pipe(erasures, maria, erasure(start + HOUR))
    t.match(one.state(maria), { touches: [], conversions: [], statedSource: null, engagedAt: null, erasedAt: start + HOUR })
    t.ok(isErasedOnly(one.state(maria) as LeadTouches) && isMomentOnly({ entry: { state: one.state(maria) } }))
    t.notOk(isErasedOnly({ ...(one.state(maria) as LeadTouches), statedSource: 'zillow' }), 'the proof can fail')
    t.notOk(isMomentOnly({ entry: { state: { ...(one.state(maria) as LeadTouches), engagedAt: start } } }))
    t.match(one.outputs(journeys).at(-1), { kind: 'forgotten', leadHash: journeyHash(tenantId, 'maria', null), touches: [], value: null })
    const before = one.outputs(journeys).length
    one.pipe(leadEvents, maria, wrote('facebook', start + HOUR))
    one.pipe(outcomes, maria, won('o1', start))
    one.pipe(erasures, maria, erasure(start))
    t.equal(one.outputs(journeys).length, before)
    t.strictSame(
      one.drops.slice(-3).map(({ reason }) => reason),
      ['before_erasure', 'before_erasure', 'erased_already'],
    )
    one.pipe(leadEvents, maria, contact('Zillow', start + 2 * HOUR))
    t.not(one.outputs(journeys).at(-1)?.leadHash, one.outputs(journeys)[0]?.leadHash)
    one.pipe(erasures, maria, erasure(start + 3 * HOUR))
    one.pipe(erasures, maria, erasure(start + 4 * HOUR))
    t.strictSame(
      one.outputs(journeys).flatMap(({ kind, leadHash }) => (kind === 'forgotten' ? [leadHash] : [])),
      [journeyHash(tenantId, 'maria', null), journeyHash(tenantId, 'maria', start + HOUR)],
      'each life once, under its own pseudonym; nothing was told of the third',
    )
    t.not(journeyHash(tenantId, 'maria', null), journeyHash('location-2', 'maria', null))
  },
)

t.test('any events in any order keep the bounds, and tell each channel and each conversion once', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({
          what: fc.constantFrom('Zillow', 'google ads', 'facebook', 'live_chat', 'gmb', 'won', 'erase'),
          day: fc.nat({ max: 200 }),
          id: fc.nat({ max: 5 }),
        }),
        { maxLength: 60 },
      ),
      (steps) => {
        const one = line()
        for (const { what, day, id } of steps) {
          const at = start + day * DAY
          if (what === 'won') one.pipe(outcomes, maria, won(`o${id}`, at))
          else if (what === 'erase') one.pipe(erasures, maria, erasure(at))
          else if (what === 'Zillow' || what === 'google ads') one.pipe(leadEvents, maria, contact(what, at))
          else one.pipe(leadEvents, maria, wrote(what, at))
        }
        const state = one.state(maria) as LeadTouches | undefined
        const ids = one.outputs(journeys).map(({ journeyId }) => journeyId)
        return (state === undefined || state.touches.length <= MAX_TOUCHES) && new Set(ids).size === ids.length
      },
    ),
    { numRuns: 60 },
  ),
)
