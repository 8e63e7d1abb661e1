-- Up Migration

-- The latest look-up of each lead at a provider of data: the claim while it is asked, then the answer for as long as it is fresh.
CREATE TABLE lead_look_ups (
  lead_id text PRIMARY KEY,
  tenant_id text NOT NULL,
  look_up_id text NOT NULL,
  provider text NOT NULL,
  query_hash text NOT NULL,
  asked text[] NOT NULL,
  state text NOT NULL CHECK (state IN ('asking', 'answered', 'failed')),
  found jsonb NOT NULL DEFAULT '{}',
  credits numeric NOT NULL CHECK (credits >= 0),
  asked_at timestamptz NOT NULL,
  fresh_until timestamptz NOT NULL,
  detail text
);
COMMENT ON COLUMN lead_look_ups.query_hash IS 'What was sent, as a hash: leads of one location that would send the same share an answer.';
COMMENT ON COLUMN lead_look_ups.credits IS 'Reserved while it is asked, then spent.';
CREATE INDEX idx_lead_look_ups_query ON lead_look_ups (tenant_id, provider, query_hash);
CREATE INDEX idx_lead_look_ups_age ON lead_look_ups (asked_at);

-- What a location has spent and got, by UTC day. Says nothing about any lead.
CREATE TABLE look_up_days (
  tenant_id text NOT NULL,
  provider text NOT NULL,
  day date NOT NULL,
  reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  spent numeric NOT NULL DEFAULT 0 CHECK (spent >= 0),
  found int NOT NULL DEFAULT 0,
  partly int NOT NULL DEFAULT 0,
  none int NOT NULL DEFAULT 0,
  error int NOT NULL DEFAULT 0,
  refused int NOT NULL DEFAULT 0,
  reused int NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, provider, day)
);
COMMENT ON COLUMN look_up_days.refused IS 'Not asked, since what may be spent in the day was used up.';
COMMENT ON COLUMN look_up_days.reused IS 'Answered out of what another lead with the same question was told.';

ALTER TABLE lead_look_ups ENABLE ROW LEVEL SECURITY;
ALTER TABLE look_up_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON lead_look_ups USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON look_up_days USING (sees_tenant(tenant_id));

-- Down Migration

DROP TABLE look_up_days;
DROP TABLE lead_look_ups;
