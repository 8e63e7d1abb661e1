-- Up Migration

-- Votes of outside programs that were read before the decision on their question. They move to `outside_ballots` with it.
CREATE TABLE waiting_ballots (
  lead_id text NOT NULL,
  assessment_id text NOT NULL,
  source text NOT NULL,
  epoch int NOT NULL,
  sent_at timestamptz NOT NULL,
  tenant_id text NOT NULL,
  partition int NOT NULL,
  place bigint NOT NULL,
  stored_at timestamptz NOT NULL,
  votes jsonb NOT NULL,
  PRIMARY KEY (lead_id, assessment_id, source, epoch, sent_at)
);
COMMENT ON COLUMN waiting_ballots.sent_at IS 'The time of the record: the word of whoever wrote it.';
COMMENT ON COLUMN waiting_ballots.tenant_id IS 'Out of the key of the record: the word of whoever wrote it.';
COMMENT ON COLUMN waiting_ballots.place IS 'Offset of the record in its partition: which ballot came first.';
COMMENT ON COLUMN waiting_ballots.stored_at IS 'By our clock: what came after a verdict is not held against it.';
CREATE UNIQUE INDEX idx_waiting_ballots_place ON waiting_ballots (partition, place);

ALTER TABLE waiting_ballots ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON waiting_ballots USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE waiting_ballots;
