/**
 * Brings rows of the ledger forward to what the topic of deliveries tells of them. While the database is whole the ledger is ahead of
 * the topic and nothing happens. A database that was restored from a copy, or is filled anew, forgot what has left since; the topic has it.
 */
import type pg from 'pg'
import type { DeliveryChanged } from '../../schemas/generated/records.ts'
import { save } from './ledger.ts'
import { TAKEN_BACK, rowOf } from './ledgerRow.ts'
import type { LedgerRow, LedgerStatus, StoredRow } from './ledgerRow.ts'
import { unseenArray } from './unseenArray.ts'

/** When the topic says that a follow-up was taken in hand and handed over last, ms, and how often it was cancelled. */
export interface ToldTimes {
  readonly reservedAt: number | null
  readonly handedOverAt: number | null
  readonly cancellations: number
}

/**
 * The row as its last delivery tells it. What was in hand then may have left before the rest could be told: it counts as handed over, is
 * looked up at the provider and not sent again. One that was cancelled already stays so, unless it has ended otherwise before.
 */
export function asTold(row: LedgerRow, told: DeliveryChanged, { reservedAt, handedOverAt, cancellations }: ToldTimes): LedgerRow {
  const status = told.status as LedgerStatus
  const isInHand = status === 'reserved' || status === 'handed_over'
  const known = {
    ...row,
    sequence: told.sequence,
    attempt: told.attempt,
    messageId: told.messageId,
    reservedBy: null,
    reservedAt,
    handedOverAt: isInHand ? told.at : handedOverAt,
  }
  const isCancelled = row.status === 'cancelled'
  if (isCancelled && (status === 'deferred' || (row.action === 'ask' && status === 'confirmed')))
    return { ...known, nextCheckAt: told.messageId === null ? null : told.at }
  const isOpen = isInHand || status === 'unknown'
  return {
    ...known,
    status: isInHand ? 'handed_over' : status,
    gateId: told.gateId,
    ruleId: isCancelled && isOpen ? TAKEN_BACK : told.ruleId,
    reason: told.reason,
    liftsAt: told.liftsAt,
    gates: told.gates,
    assigneeId: told.assigneeId,
    scheduledAt: status === 'deferred' ? (told.liftsAt ?? told.at) : row.scheduledAt,
    settledAt: isOpen || status === 'deferred' ? null : told.at,
    nextCheckAt: nextCheckOf(row, told, cancellations),
    updatedAt: told.at,
  }
}

/** A question that was put has a task, which is ended with its time, or once it was cancelled: the second cancellation tells that it was. */
function nextCheckOf({ action, expiresAt }: LedgerRow, { status, messageId, at }: DeliveryChanged, cancellations: number): number | null {
  if (status === 'unknown') return at
  if (action !== 'ask') return null
  if (status === 'confirmed') return expiresAt
  return status === 'cancelled' && messageId !== null && cancellations === 1 ? at : null
}

interface Told extends StoredRow {
  readonly told: DeliveryChanged
  readonly told_reserved_at: Date | null
  readonly told_handed_over_at: Date | null
  readonly cancellations: number
}

/**
 * Brings these follow-ups forward, where stored deliveries are ahead of them; what waits in the outbox of a time before is forgotten.
 * Call it in the transaction that stores either of the two, which holds the places of both.
 */
export async function bringForward(client: pg.PoolClient, followupIds: readonly string[]): Promise<void> {
  if (followupIds.length === 0) return
  const behind = await client.query<Told>({
    name: 'ledger_behind',
    text: `SELECT ledger.*, last.record AS told, times.* FROM followup_actions AS ledger
     CROSS JOIN LATERAL (SELECT record FROM deliveries WHERE followup_id = ledger.followup_id AND sequence > ledger.sequence
       ORDER BY sequence DESC LIMIT 1) AS last
     CROSS JOIN LATERAL (SELECT max(at) FILTER (WHERE status = 'reserved') AS told_reserved_at,
         max(at) FILTER (WHERE status = 'handed_over') AS told_handed_over_at, (count(*) FILTER (WHERE status = 'cancelled'))::int AS cancellations
       FROM deliveries WHERE followup_id = ledger.followup_id) AS times
     WHERE ledger.followup_id = ANY(${unseenArray(1, 'text')}) ORDER BY ledger.followup_id FOR UPDATE OF ledger`,
    values: [[...new Set(followupIds)]],
  })
  if (behind.rows.length === 0) return
  const rows = behind.rows.map((row) =>
    asTold(rowOf(row), row.told, {
      reservedAt: row.told_reserved_at?.getTime() ?? null,
      handedOverAt: row.told_handed_over_at?.getTime() ?? null,
      cancellations: row.cancellations,
    }),
  )
  await save(client, rows)
  await client.query(
    `DELETE FROM delivery_outbox USING unnest($1::text[], $2::int[]) AS told (followup_id, sequence)
     WHERE published_at IS NULL AND record ->> 'followupId' = told.followup_id AND (record ->> 'sequence')::int <= told.sequence`,
    [rows.map(({ followupId }) => followupId), rows.map(({ sequence }) => sequence)],
  )
}
