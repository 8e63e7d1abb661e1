-- Up Migration

ALTER TABLE followup_actions ADD COLUMN traceparent text;
COMMENT ON COLUMN followup_actions.traceparent IS 'W3C trace context of the planned follow-up, for the records that tell what became of it.';

-- Down Migration

ALTER TABLE followup_actions DROP COLUMN traceparent;
