-- Up Migration

CREATE FUNCTION phone_key(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN length(regexp_replace(phone, '\D', '', 'g')) >= 7 THEN right(regexp_replace(phone, '\D', '', 'g'), 10) END;
COMMENT ON FUNCTION phone_key IS 'With and without the country code it is one number.';
CREATE FUNCTION email_key(email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN nullif(lower(btrim(email)), '');
CREATE OR REPLACE FUNCTION lead_phone_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN phone_key((lead).phone);
CREATE OR REPLACE FUNCTION lead_email_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN email_key((lead).email);
CREATE FUNCTION address_key(tenant text, channel text, address text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN encode(sha256(convert_to(tenant || ' ' || CASE channel WHEN 'email' THEN email_key(address) ELSE phone_key(address) END, 'UTF8')), 'hex');
COMMENT ON FUNCTION address_key IS 'Of a number (sms, call) or an e-mail address (email) within a location; null for what is neither.';

-- What was said of permission from a number or an e-mail address: it counts for every lead of the location that has it. Append-only.
CREATE TABLE address_statements (
  tenant_id text NOT NULL,
  address_key text NOT NULL,
  channel text NOT NULL,
  purpose text NOT NULL,
  event_id text NOT NULL,
  status text NOT NULL,
  stated_at timestamptz NOT NULL,
  words text,
  lead_id text,
  stored_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, address_key, channel, purpose, event_id)
);
COMMENT ON COLUMN address_statements.purpose IS 'all | marketing | inquiry | transactional';
COMMENT ON COLUMN address_statements.status IS 'revoked | express';
COMMENT ON COLUMN address_statements.lead_id IS 'Who said so; null, as the words are, once that lead was erased.';
COMMENT ON COLUMN address_statements.stored_at IS 'By our clock.';
CREATE INDEX idx_address_statements_event ON address_statements (tenant_id, event_id);
CREATE INDEX idx_address_statements_lead ON address_statements (lead_id);

-- What stands by now is taken as said from the address of now: no older one is kept.
INSERT INTO address_statements (tenant_id, address_key, channel, purpose, event_id, status, stated_at, words, lead_id, stored_at)
SELECT tenant_id, key, channel, purpose, stated ->> 'eventId', stated ->> 'status', to_timestamp((stated ->> 'at')::numeric / 1000), stated ->> 'words', id, clock_timestamp()
FROM leads
CROSS JOIN LATERAL jsonb_each(profile -> 'consents') AS told (scope, stated)
CROSS JOIN LATERAL (SELECT split_part(scope, '/', 1), split_part(scope, '/', 2)) AS part (channel, named)
CROSS JOIN LATERAL (
  SELECT address_key(tenant_id, channel, CASE channel WHEN 'email' THEN email ELSE phone END),
    CASE WHEN named IN ('marketing', 'inquiry', 'transactional') THEN named ELSE 'all' END
) AS said (key, purpose)
WHERE stated ->> 'status' IN ('revoked', 'express') AND channel IN ('sms', 'email', 'call') AND key IS NOT NULL
ON CONFLICT DO NOTHING;

ALTER TABLE address_statements ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON address_statements USING (sees_tenant(tenant_id));
GRANT SELECT ON address_statements TO rekindle_reader;

-- Down Migration

DROP TABLE address_statements;
DROP FUNCTION address_key;
CREATE OR REPLACE FUNCTION lead_email_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN nullif(lower(btrim((lead).email)), '');
CREATE OR REPLACE FUNCTION lead_phone_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN length(regexp_replace((lead).phone, '\D', '', 'g')) >= 7 THEN right(regexp_replace((lead).phone, '\D', '', 'g'), 10) END;
DROP FUNCTION email_key;
DROP FUNCTION phone_key;
