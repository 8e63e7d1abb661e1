-- Up Migration

-- How many sweeps in a row each contact that could not be read has held up: any process goes on with the count.
ALTER TABLE sweep_cursors ADD COLUMN held_up jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN sweep_cursors.held_up IS 'By contact: sweeps in a row that it broke while others could be read. Empty when the last one that came to its end was whole.';

-- Down Migration

ALTER TABLE sweep_cursors DROP COLUMN held_up;
