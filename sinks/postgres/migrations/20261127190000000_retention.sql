-- Up Migration

-- The age of what retention deletes, oldest first: see retention.ts.
CREATE INDEX idx_communications_age ON communications (sent_at);
CREATE INDEX idx_deliveries_age ON deliveries (at);
CREATE INDEX idx_followup_actions_age ON followup_actions (expires_at)
  WHERE status IN ('confirmed', 'failed', 'denied', 'superseded', 'cancelled', 'expired');

-- Down Migration

DROP INDEX idx_followup_actions_age;
DROP INDEX idx_deliveries_age;
DROP INDEX idx_communications_age;
