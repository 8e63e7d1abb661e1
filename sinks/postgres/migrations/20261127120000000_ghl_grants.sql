-- Up Migration

-- What locations and agencies of GoHighLevel have allowed. Every token is sealed: see sealer.ts.
CREATE TABLE ghl_grants (
  holder_kind text NOT NULL CHECK (holder_kind IN ('company', 'location')),
  holder_id text NOT NULL,
  company_id text,
  source text NOT NULL CHECK (source IN ('code', 'exchange', 'private')),
  access_token text NOT NULL,
  refresh_token text,
  previous_refresh_token text,
  scope text NOT NULL,
  expires_at timestamptz,
  generation int NOT NULL DEFAULT 1,
  lost_because text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (holder_kind, holder_id)
);
COMMENT ON COLUMN ghl_grants.generation IS 'Goes up with each new token. Who stores a token late stores it over the generation it was made from, or not at all.';
COMMENT ON COLUMN ghl_grants.lost_because IS 'Why it can no longer be renewed; null while it can.';

-- Down Migration

DROP TABLE ghl_grants;
