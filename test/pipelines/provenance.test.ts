/** From where each group of a profile's fields was stated: the latest statement, in whatever order it came. */
import fc from 'fast-check'
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { forgotten, withLateRefusals } from '../../pipelines/enrich/erasure.ts'
import { toldProvenance } from '../../pipelines/enrich/provenance.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import type { ContactFields, LeadEvent, LeadProfile, Provenance } from '../../schemas/generated/records.ts'
import { HOUR, noContactFields } from '../support/leadRecords.ts'
import { eventsOf } from '../support/eventsOf.ts'
import { assertProperty } from '../support/property.ts'

const lead = { tenantId: 'location-1', contactId: 'maria' }
const start = Date.parse('2026-11-03T15:00:00Z')
const event = eventsOf(lead)
const settings = { humanQuietMs: 24 * HOUR, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }

const contact = (fields: Partial<ContactFields>, at = start, source = 'ghl_webhook', kind = 'contact_updated') =>
  event(kind, at, { source, contact: { ...noContactFields, ...fields } })
const deleted = (at: number) => contact({}, at, 'ghl_webhook', 'contact_deleted')
const says = (text: string, at: number, source = 'ghl_webhook') =>
  event('message_inbound', at, {
    source,
    message: {
      ...{ messageId: `m${at}`, conversationId: null, channel: 'sms', direction: 'inbound', sender: 'lead', subject: null, text },
      ...{ status: null, userId: null, callStatus: null, callDurationSeconds: null },
    },
  })
const note = (at: number, source = 'ghl_webhook', id = 'n1', kind = 'note_added') =>
  event(kind, at, { source, note: { noteId: id, text: 'x' } })
const assigned = (assigneeId: string, at: number, status = 'confirmed') =>
  event('followup_delivered', at, {
    source: 'delivery',
    delivery: {
      ...{ followupId: 'f', decisionId: 'd', channel: 'none', status, messageId: null, text: null, action: 'assign' },
      ...{ echoed: false, assigneeId, closedBecause: null },
    },
  })

const fold = (...events: readonly LeadEvent[]): LeadProfile => {
  let profile: LeadProfile | undefined
  for (const each of events) profile = applyEvent(profile, each, settings)
  if (profile === undefined) throw new TypeError('no event')
  return profile
}
/** As `<source>@<ms after the start>`, groups in order. */
const plain = (provenance: Readonly<Record<string, Provenance>>) =>
  Object.fromEntries(
    Object.entries(provenance)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, { source, at }]) => [group, `${source}@${at - start}`]),
  )
const known = (...events: readonly LeadEvent[]) => plain(fold(...events).provenance)

t.test('a group is from the latest statement about it, also when that changed nothing; what is not stated stays', async (t) => {
  t.strictSame(
    known(
      contact({ firstName: 'Maria', email: 'm@example.com', tags: [], dnd: false, customFields: {}, timeZone: 'America/Chicago' }),
      contact({ lastName: 'Lopez', city: 'Austin', customFields: { f1: 'x' } }, start + 5, 'reconcile'),
      contact({ email: 'm@example.com' }, start + 7, 'reconcile'),
      contact({ email: 'old@example.com' }, start + 6),
      note(start + 9),
      note(start + 8, 'reconcile', 'n2'),
    ),
    {
      customFields: 'reconcile@5',
      doNotDisturb: 'ghl_webhook@0',
      email: 'reconcile@7',
      name: 'reconcile@5',
      notes: 'ghl_webhook@9',
      place: 'reconcile@5',
      tags: 'ghl_webhook@0',
      timeZone: 'ghl_webhook@0',
    },
  )
})

t.test('an owner is from Rekindle itself when its assignment is confirmed, and from whoever says so later', async (t) => {
  t.strictSame(known(assigned('user-1', start, 'handed_over')), {}, 'not confirmed yet')
  t.strictSame(known(assigned('user-1', start + 1)), { owner: 'delivery@1' })
  t.strictSame(known(assigned('user-1', start + 1), contact({ ownerId: 'user-2' }, start + 2)), { owner: 'ghl_webhook@2' })
})

t.test('a permission is from the statement that stands', async (t) => {
  const form = contact({ source: 'website form', createdAt: start }, start, 'ghl_webhook', 'contact_created')
  const provenance = known(form, says('STOP', start + 2, 'twilio'), says('Hello again', start + 3))
  t.strictSame(
    Object.fromEntries(Object.entries(provenance).filter(([group]) => group.startsWith('consent.'))),
    { 'consent.call': 'twilio@2', 'consent.email': 'twilio@2', 'consent.sms': 'twilio@2' },
    'a later message grants nothing, so it is not what the ledger rests on',
  )
})

t.test('a deletion takes what was stated before it, and do-not-disturb and permissions stay', async (t) => {
  const before = [contact({ firstName: 'Maria', dnd: true }), says('STOP', start + 1), note(start + 2)]
  const left = {
    'consent.call': 'ghl_webhook@1',
    'consent.email': 'ghl_webhook@1',
    'consent.sms': 'ghl_webhook@1',
    doNotDisturb: 'ghl_webhook@0',
  }
  t.strictSame(known(...before, deleted(start + 3)), left)
  t.strictSame(known(deleted(start + 3), ...before), left, 'in the other order too')
  t.strictSame(known(...before, deleted(start + 3), contact({ firstName: 'Maria' }, start + 4)), { ...left, name: 'ghl_webhook@4' })
})

t.test('an erasure leaves where refusals are from and nothing else, also of one that comes late', async (t) => {
  const order = { ...lead, erasedAt: start + 9 }
  const before = fold(contact({ firstName: 'Maria', dndChannels: { sms: 'active' } }), note(start + 2))
  t.strictSame(plain(forgotten(before, order).provenance), { doNotDisturb: 'ghl_webhook@0' })
  t.strictSame(plain(forgotten(fold(contact({ firstName: 'Maria', dnd: false })), order).provenance), {})
  const erased = forgotten(fold(note(start)), order)
  const late = withLateRefusals(erased, applyEvent(erased, says('STOP', start + 1), settings))
  t.strictSame(plain(late?.provenance ?? {}), {
    'consent.call': 'ghl_webhook@1',
    'consent.email': 'ghl_webhook@1',
    'consent.sms': 'ghl_webhook@1',
  })
})

t.test('it is told in words, statements of one moment together, and not at all of an older profile', async (t) => {
  const provenance = {
    email: { source: 'ghl_webhook', at: 1 },
    'consent.sms': { source: 'ghl_webhook', at: 1 },
    doNotDisturb: { source: 'a new one', at: 2 },
  }
  t.strictSame(toldProvenance({ provenance }), [
    { groups: ['do not disturb'], from: 'a new one', at: 2 },
    { groups: ['permission by sms', 'email'], from: 'a webhook of GoHighLevel', at: 1 },
  ])
  t.strictSame(toldProvenance({ provenance: undefined as never }), [])
})

const source = fc.constantFrom('ghl_webhook', 'reconcile', 'ghl_workflow')
const statement = fc
  .record({ kind: fc.integer({ min: 0, max: 5 }), at: fc.integer({ min: 0, max: 6 }), source, flag: fc.boolean() })
  .map(({ kind, at, source: from, flag }): LeadEvent => {
    const when = start + at * 30_000
    if (kind === 0) return contact({ firstName: flag ? 'Maria' : 'Ana', dnd: flag }, when, from)
    if (kind === 1)
      return contact({ email: flag ? 'a@example.com' : null, tags: ['x'], dndChannels: flag ? { sms: 'active' } : {} }, when, from)
    if (kind === 2) return note(when, from, flag ? 'n1' : 'n2', flag ? 'note_added' : 'note_deleted')
    if (kind === 3) return deleted(when)
    if (kind === 4) return assigned('user-1', when)
    return says(flag ? 'STOP' : 'Is it still for sale?', when, from)
  })

t.test('any order and any repetition of the same statements gives one provenance', (t) =>
  assertProperty(
    t,
    fc.property(
      fc
        .array(statement, { minLength: 1, maxLength: 12 })
        .chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 }),
          ),
        ),
      ([events, shuffled]) => {
        const [one, other] = [known(...events), known(...shuffled)].map((each) => JSON.stringify(each))
        if (one !== other) throw new Error(`${one} ${other}`)
      },
    ),
    { numRuns: 500 },
  ),
)
