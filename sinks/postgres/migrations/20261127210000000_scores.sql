-- Up Migration

-- What was recorded so far has no factors: null lets the next profile of the lead record its score, however near it is.
UPDATE leads SET last_score_update = NULL;
COMMENT ON COLUMN leads.lead_score IS 'Composite score as recorded with its temperature and reasoning: see recordedScore.ts.';
COMMENT ON COLUMN leads.last_score_update IS 'When the score was recorded; null while the lead has none with factors.';

-- Down Migration

COMMENT ON COLUMN leads.last_score_update IS NULL;
COMMENT ON COLUMN leads.lead_score IS NULL;
