-- Figures that said something else than those beside them: whom an early end of the vote did not wait for had not failed to answer, and spend that was
-- taken back is in no currency. And what is asked of one location reads that one: its condition reaches what is joined by the location.
CREATE OR REPLACE VIEW {analytics}.v_decisions (
  decided_at DateTime64(3, 'UTC') COMMENT 'When it was decided',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  decision_id String COMMENT 'Deterministic id of the decision',
  type LowCardinality(String) COMMENT 'follow_up, escalation, content (how a message is worded), routing (who is given the lead)',
  reason LowCardinality(String) COMMENT 'Why it was asked',
  stage LowCardinality(String) COMMENT 'Lead stage: new, engaged, silent, booked',
  chosen LowCardinality(String) COMMENT 'Chosen option',
  runner_up LowCardinality(String) COMMENT 'Second option, empty when there was none',
  probability Float64 COMMENT 'Probability of the chosen option, 0 to 1',
  stop_reason LowCardinality(String) COMMENT 'all_votes, early_stop, deadline, gated, superseded',
  degraded Bool COMMENT 'Too few agents answered',
  conflicts Array(LowCardinality(String)) COMMENT 'Named disagreements',
  denied_by Array(LowCardinality(String)) COMMENT 'Gates that denied something',
  voters UInt64 COMMENT 'Votes that counted',
  abstained UInt64 COMMENT 'Agents that had no finding',
  missing UInt64 COMMENT 'Agents that failed or did not answer; whom an early end did not wait for is not among them',
  vote_ms Int64 COMMENT 'Milliseconds from question to decision',
  stored_ms Int64 COMMENT 'Milliseconds from question to this row: the whole way, storing included',
  due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the chosen action should happen',
  policy_hash LowCardinality(String) COMMENT 'Policy it was made with'
) AS
SELECT
  decided_at, tenant_id, lead_id, decision_id, type, reason, stage, chosen, runner_up, probability, stop_reason, degraded, conflicts,
  arrayDistinct(arrayFilter((gate, verdict) -> verdict != 'allow', gates.gate_id, gates.verdict)) AS denied_by,
  arrayCount(blocked -> NOT blocked, contributions.blocked) AS voters,
  countEqual(silent.kind, 'abstain') AS abstained,
  length(silent.kind) - abstained - if(stop_reason = 'early_stop', countEqual(silent.kind, 'missing'), 0) AS missing,
  vote_ms, dateDiff('millisecond', asked_at, ingested_at) AS stored_ms, due_at, policy_hash
FROM {database}.decisions
COMMENT 'One row per decision: what was chosen, how sure, what held it back';

CREATE OR REPLACE VIEW {analytics}.v_channel_months (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  month Date COMMENT 'First day of the month; days of spend before 1970 or after 2149-06-06 are in the first or the last month that there is',
  channel LowCardinality(String) COMMENT 'Channel; empty of conversions without a known one',
  currencies Array(String) COMMENT 'Currencies of the spend; one of which all was taken back counts only where there is no other',
  spent Nullable(Decimal(38, 4)) COMMENT 'Spend; NULL when none was stated, or in more than one currency',
  leads UInt64 COMMENT 'Leads that the channel touched first in this month',
  first_conversions UInt64 COMMENT 'Conversions of this month whose first touch was by it',
  first_valued UInt64 COMMENT 'Of these, with a worth',
  first_revenue Decimal(38, 4) COMMENT 'Their worth',
  last_conversions UInt64 COMMENT 'Conversions of this month whose last touch was by it',
  last_valued UInt64 COMMENT 'Of these, with a worth',
  last_revenue Decimal(38, 4) COMMENT 'Their worth'
) AS
SELECT
  tenant_id, month, channel,
  arraySort(if(empty(groupUniqArrayIf(currency, is_spend AND amount > 0) AS paid), groupUniqArrayIf(currency, is_spend), paid)) AS currencies,
  if(empty(currencies) OR length(paid) > 1, NULL, sum(amount)) AS spent,
  sum(leads) AS leads, sum(first_conversions) AS first_conversions, sum(first_valued) AS first_valued, sum(first_revenue) AS first_revenue,
  sum(last_conversions) AS last_conversions, sum(last_valued) AS last_valued, sum(last_revenue) AS last_revenue
FROM (
  SELECT
    tenant_id, toDate(toStartOfMonth(greatest(toDate32('1970-01-01'), least(toDate32('2149-06-06'), day)))) AS month, toString(channel) AS channel, toString(currency) AS currency, toDecimal128(amount, 4) AS amount, true AS is_spend,
    toUInt64(0) AS leads, toUInt64(0) AS first_conversions, toUInt64(0) AS first_valued, toDecimal128(0, 4) AS first_revenue,
    toUInt64(0) AS last_conversions, toUInt64(0) AS last_valued, toDecimal128(0, 4) AS last_revenue
  FROM {analytics}.v_spend
  UNION ALL
  SELECT
    tenant_id, toStartOfMonth(day) AS month, toString(channel) AS channel, '' AS currency, toDecimal128(0, 4) AS amount, false AS is_spend,
    leads, first_conversions, first_valued, first_revenue, last_conversions, last_valued, last_revenue
  FROM {database}.channel_days
)
GROUP BY tenant_id, month, channel
COMMENT 'What each channel cost and brought by month';

CREATE OR REPLACE VIEW {analytics}.v_messages (
  sent_at DateTime64(3, 'UTC') COMMENT 'When the provider confirmed it',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  followup_id String COMMENT 'Follow-up; followup_actions.template_id of Postgres has the template',
  decision_id String COMMENT 'Decision that asked for it',
  channel LowCardinality(String) COMMENT 'sms, email',
  reason LowCardinality(String) COMMENT 'Why the question was asked: new_lead, inbound_message, silence_24h …; empty where the decision is not stored any more',
  stage LowCardinality(String) COMMENT 'Lead stage then: new, engaged, silent, booked',
  wording LowCardinality(String) COMMENT 'What was decided on its wording: wait is the plain text; empty where nobody was asked. A decision that came late, or an occasion with plain words only, did not change the text',
  policy_hash LowCardinality(String) COMMENT 'Policy of the decision',
  counts_until DateTime64(3, 'UTC') COMMENT 'What came after sent_at and up to then is counted: the next message of ours, 72 hours at most. Where this is still to come, more may',
  replied_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First reply in that time',
  booked_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First appointment in that time',
  opted_out_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When permission was first taken back in that time',
  complained_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First complaint in that time'
) AS
WITH sent AS (
  SELECT
    changed_at AS sent_at, tenant_id, lead_id, followup_id, decision_id, channel,
    least(
      sent_at + INTERVAL 72 HOUR,
      leadInFrame(changed_at, 1, sent_at + INTERVAL 72 HOUR) OVER (
        PARTITION BY tenant_id, lead_id ORDER BY changed_at, followup_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS counts_until
  FROM {database}.followups_current FINAL
  WHERE action = 'send_message' AND status = 'confirmed'
), asked AS (
  SELECT tenant_id, decision_id, any(reason) AS reason, any(stage) AS stage, any(policy_hash) AS policy_hash, any(assessment_id) AS assessment_id
  FROM {database}.decisions WHERE type = 'follow_up' GROUP BY tenant_id, decision_id
), worded AS (
  SELECT tenant_id, assessment_id, argMax(chosen, decided_at) AS wording FROM {database}.decisions WHERE type = 'content' GROUP BY tenant_id, assessment_id
), came AS (
  SELECT tenant_id, lead_id, kind, min(observed_at) AS observed_at
  FROM {database}.outcomes
  WHERE kind IN ('reply', 'appointment', 'opt_out', 'complaint')
  GROUP BY tenant_id, lead_id, kind, outcome_id
)
SELECT
  sent.sent_at AS sent_at, sent.tenant_id AS tenant_id, sent.lead_id AS lead_id, sent.followup_id AS followup_id, sent.decision_id AS decision_id,
  sent.channel AS channel, any(asked.reason) AS reason, any(asked.stage) AS stage, any(worded.wording) AS wording, any(asked.policy_hash) AS policy_hash,
  sent.counts_until AS counts_until,
  minOrNullIf(came.observed_at, came.kind = 'reply' AND came.observed_at > sent.sent_at AND came.observed_at <= sent.counts_until) AS replied_at,
  minOrNullIf(came.observed_at, came.kind = 'appointment' AND came.observed_at > sent.sent_at AND came.observed_at <= sent.counts_until) AS booked_at,
  minOrNullIf(came.observed_at, came.kind = 'opt_out' AND came.observed_at > sent.sent_at AND came.observed_at <= sent.counts_until) AS opted_out_at,
  minOrNullIf(came.observed_at, came.kind = 'complaint' AND came.observed_at > sent.sent_at AND came.observed_at <= sent.counts_until) AS complained_at
FROM sent
LEFT JOIN asked ON asked.tenant_id = sent.tenant_id AND asked.decision_id = sent.decision_id
LEFT JOIN worded ON worded.tenant_id = sent.tenant_id AND worded.assessment_id = asked.assessment_id
LEFT JOIN came ON came.tenant_id = sent.tenant_id AND came.lead_id = sent.lead_id
GROUP BY sent_at, tenant_id, lead_id, followup_id, decision_id, channel, counts_until
COMMENT 'One row per message of ours that left, with what the lead did before the next one and within 72 hours; what follows is not because of it';

CREATE OR REPLACE VIEW {analytics}.v_waits (
  wrote_at DateTime64(3, 'UTC') COMMENT 'When the lead wrote or called, after a word from us or for the first time',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  channel LowCardinality(String) COMMENT 'Channel of its message',
  messages UInt64 COMMENT 'Messages and calls of the lead up to the answer, or up to now',
  answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When somebody or something next wrote or called; NULL while nobody has',
  answered_by LowCardinality(String) COMMENT 'Who that was: human, rekindle, workflow, campaign, bulk, api (another program), unknown; empty while nobody has',
  person_answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a person of the location first wrote or called before the lead wrote again; NULL where none did'
) AS
WITH said AS (
  SELECT
    event.tenant_id AS tenant_id, event.lead_id AS lead_id, event.event_id AS event_id, event.occurred_at AS said_at, event.channel AS channel,
    event.kind = 'message_inbound' AS is_lead,
    multiIf(is_lead, 'lead', event.kind = 'followup_delivered' OR ifNull(own.message_id, '') != '', 'rekindle', toString(event.sender)) AS who
  FROM {database}.lead_events AS event
  LEFT JOIN (
    SELECT tenant_id, message_id FROM {database}.deliveries WHERE status = 'confirmed' AND message_id != '' GROUP BY tenant_id, message_id
  ) AS own ON own.tenant_id = event.tenant_id AND own.message_id = event.message_id
  LEFT JOIN (
    SELECT tenant_id, message_id FROM {database}.lead_events WHERE kind = 'message_outbound' AND no_contact AND message_id != '' GROUP BY tenant_id, message_id
  ) AS failed ON failed.tenant_id = event.tenant_id AND failed.message_id = event.message_id
  WHERE event.channel != 'internal_comment' AND NOT event.no_contact
    AND (event.kind = 'message_inbound' OR ifNull(failed.message_id, '') = '')
    AND (event.kind IN ('message_inbound', 'message_outbound') OR (event.kind = 'followup_delivered' AND event.delivery_action = 'send_message' AND event.delivery_status = 'confirmed'))
), told AS (
  SELECT *, is_lead AND lagInFrame(is_lead, 1, 0) OVER (PARTITION BY tenant_id, lead_id ORDER BY said_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) = 0 AS begins
  FROM said
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY tenant_id, lead_id ORDER BY said_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number
  FROM told
)
SELECT
  min(said_at) AS wrote_at, tenant_id, lead_id, argMin(channel, (said_at, event_id)) AS channel, countIf(is_lead) AS messages,
  minOrNullIf(said_at, NOT is_lead) AS answered_at, argMinIf(who, (said_at, event_id), NOT is_lead) AS answered_by,
  minOrNullIf(said_at, who = 'human') AS person_answered_at
FROM numbered
WHERE number > 0
GROUP BY tenant_id, lead_id, number
COMMENT 'One row per time that a lead wrote and waited for an answer; automatic replies of telephones and mailboxes, and what did not arrive, are neither. In rows from before lead_events.no_contact they count';
