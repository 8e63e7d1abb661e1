-- Up Migration

-- What each location was decided with from when on, who changed it and why: also that one was let go back to the policy of all, of which
-- the topic keeps nothing.
CREATE TABLE policy_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  decision_type text NOT NULL,
  policy_hash text,
  changed_at timestamptz NOT NULL,
  changed_by text,
  reason text
);
COMMENT ON COLUMN policy_changes.tenant_id IS 'Location, or * for all.';
COMMENT ON COLUMN policy_changes.policy_hash IS 'What was put in force; null: nothing of its own, the policy of all decides.';
COMMENT ON COLUMN policy_changes.changed_by IS 'A person, learning or prepare; null where the record does not say.';
CREATE INDEX idx_policy_changes_key ON policy_changes (decision_type, tenant_id, id);
CREATE INDEX idx_policy_changes_hash ON policy_changes (policy_hash);

ALTER TABLE policy_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON policy_changes USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE policy_changes;
