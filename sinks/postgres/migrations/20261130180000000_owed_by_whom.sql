-- Up Migration

-- Leads that wrote and that neither a person nor Rekindle has answered, those that have waited longest first.
DROP INDEX idx_leads_unanswered;
CREATE INDEX idx_leads_unanswered ON leads (((profile ->> 'lastInboundAt')::bigint))
  WHERE deleted_at IS NULL
    AND (profile ->> 'lastInboundAt')::bigint >= greatest((profile ->> 'lastHumanAt')::bigint, (profile ->> 'lastOwnAt')::bigint, 0);

-- Down Migration

DROP INDEX idx_leads_unanswered;
CREATE INDEX idx_leads_unanswered ON leads (((profile ->> 'lastInboundAt')::bigint))
  WHERE deleted_at IS NULL AND (profile ->> 'lastInboundAt')::bigint >= coalesce((profile ->> 'lastOutboundAt')::bigint, 0);
