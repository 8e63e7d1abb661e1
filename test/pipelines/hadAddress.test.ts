/** The number and the e-mail address that a contact had when it was deleted: kept by hash, in whatever order its events come. */
import fc from 'fast-check'
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { forgotten } from '../../pipelines/enrich/erasure.ts'
import { addressKey, hadAddress } from '../../pipelines/enrich/hadAddress.ts'
import { saidFrom } from '../../pipelines/enrich/saidFrom.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import type { ContactFields, LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { HOUR, messageEvent, noContactFields, tenantId, tuesdayNoon as at } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const settings = { humanQuietMs: 24 * HOUR, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }
const [x, y] = ['+12125550101', '+12125550199']
const event = (kind: string, occurredAt: number, fields: Partial<ContactFields> = {}): LeadEvent => ({
  ...messageEvent({ kind, occurredAt, message: null, eventId: `${kind} ${occurredAt} ${JSON.stringify(fields)}` }),
  contact: { ...noContactFields, ...fields },
})
const known = (phone: string, time: number) => event('contact_created', time, { phone, email: `${phone.slice(-4)}@example.com` })
const gone = (time: number) => event('contact_deleted', time)
const stop = (time: number) => messageEvent({ occurredAt: time, eventId: `stop ${time}` }, 'STOP')
const fold = (...events: readonly LeadEvent[]) =>
  events.reduce<LeadProfile | undefined>((profile, one) => applyEvent(profile, one, settings), undefined) as LeadProfile
const keyOf = (address: string) => addressKey(tenantId, 'phone', address)

t.test(
  'STOP after the deletion of its contact is said from the number and the e-mail address that it had, of which no more than a hash is left',
  async (t) => {
    const profile = fold(known(x, at), gone(at + 1), stop(at + 2))
    t.match(profile, { phone: null, email: null })
    t.notMatch(JSON.stringify(profile), /5550101|0101@example/)
    t.strictSame(
      saidFrom([profile]).map(({ scope, address, addressKey: key, isCertain }) => ({ scope, address, key, isCertain })),
      [
        { scope: 'sms', address: null, key: keyOf(x), isCertain: true },
        { scope: 'email', address: null, key: addressKey(tenantId, 'email', '0101@example.com'), isCertain: true },
        { scope: 'call', address: null, key: keyOf(x), isCertain: true },
      ],
    )
  },
)

t.test('of several numbers it is the last one before the deletion; a contact that is given one has that', async (t) => {
  t.match(hadAddress(fold(known(x, at), known(y, at + 1), gone(at + 2)), 'phone'), { key: keyOf(y), at: at + 1 })
  t.match(hadAddress(fold(known(x, at), gone(at + 2), known(y, at + 1)), 'phone'), { key: keyOf(y), at: at + 1 }, 'told late')
  const back = fold(known(x, at), gone(at + 1), known(y, at + HOUR))
  t.equal(back.phone, y)
  t.equal(hadAddress(back, 'phone'), undefined)
  t.match(hadAddress(fold(known(x, at), gone(at + 1), known(y, at + HOUR), gone(at + HOUR + 1)), 'phone'), { key: keyOf(y) })
  t.equal(hadAddress(fold(gone(at), stop(at + 1)), 'phone'), undefined, 'a contact of which none was ever told')
})

t.test('an erasure leaves nothing of it', async (t) => {
  const before = fold(known(x, at), gone(at + 1))
  t.ok(hadAddress(before, 'phone'))
  const erased = forgotten(before, { tenantId, contactId: before.contactId, erasedAt: at + HOUR })
  t.equal(hadAddress(erased, 'phone'), undefined)
  t.notMatch(JSON.stringify(erased), keyOf(x) ?? '')
})

t.test('any order and any repetition of numbers, deletions and words give the same', (t) => {
  const step = fc.record({ minute: fc.nat(9), what: fc.constantFrom('known', 'gone', 'stop', 'other') })
  const eventOf = ({ minute, what }: { minute: number; what: string }): LeadEvent => {
    const time = at + minute * 60_000
    if (what === 'gone') return gone(time)
    if (what === 'stop') return stop(time)
    // One number a minute: of two of the same moment none is the later one.
    return what === 'known' ? known(`+1212555010${minute}`, time) : event('contact_updated', time, { city: 'Springfield' })
  }
  return assertProperty(
    t,
    fc.property(
      fc
        .array(step, { maxLength: 8 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }))),
      ([all, shuffled]) => {
        if (all.length === 0) return true
        const what = (profile: LeadProfile) => [profile.phone, profile.email, hadAddress(profile, 'phone'), hadAddress(profile, 'email')]
        const [one, other] = [what(fold(...all.map(eventOf))), what(fold(...shuffled.map(eventOf)))]
        return JSON.stringify(one) === JSON.stringify(other)
      },
    ),
    { numRuns: 300 },
  )
})
