-- Up Migration

-- How many opted out of our texts in 7 days, and how many texts did not arrive, is asked before each text that begins a conversation.
CREATE INDEX idx_address_statements_opt_outs ON address_statements (tenant_id, stated_at) WHERE status = 'revoked' AND channel = 'sms';
CREATE INDEX idx_communications_texts_failed ON communications (tenant_id, sent_at) WHERE channel = 'sms' AND direction = 'outbound' AND status IN ('failed', 'undelivered');

-- Down Migration

DROP INDEX idx_communications_texts_failed;
DROP INDEX idx_address_statements_opt_outs;
