/** The ledger of permissions in Postgres: every statement that has stood, once, also after it was replaced. */
import fc from 'fast-check'
import t from 'tap'
import { applyEvent } from '../../../pipelines/enrich/applyEvent.ts'
import { permissionDefaults } from '../../../pipelines/enrich/settings.ts'
import { noSections } from '../../../pipelines/ingest/translate/draft.ts'
import { consentStatements } from '../../../sinks/postgres/consentStatements.ts'
import { erasuresOf } from '../../../sinks/postgres/erasure.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import type { LeadEvent, LeadProfile } from '../../../schemas/generated/records.ts'
import { erasures, leadEvents, profiles } from '../../../topics/index.ts'
import { assertProperty } from '../../support/property.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'
import { DAY, HOUR, messageEvent, MINUTE, noContactFields, profileRecord, tenantId, tuesdayNoon as at } from '../../support/leadRecords.ts'

const maria = `${tenantId}:maria`
const inquiry = { status: 'inquiry', at, expiresAt: at + 90 * DAY, eventId: 'e1', words: null }
const revoked = { status: 'revoked', at: at + MINUTE, expiresAt: null, eventId: 'e2', words: 'no more ads' }
const started = { status: 'express', at: at + 2 * MINUTE, expiresAt: null, eventId: 'e3', words: 'start' }
const standing = (version: number, consents: LeadProfile['consents']) =>
  profileRecord({ version, consents, provenance: { 'consent.sms/marketing': { source: 'ghl_webhook', at } } })

t.test('a statement stays when it is replaced, is stored once, and goes with the lead', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 5 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool)
  const ledger = async () => {
    const { rows } = await pool.query<{ line: string }>(
      `SELECT concat_ws(' ', lead_id, tenant_id, channel, purpose, event_id, status, extract(epoch FROM stated_at)::bigint * 1000,
         extract(epoch FROM expires_at)::bigint * 1000, words, source) AS line FROM consent_statements ORDER BY stated_at, channel`,
    )
    return rows.map(({ line }) => line.replaceAll(maria, 'maria').replaceAll(tenantId, 'location'))
  }
  const first = `maria location sms all e1 inquiry ${at} ${at + 90 * DAY}`
  const second = `maria location sms marketing e2 revoked ${at + MINUTE} no more ads ghl_webhook`
  const third = `maria location sms all e3 express ${at + 2 * MINUTE} start`
  const stories = [
    [maria, standing(1, { sms: inquiry })],
    [maria, standing(2, { 'sms/marketing': revoked })],
  ] as const
  await sink.write([batch(profiles, 0, [...stories])])
  t.strictSame(await ledger(), [first, second], 'also of a profile that is not the last of its batch')
  await sink.write([batch(profiles, 2, [[maria, standing(3, { sms: started, 'sms/marketing': revoked })]])])
  t.strictSame(await ledger(), [first, second, third], 'START replaces the inquiry in the profile')
  await pool.query('DELETE FROM sink_offsets')
  await sink.write([batch(profiles, 0, [...stories])])
  t.strictSame(await ledger(), [first, second, third], 'read again, nothing is doubled')
  await sink.write([batch(profiles, 3, [[maria, null]])])
  t.strictSame(await ledger(), [])
})

t.test('a box that every update of its contact tells again is one statement until it says something else', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool)
  const box = (minute: number, status = 'express_written', words = 'I agree') =>
    standing(minute, { 'sms/marketing': { status, at: at + minute * MINUTE, expiresAt: null, eventId: `e${minute}`, words } })
  const told = async () => (await consentStatements(pool, maria, 9)).map(({ eventId, status }) => `${eventId} ${status}`).reverse()
  await sink.write([
    batch(profiles, 0, [
      [maria, box(1)],
      [maria, box(2)],
    ]),
  ])
  t.strictSame(await told(), ['e1 express_written'], 'in one batch')
  await sink.write([batch(profiles, 2, [[maria, box(3)]])])
  t.strictSame(await told(), ['e1 express_written'], 'in another one')
  await sink.write([batch(profiles, 3, [[maria, box(4, 'none')]])])
  await sink.write([
    batch(profiles, 4, [
      [maria, box(5)],
      [maria, box(6, 'express_written', 'I agree to texts')],
    ]),
  ])
  const all = ['e1 express_written', 'e4 none', 'e5 express_written', 'e6 express_written']
  t.strictSame(await told(), all)
  await pool.query('DELETE FROM sink_offsets')
  await sink.write([batch(profiles, 5, [[maria, box(6, 'express_written', 'I agree to texts')]])])
  t.strictSame(await told(), all)
})

t.test('the history of a lead is read newest first, with the message that states it as long as that is held', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool)
  await sink.write([
    batch(leadEvents, 0, [[maria, messageEvent({ eventId: 'e2' }, 'no more ads')]]),
    batch(profiles, 0, [[maria, standing(1, { sms: inquiry, 'sms/marketing': revoked })]]),
    batch(profiles, 1, [[`${tenantId}:joe`, profileRecord({ contactId: 'joe', consents: { call: started } })]], 1),
  ])
  t.strictSame(await consentStatements(pool, maria, 5), [
    { channel: 'sms', purpose: 'marketing', ...revoked, source: 'ghl_webhook', messageOn: 'sms' },
    { channel: 'sms', purpose: 'all', ...inquiry, source: null, messageOn: null },
  ])
  t.strictSame(
    (await consentStatements(pool, maria, 1)).map(({ eventId }) => eventId),
    ['e2'],
  )
  const erasure = { tenantId, contactId: 'maria', erasedAt: at + HOUR, requestId: 'r', requestedBy: 'office' }
  t.strictSame(await erasuresOf(pool, 'maria'), [])
  await sink.write([batch(erasures, 0, [[maria, erasure]])])
  t.strictSame(await consentStatements(pool, maria, 5), [])
  const told = [{ leadKey: maria, erasedAt: at + HOUR }]
  t.strictSame([await erasuresOf(pool, 'maria'), await erasuresOf(pool, 'maria', tenantId)], [told, told])
  t.strictSame([await erasuresOf(pool, 'aria'), await erasuresOf(pool, 'maria', 'other')], [[], []])
})

t.test(
  'a permanent do-not-disturb that every update tells again is one statement, in whatever order and however often it is told',
  async (t) => {
    const { databaseUrl: url } = await testStack(t)
    await migrate({ url })
    const pool = createPool({ url, max: 2 })
    t.teardown(() => pool.end())
    const sink = postgresSink(pool)
    const settings = { humanQuietMs: null, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }
    const number = '+12125550101'
    const tell = (minute: number, channels: Record<string, string>): LeadEvent => ({
      ...messageEvent({ eventId: `e${minute}`, occurredAt: at + minute * MINUTE }, ''),
      ...noSections,
      kind: 'contact_updated',
      contact: { ...noContactFields, phone: number, dndChannels: channels },
    })
    const closed = (minute: number) => tell(minute, { sms: 'permanent' })
    const of = (key: string, event: LeadEvent) => {
      const contactId = key.slice(tenantId.length + 1)
      return { ...event, contactId, eventId: contactId === 'maria' ? event.eventId : `${contactId} ${event.eventId}` }
    }
    let offset = 0
    /** Each event folded, each profile that comes of it stored, in batches of two. */
    const fold = async (key: string, events: readonly LeadEvent[]) => {
      let lead: LeadProfile | undefined
      const told: [string, LeadProfile][] = []
      for (const event of events) told.push([key, (lead = applyEvent(lead, of(key, event), settings))])
      for (let from = 0; from < told.length; from += 2) {
        const some = told.slice(from, from + 2)
        await sink.write([batch(profiles, offset, some)])
        offset += some.length
      }
    }
    const history = async (key: string) =>
      (await consentStatements(pool, key, 99)).map(({ eventId, status, at: stated }) => `${eventId} ${status} ${(stated - at) / MINUTE}`)
    const ofAddress = async (key: string) =>
      (
        await pool.query<{ minute: number }>(
          'SELECT (extract(epoch FROM stated_at)::bigint * 1000 - $2)::int / 60000 AS minute FROM address_statements WHERE lead_id = $1 ORDER BY 1',
          [key, at],
        )
      ).rows.map(({ minute }) => minute)
    let lead = 0
    await assertProperty(
      t,
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), async (minutes) => {
        const key = `${tenantId}:lead${++lead}`
        await fold(key, minutes.map(closed))
        t.strictSame(await history(key), [`first_told revoked ${Math.min(...minutes)}`])
        t.strictSame(await ofAddress(key), [Math.max(...minutes)])
        return true
      }),
      { numRuns: 25 },
    )
    // Alternating in one batch, and read again in others.
    const box = (minute: number, status: string) =>
      standing(minute, { 'sms/marketing': { status, at: at + minute * MINUTE, expiresAt: null, eventId: `b${minute}`, words: 'I agree' } })
    const boxes = [1, 2, 4, 5, 6].map(
      (minute) => [`${tenantId}:box`, { ...box(minute, minute === 4 ? 'none' : 'express_written'), contactId: 'box' }] as const,
    )
    const ofBoxes = async () => (await history(`${tenantId}:box`)).reverse()
    const alternating = ['b1 express_written 1', 'b4 none 4', 'b5 express_written 5']
    await sink.write([batch(profiles, offset, boxes.slice(0, 1) as never)])
    await sink.write([batch(profiles, offset + 1, boxes.slice(1) as never)])
    t.strictSame(await ofBoxes(), alternating)
    await pool.query('DELETE FROM sink_offsets')
    for (const [nth, one] of boxes.entries()) await sink.write([batch(profiles, nth, [one] as never)])
    t.strictSame(await ofBoxes(), alternating)
    await pool.query('DELETE FROM sink_offsets')
    offset = 0
    // START in between is another statement, and what is told after it a new one.
    await fold(maria, [closed(1), closed(2), messageEvent({ eventId: 's3', occurredAt: at + 3 * MINUTE }, 'START'), closed(4), closed(5)])
    t.strictSame((await history(maria)).reverse(), ['first_told revoked 1', 's3 express 3', 'e4 revoked 4'])
    t.strictSame(await ofAddress(maria), [3, 5])
  },
)
