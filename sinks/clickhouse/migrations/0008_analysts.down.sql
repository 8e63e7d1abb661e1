DROP VIEW IF EXISTS {analytics}.v_waits;
ALTER TABLE {database}.lead_events DROP COLUMN IF EXISTS message_id;
DROP VIEW IF EXISTS {analytics}.v_messages;
DROP VIEW IF EXISTS {analytics}.v_agent_answers;
