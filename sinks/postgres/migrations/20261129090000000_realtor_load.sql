-- Up Migration

-- How many open leads a realtor has, counted before each assignment: by the index alone, and not lead by lead.
CREATE INDEX idx_leads_realtor_load ON leads (tenant_id, assigned_agent_id)
  WHERE assigned_agent_id IS NOT NULL AND deleted_at IS NULL AND status NOT IN ('converted', 'lost', 'disqualified');
-- Assignments that are on their way to a realtor: a few, beside all that were ever given.
CREATE INDEX idx_followup_actions_on_the_way ON followup_actions (tenant_id, assignee_id)
  WHERE action = 'assign' AND status IN ('reserved', 'handed_over', 'unknown');

-- Down Migration

DROP INDEX idx_followup_actions_on_the_way;
DROP INDEX idx_leads_realtor_load;
