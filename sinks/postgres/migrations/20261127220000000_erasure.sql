-- Up Migration

-- Leads that were erased, so that nothing from before comes back however often a topic is read again.
CREATE TABLE lead_erasures (
  lead_id text PRIMARY KEY,
  erased_at timestamptz NOT NULL
);
COMMENT ON COLUMN lead_erasures.erased_at IS 'What happened up to then is forgotten; what comes later is a new beginning.';
-- Without a policy: nobody but the owner, whatever is granted.
ALTER TABLE lead_erasures ENABLE ROW LEVEL SECURITY;

-- Down Migration

DROP TABLE lead_erasures;
