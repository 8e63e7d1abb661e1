-- Up Migration

-- An assignment is a follow-up: its realtor, and what the fence counts against the capacity of that realtor.
ALTER TABLE followup_actions ADD COLUMN assignee_id text;
COMMENT ON COLUMN followup_actions.assignee_id IS 'Of an assignment: the realtor (GHL user).';
CREATE INDEX idx_followup_actions_assignee ON followup_actions (tenant_id, assignee_id, updated_at DESC) WHERE action = 'assign';

CREATE TABLE staff_settings (
  tenant_id text PRIMARY KEY,
  record jsonb NOT NULL,
  updated_at timestamptz NOT NULL
);
COMMENT ON COLUMN staff_settings.record IS 'The StaffSettings record as it is on the topic: which realtors take leads, and how many.';

ALTER TABLE staff_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON staff_settings USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE staff_settings;
DROP INDEX idx_followup_actions_assignee;
ALTER TABLE followup_actions DROP COLUMN assignee_id;
