-- What dashboards and look-ups by key read instead of the facts. Views carry a version in their name: a changed one is
-- made beside the old one, fed, and the old one dropped, so that no block is ever counted by none or by both.
CREATE TABLE IF NOT EXISTS {database}.decisions_per_minute (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  type LowCardinality(String) COMMENT 'Decision type',
  minute DateTime('UTC') COMMENT 'Start of the minute of decided_at',
  chosen LowCardinality(String) COMMENT 'Chosen option',
  stop_reason LowCardinality(String) COMMENT 'Why the question was closed',
  decisions SimpleAggregateFunction(sum, UInt64) COMMENT 'Decisions',
  degraded SimpleAggregateFunction(sum, UInt64) COMMENT 'Of these, without quorum',
  vote_ms AggregateFunction(quantilesTDigest(0.5, 0.99), Int64) COMMENT 'Milliseconds from question to decision; read with quantilesTDigestMerge(0.5, 0.99)'
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (tenant_id, type, minute, chosen, stop_reason)
TTL minute + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Decisions by minute';

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.decisions_per_minute_v1 TO {database}.decisions_per_minute AS
SELECT
  tenant_id, type, toDateTime(toStartOfMinute(decided_at), 'UTC') AS minute, chosen, stop_reason,
  count() AS decisions, countIf(degraded) AS degraded, quantilesTDigestState(0.5, 0.99)(vote_ms) AS vote_ms
FROM {database}.decisions
GROUP BY tenant_id, type, minute, chosen, stop_reason;

-- Kept by key: a change that comes again, even long after the window, replaces itself.
CREATE TABLE IF NOT EXISTS {database}.followups_current (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  followup_id String COMMENT 'Follow-up',
  sequence Int32 COMMENT 'Number of its latest change',
  changed_at DateTime64(3, 'UTC') COMMENT 'When that was',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  decision_id String COMMENT 'Decision that asked for it',
  action LowCardinality(String) COMMENT 'send_message, create_task, hand_over',
  channel LowCardinality(String) COMMENT 'sms, email, call, none',
  status LowCardinality(String) COMMENT 'Its status now',
  gate_id LowCardinality(String) COMMENT 'First gate that denied, else empty',
  rule_id LowCardinality(String) COMMENT 'Rule of that gate, else empty',
  lifts_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a deferred one is tried again',
  attempt Int32 COMMENT 'Hand-over attempts so far'
) ENGINE = ReplacingMergeTree(sequence)
ORDER BY (tenant_id, followup_id)
TTL toDateTime(changed_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Each follow-up as it stands; read with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.followups_current_v1 TO {database}.followups_current AS
SELECT tenant_id, followup_id, sequence, changed_at, lead_id, decision_id, action, channel, status, gate_id, rule_id, lifts_at, attempt
FROM {database}.deliveries;
