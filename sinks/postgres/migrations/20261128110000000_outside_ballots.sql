-- Up Migration

-- What outside programs voted while a question was, or would have been, open. Nothing is decided by it; learning holds it against verdicts.
CREATE TABLE outside_ballots (
  assessment_id text NOT NULL,
  source text NOT NULL,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  decided_at timestamptz NOT NULL,
  stored_at timestamptz NOT NULL,
  votes jsonb NOT NULL,
  PRIMARY KEY (assessment_id, source)
);
COMMENT ON COLUMN outside_ballots.decided_at IS 'When the first decision on the question was made: the age of the row.';
COMMENT ON COLUMN outside_ballots.stored_at IS 'By our clock: what came after a verdict is not held against it.';
CREATE INDEX idx_outside_ballots_age ON outside_ballots (decided_at);
CREATE INDEX idx_outside_ballots_lead ON outside_ballots (lead_id);

ALTER TABLE outside_ballots ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON outside_ballots USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE outside_ballots;
