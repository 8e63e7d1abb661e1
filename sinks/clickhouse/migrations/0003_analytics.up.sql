-- What analysts read: views only, a comment on every column, names that stay when tables change underneath.
CREATE DATABASE IF NOT EXISTS {analytics};

CREATE VIEW IF NOT EXISTS {analytics}.v_decisions (
  decided_at DateTime64(3, 'UTC') COMMENT 'When it was decided',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  decision_id String COMMENT 'Deterministic id of the decision',
  type LowCardinality(String) COMMENT 'follow_up or escalation',
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
  missing UInt64 COMMENT 'Agents that failed or did not answer',
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
  length(silent.kind) - abstained AS missing,
  vote_ms, dateDiff('millisecond', asked_at, ingested_at) AS stored_ms, due_at, policy_hash
FROM {database}.decisions
COMMENT 'One row per decision: what was chosen, how sure, what held it back';

CREATE VIEW IF NOT EXISTS {analytics}.v_lead_flow (
  minute DateTime('UTC') COMMENT 'Minute of reception',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  kind LowCardinality(String) COMMENT 'Kind of event',
  channel LowCardinality(String) COMMENT 'Channel of a message, else empty',
  events UInt64 COMMENT 'Events',
  leads UInt64 COMMENT 'Different leads, estimated within 2 %',
  lateness_p50_ms Float64 COMMENT 'Median milliseconds between event and reception',
  lateness_p99_ms Float64 COMMENT 'The same, 99th percentile'
) AS
SELECT
  toDateTime(toStartOfMinute(received_at), 'UTC') AS minute, tenant_id, kind, channel, count() AS events, uniq(lead_id) AS leads,
  quantileTDigest(0.5)(dateDiff('millisecond', occurred_at, received_at)) AS lateness_p50_ms,
  quantileTDigest(0.99)(dateDiff('millisecond', occurred_at, received_at)) AS lateness_p99_ms
FROM {database}.lead_events
GROUP BY minute, tenant_id, kind, channel
COMMENT 'Lead events by minute of reception and kind';

CREATE VIEW IF NOT EXISTS {analytics}.v_followup_outcomes (
  changed_at DateTime64(3, 'UTC') COMMENT 'When it last changed',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  followup_id String COMMENT 'Follow-up',
  decision_id String COMMENT 'Decision that asked for it',
  action LowCardinality(String) COMMENT 'send_message, create_task, hand_over',
  channel LowCardinality(String) COMMENT 'sms, email, call, none',
  status LowCardinality(String) COMMENT 'Its status now',
  outcome String COMMENT 'sent (confirmed), open (may still be sent), stopped (by a gate, an expiry or something newer), failed, unknown (being looked up)',
  gate_id LowCardinality(String) COMMENT 'Gate that stopped or deferred it, else empty',
  rule_id LowCardinality(String) COMMENT 'Rule of that gate, else empty',
  attempt Int32 COMMENT 'Hand-over attempts'
) AS
SELECT
  changed_at, tenant_id, lead_id, followup_id, decision_id, action, channel, status,
  multiIf(
    status = 'confirmed', 'sent', status IN ('reserved', 'handed_over', 'deferred'), 'open',
    status IN ('denied', 'superseded', 'cancelled', 'expired'), 'stopped', status = 'failed', 'failed', 'unknown') AS outcome,
  gate_id, rule_id, attempt
FROM {database}.followups_current FINAL
COMMENT 'One row per follow-up as it stands';

CREATE VIEW IF NOT EXISTS {analytics}.v_doubled_records (
  table_name String COMMENT 'Table of facts',
  topic LowCardinality(String) COMMENT 'Topic',
  partition Int32 COMMENT 'Partition',
  rows UInt64 COMMENT 'Rows read from it',
  doubled UInt64 COMMENT 'Rows beyond one per offset: 0 unless a replay went further back than the deduplication window'
) AS
SELECT 'lead_events' AS table_name, _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.lead_events GROUP BY topic, partition
UNION ALL
SELECT 'decisions' AS table_name, _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.decisions GROUP BY topic, partition
UNION ALL
SELECT 'deliveries' AS table_name, _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.deliveries GROUP BY topic, partition
COMMENT 'Records stored more than once';
