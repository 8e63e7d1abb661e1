/** The ledger of permissions in Postgres: every statement that has stood, once, also after it was replaced. */
import t from 'tap'
import { consentStatements } from '../../../sinks/postgres/consentStatements.ts'
import { erasuresOf } from '../../../sinks/postgres/erasure.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import { erasures, leadEvents, profiles } from '../../../topics/index.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'
import { DAY, HOUR, messageEvent, MINUTE, profileRecord, tenantId, tuesdayNoon as at } from '../../support/leadRecords.ts'

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
