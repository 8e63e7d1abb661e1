/** Questions that have ended while their task at the provider may still be open. */
import type pg from 'pg'
import { rowOf } from './ledgerRow.ts'
import type { LedgerRow, StoredRow } from './ledgerRow.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'

/** Is it a question that has ended, with a task that nobody has looked after? */
export function taskToEnd({ action, status, messageId, nextCheckAt }: LedgerRow): boolean {
  return action === 'ask' && (status === 'cancelled' || status === 'confirmed') && messageId !== null && nextCheckAt !== null
}

/** Those whose turn it is at `at` (ms); they are not offered again before `nextCheckAt` (ms). */
export async function takeTasksToEnd(client: Queryable, at: number, nextCheckAt: number, limit: number): Promise<LedgerRow[]> {
  const found: pg.QueryResult<StoredRow> = await client.query<StoredRow>({
    name: 'ledger_tasks_to_end',
    text: `UPDATE followup_actions SET next_check_at = $2 WHERE followup_id IN (
       SELECT followup_id FROM followup_actions WHERE action = 'ask' AND status IN ('cancelled', 'confirmed') AND message_id IS NOT NULL AND next_check_at <= $1
       ORDER BY next_check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
     RETURNING *`,
    values: [instant(at), instant(nextCheckAt), limit],
  })
  return found.rows.map(rowOf)
}
