/** What the API shows becomes the body of a webhook: of whom, of when, told once; and what is no news is not told. */
import fc from 'fast-check'
import t from 'tap'
import { foundAppointment, foundContact, foundMessage, foundOpportunity, hintOf, isAbout } from '../../pipelines/reconcile/found.ts'
import type { Found } from '../../pipelines/reconcile/found.ts'
import { newsIn } from '../../pipelines/reconcile/news.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadProfile, WebhookReceived } from '../../schemas/generated/records.ts'
import { leadKey, tenants, webhooks } from '../../topics/index.ts'
import { DAY, MINUTE, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const settings = { humanQuietMs: null, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }
const iso = (at: number) => new Date(at).toISOString()
const message = { id: 'm1', contactId: 'maria', direction: 'inbound', messageType: 'TYPE_SMS', body: 'hello', dateAdded: iso(tuesdayNoon) }

t.test('a message is told under its id, dated when it was added whatever happened to it since', async (t) => {
  const read = { ...message, status: 'read', dateUpdated: iso(tuesdayNoon + DAY), meta: { callDuration: 3 } }
  t.match(foundMessage(tenantId, read), {
    type: 'InboundMessage',
    contactId: 'maria',
    foundId: 'message:m1',
    at: tuesdayNoon,
    body: { type: 'InboundMessage', locationId: tenantId, messageId: 'm1', callDuration: 3, dateUpdated: undefined },
  })
  const failed = { ...message, direction: 'outbound', status: 'Failed', dateUpdated: iso(tuesdayNoon + MINUTE) }
  t.match(foundMessage(tenantId, failed), {
    type: 'OutboundMessage',
    foundId: 'message:m1:failed',
    body: { dateUpdated: iso(tuesdayNoon + MINUTE) },
  })
  t.match(foundMessage(tenantId, { ...message, direction: undefined, meta: { email: { direction: 'outbound', messageIds: ['e1'] } } }), {
    type: 'OutboundMessage',
    body: { messageId: 'm1', emailMessageId: 'e1' },
  })
})

t.test('a message that is to leave later is found when it has left, and one that is taken back never', async (t) => {
  const sent = { ...message, direction: 'outbound', status: 'sent' }
  t.equal(foundMessage(tenantId, { ...sent, status: 'Scheduled' }), undefined)
  t.equal(foundMessage(tenantId, sent)?.foundId, 'message:m1')
  t.equal(foundMessage(tenantId, { ...message, status: 'scheduled' })?.foundId, 'message:m1', 'what the lead wrote was sent')
})

t.test('what is no message is none, and an activity hints at what changed', async (t) => {
  for (const [messageType, hint] of [
    ['TYPE_ACTIVITY_CONTACT', 'contact'],
    ['TYPE_ACTIVITY_OPPORTUNITY', 'opportunity'],
    ['TYPE_ACTIVITY_APPOINTMENT', 'appointment'],
    ['TYPE_ACTIVITY_INVOICE', undefined],
    ['TYPE_FORM_SUBMISSION', undefined],
  ] as const) {
    t.equal(foundMessage(tenantId, { ...message, messageType }), undefined, messageType)
    t.equal(hintOf({ ...message, messageType }), hint)
  }
  for (const lack of ['id', 'contactId', 'direction']) t.equal(foundMessage(tenantId, { ...message, [lack]: null }), undefined, lack)
})

t.test('a state is dated ten seconds after its change, or when it was read: no webhook of the change before is newer', async (t) => {
  const contact = { id: 'maria', firstName: 'Ana', dateAdded: iso(tuesdayNoon - DAY), dateUpdated: iso(tuesdayNoon) }
  const dated = (readAt: number) => foundContact(tenantId, contact, true, readAt)?.body['dateUpdated']
  t.equal(dated(tuesdayNoon + MINUTE), iso(tuesdayNoon + 10_000))
  t.equal(dated(tuesdayNoon + 3_000), iso(tuesdayNoon + 3_000))
  t.equal(dated(tuesdayNoon - DAY), iso(tuesdayNoon), 'a clock that is behind does not make it older than it is')
  t.match(foundContact(tenantId, contact, false, tuesdayNoon), { type: 'ContactCreate', at: tuesdayNoon })
  t.match(foundContact(tenantId, { id: 'maria' }, true, tuesdayNoon), { type: 'ContactUpdate', at: null, body: { dateUpdated: undefined } })
  t.equal(foundContact(tenantId, {}, true, tuesdayNoon), undefined)
})

t.test('an opportunity and an appointment name their contact where their webhooks do', async (t) => {
  const opportunity = foundOpportunity(
    tenantId,
    { id: 'o1', contact: { id: 'maria' }, createdAt: iso(tuesdayNoon - DAY), updatedAt: iso(tuesdayNoon) },
    tuesdayNoon,
  )
  t.match(opportunity, { type: 'OpportunityUpdate', contactId: 'maria', body: { contactId: 'maria', dateAdded: iso(tuesdayNoon - DAY) } })
  const appointment = foundAppointment(tenantId, { id: 'a1', contactId: 'maria', dateUpdated: iso(tuesdayNoon) }, false, tuesdayNoon)
  t.match(appointment, { type: 'AppointmentCreate', contactId: 'maria', at: tuesdayNoon })
  t.match(foundAppointment(tenantId, { id: 'a1', contactId: 'maria' }, true, tuesdayNoon), { type: 'AppointmentUpdate', at: null })
  for (const one of [opportunity, appointment]) t.ok(one !== undefined && isAbout(one))
  t.equal(foundOpportunity(tenantId, { id: 'o1' }, tuesdayNoon), undefined)
  t.equal(foundAppointment(tenantId, { id: 'a1' }, true, tuesdayNoon), undefined)
})

t.test('the same state has the same id in whatever order its fields come and whenever it is read; another one has another', (t) =>
  assertProperty(
    t,
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(1e6), fc.string(), (fields, later, change) => {
      const contact = { ...fields, id: 'maria' }
      const turned = Object.fromEntries(Object.entries(contact).reverse())
      const idOf = (row: Record<string, unknown>, at: number) => foundContact(tenantId, row, true, at)?.foundId
      const id = idOf(contact, tuesdayNoon)
      return (
        id === idOf({ ...turned, searchAfter: [later], traceId: change }, tuesdayNoon + later) &&
        id !== idOf({ ...contact, firstName: { changed: change, from: fields['firstName'] } }, tuesdayNoon)
      )
    }),
  ),
)

t.test('news is what would change the lead: not what is told already, nor what is older, nor what has no translation', async (t) => {
  const known = profileRecord({ firstName: 'Maria', tags: ['buyer'], fieldTimes: { tags: tuesdayNoon, firstName: tuesdayNoon } })
  const contact = (fields: object, at = tuesdayNoon + MINUTE) => {
    const found = foundContact(tenantId, { id: 'maria', ...fields, dateUpdated: iso(at) }, true, tuesdayNoon + DAY)
    return found === undefined ? undefined : newsIn(known, tenantId, found, tuesdayNoon + DAY, settings)
  }
  t.equal(contact({ firstName: 'Maria', tags: ['buyer'] }), 'nothing')
  t.equal(contact({ firstName: 'Mary' }), 'lost')
  t.equal(contact({ firstName: 'Mary' }, tuesdayNoon - DAY), 'nothing', 'older than what is known')
  t.equal(contact({ tags: ['buyer', 'hot'] }), 'lost')
  t.equal(contact({ dnd: true }), 'lost')
  t.equal(contact({ dndSettings: { SMS: { status: 'permanent' } } }), 'lost')
  t.equal(contact({ unheardOf: 'field' }), 'nothing')
  t.equal(contact({ lastAttributionSource: { utmSource: 'google' } }), 'visit', 'webhooks of contacts leave visits out')
  t.equal(contact({ firstName: 'Mary', lastAttributionSource: { utmSource: 'google' } }), 'lost')
  t.equal(contact({ lastAttributionSource: {} }), 'nothing')
  const opportunity = foundOpportunity(tenantId, { id: 'o1', contactId: 'maria', status: 'open', updatedAt: iso(tuesdayNoon) }, tuesdayNoon)
  const strange = foundMessage(tenantId, message)
  if (opportunity === undefined || strange === undefined) return t.fail('found nothing')
  t.equal(newsIn(known, tenantId, opportunity, tuesdayNoon, settings), 'lost')
  t.equal(newsIn(undefined, tenantId, opportunity, tuesdayNoon, settings), 'lost', 'a lead nobody has heard of')
  t.equal(newsIn(known, tenantId, { ...strange, type: 'Unheard' }, tuesdayNoon, settings), undefined)
  t.equal(newsIn(known, tenantId, { ...opportunity, body: {} }, tuesdayNoon, settings), undefined)
})

t.test('whatever was found in whatever order: once it is told it is no news, and a visit that is newer than the known one is', (t) => {
  const source = fc.constantFrom('google', 'zillow', 'newsletter')
  const one = fc.record({
    first: fc.option(source, { nil: undefined }),
    last: fc.option(source, { nil: undefined }),
    firstName: fc.constantFrom('Maria', 'Mary'),
    minute: fc.nat(30),
  })
  return assertProperty(
    t,
    fc.property(fc.array(one, { maxLength: 8 }), (states) => {
      const line = drive([ingest, enrich], { at: tuesdayNoon + DAY, tables: { [tenants.name]: [[tenantId, tenantRecord()]] } })
      const lead = () => line.state(enrich.name, leadKey(tenantId, 'maria')) as LeadProfile | undefined
      return states.every(({ first, last, firstName, minute }) => {
        const stated = { attributionSource: { utmSource: first }, lastAttributionSource: { utmSource: last } }
        const contact = { id: 'maria', firstName, ...stated, dateUpdated: iso(tuesdayNoon + minute * MINUTE) }
        const found = foundContact(tenantId, contact, lead() !== undefined, tuesdayNoon + DAY)
        if (found === undefined) return false
        const news = () => newsIn(lead(), tenantId, found, tuesdayNoon + DAY, settings)
        const before = lead()
        const knownAt = before?.fieldTimes['lastOrigin'] ?? -Infinity
        const isNewer = last !== undefined && last !== before?.lastOrigin?.source && tuesdayNoon + minute * MINUTE + 10_000 > knownAt
        if (isNewer && news() === 'nothing') return false
        if (news() !== 'nothing') line.pipe(webhooks, leadKey(tenantId, 'maria'), receivedOf(found))
        return news() === 'nothing'
      })
    }),
  )
})

function receivedOf({ type, contactId, foundId, body }: Found): WebhookReceived {
  return {
    receivedId: foundId,
    tenantId,
    origin: 'reconcile',
    scheme: 'api',
    keyId: '',
    type,
    webhookId: `reconcile:${foundId}`,
    contactId,
    batchIndex: 0,
    receivedAt: tuesdayNoon + DAY,
    body: Buffer.from(JSON.stringify(body)),
  }
}
