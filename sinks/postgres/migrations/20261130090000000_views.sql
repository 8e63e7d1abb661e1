-- Up Migration

-- Views for people who ask with SQL: docs/postgres.md. With the rights and the row security of whoever asks, so that the reader of
-- a tenant sees its rows alone.
CREATE VIEW v_lead_summary WITH (security_invoker = true) AS
SELECT
  id AS lead_id, tenant_id, contact_id, first_name, last_name, email, phone, source, status, temperature, lead_score, priority, intent_level,
  assigned_agent_id, created_at, last_activity, last_contacted,
  (profile -> 'counters' ->> 'inbound')::int AS messages_in,
  (profile -> 'counters' ->> 'outbound')::int AS messages_out,
  CASE
    WHEN last_activity > now() - interval '7 days' THEN 'active'
    WHEN last_activity > now() - interval '30 days' THEN 'moderate'
    WHEN last_activity > now() - interval '90 days' THEN 'low'
    ELSE 'dormant'
  END AS activity,
  CASE
    WHEN temperature = 'hot' AND lead_score > 80 THEN 'very_high'
    WHEN temperature = 'hot' AND lead_score > 60 OR temperature = 'warm' AND lead_score > 70 THEN 'high'
    WHEN temperature = 'warm' AND lead_score > 50 OR temperature = 'cold' AND lead_score > 60 THEN 'medium'
    ELSE 'low'
  END AS conversion_probability
FROM leads WHERE deleted_at IS NULL;
COMMENT ON VIEW v_lead_summary IS 'One row per lead that is not deleted.';
COMMENT ON COLUMN v_lead_summary.conversion_probability IS 'A class of temperature and score by fixed bounds; nothing that was measured.';

CREATE VIEW v_lead_funnel WITH (security_invoker = true) AS
SELECT
  tenant_id, status, count(*)::int AS leads,
  count(*) FILTER (WHERE created_at > now() - interval '30 days')::int AS created_30d,
  round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY tenant_id), 1) AS share_percent,
  round(avg(lead_score), 1) AS average_score,
  coalesce(sum(conversion_value), 0) AS conversion_value
FROM leads WHERE deleted_at IS NULL GROUP BY tenant_id, status;
COMMENT ON VIEW v_lead_funnel IS 'How many leads of a location stand where. A status is where a lead is now, not what it passed.';

CREATE VIEW v_communication_effectiveness WITH (security_invoker = true) AS
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
COMMENT ON VIEW v_communication_effectiveness IS 'What went out in the last 30 days, and to how much of it the next word came from the lead. Not why it came.';

CREATE VIEW v_agent_performance WITH (security_invoker = true) AS
SELECT
  tenant_id, assigned_agent_id,
  count(*) FILTER (WHERE status NOT IN ('converted', 'lost', 'disqualified'))::int AS open_leads,
  count(*) FILTER (WHERE assigned_at > now() - interval '30 days')::int AS assigned_30d,
  count(*) FILTER (WHERE last_contacted > now() - interval '30 days')::int AS contacted_30d,
  count(*) FILTER (WHERE status = 'converted')::int AS converted,
  count(*) FILTER (WHERE status = 'lost')::int AS lost,
  round(100.0 * count(*) FILTER (WHERE status = 'converted') / nullif(count(*) FILTER (WHERE status IN ('converted', 'lost')), 0), 1) AS won_percent,
  coalesce(sum(conversion_value), 0) AS conversion_value,
  round(avg(lead_score), 1) AS average_score
FROM leads WHERE deleted_at IS NULL AND assigned_agent_id IS NOT NULL GROUP BY tenant_id, assigned_agent_id;
COMMENT ON VIEW v_agent_performance IS 'Realtors (the stored vocabulary says agent) by the leads they have now. Who had a lead before is in lead_assignments.';

GRANT SELECT ON v_lead_summary, v_lead_funnel, v_communication_effectiveness, v_agent_performance TO rekindle_reader;

-- Down Migration

DROP VIEW v_agent_performance;
DROP VIEW v_communication_effectiveness;
DROP VIEW v_lead_funnel;
DROP VIEW v_lead_summary;
