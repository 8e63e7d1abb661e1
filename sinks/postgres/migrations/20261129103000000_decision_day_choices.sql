-- Up Migration

-- What was chosen on days that are over, so that the overview need not count every decision there ever was. The sinks count the days again.
DELETE FROM counted_days;
ALTER TABLE decision_days
  DROP CONSTRAINT decision_days_pkey,
  ADD COLUMN chosen text NOT NULL,
  ADD COLUMN decisions bigint NOT NULL,
  ADD PRIMARY KEY (day, tenant_id, type, chosen);
COMMENT ON COLUMN decision_days.decisions IS 'All decisions for this option, superseded ones too.';

-- Down Migration

DELETE FROM counted_days;
ALTER TABLE decision_days
  DROP CONSTRAINT decision_days_pkey,
  DROP COLUMN decisions,
  DROP COLUMN chosen,
  ADD PRIMARY KEY (day, tenant_id, type);
