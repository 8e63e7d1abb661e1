-- Which option a gate took although the votes alone were clearly for it; rows from before this step name none.
ALTER TABLE {database}.decisions ADD COLUMN IF NOT EXISTS denied_favourite LowCardinality(String) COMMENT 'Option that a gate took although the votes alone gave it more than .8, else empty' AFTER conflicts;

CREATE VIEW IF NOT EXISTS {analytics}.v_denied_favourites (
  decided_at DateTime64(3, 'UTC') COMMENT 'When it was decided',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  decision_id String COMMENT 'Deterministic id of the decision',
  type LowCardinality(String) COMMENT 'Decision type',
  stage LowCardinality(String) COMMENT 'Lead stage: new, engaged, silent, booked',
  option LowCardinality(String) COMMENT 'What was denied, and what the votes alone gave more than .8',
  gate_id LowCardinality(String) COMMENT 'A gate that denied it',
  rule_id LowCardinality(String) COMMENT 'Its rule',
  rules UInt64 COMMENT 'How many rules denied it: where it is 1, it would have been open without this one',
  chosen LowCardinality(String) COMMENT 'What was chosen instead'
) AS
SELECT decided_at, tenant_id, lead_id, decision_id, type, stage, denied_favourite AS option, rule.1 AS gate_id, rule.2 AS rule_id, length(denials) AS rules, chosen
FROM (
  SELECT *, arrayFilter(one -> one.4 != 'allow' AND one.3 IN (denied_favourite, '*'), arrayZip(gates.gate_id, gates.rule_id, gates.option, gates.verdict)) AS denials
  FROM {database}.decisions
  WHERE denied_favourite != ''
)
ARRAY JOIN denials AS rule
COMMENT 'One row per decision and rule: rules that took what the votes alone were clearly for';

-- Kinds that came after the table.
ALTER TABLE {database}.outcomes COMMENT COLUMN IF EXISTS kind 'audit_label, reply, appointment, conversion, opt_out, complaint, negative_reply; others may come';

CREATE OR REPLACE VIEW {analytics}.v_outcomes (
  observed_at DateTime64(3, 'UTC') COMMENT 'When it happened; of a label, when it was given',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  lead_id String COMMENT 'Lead key: location id, colon, contact id',
  outcome_id String COMMENT 'Deterministic id of the observation',
  kind LowCardinality(String) COMMENT 'audit_label, reply, appointment, conversion, opt_out, complaint, negative_reply; others may come',
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
