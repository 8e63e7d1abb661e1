/**
 * One row of the ledger: an intended action and how far it got. What changes is written as a transition, and a transition
 * that is told becomes one DeliveryChanged with the next sequence number.
 */
import { deterministicId } from '../../runtime/ids.ts'
import type { DeliveryChanged, FollowUp, GateResult } from '../../schemas/generated/records.ts'
import { ms } from './storable.ts'

export type LedgerStatus =
  | 'pending'
  | 'deferred'
  | 'reserved'
  | 'handed_over'
  | 'confirmed'
  | 'unknown'
  | 'failed'
  | 'denied'
  | 'superseded'
  | 'cancelled'
  | 'expired'

export interface LedgerRow {
  readonly followupId: string
  readonly intentKey: string
  readonly leadId: string
  readonly tenantId: string
  readonly contactId: string
  readonly decisionId: string
  readonly epoch: number
  readonly action: string
  readonly channel: string
  readonly templateId: string | null
  readonly text: string | null
  readonly subject: string | null
  /** Of an assignment: the realtor. */
  readonly assigneeId: string | null
  /** Of an ask: what the person has to know. */
  readonly body: string | null
  /** The person who was asked and chose this. */
  readonly chosenBy: string | null
  /** Of an assignment: realtors who are to have the lead, in this order, when the assignee can not. */
  readonly alternates: readonly string[]
  readonly priority: number
  /** Why it was planned, in words. */
  readonly plannedBecause: string
  readonly plannedAt: number
  readonly dueAt: number
  readonly expiresAt: number
  readonly partition: number
  readonly status: LedgerStatus
  readonly scheduledAt: number
  readonly sequence: number
  readonly attempt: number
  readonly gateId: string | null
  readonly ruleId: string | null
  readonly reason: string | null
  readonly liftsAt: number | null
  readonly gates: readonly GateResult[]
  readonly messageId: string | null
  readonly reservedBy: string | null
  readonly reservedAt: number | null
  readonly handedOverAt: number | null
  readonly settledAt: number | null
  readonly nextCheckAt: number | null
  readonly updatedAt: number
  /** W3C trace context of the planned follow-up. */
  readonly traceparent: string | null
}

/** What a step changes. `reason` is in words; what is not named stays. */
export type Transition = Partial<
  Pick<
    LedgerRow,
    | 'scheduledAt'
    | 'attempt'
    | 'gateId'
    | 'ruleId'
    | 'liftsAt'
    | 'gates'
    | 'messageId'
    | 'reservedBy'
    | 'reservedAt'
    | 'handedOverAt'
    | 'settledAt'
    | 'nextCheckAt'
  >
> & { readonly status: LedgerStatus; readonly reason: string; readonly at: number }

/** The row after a transition that is told. */
export function changed(row: LedgerRow, { at, ...transition }: Transition): LedgerRow {
  return { ...row, ...transition, sequence: row.sequence + 1, updatedAt: at }
}

/** The rule of a row that was taken back while its call was under way: whatever the answer, nothing is tried again. */
export const TAKEN_BACK = 'taken_back'

/** Has a call been made, or is one being made, whose outcome is not known yet? */
export function mayHaveLeft({ status }: LedgerRow): boolean {
  return status === 'handed_over' || status === 'unknown'
}

/**
 * The row once it is known to have arrived. A question ends with its time; one that was taken back meanwhile is so after that,
 * and its task is to be ended. Each is to be told: that a task is ours is known from the first.
 */
export function arrived(
  row: LedgerRow,
  found: { readonly reason: string; readonly messageId: string | null; readonly at: number },
): LedgerRow[] {
  const nextCheckAt = row.action === 'ask' ? row.expiresAt : null
  const confirmed = changed(row, { ...found, status: 'confirmed', ruleId: null, settledAt: found.at, nextCheckAt })
  if (row.action !== 'ask' || row.ruleId !== TAKEN_BACK) return [confirmed]
  const reason = 'It was taken back while it was put.'
  return [confirmed, changed(confirmed, { status: 'cancelled', reason, nextCheckAt: found.at, at: found.at })]
}

/** What the world is told of the row as it is now. */
export function deliveryOf(row: LedgerRow): DeliveryChanged {
  return {
    deliveryId: deterministicId('delivery', row.followupId, row.sequence),
    sequence: row.sequence,
    followupId: row.followupId,
    decisionId: row.decisionId,
    tenantId: row.tenantId,
    contactId: row.contactId,
    epoch: row.epoch,
    action: row.action,
    channel: row.channel,
    // A pending row has no change to tell; every other status is in the vocabulary of deliveries.
    status: row.status,
    gateId: row.gateId,
    ruleId: row.ruleId,
    reason: row.reason ?? '',
    liftsAt: row.liftsAt,
    gates: [...row.gates],
    messageId: row.messageId,
    text: row.text,
    assigneeId: row.assigneeId,
    attempt: row.attempt,
    at: row.updatedAt,
  }
}

/** The row as the FollowUp it came from. */
export function followUpOf(row: LedgerRow): FollowUp {
  const {
    followupId,
    tenantId,
    contactId,
    decisionId,
    intentKey,
    epoch,
    action,
    channel,
    templateId,
    text,
    subject,
    assigneeId,
    body,
    chosenBy,
    alternates,
    priority,
    plannedBecause,
    plannedAt,
    dueAt,
    expiresAt,
  } = row
  return {
    followupId,
    change: row.status === 'cancelled' ? 'cancelled' : 'planned',
    tenantId,
    contactId,
    decisionId,
    intentKey,
    epoch,
    action,
    channel,
    templateId,
    text,
    subject,
    assigneeId,
    body,
    chosenBy,
    alternates: [...alternates],
    priority,
    reason: plannedBecause,
    plannedAt,
    dueAt,
    expiresAt,
  }
}

/** Columns of the table in the order of `rowOf`. */
export interface StoredRow {
  followup_id: string
  intent_key: string
  lead_id: string
  tenant_id: string
  contact_id: string
  decision_id: string
  epoch: number
  action: string
  channel: string
  template_id: string | null
  message: string | null
  subject: string | null
  assignee_id: string | null
  body: string | null
  chosen_by: string | null
  alternates: string[]
  priority: number
  planned_because: string
  planned_at: Date
  due_at: Date
  expires_at: Date
  partition: number
  status: LedgerStatus
  scheduled_at: Date
  sequence: number
  attempt: number
  gate_id: string | null
  rule_id: string | null
  reason: string | null
  lifts_at: Date | null
  gates: GateResult[]
  message_id: string | null
  reserved_by: string | null
  reserved_at: Date | null
  handed_over_at: Date | null
  settled_at: Date | null
  next_check_at: Date | null
  updated_at: Date
  traceparent: string | null
}

/** A row as read from the table. */
export function rowOf(stored: StoredRow): LedgerRow {
  return {
    followupId: stored.followup_id,
    intentKey: stored.intent_key,
    leadId: stored.lead_id,
    tenantId: stored.tenant_id,
    contactId: stored.contact_id,
    decisionId: stored.decision_id,
    epoch: stored.epoch,
    action: stored.action,
    channel: stored.channel,
    templateId: stored.template_id,
    text: stored.message,
    subject: stored.subject,
    assigneeId: stored.assignee_id,
    body: stored.body,
    chosenBy: stored.chosen_by,
    alternates: stored.alternates,
    priority: stored.priority,
    plannedBecause: stored.planned_because,
    plannedAt: stored.planned_at.getTime(),
    dueAt: stored.due_at.getTime(),
    expiresAt: stored.expires_at.getTime(),
    partition: stored.partition,
    status: stored.status,
    scheduledAt: stored.scheduled_at.getTime(),
    sequence: stored.sequence,
    attempt: stored.attempt,
    gateId: stored.gate_id,
    ruleId: stored.rule_id,
    reason: stored.reason,
    liftsAt: ms(stored.lifts_at),
    gates: stored.gates,
    messageId: stored.message_id,
    reservedBy: stored.reserved_by,
    reservedAt: ms(stored.reserved_at),
    handedOverAt: ms(stored.handed_over_at),
    settledAt: ms(stored.settled_at),
    nextCheckAt: ms(stored.next_check_at),
    updatedAt: stored.updated_at.getTime(),
    traceparent: stored.traceparent,
  }
}
