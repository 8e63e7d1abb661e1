-- Up Migration

-- By what two leads may be one person. Beside the words of a lead, because it changes as seldom as they do.
CREATE FUNCTION lead_phone_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN length(regexp_replace((lead).phone, '\D', '', 'g')) >= 7 THEN right(regexp_replace((lead).phone, '\D', '', 'g'), 10) END;
COMMENT ON FUNCTION lead_phone_key IS 'With and without the country code it is one number.';
CREATE FUNCTION lead_email_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN nullif(lower(btrim((lead).email)), '');
CREATE FUNCTION lead_name_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN btrim((lead).first_name) <> '' AND btrim((lead).last_name) <> '' AND btrim((lead).postal_code) <> ''
    THEN search_fold(lower(btrim((lead).first_name) || ' ' || btrim((lead).last_name))) || ' ' || left(btrim((lead).postal_code), 5) END;
COMMENT ON FUNCTION lead_name_key IS 'First and last name and postal code; of nine digits the first five.';

ALTER TABLE lead_search ADD COLUMN phone_key text, ADD COLUMN email_key text, ADD COLUMN name_key text;
UPDATE lead_search SET phone_key = lead_phone_key(leads), email_key = lead_email_key(leads), name_key = lead_name_key(leads)
FROM leads WHERE leads.id = lead_search.lead_id;
CREATE INDEX idx_lead_search_phone ON lead_search (tenant_id, phone_key);
CREATE INDEX idx_lead_search_email ON lead_search (tenant_id, email_key);
CREATE INDEX idx_lead_search_name ON lead_search (tenant_id, name_key);

-- Down Migration

ALTER TABLE lead_search DROP COLUMN phone_key, DROP COLUMN email_key, DROP COLUMN name_key;
DROP FUNCTION lead_name_key;
DROP FUNCTION lead_email_key;
DROP FUNCTION lead_phone_key;
