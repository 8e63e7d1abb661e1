-- Up Migration

-- Decisions in which a gate took what the votes alone were clearly for: what rules cost, the newest first.
CREATE INDEX idx_decisions_denied ON decisions (decided_at DESC, decision_id) WHERE record -> 'conflicts' ? 'gate-vs-pool';

-- Down Migration

DROP INDEX idx_decisions_denied;
