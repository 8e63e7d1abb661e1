-- Up Migration

-- What is settled is gone through apart from what is open, and what seems to be gone is remembered until it is seen again.
ALTER TABLE inventories ADD COLUMN part text NOT NULL DEFAULT 'open';
ALTER TABLE inventories ADD COLUMN suspects jsonb NOT NULL DEFAULT '{}';
ALTER TABLE inventories DROP CONSTRAINT inventories_pkey;
ALTER TABLE inventories ADD CONSTRAINT inventories_pkey PRIMARY KEY (tenant_id, part);
COMMENT ON COLUMN inventories.part IS 'open, or settled: what is closed, past or done.';
COMMENT ON COLUMN inventories.suspects IS 'Things that seem to be gone, by kind and id, with when that was first seen, ms since the epoch.';

-- Down Migration

DELETE FROM inventories WHERE part <> 'open';
ALTER TABLE inventories DROP CONSTRAINT inventories_pkey;
ALTER TABLE inventories ADD CONSTRAINT inventories_pkey PRIMARY KEY (tenant_id);
ALTER TABLE inventories DROP COLUMN suspects;
ALTER TABLE inventories DROP COLUMN part;
