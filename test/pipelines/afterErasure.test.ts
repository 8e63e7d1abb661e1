/** What comes late of before an erasure: nothing personal is told on, refusals are, and the state is the same as if all had been. */
import fc from 'fast-check'
import t from 'tap'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { afterErasure, deliveryAfterErasure } from '../../pipelines/ingest/afterErasure.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import type { ContactFields, Erasure, LeadEvent, WebhookReceived } from '../../schemas/generated/records.ts'
import { erasures, leadEvents, tenants, unrecognised, webhooks } from '../../topics/index.ts'
import { HOUR, MINUTE, messageEvent, noContactFields, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const maria = `${tenantId}:maria`
const erasedAt = tuesdayNoon + HOUR
const order: Erasure = { tenantId, contactId: 'maria', erasedAt, requestId: 'r', requestedBy: 'office' }
const iso = (at: number) => new Date(at).toISOString()
const personal = /Maria|Lopez|maria@|2125550101|Elm Street|hilly/
const before = iso(erasedAt - MINUTE)

const contact = {
  type: 'ContactUpdate',
  locationId: tenantId,
  id: 'maria',
  firstName: 'Maria',
  lastName: 'Lopez',
  email: 'maria@example.com',
  phone: '+12125550101',
  timestamp: before,
}
const message = (body: string, over: object = {}) => ({
  type: 'InboundMessage',
  locationId: tenantId,
  contactId: 'maria',
  messageId: `m-${body.length}`,
  messageType: 'SMS',
  direction: 'inbound',
  body,
  from: '+12125550101',
  timestamp: before,
  ...over,
})

function late() {
  const line = drive(ingest, { at: erasedAt + HOUR, tables: { [tenants.name]: [[tenantId, tenantRecord()]] as const } })
  line.pipe(erasures, maria, order)
  line.table(erasures, maria, order)
  let received = 0
  const pipe = (body: object, over: Partial<WebhookReceived> = {}) =>
    line.pipe(webhooks, maria, {
      receivedId: `r${++received}`,
      tenantId,
      origin: 'webhook',
      scheme: 'ed25519',
      keyId: 'sandbox',
      type: '',
      webhookId: `w${received}`,
      contactId: 'maria',
      batchIndex: 0,
      receivedAt: line.now,
      body: Buffer.from(JSON.stringify(body)),
      ...over,
    })
  return { line, pipe }
}

t.test(
  'a deletion of what was erased is told no further: the contact is deleted after it, or a sweep had read the lead before it',
  async (t) => {
    const gone = { locationId: tenantId, contactId: 'maria', timestamp: iso(erasedAt + MINUTE) }
    const { line, pipe } = late()
    for (const origin of ['webhook', 'reconcile']) {
      pipe({ ...contact, type: 'ContactDelete', timestamp: iso(erasedAt + MINUTE) }, { origin })
      pipe({ ...gone, type: 'OpportunityDelete', id: 'o1' }, { origin })
      pipe({ ...gone, type: 'NoteDelete', id: 'n1' }, { origin })
      pipe({ ...gone, type: 'TaskDelete', id: 't1' }, { origin })
      pipe({ ...gone, type: 'AppointmentDelete', appointment: { id: 'a1', contactId: 'maria' } }, { origin })
    }
    t.strictSame(line.outputs(leadEvents), [])
    t.strictSame(new Set(line.drops.map(({ reason }) => reason)), new Set(['erased']))
    t.equal(line.drops.length, 10)
    pipe({ ...contact, timestamp: iso(erasedAt + MINUTE) })
    pipe({ ...contact, type: 'ContactDelete', timestamp: iso(erasedAt + 2 * MINUTE) })
    t.strictSame(
      line.outputs(leadEvents).map(({ kind }) => kind),
      ['contact_updated', 'contact_deleted'],
      'of a lead that has come back it is',
    )
  },
)

t.test('what is from before the erasure is told no further, by whoever it is told again', async (t) => {
  const { line, pipe } = late()
  for (const origin of ['webhook', 'reconcile', 'lookup']) {
    pipe(contact, { origin })
    pipe(message('The house on Elm Street is too hilly'), { origin })
    pipe({ type: 'NoteCreate', locationId: tenantId, contactId: 'maria', id: 'n', body: 'Maria calls back', timestamp: before }, { origin })
  }
  const invoice = { type: 'InvoiceSent', altId: tenantId, altType: 'location', _id: 'i', contactDetails: { id: 'maria', email: 'maria@' } }
  pipe({ ...invoice, timestamp: before })
  const found = { lookUpId: 'l', provider: 'apollo', asked: ['lastName'], found: { lastName: 'Lopez' }, askedAt: before }
  pipe(found, { origin: 'enrichment', type: 'LookUp' })
  const bounce = { event: 'bounce', sg_event_id: 'e', email: 'maria@example.com', timestamp: (erasedAt - MINUTE) / 1000 }
  pipe(bounce, { origin: 'callback', type: 'SendGridEvent' })
  t.strictSame(line.outputs(leadEvents), [])
  t.strictSame(line.outputs(unrecognised), [])
  t.strictSame(line.deadLetters, [])
  t.strictSame([...new Set(line.drops.map(({ reason }) => reason))], ['before_erasure'])
  t.equal(line.state(maria), undefined, 'nothing is remembered of it')
})

t.test('a refusal is told on, with the words it rests on and nothing about the person', async (t) => {
  const { line, pipe } = late()
  pipe(message('Please take me off your list, Maria Lopez'))
  pipe({
    ...contact,
    type: 'ContactDndUpdate',
    dndSettings: { SMS: { status: 'permanent', message: 'Maria' }, Email: { status: 'inactive' } },
  })
  pipe(
    { event: 'unsubscribe', sg_event_id: 'u', email: 'maria@example.com', timestamp: (erasedAt - MINUTE) / 1000 },
    {
      origin: 'callback',
      type: 'SendGridEvent',
    },
  )
  const told = line.outputs(leadEvents)
  t.match(told, [
    { kind: 'message_inbound', message: { text: 'take me off', subject: null } },
    { kind: 'dnd_changed', contact: { ...noContactFields, dndChannels: { sms: 'permanent' } } },
    { kind: 'email_unsubscribed', emailEvent: { address: null } },
  ])
  t.notMatch(JSON.stringify(told), personal)
})

t.test('what is newer than the erasure is told whole: a new beginning; so is all of a lead that was not erased', async (t) => {
  const { line, pipe } = late()
  pipe({ ...contact, timestamp: iso(erasedAt + 1) })
  t.match(line.outputs(leadEvents), [{ contact: { firstName: 'Maria', email: 'maria@example.com' } }])
  const event = messageEvent({ occurredAt: erasedAt }, 'Hello')
  t.equal(afterErasure(event, undefined), event)
  t.equal(afterErasure(event, erasedAt - 1), event)
  t.equal(afterErasure(event, erasedAt), undefined)
})

t.test('of a delivery the bytes that are stored: none, those of a refusal, or all that came since', async (t) => {
  const left = (body: object) => {
    const bytes = Buffer.from(JSON.stringify(body))
    const kept = deliveryAfterErasure({ origin: 'webhook', type: '', body: bytes, receivedAt: erasedAt + HOUR }, erasedAt)
    return kept === 'nothing' ? kept : kept === bytes ? 'whole' : (JSON.parse(Buffer.from(kept).toString()) as unknown)
  }
  t.equal(left(contact), 'nothing')
  t.equal(left(message('The house on Elm Street is too hilly')), 'nothing')
  t.equal(left({ ...contact, timestamp: iso(erasedAt + 1) }), 'whole')
  t.strictSame(left(message('STOP')), {
    ...{ type: 'InboundMessage', locationId: tenantId, contactId: 'maria', timestamp: before, messageId: 'm-4' },
    ...{ messageType: 'SMS', direction: 'inbound', body: 'stop' },
  })
  t.strictSame(left({ ...contact, dnd: true }), {
    ...{ type: 'ContactUpdate', locationId: tenantId, id: 'maria', timestamp: before, dnd: true },
  })
})

t.test('for the state of an erased lead it is all the same whether a late event is told whole or as what is left of it', (t) => {
  const event = fc.record({
    what: fc.constantFrom('contact', 'inbound', 'failed', 'mail'),
    text: fc.constantFrom(
      'Hello',
      'STOP',
      'no more ads',
      'Please take me off your list, Maria',
      'START',
      'leave me alone',
      'Don’t call me, just text',
    ),
    dnd: fc.constantFrom(true, false, null),
    sms: fc.constantFrom('permanent', 'active', 'inactive'),
    minute: fc.integer({ min: 0, max: 59 }),
  })
  return assertProperty(
    t,
    fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (some) => {
      const events = some.map(({ what, text, dnd, sms, minute }, index): LeadEvent => {
        const at = tuesdayNoon + minute * MINUTE
        const base = messageEvent({ eventId: `e${index}`, occurredAt: at, receivedAt: erasedAt + HOUR }, text)
        if (what === 'inbound') return base
        if (what === 'failed' && base.message !== null)
          return { ...base, kind: 'message_outbound', message: { ...base.message, direction: 'outbound', status: 'opt_out' } }
        const fields: ContactFields = { ...noContactFields, firstName: 'Maria', dnd, dndChannels: { sms } }
        if (what === 'contact') return { ...base, ...noSections, kind: 'contact_updated', contact: fields }
        const mail = { emailEventId: 'x', event: 'unsubscribed', address: 'maria@example.com', mailId: 'y', code: null, reason: 'z' }
        return { ...base, ...noSections, kind: 'email_unsubscribed', emailEvent: { ...mail, permanent: false } }
      })
      const stateAfter = (told: readonly LeadEvent[]) => {
        const line = drive(enrich, { at: erasedAt, tables: { [tenants.name]: [[tenantId, tenantRecord()]] as const } })
        line.pipe(erasures, maria, order)
        for (const one of told) line.pipe(leadEvents, maria, one)
        // A later event that says of do-not-disturb nothing that closes anything dates what is known of it, and is not told.
        return JSON.stringify(line.state(maria), (key, value: unknown) => (key === 'doNotDisturb' ? true : value))
      }
      const left = events.flatMap((one) => afterErasure(one, erasedAt) ?? [])
      return stateAfter(events) === stateAfter(left) && !personal.test(JSON.stringify(left.map((one) => ({ ...one, message: null }))))
    }),
    {
      examples: [
        [
          [
            { what: 'contact', text: 'Hello', dnd: true, sms: 'permanent', minute: 0 },
            { what: 'contact', text: 'Hello', dnd: null, sms: 'inactive', minute: 1 },
          ],
        ],
      ],
    },
  )
})
