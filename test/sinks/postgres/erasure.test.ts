/** An erasure in Postgres: one transaction, everything but proof, and no writer that slips through beside it. */
import t from 'tap'
import { eraseLeads, erasedAmong, isStripped, keptOnErasure } from '../../../sinks/postgres/erasure.ts'
import { isFromBefore } from '../../../sinks/erasedRecords.ts'
import { leadTables } from '../../../sinks/postgres/leadTables.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import { tablesOfReasons } from '../../../sinks/postgres/unnameContacts.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { decisions, erasures, followups, leadEvents, profiles } from '../../../topics/index.ts'
import type { SinkBatch } from '../../../runtime/sink.ts'
import type { Erasure } from '../../../schemas/generated/records.ts'
import { HOUR, decisionRecord, followUpRecord, messageEvent, profileRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const maria = `${tenantId}:maria`
const erasure = (erasedAt: number): Erasure => ({ tenantId, contactId: 'maria', erasedAt, requestId: 'r', requestedBy: 'office' })

async function database(t: Parameters<typeof testStack>[0]) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  t.teardown(() => pool.end())
  const held = async () => {
    const counts: Record<string, number> = {}
    for (const { table, column } of await leadTables(pool)) {
      const { rows } = await pool.query<{ count: string }>(`SELECT count(*) FROM ${table} WHERE ${column} = $1`, [maria])
      if (rows[0]?.count !== '0') counts[table] = Number(rows[0]?.count)
    }
    return counts
  }
  return { pool, held }
}

t.test('a record is from before by its own time or by its timestamp; a tombstone never is', async (t) => {
  const from = (value: unknown, timestamp: number) => ({ value, timestamp })
  t.ok(isFromBefore(leadEvents, from(messageEvent({ occurredAt: 10 }), 99), 10))
  t.notOk(isFromBefore(leadEvents, from(messageEvent({ occurredAt: 11 }), 99), 10))
  t.ok(isFromBefore(leadEvents, from(messageEvent({ occurredAt: 11 }), 10), 10))
  t.ok(isFromBefore(followups, from(followUpRecord({ plannedAt: 10, dueAt: 99 }), 99), 10), 'a change is as old as the plan')
  t.ok(isFromBefore(decisions, from(decisionRecord({ decidedAt: 10 }), 99), 10))
  t.notOk(isFromBefore(profiles, from(profileRecord(), 11), 10))
  t.notOk(isFromBefore(profiles, from(null, 10), 10))
})

t.test(
  'everything goes but what was handed to a provider, without its content; an order that is known or older changes nothing',
  async (t) => {
    const { pool, held } = await database(t)
    const sink = postgresSink(pool)
    const at = tuesdayNoon + HOUR
    const stories = [
      batch(leadEvents, 0, [[maria, messageEvent()]]),
      batch(profiles, 0, [[maria, profileRecord({ ownerId: 'user-1' })]]),
      batch(decisions, 0, [[maria, decisionRecord()]]),
      batch(
        followups,
        0,
        ['open', 'sent', 'unknown', 'denied', 'reserved', 'again'].map((decisionId) => [maria, followUpRecord({ decisionId })] as const),
      ),
    ]
    await sink.write(stories)
    await pool.query(
      `UPDATE followup_actions SET status = CASE decision_id WHEN 'sent' THEN 'confirmed' WHEN 'again' THEN 'deferred' WHEN 'open' THEN 'pending' ELSE decision_id END,
       handed_over_at = CASE WHEN decision_id IN ('sent', 'again') THEN now() END, reason = 'Hi Maria', gates = '[{"text": "Maria"}]'`,
    )
    t.strictSame(await held(), {
      address_statements: 3,
      communications: 1,
      consent_statements: 3,
      decisions: 1,
      followup_actions: 6,
      lead_assignments: 1,
      lead_search: 1,
      leads: 1,
    })
    await sink.write([batch(erasures, 0, [[maria, erasure(at)]])])
    t.strictSame(await held(), { followup_actions: 2, lead_erasures: 1 })
    const { rows } = await pool.query<Record<string, unknown>>('SELECT * FROM followup_actions ORDER BY decision_id')
    t.strictSame(
      rows.map(({ decision_id, status, message, reason, gates }) => ({ decision_id, status, message, reason, gates })),
      [
        { decision_id: 'sent', status: 'confirmed', message: null, reason: null, gates: [] },
        { decision_id: 'unknown', status: 'unknown', message: null, reason: null, gates: [] },
      ],
    )
    t.ok(rows.every((row) => isStripped('followup_actions', row)))
    t.notOk(isStripped('followup_actions', { ...rows[0], message: 'Hi' }))
    for (const status of ['pending', 'deferred', 'reserved'])
      t.notOk(isStripped('followup_actions', { ...rows[0], status }), `${status}: what may still be sent is no proof of sending`)
    t.notMatch(JSON.stringify(rows), /Maria/)
    t.strictSame(Object.keys(keptOnErasure).sort(), Object.keys(await held()).sort())

    await pool.query('DELETE FROM sink_offsets')
    await sink.write(stories)
    t.strictSame(await held(), { followup_actions: 2, lead_erasures: 1 }, 'read again, nothing comes back')

    const later = messageEvent({ eventId: 'later', occurredAt: at + 1 })
    const anew = batch(leadEvents, 10, [[maria, later]])
    await sink.write([{ ...anew, records: anew.records.map((record) => ({ ...record, timestamp: at + 1 })) }])
    t.equal((await held())['communications'], 1, 'what comes later is a new beginning')
    await pool.query('DELETE FROM sink_offsets')
    await sink.write([
      batch(erasures, 0, [
        [maria, erasure(at - 1)],
        [maria, erasure(at)],
      ]),
    ])
    t.equal((await held())['communications'], 1, 'an order that is read again does not touch it')
  },
)

t.test('what the work on its location said of the lead goes too, and the work goes on', async (t) => {
  const { pool } = await database(t)
  const { rows: columns } = await pool.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.columns WHERE column_name = 'failed_because' AND table_schema = current_schema() ORDER BY 1",
  )
  t.strictSame(
    columns.map(({ table_name }) => table_name),
    [...tablesOfReasons].sort(),
  )
  const held = JSON.stringify({ maria: 3, peter: 1 })
  for (const tenant of [tenantId, 'other'])
    await pool.query(
      `INSERT INTO sweep_cursors (tenant_id, source, swept_until, started_at, wait_ms, held_up, failed_because)
       SELECT $1, source, now(), now(), 1, $2, why
       FROM (VALUES ('contacts', 'contact maria: 500'), ('messages', 'contact peter: 500'), ('tasks', NULL)) AS x (source, why)`,
      [tenant, held],
    )
  await postgresSink(pool).write([batch(erasures, 0, [[maria, erasure(tuesdayNoon)]])])
  const { rows } = await pool.query('SELECT tenant_id, source, held_up, failed_because FROM sweep_cursors ORDER BY 1 DESC, 2')
  const said = (tenant_id: string, of: (source: string, why: string | null) => object) =>
    [
      ['contacts', 'contact maria: 500'],
      ['messages', 'contact peter: 500'],
      ['tasks', null],
    ].map(([source, why]) => ({ tenant_id, source, ...of(String(source), why ?? null) }))
  t.strictSame(rows, [
    ...said(tenantId, (source, why) => ({
      held_up: { peter: 1 },
      failed_because: source === 'contacts' ? 'It named a contact that was erased since.' : why,
    })),
    ...said('other', (_, why) => ({ held_up: { maria: 3, peter: 1 }, failed_because: why })),
  ])
})

t.test('orders and records of one transaction: what they forget is left out of it', async (t) => {
  const { pool, held } = await database(t)
  await postgresSink(pool).write([
    batch(leadEvents, 0, [[maria, messageEvent()]]),
    batch(erasures, 0, [[maria, erasure(tuesdayNoon + HOUR)]]),
  ])
  t.strictSame(await held(), { lead_erasures: 1 })
})

t.test('what a lead wrote that came back is kept, though the tombstone of its old profile is read behind it', async (t) => {
  const { pool, held } = await database(t)
  const at = tuesdayNoon + HOUR
  const dated = (told: SinkBatch, ...timestamps: readonly number[]): SinkBatch => ({
    ...told,
    records: told.records.map((record, index) => ({ ...record, timestamp: timestamps[index] ?? 0 })),
  })
  const anew = profileRecord({ version: 9, fieldTimes: { deleted: at, erased: at } })
  await postgresSink(pool).write([
    batch(erasures, 0, [[maria, erasure(at)]]),
    dated(batch(leadEvents, 0, [[maria, messageEvent({ occurredAt: at + HOUR })]]), at + HOUR),
    dated(
      batch(profiles, 0, [
        [maria, null],
        [maria, anew],
      ]),
      at + 5,
      at + HOUR,
    ),
  ])
  t.match(await held(), { communications: 1, leads: 1, lead_erasures: 1 })
})

t.test('who is storing at that moment is waited for, and what it stored goes too', async (t) => {
  const { pool, held } = await database(t)
  const done: string[] = []
  let erasing = Promise.resolve()
  await inTransaction(pool, async (client) => {
    t.strictSame([...(await erasedAmong(client, [maria]))], [])
    erasing = inTransaction(pool, (other) => eraseLeads(other, [{ leadId: maria, erasedAt: tuesdayNoon + HOUR }])).then(
      () => void done.push('erased'),
    )
    for (let waits = false; !waits;) {
      const { rows } = await pool.query("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'lead_erasures'::regclass")
      waits = rows.length > 0
    }
    await client.query(
      `INSERT INTO communications (id, tenant_id, lead_id, contact_id, channel, direction, sender, content, sent_at, created_at)
       VALUES ('e', 't', $1, 'maria', 'sms', 'inbound', 'lead', 'hi', now(), now())`,
      [maria],
    )
    done.push('stored')
  })
  await erasing
  t.strictSame(done, ['stored', 'erased'])
  t.strictSame(await held(), { lead_erasures: 1 })
  await inTransaction(pool, async (client) => {
    t.strictSame([...(await erasedAmong(client, [maria, 'other']))], [[maria, tuesdayNoon + HOUR]])
  })
})
