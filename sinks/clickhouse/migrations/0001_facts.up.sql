-- Facts, one row per record of a topic, never changed afterwards. No name, address, phone number, e-mail or text of a
-- message enters this database: ids, kinds, sizes, times and numbers only.
-- Each table remembers its last 1,000 blocks (off by default on plain tables): a block that comes again under its token
-- is dropped, and counted once in the views that read it.
-- Months are counted by our own clock: event time comes from outside, and one odd year per row would open a partition per row.
CREATE TABLE IF NOT EXISTS {database}.lead_events (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  kind LowCardinality(String) COMMENT 'What happened: contact_created, message_inbound, appointment_booked …',
  occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened at the source' CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') COMMENT 'When Rekindle had it' CODEC(Delta, ZSTD(1)),
  stated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Event time the source stated, when that lay in the future',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  contact_id String COMMENT 'GoHighLevel contact id',
  event_id String COMMENT 'Deterministic id of the event',
  source LowCardinality(String) COMMENT 'ghl_webhook, ghl_workflow, reconcile, delivery',
  source_id String COMMENT 'Id at the source',
  raw_type LowCardinality(String) COMMENT 'Type at the source',
  stated_fields Array(LowCardinality(String)) COMMENT 'Names of the contact fields the event stated; never their values',
  tag_count Int32 COMMENT 'Number of tags stated, -1 when the event states none',
  channel LowCardinality(String) COMMENT 'Channel of a message or delivery, else empty',
  direction LowCardinality(String) COMMENT 'inbound or outbound, else empty',
  sender LowCardinality(String) COMMENT 'Who wrote a message: lead, human, workflow, campaign, bulk, rekindle, unknown',
  text_length Int32 COMMENT 'Characters of the text',
  call_status LowCardinality(String) COMMENT 'GoHighLevel call status, else empty',
  call_seconds Nullable(Int32) COMMENT 'Length of a call in seconds',
  appointment_id String COMMENT 'Appointment, else empty',
  appointment_status LowCardinality(String) COMMENT 'Its status, else empty',
  appointment_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Its start',
  opportunity_id String COMMENT 'Opportunity, else empty',
  opportunity_status LowCardinality(String) COMMENT 'open, won, lost, abandoned, else empty',
  opportunity_value Nullable(Decimal(18, 4)) COMMENT 'Monetary value as stated; NULL when none or not a number',
  followup_id String COMMENT 'Own follow-up this event tells of, else empty',
  decision_id String COMMENT 'Decision behind that follow-up, else empty',
  delivery_status LowCardinality(String) COMMENT 'What became of it, else empty',
  delivery_action LowCardinality(String) COMMENT 'send_message, create_task, hand_over, else empty',
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1)),
  INDEX ix_lead lead_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (tenant_id, kind, received_at, lead_id, event_id)
TTL toDateTime(received_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per canonical lead event';

CREATE TABLE IF NOT EXISTS {database}.decisions (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  type LowCardinality(String) COMMENT 'Decision type: follow_up, escalation',
  decided_at DateTime64(3, 'UTC') COMMENT 'When it was decided, by the clock of the stream' CODEC(Delta, ZSTD(1)),
  asked_at DateTime64(3, 'UTC') COMMENT 'When the question was put' CODEC(Delta, ZSTD(1)),
  vote_ms Int64 COMMENT 'Milliseconds from question to decision; 0 when every agent answered at once',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  contact_id String COMMENT 'GoHighLevel contact id',
  decision_id String COMMENT 'Deterministic id of the decision',
  assessment_id String COMMENT 'Question it answers',
  reason LowCardinality(String) COMMENT 'Why it was asked: new_lead, inbound_message, silence_24h …',
  stage LowCardinality(String) COMMENT 'Lead stage for base rates: new, engaged, silent, booked',
  epoch Int32 COMMENT 'Fencing counter of the lead when it was asked',
  profile_version Int32 COMMENT 'Version of the profile that was seen',
  policy_hash LowCardinality(String) COMMENT 'Policy it was made with',
  engine_version Int32 COMMENT 'Version of the arithmetic',
  chosen LowCardinality(String) COMMENT 'Chosen option',
  runner_up LowCardinality(String) COMMENT 'Second option, empty when there was none',
  probability Float64 COMMENT 'Probability of the chosen option; 0 when it was not among the options',
  utility Float64 COMMENT 'Expected utility of the chosen option',
  n_eff Float64 COMMENT 'Effective voters present',
  quorum Float64 COMMENT 'Effective voters needed',
  degraded Bool COMMENT 'Quorum was not reached',
  fallback_used Bool COMMENT 'The fallback option of the policy was taken',
  stop_reason LowCardinality(String) COMMENT 'all_votes, early_stop, deadline, gated, superseded',
  conflicts Array(LowCardinality(String)) COMMENT 'split, family-split, gate-vs-pool, stale, policy-refused',
  audit_selected Bool COMMENT 'Chosen for the random audit',
  p_audit Float64 COMMENT 'Probability of being chosen for it',
  due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the chosen action should happen',
  lifts_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the gate that held it lifts',
  options Nested(option LowCardinality(String), eligible Bool, probability Float64, utility Float64) COMMENT 'All options',
  contributions Nested(agent_id LowCardinality(String), agent_version Int32, family LowCardinality(String), option LowCardinality(String), bin Int32, nats Float64, blocked Bool, reason_code LowCardinality(String)) COMMENT 'What each vote added, in nats',
  silent Nested(agent_id LowCardinality(String), kind LowCardinality(String), reason_code LowCardinality(String)) COMMENT 'Agents that did not vote',
  gates Nested(gate_id LowCardinality(String), rule_id LowCardinality(String), option LowCardinality(String), verdict LowCardinality(String), lifts_at Nullable(DateTime64(3, 'UTC'))) COMMENT 'What each veto rule said',
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1)),
  INDEX ix_lead lead_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_decision decision_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(decided_at)
ORDER BY (tenant_id, type, decided_at, lead_id, decision_id)
TTL toDateTime(decided_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per decision';

CREATE TABLE IF NOT EXISTS {database}.deliveries (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  status LowCardinality(String) COMMENT 'reserved, handed_over, confirmed, unknown, failed, denied, deferred, superseded, cancelled, expired',
  changed_at DateTime64(3, 'UTC') COMMENT 'When it changed' CODEC(Delta, ZSTD(1)),
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  contact_id String COMMENT 'GoHighLevel contact id',
  delivery_id String COMMENT 'Deterministic id of the change',
  followup_id String COMMENT 'Follow-up that changed',
  sequence Int32 COMMENT 'Rises by one per change of this follow-up',
  decision_id String COMMENT 'Decision that asked for it',
  epoch Int32 COMMENT 'Fencing counter the follow-up was made from',
  action LowCardinality(String) COMMENT 'send_message, create_task, hand_over',
  channel LowCardinality(String) COMMENT 'sms, email, call, none',
  gate_id LowCardinality(String) COMMENT 'First gate that denied, else empty',
  rule_id LowCardinality(String) COMMENT 'Rule of that gate, else empty',
  lifts_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a deferred one is tried again',
  attempt Int32 COMMENT 'Hand-over attempts so far',
  message_id String COMMENT 'Id at the provider, else empty',
  text_length Int32 COMMENT 'Characters that were sent',
  gates Nested(gate_id LowCardinality(String), rule_id LowCardinality(String), option LowCardinality(String), verdict LowCardinality(String), lifts_at Nullable(DateTime64(3, 'UTC'))) COMMENT 'All gates as evaluated',
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1)),
  INDEX ix_lead lead_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_followup followup_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(changed_at)
ORDER BY (tenant_id, status, changed_at, lead_id, delivery_id)
TTL toDateTime(changed_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per change of a follow-up at the provider';
