-- What is told about a location as a whole: findings of agents, how leads came by marketing, spend. No lead is named.
CREATE TABLE IF NOT EXISTS {database}.insights (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  system LowCardinality(String) COMMENT 'content, competitive, attribution, adaptive',
  agent_id LowCardinality(String) COMMENT 'Agent',
  agent_version Int32 COMMENT 'Its version',
  found_at DateTime64(3, 'UTC') COMMENT 'When it was found' CODEC(Delta, ZSTD(1)),
  valid_until DateTime64(3, 'UTC') COMMENT 'From then on nobody rests a vote on it' CODEC(Delta, ZSTD(1)),
  told_at DateTime64(3, 'UTC') COMMENT 'When it was told, by the clock of the topic' CODEC(Delta, ZSTD(1)),
  findings Nested(kind LowCardinality(String), subject String, bin Int32, figure Nullable(Decimal(38, 12)), stated String, samples Int32, reason LowCardinality(String), text String, evidence Map(String, String)) COMMENT 'What was found, the most pressing first; none is a statement, too',
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(told_at)
ORDER BY (tenant_id, agent_id, found_at)
TTL toDateTime(told_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per statement of an agent about a location';

-- Weeks, not months: a part goes whole, and a pseudonym must not stay much longer than the 90 days of the topic.
CREATE TABLE IF NOT EXISTS {database}.journeys (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  kind LowCardinality(String) COMMENT 'touched (by a channel that had not touched the lead before), engaged, converted',
  happened_at DateTime64(3, 'UTC') COMMENT 'When it happened' CODEC(Delta, ZSTD(1)),
  told_at DateTime64(3, 'UTC') COMMENT 'When it was told, by the clock of the topic' CODEC(Delta, ZSTD(1)),
  journey_id String COMMENT 'Deterministic id: one statement that is told twice has one',
  lead_hash String COMMENT 'Pseudonym of the lead: the same until it is erased',
  first_touch_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When marketing first touched the lead; NULL when nothing told of it',
  value Nullable(Decimal(18, 4)) COMMENT 'Of a conversion: its worth in the currency of the location; NULL when not told',
  conversion_no Int32 COMMENT 'Of a conversion: which one of the lead, from 1; else 0',
  touch_count Int32 COMMENT 'Touches that were seen, kept or not',
  touches Nested(channel LowCardinality(String), stage LowCardinality(String), at DateTime64(3, 'UTC'), source LowCardinality(String), campaign String, basis LowCardinality(String)) COMMENT 'Touches up to then, oldest first; of a conversion those of the 90 days before it',
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toMonday(told_at)
ORDER BY (tenant_id, kind, happened_at, journey_id)
TTL toDateTime(told_at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per statement on how a lead came by marketing';

CREATE TABLE IF NOT EXISTS {database}.marketing_spend (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  channel LowCardinality(String) COMMENT 'Channel',
  campaign String COMMENT 'Campaign; empty is the channel as a whole',
  day Nullable(Date32) COMMENT 'Day of the spend in the time zone of the location; NULL when what was stated is no day',
  amount Nullable(Decimal(18, 4)) COMMENT 'Amount as stated; NULL when it is no number',
  currency LowCardinality(String) COMMENT 'ISO 4217 code',
  stated_at DateTime64(3, 'UTC') COMMENT 'When it was stated' CODEC(Delta, ZSTD(1)),
  told_at DateTime64(3, 'UTC') COMMENT 'When it was told, by the clock of the topic' CODEC(Delta, ZSTD(1)),
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored here' CODEC(Delta, ZSTD(1)),
  _topic LowCardinality(String) COMMENT 'Topic the row was read from',
  _partition Int32 COMMENT 'Its partition',
  _offset UInt64 COMMENT 'Its offset' CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(told_at)
ORDER BY (tenant_id, channel, campaign, stated_at)
TTL toDateTime(told_at) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per statement on spend';

-- Stays when the journeys of a pseudonym have gone. Whole amounts only: what a model divides is told by the agents.
CREATE TABLE IF NOT EXISTS {database}.channel_days (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  day Date COMMENT 'Day, UTC',
  channel LowCardinality(String) COMMENT 'Channel; empty of conversions without a known one',
  leads SimpleAggregateFunction(sum, UInt64) COMMENT 'Leads that it touched first, on the day of that touch',
  first_conversions SimpleAggregateFunction(sum, UInt64) COMMENT 'Conversions whose first touch was by it, on the day of the conversion',
  first_valued SimpleAggregateFunction(sum, UInt64) COMMENT 'Of these, with a worth',
  first_revenue SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Their worth',
  last_conversions SimpleAggregateFunction(sum, UInt64) COMMENT 'Conversions whose last touch was by it, on the day of the conversion',
  last_valued SimpleAggregateFunction(sum, UInt64) COMMENT 'Of these, with a worth',
  last_revenue SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Their worth'
) ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, channel, day)
TTL day + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'What each channel brought by day';

-- A lead counts with the statement on its first channel: all its touches are by one. Times are held within what Date has.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.channel_days_v1 TO {database}.channel_days AS
SELECT
  tenant_id, toDate(greatest(toDateTime64(0, 3, 'UTC'), least(if(kind = 'touched', assumeNotNull(first_touch_at), happened_at), told_at))) AS day,
  credit.1 AS channel,
  countIf(credit.2 = 'lead') AS leads,
  countIf(credit.2 = 'first') AS first_conversions,
  countIf(credit.2 = 'first' AND value IS NOT NULL) AS first_valued,
  sumIf(toDecimal128(ifNull(value, 0), 4), credit.2 = 'first') AS first_revenue,
  countIf(credit.2 = 'last') AS last_conversions,
  countIf(credit.2 = 'last' AND value IS NOT NULL) AS last_valued,
  sumIf(toDecimal128(ifNull(value, 0), 4), credit.2 = 'last') AS last_revenue
FROM {database}.journeys
ARRAY JOIN multiIf(
  kind = 'converted', [(toString(touches.channel[1]), 'first'), (toString(touches.channel[-1]), 'last')],
  kind = 'touched' AND first_touch_at IS NOT NULL AND length(arrayDistinct(touches.channel)) = 1, [(toString(touches.channel[1]), 'lead')],
  []) AS credit
GROUP BY tenant_id, day, channel;

CREATE VIEW IF NOT EXISTS {analytics}.v_findings (
  found_at DateTime64(3, 'UTC') COMMENT 'When it was found',
  valid_until DateTime64(3, 'UTC') COMMENT 'From then on nobody rests a vote on it',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  system LowCardinality(String) COMMENT 'content, competitive, attribution, adaptive',
  agent_id LowCardinality(String) COMMENT 'Agent',
  place UInt32 COMMENT 'Place among the findings of the statement, from 1: the most pressing first',
  kind LowCardinality(String) COMMENT 'What is found, from the vocabulary of the agent',
  subject String COMMENT 'What it is about: a segment, a competitor, a channel, an agent; empty is the location as a whole',
  bin Int32 COMMENT 'Confidence bin, 1 to 5',
  figure Nullable(Decimal(38, 12)) COMMENT 'The figure, exact, in the unit of the kind; NULL when what is stated is no number',
  stated String COMMENT 'The figure as stated',
  samples Int32 COMMENT 'Observations it rests on',
  reason LowCardinality(String) COMMENT 'Reason from a bounded vocabulary',
  text String COMMENT 'The finding in a sentence',
  evidence Map(String, String) COMMENT 'What it rests on, by name'
) AS
SELECT found_at, valid_until, tenant_id, system, agent_id, place, kind, subject, bin, figure, stated, samples, reason, text, evidence
FROM {database}.insights
ARRAY JOIN
  arrayEnumerate(findings.kind) AS place, findings.kind AS kind, findings.subject AS subject, findings.bin AS bin, findings.figure AS figure,
  findings.stated AS stated, findings.samples AS samples, findings.reason AS reason, findings.text AS text, findings.evidence AS evidence
COMMENT 'One row per finding, all that were ever told';

CREATE VIEW IF NOT EXISTS {analytics}.v_findings_latest (
  found_at DateTime64(3, 'UTC') COMMENT 'When it was found',
  valid_until DateTime64(3, 'UTC') COMMENT 'From then on nobody rests a vote on it',
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  system LowCardinality(String) COMMENT 'content, competitive, attribution, adaptive',
  agent_id LowCardinality(String) COMMENT 'Agent',
  place UInt32 COMMENT 'Place among the findings of the statement, from 1; 0 when the agent finds nothing',
  kind LowCardinality(String) COMMENT 'What is found; empty when the agent finds nothing',
  subject String COMMENT 'What it is about; empty is the location as a whole',
  bin Int32 COMMENT 'Confidence bin, 1 to 5; 0 when the agent finds nothing',
  figure Nullable(Decimal(38, 12)) COMMENT 'The figure, exact, in the unit of the kind; NULL when what is stated is no number',
  stated String COMMENT 'The figure as stated',
  samples Int32 COMMENT 'Observations it rests on',
  reason LowCardinality(String) COMMENT 'Reason from a bounded vocabulary',
  text String COMMENT 'The finding in a sentence',
  evidence Map(String, String) COMMENT 'What it rests on, by name'
) AS
SELECT found_at, valid_until, tenant_id, system, agent_id, place, kind, subject, bin, figure, stated, samples, reason, text, evidence
FROM (SELECT * FROM {database}.insights ORDER BY found_at DESC, _offset DESC LIMIT 1 BY tenant_id, agent_id)
LEFT ARRAY JOIN
  arrayEnumerate(findings.kind) AS place, findings.kind AS kind, findings.subject AS subject, findings.bin AS bin, findings.figure AS figure,
  findings.stated AS stated, findings.samples AS samples, findings.reason AS reason, findings.text AS text, findings.evidence AS evidence
COMMENT 'One row per finding of the latest statement of each agent about each location';

CREATE VIEW IF NOT EXISTS {analytics}.v_spend (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  day Date32 COMMENT 'Day of the spend in the time zone of the location',
  channel LowCardinality(String) COMMENT 'Channel',
  campaign String COMMENT 'Campaign; empty is the channel as a whole',
  amount Decimal(18, 4) COMMENT 'Amount',
  currency LowCardinality(String) COMMENT 'ISO 4217 code',
  stated_at DateTime64(3, 'UTC') COMMENT 'When it was stated'
) AS
SELECT tenant_id, assumeNotNull(day) AS day, channel, campaign, assumeNotNull(amount) AS amount, currency, stated_at
FROM {database}.marketing_spend AS told
WHERE isNotNull(told.day) AND told.amount >= 0
ORDER BY stated_at DESC, _offset DESC
LIMIT 1 BY tenant_id, channel, campaign, told.day
COMMENT 'Spend by channel, campaign and day: the latest statement on each; 0 is one that was taken back';

CREATE VIEW IF NOT EXISTS {analytics}.v_channel_months (
  tenant_id LowCardinality(String) COMMENT 'GoHighLevel location id',
  month Date COMMENT 'First day of the month',
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
    tenant_id, toDate(toStartOfMonth(day)) AS month, toString(channel) AS channel, toString(currency) AS currency, toDecimal128(amount, 4) AS amount,
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

CREATE VIEW IF NOT EXISTS {analytics}.v_doubled_marketing (
  table_name String COMMENT 'Table of facts',
  topic LowCardinality(String) COMMENT 'Topic',
  partition Int32 COMMENT 'Partition',
  rows UInt64 COMMENT 'Rows read from it',
  doubled UInt64 COMMENT 'Rows beyond one per offset: 0 unless a replay went further back than the deduplication window'
) AS
SELECT 'insights' AS table_name, _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.insights GROUP BY topic, partition
UNION ALL
SELECT 'journeys' AS table_name, _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.journeys GROUP BY topic, partition
UNION ALL
SELECT 'marketing_spend' AS table_name, _topic AS topic, _partition AS partition, count() AS rows, rows - uniqExact(_offset) AS doubled FROM {database}.marketing_spend GROUP BY topic, partition
COMMENT 'Records stored more than once';
