-- Up Migration

-- Every statement of a permission that has come to stand: append-only, so that what was replaced can still be shown.
CREATE TABLE consent_statements (
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  channel text NOT NULL,
  purpose text NOT NULL,
  event_id text NOT NULL,
  status text NOT NULL,
  stated_at timestamptz NOT NULL,
  expires_at timestamptz,
  words text,
  source text,
  stored_at timestamptz NOT NULL,
  PRIMARY KEY (lead_id, channel, purpose, event_id)
);
COMMENT ON COLUMN consent_statements.purpose IS 'all | marketing | inquiry | transactional';
COMMENT ON COLUMN consent_statements.status IS 'inquiry | express | express_written | none | revoked';
COMMENT ON COLUMN consent_statements.stored_at IS 'By our clock.';

ALTER TABLE consent_statements ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON consent_statements USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE consent_statements;
