/** Whatever is told of a lead, in whatever order: nothing but the lead's own explicit opt-in, on its own channel, restores a permission. */
import fc from 'fast-check'
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { MINUTE, messageEvent, noContactFields, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const settings = { humanQuietMs: null, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }

/** What a lead may write, and whether it is one of the words that open a channel. @source gohighlevel reference 6.2: START, UNSTOP */
const texts = [
  ...['hello', 'yes', 'YES please', 'ok', 'I agree to be texted', 'you may call me', 'please restart the search', 'stop', 'STOP all'],
  ...['unsubscribe', 'cancel my appointment', 'dont start texting me again'],
].map((text) => ({ text, opens: false }))
const openings = ['START', 'unstop'].map((text) => ({ text, opens: true }))

interface Step {
  readonly event: LeadEvent
  /** The channel that it may open. */
  readonly opens: string | undefined
}

const minutes = fc.nat({ max: 500 })
const message = fc
  .record({
    said: fc.constantFrom(...texts, ...openings),
    channel: fc.constantFrom('sms', 'email', 'call', 'whatsapp'),
    direction: fc.constantFrom('inbound', 'outbound'),
    sender: fc.constantFrom('lead', 'human', 'workflow', 'rekindle'),
    minute: minutes,
  })
  .map(({ said, channel, direction, sender, minute }): Step => {
    const event = messageEvent({ occurredAt: tuesdayNoon + minute * MINUTE }, said.text)
    const isInbound = direction === 'inbound'
    const told =
      event.message === null ? null : { ...event.message, channel, direction, sender: isInbound ? 'lead' : sender, subject: null }
    const kind = isInbound ? 'message_inbound' : 'message_outbound'
    return { event: { ...event, kind, message: told }, opens: isInbound && said.opens ? channel : undefined }
  })
const contact = fc
  .record({
    kind: fc.constantFrom('contact_created', 'contact_updated', 'contact_deleted', 'dnd_changed', 'tags_changed'),
    source: fc.constantFrom(null, 'web form', 'facebook lead ad', 'csv import'),
    status: fc.constantFrom('active', 'inactive', 'permanent'),
    dnd: fc.constantFrom(null, true, false),
    minute: minutes,
  })
  .map(({ kind, source, status, dnd, minute }): Step => {
    const occurredAt = tuesdayNoon + minute * MINUTE
    const dndChannels = { sms: status, email: status, call: status }
    const fields = { ...noContactFields, source, dnd, dndChannels, tags: ['opted in', 'consent given'], createdAt: occurredAt }
    return { event: { ...messageEvent({ occurredAt }, ''), ...noSections, kind, contact: fields }, opens: undefined }
  })

t.test(
  'no message, contact, do-not-disturb, deletion or return restores a permission that was taken back; START on its channel does',
  (t) => {
    let restored = 0
    return assertProperty(
      t,
      fc.property(fc.array(fc.oneof(message, contact), { minLength: 2, maxLength: 25 }), (steps) => {
        let lead: LeadProfile | undefined
        return steps.every(({ event, opens }, place) => {
          const before = lead
          lead = applyEvent(before, { ...event, eventId: `event-${place}` }, settings)
          return Object.keys(before?.consents ?? {}).every((channel) => {
            const isRestored = before?.consents[channel]?.status === 'revoked' && lead?.consents[channel]?.status !== 'revoked'
            if (isRestored) restored++
            return !isRestored || opens === channel
          })
        })
      }),
      { numRuns: 500 },
    ).then(() => t.ok(restored > 0, 'some of them were restored, so the rule was asked'))
  },
)
