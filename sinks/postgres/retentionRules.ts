/**
 * How long rows are kept, as data. The age of what comes from a topic is a field of its record that never changes, so that
 * the sink and the deletion agree on what is past: a record that is read again brings nothing back.
 * @source reference/lead-domain.md 11.4 (audit 2 y, resolved errors 30 d), topics/ (retention of decisions and deliveries)
 */
import type { AnyTopic } from '../../runtime/topic.ts'
import type { Decision, DeliveryChanged, FollowUp, LeadEvent, OutcomeObserved, ShadowDecision } from '../../schemas/generated/records.ts'
import { decisions, deliveries, followups, leadEvents, outcomes, shadowDecisions } from '../../topics/index.ts'

export interface RetentionRule {
  readonly table: string
  readonly key: string
  /** Column of the age. */
  readonly age: string
  readonly keptDays: number
  /** SQL; rows for which it does not hold are kept, however old. */
  readonly condition: string
  /** What is kept for how long, in words. */
  readonly what: string
  readonly source: string
}

export const retentionRules: readonly RetentionRule[] = [
  {
    table: 'communications',
    key: 'id',
    age: 'sent_at',
    keptDays: 730,
    condition: 'true',
    what: 'messages and calls, from when they were sent',
    source: 'as audit: 2 y',
  },
  {
    table: 'followup_actions',
    key: 'followup_id',
    age: 'expires_at',
    keptDays: 730,
    condition: "status IN ('confirmed', 'failed', 'denied', 'superseded', 'cancelled', 'expired')",
    what: 'follow-ups that are settled, from when they expire; open and unknown ones stay',
    source: 'as audit: 2 y',
  },
  {
    table: 'decisions',
    key: 'decision_id',
    age: 'decided_at',
    keptDays: 365,
    condition: 'true',
    what: 'decisions, from when they were made',
    source: 'as the topic: 365 d',
  },
  {
    table: 'deliveries',
    key: 'delivery_id',
    age: 'at',
    keptDays: 365,
    condition: 'true',
    what: 'what became of follow-ups, from when it did',
    source: 'as the topic: 365 d',
  },
  {
    table: 'audit_labels',
    key: 'label_id',
    age: 'labelled_at',
    keptDays: 365,
    condition: 'true',
    what: 'verdicts of people on decisions, from when they were given',
    source: 'as the topic: 365 d',
  },
  {
    table: 'learned_policies',
    key: 'policy_hash',
    age: 'learned_at',
    keptDays: 365,
    condition: 'true',
    what: 'what learning made of verdicts, from when it was learned last; policies that were in force stay in `policies`',
    source: 'as the verdicts: 365 d',
  },
  {
    table: 'shadow_decisions',
    key: 'decision_id',
    age: 'decided_at',
    keptDays: 90,
    condition: 'true',
    what: 'what policies that are being tried would have decided, from when the decision was made',
    source: 'as the topic: 90 d',
  },
  {
    table: 'outside_ballots',
    key: 'assessment_id',
    age: 'decided_at',
    keptDays: 365,
    condition: 'true',
    what: 'votes of outside programs, from when their question was decided',
    source: 'as decisions and verdicts: 365 d',
  },
  {
    table: 'delivery_outbox',
    key: 'id',
    age: 'published_at',
    keptDays: 30,
    condition: 'published_at IS NOT NULL',
    what: 'changes that are on the topic, should the relay not have forgotten them after a day; others stay',
    source: 'as resolved errors: 30 d',
  },
  {
    table: 'sweep_findings',
    key: 'found_id',
    age: 'found_at',
    keptDays: 90,
    condition: 'true',
    what: 'what no webhook had told of, from when it was found',
    source: 'as the events of leads: 90 d',
  },
  {
    table: 'lead_look_ups',
    key: 'lead_id',
    age: 'asked_at',
    keptDays: 90,
    condition: "state <> 'asking'",
    what: 'answers of look-ups, from when they were asked for; what is being asked stays',
    source: 'as the events of leads: 90 d, and the longest that an answer may count (LOOK_UP_FRESH_DAYS)',
  },
]

/** Tables without a limit of age, each with why. */
export const keptForEver: Readonly<Record<string, string>> = {
  leads: 'the state of a lead, with its consent and opt-outs, which must never expire; an erasure takes it',
  address_statements:
    'what was said of permission from a number or an e-mail address: an opt-out must never expire; an erasure takes who said it and the words',
  consent_statements: 'what leads have stated of permissions, the proof of what was sent by them; gone with the lead',
  waiting_ballots:
    'votes of outside programs before their decision: an hour at most while the sink keeps up, and a bounded number a partition',
  lead_search: 'the words of a lead, gone with it',
  lead_assignments: 'who had a lead when, gone with it',
  lead_erasures: 'that a lead was erased: without it records that are read again would come back',
  tenants: 'configuration',
  staff_settings: 'a row a location: who of it takes leads',
  policies: 'a row a policy: decisions name theirs, and a former one may be put in force again',
  policy_changes: 'a row a time that what is in force changed: who took a policy out of force must stay known to the timer of learning',
  sink_offsets: 'one row a partition; without it everything would be stored again',
  sweep_cursors: 'a row a location and source, how far it is compared with GoHighLevel',
  counted_days: 'that the decisions of a day are counted; gone with the first of them',
  decision_days: 'how many decisions a location made in a day, counts and no lead; gone with the day',
  inventories: 'two rows a location, how far what its leads hold is compared with GoHighLevel',
  heartbeats: 'a row a location: its heartbeat contact, which must stay known as no lead, and what came back of it',
  ghl_authorizations: 'taken by the browser that comes back; what is older than 15 minutes goes when the next one is begun',
  look_up_days: 'a row a location and day of look-ups: what was spent, counts and no lead',
  ghl_grants: 'one row a location or agency, replaced by its next token',
}

const DAY_MS = 86_400_000

/** What is older than this at `now` (both ms) is past. */
export function keptSince(rule: RetentionRule, now: number): number {
  return now - rule.keptDays * DAY_MS
}

/** Days for which rows of this table are kept; Infinity where no rule deletes any. */
export function keptDaysOf(table: string): number {
  return retentionRules.find((rule) => rule.table === table)?.keptDays ?? Infinity
}

/** By topic: the table its records become rows of, and the age of such a row in the record, ms. */
const stored: Readonly<Record<string, readonly [table: string, at: (value: never) => number]>> = {
  [leadEvents.name]: ['communications', (event: LeadEvent) => event.occurredAt],
  [followups.name]: ['followup_actions', (followUp: FollowUp) => followUp.expiresAt],
  [decisions.name]: ['decisions', (decision: Decision) => decision.decidedAt],
  [shadowDecisions.name]: ['shadow_decisions', (beside: ShadowDecision) => beside.decidedAt],
  [deliveries.name]: ['deliveries', (delivery: DeliveryChanged) => delivery.at],
  // Other kinds than verdicts become no row, so none of them is past.
  [outcomes.name]: ['audit_labels', (outcome: OutcomeObserved) => (outcome.label === null ? Infinity : outcome.at)],
}

/** Whether this record of a topic is past the retention of the table that it would be a row of, at `now` (ms). */
export function isPast(topic: AnyTopic, value: unknown, now: number): boolean {
  const [table, at] = stored[topic.name] ?? []
  const rule = retentionRules.find((one) => one.table === table)
  return rule !== undefined && at !== undefined && value !== null && at(value as never) < keptSince(rule, now)
}
