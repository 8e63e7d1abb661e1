/** The fence and a number or an address that said STOP while it was no contact: who appears with it is not written to. */
import fc from 'fast-check'
import t from 'tap'
import { closedByAddress } from '../../pipelines/enrich/addressRefusals.ts'
import type { WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { tellHeard } from '../../sinks/postgres/heard.ts'
import { deliveries, erasures, leadEvents, profiles, unrecognised, webhooksUrgent } from '../../topics/index.ts'
import { HOUR, MINUTE, profileRecord, tenantId, tuesdayNoon as at } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { fromMailService, fromSendGrid, fromTwilio, texted } from '../support/unnamedSenders.ts'
import { ledgerBench as bench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

const number = '+12125550101'
const permitted = () => {
  const stated = { status: 'inquiry', at: at - MINUTE, expiresAt: at + 90 * 24 * HOUR, eventId: 'form', words: null }
  return { sms: stated, email: stated, call: stated }
}
const told = (b: LedgerBench, ...raw: readonly WebhookUnrecognised[]) =>
  b.put(
    unrecognised,
    raw.map((one) => [one.tenantId, one]),
  )
const statements = async (b: LedgerBench) =>
  (await b.pool.query<Record<string, unknown>>('SELECT * FROM address_statements ORDER BY channel, purpose, event_id')).rows
/** A contact with the number and the address above is written to on each channel. */
async function writeTo(b: LedgerBench, contactId: string) {
  await b.lead({ contactId, consents: permitted() })
  b.sandbox.put('contacts', tenantId, { id: contactId, phone: number, email: 'maria@example.com' })
  const of = { contactId, decisionId: contactId }
  await b.plan(
    of,
    {
      ...of,
      channel: 'email',
      subject: 'Hello',
      templateId: 'reply.email.1',
      text: 'The house on Elm Street can be seen on Saturday at noon. To end this write STOP.',
    },
    { ...of, action: 'create_task', channel: 'call', templateId: null, text: 'Call' },
  )
  await b.fresh()
  await b.worker().cycle()
  const rows = await b.queries.ledger(tenantId, contactId, 50)
  const became = (channel: string) => {
    const row = rows.find((one) => one.channel === channel)
    return `${row?.status} ${row?.ruleId ?? ''}`.trim()
  }
  return { sms: became('sms'), email: became('email'), call: became('call') }
}
const open = { sms: 'confirmed', email: 'confirmed', call: 'confirmed' }
const closed = 'denied address_revoked'
const optedOut = { ...open, sms: closed, call: closed }

t.test('who appears with a number or an address that opted out while nobody was known by it is not written to', async (t) => {
  const raws: Record<string, [WebhookUnrecognised, object]> = {
    'a text that says STOP': [texted(number, 'STOP'), optedOut],
    'a phrase': [texted(number, 'please take me off'), optedOut],
    'a word that the carrier alone knows': [fromTwilio({ From: number, Body: 'Fertig', OptOutType: 'STOP' }), optedOut],
    'by WhatsApp': [texted(`whatsapp:${number}`, 'stop'), optedOut],
    'a text that could not be delivered since its recipient opted out': [
      fromTwilio({ MessageStatus: 'failed', ErrorCode: '21610', To: number }),
      { ...open, sms: closed },
    ],
    'another failure': [fromTwilio({ MessageStatus: 'failed', ErrorCode: '30005', To: number }), open],
    'another text': [texted(number, 'What is the price?'), open],
    'SendGrid, unsubscribe': [fromSendGrid({ event: 'unsubscribe', email: 'Maria@Example.com' }), { ...open, email: closed }],
    'SendGrid, group_unsubscribe': [fromSendGrid({ event: 'group_unsubscribe', email: 'maria@example.com' }), { ...open, email: closed }],
    'SendGrid, spamreport': [fromSendGrid({ event: 'spamreport', email: 'maria@example.com' }), { ...open, email: closed }],
    'SendGrid, an open': [fromSendGrid({ event: 'open', email: 'maria@example.com' }), open],
    'the mail service, unsubscribed': [
      fromMailService({ event: 'unsubscribed', recipient: 'maria@example.com' }),
      { ...open, email: closed },
    ],
    'the mail service, complained': [fromMailService({ event: 'complained', recipient: 'Maria@example.com' }), { ...open, email: closed }],
    'the mail service, opened': [fromMailService({ event: 'opened', recipient: 'maria@example.com' }), open],
  }
  const b = await bench(t)
  for (const [what, [raw, becomes]] of Object.entries(raws)) {
    t.equal(raw.reason, 'contact_not_named')
    await b.pool.query('TRUNCATE address_statements')
    await b.reset()
    await b.tenant()
    await told(b, raw)
    t.strictSame(await writeTo(b, 'maria'), becomes, what)
  }
})

t.test('START from the number opens texts again, and nothing that the lead has closed itself', async (t) => {
  const b = await bench(t)
  await told(b, texted(number, 'STOP', { id: 'SM1' }))
  t.strictSame(await writeTo(b, 'maria'), optedOut)
  const [first] = (await b.queries.ledger(tenantId, 'maria', 50)).filter(({ channel }) => channel === 'sms')
  t.equal(first?.reason, 'This number opted out of sms on 2026-11-10 17:00 UTC. That counts for every lead that has it.')
  await told(b, texted(number, 'START', { id: 'SM2', at: at + MINUTE }))
  t.strictSame(await writeTo(b, 'brother'), { ...open, call: closed })
  const stop = { status: 'revoked', at: at - HOUR, expiresAt: null, eventId: 'stop', words: 'STOP' }
  await b.lead({ contactId: 'sister', phone: '+12125550199', consents: { ...permitted(), sms: stop }, version: 1 })
  await b.lead({ contactId: 'sister', consents: { ...permitted(), sms: stop }, version: 2, fieldTimes: { phone: at } })
  await b.plan({ contactId: 'sister', decisionId: 'sister' })
  await b.worker().cycle()
  t.match(await b.row('sister'), { status: 'denied', gateId: 'consent', ruleId: 'revoked' })
})

t.test('STOP of an unknown number between reservation and hand-over stops the message', async (t) => {
  const b = await bench(t)
  await b.lead({ consents: permitted() })
  await b.plan({})
  await b
    .worker({ onStep: (step) => (step === 'contact_read' ? told(b, texted(number, 'STOP')).then(() => b.fresh()) : undefined) })
    .cycle()
  t.match(await b.row(), { status: 'denied', ruleId: 'address_revoked', attempt: 0 })
  t.equal(b.sandbox.messages().length, 0)
})

t.test('while what unknown numbers said is behind, nothing leaves', async (t) => {
  const b = await bench(t)
  await b.lead({ consents: permitted() })
  await b.plan({})
  b.clock.advance(60_000)
  const sink = postgresSink(b.pool)
  await sink.caughtUp?.(
    [profiles, leadEvents, webhooksUrgent, deliveries].map((topic) => ({ topic, partition: 0 })),
    b.clock.now(),
  )
  await b.worker().cycle()
  t.match(await b.row(), { status: 'deferred', gateId: 'address', ruleId: 'copies_stale' })
  await sink.caughtUp?.([{ topic: unrecognised, partition: 0 }], b.clock.now())
  b.clock.advance(5_000)
  await b.worker().cycle()
  t.match(await b.row(), { status: 'confirmed' })
})

t.test('it is stored once, by a hash, without words and lead; for its location alone; an erasure leaves it', async (t) => {
  const b = await bench(t)
  const stop = texted(number, 'STOP', { id: 'SM1' })
  await told(b, stop, stop, { ...stop, reason: 'contact_not_found', detail: 'no contact has the number' })
  await b.pool.query('DELETE FROM sink_offsets')
  await told(b, { ...stop, reason: 'contact_ambiguous' }, { ...stop, reason: 'lookup_failed' })
  const stored = await statements(b)
  t.match(stored, [
    { channel: 'call', purpose: 'all', status: 'revoked', stated_at: new Date(at), lead_id: null, words: null, event_id: 'c:SM1:received' },
    { channel: 'sms', purpose: 'all', status: 'revoked', stated_at: new Date(at), lead_id: null, words: null, event_id: 'c:SM1:received' },
  ])
  t.equal(stored.length, 2)
  t.notMatch(JSON.stringify(stored), /STOP|5550101/)
  await b.lead({ consents: permitted() })
  await b.put(erasures, [
    [`${tenantId}:maria`, { tenantId, contactId: 'maria', erasedAt: at + HOUR, requestId: 'r', requestedBy: 'office' }],
  ])
  t.strictSame(await statements(b), stored)

  await b.pool.query('TRUNCATE address_statements')
  const others = ['unknown_type', 'no_part_of_the_story', 'heartbeat']
  await told(b, ...others.map((reason) => ({ ...stop, reason })))
  t.strictSame(await statements(b), [], 'what waits for no contact says nothing')
  await told(b, texted(number, 'STOP', { tenant: 'elsewhere' }))
  await b.reset()
  await b.tenant()
  t.strictSame(await writeTo(b, 'brother'), open, 'another location')
})

t.test(
  'an opt-out of which no location is named closes the number in all of them; START opens it where it names the location',
  async (t) => {
    const b = await bench(t)
    const stop = texted(number, 'STOP', { tenant: '' })
    t.equal(stop.reason, 'tenant_not_named')
    await told(b, stop, texted(number, 'START', { tenant: '', id: 'SM2', at: at + MINUTE }))
    t.strictSame(await writeTo(b, 'maria'), optedOut, 'START of nowhere opens nothing')
    await b.reset()
    await b.tenant()
    await told(b, texted(number, 'START', { id: 'SM3', at: at + MINUTE }))
    t.strictSame(await writeTo(b, 'maria'), { ...open, call: closed })
    await told(b, texted(number, 'STOP', { tenant: '', id: 'SM4', at: at + 2 * MINUTE }))
    t.strictSame(await writeTo(b, 'brother'), optedOut)
  },
)

t.test('an opt-out of a location that was removed counts when it is installed again', async (t) => {
  const b = await bench(t)
  await told(b, { ...texted(number, 'STOP'), reason: 'tenant_not_installed' })
  t.strictSame(await writeTo(b, 'maria'), optedOut)
})

t.test('nothing leaves while what was accepted is not folded, or what a mail service said is not stored', async (t) => {
  const b = await bench(t)
  const copies = [profiles, unrecognised, leadEvents, webhooksUrgent, deliveries]
  for (const late of [leadEvents, webhooksUrgent]) {
    await b.reset()
    await b.tenant()
    await b.lead({ consents: permitted() })
    await b.plan({ decisionId: late.name })
    const others = copies.filter((one) => one !== late).map((topic) => ({ topic, partition: 0 }))
    await postgresSink(b.pool).caughtUp?.(others, b.clock.now())
    await b.worker().cycle()
    t.match(await b.row(), { status: 'deferred', gateId: 'address', ruleId: 'copies_stale' }, `nothing is known of ${late.name}`)
    await postgresSink(b.pool).caughtUp?.([{ topic: late, partition: 0 }], b.clock.now() - 15_001)
    b.clock.advance(5_000)
    await postgresSink(b.pool).caughtUp?.(others, b.clock.now())
    await b.worker().cycle()
    t.match(await b.row(), { status: 'deferred', gateId: 'address', ruleId: 'copies_stale' }, `${late.name} is behind`)
    await tellHeard(b.pool, [0], b.clock.now())
    await postgresSink(b.pool).caughtUp?.([{ topic: leadEvents, partition: 0 }], b.clock.now())
    b.clock.advance(5_000)
    await b.worker().cycle()
    t.match(await b.row(), { status: 'confirmed' })
  }
})

t.test('an opt-out that names its purpose closes that alone where the location has set it so, else everything', async (t) => {
  const b = await bench(t)
  await told(b, texted(number, 'no more ads', { id: 'SM1' }))
  t.match(await statements(b), [
    { channel: 'call', purpose: 'all' },
    { channel: 'sms', purpose: 'all' },
  ])
  await b.pool.query('TRUNCATE address_statements')
  await b.tenant({ consent: { revocation: 'purpose', marketingNeeds: 'inquiry', written: null } })
  await told(b, texted(number, 'no more ads', { id: 'SM2' }), texted('+12125550199', 'STOP', { id: 'SM3' }))
  t.strictSame(
    (await statements(b)).map(({ channel, purpose, event_id }) => [channel, purpose, event_id].join(' ')),
    ['call all c:SM3:received', 'call marketing c:SM2:received', 'sms all c:SM3:received', 'sms marketing c:SM2:received'],
  )
  t.match(await writeTo(b, 'maria'), { sms: 'denied address_marketing_revoked' })
})

t.test(
  'STOP and START of a number, in any order and repetition, before and after its contact appears: the last that was said counts',
  async (t) => {
    const b = await bench(t)
    let round = 0
    const words = fc.array(fc.record({ word: fc.constantFrom('STOP', 'START'), minute: fc.nat(5), order: fc.nat() }), {
      minLength: 1,
      maxLength: 6,
    })
    await assertProperty(
      t,
      fc.asyncProperty(words, fc.nat(6), fc.array(fc.nat(5), { maxLength: 4 }), async (drawn, appearsAfter, again) => {
        const tenant = `round${round++}`
        const raws = drawn.map(({ word, minute }, place) => texted(number, word, { id: `SM${place}`, at: at + minute * MINUTE, tenant }))
        const arriving = drawn
          .map(({ order }, place) => ({ order, raw: raws[place] as WebhookUnrecognised }))
          .sort((x, y) => x.order - y.order)
        const all = [...arriving.map(({ raw }) => raw), ...again.flatMap((place) => raws[place] ?? [])]
        const lead = `${tenant}:maria`
        const appear = () =>
          b.put(profiles, [[lead, profileRecord({ tenantId: tenant, contactId: 'maria', phone: number, consents: permitted() })]])
        for (const [place, raw] of all.entries()) {
          if (place === appearsAfter) await appear()
          await told(b, raw)
        }
        if (appearsAfter >= all.length) await appear()
        const ledgers = await b.queries.addressLedgers(tenant, 'maria')
        const last = drawn.reduce((x, y) => (y.minute > x.minute || (y.minute === x.minute && y.word === 'STOP') ? y : x))
        const isClosed = (channel: 'sms' | 'call') => closedByAddress(ledgers, channel, 'marketing') !== undefined
        return isClosed('sms') === (last.word === 'STOP') && isClosed('call') === drawn.some(({ word }) => word === 'STOP')
      }),
      { numRuns: 60 },
    )
  },
)
