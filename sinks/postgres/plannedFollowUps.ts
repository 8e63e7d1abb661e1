/** Planned follow-ups on their way into the ledger, and cancellations of those that are still open. */
import type pg from 'pg'
import type { FollowUp } from '../../schemas/generated/records.ts'
import { lockLeads, save, saveAndTell } from './ledger.ts'
import { bringForward } from './ledgerAsTold.ts'
import { TAKEN_BACK, mayHaveLeft, rowOf } from './ledgerRow.ts'
import type { LedgerRow, StoredRow } from './ledgerRow.ts'
import { instant, storable, storableJson } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

/** A follow-up with the lead key and partition it came on. */
export interface PlannedRecord {
  readonly leadId: string
  readonly partition: number
  readonly followUp: FollowUp
  /** When the record was written, ms. */
  readonly at: number
  /** W3C trace context of the record. */
  readonly traceparent?: string | undefined
}

/**
 * Enters planned follow-ups and cancels those that are still open; in whatever order and however often both come, the
 * result is the same: a cancelled one stays cancelled, a known intent is not entered again. What a worker has reserved has not
 * left and is open; of what it has handed over it is noted, so that it is not tried again. A question to a person is open after
 * it was put as well, until it is answered or nobody can answer it any more.
 */
export async function storeFollowUps(client: pg.PoolClient, records: readonly PlannedRecord[]): Promise<void> {
  const cancels = new Map(
    records.filter(({ followUp }) => followUp.change === 'cancelled').map((record) => [record.followUp.followupId, record]),
  )
  const last = new Map(records.map((record) => [record.followUp.followupId, record]))
  await enter(
    client,
    [...last.values()].map((record) => ({ ...record, cancelled: cancels.has(record.followUp.followupId) })),
  )
  await bringForward(client, [...last.keys()])
  if (cancels.size === 0) return
  const open = await client.query<StoredRow>({
    name: 'ledger_cancelled',
    text: `SELECT * FROM followup_actions WHERE followup_id = ANY(${unseenArray(1, 'text')}) AND (status IN ('pending', 'deferred', 'reserved', 'handed_over', 'unknown') OR (action = 'ask' AND status = 'confirmed')) ORDER BY followup_id FOR UPDATE`,
    values: [[...cancels.keys()]],
  })
  const rows = open.rows.map(rowOf)
  await lockLeads(client, rows)
  await save(
    client,
    rows.filter(mayHaveLeft).map((row) => ({ ...row, ruleId: TAKEN_BACK })),
  )
  const ended = rows.filter((row) => !mayHaveLeft(row))
  const cancelled = (row: LedgerRow) => cancelledBy(row, cancels.get(row.followupId))
  await saveAndTell(client, ended.map(cancelled))
  // A question that is being ended because its time was over stays so: the call may have been made, and would be made again. It is not told, as before.
  const ending = ended.filter((row) => hasTask(row) && row.ruleId !== null)
  await save(
    client,
    ending.map((row) => ({ ...cancelled(row), ruleId: row.ruleId, nextCheckAt: row.nextCheckAt })),
  )
}

function cancelledBy(row: LedgerRow, by: PlannedRecord | undefined): LedgerRow {
  // A cancellation repeats when the follow-up was planned; it happened when it was written.
  const at = Math.max(row.updatedAt, by?.at ?? row.updatedAt)
  return {
    ...row,
    status: 'cancelled',
    reason: by?.followUp.reason ?? '',
    gateId: null,
    ruleId: null,
    liftsAt: null,
    // A question that was put has a task, which is ended by whoever delivers.
    nextCheckAt: hasTask(row) ? at : null,
    sequence: row.sequence + 1,
    updatedAt: at,
  }
}

function hasTask({ action, messageId }: LedgerRow): boolean {
  return action === 'ask' && messageId !== null
}

type Entry = PlannedRecord & { readonly cancelled: boolean }

const entryColumns: readonly (readonly [string, string, (entry: Entry) => unknown])[] = [
  ['followup_id', 'text', ({ followUp }) => followUp.followupId],
  ['intent_key', 'text', ({ followUp }) => followUp.intentKey],
  ['lead_id', 'text', ({ leadId }) => leadId],
  ['tenant_id', 'text', ({ followUp }) => followUp.tenantId],
  ['contact_id', 'text', ({ followUp }) => followUp.contactId],
  ['decision_id', 'text', ({ followUp }) => followUp.decisionId],
  ['epoch', 'int', ({ followUp }) => followUp.epoch],
  ['action', 'text', ({ followUp }) => followUp.action],
  ['channel', 'text', ({ followUp }) => followUp.channel],
  ['template_id', 'text', ({ followUp }) => followUp.templateId],
  ['message', 'text', ({ followUp }) => storable(followUp.text)],
  ['subject', 'text', ({ followUp }) => storable(followUp.subject)],
  ['assignee_id', 'text', ({ followUp }) => storable(followUp.assigneeId ?? null)],
  ['body', 'text', ({ followUp }) => storable(followUp.body ?? null)],
  ['chosen_by', 'text', ({ followUp }) => storable(followUp.chosenBy ?? null)],
  ['alternates', 'jsonb', ({ followUp }) => storableJson(followUp.alternates ?? [])],
  ['priority', 'int', ({ followUp }) => followUp.priority],
  ['planned_because', 'text', ({ followUp }) => storable(followUp.reason)],
  ['planned_at', 'timestamptz', ({ followUp }) => instant(followUp.plannedAt)],
  ['due_at', 'timestamptz', ({ followUp }) => instant(followUp.dueAt)],
  ['expires_at', 'timestamptz', ({ followUp }) => instant(followUp.expiresAt)],
  ['partition', 'int', ({ partition }) => partition],
  // Cancelled before, or in the same batch as, it was entered: it never was open, so there is nothing to tell.
  ['status', 'text', ({ cancelled }) => (cancelled ? 'cancelled' : 'pending')],
  ['scheduled_at', 'timestamptz', ({ followUp }) => instant(followUp.dueAt)],
  ['updated_at', 'timestamptz', ({ followUp }) => instant(followUp.plannedAt)],
  ['traceparent', 'text', ({ traceparent }) => storable(traceparent ?? null)],
]

async function enter(client: pg.PoolClient, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return
  const names = entryColumns.map(([name]) => name).join(', ')
  await client.query({
    name: 'ledger_enter',
    text: `INSERT INTO followup_actions (${names}) SELECT ${names} FROM unnest(${entryColumns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')}) AS incoming (${names})
     ON CONFLICT DO NOTHING`,
    values: entryColumns.map(([, , value]) => entries.map(value)),
  })
}
