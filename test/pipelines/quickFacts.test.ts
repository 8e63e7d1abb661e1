/** What makes facts, places, priorities and views of a lead quick changes none of them: each quick form equals its plain one. */
import fc from 'fast-check'
import t from 'tap'
import { permittedFacts } from '../../pipelines/agents/agentView.ts'
import { amountOf } from '../../pipelines/agents/factValues.ts'
import { emptyProfile } from '../../pipelines/enrich/applyEvent.ts'
import { CONTACT_CHANNELS, revoked } from '../../pipelines/enrich/consent.ts'
import { copyOfProfile } from '../../pipelines/enrich/copyOfProfile.ts'
import { emailFactsOf } from '../../pipelines/enrich/facts/emailFacts.ts'
import { phoneFactsOf } from '../../pipelines/enrich/facts/phoneFacts.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { scoringOf } from '../../pipelines/enrich/scoring/composite.ts'
import { priorityOf } from '../../pipelines/enrich/scoring/priority.ts'
import { sourcePoints } from '../../pipelines/enrich/scoring/priorityTables.ts'
import { placeOf } from '../../pipelines/enrich/timeZones.ts'
import { LeadProfile } from '../../schemas/generated/records.ts'
import { sandboxTenant } from '../../simulate/sandboxTenant.ts'
import { assertProperty } from '../support/property.ts'
import {
  isPlainAddress,
  plainAmountOf,
  plainPhoneFactsOf,
  plainPlaceOf,
  plainPriorityOf,
  plainSeenFacts,
  plainSeenMessages,
  plainStated,
} from './plainFacts.ts'

const at = Date.parse('2026-11-03T15:00:00Z')
const empty = emptyProfile({ tenantId: 't', contactId: 'c', occurredAt: at, receivedAt: at })

const digits = (least: number, most: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: least, maxLength: most })
/** Of North America most: its plans are the ones that are told apart. */
const phones = fc.oneof(
  { weight: 4, arbitrary: digits(10, 10).map((number) => `+1${number}`) },
  fc
    .tuple(fc.constantFrom('512', '416', '787', '876', '800', '900', '500', '242', '684', '710', '983'), digits(7, 7))
    .map(([area, rest]) => `+1${area}${rest}`),
  digits(0, 14).map((number) => `+${number}`),
  fc.constantFrom('+442079460000', '+447911123456', '+33612345678', ' +15125550100', '+1 512 555 0100', '5125550100', '+1512555010', ''),
)

t.test('telephone numbers: what is known without a look at every country that shares the code', async (t) => {
  await assertProperty(
    t,
    fc.property(phones, (number) => {
      t.strictSame(phoneFactsOf(number, at), plainPhoneFactsOf(number, at), number)
    }),
  )
})

t.test('e-mail addresses: ASCII has the syntax that the tables of Unicode give it', async (t) => {
  const odd = fc.string({ unit: fc.constantFrom(...'abzAZ09.-+_@!é½ \u0131'), maxLength: 12 })
  const part = fc.oneof(fc.constantFrom('oak', 'jo.day', 'a', 'a-b'), odd)
  const endings = fc.constantFrom('', '.com', '.con', '.co.uk', '.xn--p1ai', '.c', '.example', `.${'a'.repeat(63)}`, `.${'a'.repeat(64)}`)
  await assertProperty(
    t,
    fc.property(part, part, endings, (mailbox, domain, ending) => {
      const address = `${mailbox}@${domain}${ending}`
      t.equal(emailFactsOf(address, at).valid, isPlainAddress(address), address)
    }),
  )
})

t.test('amounts: digits alone need no list of patterns', async (t) => {
  const pieces = fc.constantFrom('1', '350', '350000', 'k', 'm', ' ', '-', ' to ', ',', '.', '$', 'M', 'x', '007', '½', '000')
  await assertProperty(
    t,
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      t.equal(amountOf(parts.join('')), plainAmountOf(parts.join('')), parts.join(''))
    }),
  )
})

const names = {
  b: 'budget',
  a: 'budget',
  min: 'budget_min',
  max: 'budget_max',
  t2: 'timeline',
  t1: 'timeline',
  m: 'motivation',
  v: 'visits',
}
const ids = fc.constantFrom(...Object.keys(names), 'unknown')
const values = fc.constantFrom(
  '',
  ' ',
  '350k',
  '150000',
  '1.2m',
  '19999',
  '20000',
  '400k-500k',
  'asap',
  'in 3 months',
  '12+ months',
  'no idea',
  '-',
)
const customFields = fc.array(fc.tuple(ids, values)).map((entries) => Object.fromEntries(entries))
const sources = fc.oneof(
  fc.constantFrom(
    null,
    '',
    'Unknown',
    ' Open House ',
    'REALTOR.COM',
    'my list',
    ...sourcePoints.flatMap(({ name, also }) => [name, ...also]),
  ),
  fc.string({ maxLength: 8 }),
)
const words = fc.constantFrom(
  'asap',
  'someday',
  'next month',
  'we are ready to buy',
  'pre-approved, urgent',
  'hello',
  '',
  'me@mail.com',
  'ab@c.de',
  '(512) 555-0100',
)
const recentMessages = fc
  .array(fc.tuple(words, fc.constantFrom('inbound', 'outbound')), { maxLength: 7 })
  .map((all) =>
    all.map(([text, direction], place) => ({ messageId: `m${place}`, at: at + place, channel: 'sms', direction, sender: 'lead', text })),
  )

t.test('priority: parts, points and what is unknown are those of all fields read anew', async (t) => {
  await assertProperty(
    t,
    fc.property(customFields, sources, recentMessages, fc.boolean(), (fields, source, messages, isNamed) => {
      const profile = { ...empty, customFields: fields, source, recentMessages: messages }
      // The same fields under other names first: what was read of them must not be told again.
      priorityOf(profile, { a: 'timeline', t1: 'budget' }, scoringOf(profile, {}, at))
      for (const known of isNamed ? [names, names] : [names, {}]) {
        const scoring = scoringOf(profile, known, at)
        const { score, factors, unknown } = priorityOf(profile, known, scoring)
        t.strictSame({ score, factors, unknown }, plainPriorityOf(profile, known, scoring))
      }
    }),
  )
})

t.test('places: sources that name no zone twice are not searched for doubles', async (t) => {
  await assertProperty(
    t,
    fc.property(
      fc.record({
        timeZone: fc.constantFrom(null, 'America/New_York', 'America/Chicago'),
        phone: fc.oneof(fc.constant(null), phones),
        state: fc.constantFrom(null, 'FL', 'texas', 'ON', 'nowhere'),
        country: fc.constantFrom(null, 'US', 'USA', 'United States', 'PR', 'CA', 'DE', 'ES', 'XX'),
        postalCode: fc.constantFrom(null, '78701', '33602-1234', 'H2X'),
        reportedTimeZone: fc.constantFrom(null, 'America/Chicago', 'Europe/Madrid'),
      }),
      fc.constantFrom(undefined, { timeZone: 'America/Chicago' }, { timeZone: 'Europe/Berlin' }),
      (lead, tenant) => {
        t.strictSame(placeOf(lead, tenant), plainPlaceOf(lead, tenant))
      },
    ),
  )
})

t.test('views: facts, messages and counts are those that are made anew, and in their order', async (t) => {
  const facts = ['age', ...permittedFacts.filter((name) => name !== 'video_url')]
  const open = Object.fromEntries(
    [...'zyxwvutsrqponmlkjihgfedcba'].map((id, place) => [id, place % 5 === 0 ? 'budget' : (facts[place % 23] ?? '')]),
  )
  const seen = fc.constantFrom(
    '',
    'yes',
    '450k',
    'call 512-555-0100',
    '5125550100',
    '512555010',
    '+49 30 1234567',
    'x@y.z',
    `${'é'.repeat(79)}😀`,
  )
  const counts = fc.array(fc.constantFrom('sms', 'email', 'call', 'rcs')).map((all) => Object.fromEntries(all.map((one, n) => [one, n])))
  await assertProperty(
    t,
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(open)), seen, { maxKeys: 26 }),
      recentMessages,
      counts,
      (fields, messages, counted) => {
        const counters = { ...empty.counters, inboundByChannel: counted, outboundByChannel: counted }
        const profile = { ...empty, customFields: fields, recentMessages: messages, counters }
        const inOrder = Object.entries(counted).sort(([a], [b]) => (a < b ? -1 : 1))
        for (const customFieldNames of [open, open, { ...open, a: 'timeline' }]) {
          const view = leadView(profile, { ...sandboxTenant(0), customFieldNames }, at)
          t.strictSame(Object.entries(view.facts), plainSeenFacts(fields, customFieldNames))
          t.strictSame(view.recentMessages, plainSeenMessages(messages))
          t.strictSame([view.counters.inboundByChannel, view.counters.outboundByChannel].map(Object.entries), [inOrder, inOrder])
        }
      },
    ),
  )
})

t.test('consent: one statement about several channels is one about each', async (t) => {
  const consent = fc.record({
    status: fc.constantFrom('inquiry', 'express', 'revoked'),
    at: fc.constantFrom(at - 1, at, at + 1),
    expiresAt: fc.constant(null),
    eventId: fc.constantFrom('a', 'b', 'c'),
    words: fc.constant(null),
  })
  await assertProperty(
    t,
    fc.property(fc.dictionary(fc.constantFrom('sms', 'email', 'call', 'rcs'), consent), fc.constantFrom('sms', 'rcs'), (known, channel) => {
      const channels = [...CONTACT_CHANNELS, channel]
      const stated = { status: 'revoked', at, expiresAt: null, eventId: 'b', words: 'stop' }
      const expected = plainStated(known, channels, stated)
      const after = revoked(known, channels, at, 'b', 'stop')
      t.strictSame(Object.entries(after), Object.entries(expected))
      t.equal(after === known, expected === known, 'the very ledger when nothing changes')
    }),
  )
})

t.test('a copy of a profile has every field, and shares what it holds', (t) => {
  const fields = (LeadProfile.definition as { fields: { name: string }[] }).fields.map(({ name }) => name)
  const copy = copyOfProfile(empty)
  t.strictSame(Object.keys(copy).sort(), fields.sort())
  for (const [field, value] of Object.entries(empty)) t.equal(copy[field as keyof typeof copy], value, field)
  t.end()
})
