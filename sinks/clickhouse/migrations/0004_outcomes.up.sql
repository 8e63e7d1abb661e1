-- What came of decisions, one row per record of the topic. Who judged, and in which words, stays in Postgres.
CREATE TABLE IF NOT EXISTS {database}.outcomes (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  kind LowCardinality(String) COMMENT 'audit_label, reply, appointment, conversion, opt_out',
  observed_at DateTime64(3, 'UTC') COMMENT 'When it happened; of a label, when it was given' CODEC(Delta, ZSTD(1)),
  told_at DateTime64(3, 'UTC') COMMENT 'When it was told, by the clock of the topic' CODEC(Delta, ZSTD(1)),
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  contact_id String COMMENT 'GoHighLevel contact id',
  outcome_id String COMMENT 'Deterministic id: one observation that is told twice has one',
  source LowCardinality(String) COMMENT 'Who observed it: api, enrich',
  source_id String COMMENT 'Event or request that told of it',
  channel LowCardinality(String) COMMENT 'Of a reply and an opt-out: the channel it came on, else empty',
  value Nullable(Decimal(18, 4)) COMMENT 'Of a conversion: what the opportunity is worth in the currency of the location; NULL when not told',
  label_decision_id String COMMENT 'Of a label: the decision judged, else empty',
  label_type LowCardinality(String) COMMENT 'Its type, else empty',
  label_option LowCardinality(String) COMMENT 'The option that would have been right, else empty',
  label_selection LowCardinality(String) COMMENT 'How the decision came to be judged: random, escalated, override, else empty',
  label_inclusion Nullable(Float64) COMMENT 'Probability that it would be judged; 0 is unknown and weighs nothing',
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1)),
  INDEX ix_lead lead_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(told_at)
ORDER BY (tenant_id, kind, observed_at, lead_id, outcome_id)
TTL toDateTime(told_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per record of what came of decisions';

CREATE VIEW IF NOT EXISTS {analytics}.v_outcomes (
  observed_at DateTime64(3, 'UTC') COMMENT 'When it happened; of a label, when it was given',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  outcome_id String COMMENT 'Deterministic id of the observation',
  kind LowCardinality(String) COMMENT 'audit_label, reply, appointment, conversion, opt_out',
  channel LowCardinality(String) COMMENT 'Of a reply and an opt-out: the channel it came on, else empty',
  value Nullable(Decimal(18, 4)) COMMENT 'Of a conversion: what the opportunity is worth; NULL when not told',
  label_decision_id String COMMENT 'Of a label: the decision judged, else empty',
  label_type LowCardinality(String) COMMENT 'Its type, else empty',
  label_option LowCardinality(String) COMMENT 'The option that would have been right, else empty',
  label_selection LowCardinality(String) COMMENT 'random, escalated, override, else empty',
  label_inclusion Nullable(Float64) COMMENT 'Probability that it would be judged'
) AS
SELECT observed_at, tenant_id, lead_id, outcome_id, kind, channel, value, label_decision_id, label_type, label_option, label_selection, label_inclusion
FROM {database}.outcomes
ORDER BY observed_at DESC, _offset DESC
LIMIT 1 BY tenant_id, outcome_id
COMMENT 'One row per observation, as it was told last; what a lead did is no proof of what would have been right';

CREATE VIEW IF NOT EXISTS {analytics}.v_doubled_outcomes (
  topic LowCardinality(String) COMMENT 'Topic',
  partition Int32 COMMENT 'Partition',
  rows UInt64 COMMENT 'Rows read from it',
  doubled UInt64 COMMENT 'Rows beyond one per offset: 0 unless a replay went further back than the deduplication window'
) AS
SELECT _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.outcomes GROUP BY topic, partition
COMMENT 'Records of outcomes stored more than once';
