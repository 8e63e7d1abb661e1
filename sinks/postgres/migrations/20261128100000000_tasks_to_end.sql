-- Up Migration

-- Questions that have ended, whose task at the provider is to be looked after.
CREATE INDEX idx_followup_actions_tasks_to_end ON followup_actions (next_check_at)
  WHERE action = 'ask' AND status IN ('cancelled', 'confirmed') AND message_id IS NOT NULL;

-- Down Migration

DROP INDEX idx_followup_actions_tasks_to_end;
