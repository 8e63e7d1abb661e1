-- Up Migration

COMMENT ON COLUMN learned_policies.outcome IS 'publish, few, rolled_back, worse or unsound.';

-- Down Migration

COMMENT ON COLUMN learned_policies.outcome IS 'publish, few, worse or unsound.';
