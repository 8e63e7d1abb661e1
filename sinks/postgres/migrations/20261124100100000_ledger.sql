-- Up Migration

-- The ledger of intended actions: one row per intent, and its status is the reservation. No foreign key to leads: the two
-- come from two topics in no common order.
CREATE TABLE followup_actions (
  followup_id text PRIMARY KEY,
  intent_key text NOT NULL UNIQUE,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  contact_id text NOT NULL,
  decision_id text NOT NULL,
  epoch int NOT NULL,
  action text NOT NULL,
  channel text NOT NULL,
  template_id text,
  message text,
  subject text,
  priority int NOT NULL,
  planned_because text NOT NULL,
  planned_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  partition int NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN (
    'pending', 'deferred', 'reserved', 'handed_over', 'confirmed', 'unknown', 'failed', 'denied', 'superseded', 'cancelled', 'expired')),
  scheduled_at timestamptz NOT NULL,
  sequence int NOT NULL DEFAULT 0,
  attempt int NOT NULL DEFAULT 0,
  gate_id text,
  rule_id text,
  reason text,
  lifts_at timestamptz,
  gates jsonb NOT NULL DEFAULT '[]',
  message_id text,
  reserved_by text,
  reserved_at timestamptz,
  handed_over_at timestamptz,
  settled_at timestamptz,
  next_check_at timestamptz,
  updated_at timestamptz NOT NULL
);
COMMENT ON COLUMN followup_actions.due_at IS 'When the decision wanted it.';
COMMENT ON COLUMN followup_actions.scheduled_at IS 'When it is looked at next: due_at, moved by gates that lift later.';
COMMENT ON COLUMN followup_actions.partition IS 'Kafka partition of the lead: which part of the copy must be complete.';

CREATE INDEX idx_followup_actions_lead_pending ON followup_actions (lead_id, scheduled_at) WHERE status IN ('pending', 'deferred');
CREATE INDEX idx_followup_actions_due ON followup_actions (scheduled_at) WHERE status IN ('pending', 'deferred');
CREATE INDEX idx_followup_actions_in_hand ON followup_actions (updated_at) WHERE status IN ('reserved', 'handed_over');
CREATE INDEX idx_followup_actions_unknown ON followup_actions (next_check_at) WHERE status = 'unknown';
CREATE INDEX idx_followup_actions_lead_sent ON followup_actions (lead_id, reserved_at DESC) WHERE reserved_at IS NOT NULL;
CREATE INDEX idx_followup_actions_lead ON followup_actions (lead_id, planned_at DESC);
CREATE INDEX idx_followup_actions_message ON followup_actions (tenant_id, message_id) WHERE message_id IS NOT NULL;

-- Changes of the ledger on their way to the topic, committed with the change itself.
CREATE TABLE delivery_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  delivery_id text NOT NULL UNIQUE,
  lead_id text NOT NULL,
  record jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  published_at timestamptz
);
CREATE INDEX idx_delivery_outbox_unpublished ON delivery_outbox (id) WHERE published_at IS NULL;
CREATE INDEX idx_delivery_outbox_published ON delivery_outbox (published_at) WHERE published_at IS NOT NULL;

-- The deliveries topic, for queries.
CREATE TABLE deliveries (
  delivery_id text PRIMARY KEY,
  followup_id text NOT NULL,
  sequence int NOT NULL,
  lead_id text NOT NULL,
  tenant_id text NOT NULL,
  contact_id text NOT NULL,
  decision_id text NOT NULL,
  action text NOT NULL,
  channel text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  record jsonb NOT NULL
);
CREATE INDEX idx_deliveries_lead ON deliveries (lead_id, at DESC);
CREATE INDEX idx_deliveries_followup ON deliveries (followup_id, sequence);

-- Down Migration

DROP TABLE deliveries;
DROP TABLE delivery_outbox;
DROP TABLE followup_actions;
