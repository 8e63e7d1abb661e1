-- Up Migration

-- Makes one index of a tenant and a text possible.
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- What was said, by whom and on which line: the conversations of all leads.
CREATE TABLE communications (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  lead_id text NOT NULL,
  contact_id text NOT NULL,
  channel text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  sender text NOT NULL,
  subject text,
  content text NOT NULL,
  status text,
  external_id text,
  thread_id text,
  sent_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE communications IS 'Messages and calls out of leads.events. No foreign key to leads: the two come from two topics in no common order.';
COMMENT ON COLUMN communications.id IS 'Id of the lead event.';
COMMENT ON COLUMN communications.created_at IS 'When we had it.';

CREATE INDEX idx_communications_recent_activity ON communications (lead_id, sent_at DESC) INCLUDE (channel, status);

CREATE FUNCTION search_fold(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN regexp_replace(normalize(body, NFD), '[\u0300-\u036f]', '', 'g');
COMMENT ON FUNCTION search_fold IS 'Without accents: Jose finds José.';

-- Under the locale C every character beyond ASCII counts as a letter, and "¿casa?" would be a word of its own: signs are
-- named here instead, so that the same words are found under every locale.
CREATE FUNCTION search_words(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN regexp_replace(body, '[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u3000-\u303f\ufe00-\ufe0f\ufffd\U0001f000-\U0001faff]', ' ', 'g');

-- Every word as it is written, and its English and its Spanish stem: messages do not say which language they are in.
CREATE FUNCTION search_vector(body text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN to_tsvector('pg_catalog.simple', search_fold(search_words(body))) || to_tsvector('pg_catalog.english', search_words(body))
    || to_tsvector('pg_catalog.spanish', search_words(body));

-- The words of a term in their order, in any of the three ways.
CREATE FUNCTION search_term(term text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN phraseto_tsquery('pg_catalog.simple', search_fold(search_words(term))) || phraseto_tsquery('pg_catalog.english', search_words(term))
    || phraseto_tsquery('pg_catalog.spanish', search_words(term));

CREATE FUNCTION search_is_stop_word(term text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN numnode(phraseto_tsquery('pg_catalog.english', search_words(term))) = 0
    OR numnode(phraseto_tsquery('pg_catalog.spanish', search_words(term))) = 0;

-- Numbers are found with and without the country code.
CREATE FUNCTION lead_words(lead leads) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN coalesce((lead).first_name, '') || ' ' || coalesce((lead).last_name, '') || ' . ' || coalesce((lead).email, '') || ' . '
    || coalesce(regexp_replace((lead).phone, '\D', '', 'g') || ' ' || right(regexp_replace((lead).phone, '\D', '', 'g'), 10), '') || ' . '
    || coalesce((lead).company, '') || ' . ' || coalesce((lead).city, '') || ' . ' || coalesce((lead).state, '') || ' . '
    || coalesce((lead).postal_code, '') || ' . ' || (lead).source || ' . ' || coalesce((lead).profile ->> 'tags', '');

-- A table of its own: a lead changes with each of its events, its words hardly ever, and they are what is dear to index.
CREATE TABLE lead_search (
  lead_id text PRIMARY KEY,
  tenant_id text NOT NULL,
  body text NOT NULL,
  search tsvector NOT NULL GENERATED ALWAYS AS (search_vector(body)) STORED
);
INSERT INTO lead_search (lead_id, tenant_id, body) SELECT id, tenant_id, lead_words(leads) FROM leads;
CREATE INDEX idx_lead_search ON lead_search USING gin (tenant_id, search);

ALTER TABLE communications ADD COLUMN search tsvector GENERATED ALWAYS AS (search_vector(coalesce(subject, '') || E'\n' || content)) STORED;
CREATE INDEX idx_communications_search ON communications USING gin (tenant_id, search);

-- Down Migration

DROP TABLE communications;
DROP TABLE lead_search;
DROP FUNCTION lead_words;
DROP FUNCTION search_is_stop_word;
DROP FUNCTION search_term;
DROP FUNCTION search_vector;
DROP FUNCTION search_words;
DROP FUNCTION search_fold;
DROP EXTENSION btree_gin;
