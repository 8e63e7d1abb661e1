-- Up Migration

-- Authorizations that were begun and whose browser has not come back. Only the hash of the state stands here.
CREATE TABLE ghl_authorizations (
  state_hash text PRIMARY KEY,
  user_type text NOT NULL CHECK (user_type IN ('Company', 'Location')),
  begun_at timestamptz NOT NULL
);

-- When a grant was given, whatever tokens came of it since: an uninstallation ends what was granted before it.
ALTER TABLE ghl_grants ADD COLUMN granted_at timestamptz NOT NULL DEFAULT now();
UPDATE ghl_grants SET granted_at = updated_at;

-- Without a policy: nobody but the owner, whatever is granted.
ALTER TABLE ghl_authorizations ENABLE ROW LEVEL SECURITY;

-- Down Migration

ALTER TABLE ghl_grants DROP COLUMN granted_at;
DROP TABLE ghl_authorizations;
