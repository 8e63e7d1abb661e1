-- Up Migration

-- Every policy that was ever published, by its hash: decisions name theirs, and a former one can be put in force again.
-- The topic keeps only the latest of each key.
CREATE TABLE policies (
  policy_hash text PRIMARY KEY,
  tenant_id text NOT NULL,
  decision_type text NOT NULL,
  label text NOT NULL,
  created_at timestamptz NOT NULL,
  published_at timestamptz NOT NULL,
  record jsonb NOT NULL
);
COMMENT ON COLUMN policies.tenant_id IS 'Location, or * for all.';
COMMENT ON COLUMN policies.published_at IS 'When it was last put in force.';

ALTER TABLE policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON policies USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE policies;
