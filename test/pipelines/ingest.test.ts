/** Ingest through the driver: every covered sample, dedupe, attribution of senders, bad input. Bodies are real shapes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { ingestErrors } from '../../pipelines/ingest/errors.ts'
import { phoneOf } from '../../pipelines/ingest/fields.ts'
import { htmlToText, withoutQuotation } from '../../pipelines/ingest/plainText.ts'
import { readCallback } from '../../pipelines/ingest/translate/callback.ts'
import { messageFieldsOf } from '../../pipelines/ingest/translate/message.ts'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { contactIdOf, tenantIdOf } from '../../pipelines/ingest/subject.ts'
import { translatedTypes } from '../../pipelines/ingest/translate/catalogue.ts'
import { drive } from '../../runtime/driver.ts'
import type { DeliveryChanged, LeadEvent, LeadProfile, WebhookReceived } from '../../schemas/generated/records.ts'
import { deliveries, leadEvents, leadKey, unrecognised, webhooks } from '../../topics/index.ts'
import { deliveryRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

type Body = Record<string, unknown>

const noon = Date.parse('2026-11-03T12:00:00Z')
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'ghl')
const sample = (name: string) => JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')) as Body
let count = 0

/** Adds what the gateway adds. */
const delivered = (body: Body, changes: Body = {}): Body => ({
  ...body,
  appId: '5a6d0b0c5a6d0b0c5a6d0b0c',
  versionId: '5a6d0b0c5a6d0b0c5a6d0b0c',
  timestamp: '2026-11-03T11:59:58.000Z',
  webhookId: `webhook-${++count}`,
  ...changes,
})

const received = (body: Body | Buffer, changes: Partial<WebhookReceived> = {}): WebhookReceived => {
  const json = Buffer.isBuffer(body) ? {} : body
  return {
    receivedId: `received-${++count}`,
    tenantId: tenantIdOf(json) ?? '',
    origin: 'webhook',
    scheme: 'ed25519',
    keyId: 'sandbox',
    type: typeof json['type'] === 'string' ? json['type'] : '',
    webhookId: typeof json['webhookId'] === 'string' ? json['webhookId'] : null,
    contactId: contactIdOf(json),
    batchIndex: 0,
    receivedAt: noon,
    body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
    ...changes,
  }
}

const lineAtNoon = () => drive(ingest, { at: noon })
type Line = ReturnType<typeof lineAtNoon>

const pipe = (line: Line, body: Body, changes: Partial<WebhookReceived> = {}) =>
  line.pipe(webhooks, leadKey(tenantIdOf(body) ?? '', contactIdOf(body) ?? ''), received(body, { receivedAt: line.now, ...changes }))

const translated = (body: Body): LeadEvent => {
  const line = lineAtNoon()
  pipe(line, body)
  const [event] = line.outputs(leadEvents)
  if (event === undefined) throw new Error(`no event: ${JSON.stringify([line.drops, line.deadLetters, line.outputs(unrecognised).length])}`)
  return event
}

const tenant = 'l1C08ntBrFjLS0elLIYU'
const lead = 'cI08i1Bls3iTB9bKgFJh'
const key = leadKey(tenant, lead)

const delivery = (changes: Partial<DeliveryChanged> = {}) =>
  deliveryRecord({ deliveryId: `delivery-${++count}`, tenantId: tenant, contactId: lead, at: noon, ...changes })

const outbound = (changes: Body) => delivered(sample('OutboundMessage'), { messageId: `message-${++count}`, ...changes })

t.test('an event has the one section that its kind is about', async (t) => {
  for (const type of translatedTypes) {
    const { contact, message, appointment, opportunity, note, task, conversation, emailEvent, voiceCall, workflow, delivery } = translated(
      delivered({ contactId: lead, ...sample(type), type }),
    )
    const sections = [contact, message, appointment, opportunity, note, task, conversation, emailEvent, voiceCall, workflow, delivery]
    t.equal(sections.filter((section) => section !== null).length, 1, type)
  }
})

t.test('a contact states what the body states and nothing else', async (t) => {
  t.strictSame(translated(delivered(sample('ContactDndUpdate'))).contact, {
    firstName: 'John',
    lastName: 'Deo',
    name: 'John Deo',
    email: 'john.deo@example.com',
    phone: '+12025550100',
    companyName: 'Loram ipsum',
    city: 'ruDolomitebika',
    state: 'AL',
    postalCode: '452001',
    country: 'DE',
    timeZone: null,
    source: 'xyz form',
    ownerId: 'nmFmQEsNgz6AVpgLVUJ0',
    tags: ['id magna sed Lorem', 'Duis dolor commodo aliqua'],
    dnd: true,
    dndChannels: { sms: 'inactive', call: 'inactive', email: 'active', gmb: 'active', facebook: 'active', whatsapp: 'active' },
    inboundDnd: 'active',
    createdAt: Date.parse('2021-11-26T12:41:02.193Z'),
    customFields: { BcdmQEsNgz6AVpgLVUJ0: 'XYZ Corp' },
    firstOrigin: null,
    lastOrigin: null,
  })
  const sparse = translated(sample('ContactUpdate.delivered'))
  t.match(sparse.contact, {
    firstName: 'Jane',
    email: 'jane@example.com',
    phone: null,
    tags: null,
    dnd: null,
    dndChannels: null,
    customFields: null,
  })
  t.equal(sparse.occurredAt, Date.parse('2025-08-26T11:38:13.699Z'))
  t.equal(sparse.sourceId, '8656d90d-416a-459e-93b6-6a6297811592')
  const odd = translated(
    delivered({
      ...sample('ContactCreate'),
      timezone: 'America/Chicago',
      phone: '(202) 555-0100',
      country: 'us',
      dnd: 'false',
      tags: ['a', 7, null, 'a'],
      customFields: [
        { id: 'list', value: ['x', 2, null] },
        { id: 'object', value: { a: 1 } },
        { id: 'flag', value: true },
        { id: 'none', value: null },
        { id: '__proto__', value: 'x' },
        { id: 'empty', value: [] },
        5,
      ],
    }),
  )
  t.match(odd.contact, {
    timeZone: 'America/Chicago',
    phone: '+12025550100',
    country: 'US',
    dnd: false,
    tags: ['a', '7'],
    customFields: { list: 'x, 2', object: '{"a":1}', flag: 'true' },
  })
  t.strictSame(Object.keys(odd.contact?.customFields ?? {}), ['list', 'object', 'flag'])
  const strange = translated(
    delivered({
      ...sample('ContactDndUpdate'),
      timezone: 'EST5',
      phone: 'call me',
      customFields: [],
      dndSettings: { RCS: { status: 'permanent' }, Pigeon: { status: 'active' }, SMS: 'active' },
      inboundDndSettings: null,
    }),
  )
  t.match(strange.contact, {
    timeZone: null,
    phone: 'call me',
    customFields: null,
    dndChannels: { rcs: 'permanent', sms: 'active' },
    inboundDnd: null,
  })
})

t.test('tags are a list or one text; what cannot be read takes none off the lead', async (t) => {
  const tagsAfter = (tags: unknown) => translated(delivered({ ...sample('ContactTagUpdate'), tags })).contact?.tags
  t.strictSame(tagsAfter(['a', 'AI-Off']), ['a', 'AI-Off'])
  t.strictSame(tagsAfter('a, AI-Off'), ['a', 'AI-Off'])
  for (const none of [[], '', ' ', null, undefined]) t.strictSame(tagsAfter(none), [], 'the last tag was taken off')
  for (const odd of [{ 0: 'a' }, [{ name: 'a' }], 7, true]) t.equal(tagsAfter(odd), null, JSON.stringify(odd))
})

t.test('a number is E.164 where it has the length of one, else it stays as it was sent', async (t) => {
  const phone = (text: string, country: string | null = null) => phoneOf({ phone: text }, 'phone', country)
  t.strictSame(
    ['512.555.0101', '15125550101', '+1 (512) 555-0101 ext 5', 'tel:+15125550101', '011 44 20 7946 0958'].map((text) => phone(text)),
    ['+15125550101', '+15125550101', '+15125550101', '+15125550101', '+442079460958'],
  )
  t.equal(phone('020 7946 0958', 'GB'), '+442079460958')
  for (const text of ['415-5512', '00442079460958', '020 7946 0958', '911', '1-800-FLOWERS', '+1512555010', '5125550101234'])
    t.equal(phone(text), text)
})

t.test('the tag list of a tag change is complete, so a left-out list is an empty one', async (t) => {
  const { tags: _, ...rest } = sample('ContactTagUpdate')
  t.strictSame(translated(delivered(rest)).contact?.tags, [])
  t.equal(translated(delivered({ ...rest, type: 'ContactUpdate' })).contact?.tags, null)
})

t.test('messages on every channel are told in our words', async (t) => {
  const of = (name: string, changes: Body = {}) => translated(delivered({ ...sample(name), ...changes })).message
  t.strictSame(of('InboundMessage.Call'), {
    messageId: 'tyW42xCD0HQpb3hhfLcx',
    conversationId: 'SGDqZrzmwTr19d10aHkt9F',
    channel: 'call',
    direction: 'inbound',
    sender: 'lead',
    subject: null,
    text: '',
    status: 'completed',
    userId: 'xsmF1xxhmC92ZpL1lj7aLa',
    callStatus: 'completed',
    callDurationSeconds: 120,
  })
  t.match(of('InboundMessage.Email'), {
    channel: 'email',
    text: 'Testing Email Notification',
    subject: 'Order Confirmed',
    messageId: 'sddfDSF3G56GHG',
  })
  t.match(of('OutboundMessage.Email'), { channel: 'email', text: 'Testing Email Notification', sender: 'unknown' })
  t.match(of('InboundMessage.Voicemail'), { channel: 'voicemail', status: 'voicemail' })
  t.match(of('InboundMessage.Call', { callStatus: 'voicemail' }), { channel: 'voicemail' })
  t.match(
    of('OutboundMessage.Call', { callStatus: 'voicemail' }),
    { channel: 'call', sender: 'human' },
    'a call with a user id is made by that user',
  )
  t.match(of('OutboundMessage.Voicemail'), { channel: 'voicemail', sender: 'unknown' })
  t.match(of('OutboundMessage.InternalComment'), { channel: 'internal_comment', sender: 'human' })
  t.equal(of('InboundMessage', { messageType: 'TYPE_WEBCHAT' })?.channel, 'live_chat')
  t.equal(of('InboundMessage', { messageType: 'Live Chat' })?.channel, 'live_chat')
  t.equal(of('InboundMessage', { messageType: 'WhatsApp' })?.channel, 'whatsapp')
  t.equal(of('InboundMessage', { messageType: null, messageTypeString: null })?.channel, 'sms', 'by messageTypeId 2')
  t.equal(
    of('InboundMessage', { messageType: 'Telepathy', messageTypeString: null, messageTypeId: 99, from: {}, to: [] })?.channel,
    'other',
  )
  t.equal(of('InboundMessage', { body: 'a\u0000b \ud800 c' })?.text, 'ab \ufffd c', 'what Postgres and Avro cannot hold is taken out')
  t.equal(of('InboundMessage', { body: `${'x'.repeat(3_999)}😀` })?.text.length, 3_999, 'no half characters')
})

t.test('an outbound message has the sender its source and user say', async (t) => {
  const senders: [Body, string][] = [
    [{ source: 'app', userId: 'user-1' }, 'human'],
    [{ source: 'app' }, 'unknown'],
    [{ source: 'workflow' }, 'workflow'],
    [{ source: 'workflow', userId: 'user-1' }, 'workflow'],
    [{ source: 'campaign' }, 'campaign'],
    [{ source: 'bulk_actions' }, 'bulk'],
    [{ source: 'api' }, 'api'],
    [{ source: 'api', userId: 'user-1' }, 'api'],
    [{ source: null }, 'unknown'],
    [{ source: 'something_new' }, 'unknown'],
  ]
  for (const [changes, sender] of senders) t.equal(translated(outbound(changes)).message?.sender, sender, JSON.stringify(changes))
})

t.test('appointments and opportunities keep exact times and amounts', async (t) => {
  t.strictSame(translated(delivered(sample('AppointmentCreate'))).appointment, {
    appointmentId: '0007BWpSzSwfiuSl0tR2',
    calendarId: 'BqTwX8QFwXzpegMve9EQ',
    status: 'confirmed',
    title: 'Appointment with GHL Dev team',
    startsAt: Date.parse('2023-09-25T10:30:00Z'),
    endsAt: Date.parse('2023-09-25T10:30:00Z'),
    assignedUserId: 'YlWd2wuCAZQzh2cH1fVZ',
  })
  t.equal(translated(delivered(sample('AppointmentDelete'))).appointment?.status, 'cancelled')
  t.strictSame(translated(delivered(sample('OpportunityStageUpdate'), { status: 'Open' })).opportunity, {
    opportunityId: 'wWhVuzqpRuOA1ZVWi4FC',
    pipelineId: 'VDm7RPYC2GLUvdpKmBfC',
    stageId: 'e93ba61a-53b3-45e7-985a-c7732dbcdb69',
    status: 'open',
    name: 'Loram ipsu',
    monetaryValue: '40',
    ownerId: 'bNl8QNGXhIQJLv8eeASQ',
  })
  const value = (monetaryValue: unknown) => translated(delivered(sample('OpportunityCreate'), { monetaryValue })).opportunity?.monetaryValue
  t.strictSame([450_000.5, 1e21, 1e-7, '612000.10', 'a lot', null, '', -3].map(value), [
    '450000.5',
    '1000000000000000000000',
    '0.0000001',
    '612000.10',
    null,
    null,
    null,
    '-3',
  ])
})

t.test('P-02 times with different UTC offsets are one instant, and a time without offset is UTC', async (t) => {
  const at = (timestamp: unknown) => translated(delivered(sample('InboundMessage'), { timestamp })).occurredAt
  t.equal(at('2026-11-03T10:00:00Z'), at('2026-11-03T04:00:00-06:00'))
  t.equal(at('2026-11-03T10:00:00Z'), at('2026-11-03T15:30:00+05:30'))
  t.equal(at('2026-11-03T10:00:00'), Date.parse('2026-11-03T10:00:00Z'))
  t.equal(at(Date.parse('2026-11-03T10:00:00Z')), Date.parse('2026-11-03T10:00:00Z'))
})

t.test('a time of day without its day is no instant: of which day it is would be said by the clock of whoever reads it', async (t) => {
  for (const time of ['10:00', '10:00Z', '10:00:00.000-06:00']) {
    t.match(translated(delivered(sample('ContactUpdate'), { timestamp: time })), { occurredAt: noon, statedAt: null }, time)
    const body = sample('AppointmentCreate')
    const appointment = { ...(body['appointment'] as Body), startTime: time }
    t.equal(translated(delivered({ ...body, appointment })).appointment?.startsAt, null, time)
  }
})

t.test('event time is timestamp, else a date that means the event, else the time of receipt', async (t) => {
  const { timestamp: _, ...message } = delivered(sample('InboundMessage'))
  t.equal(translated(message).occurredAt, Date.parse('2021-04-21T11:31:45.750Z'), 'a message happens when it is added')
  const { timestamp: __, ...deletion } = delivered(sample('ContactDelete'))
  t.equal(translated(deletion).occurredAt, noon, 'dateAdded is when the contact was made, not when it was deleted')
  const { timestamp: ___, ...appointment } = delivered(sample('AppointmentUpdate'))
  t.equal(translated(appointment).occurredAt, Date.parse('2023-09-25T10:30:00Z'))
  for (const timestamp of ['yesterday', '2026-13-45', '', null, {}, -1, 1e300, '1970-01-01T00:00:00Z']) {
    t.equal(translated(delivered(sample('ContactUpdate'), { timestamp })).occurredAt, noon, JSON.stringify(timestamp))
  }
})

t.test('a timestamp in the future is refused and marked, so it cannot win for ever', async (t) => {
  const future = Date.parse('2030-01-01T00:00:00Z')
  t.match(translated(delivered(sample('ContactUpdate'), { timestamp: '2030-01-01T00:00:00Z' })), { occurredAt: noon, statedAt: future })
  t.match(
    translated(delivered(sample('ContactUpdate'), { timestamp: '2026-11-03T12:05:00.000Z' })),
    { occurredAt: noon + 300_000, statedAt: null },
    '5 min of clock difference are allowed',
  )
  t.match(translated(delivered(sample('ContactUpdate'), { timestamp: '2026-11-03T12:05:00.001Z' })), {
    occurredAt: noon,
    statedAt: noon + 300_001,
  })
})

t.test('P-74 the same webhook 50 times has one effect, for 7 days', async (t) => {
  const line = lineAtNoon()
  const body = delivered(sample('ContactUpdate'), { locationId: tenant, id: lead })
  for (let i = 0; i < 50; i++) pipe(line, body)
  t.equal(line.outputs(leadEvents).length, 1)
  t.equal(line.drops.filter(({ reason }) => reason === 'duplicate_webhook').length, 49)
  line.restart()
  line.advance('167h')
  pipe(line, body)
  t.equal(line.outputs(leadEvents).length, 1, 'remembered across a restart, within the window')
  line.advance('1h')
  pipe(line, body)
  t.equal(line.outputs(leadEvents).length, 2, 'the window is over')
  line.advance('168h')
  pipe(line, outbound({ messageId: undefined }))
  t.equal(Object.keys((line.state(key) as { seen: object }).seen).length, 1, 'expired ids are gone from the state')
  line.advance('169h')
  t.equal(line.state(key), undefined, 'the state of a quiet lead expires')
})

t.test('a retry that comes hours or days late is told with the time it happened at', async (t) => {
  const line = lineAtNoon()
  pipe(line, outbound({ timestamp: '2026-11-03T11:00:00.000Z' }))
  pipe(line, outbound({ timestamp: '2026-10-04T12:00:00.000Z' }))
  t.strictSame(
    line.outputs(leadEvents).map(({ occurredAt, statedAt }) => [occurredAt, statedAt]),
    [
      [noon - 3_600_000, null],
      [noon - 30 * 86_400_000, null],
    ],
  )
})

t.test('what a key remembers is bounded: of a whole location the oldest ids go first', async (t) => {
  const line = lineAtNoon()
  for (let i = 0; i < 1_100; i++) {
    pipe(line, { type: 'ProductCreate', locationId: tenant, webhookId: `p-${i}` })
    line.advance('1s')
  }
  const { seen } = line.state(leadKey(tenant, '')) as { seen: Record<string, number> }
  t.equal(Object.keys(seen).length, 1_000)
  t.notOk('w:p-0' in seen)
  t.ok('w:p-1099' in seen)
})

t.test('one change under several ids is told once where nothing newer is said', async (t) => {
  const at = (seconds: number) => ({ timestamp: new Date(noon - 3_600_000 + seconds * 1_000).toISOString() })
  const told = (...bodies: Body[]) => {
    const line = lineAtNoon()
    for (const body of bodies) pipe(line, delivered(body, { ...body, webhookId: `w-${++count}` }))
    return [line.outputs(leadEvents).map(({ kind }) => kind), line.drops.map(({ reason }) => reason)]
  }
  const opportunity = (type: string, seconds: number, changes: Body = {}) => ({
    ...sample('OpportunityUpdate'),
    type,
    ...at(seconds),
    ...changes,
  })
  t.strictSame(told(opportunity('OpportunityStageUpdate', 5), opportunity('OpportunityUpdate', 5)), [
    ['opportunity_stage_changed'],
    ['duplicate_meaning'],
  ])
  t.strictSame(
    told(opportunity('OpportunityUpdate', 5), opportunity('OpportunityStageUpdate', 5)),
    [['opportunity_changed', 'opportunity_stage_changed'], []],
    'that it was the stage is said by the second alone',
  )
  t.strictSame(told(opportunity('OpportunityDelete', 5), opportunity('OpportunityUpdate', 4)), [
    ['opportunity_deleted'],
    ['duplicate_meaning'],
  ])
  t.strictSame(
    told(opportunity('OpportunityUpdate', 0), opportunity('OpportunityUpdate', 5)),
    [['opportunity_changed', 'opportunity_changed'], []],
    'a later time is news',
  )
  t.strictSame(told(opportunity('OpportunityUpdate', 61), opportunity('OpportunityUpdate', 0))[0]?.length, 2, 'further apart than a minute')
  t.strictSame(told(opportunity('OpportunityUpdate', 5), opportunity('OpportunityUpdate', 5, { status: 'won' }))[0]?.length, 2)
  const text = (seconds: number, changes: Body = {}) => ({ ...sample('InboundMessage'), ...at(seconds), ...changes })
  t.strictSame(told(text(0), text(30)), [['message_inbound'], ['duplicate_meaning']], 'a message without an id')
  t.strictSame(told(text(30), text(0))[0]?.length, 1)
  t.strictSame(told(text(0), text(61))[0]?.length, 2)
  t.strictSame(told(text(0, { messageId: 'm1' }), text(1, { messageId: 'm2' }))[0]?.length, 2, '"yes" twice is said twice')
  const mail = (seconds: number, id: string) => ({
    ...sample('LCEmailStats'),
    contactId: lead,
    ...at(seconds),
    webhookPayload: { event: 'opened', id },
  })
  t.strictSame(told(mail(0, 'a'), mail(90, 'a'), mail(91, 'b')), [['email_opened', 'email_opened'], ['duplicate_fact']])
})

t.test('P-74 a webhook without an id is known again by its bytes, elements of one array are told apart', async (t) => {
  const line = lineAtNoon()
  const { webhookId: _, messageId: __, ...body } = outbound({})
  pipe(line, body)
  pipe(line, body)
  pipe(line, { ...body, body: 'another' })
  t.equal(line.outputs(leadEvents).length, 2)
  t.match(line.outputs(leadEvents)[0]?.sourceId, /^h:[0-9a-f]{32}$/)
  const batch = lineAtNoon()
  const element = delivered(sample('ContactUpdate'))
  pipe(batch, element, { batchIndex: 0 })
  pipe(batch, { ...element, city: 'Austin' }, { batchIndex: 1 })
  pipe(batch, { ...element, city: 'Austin' }, { batchIndex: 1 })
  t.equal(batch.outputs(leadEvents).length, 2)
})

t.test('one message under several webhooks is one event; its failure is news', async (t) => {
  const line = lineAtNoon()
  const message = outbound({ source: 'workflow' })
  pipe(line, message)
  pipe(line, { ...message, webhookId: 'another-1' })
  pipe(line, { ...message, webhookId: 'another-2', status: 'undelivered' })
  pipe(line, { ...message, webhookId: 'another-3', status: 'undelivered' })
  t.strictSame(
    line.outputs(leadEvents).map((event) => event.message?.status),
    ['delivered', 'undelivered'],
  )
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['duplicate_message', 'duplicate_message'],
  )
})

t.test('a message that is to leave later is told when it leaves, and not at all when it is taken back', async (t) => {
  const line = lineAtNoon()
  const planned = outbound({ source: 'app', userId: 'user-1', status: 'scheduled' })
  pipe(line, planned)
  pipe(line, { ...planned, webhookId: 'another-1' })
  t.strictSame(line.outputs(leadEvents), [])
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['not_sent_yet', 'not_sent_yet'],
  )
  pipe(line, { ...planned, webhookId: 'another-2', status: 'delivered' })
  t.strictSame(
    line.outputs(leadEvents).map(({ message }) => [message?.status, message?.sender]),
    [['delivered', 'human']],
  )
})

t.test('event ids are the same in every run', async (t) => {
  const body = delivered(sample('ContactCreate'))
  t.equal(translated(body).eventId, translated(body).eventId)
  t.not(translated(body).eventId, translated({ ...body, webhookId: 'other' }).eventId)
})

t.test('our own delivery becomes an event once, and its echo is recognised in either order', async (t) => {
  const first = lineAtNoon()
  const change = delivery()
  first.pipe(deliveries, key, change)
  first.pipe(deliveries, key, change)
  pipe(first, outbound({ messageId: 'message-own', source: 'api' }))
  t.strictSame(
    first.outputs(leadEvents).map(({ kind }) => kind),
    ['followup_delivered'],
  )
  t.strictSame(
    first.drops.map(({ reason }) => reason),
    ['duplicate_delivery', 'echo_of_own_message'],
  )
  t.match(first.outputs(leadEvents)[0], {
    occurredAt: noon,
    source: 'delivery',
    sourceId: change.deliveryId,
    rawType: 'DeliveryChanged',
    delivery: {
      followupId: 'followup-1',
      decisionId: 'decision-1',
      channel: 'sms',
      status: 'confirmed',
      messageId: 'message-own',
      text: 'Hello',
      action: 'send_message',
      echoed: false,
    },
  })
  const second = lineAtNoon()
  pipe(second, outbound({ messageId: 'message-own', source: 'api' }))
  second.pipe(deliveries, key, delivery())
  t.match(second.outputs(leadEvents), [
    { kind: 'message_outbound', message: { sender: 'api' } },
    { kind: 'followup_delivered', delivery: { echoed: true } },
  ])
  const between = lineAtNoon()
  between.pipe(deliveries, key, delivery({ status: 'handed_over' }))
  pipe(between, outbound({ messageId: 'message-own', source: 'api' }))
  between.pipe(deliveries, key, delivery({ status: 'confirmed', sequence: 2 }))
  t.strictSame(
    between.outputs(leadEvents).map(({ kind, delivery: told }) => [kind, told?.echoed]),
    [['followup_delivered', false]],
  )
  const failing = lineAtNoon()
  failing.pipe(deliveries, key, delivery())
  pipe(failing, outbound({ messageId: 'message-own', source: 'api', status: 'opt_out' }))
  t.match(
    failing.outputs(leadEvents)[1],
    { kind: 'message_outbound', message: { sender: 'rekindle', status: 'opt_out' } },
    'that ours did not arrive is news',
  )
})

t.test('of a delivery, news about the lead is told and steps of the ledger are not', async (t) => {
  const line = lineAtNoon()
  const statuses = ['reserved', 'handed_over', 'confirmed', 'unknown', 'failed', 'denied', 'deferred', 'superseded', 'cancelled', 'expired']
  for (const status of statuses) line.pipe(deliveries, key, delivery({ status, messageId: null }))
  t.strictSame(
    line.outputs(leadEvents).map((event) => event.delivery?.status),
    ['confirmed', 'unknown', 'failed', 'denied'],
  )
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    Array.from({ length: 6 }, () => 'delivery_without_news'),
  )
})

t.test(
  'a message of ours that the platform refused since its recipient has opted out is told as that, once, and taken back by it',
  async (t) => {
    const line = drive([ingest, enrich], { at: noon })
    const words = delivered(sample('InboundMessage'), { locationId: tenant, contactId: lead, body: 'Is it still available?' })
    line.pipe(webhooks, key, received(words, { tenantId: tenant, contactId: lead }))
    const standing = () => Object.entries((line.state('enrich', key) as LeadProfile).consents).map(([scope, { status }]) => [scope, status])
    const before = standing()
    t.ok(before.some(([scope, status]) => scope === 'sms' && status === 'inquiry'))
    for (const ruleId of ['bad_request', 'phone_missing', 'dnd_active'])
      line.pipe(deliveries, key, delivery({ status: 'failed', ruleId, messageId: null }))
    line.pipe(
      deliveries,
      key,
      delivery({ status: 'failed', ruleId: 'carrier_opt_out', action: 'create_task', channel: 'call', messageId: null }),
    )
    t.strictSame(standing(), before, 'nothing else that fails says so')
    const refused = [
      delivery({ status: 'failed', ruleId: 'carrier_opt_out', messageId: null }),
      delivery({ status: 'failed', ruleId: 'unsubscribed', channel: 'email', messageId: null }),
    ]
    for (const change of [...refused, ...refused]) line.pipe(deliveries, key, change)
    t.match(line.outputs(leadEvents).slice(-4), [
      { kind: 'followup_delivered', delivery: { status: 'failed' } },
      {
        kind: 'message_outbound',
        source: 'delivery',
        message: { channel: 'sms', sender: 'rekindle', status: 'opt_out', text: 'Hello' },
        delivery: null,
      },
      { kind: 'followup_delivered', delivery: { status: 'failed' } },
      { kind: 'message_outbound', message: { channel: 'email', status: 'opt_out' } },
    ])
    t.equal(new Set(line.outputs(leadEvents).map(({ eventId }) => eventId)).size, line.outputs(leadEvents).length)
    const { consents, counters } = line.state('enrich', key) as LeadProfile
    t.match(
      [consents['sms'], consents['email']],
      [
        { status: 'revoked', words: 'status opt_out', at: noon },
        { status: 'revoked', words: 'status opt_out', at: noon },
      ],
    )
    t.equal(counters.outbound, 0, 'what was refused is no contact')
  },
)

t.test('of an assignment its hand-over is told, and that it was certainly not made; that it waits is not', async (t) => {
  const line = lineAtNoon()
  const steps = [
    ['deferred', 0],
    ['reserved', 0],
    ['handed_over', 1],
    ['deferred', 1],
  ] as const
  for (const [status, attempt] of steps) line.pipe(deliveries, key, delivery({ status, attempt, action: 'assign', messageId: null }))
  t.strictSame(
    line.outputs(leadEvents).map((one) => one.delivery?.status),
    ['handed_over', 'deferred'],
  )
})

t.test('unknown, typeless and foreign bodies go to their own lane with the raw body', async (t) => {
  const line = lineAtNoon()
  const bodies = [delivered(sample('InvoicePaid')), { hello: 'world' }, delivered(sample('PlanChange')), { type: 'Zebra' }]
  for (const body of bodies) line.pipe(webhooks, 'some-key', received(body))
  t.strictSame(
    line.outputs(unrecognised).map(({ reason, rawType }) => [reason, rawType]),
    [
      ['no_part_of_the_story', ''],
      ['typeless', ''],
      ['not_about_a_lead', 'PLAN_CHANGE'],
      ['unknown_type', 'Zebra'],
    ],
  )
  t.strictSame(
    line.outputs(unrecognised).map(({ body }) => JSON.parse(body.toString())),
    bodies,
  )
  t.strictSame([line.outputs(leadEvents), line.deadLetters], [[], []])
  line.pipe(webhooks, 'some-key', received(bodies[0] as Body))
  t.equal(line.outputs(unrecognised).length, 4, 'once each')
})

t.test('P-53 a malformed body goes to the dead letters and the next one is untouched by it', async (t) => {
  const nested = (depth: number) => Buffer.from(`{"type":"Zebra","x":${'['.repeat(depth)}${']'.repeat(depth)}}`)
  const bad: [Buffer, string][] = [
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not_utf8'],
    [Buffer.from('{"type":'), 'not_json'],
    [Buffer.from(''), 'not_json'],
    [Buffer.from('null'), 'not_an_object'],
    [Buffer.from('[{}]'), 'not_an_object'],
    [Buffer.from('"text"'), 'not_an_object'],
    [nested(32), 'too_deep'],
    [Buffer.from('['.repeat(500_000)), 'too_deep'],
  ]
  const line = lineAtNoon()
  for (const [body, problem] of bad) {
    line.pipe(webhooks, key, received(body))
    t.match(line.deadLetters.at(-1), { code: 'E_WEBHOOK_MALFORMED', detail: { problem } })
    pipe(line, outbound({}))
  }
  t.equal(line.deadLetters.length, bad.length)
  t.equal(line.outputs(leadEvents).length, bad.length, 'the records between them are told')
  line.pipe(webhooks, key, received(nested(31)))
  line.pipe(webhooks, key, received(Buffer.from(`{"type":"Zebra","x":"${'[{'.repeat(50)}\\"["}`)))
  t.equal(line.outputs(unrecognised).length, 2, 'brackets inside texts are no nesting')
})

t.test('a body about a lead that lacks what it needs is a dead letter with a code of the table', async (t) => {
  const line = lineAtNoon()
  const cases: [Body, string][] = [
    [{ ...outbound({}), locationId: null }, 'E_WEBHOOK_TENANT_MISSING'],
    [{ ...outbound({}), contactId: '' }, 'E_WEBHOOK_CONTACT_MISSING'],
    [{ ...delivered(sample('ContactCreate')), id: undefined }, 'E_WEBHOOK_CONTACT_MISSING'],
    [{ ...delivered(sample('AppointmentCreate')), appointment: null }, 'E_WEBHOOK_CONTACT_MISSING'],
    [{ ...delivered(sample('AppointmentCreate')), appointment: { contactId: lead } }, 'E_WEBHOOK_FIELD_MISSING'],
    [{ ...delivered(sample('OpportunityCreate')), id: null }, 'E_WEBHOOK_FIELD_MISSING'],
  ]
  for (const [body, code] of cases) {
    pipe(line, body)
    t.equal(line.deadLetters.at(-1)?.code, code)
  }
  line.pipe(webhooks, 'another:lead', received(outbound({})))
  t.match(line.deadLetters.at(-1), { code: 'E_WEBHOOK_KEY_DIFFERS', detail: { expected: key } })
  t.ok(line.deadLetters.every(({ code }) => code in ingestErrors))
  t.strictSame(line.outputs(leadEvents), [])
})

t.test('P-49 events of a lead stay under the key of that lead, in order', async (t) => {
  const line = lineAtNoon()
  for (const body of ['one', 'two', 'three']) pipe(line, outbound({ body }))
  t.strictSame(
    line.records(leadEvents).map((record) => [record.key, record.value.message?.text]),
    [
      [key, 'one'],
      [key, 'two'],
      [key, 'three'],
    ],
  )
})

t.test('where a webhook came from is kept', async (t) => {
  const line = lineAtNoon()
  for (const origin of ['webhook', 'reconcile', 'replay']) pipe(line, outbound({}), { origin, webhookId: `of-${origin}` })
  t.strictSame(
    line.outputs(leadEvents).map(({ source }) => source),
    ['ghl_webhook', 'reconcile', 'ghl_webhook'],
  )
})

t.test('who a body is about is found where each event family keeps it', async (t) => {
  t.equal(contactIdOf(sample('ContactCreate')), 'nmFmQEsNgz6AVpgLVUJ0')
  t.equal(contactIdOf(sample('AppointmentCreate')), '9NkT25Vor1v4aQatFsv2')
  t.equal(contactIdOf({ type: 'InvoiceCreate', contactDetails: { id: 'c1' } }), 'c1')
  t.equal(contactIdOf({}), null)
  t.equal(tenantIdOf({ altType: 'location', altId: 'l1' }), 'l1')
  t.equal(tenantIdOf({ altType: 'company', altId: 'l1' }), null)
})

t.test('optional fields that are missing, null, empty or of another type never throw, and new fields never break', async (t) => {
  const names = translatedTypes
  const odd = fc.oneof(
    fc.constantFrom(undefined, null, '', {}, [], 0, -1, true, 'x', Number.MAX_VALUE),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
  )
  await assertProperty(
    t,
    fc.property(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.nat(40), odd), { maxLength: 12 }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (name, changes, extra) => {
        const body = delivered({ contactId: lead, ...sample(name), type: name })
        const inner = (body['appointment'] ?? body) as Body
        const fields = Object.keys(inner).filter(
          (field) =>
            !['type', 'locationId', 'id', 'contactId', 'webhookId', 'appointment', 'newConversationId', 'webhookPayload'].includes(field),
        )
        for (const [index, value] of changes) inner[fields[index % fields.length] as string] = value
        const line = lineAtNoon()
        pipe(line, { ...extra, ...body })
        return line.outputs(leadEvents).length === 1
      },
    ),
  )
})

t.test('the quoted e-mail is left out in six languages, and an answer below it or between its lines is not', async (t) => {
  const footer = 'Maria\n1 Main St\nTo stop these e-mails, reply with the word STOP.'
  for (const introduction of [
    'On Mon, Nov 2, 2026 at 10:00 AM Maria <m@example.com> wrote:',
    'El lun, 2 nov 2026 a las 10:00, Maria (<m@example.com>) escribió:',
    'Le lun. 2 nov. 2026 à 10:00, Maria <m@example.com> a écrit\u00a0:',
    'Em seg., 2 de nov. de 2026 às 10:00, Maria <m@example.com> escreveu:',
    'Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Maria <m@example.com>:',
    'Il giorno lun 2 nov 2026 alle ore 10:00 Maria <m@example.com> ha scritto:',
    'From: Maria\nSent: Monday\nTo: Ana',
    'De: Maria\nEnviado el: lunes\nPara: Ana',
    'De : Maria\nEnvoyé : lundi\nÀ : Ana',
    'De: Maria\nEnviada em: segunda\nPara: Ana',
    'Von: Maria\nGesendet: Montag\nAn: Ana',
    'Da: Maria\nInviato: lunedì\nA: Ana',
  ])
    t.equal(withoutQuotation(`Tuesday\n\n${introduction}\n\n${footer}`), 'Tuesday', introduction)
  const marked = footer.replaceAll(/^/gm, '> ')
  const wrote = 'On Mon, Nov 2, 2026 at 10:00 AM Maria <m@example.com> wrote:'
  t.equal(withoutQuotation(`${wrote}\n\n${marked}\n\nSTOP`), 'STOP', 'below')
  t.equal(withoutQuotation(`Hi\n${wrote}\n> Any questions?\nNo.\n> When?\nNever: take me off`), 'Hi\nNo.\nNever: take me off', 'between')
  t.equal(withoutQuotation(`${wrote}\nWhat now?\n\nSTOP`), 'What now?\n\nSTOP', 'nothing above and nothing marked: all of it')
  t.equal(withoutQuotation('On second thought, about what you wrote: take me off'), 'On second thought, about what you wrote: take me off')
  t.equal(
    htmlToText(
      `<div class="gmail_quote"><div class="gmail_attr">On Monday <div>Maria</div> wrote:</div><blockquote class="gmail_quote">${footer}</blockquote></div><div>STOP</div>`,
    ),
    'STOP',
    'below, in the markup of Gmail',
  )
  const event = translated(delivered(sample('InboundMessage.Email'), { plainText: ' \n', body: '<p>ST&shy;OP</p>' }))
  t.equal(event.message?.text, 'ST\u00adOP', 'a plain text of spaces is none')
})

t.test('an opt-out behind what is kept of a long message is kept by its words; nothing else of it is', async (t) => {
  const long = 'We liked the house on Elm Street very much. '.repeat(100)
  const kept = (body: string, direction: 'inbound' | 'outbound' = 'inbound') =>
    messageFieldsOf({ messageType: 'Email', body: `<p>${body}</p>` }, direction).text
  for (const [end, change, words] of [
    ['Please take me off your list.', 'opt_out', 'take me off'],
    ['<p>Stop.</p><p>John</p>', 'opt_out', 'stop'],
    ['Will you cancel it?', 'unclear', 'cancel'],
  ] as const) {
    const text = kept(`${long}${end}`)
    t.match(permissionChange(text), { change, words })
    t.equal(text, `${long.slice(0, 4_000 - 3 - words.length)}\n…\n${words}`)
  }
  t.equal(kept(`${long}When is it open?`), long.slice(0, 4_000))
  t.equal(kept(`Stop texting me. ${long}Stop calling me.`), `Stop texting me. ${long}`.slice(0, 4_000), 'it is there already')
  t.equal(kept(`${long}Please take me off your list.`, 'outbound'), long.slice(0, 4_000), 'of ours')
  t.match(permissionChange(kept(`${long.repeat(7)}take me off`)), { change: 'opt_out' })
})

t.test('a word that every object knows is no entry of a table', async (t) => {
  for (const word of ['constructor', '__proto__', 'toString', 'valueOf']) {
    const message = messageFieldsOf({ messageType: word, messageTypeId: word, source: word, body: 'x' }, 'outbound')
    t.strictSame([message.channel, message.sender], ['other', 'unknown'], word)
    const dndSettings = JSON.parse(`{"${word}":{"status":"active"}}`) as Body
    t.equal(translated(delivered(sample('ContactDndUpdate'), { dndSettings })).contact?.dndChannels, null)
    const mail = { event: word, id: 'e1', recipient: 'maria@example.com' }
    t.equal(translated({ ...delivered(sample('LCEmailStats')), contactId: 'c1', webhookPayload: mail }).kind, 'email_other')
    const form = (text: string) => readCallback('TwilioMessage', Buffer.from(text)).reading
    t.match(form(`MessageSid=a&MessageStatus=${word}`), { raw: 'unknown_type' })
    t.match(form(`MessageSid=a&MessageStatus=received&From=${word}%3A1`), {
      draft: { sections: { message: { channel: /^[a-z]+:/.test(`${word}:`) ? 'other' : 'sms' } } },
    })
    const event = (fields: object) => readCallback('SendGridEvent', Buffer.from(JSON.stringify(fields))).reading
    t.match(event({ event: word, sg_event_id: 'e' }), { raw: 'unknown_type' })
    t.match(event({ event: 'dropped', reason: word, sg_event_id: 'e' }), { draft: { kind: 'email_failed' } })
  }
})

t.test('markup is known behind a letter that is longer in lower case', async (t) => {
  const read = (body: string) => messageFieldsOf({ messageType: 'Email', body }, 'inbound').text
  t.equal(htmlToText('<p>İyi günler</p><P>unsubscribe</P>'), 'İyi günler\n\nunsubscribe')
  t.equal(htmlToText('İzmir sounds good.<BLOCKQUOTE>Reply STOP to opt out.</BLOCKQUOTE>'), 'İzmir sounds good.')
  const quoted =
    '<div class="gmail_quote"><div class="gmail_attr">On Monday Ana wrote:</div><blockquote>Unsubscribe here.</blockquote></div>'
  t.equal(read(`<div>Yes, İbrahim and I will be there.</div>${quoted}`), 'Yes, İbrahim and I will be there.')
  t.equal(permissionChange(read(`<div>Yes, İbrahim and I will be there.</div>${quoted}`)), undefined, 'our own footer is no opt-out')
})

t.test('an e-mail is the words its writer wrote', async (t) => {
  t.equal(
    htmlToText('<style>p{}</style><p>Hi &amp; hello&#33;</p><p>budget < 500k&nbsp;now</p><!-- no --><br/>bye<script>x'),
    'Hi & hello!\n\nbudget < 500k now\n\nbye',
  )
  t.equal(htmlToText('Yes<div class="gmail_quote">On Monday you wrote: unsubscribe</div>'), 'Yes')
  t.equal(
    htmlToText(
      '<p>Arr&ecirc;tez de m&#39;&eacute;crire, h&ouml;ren Sie auf, n&atilde;o, gar&ccedil;on, pi&ugrave;, &laquo;Stra&szlig;e&raquo; &Aring;</p>',
    ),
    "Arrêtez de m'écrire, hören Sie auf, não, garçon, più, «Straße» å",
  )
  t.equal(htmlToText('AT&T; &bogus; &grave; &uml;'), 'AT&T; &bogus; &grave; &uml;')
  t.equal(htmlToText('Sure<blockquote>Reply STOP</blockquote> ok <!-- open'), 'Sure ok')
  t.equal(htmlToText('Sure<blockquote>a<blockquote>b</blockquote>unsubscribe</blockquote>!</blockquote>.'), 'Sure!.', 'quotations nest')
  t.equal(htmlToText('fine <b unsubscribe'), 'fine')
  t.equal(htmlToText('&unknown; &#xD800; &#x1F600; a <'), '&unknown; &#xD800; 😀 a <')
  t.equal(withoutQuotation('Fine.\n> old\nOn Mon, Nov 2, 2026 at 9:00\nJane <j@example.com> wrote:\nunsubscribe'), 'Fine.')
  t.equal(withoutQuotation('Vale\nEl lun, 2 nov 2026, Ana escribió:\nbaja'), 'Vale')
  t.equal(withoutQuotation('Ok\n-----Original Message-----\nstop'), 'Ok')
  t.equal(withoutQuotation('Ok\nFrom: a\nSent: today\nstop'), 'Ok')
  t.equal(withoutQuotation('On Friday works.\nLe me know'), 'On Friday works.\nLe me know')
  // CPU time of this process: others on the machine do not count.
  const before = process.cpuUsage()
  withoutQuotation('On Monday, Ana wrote:\n> stop\n'.repeat(30_000))
  htmlToText(`${'<div class="gmail_quote">'.repeat(40_000)}<blockquote>`)
  htmlToText('<'.repeat(1_000_000))
  htmlToText('<script'.repeat(150_000))
  htmlToText(`${'<'.repeat(1_000_000)}>`)
  t.ok(process.cpuUsage(before).user < 2_000_000, 'hostile markup costs one pass')
})
