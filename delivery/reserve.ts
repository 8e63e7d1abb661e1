/**
 * Takes due follow-ups in hand: all gates are evaluated in the transaction that reserves, on what is committed at that
 * moment, with the lead and every realtor who may get it held. What a gate denies until later is moved there, never dropped.
 */
import { fenceFacts, lockDue, lockLeads, save, saveAndTell } from '../sinks/postgres/ledger.ts'
import { lockAssignees } from '../sinks/postgres/staff.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { inTransaction } from '../sinks/postgres/pool.ts'
import type { DeliveryContext } from './context.ts'
import { judgeBatch } from './judgeBatch.ts'

/**
 * Judges at most `limit` due follow-ups and reserves at most `room` of them; returns those that may go on. Most of what is
 * due is held back by a gate and needs no room. `seen` says how many were settled one way or the other.
 */
export async function reserveDue(context: DeliveryContext, limit: number, room: number): Promise<{ reserved: LedgerRow[]; seen: number }> {
  const { pool, ghl, clock, settings, workerId } = context
  const at = clock.now()
  const { told, quiet } = await inTransaction(pool, async (client) => {
    // Locations without room are left for later: what is reserved shall leave within seconds.
    const rows = await lockDue(client, at, limit, ghl.busy())
    if (rows.length === 0) return { told: [], quiet: [] }
    await lockAssignees(client, rows)
    await lockLeads(client, rows)
    const judged = judgeBatch(rows, await fenceFacts(client, rows, at, settings.limits), { at, room, workerId, settings })
    await saveAndTell(client, judged.told)
    await save(client, judged.quiet)
    await context.onStep('reserve_commit', undefined)
    return judged
  })
  told.forEach(context.onChange)
  return { reserved: told.filter(({ status }) => status === 'reserved'), seen: told.length + quiet.length }
}
