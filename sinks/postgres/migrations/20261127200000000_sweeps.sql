-- Up Migration

-- How far each location is compared with what the platform's API shows, source by source.
CREATE TABLE sweep_cursors (
  tenant_id text NOT NULL,
  source text NOT NULL,
  swept_until timestamptz NOT NULL,
  started_at timestamptz NOT NULL,
  wait_ms int NOT NULL,
  claim int NOT NULL DEFAULT 1,
  failed_because text,
  PRIMARY KEY (tenant_id, source)
);
COMMENT ON COLUMN sweep_cursors.swept_until IS 'Everything that changed before is read.';
COMMENT ON COLUMN sweep_cursors.claim IS 'Rises with each sweep that is taken: whoever raised it last has the sweep.';

-- What no webhook had told of when it was found.
CREATE TABLE sweep_findings (
  found_id text PRIMARY KEY,
  tenant_id text NOT NULL,
  lead_id text NOT NULL,
  type text NOT NULL,
  happened_at timestamptz,
  found_at timestamptz NOT NULL
);
COMMENT ON COLUMN sweep_findings.found_id IS 'Location, thing and the state it was in: found again it is the same row.';
CREATE INDEX idx_sweep_findings_lead ON sweep_findings (lead_id, happened_at DESC);
CREATE INDEX idx_sweep_findings_age ON sweep_findings (found_at);

-- Messages by the id that the platform gave them.
CREATE INDEX idx_communications_external ON communications (tenant_id, external_id);

-- Leads whose last word is their own, those that have waited longest first.
CREATE INDEX idx_leads_unanswered ON leads (((profile ->> 'lastInboundAt')::bigint))
  WHERE deleted_at IS NULL AND (profile ->> 'lastInboundAt')::bigint >= coalesce((profile ->> 'lastOutboundAt')::bigint, 0);

ALTER TABLE sweep_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE sweep_findings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sweep_cursors USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON sweep_findings USING (sees_tenant(tenant_id));

-- Down Migration

DROP INDEX idx_leads_unanswered;
DROP INDEX idx_communications_external;
DROP TABLE sweep_findings;
DROP TABLE sweep_cursors;
