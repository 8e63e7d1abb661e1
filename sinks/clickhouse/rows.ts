/**
 * From a record to its row: pure and total, the same record always gives the same row. No personal data passes: names,
 * addresses, phone numbers, e-mail addresses and texts become the names of stated fields, counts and lengths.
 */
import type { AnyTopic } from '../../runtime/topic.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { ContactFields, Decision, DeliveryChanged, GateResult, LeadEvent, OutcomeObserved } from '../../schemas/generated/records.ts'
import { deniedFavourite } from '../../pipelines/consensus/costOfGates.ts'
import { isContact } from '../../pipelines/enrich/messageEvents.ts'
import { decisions, deliveries, insights, journeys, leadEvents, leadKey, marketingSpend, outcomes } from '../../topics/index.ts'
import { decimal, optionalTime, time } from './cells.ts'
import type { Row } from './cells.ts'
import { insightRow, journeyRow, spendRow } from './locationRows.ts'

export interface FactTable {
  readonly topic: AnyTopic
  readonly table: string
  /** Column of the time by which it is partitioned. */
  readonly partitionedBy: string
  /** The row of a record, with where it came from. `topic` is the physical name. */
  readonly row: (topic: string, record: SinkRecord<unknown>) => Row
}

// No row begins with a spread: V8 keeps an object that many columns are added to after one as a hash table, and making a decision's
// row costs 120 µs that way, and 9 without.
function fact<V>(topic: AnyTopic, table: string, partitionedBy: string, columns: (value: V, toldAt: number) => Row): FactTable {
  return {
    topic,
    table,
    partitionedBy,
    row: (name, record) =>
      Object.assign(columns(record.value as V, record.timestamp), {
        _topic: name,
        _partition: record.partition,
        _offset: String(record.offset),
      }),
  }
}

/** The tables of facts and where their rows come from. */
export const factTables: readonly FactTable[] = [
  fact(leadEvents, 'lead_events', 'received_at', leadEventRow),
  fact(decisions, 'decisions', 'decided_at', decisionRow),
  fact(deliveries, 'deliveries', 'changed_at', deliveryRow),
  fact(outcomes, 'outcomes', 'told_at', outcomeRow),
  fact(insights, 'insights', 'told_at', insightRow),
  fact(journeys, 'journeys', 'told_at', journeyRow),
  fact(marketingSpend, 'marketing_spend', 'told_at', spendRow),
]

export function leadEventRow(event: LeadEvent): Row {
  const { contact, message, appointment, opportunity, delivery } = event
  return {
    tenant_id: event.tenantId,
    contact_id: event.contactId,
    lead_id: leadKey(event.tenantId, event.contactId),
    kind: event.kind,
    occurred_at: time(event.occurredAt),
    received_at: time(event.receivedAt),
    stated_at: optionalTime(event.statedAt),
    event_id: event.eventId,
    source: event.source,
    source_id: event.sourceId,
    raw_type: event.rawType,
    stated_fields: contact === null ? [] : statedFields(contact),
    tag_count: contact?.tags?.length ?? -1,
    channel: message?.channel ?? delivery?.channel ?? '',
    direction: message?.direction ?? '',
    sender: message?.sender ?? '',
    message_id: message?.messageId ?? delivery?.messageId ?? '',
    message_status: message?.status ?? '',
    no_contact: message !== null && !isContact(message),
    text_length: textLength(message?.text ?? delivery?.text),
    call_status: message?.callStatus ?? '',
    call_seconds: message?.callDurationSeconds ?? null,
    appointment_id: appointment?.appointmentId ?? '',
    appointment_status: appointment?.status ?? '',
    appointment_at: optionalTime(appointment?.startsAt),
    opportunity_id: opportunity?.opportunityId ?? '',
    opportunity_status: opportunity?.status ?? '',
    opportunity_value: decimal(opportunity?.monetaryValue),
    followup_id: delivery?.followupId ?? '',
    decision_id: delivery?.decisionId ?? '',
    delivery_status: delivery?.status ?? '',
    delivery_action: delivery?.action ?? '',
  }
}

export function decisionRow(decision: Decision): Row {
  const { options, contributions, silent } = decision
  const chosen = options.find(({ option }) => option === decision.chosen)
  return {
    tenant_id: decision.tenantId,
    contact_id: decision.contactId,
    lead_id: leadKey(decision.tenantId, decision.contactId),
    type: decision.type,
    decided_at: time(decision.decidedAt),
    asked_at: time(decision.askedAt),
    vote_ms: decision.decidedAt - decision.askedAt,
    decision_id: decision.decisionId,
    assessment_id: decision.assessmentId,
    reason: decision.reason,
    stage: decision.stage,
    epoch: decision.epoch,
    profile_version: decision.profileVersion,
    policy_hash: decision.policyHash,
    engine_version: decision.engineVersion,
    chosen: decision.chosen,
    runner_up: decision.runnerUp ?? '',
    probability: chosen?.probability ?? 0,
    utility: chosen?.utility ?? 0,
    n_eff: decision.nEff,
    quorum: decision.quorum,
    degraded: decision.degraded,
    fallback_used: decision.fallbackUsed,
    stop_reason: decision.stopReason,
    conflicts: decision.conflicts,
    denied_favourite: deniedFavourite(decision)?.option ?? '',
    audit_selected: decision.auditSelected,
    p_audit: decision.pAudit,
    due_at: optionalTime(decision.dueAt),
    lifts_at: optionalTime(decision.liftsAt),
    'options.option': options.map(({ option }) => option),
    'options.eligible': options.map(({ eligible }) => eligible),
    'options.probability': options.map(({ probability }) => probability),
    'options.utility': options.map(({ utility }) => utility),
    'contributions.agent_id': contributions.map(({ agentId }) => agentId),
    'contributions.agent_version': contributions.map(({ agentVersion }) => agentVersion),
    'contributions.family': contributions.map(({ family }) => family),
    'contributions.option': contributions.map(({ option }) => option),
    'contributions.bin': contributions.map(({ bin }) => bin),
    'contributions.nats': contributions.map(({ nats }) => natsOf(nats)),
    'contributions.blocked': contributions.map(({ blocked }) => blocked),
    'contributions.reason_code': contributions.map(({ reasonCode }) => reasonCode),
    'silent.agent_id': silent.map(({ agentId }) => agentId),
    'silent.kind': silent.map(({ kind }) => kind),
    'silent.reason_code': silent.map(({ reasonCode }) => reasonCode),
    ...gateColumns(decision.gates),
  }
}

export function deliveryRow(delivery: DeliveryChanged): Row {
  return {
    tenant_id: delivery.tenantId,
    contact_id: delivery.contactId,
    lead_id: leadKey(delivery.tenantId, delivery.contactId),
    status: delivery.status,
    changed_at: time(delivery.at),
    delivery_id: delivery.deliveryId,
    followup_id: delivery.followupId,
    sequence: delivery.sequence,
    decision_id: delivery.decisionId,
    epoch: delivery.epoch,
    action: delivery.action,
    channel: delivery.channel,
    gate_id: delivery.gateId ?? '',
    rule_id: delivery.ruleId ?? '',
    lifts_at: optionalTime(delivery.liftsAt),
    attempt: delivery.attempt,
    message_id: delivery.messageId ?? '',
    text_length: textLength(delivery.text),
    ...gateColumns(delivery.gates),
  }
}

/** `toldAt` is in ms, by our own clock. Of a verdict: which decision, which option and with what probability; not who gave it, nor the words. */
export function outcomeRow(outcome: OutcomeObserved, toldAt: number): Row {
  const { label } = outcome
  return {
    tenant_id: outcome.tenantId,
    contact_id: outcome.contactId,
    lead_id: leadKey(outcome.tenantId, outcome.contactId),
    kind: outcome.kind,
    observed_at: time(outcome.at),
    told_at: time(toldAt),
    outcome_id: outcome.outcomeId,
    source: outcome.source,
    source_id: outcome.sourceId,
    channel: outcome.channel ?? '',
    value: decimal(outcome.value),
    label_decision_id: label?.decisionId ?? '',
    label_type: label?.decisionType ?? '',
    label_option: label?.option ?? '',
    label_selection: label?.selection ?? '',
    label_inclusion: label?.inclusion ?? null,
  }
}

function gateColumns(gates: readonly GateResult[]): Row {
  return {
    'gates.gate_id': gates.map(({ gateId }) => gateId),
    'gates.rule_id': gates.map(({ ruleId }) => ruleId),
    'gates.option': gates.map(({ option }) => option),
    'gates.verdict': gates.map(({ verdict }) => verdict),
    'gates.lifts_at': gates.map(({ liftsAt }) => optionalTime(liftsAt)),
  }
}

function statedFields(contact: ContactFields): string[] {
  return Object.entries(contact)
    .filter(([, value]) => value !== null)
    .map(([name]) => name)
    .sort()
}

function textLength(text: string | null | undefined): number {
  return text?.length ?? 0
}

/** Exact 1e-18 nats as text to nats; 0 for a text that is no number. */
function natsOf(exact: string): number {
  const nats = Number(exact) / 1e18
  return Number.isFinite(nats) ? nats : 0
}
