/** Callbacks of Twilio and SendGrid through the driver: every sample, repetitions in any order, opt-outs, and what names nobody. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { readCallback } from '../../pipelines/ingest/translate/callback.ts'
import { sendgridDrops, sendgridEvents } from '../../pipelines/ingest/translate/sendgrid.ts'
import { twilioOptOutCodes, twilioStatuses } from '../../pipelines/ingest/translate/twilio.ts'
import type { DeliveryChanged, LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { deliveries, leadEvents, unrecognised } from '../../topics/index.ts'
import { sendgridEnvelopes, twilioEnvelope } from '../../api/callbackEnvelopes.ts'
import { deliveryRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { callback, callbackLine, callbackNames, contactId, envelopesOf, lead, pipe, target, tenantId, tenants } from './callbackSamples.ts'
import type { CallbackLine } from './callbackSamples.ts'
import { golden, receivedAt } from './ghlSamples.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'callbacks-golden')
const sid = 'SM1342fe1b2c904d1ab04f0fc7a58abca9'
const told = (line: CallbackLine) => ({
  events: line.outputs(leadEvents),
  keptRaw: line.outputs(unrecognised),
  tenants: [],
  realtors: [],
  deadLetters: line.deadLetters,
})
const profileOf = (line: CallbackLine) => line.state('enrich', lead) as LeadProfile
const piped = (...names: string[]) => {
  const line = callbackLine()
  for (const name of names) for (const envelope of envelopesOf(name)) pipe(line, envelope)
  return line
}
const form = (fields: Record<string, string>) => Buffer.from(new URLSearchParams({ MessageSid: sid, ...fields }).toString())
const pipeForm = (line: CallbackLine, fields: Record<string, string>) => pipe(line, twilioEnvelope(form(fields), target, tenants))
const pipeEvents = (line: CallbackLine, events: Record<string, unknown>[]) => {
  const owned = events.map((event) => ({ rekindle_tenant: tenantId, rekindle_contact: contactId, ...event }))
  for (const envelope of sendgridEnvelopes(Buffer.from(JSON.stringify(owned)), tenants)) pipe(line, envelope)
}
const kindsOf = (line: CallbackLine) => line.outputs(leadEvents).map(({ kind }) => kind)

t.test('every sample becomes what its golden file says', async (t) => {
  for (const name of callbackNames) {
    const file = join(folder, `${name.replace(/\.(form|json)$/, '')}.json`)
    const is = golden(told(piped(name)))
    if (!existsSync(file)) {
      t.fail(`${file} is missing; check this and store it: ${JSON.stringify(is)}`)
      continue
    }
    t.strictSame(is, JSON.parse(readFileSync(file, 'utf8')), name)
  }
  t.equal(readdirSync(folder).length, callbackNames.length, 'no golden file without a sample')
})

t.test('P-77: every status and event of the tables has its fate', async (t) => {
  const fate = (type: string, body: Buffer) => {
    const { reading } = readCallback(type, body)
    return 'raw' in reading ? reading.raw : `${reading.draft.kind} ${reading.draft.sections.message?.status ?? ''}`.trim()
  }
  const statuses = Object.keys(twilioStatuses).map((MessageStatus) => [MessageStatus, fate('TwilioMessage', form({ MessageStatus }))])
  const step = 'no_part_of_the_story'
  t.strictSame(Object.fromEntries(statuses), {
    received: 'message_inbound received',
    delivered: 'message_outbound delivered',
    read: 'message_outbound read',
    undelivered: 'message_outbound undelivered',
    failed: 'message_outbound failed',
    ...{ accepted: step, scheduled: step, queued: step, sending: step, sent: step, receiving: step, canceled: step },
  })
  const of = (event: Record<string, unknown>) => fate('SendGridEvent', Buffer.from(JSON.stringify({ sg_event_id: 'e', ...event })))
  t.strictSame(Object.fromEntries(Object.keys(sendgridEvents).map((event) => [event, of({ event })])), {
    delivered: 'email_delivered',
    open: 'email_opened',
    click: 'email_clicked',
    bounce: 'email_failed',
    dropped: 'email_failed',
    spamreport: 'email_complained',
    unsubscribe: 'email_unsubscribed',
    group_unsubscribe: 'email_unsubscribed',
    ...{ processed: step, deferred: step, group_resubscribe: step },
  })
  t.strictSame(Object.fromEntries(Object.keys(sendgridDrops).map((reason) => [reason, of({ event: 'dropped', reason })])), {
    'unsubscribed address': 'email_unsubscribed',
    'spam reporting address': 'email_complained',
    'bounced address': 'email_failed',
    invalid: 'email_failed',
  })
  t.equal(of({ event: 'opened' }), 'unknown_type', 'the word of SendGrid is "open"')
  t.equal(fate('TwilioMessage', form({ MessageStatus: 'partially_delivered' })), 'unknown_type')
  t.equal(fate('TwilioMessage', Buffer.from('MessageStatus=delivered')), 'unknown_type', 'a status of no message')
  t.equal(fate('TwilioMessage', form({ Body: 'no status' })), 'unknown_type')
  t.equal(fate('AnotherProvider', form({ MessageStatus: 'delivered' })), 'unknown_type')
  t.equal(fate('TwilioMessage', Buffer.from('Body=%FF')), 'callback_unreadable', 'bytes that are not UTF-8')
  for (const body of ['', '{', '[]', '[1]', 'null']) t.equal(fate('SendGridEvent', Buffer.from(body)), 'callback_unreadable')
})

t.test('an e-mail that did not arrive says so with code, reason and whether it is final', async (t) => {
  const of = (event: Record<string, unknown>) => {
    const line = callbackLine()
    pipeEvents(line, [{ timestamp: 1_513_299_569, email: 'A@Example.com', ...event }])
    return line.outputs(leadEvents)[0]
  }
  const bounced = of({ event: 'bounce', reason: '550 5.1.1 no such user', type: 'bounce', sg_message_id: 'm' })
  t.match(bounced, { occurredAt: 1_513_299_569_000, statedAt: null, source: 'sendgrid', rawType: 'SendGridEvent' })
  t.match(bounced?.emailEvent, { code: 550, permanent: true, reason: '550 5.1.1 no such user', address: 'a@example.com', mailId: 'm' })
  t.match(of({ event: 'bounce', reason: 'unable to get mx info', type: 'blocked' })?.emailEvent, { code: null, permanent: false })
  t.equal(of({ event: 'bounce', reason: '5000 is no reply code' })?.emailEvent?.code, null)
  t.equal(of({ event: 'bounce' })?.emailEvent?.permanent, true, 'one without a type is hard')
  t.equal(
    of({ event: 'dropped', reason: 'Spam Content' })?.emailEvent?.permanent,
    false,
    'a fault of the sender says nothing of the address',
  )
  t.match(of({ event: 'delivered', response: '250 OK', reason: 'x' })?.emailEvent, { code: 250, reason: null, permanent: false })
  t.match(of({ event: 'open', timestamp: receivedAt / 1000 + 3600 }), { occurredAt: receivedAt, statedAt: receivedAt + 3_600_000 })
  t.equal(of({ event: 'open', timestamp: undefined })?.occurredAt, receivedAt)
})

t.test('the word of the recipient closes the channel, also when only the carrier has heard it', async (t) => {
  const refused = (line: CallbackLine) =>
    Object.entries(profileOf(line).consents)
      .filter(([, { status }]) => status === 'revoked')
      .map(([channel]) => channel)
      .sort()
  t.strictSame(refused(piped('TwilioMessage.failed.optedOut.form')), ['sms'])
  t.strictSame(refused(piped('TwilioMessage.failed.form')), [], 'another failure is none')
  t.strictSame(refused(piped('TwilioMessage.inbound.stop.form')), ['call', 'email', 'sms'])
  t.strictSame(refused(piped('TwilioMessage.inbound.optOutType.form')), ['call', 'email', 'sms'], 'a word that no lexicon has')
  t.equal(permissionChange('Fertig'), undefined)
  t.strictSame(refused(piped('TwilioMessage.inbound.form')), [])
  for (const name of ['spamreport', 'unsubscribe', 'group_unsubscribe', 'dropped.unsubscribed', 'dropped.spamReport'])
    t.strictSame(refused(piped(`SendGridEvent.${name}.json`)), ['call', 'email', 'sms'], name)
  t.strictSame(refused(piped('SendGridEvent.unsubscribe.json', 'SendGridEvent.group_resubscribe.json')), ['call', 'email', 'sms'])
  t.strictSame([...twilioOptOutCodes], ['21610', '63014'])
  const line = callbackLine()
  pipeForm(line, { MessageStatus: 'undelivered', ErrorCode: '63014', To: 'whatsapp:+15125550142' })
  pipeForm(line, { MessageSid: 'SM2', MessageStatus: 'delivered', ErrorCode: '21610' })
  t.strictSame(refused(line), ['whatsapp'], 'a message that arrived was not refused')
})

t.test('an address says its channel', async (t) => {
  const channel = (To: string) => {
    const line = callbackLine()
    pipeForm(line, { MessageStatus: 'delivered', To })
    return line.outputs(leadEvents)[0]?.message?.channel
  }
  t.strictSame(['+15125550142', 'whatsapp:+1', 'messenger:1', 'rcs:x', 'smoke:1', ''].map(channel), [
    'sms',
    'whatsapp',
    'facebook',
    'rcs',
    'other',
    'sms',
  ])
})

t.test('an event that comes again is one, wherever it stands in its list; a later status of a message is no second message', async (t) => {
  const line = callbackLine()
  const [a, b] = [
    { event: 'open', sg_event_id: 'a' },
    { event: 'click', sg_event_id: 'b' },
  ]
  pipeEvents(line, [a, b])
  pipeEvents(line, [b, a])
  pipeEvents(line, [b])
  t.strictSame(kindsOf(line), ['email_opened', 'email_clicked'])
  pipeEvents(line, [{ event: 'open', n: 1 }])
  pipeEvents(line, [{ event: 'open', n: 1 }])
  t.equal(kindsOf(line).length, 3, 'without an id the same bytes are the same event')
  pipeForm(line, { MessageStatus: 'delivered' })
  pipeForm(line, { MessageStatus: 'delivered', RawDlrDoneDate: '2611031200' })
  pipeForm(line, { MessageStatus: 'read' })
  t.equal(kindsOf(line).length, 4)
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    [...Array.from({ length: 5 }, () => 'duplicate_callback'), 'duplicate_message'],
  )
  line.advance('169h')
  pipeForm(line, { MessageStatus: 'failed' })
  t.equal(profileOf(line).counters.outbound, 1)
})

t.test('any repetitions in any order tell the same events and leave the same permissions', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.constantFrom(...callbackNames), { minLength: 1, maxLength: 25 }),
      fc.infiniteStream(fc.nat()),
      (names, draws) => {
        // One of each at least, so that "delivered" and "read" of one message meet.
        const disturbed = [...names, ...names].map((name) => [draws.next().value as number, name] as const).sort(([x], [y]) => x - y)
        const summary = (line: CallbackLine) => ({
          kinds: line
            .outputs(leadEvents)
            .map(({ kind, emailEvent, message }) =>
              [kind, emailEvent?.emailEventId ?? message?.messageId, message?.status === 'opt_out'].join(),
            )
            .sort(),
          refused: Object.entries(profileOf(line)?.consents ?? {}).map(([channel, { status }]) => `${channel} ${status}`),
          dead: line.deadLetters.length,
        })
        const whole = summary(piped(...new Set(names)))
        const again = summary(piped(...disturbed.map(([, name]) => name)))
        return JSON.stringify({ ...whole, refused: whole.refused.sort() }) === JSON.stringify({ ...again, refused: again.refused.sort() })
      },
    ),
  ),
)

t.test('a message of our own is told once: what arrived is its echo, what did not is a failure of ours', async (t) => {
  const delivery = (changes: Partial<DeliveryChanged> = {}) =>
    deliveryRecord({ tenantId, contactId, messageId: sid, at: receivedAt, ...changes })
  const line = callbackLine()
  line.pipe(deliveries, lead, delivery())
  pipeForm(line, { MessageStatus: 'delivered' })
  t.match(line.drops, [{ reason: 'echo_of_own_message' }])
  pipeForm(line, { MessageStatus: 'undelivered', ErrorCode: '30005' })
  t.match(line.outputs(leadEvents)[1], { kind: 'message_outbound', message: { sender: 'rekindle', status: 'undelivered' } })
  const early = callbackLine()
  pipeForm(early, { MessageStatus: 'delivered' })
  early.pipe(deliveries, lead, delivery())
  for (const { counters, outboundBySender } of [profileOf(line), profileOf(early)])
    t.match({ counters, outboundBySender }, { counters: { outbound: 1, outboundOwn: 1 }, outboundBySender: { rekindle: 1 } })
})

t.test('what names no lead of ours stays raw, with why; a tenant that is gone has none', async (t) => {
  const line = callbackLine()
  const body = form({ MessageStatus: 'delivered' })
  for (const query of [
    '',
    '?rekindle_contact=c',
    '?rekindle_tenant=gone&rekindle_contact=c',
    '?rekindle_tenant=never',
    `?rekindle_tenant=${tenantId}`,
  ])
    pipe(line, twilioEnvelope(body, `/webhooks/twilio${query}`, tenants))
  t.strictSame(
    line.outputs(unrecognised).map(({ reason, tenantId: of, rawType, shape, webhookId }) => [reason, of, rawType, shape, webhookId]),
    [
      ['tenant_not_named', '', 'delivered', 'TwilioMessage', `${sid}:delivered`],
      ['tenant_not_named', '', 'delivered', 'TwilioMessage', `${sid}:delivered`],
      ['tenant_not_installed', 'gone', 'delivered', 'TwilioMessage', `${sid}:delivered`],
      ['tenant_not_installed', 'never', 'delivered', 'TwilioMessage', `${sid}:delivered`],
      ['contact_not_named', tenantId, 'delivered', 'TwilioMessage', `${sid}:delivered`],
    ],
  )
  t.ok(line.outputs(unrecognised).every((raw) => raw.body.equals(body)))
  t.equal(line.outputs(leadEvents).length, 0)
  const stop = twilioEnvelope(callback('TwilioMessage.inbound.stop.form'), `/webhooks/twilio?rekindle_tenant=${tenantId}`, tenants)
  pipe(line, stop)
  t.equal(line.outputs(unrecognised).at(-1)?.reason, 'contact_not_named')
  // Whoever has looked the contact up writes the same bytes again.
  pipe(line, { ...stop, contactId }, lead)
  t.match(line.outputs(leadEvents), [{ kind: 'message_inbound', contactId, source: 'twilio', message: { text: 'STOP' } }])
  pipe(line, envelopesOf('TwilioMessage.delivered.form')[0] as never, 'another:lead')
  t.match(line.deadLetters, [{ code: 'E_WEBHOOK_KEY_DIFFERS', detail: { expected: lead } }], 'only a writer of ours can be at fault')
})

t.test('a flood of callbacks of nobody trips no fuse and pushes nothing out of a memory', async (t) => {
  const line = callbackLine()
  pipeForm(line, { MessageStatus: 'delivered' })
  const memory = JSON.stringify(line.state('ingest', lead))
  for (let i = 0; i < 2000; i++) {
    pipe(line, twilioEnvelope(Buffer.from(`MessageSid=SM${i}&Body=%FF`), '/webhooks/twilio', tenants))
    pipe(line, twilioEnvelope(Buffer.from(`\u0000${i}`), target, tenants))
  }
  t.equal(line.outputs(unrecognised).length, 4000)
  t.strictSame([line.deadLetters.length, line.state('ingest', 'unattributed')], [0, undefined])
  t.equal(JSON.stringify(line.state('ingest', lead)), memory)
  pipeForm(line, { MessageStatus: 'delivered' })
  t.match(line.drops, [{ reason: 'duplicate_callback' }])
})

t.test('the ids of one event are the same on every run', async (t) => {
  const ids = () =>
    piped('TwilioMessage.delivered.form', 'SendGridEvent.open.json')
      .outputs(leadEvents)
      .map(({ eventId }: LeadEvent) => eventId)
  t.strictSame(ids(), ids())
  t.equal(new Set(ids()).size, 2)
})
