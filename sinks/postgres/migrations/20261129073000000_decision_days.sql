-- Up Migration

-- Days (UTC) whose decisions are counted, so that what rules cost need not count a year of them. Whoever writes or deletes decisions takes
-- their days out in the same transaction; they are counted again later.
CREATE TABLE counted_days (day date PRIMARY KEY);
CREATE TABLE decision_days (
  day date NOT NULL REFERENCES counted_days ON DELETE CASCADE,
  tenant_id text NOT NULL,
  type text NOT NULL,
  heard bigint NOT NULL,
  gated bigint NOT NULL,
  PRIMARY KEY (day, tenant_id, type)
);
COMMENT ON COLUMN decision_days.heard IS 'Decisions on which votes were heard.';
COMMENT ON COLUMN decision_days.gated IS 'Decisions that gates left nothing but waiting.';

ALTER TABLE counted_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON counted_days USING (true);
ALTER TABLE decision_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON decision_days USING (sees_tenant(tenant_id));
GRANT SELECT ON counted_days, decision_days TO rekindle_reader;

-- The same as idx_decisions_denied for one location.
CREATE INDEX idx_decisions_denied_tenant ON decisions (tenant_id, decided_at DESC, decision_id) WHERE record -> 'conflicts' ? 'gate-vs-pool';

-- Down Migration

DROP INDEX idx_decisions_denied_tenant;
DROP TABLE decision_days;
DROP TABLE counted_days;
