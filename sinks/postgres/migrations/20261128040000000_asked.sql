-- Up Migration

-- People are asked about decisions that were chosen by chance and about those that the agents could not decide.
DROP INDEX idx_decisions_audits;
CREATE INDEX idx_decisions_asked ON decisions (decision_id) WHERE record ->> 'auditSelected' = 'true' OR record ->> 'escalation' = 'undecided';

-- Down Migration

DROP INDEX idx_decisions_asked;
CREATE INDEX idx_decisions_audits ON decisions (decision_id) WHERE record ->> 'auditSelected' = 'true';
