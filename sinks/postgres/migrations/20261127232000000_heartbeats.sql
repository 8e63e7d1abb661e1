-- Up Migration

-- The heartbeat contact of each location: when it was changed, and what came back of it as a webhook. Says nothing about any lead.
CREATE TABLE heartbeats (
  tenant_id text PRIMARY KEY,
  contact_id text,
  claim int NOT NULL DEFAULT 1,
  tried_at timestamptz NOT NULL,
  wait_ms int NOT NULL,
  every_ms int NOT NULL,
  sent_at timestamptz,
  waiting_since timestamptz,
  back_beat timestamptz,
  back_at timestamptz,
  failed_because text,
  told_silent_at timestamptz
);
COMMENT ON COLUMN heartbeats.claim IS 'Rises with each beat that is taken: whoever raised it last sends it.';
COMMENT ON COLUMN heartbeats.every_ms IS 'Between beats; 0 when heartbeats are switched off.';
COMMENT ON COLUMN heartbeats.sent_at IS 'The last beat that the platform took. A beat is named by when it was sent.';
COMMENT ON COLUMN heartbeats.waiting_since IS 'The first beat after the last one that came back.';
COMMENT ON COLUMN heartbeats.back_beat IS 'The newest beat that came back.';
COMMENT ON COLUMN heartbeats.back_at IS 'When its webhook was received.';

ALTER TABLE heartbeats ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON heartbeats USING (sees_tenant(tenant_id));
GRANT SELECT ON heartbeats TO rekindle_reader;

-- Down Migration

DROP TABLE heartbeats;
