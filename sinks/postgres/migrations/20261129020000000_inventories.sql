-- Up Migration

-- How far the things that leads of a location hold were asked about, one by one, and what that brought.
CREATE TABLE inventories (
  tenant_id text PRIMARY KEY,
  after_lead text NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  counts jsonb NOT NULL,
  paid_until timestamptz NOT NULL,
  failures int NOT NULL,
  failed_because text,
  whole_at timestamptz,
  whole_ms bigint,
  claim int NOT NULL DEFAULT 1,
  held_until timestamptz NOT NULL
);
COMMENT ON COLUMN inventories.after_lead IS 'The last lead that is through in this turn, by key; empty at its beginning.';
COMMENT ON COLUMN inventories.counts IS 'Of this turn: leads and calls made, things read, missed and unclear, leads passed over.';
COMMENT ON COLUMN inventories.paid_until IS 'No lead is begun before: the calls made are within the hour by then.';
COMMENT ON COLUMN inventories.whole_at IS 'When the last turn that passed over no lead was through.';
COMMENT ON COLUMN inventories.claim IS 'Rises with each process that takes it on: whoever raised it last goes on with it.';

ALTER TABLE inventories ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON inventories USING (sees_tenant(tenant_id));

-- Leads of a location that hold something to ask about, in the order they are gone through.
CREATE INDEX idx_leads_held ON leads (tenant_id, id)
  WHERE deleted_at IS NULL AND ((profile -> 'opportunities') <> '{}'::jsonb OR (profile -> 'appointments') <> '{}'::jsonb
    OR (profile -> 'tasks') <> '{}'::jsonb OR (profile -> 'notes') <> '{}'::jsonb);

-- Down Migration

DROP INDEX idx_leads_held;
DROP TABLE inventories;
