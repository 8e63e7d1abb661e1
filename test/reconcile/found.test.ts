/** What the API shows becomes the body of a webhook: of whom, of when, told once; and what is no news is not told. */
import fc from 'fast-check'
import t from 'tap'
import { foundAppointment, foundContact, foundMessage, foundOpportunity, hintOf, isAbout } from '../../pipelines/reconcile/found.ts'
import { isNews } from '../../pipelines/reconcile/news.ts'
import { DAY, MINUTE, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const settings = { humanQuietMs: null, inquiryConsentDays: 90, factNames: {} }
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
    return found === undefined ? undefined : isNews(known, tenantId, found, tuesdayNoon + DAY, settings)
  }
  t.equal(contact({ firstName: 'Maria', tags: ['buyer'] }), false)
  t.equal(contact({ firstName: 'Mary' }), true)
  t.equal(contact({ firstName: 'Mary' }, tuesdayNoon - DAY), false, 'older than what is known')
  t.equal(contact({ tags: ['buyer', 'hot'] }), true)
  t.equal(contact({ dnd: true }), true)
  t.equal(contact({ dndSettings: { SMS: { status: 'permanent' } } }), true)
  t.equal(contact({ unheardOf: 'field' }), false)
  const opportunity = foundOpportunity(tenantId, { id: 'o1', contactId: 'maria', status: 'open', updatedAt: iso(tuesdayNoon) }, tuesdayNoon)
  const strange = foundMessage(tenantId, message)
  if (opportunity === undefined || strange === undefined) return t.fail('found nothing')
  t.equal(isNews(known, tenantId, opportunity, tuesdayNoon, settings), true)
  t.equal(isNews(undefined, tenantId, opportunity, tuesdayNoon, settings), true, 'a lead nobody has heard of')
  t.equal(isNews(known, tenantId, { ...strange, type: 'Unheard' }, tuesdayNoon, settings), undefined)
  t.equal(isNews(known, tenantId, { ...opportunity, body: {} }, tuesdayNoon, settings), undefined)
})
