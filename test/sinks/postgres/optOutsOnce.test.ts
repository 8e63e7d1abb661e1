/** The migration `opt_outs_once` on rows as the version before it wrote them: what said nothing new goes, and nothing that somebody said. */
import t from 'tap'
import type { Test } from 'tap'
import type pg from 'pg'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { consentStatements } from '../../../sinks/postgres/consentStatements.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { profiles } from '../../../topics/index.ts'
import { MINUTE, profileRecord, tenantId, tuesdayNoon as at } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const NAME = '20261129110000000_opt_outs_once'
const DND = 'dnd permanent'

/** The database as it was before the migration, with rows in it. */
async function before(t: Test): Promise<{ pool: pg.Pool; url: string }> {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  for (let taken: string | undefined; taken !== NAME;) [taken] = await migrate({ url, direction: 'down' })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  return { pool, url }
}

interface Said {
  readonly lead: string
  readonly channel: string
  readonly purpose: string
  readonly event: string
  readonly status: string
  readonly minute: number
  readonly words: string | null
}
const said = (lead: string, event: string, minute: number, over: Partial<Said> = {}): Said => ({
  ...{ lead, event, minute, channel: 'sms', purpose: 'all', status: 'revoked', words: DND },
  ...over,
})
const box = (lead: string, event: string, minute: number, status: string) =>
  said(lead, event, minute, { status, purpose: 'marketing', words: 'I agree to be texted' })
const timeOf = (minute: number) => new Date(at + minute * MINUTE)

async function tell(pool: pg.Pool, rows: readonly Said[]): Promise<void> {
  for (const { lead, channel, purpose, event, status, minute, words } of rows)
    await pool.query(
      `INSERT INTO consent_statements (lead_id, tenant_id, channel, purpose, event_id, status, stated_at, expires_at, words, source, stored_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, 'ghl_webhook', $7)`,
      [`${tenantId}:${lead}`, tenantId, channel, purpose, event, status, timeOf(minute), words],
    )
}

async function tellOf(
  pool: pg.Pool,
  number: string,
  rows: readonly (Omit<Said, 'lead'> & { readonly lead: string | null })[],
): Promise<void> {
  for (const { lead, channel, purpose, event, status, minute, words } of rows)
    await pool.query(
      `INSERT INTO address_statements (tenant_id, address_key, channel, purpose, event_id, status, stated_at, words, lead_id, stored_at)
       VALUES ($1, address_key($1, $2, $3), $2, $4, $5, $6, $7, $8, $9, $7)`,
      [tenantId, channel, number, purpose, event, status, timeOf(minute), words, lead === null ? null : `${tenantId}:${lead}`],
    )
}

async function history(pool: pg.Pool, lead: string): Promise<string[]> {
  const { rows } = await pool.query<{ one: string }>(
    `SELECT concat_ws(' ', channel, purpose, status, event_id, round(extract(epoch FROM stated_at - $2) / 60)) AS one
     FROM consent_statements WHERE lead_id = $1 ORDER BY channel, purpose, stated_at, event_id`,
    [`${tenantId}:${lead}`, new Date(at)],
  )
  return rows.map(({ one }) => one)
}

async function ofNumber(pool: pg.Pool, number: string): Promise<string[]> {
  const { rows } = await pool.query<{ one: string }>(
    `SELECT concat_ws(' ', channel, purpose, status, event_id, coalesce(lead_id, 'nobody'), round(extract(epoch FROM stated_at - $3) / 60)) AS one
     FROM address_statements WHERE address_key = address_key($1, 'sms', $2) ORDER BY channel, purpose, stated_at, event_id, lead_id`,
    [tenantId, number, new Date(at)],
  )
  return rows.map(({ one }) => one.replaceAll(`${tenantId}:`, ''))
}

t.test('of the history of a lead the tellings go that said nothing new, and nothing else', async (t) => {
  const { pool, url } = await before(t)
  await tell(pool, [
    // Told by four updates; two of the same moment.
    ...[said('ana', 'b', 1), said('ana', 'a', 1), said('ana', 'c', 2), said('ana', 'd', 3)],
    ...[said('ana', 'e', 1, { channel: 'email' }), said('ana', 'f', 5, { channel: 'email' })],
    // With START and its own STOP between.
    ...[said('ben', 'a', 1), said('ben', 'b', 2), said('ben', 'start', 3, { status: 'express', words: 'start' }), said('ben', 'c', 4)],
    ...[said('ben', 'd', 5), said('ben', 'stop', 6, { words: 'stop' }), said('ben', 'g', 7), said('ben', 'h', 8)],
    // The lead said STOP itself, twice.
    ...[said('cat', 'a', 1, { words: 'stop' }), said('cat', 'b', 2, { words: 'stop' })],
    // Boxes that alternate, and one of each that was told again.
    ...[
      box('dan', 'a', 1, 'express_written'),
      box('dan', 'b', 2, 'none'),
      box('dan', 'c', 3, 'express_written'),
      box('dan', 'd', 4, 'none'),
    ],
    ...[box('eve', 'a', 1, 'express_written'), box('eve', 'b', 2, 'express_written')],
    // After what was erased words are null, and say nothing of a do-not-disturb.
    ...[said('fay', 'a', 1, { words: null }), said('fay', 'b', 2, { words: null })],
  ])
  await migrate({ url })
  t.strictSame(await history(pool, 'ana'), ['email all revoked first_told 1', 'sms all revoked first_told 1'])
  t.strictSame(await history(pool, 'ben'), [
    'sms all revoked first_told 1',
    'sms all express start 3',
    'sms all revoked c 4',
    'sms all revoked stop 6',
    'sms all revoked g 7',
  ])
  t.strictSame(await history(pool, 'cat'), ['sms all revoked a 1', 'sms all revoked b 2'])
  t.strictSame(await history(pool, 'dan'), [
    'sms marketing express_written a 1',
    'sms marketing none b 2',
    'sms marketing express_written c 3',
    'sms marketing none d 4',
  ])
  t.strictSame(await history(pool, 'eve'), ['sms marketing express_written a 1', 'sms marketing express_written b 2'])
  t.strictSame(await history(pool, 'fay'), ['sms all revoked a 1', 'sms all revoked b 2'])
})

t.test('of a number the latest telling of each lead stays, and whatever else was said from it', async (t) => {
  const { pool, url } = await before(t)
  const number = '+12125550101'
  await tellOf(pool, number, [
    ...[said('ana', 'a', 1), said('ana', 'b', 4), said('ana', 'c', 4), said('ana', 'd', 2)],
    ...[said('ben', 'e', 3), said('ben', 'start', 2, { status: 'express', words: 'start' }), said('ben', 'stop', 1, { words: 'stop' })],
    ...[said('ben', 'stop2', 2, { words: 'stop' }), said('ana', 'f', 1, { channel: 'call' })],
    // Of nobody, and of leads that were erased: without lead and words.
    ...[said('', 'g', 1, { words: null }), said('', 'h', 2, { words: null })].map((one) => ({ ...one, lead: null })),
  ])
  await tellOf(pool, '+12125550199', [said('ana', 'a', 1), said('ana', 'd', 2)])
  await migrate({ url })
  t.strictSame(await ofNumber(pool, number), [
    'call all revoked f ana 1',
    'sms all revoked g nobody 1',
    'sms all revoked stop ben 1',
    'sms all revoked h nobody 2',
    'sms all express start ben 2',
    'sms all revoked stop2 ben 2',
    'sms all revoked e ben 3',
    'sms all revoked c ana 4',
  ])
  t.strictSame(await ofNumber(pool, '+12125550199'), ['sms all revoked d ana 2'], 'a number that it had before is another one')
})

t.test(
  'what is told after it goes on as if it had always been so: an update adds no row, and the first telling may still come',
  async (t) => {
    const { pool, url } = await before(t)
    const lead = { contactId: 'ana', phone: '+12125550101', email: null }
    await tell(pool, [said('ana', 'a', 1), said('ana', 'b', 2)])
    await tellOf(pool, lead.phone, [said('ana', 'a', 1), said('ana', 'b', 2)])
    await migrate({ url })
    const sink = postgresSink(pool)
    let offset = 0
    const update = (minute: number, first: number) => {
      const stated = { status: 'revoked', at: at + minute * MINUTE, expiresAt: null, eventId: `update ${minute}`, words: DND }
      const fieldTimes = { phone: at, 'permanentDnd.sms': at + first * MINUTE }
      const profile = profileRecord({ ...lead, version: 10 + offset, consents: { sms: stated }, fieldTimes })
      return sink.write([batch(profiles, offset++, [[`${tenantId}:ana`, profile]])])
    }
    await update(3, 3)
    await update(4, 3)
    t.strictSame(await history(pool, 'ana'), ['sms all revoked first_told 1'])
    t.strictSame(await ofNumber(pool, lead.phone), ['sms all revoked b ana 4'])
    await update(4, 0)
    t.strictSame(await history(pool, 'ana'), ['sms all revoked first_told 0'])
    t.match(await consentStatements(pool, `${tenantId}:ana`, 10), [{ eventId: 'first_told', at }])
  },
)
