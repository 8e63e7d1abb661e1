-- Up Migration

-- Tens of thousands of contacts take hours: what broke in the last of them, and every process that is replaced, began the stretch anew.
ALTER TABLE sweep_cursors ADD COLUMN read_until timestamptz;
COMMENT ON COLUMN sweep_cursors.read_until IS 'Of a stretch that was not read to its end: what changed before is told, and the next sweep goes on from there.';

-- Down Migration

ALTER TABLE sweep_cursors DROP COLUMN read_until;
