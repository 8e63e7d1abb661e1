-- Up Migration

-- How many messages a location has sent in the last 24 hours is asked before each one leaves.
CREATE INDEX idx_followup_actions_location_sent ON followup_actions (tenant_id, reserved_at) WHERE action = 'send_message' AND reserved_at IS NOT NULL;

-- Down Migration

DROP INDEX idx_followup_actions_location_sent;
