-- Up Migration

-- What learning made of the verdicts, one row a policy, with what it changed and on how many: also of those that were kept back, so
-- that they can be compared with what is in force.
CREATE TABLE learned_policies (
  policy_hash text PRIMARY KEY,
  tenant_id text NOT NULL,
  decision_type text NOT NULL,
  learned_at timestamptz NOT NULL,
  outcome text NOT NULL,
  published boolean NOT NULL,
  report jsonb NOT NULL,
  record jsonb NOT NULL
);
COMMENT ON COLUMN learned_policies.tenant_id IS 'Location, or * for all.';
COMMENT ON COLUMN learned_policies.learned_at IS 'When it was learned last with this report.';
COMMENT ON COLUMN learned_policies.outcome IS 'publish, few, worse or unsound.';
CREATE INDEX idx_learned_policies_age ON learned_policies (learned_at);

ALTER TABLE learned_policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON learned_policies USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE learned_policies;
