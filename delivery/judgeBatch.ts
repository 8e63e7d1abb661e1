/**
 * All due follow-ups of one transaction before the gates, one after the other: each meets what those before it took, of the
 * worker's room, of a realtor's and of a lead's budget. Pure: what it returns is to be saved with everything still held.
 */
import type { Judgement } from '../pipelines/followup/gates/judge.ts'
import type { FenceFacts } from '../sinks/postgres/ledger.ts'
import { changed } from '../sinks/postgres/ledgerRow.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { assigneeKey } from '../sinks/postgres/staff.ts'
import { held, judgeRow } from './judgeRow.ts'
import type { DeliverySettings } from './settings.ts'

export interface Reserving {
  /** Now, ms. */
  readonly at: number
  /** Follow-ups that the worker can take. */
  readonly room: number
  readonly workerId: string
  readonly settings: DeliverySettings
}

export interface JudgedBatch {
  /** To be saved and told. */
  readonly told: readonly LedgerRow[]
  /** To be saved alone: they wait for the same reason as before. */
  readonly quiet: readonly LedgerRow[]
}

/** Reserves at most `room` of these rows; what is neither told nor quiet stays due as it is. */
export function judgeBatch(rows: readonly LedgerRow[], facts: FenceFacts, { at, room, workerId, settings }: Reserving): JudgedBatch {
  const assignees = new Map(facts.assignees)
  const assigning = new Set(facts.assigning)
  const sends = [...facts.sends]
  const locationSends = new Map(facts.locationSends)
  const told: LedgerRow[] = []
  const quiet: LedgerRow[] = []
  let left = room
  for (const row of rows) {
    const {
      row: given,
      judgement,
      passedOver,
    } = judgeRow(row, { ...facts, assignees, assigning, locationSends }, sends, at, 'unread', settings)
    const { then } = judgement
    if (then.kind !== 'allow') {
      const consequence = held(given, { ...judgement, then }, at, settings)
      ;(consequence.told ? told : quiet).push(consequence.row)
      continue
    }
    // It stays due: whoever has room takes it up.
    if (left === 0) continue
    left -= 1
    told.push(reservation(given, judgement, `${passedOver}All gates allow it.`, workerId, at))
    // The next one to the same realtor meets a load that counts this one.
    const assignee = given.action === 'assign' ? assignees.get(assigneeKey(given)) : undefined
    if (assignee !== undefined) {
      assignees.set(assigneeKey(given), { ...assignee, load: assignee.load + 1 })
      assigning.add(given.leadId)
    }
    // The next one of the same lead in this batch meets a budget that counts this one.
    if (given.action === 'send_message') {
      sends.push({ followupId: given.followupId, leadId: given.leadId, at, confirmedAt: null, messageId: null, text: given.text ?? '' })
      const { count = 0, oldestAt = null } = locationSends.get(given.tenantId) ?? {}
      locationSends.set(given.tenantId, { count: count + 1, oldestAt: oldestAt ?? at })
    }
  }
  return { told, quiet }
}

function reservation(row: LedgerRow, { gates }: Judgement, reason: string, workerId: string, at: number): LedgerRow {
  return changed(row, {
    status: 'reserved',
    reason,
    gates,
    gateId: null,
    ruleId: null,
    liftsAt: null,
    reservedBy: workerId,
    reservedAt: at,
    at,
  })
}
