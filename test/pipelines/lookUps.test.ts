/** Whom rules let be looked up, and what an answer does to a lead, through the driver of the whole line. */
import t from 'tap'
import fc from 'fast-check'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { lookUpFields, outcomeOf } from '../../pipelines/enrichment/lookUpFields.ts'
import { notAsked, whatToAsk } from '../../pipelines/enrichment/whatToAsk.ts'
import { emailFactsOf } from '../../pipelines/enrich/facts/emailFacts.ts'
import { phoneFactsOf } from '../../pipelines/enrich/facts/phoneFacts.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadProfile, Tenant, WebhookReceived } from '../../schemas/generated/records.ts'
import { erasures, leadEvents, profiles, webhooks } from '../../topics/index.ts'
import { DAY, HOUR, profileRecord, tenantId, tenantRecord, tuesdayNoon as at } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const contactId = 'mariaLopezContact01'
const lead = `${tenantId}:${contactId}`
const on = (over: Partial<NonNullable<Tenant['lookUps']>> = {}) =>
  tenantRecord({ lookUps: { provider: 'apollo', fields: ['companyName', 'jobTitle'], creditsPerDay: '5', ...over } })
const reachable = (over: Partial<LeadProfile> = {}) => {
  const profile = profileRecord({
    email: 'maria@oak.realty',
    companyName: null,
    dnd: false,
    dndChannels: {},
    consents: {},
    deletedAt: null,
    ...over,
  })
  return {
    ...profile,
    emailFacts: profile.email === null ? null : emailFactsOf(profile.email, at),
    phoneFacts: profile.phone === null ? null : phoneFactsOf(profile.phone, at),
  }
}
const why = (profile: LeadProfile, tenant: Tenant | undefined = on()) => whatToAsk(profile, tenant, at, 30 * DAY)
const revoked = { status: 'revoked', at, expiresAt: null, eventId: 'e', words: null }

t.test('who is asked about, and why not', async (t) => {
  t.strictSame(why(reachable()), { fields: ['companyName', 'jobTitle'], person: { email: 'maria@oak.realty' } })
  const seen = new Set<string>()
  const not = (reason: string, profile: LeadProfile, tenant?: Tenant) => {
    seen.add(reason)
    t.strictSame(why(profile, tenant), { not: reason }, reason)
  }
  t.strictSame(whatToAsk(reachable(), undefined, at, DAY), { not: 'switched_off' }, 'a location that is not known')
  not('switched_off', reachable(), tenantRecord())
  not('switched_off', reachable(), { ...on(), status: 'paused' })
  not('gone', reachable({ deletedAt: at }))
  not('refused_by_lead', reachable({ dnd: true }))
  not('refused_by_lead', reachable({ dndChannels: { call: 'active' } }))
  not('refused_by_lead', reachable({ consents: { sms: revoked } }))
  not('known_already', reachable({ companyName: 'Oak' }), on({ fields: ['companyName'] }))
  not('fresh', reachable({ lookUp: { provider: 'apollo', at: at - 30 * DAY + 1, outcome: 'none', found: {} } }))
  not('too_little_known', reachable({ email: null }))
  not('too_little_known', reachable({ email: 'info@oak.realty' }))
  not('too_little_known', reachable({ email: 'x@mailinator.com' }))
  t.strictSame([...seen].sort(), [...notAsked].sort(), 'every reason is shown')
  t.match(why(reachable({ lookUp: { provider: 'apollo', at: at - 30 * DAY, outcome: 'none', found: {} } })), {
    fields: ['companyName', 'jobTitle'],
  })
})

t.test('offline rules go first: what a number or a ZIP code tells is not asked for', async (t) => {
  const place = on({ fields: ['state', 'country'] })
  const blank = { phone: null, state: null, country: null, postalCode: null }
  t.match(why(reachable(blank), place), { fields: ['state', 'country'] })
  t.match(why(reachable({ ...blank, country: 'US', postalCode: '78701' }), place), { not: 'known_already' })
  t.match(why(reachable({ ...blank, phone: '+15125550123' }), place), { not: 'known_already' })
})

t.test('without an address a name is sent with a company, never alone', async (t) => {
  const named = { email: null, firstName: 'Maria', lastName: 'Lopez' }
  t.match(why(reachable(named)), { not: 'too_little_known' })
  t.strictSame(why(reachable({ ...named, companyName: 'Oak' })), {
    fields: ['jobTitle'],
    person: { firstName: 'Maria', lastName: 'Lopez', companyName: 'Oak' },
  })
})

t.test('an answer is worth what of the question it covers', async (t) => {
  t.equal(outcomeOf(['city', 'state'], {}), 'none')
  t.equal(outcomeOf(['city', 'state'], { city: 'Austin' }), 'partly')
  t.equal(outcomeOf(['city'], { city: 'Austin', state: 'Texas' }), 'found')
  t.notOk(
    lookUpFields.some((field) => /mail|phone/i.test(field)),
    'nothing to write to is ever asked for',
  )
})

const line = () => drive([ingest, enrich], { at, tables: { tenants: [[tenantId, on()]] } })
const webhook = (body: object, over: Partial<WebhookReceived> = {}): WebhookReceived => ({
  receivedId: JSON.stringify(body),
  tenantId,
  origin: 'webhook',
  scheme: 'ed25519',
  keyId: 'k',
  type: 'ContactCreate',
  webhookId: null,
  contactId,
  batchIndex: 0,
  receivedAt: at,
  body: Buffer.from(JSON.stringify(body)),
  ...over,
})
const contact = (over: object = {}) =>
  webhook({
    type: 'ContactCreate',
    locationId: tenantId,
    id: contactId,
    timestamp: new Date(at).toISOString(),
    firstName: 'Maria',
    email: 'maria@oak.realty',
    ...over,
  })
const lookUp = (over: object = {}, record: Partial<WebhookReceived> = {}) =>
  webhook(
    {
      type: 'LeadLookedUp',
      lookUpId: 'u1',
      provider: 'apollo',
      asked: ['firstName', 'jobTitle'],
      found: { firstName: 'Mary', jobTitle: 'VP' },
      askedAt: at + HOUR,
      ...over,
    },
    { origin: 'enrichment', scheme: 'api', type: 'LeadLookedUp', receivedAt: at + HOUR, ...record },
  )

t.test('an answer becomes one event and a group of its own; what the lead said stays, and the score is made anew', async (t) => {
  const driver = line()
  driver.pipe(webhooks, lead, contact())
  const before = driver.state('enrich', lead) as LeadProfile
  driver.pipe(webhooks, lead, lookUp())
  driver.pipe(webhooks, lead, lookUp())
  const after = driver.state('enrich', lead) as LeadProfile
  t.match(driver.outputs(leadEvents)[1], {
    kind: 'lead_looked_up',
    source: 'apollo',
    sourceId: 'u1',
    occurredAt: at + HOUR,
    lookUp: { provider: 'apollo', outcome: 'found', asked: ['firstName', 'jobTitle'], found: { firstName: 'Mary', jobTitle: 'VP' } },
  })
  t.equal(driver.outputs(leadEvents).length, 2, 'told again it changes nothing')
  t.equal(after.firstName, 'Maria', 'never over what was said')
  t.strictSame(after.lookUp, { provider: 'apollo', at: at + HOUR, outcome: 'found', found: { firstName: 'Mary', jobTitle: 'VP' } })
  t.match(after.emailFacts, { address: 'maria@oak.realty', kind: 'own_domain', source: 'rules', at })
  t.equal(before.scoring?.at, at)
  t.equal(after.scoring?.at, at + HOUR, 'the score is as of the answer')
  t.equal(after.version, before.version + 1)
  t.equal(after.epoch, before.epoch, 'no decision becomes obsolete by it')
  t.strictSame([after.consents, after.dnd, after.email, after.phone], [before.consents, before.dnd, before.email, before.phone])
  t.match(whatToAsk(after, on(), at + 2 * HOUR, 30 * DAY), { not: 'fresh' }, 'the answer asks for no other')
})

t.test('what is not asked for is not taken, and a defective record is set aside', async (t) => {
  const driver = line()
  driver.pipe(webhooks, lead, contact())
  driver.pipe(webhooks, lead, lookUp({ asked: ['jobTitle', 'phone'], found: { jobTitle: ' ', phone: '+1512', city: 'Austin' } }))
  t.match(driver.outputs(leadEvents)[1]?.lookUp, { outcome: 'none', asked: ['jobTitle'], found: {} })
  driver.pipe(webhooks, lead, webhook({}, { origin: 'enrichment', body: Buffer.from('{') }))
  driver.pipe(webhooks, lead, lookUp({ lookUpId: '' }))
  driver.pipe(webhooks, lead, lookUp({ provider: null }))
  driver.pipe(webhooks, lead, lookUp({ asked: 'all' }))
  driver.pipe(webhooks, lead, lookUp({}, { contactId: null }))
  driver.pipe(webhooks, lead, lookUp({}, { contactId: 'another' }))
  t.strictSame(
    driver.deadLetters.map(({ code }) => code),
    ['E_WEBHOOK_MALFORMED', ...Array<string>(3).fill('E_WEBHOOK_FIELD_MISSING'), 'E_WEBHOOK_CONTACT_MISSING', 'E_WEBHOOK_KEY_DIFFERS'],
  )
})

t.test('an answer that comes after an erasure does not bring the lead back', async (t) => {
  const driver = line()
  driver.pipe(webhooks, lead, contact())
  driver.pipe(erasures, lead, { requestId: 'r', tenantId, contactId, erasedAt: at + 1, requestedBy: 'test' })
  const told = driver.outputs(profiles).length
  driver.pipe(webhooks, lead, lookUp())
  t.match(driver.state('enrich', lead), { lookUp: null, deletedAt: at + 1, firstName: null })
  t.equal(driver.outputs(profiles).length, told, 'and no profile is told')
})

t.test('property: in any order, the latest answer stays and a deletion takes what was found before it', async (t) => {
  await assertProperty(
    t,
    fc.property(
      fc.array(fc.record({ minute: fc.integer({ min: 1, max: 20 }), title: fc.constantFrom('A', 'B', 'C') }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.integer({ min: 0, max: 20 }),
      fc.infiniteStream(fc.nat()),
      (answers, deletedMinute, keys) => {
        const records = [
          ...answers.map(({ minute, title }, i) =>
            lookUp({ lookUpId: `u${i}`, askedAt: at + minute * 60_000, asked: ['jobTitle'], found: { jobTitle: title } }),
          ),
          webhook(
            { type: 'ContactDelete', locationId: tenantId, id: contactId, timestamp: new Date(at + deletedMinute * 60_000).toISOString() },
            { type: 'ContactDelete', receivedAt: at + HOUR },
          ),
        ]
        const shuffled = records.map((record) => ({ record, key: keys.next().value as number })).sort((a, b) => a.key - b.key)
        const driver = line()
        driver.pipe(webhooks, lead, contact())
        for (const { record } of shuffled) driver.pipe(webhooks, lead, record)
        const left = answers.filter(({ minute }) => minute > deletedMinute)
        const latest = left.sort((a, b) => b.minute - a.minute || (a.title < b.title ? 1 : -1))[0]
        const { lookUp: kept } = driver.state('enrich', lead) as LeadProfile
        return (kept?.found['jobTitle'] ?? null) === (latest?.title ?? null)
      },
    ),
  )
})
