-- Up Migration

-- Only the rules that read a message know which one a telephone or mailbox wrote by itself.
ALTER TABLE communications ADD COLUMN automatic boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN communications.automatic IS 'Written by a telephone or mailbox, and no word of the lead. False in rows from before the column.';

CREATE OR REPLACE VIEW v_communication_effectiveness WITH (security_invoker = true) AS
WITH said AS (
  -- One that did not arrive is mostly told twice, at first as sent.
  SELECT DISTINCT ON (lead_id, coalesce(external_id, id))
    tenant_id, lead_id, id, channel, direction, sender, sent_at, coalesce(status IN ('failed', 'undelivered', 'opt_out'), false) AS failed
  FROM communications
  WHERE sent_at > now() - interval '30 days' AND channel <> 'internal_comment' AND NOT automatic
    AND coalesce(status NOT IN ('scheduled', 'canceled', 'cancelled'), true)
  ORDER BY lead_id, coalesce(external_id, id), failed DESC, sent_at
), heard AS (
  -- One that did not arrive stands between nothing and its answer.
  SELECT said.*, lead(direction) OVER later AS next_direction, lead(sent_at) OVER later AS next_at
  FROM said WINDOW later AS (PARTITION BY lead_id, failed ORDER BY sent_at, id)
), contacts AS (
  SELECT tenant_id, channel, sender, failed,
    CASE WHEN next_direction = 'inbound' AND NOT failed THEN extract(epoch FROM next_at - sent_at) / 60 END AS minutes
  FROM heard WHERE direction = 'outbound'
)
SELECT
  tenant_id, channel, sender,
  count(*) FILTER (WHERE NOT failed)::int AS sent,
  count(*) FILTER (WHERE failed)::int AS failed,
  count(minutes)::int AS replied,
  round(100.0 * count(minutes) / nullif(count(*) FILTER (WHERE NOT failed), 0), 1) AS reply_percent,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes))::numeric, 1) AS median_reply_minutes
FROM contacts GROUP BY tenant_id, channel, sender;

-- Down Migration

CREATE OR REPLACE VIEW v_communication_effectiveness WITH (security_invoker = true) AS
WITH said AS (
  SELECT tenant_id, lead_id, id, channel, direction, sender, sent_at, coalesce(status IN ('failed', 'undelivered', 'opt_out'), false) AS failed
  FROM communications
  WHERE sent_at > now() - interval '30 days' AND channel <> 'internal_comment'
    AND coalesce(status NOT IN ('scheduled', 'canceled', 'cancelled'), true)
), heard AS (
  -- One that did not arrive is told beside the message itself, and stands between nothing and its answer.
  SELECT said.*, lead(direction) OVER later AS next_direction, lead(sent_at) OVER later AS next_at
  FROM said WINDOW later AS (PARTITION BY lead_id, failed ORDER BY sent_at, id)
), contacts AS (
  SELECT tenant_id, channel, sender, failed,
    CASE WHEN next_direction = 'inbound' AND NOT failed THEN extract(epoch FROM next_at - sent_at) / 60 END AS minutes
  FROM heard WHERE direction = 'outbound'
)
SELECT
  tenant_id, channel, sender,
  count(*) FILTER (WHERE NOT failed)::int AS sent,
  count(*) FILTER (WHERE failed)::int AS failed,
  count(minutes)::int AS replied,
  round(100.0 * count(minutes) / nullif(count(*) FILTER (WHERE NOT failed), 0), 1) AS reply_percent,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes))::numeric, 1) AS median_reply_minutes
FROM contacts GROUP BY tenant_id, channel, sender;

ALTER TABLE communications DROP COLUMN automatic;
