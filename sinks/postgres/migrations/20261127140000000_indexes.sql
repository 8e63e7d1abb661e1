-- Up Migration

-- What each is for, and what became of the others of the set: docs/postgres.md.
CREATE INDEX idx_leads_score_status_created ON leads (lead_score DESC, status, created_at DESC) WHERE deleted_at IS NULL;
CREATE INDEX idx_leads_temperature_interaction ON leads (temperature, last_activity, status) WHERE deleted_at IS NULL;
CREATE INDEX idx_leads_high_intent_routing ON leads (assigned_agent_id, lead_score DESC, status)
  WHERE deleted_at IS NULL AND lead_score >= 50 AND status IN ('new', 'contacted', 'qualified', 'reactivated');
CREATE INDEX idx_leads_hot_only ON leads (lead_score DESC, created_at DESC) WHERE deleted_at IS NULL AND temperature = 'hot';
CREATE INDEX idx_leads_tenant_activity ON leads (tenant_id, last_activity DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_communications_followup_history ON communications (lead_id, sent_at DESC) WHERE direction = 'outbound';
CREATE INDEX idx_communications_response_tracking ON communications (lead_id, sent_at) WHERE direction = 'inbound';
CREATE INDEX idx_communications_recent_only ON communications (tenant_id, sent_at DESC);

-- Down Migration

DROP INDEX idx_communications_recent_only;
DROP INDEX idx_communications_response_tracking;
DROP INDEX idx_communications_followup_history;
DROP INDEX idx_leads_tenant_activity;
DROP INDEX idx_leads_hot_only;
DROP INDEX idx_leads_high_intent_routing;
DROP INDEX idx_leads_temperature_interaction;
DROP INDEX idx_leads_score_status_created;
