/** The fence and the number of a location: where too many opt out of our texts, or too many do not arrive, no conversation is begun by text. */
import t from 'tap'
import { deliveryDefaults } from '../../delivery/settings.ts'
import type { LeadEvent } from '../../schemas/generated/records.ts'
import { leadEvents } from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, messageEvent, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { ledgerBench as bench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

/** One of 500 is too many. */
const settings = { limits: { ...deliveryDefaults.limits, optOutShare: 0.002, failureShare: 0.002 } }
const phoneOf = (place: number) => `+1212555010${place}`

async function write(
  b: LedgerBench,
  place: number,
  over: { priority?: number; channel?: string; templateId?: string; subject?: string } = {},
) {
  const contactId = `lead${place}`
  await b.lead({ contactId, phone: phoneOf(place), email: `lead${place}@example.com` })
  await b.plan({ contactId, decisionId: `d${place}`, priority: 3, expiresAt: b.clock.now() + 4 * DAY, ...over })
  await b.fresh()
  await b.worker({ settings }).cycle()
  return b.row(contactId)
}

/** A message of this lead, or one of ours as the platform tells it later. */
const told = (
  b: LedgerBench,
  place: number,
  over: Partial<LeadEvent>,
  message: Partial<NonNullable<LeadEvent['message']>>,
  text: string,
) => {
  const event = messageEvent({ contactId: `lead${place}`, occurredAt: b.clock.now(), receivedAt: b.clock.now(), ...over }, text)
  if (event.message === null) throw new TypeError('a message has a message')
  return b.put(leadEvents, [[`${tenantId}:lead${place}`, { ...event, message: { ...event.message, ...message } }]])
}

t.test('after an opt-out too many no text begins a conversation, for 7 days; e-mails and what is waited for leave', async (t) => {
  const b = await bench(t)
  t.match(await write(b, 1), { status: 'confirmed' })
  b.clock.advance(MINUTE)
  const stop = { status: 'revoked', at: b.clock.now(), expiresAt: null, eventId: 'stop', words: 'STOP' }
  await b.lead({ contactId: 'lead1', phone: phoneOf(1), version: 9, consents: { sms: stop, call: stop } })
  t.match(await write(b, 2), {
    status: 'deferred',
    gateId: 'contact_budget',
    ruleId: 'location_opt_outs',
    scheduledAt: b.clock.now() + HOUR,
    reason:
      'Of 1 text of ours in 7 days 1 ended in an opt-out; from 0.2 % of them, or of 500 where there are fewer, the location begins no conversation by text.',
  })
  t.match(await write(b, 3, { priority: 4 }), { status: 'confirmed' })
  t.match(await write(b, 4, { channel: 'email', templateId: 'first_touch.email', subject: 'Hello' }), { status: 'confirmed' })
  b.clock.advance(7 * DAY)
  t.match(await write(b, 5), { status: 'confirmed' })
})

t.test('an opt-out of a lead that got no text of ours is not counted', async (t) => {
  const b = await bench(t)
  const stop = { status: 'revoked', at: tuesdayNoon, expiresAt: null, eventId: 'stop', words: 'STOP' }
  await b.lead({ contactId: 'lead1', phone: phoneOf(1), consents: { sms: stop } })
  t.match(await write(b, 2), { status: 'confirmed' })
})

t.test('after texts too many that did not arrive none begins a conversation; one of somebody else is not ours', async (t) => {
  const b = await bench(t)
  const { messageId } = await write(b, 1)
  const ours = { direction: 'outbound', sender: 'api', status: 'failed' }
  await told(b, 1, { eventId: 'theirs', kind: 'message_outbound' }, { ...ours, messageId: 'theirs' }, 'from the office')
  t.match(await write(b, 2), { status: 'confirmed' })
  await told(b, 1, { eventId: 'failed', kind: 'message_outbound' }, { ...ours, messageId }, 'ours')
  t.match(await write(b, 3), {
    status: 'deferred',
    ruleId: 'location_failures',
    reason: /^Of 2 texts of ours in 7 days 1 did not arrive; /,
  })
})
