-- A message that did not arrive is no answer, and what a telephone writes by itself is no inquiry. Both are told by the event; one that failed later by
-- another event of the same message.
ALTER TABLE {database}.lead_events ADD COLUMN IF NOT EXISTS message_status LowCardinality(String) COMMENT 'GoHighLevel status of a message, else empty, as in rows from before the column' AFTER message_id;
ALTER TABLE {database}.lead_events ADD COLUMN IF NOT EXISTS no_contact Bool DEFAULT false COMMENT 'A message or call that did not reach the lead, an automatic reply, or a comment among colleagues; false in rows from before the column' AFTER message_status;

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
    tenant_id, lead_id, event_id, occurred_at AS said_at, channel, kind = 'message_inbound' AS is_lead,
    multiIf(
      is_lead, 'lead',
      kind = 'followup_delivered' OR (message_id != '' AND (tenant_id, message_id) IN (SELECT tenant_id, message_id FROM {database}.deliveries WHERE status = 'confirmed')), 'rekindle',
      toString(sender)) AS who
  FROM {database}.lead_events
  WHERE channel != 'internal_comment' AND NOT no_contact
    AND (kind = 'message_inbound' OR message_id = '' OR (tenant_id, message_id) NOT IN (
      SELECT tenant_id, message_id FROM {database}.lead_events WHERE kind = 'message_outbound' AND no_contact AND message_id != ''))
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
COMMENT 'One row per time that a lead wrote and waited for an answer; automatic replies of telephones and mailboxes, and what did not arrive, are neither. In rows from before lead_events.no_contact they count';
