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

CREATE OR REPLACE VIEW {analytics}.v_channel_months (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  month Date COMMENT 'First day of the month; days of spend before 1970 or after 2149-06-06 are in the first or the last month that there is',
  channel LowCardinality(String) COMMENT 'Channel; empty of conversions without a known one',
  currencies Array(String) COMMENT 'Currencies of the spend',
  spent Nullable(Decimal(38, 4)) COMMENT 'Spend; NULL when none was stated or in more than one currency',
  leads UInt64 COMMENT 'Leads that the channel touched first in this month',
  first_conversions UInt64 COMMENT 'Conversions of this month whose first touch was by it',
  first_valued UInt64 COMMENT 'Of these, with a worth',
  first_revenue Decimal(38, 4) COMMENT 'Their worth',
  last_conversions UInt64 COMMENT 'Conversions of this month whose last touch was by it',
  last_valued UInt64 COMMENT 'Of these, with a worth',
  last_revenue Decimal(38, 4) COMMENT 'Their worth'
) AS
SELECT
  tenant_id, month, channel, arraySort(groupUniqArrayIf(currency, currency != '')) AS currencies,
  if(length(currencies) = 1, sum(amount), NULL) AS spent,
  sum(leads) AS leads, sum(first_conversions) AS first_conversions, sum(first_valued) AS first_valued, sum(first_revenue) AS first_revenue,
  sum(last_conversions) AS last_conversions, sum(last_valued) AS last_valued, sum(last_revenue) AS last_revenue
FROM (
  SELECT
    tenant_id, toDate(toStartOfMonth(greatest(toDate32('1970-01-01'), least(toDate32('2149-06-06'), day)))) AS month, toString(channel) AS channel, toString(currency) AS currency, toDecimal128(amount, 4) AS amount,
    toUInt64(0) AS leads, toUInt64(0) AS first_conversions, toUInt64(0) AS first_valued, toDecimal128(0, 4) AS first_revenue,
    toUInt64(0) AS last_conversions, toUInt64(0) AS last_valued, toDecimal128(0, 4) AS last_revenue
  FROM {analytics}.v_spend
  UNION ALL
  SELECT
    tenant_id, toStartOfMonth(day) AS month, toString(channel) AS channel, '' AS currency, toDecimal128(0, 4) AS amount,
    leads, first_conversions, first_valued, first_revenue, last_conversions, last_valued, last_revenue
  FROM {database}.channel_days
)
GROUP BY tenant_id, month, channel
COMMENT 'What each channel cost and brought by month';
