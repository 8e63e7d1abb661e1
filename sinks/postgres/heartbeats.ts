/**
 * The heartbeat of each location in Postgres: who may send the next beat, what became of it, and what came back. A beat is named
 * by when it was sent, so that one which comes back late or twice takes nothing back.
 */
import { beatOf } from '../../pipelines/heartbeat/beat.ts'
import { limitMs } from '../../pipelines/heartbeat/rhythm.ts'
import type { Heartbeat } from '../../pipelines/heartbeat/rhythm.ts'
import { parseBody } from '../../pipelines/ingest/body.ts'
import { instantOf, textOf } from '../../pipelines/ingest/fields.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { WebhookUnrecognised } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, ms, storable } from './storable.ts'

/** As stored, with the number of the last beat that was taken. */
export interface StoredHeartbeat extends Heartbeat {
  readonly claim: number
}

export interface HeartbeatRow {
  readonly tenant_id: string
  readonly contact_id: string | null
  readonly claim: number
  readonly tried_at: Date
  readonly wait_ms: number
  readonly every_ms: number
  readonly sent_at: Date | null
  readonly waiting_since: Date | null
  readonly back_at: Date | null
  readonly failed_because: string | null
  readonly told_silent_at: Date | null
}

/** Heartbeats of active locations, of one or of all. */
export async function heartbeats(db: Queryable, tenantId?: string): Promise<StoredHeartbeat[]> {
  const { rows } = await db.query<HeartbeatRow>({
    name: 'heartbeats',
    text: `SELECT heartbeats.* FROM heartbeats JOIN tenants ON tenants.tenant_id = heartbeats.tenant_id
           WHERE tenants.status = 'active' AND ($1::text IS NULL OR heartbeats.tenant_id = $1)`,
    values: [tenantId ?? null],
  })
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    contactId: row.contact_id,
    claim: row.claim,
    triedAt: row.tried_at.getTime(),
    waitMs: row.wait_ms,
    everyMs: row.every_ms,
    sentAt: ms(row.sent_at),
    waitingSince: ms(row.waiting_since),
    backAt: ms(row.back_at),
    failedBecause: row.failed_because,
    toldSilentAt: ms(row.told_silent_at),
  }))
}

/** The heartbeat contact of a location, whether it still beats or not. */
export async function heartbeatContact(db: Queryable, tenantId: string): Promise<string | undefined> {
  const { rows } = await db.query<{ contact_id: string | null }>({
    name: 'heartbeat_contact',
    text: 'SELECT contact_id FROM heartbeats WHERE tenant_id = $1',
    values: [tenantId],
  })
  return rows[0]?.contact_id ?? undefined
}

/**
 * Takes the beat of `at` (ms), unless somebody took one since `before` was read; gives the number of the claim. Nobody else sends
 * one for `everyMs`, so that a beat whose process died is followed by the next.
 */
export async function claimHeartbeat(
  db: Queryable,
  tenantId: string,
  before: StoredHeartbeat | undefined,
  at: number,
  everyMs: number,
): Promise<number | undefined> {
  const { rows } = await db.query<{ claim: number }>({
    name: 'heartbeat_claim',
    text: `INSERT INTO heartbeats AS known (tenant_id, tried_at, wait_ms, every_ms) VALUES ($1, $2, $3, $3)
           ON CONFLICT (tenant_id) DO UPDATE SET tried_at = excluded.tried_at, wait_ms = excluded.wait_ms, every_ms = excluded.every_ms, claim = known.claim + 1
           WHERE known.claim = $4 RETURNING claim`,
    values: [tenantId, instant(at), everyMs, before?.claim ?? null],
  })
  return rows[0]?.claim
}

/** What became of a try. */
export interface TriedBeat {
  readonly contactId: string | null
  readonly waitMs: number
  /** Null when the platform took the beat. */
  readonly failedBecause: string | null
}

/**
 * Stores it. Its webhook may be back already. After a pause longer than the limit, waiting begins anew: that nothing came back
 * while nothing was sent says nothing.
 */
export async function endHeartbeat(
  db: Queryable,
  tenantId: string,
  claim: number,
  at: number,
  tried: TriedBeat,
  everyMs: number,
): Promise<void> {
  await db.query({
    name: 'heartbeat_end',
    text: `UPDATE heartbeats SET contact_id = $3, wait_ms = $4, failed_because = $5,
             waiting_since = CASE WHEN $5::text IS NOT NULL THEN waiting_since WHEN back_beat >= $6 THEN NULL
                                  WHEN sent_at < $7 AND told_silent_at IS NULL THEN $6 ELSE coalesce(waiting_since, $6) END,
             sent_at = CASE WHEN $5::text IS NULL THEN $6 ELSE sent_at END
           WHERE tenant_id = $1 AND claim = $2`,
    values: [
      tenantId,
      claim,
      tried.contactId,
      tried.waitMs,
      storable(tried.failedBecause),
      instant(at),
      instant(at - limitMs({ everyMs })),
    ],
  })
}

/** Notes that webhooks of a location stay away, or that they are back. True for the one process that notes it. */
export async function noteSilence(db: Queryable, tenantId: string, isSilent: boolean, at: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'heartbeat_note',
    text: 'UPDATE heartbeats SET told_silent_at = CASE WHEN $2 THEN $3::timestamptz END WHERE tenant_id = $1 AND (told_silent_at IS NULL) = $2',
    values: [tenantId, isSilent, instant(at)],
  })
  return rowCount === 1
}

/** Heartbeats are switched off: nothing is awaited and nothing said. The contacts stay known, since they are no leads. */
export async function restHeartbeats(db: Queryable): Promise<void> {
  await db.query(
    'UPDATE heartbeats SET every_ms = 0, wait_ms = 0, sent_at = NULL, waiting_since = NULL, failed_because = NULL, told_silent_at = NULL WHERE every_ms > 0',
  )
}

/** Stores which beats came back, out of raw webhooks about heartbeat contacts. */
export async function storeBeats(db: Queryable, records: readonly SinkRecord<WebhookUnrecognised>[]): Promise<void> {
  const newest = new Map<string, { readonly beat: number; readonly backAt: number }>()
  for (const { value } of records) {
    if (value?.reason !== 'heartbeat') continue
    const beat = beatIn(value.body, value.receivedAt)
    if (beat === undefined) continue
    if (beat > (newest.get(value.tenantId)?.beat ?? -Infinity)) newest.set(value.tenantId, { beat, backAt: value.receivedAt })
  }
  if (newest.size === 0) return
  const beats = [...newest].sort(([a], [b]) => (a < b ? -1 : 1))
  await db.query({
    name: 'heartbeats_back',
    text: `UPDATE heartbeats SET back_beat = back.beat, back_at = back.at,
             waiting_since = CASE WHEN back.beat >= coalesce(sent_at, back.beat) THEN NULL ELSE greatest(waiting_since, back.beat) END
           FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS back (tenant_id, beat, at)
           WHERE heartbeats.tenant_id = back.tenant_id AND (back_beat IS NULL OR back_beat < back.beat)`,
    values: [
      beats.map(([tenantId]) => tenantId),
      beats.map(([, { beat }]) => instant(beat)),
      beats.map(([, { backAt }]) => instant(backAt)),
    ],
  })
}

/** What the contact says, else when the platform made the webhook; never after it was received. One that says neither tells of no beat. */
function beatIn(body: Uint8Array, receivedAt: number): number | undefined {
  const parsed = parseBody(body)
  if ('problem' in parsed) return undefined
  const stated = beatOf(textOf(parsed.body, 'lastName')) ?? instantOf(parsed.body, 'timestamp')
  return stated === null ? undefined : Math.min(stated, receivedAt)
}
