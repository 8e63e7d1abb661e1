-- Up Migration

-- What people said would have been right, one row a decision and person: what policies learn from.
CREATE TABLE audit_labels (
  label_id text PRIMARY KEY,
  decision_id text NOT NULL,
  labeller text NOT NULL,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  type text NOT NULL,
  right_option text NOT NULL,
  selection text NOT NULL,
  inclusion double precision NOT NULL,
  labelled_at timestamptz NOT NULL,
  note text,
  UNIQUE (decision_id, labeller)
);
COMMENT ON COLUMN audit_labels.right_option IS 'The option that would have been right.';
COMMENT ON COLUMN audit_labels.selection IS 'random, escalated or override.';
COMMENT ON COLUMN audit_labels.inclusion IS 'Probability that the decision would be judged; 0 when that is unknown.';
CREATE INDEX idx_audit_labels_age ON audit_labels (labelled_at);
CREATE INDEX idx_audit_labels_lead ON audit_labels (lead_id);

-- By the id, which is a hash: the queue is in an order that has nothing to do with what was decided or when.
CREATE INDEX idx_decisions_audits ON decisions (decision_id) WHERE record ->> 'auditSelected' = 'true';

ALTER TABLE audit_labels ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON audit_labels USING (sees_tenant(tenant_id));
GRANT SELECT ON audit_labels TO rekindle_reader;

-- Down Migration

DROP INDEX idx_decisions_audits;
DROP TABLE audit_labels;
