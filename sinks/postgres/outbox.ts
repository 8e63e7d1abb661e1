/** Changes of the ledger on their way to the topic, in the order in which they were committed per lead. */
import type { DeliveryChanged } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'

export interface OutboxEntry {
  readonly id: string
  readonly leadId: string
  readonly delivery: DeliveryChanged
  /** W3C trace context of the follow-up. */
  readonly traceparent: string | null
}

/**
 * The next entries that are not published. Read by "not published" and not by a cursor: an id is drawn before its commit,
 * so a lower one may appear later, though never for a lead that a higher one was committed for.
 */
export async function unpublished(client: Queryable, limit: number): Promise<OutboxEntry[]> {
  const found = await client.query<{ id: string; lead_id: string; record: DeliveryChanged; traceparent: string | null }>({
    name: 'outbox_unpublished',
    text: `SELECT id, told.lead_id, record, traceparent FROM delivery_outbox AS told
           LEFT JOIN followup_actions ON followup_id = record ->> 'followupId'
           WHERE published_at IS NULL ORDER BY id LIMIT $1`,
    values: [limit],
  })
  return found.rows.map(({ id, lead_id, record, traceparent }) => ({ id, leadId: lead_id, delivery: record, traceparent }))
}

/** Notes that these entries are on the topic. */
export async function markPublished(client: Queryable, ids: readonly string[], at: number): Promise<void> {
  if (ids.length === 0) return
  await client.query({
    name: 'outbox_published',
    text: 'UPDATE delivery_outbox SET published_at = $2 WHERE id = ANY($1::bigint[])',
    values: [ids, instant(at)],
  })
}

/** Forgets entries published before `before` (ms), at most `limit`; the topic and the `deliveries` table have them. */
export async function forgetPublished(client: Queryable, before: number, limit: number): Promise<number> {
  const gone = await client.query(
    'DELETE FROM delivery_outbox WHERE id IN (SELECT id FROM delivery_outbox WHERE published_at < $1 ORDER BY published_at LIMIT $2)',
    [instant(before), limit],
  )
  return gone.rowCount ?? 0
}
