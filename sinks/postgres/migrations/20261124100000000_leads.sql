-- Up Migration

CREATE TYPE lead_status AS ENUM ('new', 'contacted', 'qualified', 'disqualified', 'converted', 'lost', 'dormant', 'reactivated');
CREATE TYPE lead_temperature AS ENUM ('hot', 'warm', 'cold', 'frozen', 'unknown');
CREATE TYPE priority_level AS ENUM ('low', 'medium', 'high', 'urgent', 'critical');

-- How far each topic is stored. Written in the transaction that stores the rows, so that neither is ahead of the other.
CREATE TABLE sink_offsets (
  topic text NOT NULL,
  partition int NOT NULL,
  next_offset bigint,
  caught_up_at timestamptz,
  PRIMARY KEY (topic, partition)
);
COMMENT ON COLUMN sink_offsets.next_offset IS 'First offset that is not stored; null while none is.';
COMMENT ON COLUMN sink_offsets.caught_up_at IS 'Everything that was on the partition at this time is stored. The send fence denies when it is old.';

CREATE TABLE tenants (
  tenant_id text PRIMARY KEY,
  name text NOT NULL,
  status text NOT NULL,
  automation boolean NOT NULL,
  record jsonb NOT NULL,
  updated_at timestamptz NOT NULL
);
COMMENT ON COLUMN tenants.record IS 'The Tenant record as it is on the topic.';

CREATE TABLE leads (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  contact_id text NOT NULL,
  email text,
  first_name text,
  last_name text,
  phone text,
  company text,
  source text NOT NULL DEFAULT 'unknown',
  lead_score int NOT NULL DEFAULT 0 CHECK (lead_score BETWEEN 0 AND 100),
  temperature lead_temperature NOT NULL DEFAULT 'unknown',
  status lead_status NOT NULL DEFAULT 'new',
  priority priority_level NOT NULL DEFAULT 'medium',
  priority_score int NOT NULL DEFAULT 0,
  intent_level text NOT NULL,
  scoring_reasoning text,
  last_score_update timestamptz,
  timezone text,
  city text,
  state text,
  country text,
  postal_code text,
  assigned_agent_id text,
  assigned_at timestamptz,
  conversion_value numeric,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  last_activity timestamptz NOT NULL,
  last_contacted timestamptz,
  deleted_at timestamptz,
  deleted_reason text,
  epoch int NOT NULL,
  version int NOT NULL,
  profile jsonb NOT NULL,
  UNIQUE (tenant_id, contact_id),
  CHECK (lead_score <= 50 OR scoring_reasoning IS NOT NULL)
);
COMMENT ON COLUMN leads.id IS 'Lead key: <location id>:<contact id>.';
COMMENT ON COLUMN leads.priority_score IS '100 times the priority of the intent level (1 to 5) plus the score (0 to 100).';
COMMENT ON COLUMN leads.assigned_agent_id IS 'The realtor (GHL user). The stored vocabulary says agent for humans.';

CREATE INDEX idx_leads_status_priority ON leads (status, priority_score DESC, created_at DESC);
CREATE INDEX idx_leads_last_activity ON leads (last_activity DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_leads_contact ON leads (contact_id);

CREATE TABLE lead_assignments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  assigned_agent_id text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'ended')),
  created_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX idx_lead_assignments_agent ON lead_assignments (assigned_agent_id, status, created_at DESC);
CREATE UNIQUE INDEX idx_lead_assignments_active ON lead_assignments (lead_id) WHERE status = 'active';

CREATE TABLE decisions (
  decision_id text PRIMARY KEY,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  contact_id text NOT NULL,
  type text NOT NULL,
  chosen text NOT NULL,
  reason text NOT NULL,
  stage text NOT NULL,
  stop_reason text NOT NULL,
  epoch int NOT NULL,
  policy_hash text NOT NULL,
  asked_at timestamptz NOT NULL,
  decided_at timestamptz NOT NULL,
  due_at timestamptz,
  record jsonb NOT NULL
);
CREATE INDEX idx_decisions_lead ON decisions (lead_id, decided_at DESC);
CREATE INDEX idx_decisions_decided ON decisions (decided_at DESC, decision_id);

-- Down Migration

DROP TABLE decisions;
DROP TABLE lead_assignments;
DROP TABLE leads;
DROP TABLE tenants;
DROP TABLE sink_offsets;
DROP TYPE priority_level;
DROP TYPE lead_temperature;
DROP TYPE lead_status;
