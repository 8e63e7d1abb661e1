/**
 * Lanes: what may take a permission back and urgent leads overtake, a location above its share lets others pass, nothing is
 * refused, and the shares hold for any arrivals on any clock.
 */
import fc from 'fast-check'
import t from 'tap'
import { TenantRates } from '../../api/tenantRates.ts'
import { WebhookLanes } from '../../api/webhookLanes.ts'
import { mayWithdraw, mayWithdrawByCallback } from '../../pipelines/enrich/withdrawal.ts'
import { readCallback } from '../../pipelines/ingest/translate/callback.ts'
import { leadKey } from '../../topics/index.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { assertProperty } from '../support/property.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'

const message = (text: string, contactId = 'maria') => ({
  type: 'InboundMessage',
  locationId: sandboxTenantId,
  contactId,
  messageType: 'SMS',
  messageId: `m-${text}`,
  body: text,
})

t.test('whatever may take a permission back is known for that', (t) => {
  for (const [type, body, expected] of [
    ['InboundMessage', message('STOP'), true],
    ['InboundMessage', message('please take me off your list'), true],
    ['InboundMessage', message('Arrêt'), true],
    ['InboundMessage', message('Could we stop by on Sunday?'), false],
    ['InboundMessage', message('What is the price?'), false],
    ['InboundMessage', { ...message('hello'), messageType: 'Email', subject: 'unsubscribe' }, true],
    ['InboundMessage', {}, false],
    ['InboundMessage', { ...message('hello'), status: 'opt_out' }, true],
    ['OutboundMessage', message('STOP'), false],
    ['OutboundMessage', { ...message('We have three houses.'), status: 'failed' }, false],
    ['OutboundMessage', { ...message('We have three houses.'), status: 'OPT_OUT' }, true],
    ['ContactDndUpdate', {}, true],
    ['ContactUpdate', { dnd: true }, true],
    ['ContactUpdate', { dnd: 'true' }, true],
    ['ContactUpdate', { dnd: false }, false],
    ['ContactUpdate', {}, false],
    ['ContactUpdate', { dnd: false, dndSettings: { SMS: { status: 'permanent' } } }, true],
    ['ContactCreate', { dndSettings: { SMS: { status: 'inactive' }, Email: { status: 'Active' } } }, true],
    ['ContactUpdate', { dndSettings: { SMS: { status: 'inactive' }, Call: null } }, false],
    ['ContactTagUpdate', { tags: ['hot'] }, false],
    ['ContactTagUpdate', { tags: ['hot'], dndSettings: { SMS: { status: 'permanent' } } }, true],
    ['VoiceAiCallEnd', { transcript: 'Human: please stop calling me' }, true],
    ['VoiceAiCallEnd', { summary: 'The lead asked for the price.' }, false],
    ['LCEmailStats', { webhookPayload: { event: 'unsubscribed' } }, true],
    ['LCEmailStats', { webhookPayload: { event: 'complained' } }, true],
    ['LCEmailStats', { webhookPayload: { event: 'opened' } }, false],
    ['LCEmailStats', { webhookPayload: 'opened' }, false],
    ['TaskCreate', { dnd: true }, false],
  ] as const)
    t.equal(mayWithdraw(type, body), expected, `${type} ${JSON.stringify(body)}`)
  const twilio = (form: Record<string, string>) =>
    mayWithdrawByCallback(readCallback('TwilioMessage', Buffer.from(new URLSearchParams(form).toString())).reading)
  t.equal(twilio({ MessageSid: 'SM1', SmsStatus: 'received', From: '+15125550142', Body: 'STOP' }), true)
  t.equal(twilio({ MessageSid: 'SM1', SmsStatus: 'received', From: '+15125550142', Body: 'fine', OptOutType: 'STOP' }), true)
  t.equal(twilio({ MessageSid: 'SM1', SmsStatus: 'received', From: '+15125550142', Body: 'fine' }), false)
  t.equal(twilio({ MessageSid: 'SM1', MessageStatus: 'delivered' }), false)
  const sendgrid = (event: string) =>
    mayWithdrawByCallback(readCallback('SendGridEvent', Buffer.from(JSON.stringify({ event, sg_event_id: 'e', email: 'a@b.com' }))).reading)
  t.strictSame(['unsubscribe', 'group_unsubscribe', 'spamreport', 'open', 'bounce', 'nonsense'].map(sendgrid), [
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  t.end()
})

t.test('each webhook is stored in its lane, and counted with the reason', async (t) => {
  const urgent = leadKey(sandboxTenantId, 'urgent')
  const api = await apiUnderTest({ urgentLeads: new Map([[urgent, {}]]), limits: { tenantPerSecond: 1 } })
  t.teardown(() => api.app.close())
  const texts = ['hello', 'STOP', ...Array.from({ length: 11 }, (_, index) => `and ${index}`)]
  for (const text of texts) t.equal((await api.post(JSON.stringify(message(text)))).statusCode, 202)
  for (const text of ['now', 'now?', 'now!']) t.equal((await api.post(JSON.stringify(message(text, 'urgent')))).statusCode, 202)
  t.strictSame(
    api.produced.map(({ topic }) => topic),
    [
      'ghl.webhooks',
      'ghl.webhooks.urgent',
      // Ten at once are within a share of one a second.
      ...Array<string>(9).fill('ghl.webhooks'),
      'ghl.webhooks.bulk',
      'ghl.webhooks.bulk',
      // A fifth of the share may be urgent: two at once. The third is one of many.
      'ghl.webhooks.urgent',
      'ghl.webhooks.urgent',
      'ghl.webhooks.bulk',
    ],
  )
  t.equal(await api.metric('lr_webhook_lane_total', { lane: 'urgent', reason: 'may_withdraw' }), 1)
  t.equal(await api.metric('lr_webhook_lane_total', { lane: 'urgent', reason: 'urgent_lead' }), 2)
  t.equal(await api.metric('lr_webhook_lane_total', { lane: 'normal', reason: 'within_share' }), 10)
  t.equal(await api.metric('lr_webhook_lane_total', { lane: 'bulk', reason: 'above_share' }), 3)
  t.match(
    api.logged.filter(({ reason }) => reason === 'above_share'),
    [{ locationId: sandboxTenantId, sharePerSecond: 1 }],
    'said once',
  )
  // A withdrawal is never one of many.
  await api.post(JSON.stringify(message('unsubscribe')))
  t.equal(api.produced.at(-1)?.topic, 'ghl.webhooks.urgent')
})

t.test('a location is above its share until it was within it for a minute; others do not notice', (t) => {
  const lanes = new WebhookLanes(undefined, 2)
  const place = (tenantId: string, now: number) => lanes.place({ tenantId, key: `${tenantId}:x` }, now)
  const burst = Array.from({ length: 11 }, () => place('loud', at))
  t.equal(burst.filter(({ lane }) => lane === 'normal').length, 10, 'of a small share ten at once')
  t.strictSame(burst.at(-1), { lane: 'bulk', reason: 'above_share', turned: true })
  t.strictSame(place('quiet', at), { lane: 'normal', reason: 'within_share', turned: false })
  // One a second is within the share, but it waits for what it has sent before.
  const after = Array.from({ length: 61 }, (_, second) => place('loud', at + (second + 1) * 1000))
  t.strictSame(
    after.slice(0, 59).map(({ lane }) => lane),
    Array<string>(59).fill('bulk'),
  )
  t.strictSame(after[59], { lane: 'normal', reason: 'within_share', turned: true })
  t.strictSame(after[60], { lane: 'normal', reason: 'within_share', turned: false })
  t.strictSame(place('', at), { lane: 'normal', reason: 'within_share', turned: false }, 'of no location')
  t.end()
})

t.test('two seconds of the share pass at once, ten webhooks at least, and of what is urgent a fifth of that', async (t) => {
  const atOnce = (share: number, part?: number) => {
    const rates = new TenantRates(share, part)
    return Array.from({ length: 300 }, () => rates.take('one', at).within).filter(Boolean).length
  }
  // 50 x 2 s, 4 x 2 s is below ten, 100 x 2 s; a fifth of 50 x 2 s, a fifth of ten.
  t.strictSame([atOnce(50), atOnce(4), atOnce(1), atOnce(100), atOnce(50, 1 / 5), atOnce(1, 1 / 5)], [100, 10, 10, 200, 20, 2])
})

t.test('whoever stays within its share always is; and nobody has more than his share and one burst, on any clock', async (t) => {
  const steps = fc.array(fc.record({ passedMs: fc.integer({ min: -5_000, max: 5_000 }), count: fc.nat(30) }), { maxLength: 60 })
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 200 }), steps, (perSecond, arrivals) => {
      const rates = new TenantRates(perSecond)
      let now = at
      let within = 0
      const taken: number[] = []
      for (const { passedMs, count } of arrivals) {
        now += passedMs
        for (let index = 0; index < count; index++) {
          taken.push(now)
          if (rates.take('one', now).within) within += 1
        }
      }
      const passed = taken.length === 0 ? 0 : Math.max(...taken) - (taken[0] ?? 0)
      const most = Math.max(perSecond * 2, 10) + (passed * perSecond) / 1000
      if (within > most) throw new Error(`${within} of at most ${most}`)
    }),
  )
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 200 }), fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 100 }), (perSecond, late) => {
      const rates = new TenantRates(perSecond)
      // One each 1/share s, each up to a second late: at most a second's worth at once.
      const times = late.map((delayMs, index) => at + Math.ceil((index * 1000) / perSecond) + delayMs).sort((a, b) => a - b)
      for (const now of times) if (!rates.take('one', now).within) throw new Error(`${now - at} ms is above the share`)
    }),
  )
})
