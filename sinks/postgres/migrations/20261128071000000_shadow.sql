-- Up Migration

-- What policies that are being tried would have decided, one row a decision and policy. Nothing acts on it.
CREATE TABLE shadow_decisions (
  decision_id text NOT NULL,
  policy_hash text NOT NULL,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  type text NOT NULL,
  usual text NOT NULL,
  chosen text NOT NULL,
  degraded boolean NOT NULL,
  decided_at timestamptz NOT NULL,
  record jsonb NOT NULL,
  PRIMARY KEY (decision_id, policy_hash)
);
COMMENT ON COLUMN shadow_decisions.usual IS 'What the policy in force chose.';
COMMENT ON COLUMN shadow_decisions.chosen IS 'What the policy that is being tried would have chosen.';
CREATE INDEX idx_shadow_decisions_age ON shadow_decisions (decided_at);
CREATE INDEX idx_shadow_decisions_lead ON shadow_decisions (lead_id);
CREATE INDEX idx_shadow_decisions_policy ON shadow_decisions (policy_hash, usual, chosen);

ALTER TABLE shadow_decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON shadow_decisions USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE shadow_decisions;
