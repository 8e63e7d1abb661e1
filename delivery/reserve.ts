/**
 * Takes due follow-ups in hand: all gates are evaluated in the transaction that reserves, on what is committed at that
 * moment, with the lead held. What a gate denies until later is moved there, never dropped.
 */
import type { Judgement } from '../pipelines/followup/gates/judge.ts'
import { fenceFacts, lockDue, lockLeads, save, saveAndTell } from '../sinks/postgres/ledger.ts'
import { assigneeKey, lockAssignees } from '../sinks/postgres/staff.ts'
import { changed } from '../sinks/postgres/ledgerRow.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { inTransaction } from '../sinks/postgres/pool.ts'
import type { DeliveryContext } from './context.ts'
import { held, judgeRow } from './judgeRow.ts'

/**
 * Judges at most `limit` due follow-ups and reserves at most `room` of them; returns those that may go on. Most of what is
 * due is held back by a gate and needs no room. `seen` says how many were settled one way or the other.
 */
export async function reserveDue(context: DeliveryContext, limit: number, room: number): Promise<{ reserved: LedgerRow[]; seen: number }> {
  const { pool, ghl, clock, settings, workerId } = context
  const at = clock.now()
  const told: LedgerRow[] = []
  const seen = await inTransaction(pool, async (client) => {
    // Locations without room are left for later: what is reserved shall leave within seconds.
    const rows = await lockDue(client, at, limit, ghl.busy())
    if (rows.length === 0) return 0
    await lockAssignees(client, rows)
    await lockLeads(client, rows)
    const facts = await fenceFacts(client, rows, at)
    const assignees = new Map(facts.assignees)
    const assigning = new Set(facts.assigning)
    const sends = [...facts.sends]
    const quiet: LedgerRow[] = []
    let left = room
    for (const row of rows) {
      const judgement = judgeRow(row, { ...facts, assignees, assigning }, sends, at, 'unread', settings)
      const { then } = judgement
      if (then.kind !== 'allow') {
        const consequence = held(row, { ...judgement, then }, at, settings)
        ;(consequence.told ? told : quiet).push(consequence.row)
        continue
      }
      // It stays due: whoever has room takes it up.
      if (left === 0) continue
      left -= 1
      told.push(reservation(row, judgement, workerId, at))
      // The next one to the same realtor meets a load that counts this one.
      const assignee = row.action === 'assign' ? assignees.get(assigneeKey(row)) : undefined
      if (assignee !== undefined) {
        assignees.set(assigneeKey(row), { ...assignee, load: assignee.load + 1 })
        assigning.add(row.leadId)
      }
      // The next one of the same lead in this batch meets a budget that counts this one.
      if (row.action === 'send_message')
        sends.push({ followupId: row.followupId, leadId: row.leadId, at, confirmedAt: null, messageId: null, text: row.text ?? '' })
    }
    await saveAndTell(client, told)
    await save(client, quiet)
    await context.onStep('reserve_commit', undefined)
    return told.length + quiet.length
  })
  told.forEach(context.onChange)
  return { reserved: told.filter(({ status }) => status === 'reserved'), seen }
}

function reservation(row: LedgerRow, { gates }: Judgement, workerId: string, at: number): LedgerRow {
  return changed(row, {
    status: 'reserved',
    reason: 'All gates allow it.',
    gates,
    gateId: null,
    ruleId: null,
    liftsAt: null,
    reservedBy: workerId,
    reservedAt: at,
    at,
  })
}
