/**
 * The indexes of the reference, each with what became of it and the question it answers, and those that the product's own
 * queries need. `docs/postgres.md` prints this table, `indexes.test.ts` asks each question of 100,000 leads.
 * @source reference/lead-domain.md 11.5 (21 statements of the performance set, 3 named by the requirement)
 */
import { addressLedgers } from '../../../sinks/postgres/addressStatements.ts'
import { auditQueue } from '../../../sinks/postgres/audits.ts'
import { decidedSince } from '../../../sinks/postgres/decisionDays.ts'
import { contestedDecisions } from '../../../sinks/postgres/gateCosts.ts'
import { leadsWithThings } from '../../../sinks/postgres/inventories.ts'
import { openAsks } from '../../../sinks/postgres/asks.ts'
import { locationSendsSince, lockDue } from '../../../sinks/postgres/ledger.ts'
import { textsOfWeek } from '../../../sinks/postgres/textsOfWeek.ts'
import { takeTasksToEnd } from '../../../sinks/postgres/tasksToEnd.ts'
import type { Queryable } from '../../../sinks/postgres/pool.ts'
import { leadQueries } from '../../../sinks/postgres/queries.ts'
import { linkedLeads } from '../../../sinks/postgres/linkedLeads.ts'
import { owedLeads } from '../../../sinks/postgres/owedLeads.ts'
import { knownMessages } from '../../../sinks/postgres/sweeps.ts'
import { votedDecisions } from '../../../sinks/postgres/votedDecisions.ts'
import { tenantId, tuesdayNoon } from '../../support/leadRecords.ts'

export type Question = (db: Queryable) => Promise<unknown>

export type IndexCase =
  | {
      readonly name: string
      readonly became: 'built' | 'rewritten' | 'added'
      /** Name in the database, where it is another one. */
      readonly index?: string
      readonly note: string
      readonly question: Question
    }
  | { readonly name: string; readonly became: 'not applicable'; readonly note: string }

const sql =
  (text: string, ...values: readonly unknown[]): Question =>
  (db) =>
    db.query(text, [...values])

/** The generated lead with the most messages. */
const talker = `${tenantId}:lead1`
const noRealtors = 'realtors are a topic of configuration, not a table here'
const noIntelligence = 'no table: scores and their reasons are in the profile of the lead'
const inClickhouse = 'metrics are in ClickHouse and Prometheus'
const noWorkflows = 'no table: there is no workflow engine beside the stages'

export const indexCases: readonly IndexCase[] = [
  {
    name: 'idx_leads_score_status_created',
    became: 'built',
    note: 'the best leads of all',
    question: sql('SELECT id FROM leads WHERE deleted_at IS NULL ORDER BY lead_score DESC, status, created_at DESC LIMIT 50'),
  },
  {
    name: 'idx_leads_temperature_interaction',
    became: 'rewritten',
    note: '`last_interaction_at` is `last_activity`; how many warm leads went silent a day ago, by status',
    question: sql(
      `SELECT status, count(*) FROM leads WHERE deleted_at IS NULL AND temperature = 'warm'
       AND last_activity BETWEEN $1::timestamptz - interval '48 hours' AND $1::timestamptz - interval '24 hours' GROUP BY status`,
      new Date(tuesdayNoon),
    ),
  },
  {
    name: 'idx_leads_high_intent_routing',
    became: 'rewritten',
    note: 'the statuses that are open in this vocabulary, the realtor first; what a realtor has in hand, the best first',
    question: sql(
      `SELECT id FROM leads WHERE deleted_at IS NULL AND lead_score >= 50 AND status IN ('new', 'contacted', 'qualified', 'reactivated')
       AND assigned_agent_id = 'realtor7' ORDER BY lead_score DESC LIMIT 50`,
    ),
  },
  {
    name: 'idx_communications_followup_history',
    became: 'rewritten',
    note: 'without the column that its predicate fixes; when the lead was last written to',
    question: sql(`SELECT max(sent_at) FROM communications WHERE lead_id = $1 AND direction = 'outbound'`, talker),
  },
  {
    name: 'idx_communications_response_tracking',
    became: 'rewritten',
    note: 'without the fixed column and without `sentiment_score`, which nothing fills; when the lead answered',
    question: sql(`SELECT sent_at FROM communications WHERE lead_id = $1 AND direction = 'inbound' ORDER BY sent_at`, talker),
  },
  {
    name: 'idx_communications_recent_activity',
    became: 'rewritten',
    note: 'no `now()` in a predicate: the whole range, channel and status in the leaves; the last 30 days of a lead',
    question: sql(
      `SELECT sent_at, channel, status FROM communications WHERE lead_id = $1 AND sent_at > $2::timestamptz - interval '30 days' ORDER BY sent_at DESC`,
      talker,
      new Date(tuesdayNoon),
    ),
  },
  { name: 'idx_agents_routing_optimization', became: 'not applicable', note: noRealtors },
  { name: 'idx_agents_performance_routing', became: 'not applicable', note: noRealtors },
  { name: 'idx_lead_intelligence_lookup', became: 'not applicable', note: noIntelligence },
  { name: 'idx_lead_intelligence_behavioral_scores', became: 'not applicable', note: noIntelligence },
  {
    name: 'idx_nurture_sequences_active',
    became: 'rewritten',
    index: 'idx_followup_actions_due',
    note: 'sequences are follow-ups of the ledger; what is due, as the delivery worker asks',
    question: (db) => lockDue(db as never, tuesdayNoon, 50, []),
  },
  {
    name: 'idx_lead_campaign_due_actions',
    became: 'rewritten',
    index: 'idx_followup_actions_due',
    note: 'the same index; how many actions are due',
    question: sql(
      `SELECT count(*) FROM followup_actions WHERE status IN ('pending', 'deferred') AND scheduled_at <= $1`,
      new Date(tuesdayNoon),
    ),
  },
  { name: 'idx_metrics_hourly_analysis', became: 'not applicable', note: inClickhouse },
  { name: 'idx_metrics_performance_trends', became: 'not applicable', note: inClickhouse },
  { name: 'idx_workflow_executions_performance', became: 'not applicable', note: noWorkflows },
  { name: 'idx_workflow_lead_triggers', became: 'not applicable', note: noWorkflows },
  {
    name: 'idx_leads_hot_only',
    became: 'built',
    note: 'hot leads, the best first',
    question: sql(
      `SELECT id FROM leads WHERE deleted_at IS NULL AND temperature = 'hot' ORDER BY lead_score DESC, created_at DESC LIMIT 50`,
    ),
  },
  {
    name: 'idx_communications_recent_only',
    became: 'rewritten',
    note: 'no `now()`: a range by tenant and time; what was said in the last 7 days (for a tenant with most of all messages `idx_communications_age` is as good)',
    question: sql(
      `SELECT id FROM communications WHERE tenant_id = $1 AND sent_at > $2::timestamptz - interval '7 days' ORDER BY sent_at DESC LIMIT 100`,
      'tenant9',
      new Date(tuesdayNoon),
    ),
  },
  { name: 'idx_agents_active_only', became: 'not applicable', note: noRealtors },
  {
    name: 'idx_leads_profile_covering',
    became: 'not applicable',
    note: 'a lead changes with each of its events, so that the table is visited anyway and fourteen columns would be written twice each time; the primary key finds it',
  },
  {
    name: 'idx_communications_history_covering',
    became: 'not applicable',
    note: 'a message has up to 4,000 characters, an entry of an index 2,704 bytes at most; `idx_communications_recent_activity` orders the history',
  },
  {
    name: 'leads (status, priority_score, created_at)',
    became: 'built',
    index: 'idx_leads_status_priority',
    note: 'the worklist of a status',
    question: (db) => leadQueries(db).worklist('new', 20),
  },
  {
    name: 'lead_assignments (assigned_agent_id, status, created_at)',
    became: 'built',
    index: 'idx_lead_assignments_agent',
    note: 'what a realtor has',
    question: (db) => leadQueries(db).assignmentsOf('realtor7', 'active', 20),
  },
  {
    name: 'followup_actions (lead_id, scheduled_at)',
    became: 'built',
    index: 'idx_followup_actions_lead_pending',
    note: 'what is still to come for a lead; deferred ones too',
    question: (db) => leadQueries(db).pendingFollowUps(`${tenantId}:lead7`),
  },
  {
    name: 'idx_leads_last_activity',
    became: 'added',
    note: 'the list of all leads, newest event first',
    question: (db) => leadQueries(db).leads({ limit: 50 }),
  },
  {
    name: 'idx_leads_tenant_activity',
    became: 'added',
    note: 'the list of the leads of one tenant',
    question: (db) => leadQueries(db).leads({ tenantId: 'tenant9', limit: 50 }),
  },
  {
    name: 'idx_leads_contact',
    became: 'added',
    note: 'a lead by its contact id alone',
    question: (db) => leadQueries(db).profiles('lead7'),
  },
  {
    name: 'idx_leads_unanswered',
    became: 'added',
    note: 'leads that neither a person nor Rekindle has answered, those that have waited longest first',
    question: (db) => owedLeads(db, { writtenBefore: tuesdayNoon, limit: 50 }, tuesdayNoon),
  },
  {
    name: 'idx_leads_held',
    became: 'added',
    note: 'leads of a location that hold an opportunity, an appointment, a task or a note, in the order an inventory goes through them',
    question: (db) => leadsWithThings(db, tenantId, `${tenantId}:lead5`, 50),
  },
  {
    name: 'idx_followup_actions_asks',
    became: 'added',
    note: 'questions to people that are open, the one whose time is over first first',
    question: (db) => openAsks(db, { now: tuesdayNoon, limit: 50 }),
  },
  {
    name: 'idx_followup_actions_tasks_to_end',
    became: 'added',
    note: 'questions that have ended, whose task is to be completed',
    question: (db) => takeTasksToEnd(db, tuesdayNoon, tuesdayNoon + 15_000, 48),
  },
  {
    name: 'idx_lead_search',
    became: 'added',
    note: 'words in the fields of leads, within a tenant or over all',
    question: (db) => leadQueries(db).leads({ text: 'name77777', tenantId, limit: 50 }),
  },
  ...(['phone', 'email', 'name'] as const).map((key) => ({
    name: `idx_lead_search_${key}`,
    became: 'added' as const,
    note: `leads that are perhaps the same person, by ${{ phone: 'telephone', email: 'e-mail', name: 'name and postal code' }[key]}`,
    question: (db: Queryable) => linkedLeads(db, talker),
  })),
  {
    name: 'idx_communications_search',
    became: 'added',
    note: 'words of conversations',
    question: (db) => leadQueries(db).leads({ text: 'word77777', limit: 50 }),
  },
  {
    name: 'idx_communications_external',
    became: 'added',
    note: 'which messages of the platform are known',
    question: (db) =>
      knownMessages(db, tenantId, [
        {
          ids: ['m1', 'm2'],
          leadKey: `${tenantId}:lead7`,
          channel: 'sms',
          direction: 'inbound',
          text: 'word7',
          at: tuesdayNoon,
          status: null,
        },
      ]),
  },
  {
    name: 'idx_communications_age',
    became: 'added',
    note: 'what is past its retention, oldest first',
    question: sql('SELECT id FROM communications WHERE sent_at < $1 ORDER BY sent_at LIMIT 1000', new Date(tuesdayNoon)),
  },
  {
    name: 'idx_decisions_asked',
    became: 'added',
    note: 'decisions that wait for a verdict, in the order of their ids, which are hashes',
    question: (db) => auditQueue(db, { labeller: 'anna', since: tuesdayNoon - 30 * 86_400_000, limit: 20 }),
  },
  {
    name: 'idx_decisions_denied',
    became: 'added',
    note: 'decisions in which a gate took what the votes alone were clearly for, the newest first',
    question: (db) => contestedDecisions(db, { since: tuesdayNoon - 30 * 86_400_000 }, 10_001),
  },
  {
    name: 'idx_decisions_denied_tenant',
    became: 'added',
    note: 'the same of one location',
    question: (db) => contestedDecisions(db, { tenantId: 'tenant9', since: tuesdayNoon - 30 * 86_400_000 }, 10_001),
  },
  {
    name: 'decision_days_pkey',
    became: 'added',
    note: 'how many decisions were made in days that are over',
    question: (db) => decidedSince(db, tuesdayNoon - 30 * 86_400_000),
  },
  {
    name: 'idx_decisions_decided',
    became: 'added',
    note: 'the same in the days that are not counted, which the first and the last always are; and the latest decisions',
    question: (db) => decidedSince(db, tuesdayNoon - 30 * 86_400_000, 'tenant9'),
  },
  {
    name: 'decisions (decided_at DESC, decision_id)',
    became: 'added',
    index: 'idx_decisions_decided',
    note: 'the newest decisions of each hour, judged or not: who of the agents has turned',
    question: (db) => votedDecisions(db, 'follow_up', tuesdayNoon),
  },
  {
    name: 'idx_audit_labels_age',
    became: 'added',
    note: 'what is past its retention, oldest first',
    question: sql('SELECT label_id FROM audit_labels WHERE labelled_at < $1 ORDER BY labelled_at LIMIT 1000', new Date(tuesdayNoon)),
  },
  {
    name: 'idx_audit_labels_lead',
    became: 'added',
    note: 'verdicts about one lead, for its export and its erasure',
    question: sql('SELECT * FROM audit_labels WHERE lead_id = $1', talker),
  },
  {
    name: 'idx_outside_ballots_age',
    became: 'added',
    note: 'what is past its retention, oldest first',
    question: sql('SELECT assessment_id FROM outside_ballots WHERE decided_at < $1 ORDER BY decided_at LIMIT 1000', new Date(tuesdayNoon)),
  },
  {
    name: 'idx_outside_ballots_lead',
    became: 'added',
    note: 'votes of outside programs about one lead, for its export and its erasure',
    question: sql('SELECT * FROM outside_ballots WHERE lead_id = $1', talker),
  },
  {
    name: 'idx_waiting_ballots_place',
    became: 'added',
    note: 'how many votes of outside programs wait for a decision in a partition',
    question: sql('SELECT count(*) FROM waiting_ballots WHERE partition = 3'),
  },
  {
    name: 'address_statements_pkey',
    became: 'added',
    note: 'what was said of permission from the number and the e-mail address of a lead, before each message',
    question: (db) => addressLedgers(db, [talker]),
  },
  {
    name: 'idx_address_statements_event',
    became: 'added',
    note: 'whether it is known from which address something was said',
    question: sql(
      "SELECT FROM address_statements WHERE tenant_id = $1 AND event_id = $2 AND channel = 'sms' AND purpose = 'all'",
      tenantId,
      's777',
    ),
  },
  {
    name: 'idx_address_statements_lead',
    became: 'added',
    note: 'what one lead has said from its addresses, for its export and its erasure',
    question: sql('SELECT * FROM address_statements WHERE lead_id = $1', talker),
  },
  {
    name: 'idx_followup_actions_location_sent',
    became: 'added',
    note: 'our messages of a location in the last 24 hours, before each message',
    question: (db) => locationSendsSince(db, [tenantId], tuesdayNoon - 86_400_000),
  },
  {
    name: 'idx_address_statements_opt_outs',
    became: 'added',
    note: 'who opted out of our texts of 7 days in a location, before each text that begins a conversation',
    question: (db) => textsOfWeek(db, [tenantId], tuesdayNoon, { optOutShare: 1, failureShare: 1 }),
  },
  {
    name: 'idx_communications_texts_failed',
    became: 'added',
    note: 'which of our texts of 7 days did not arrive, in the same question',
    question: (db) => textsOfWeek(db, [tenantId], tuesdayNoon, { optOutShare: 1, failureShare: 1 }),
  },
  {
    name: 'idx_followup_actions_on_the_way',
    became: 'added',
    note: 'assignments on their way to a realtor, before each assignment',
    question: sql(
      `SELECT lead_id FROM followup_actions WHERE action = 'assign' AND status IN ('reserved', 'handed_over', 'unknown')
       AND tenant_id = $1 AND assignee_id = 'realtor7'`,
      tenantId,
    ),
  },
  {
    name: 'idx_leads_realtor_load',
    became: 'added',
    note: 'how many open leads a realtor has, before each assignment',
    question: sql(
      `SELECT count(*) FROM leads WHERE assigned_agent_id = 'realtor7' AND tenant_id = $1
       AND status NOT IN ('converted', 'lost', 'disqualified') AND deleted_at IS NULL`,
      tenantId,
    ),
  },
  {
    name: 'idx_lead_look_ups_query',
    became: 'added',
    note: 'answers of look-ups that another lead of the location may use',
    question: sql('SELECT * FROM lead_look_ups WHERE tenant_id = $1 AND provider = $2 AND query_hash = $3', tenantId, 'apollo', 'q777'),
  },
  {
    name: 'idx_lead_look_ups_age',
    became: 'added',
    note: 'what is past its retention, oldest first',
    question: sql(
      "SELECT lead_id FROM lead_look_ups WHERE state <> 'asking' AND asked_at < $1 ORDER BY asked_at LIMIT 1000",
      new Date(tuesdayNoon),
    ),
  },
]

/** The table of `docs/postgres.md`. */
export function indexTable(): string[] {
  return [
    '| Index | Became | For what, or why not |',
    '| ----- | ------ | -------------------- |',
    ...indexCases.map((one) => {
      const name = one.name.startsWith('idx_') ? `\`${one.name}\`` : one.name
      const now = one.became !== 'not applicable' && one.index !== undefined ? `${one.became}: \`${one.index}\`` : one.became
      return `| ${name} | ${now} | ${one.note} |`
    }),
  ]
}
