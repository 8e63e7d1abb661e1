/** What numbers and e-mail addresses have said of permission: an opt-out counts for every lead of the location that has the address. */
import fc from 'fast-check'
import type pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { applyEvent } from '../../../pipelines/enrich/applyEvent.ts'
import { refusalOf } from '../../../pipelines/enrich/consent.ts'
import type { Consents, ContactChannel } from '../../../pipelines/enrich/consent.ts'
import { addressKey } from '../../../pipelines/enrich/hadAddress.ts'
import { permissionDefaults } from '../../../pipelines/enrich/settings.ts'
import type { ContactFields, LeadEvent, LeadProfile } from '../../../schemas/generated/records.ts'
import { addressLedgers, keyOf } from '../../../sinks/postgres/addressStatements.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { erasures, leadEvents, profiles } from '../../../topics/index.ts'
import { HOUR, MINUTE, messageEvent, noContactFields, profileRecord, tenantId, tuesdayNoon as at } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const [x, y] = ['+1 (212) 555-0101', '+12125550199']
const said = (status: 'revoked' | 'express', time: number, words: string | null = status) => ({
  ...{ status, at: time, expiresAt: null, eventId: `${status}-${time}`, words },
})
const everywhere = (stated: ReturnType<typeof said>): Consents => ({ sms: stated, email: stated, call: stated })

async function bench(t: Test) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 3 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool)
  let offset = 0
  return {
    pool,
    url,
    sink,
    /** Stores profiles in one transaction. */
    async put(...all: readonly Partial<LeadProfile>[]) {
      const records = all.map((over) => {
        const profile = profileRecord({ consents: {}, email: null, ...over })
        return [`${profile.tenantId}:${profile.contactId}`, profile] as const
      })
      await sink.write([batch(profiles, offset, records)])
      offset += records.length
    },
    next: () => offset++,
  }
}

/** By which statement the addresses of a lead are closed on a channel. */
async function closed(pool: pg.Pool, contactId: string, channel: ContactChannel = 'sms', tenant = tenantId) {
  const lead = `${tenant}:${contactId}`
  const ledgers = (await addressLedgers(pool, [lead])).get(lead) ?? []
  return ledgers.map((ledger) => refusalOf(ledger, channel, 'marketing')?.stated.words ?? null).find((words) => words !== null)
}

t.test(
  'STOP of one lead closes its number for each lead of the location, however it is written; START from the number opens it',
  async (t) => {
    const { pool, put, sink } = await bench(t)
    await put(
      { contactId: 'ana', phone: x, consents: everywhere(said('revoked', at, 'STOP')) },
      { contactId: 'ben', phone: '2125550101', email: 'ben@example.com' },
      { contactId: 'cat', phone: y },
      { contactId: 'ben', phone: x, tenantId: 'elsewhere' },
    )
    t.equal(await closed(pool, 'ben'), 'STOP')
    t.equal(await closed(pool, 'ben', 'call'), 'STOP')
    t.equal(await closed(pool, 'ben', 'email'), undefined, 'the number has opted out, not his e-mail address')
    t.equal(await closed(pool, 'cat'), undefined, 'another number')
    t.equal(await closed(pool, 'ben', 'sms', 'elsewhere'), undefined, 'another location')
    await put({ contactId: 'ben', version: 4, phone: x, consents: { sms: said('express', at + MINUTE) } })
    t.equal(await closed(pool, 'ana'), undefined, 'texts are open again')
    t.equal(await closed(pool, 'ben', 'call'), 'STOP', 'calls are not')
    await pool.query('DELETE FROM sink_offsets')
    const before = await pool.query('SELECT * FROM address_statements')
    await sink.write([
      batch(profiles, 0, [
        [`${tenantId}:ana`, profileRecord({ contactId: 'ana', phone: x, consents: everywhere(said('revoked', at, 'STOP')) })],
      ]),
    ])
    t.equal((await pool.query('SELECT * FROM address_statements')).rowCount, before.rowCount, 'read again, nothing is doubled')
  },
)

t.test('an opt-out stays with the number it was said from', async (t) => {
  const { pool, put } = await bench(t)
  const stop = { sms: said('revoked', at, 'STOP') }
  const moved = { contactId: 'ana', version: 5, phone: y, fieldTimes: { phone: at + HOUR }, consents: stop }
  await put(
    { contactId: 'ben', phone: x },
    { contactId: 'cat', phone: y },
    { contactId: 'ana', version: 4, phone: x, fieldTimes: { phone: at - HOUR }, consents: stop },
    moved,
  )
  await put({ ...moved, version: 6, fieldTimes: { phone: at + 2 * HOUR } })
  t.equal(await closed(pool, 'ben'), 'STOP')
  t.equal(await closed(pool, 'cat'), undefined, 'a number that the lead got later has said nothing')
  const late = { contactId: 'dan', consents: stop }
  await put({ ...late, version: 4, phone: null }, { contactId: 'eve', phone: '+12125550777' })
  t.equal(await closed(pool, 'eve'), undefined)
  await put({ ...late, version: 5, phone: '+12125550777', fieldTimes: { phone: at + HOUR } })
  t.equal(await closed(pool, 'eve'), 'STOP', 'a number that is known after the opt-out is the one it was said from')
  const overtaken = { contactId: 'fay', consents: stop }
  await put({ ...overtaken, version: 4, phone: '+12125550771', fieldTimes: { phone: at - HOUR } })
  await put(
    { ...overtaken, version: 5, phone: '+12125550772', fieldTimes: { phone: at - MINUTE } },
    { contactId: 'gil', phone: '+12125550772' },
  )
  t.equal(await closed(pool, 'gil'), 'STOP', 'the lead had this number when it opted out, though that was known later')
})

t.test('an opt-out after the deletion of its contact closes what the contact had, for whoever has it or gets it later', async (t) => {
  const { pool, put, sink } = await bench(t)
  const settings = { humanQuietMs: HOUR, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }
  const of = (contactId: string, over: Partial<LeadEvent>, text?: string) =>
    messageEvent({ contactId, eventId: JSON.stringify([contactId, over]), ...over }, text)
  const contact = (fields: Partial<ContactFields>) => ({
    kind: 'contact_created',
    message: null,
    contact: { ...noContactFields, ...fields },
  })
  const deletion = { kind: 'contact_deleted', message: null, contact: noContactFields, occurredAt: at + MINUTE }
  const told = (...events: readonly LeadEvent[]) =>
    events.reduce<LeadProfile[]>((before, event) => [...before, applyEvent(before.at(-1), event, settings)], [])
  const ana = told(
    of('ana', { ...contact({ phone: `${x} ext. 5`, email: 'Ana@Example.com' }), occurredAt: at }),
    of('ana', deletion),
    of('ana', { occurredAt: at + 2 * MINUTE }, 'STOP'),
  )
  await put({ contactId: 'ben', phone: x, email: 'ana@example.com' }, ...ana.slice(0, 2))
  t.equal(await closed(pool, 'ben'), undefined)
  await put(...ana.slice(2), { contactId: 'cat', phone: '(212) 555-0101' }, { contactId: 'dan', phone: y })
  for (const channel of ['sms', 'call', 'email'] as const) t.equal(await closed(pool, 'ben', channel), 'stop', channel)
  t.equal(await closed(pool, 'cat'), 'stop', 'a contact that is new')
  t.equal(await closed(pool, 'dan'), undefined)
  const all = async () => (await pool.query('SELECT * FROM address_statements ORDER BY address_key, channel')).rows as unknown[]
  const rows = await all()
  t.equal(rows.length, 3)
  await pool.query('DELETE FROM sink_offsets')
  await sink.write([
    batch(
      profiles,
      0,
      ana.map((profile) => [`${tenantId}:ana`, profile] as const),
    ),
  ])
  t.strictSame(await all(), rows, 'read again, nothing is added')

  const permanent = { kind: 'dnd_changed', message: null, contact: { ...noContactFields, dndChannels: { sms: 'permanent' } } }
  const dnd = (minute: number) => of('eve', { ...permanent, occurredAt: at + minute * MINUTE })
  const eve = told(of('eve', { ...contact({ phone: '+12125550177' }), occurredAt: at }), of('eve', deletion), dnd(2), dnd(3))
  await put(...eve, { contactId: 'fay', phone: '+12125550177' })
  await put(applyEvent(eve.at(-1), dnd(4), settings))
  t.equal(await closed(pool, 'fay'), 'dnd permanent', 'what the carrier knows')
  t.match(await pool.query("SELECT stated_at FROM address_statements WHERE lead_id LIKE '%:eve'"), { rowCount: 1 }, 'is one row')
})

t.test('what a deleted contact had is known by the key that Postgres makes of it', async (t) => {
  const { pool } = await bench(t)
  const piece = fc.constantFrom('+', '1', '212', '555', '0101', ' ', '-', '(', ')', 'x', 'X', 'ext', '#', ';', ',', '\n', '7', 'é', '٣')
  const number = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))
  const email = fc.array(fc.constantFrom(' ', 'A', 'b', '@', '.', '+', '\t', 'ß'), { maxLength: 8 }).map((pieces) => pieces.join(''))
  await assertProperty(
    t,
    fc.asyncProperty(fc.array(fc.tuple(number, email), { minLength: 20, maxLength: 60 }), async (all) => {
      const { rows } = await pool.query<{ phone: string | null; email: string | null }>(
        `SELECT ${keyOf('$3', "'sms'", 'p')} AS phone, ${keyOf('$3', "'email'", 'e')} AS email
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS told (p, e, n) ORDER BY n`,
        [all.map(([p]) => p), all.map(([, e]) => e), tenantId],
      )
      const ours = all.map(([p, e]) => ({
        phone: addressKey(tenantId, 'phone', p) ?? null,
        email: addressKey(tenantId, 'email', e) ?? null,
      }))
      return JSON.stringify(ours) === JSON.stringify(rows)
    }),
    { numRuns: 40 },
  )
})

t.test('an address that unsubscribed is closed also when the lead has another one by now', async (t) => {
  const { pool, put, sink } = await bench(t)
  await put({ contactId: 'ana', email: 'new@example.com' }, { contactId: 'ben', email: ' Old@Example.com', phone: null })
  const emailEvent = {
    ...{ emailEventId: null, event: 'unsubscribed', address: 'old@example.com', mailId: null, code: null },
    reason: null,
    permanent: false,
  }
  const event = messageEvent({ kind: 'email_unsubscribed', message: null, emailEvent: emailEvent, occurredAt: at })
  await sink.write([batch(leadEvents, 0, [[`${tenantId}:ana`, event]])])
  t.equal(await closed(pool, 'ben', 'email'), 'e-mail unsubscribed')
  t.equal(await closed(pool, 'ana', 'email'), undefined)
})

t.test('what a number has said survives the erasure of the lead, without lead and words; START alone does not', async (t) => {
  const { pool, put, sink } = await bench(t)
  await put(
    { contactId: 'ana', phone: x, consents: { sms: said('revoked', at, 'STOP') } },
    { contactId: 'ben', phone: x },
    { contactId: 'maria', phone: y, consents: { sms: said('express', at) } },
  )
  const order = (contactId: string) => ({ tenantId, contactId, erasedAt: at + HOUR, requestId: 'r', requestedBy: 'office' })
  await sink.write([
    batch(
      erasures,
      0,
      ['ana', 'maria'].map((contactId) => [`${tenantId}:${contactId}`, order(contactId)] as const),
    ),
  ])
  const { rows } = await pool.query<Record<string, unknown>>('SELECT * FROM address_statements')
  t.match(rows, [{ status: 'revoked', lead_id: null, words: null }])
  t.equal(rows.length, 1)
  t.notMatch(JSON.stringify(rows), /5550101|ana/, 'neither the number nor the lead')
  const lead = `${tenantId}:ben`
  t.match((await addressLedgers(pool, [lead])).get(lead), [{ sms: { status: 'revoked', at, words: null } }])
})

t.test(
  'an opt-out that the sink has not stored when its lead is erased closes the address all the same, without lead and words',
  async (t) => {
    const { pool, put, sink } = await bench(t)
    await put({ contactId: 'ben', phone: x, email: 'old@example.com' }, { contactId: 'dan', phone: y })
    const of = (contactId: string, over: Partial<LeadProfile>) =>
      [`${tenantId}:${contactId}`, profileRecord({ email: null, contactId, ...over })] as const
    const order = (contactId: string) =>
      [`${tenantId}:${contactId}`, { tenantId, contactId, erasedAt: at + HOUR, requestId: 'r', requestedBy: 'office' }] as const
    const behind = [
      batch(profiles, 10, [
        of('ana', { phone: x, consents: { sms: said('revoked', at) } }),
        of('eve', { phone: '+12125550177', consents: { sms: said('express', at) } }),
      ]),
      batch(erasures, 0, [order('ana'), order('eve')]),
    ]
    await sink.write(behind)
    t.match(await pool.query('SELECT FROM leads WHERE contact_id = ANY($1)', [['ana', 'eve']]), { rowCount: 0 })
    const known = async (contactId: string) => (await addressLedgers(pool, [`${tenantId}:${contactId}`])).get(`${tenantId}:${contactId}`)
    t.match(await known('ben'), [{ sms: { status: 'revoked', at, words: null } }], 'the order is carried out before the profile is read')
    await sink.write([batch(profiles, 20, [of('cat', { phone: y, consents: { call: said('revoked', at) } }), [`${tenantId}:cat`, null]])])
    t.match(await known('dan'), [{ call: { status: 'revoked', at, words: null } }], 'the profile and its tombstone come in one batch')
    const emailEvent = {
      ...{ emailEventId: null, event: 'unsubscribed', address: 'old@example.com', mailId: null, code: null },
      reason: null,
      permanent: false,
    }
    const event = messageEvent({ kind: 'email_unsubscribed', message: null, emailEvent, occurredAt: at })
    await sink.write([batch(leadEvents, 0, [[`${tenantId}:ana`, event]])])
    t.ok(
      (await known('ben'))?.some(({ email }) => email?.status === 'revoked' && email.words === null),
      'an address that unsubscribed',
    )
    const all = async () => (await pool.query('SELECT * FROM address_statements ORDER BY address_key, channel')).rows as unknown[]
    const rows = await all()
    t.equal(rows.length, 3, 'START alone is not kept')
    t.match(rows, Array(3).fill({ status: 'revoked', lead_id: null, words: null }))
    await pool.query('DELETE FROM sink_offsets')
    await sink.write(behind)
    t.strictSame(await all(), rows, 'read again, nothing is added')
  },
)

t.test('the migration takes up what stands in profiles', async (t) => {
  const { pool, put, url } = await bench(t)
  await put(
    {
      contactId: 'ana',
      phone: x,
      consents: { 'sms/marketing': said('revoked', at, 'no more ads'), call: { ...said('express', at), status: 'inquiry' } },
    },
    { contactId: 'ben', phone: x },
  )
  const stored = async () =>
    (await pool.query('SELECT address_key, channel, purpose, event_id, status, stated_at, words, lead_id FROM address_statements')).rows
  const before = await stored()
  t.match(before, [{ channel: 'sms', purpose: 'marketing', status: 'revoked', words: 'no more ads' }])
  for (let found = false; !found;) {
    const [taken] = await migrate({ url, direction: 'down' })
    found = taken === '20261129070000000_address_statements'
  }
  await migrate({ url })
  t.strictSame(await stored(), before)
  t.equal(await closed(pool, 'ben'), 'no more ads')
})

/** One word of a lead: from which of two numbers, STOP or START, and when. */
const word = fc.record({
  lead: fc.integer({ min: 0, max: 2 }),
  number: fc.constantFrom(x, y),
  status: fc.constantFrom('revoked' as const, 'express' as const),
  minute: fc.integer({ min: 0, max: 5 }),
  scope: fc.constantFrom('sms', 'sms/marketing'),
})

t.test(
  'several leads, STOP and START, any order and any repetition: a number is closed as the latest of what was said from it',
  async (t) => {
    const { pool, sink } = await bench(t)
    let round = 0
    await assertProperty(
      t,
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 8 }), fc.array(fc.nat(7), { maxLength: 6 }), async (drawn, again) => {
        const tenant = `round${round++}`
        // START is about the whole channel; of one minute every word is an event of its own.
        const words = drawn.map((one, place) => ({ ...one, place, scope: one.status === 'express' ? 'sms' : one.scope }))
        const told = [...words, ...again.flatMap((place) => words[place] ?? [])]
        for (const [version, { lead, number, status, minute, scope, place }] of told.entries()) {
          const stated = { status, at: at + minute * MINUTE, expiresAt: null, eventId: `e${place}`, words: status }
          const profile = profileRecord({
            ...{ tenantId: tenant, contactId: `lead${lead}`, version: version + 1, phone: number, email: null },
            ...{ consents: { [scope]: stated }, fieldTimes: { phone: at - HOUR } },
          })
          await pool.query('DELETE FROM sink_offsets')
          await sink.write([batch(profiles, 0, [[`${tenant}:lead${lead}`, profile]])])
        }
        for (const [name, number] of Object.entries({ atX: x, atY: y })) {
          await pool.query('DELETE FROM sink_offsets')
          await sink.write([
            batch(profiles, 0, [
              [`${tenant}:${name}`, profileRecord({ tenantId: tenant, contactId: name, phone: number, email: null, consents: {} })],
            ]),
          ])
          const from = words.filter((one) => one.number === number)
          const latest = (status: string) => Math.max(-1, ...from.filter((one) => one.status === status).map(({ minute }) => minute))
          // Of equal times the opt-out counts.
          const expected = latest('revoked') >= 0 && latest('revoked') >= latest('express')
          if (((await closed(pool, name, 'sms', tenant)) !== undefined) !== expected) return false
        }
        return true
      }),
      { numRuns: 40 },
    )
  },
)

t.test('whoever is at an extension has the number, on both sides', async (t) => {
  const { pool, put } = await bench(t)
  await put(
    { contactId: 'maria', phone: '+12125550101', consents: { sms: said('revoked', at, 'stop') } },
    { contactId: 'brother', phone: '(212) 555-0101 ext. 22' },
    { contactId: 'sister', phone: '212.555.0101x7' },
    { contactId: 'office', phone: '+12125550199 #3', consents: { call: said('revoked', at, 'no calls') } },
    { contactId: 'neighbour', phone: '+12125550199' },
    { contactId: 'stranger', phone: '+12125550102 ext 101' },
  )
  t.equal(await closed(pool, 'brother'), 'stop')
  t.equal(await closed(pool, 'sister'), 'stop')
  t.equal(await closed(pool, 'neighbour', 'call'), 'no calls')
  t.equal(await closed(pool, 'stranger'), undefined)
})
