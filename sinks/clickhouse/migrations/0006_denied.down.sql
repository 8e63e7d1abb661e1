DROP VIEW IF EXISTS {analytics}.v_denied_favourites;
ALTER TABLE {database}.decisions DROP COLUMN IF EXISTS denied_favourite;
ALTER TABLE {database}.outcomes COMMENT COLUMN IF EXISTS kind 'audit_label, reply, appointment, conversion, opt_out';
CREATE OR REPLACE VIEW {analytics}.v_outcomes (
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
