-- Up Migration

-- People are also asked where too few voices were heard twice in a row.
DROP INDEX idx_decisions_asked;
CREATE INDEX idx_decisions_asked ON decisions (decision_id)
WHERE record ->> 'auditSelected' = 'true' OR record ->> 'escalation' = 'undecided' OR record ->> 'escalation' = 'quorum_failed_twice';

-- Down Migration

DROP INDEX idx_decisions_asked;
CREATE INDEX idx_decisions_asked ON decisions (decision_id) WHERE record ->> 'auditSelected' = 'true' OR record ->> 'escalation' = 'undecided';
