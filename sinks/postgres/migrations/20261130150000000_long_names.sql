-- Up Migration

-- An index takes 2,704 bytes and the words of a row a megabyte: a name of a thousand letters of three bytes, or thousands of tags,
-- would stop the sink.
CREATE OR REPLACE FUNCTION lead_name_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN btrim((lead).first_name) <> '' AND btrim((lead).last_name) <> '' AND btrim((lead).postal_code) <> ''
    THEN left(search_fold(lower(btrim((lead).first_name) || ' ' || btrim((lead).last_name))), 200) || ' ' || left(btrim((lead).postal_code), 5) END;
COMMENT ON FUNCTION lead_name_key IS 'First and last name, 200 letters at most, and postal code; of nine digits the first five.';
UPDATE lead_search SET name_key = lead_name_key(leads) FROM leads WHERE leads.id = lead_search.lead_id AND length(name_key) > 200;

CREATE OR REPLACE FUNCTION lead_words(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN coalesce((lead).first_name, '') || ' ' || coalesce((lead).last_name, '') || ' . ' || coalesce((lead).email, '') || ' . '
    || coalesce(regexp_replace((lead).phone, '\D', '', 'g') || ' ' || right(regexp_replace((lead).phone, '\D', '', 'g'), 10), '') || ' . '
    || coalesce((lead).company, '') || ' . ' || coalesce((lead).city, '') || ' . ' || coalesce((lead).state, '') || ' . '
    || coalesce((lead).postal_code, '') || ' . ' || (lead).source || ' . ' || coalesce(left((lead).profile ->> 'tags', 10000), '');

-- Down Migration

CREATE OR REPLACE FUNCTION lead_words(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN coalesce((lead).first_name, '') || ' ' || coalesce((lead).last_name, '') || ' . ' || coalesce((lead).email, '') || ' . '
    || coalesce(regexp_replace((lead).phone, '\D', '', 'g') || ' ' || right(regexp_replace((lead).phone, '\D', '', 'g'), 10), '') || ' . '
    || coalesce((lead).company, '') || ' . ' || coalesce((lead).city, '') || ' . ' || coalesce((lead).state, '') || ' . '
    || coalesce((lead).postal_code, '') || ' . ' || (lead).source || ' . ' || coalesce((lead).profile ->> 'tags', '');

CREATE OR REPLACE FUNCTION lead_name_key(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN btrim((lead).first_name) <> '' AND btrim((lead).last_name) <> '' AND btrim((lead).postal_code) <> ''
    THEN search_fold(lower(btrim((lead).first_name) || ' ' || btrim((lead).last_name))) || ' ' || left(btrim((lead).postal_code), 5) END;
COMMENT ON FUNCTION lead_name_key IS 'First and last name and postal code; of nine digits the first five.';
