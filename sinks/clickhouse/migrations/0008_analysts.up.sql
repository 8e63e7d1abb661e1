-- What an agent answered, what a message of ours brought, and how long leads wait for an answer: one view each, out of facts alone.
CREATE VIEW IF NOT EXISTS {analytics}.v_agent_answers (
  decided_at DateTime64(3, 'UTC') COMMENT 'When it was decided',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  decision_id String COMMENT 'Decision that the answer is part of',
  type LowCardinality(String) COMMENT 'follow_up, escalation, content, routing',
  stage LowCardinality(String) COMMENT 'Lead stage: new, engaged, silent, booked',
  policy_hash LowCardinality(String) COMMENT 'Policy it was weighed with',
  agent_id LowCardinality(String) COMMENT 'Agent; of other teams as they name it',
  agent_version Int32 COMMENT 'Its version; 0 where it did not vote',
  family LowCardinality(String) COMMENT 'Agents that look at the same thing share one; empty where it did not vote',
  answer LowCardinality(String) COMMENT 'vote, abstain (nothing to say), error, missing (no answer by then; after an early stop nobody waited for it)',
  option LowCardinality(String) COMMENT 'Option voted for, else empty',
  bin Int32 COMMENT 'Confidence of the vote, 1 (very low) to 5 (very high); 0 without a vote',
  nats Float64 COMMENT 'What the vote added to the log-odds of its option, in nats; 0 without one',
  blocked Bool COMMENT 'A gate had closed the option: the vote did not count',
  reason_code LowCardinality(String) COMMENT 'Why it said so',
  chosen LowCardinality(String) COMMENT 'What was decided'
) AS
SELECT
  decided_at, tenant_id, lead_id, decision_id, type, stage, policy_hash, told.1 AS agent_id, told.2 AS agent_version, told.3 AS family, told.4 AS answer,
  told.5 AS option, told.6 AS bin, told.7 AS nats, told.8 AS blocked, told.9 AS reason_code, chosen
FROM {database}.decisions
ARRAY JOIN arrayConcat(
  arrayMap(
    (agent, version, family, option, bin, nats, blocked, reason) -> (toString(agent), version, toString(family), 'vote', toString(option), bin, nats, blocked, toString(reason)),
    contributions.agent_id, contributions.agent_version, contributions.family, contributions.option, contributions.bin, contributions.nats, contributions.blocked, contributions.reason_code),
  arrayMap(
    (agent, kind, reason) -> (toString(agent), toInt32(0), '', toString(kind), '', toInt32(0), toFloat64(0), false, toString(reason)),
    silent.agent_id, silent.kind, silent.reason_code)) AS told
COMMENT 'One row per decision and agent that was asked';

-- A message counts until the next one of ours to the lead, and 72 hours at most, as the results of docs/learning.md do.
CREATE VIEW IF NOT EXISTS {analytics}.v_messages (
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
  SELECT decision_id, any(reason) AS reason, any(stage) AS stage, any(policy_hash) AS policy_hash, any(assessment_id) AS assessment_id
  FROM {database}.decisions WHERE type = 'follow_up' GROUP BY decision_id
), worded AS (
  SELECT assessment_id, argMax(chosen, decided_at) AS wording FROM {database}.decisions WHERE type = 'content' GROUP BY assessment_id
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
LEFT JOIN asked ON asked.decision_id = sent.decision_id
LEFT JOIN worded ON worded.assessment_id = asked.assessment_id
LEFT JOIN came ON came.tenant_id = sent.tenant_id AND came.lead_id = sent.lead_id
GROUP BY sent_at, tenant_id, lead_id, followup_id, decision_id, channel, counts_until
COMMENT 'One row per message of ours that left, with what the lead did before the next one and within 72 hours; what follows is not because of it';

-- Messages of ours are told by their delivery and, mostly before it, by the webhook of the platform: the id says that they are one.
ALTER TABLE {database}.lead_events ADD COLUMN IF NOT EXISTS message_id String COMMENT 'Id of the message at the provider, of a message or a delivery; else empty, as in rows from before the column' AFTER sender;

CREATE VIEW IF NOT EXISTS {analytics}.v_waits (
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
    tenant_id, lead_id, event_id, occurred_at AS said_at, channel, kind = 'message_inbound' AS is_lead,
    multiIf(
      is_lead, 'lead',
      kind = 'followup_delivered' OR (message_id != '' AND (tenant_id, message_id) IN (SELECT tenant_id, message_id FROM {database}.deliveries WHERE status = 'confirmed')), 'rekindle',
      toString(sender)) AS who
  FROM {database}.lead_events
  WHERE channel != 'internal_comment'
    AND (kind IN ('message_inbound', 'message_outbound') OR (kind = 'followup_delivered' AND delivery_action = 'send_message' AND delivery_status = 'confirmed'))
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
COMMENT 'One row per time that a lead wrote and waited for an answer; an answer that did not arrive counts as one';
