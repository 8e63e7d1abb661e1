-- Up Migration

-- What a person who is asked has to know, and who is to have a lead when the realtor who was chosen can not.
ALTER TABLE followup_actions ADD COLUMN body text, ADD COLUMN chosen_by text, ADD COLUMN alternates jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN followup_actions.body IS 'Of an ask: what the person has to know to decide, in words.';
COMMENT ON COLUMN followup_actions.chosen_by IS 'The person who was asked and chose this.';
COMMENT ON COLUMN followup_actions.alternates IS 'Of an assignment: realtors (GHL users) who are to have the lead, in this order, when the assignee can not.';
CREATE INDEX idx_followup_actions_asks ON followup_actions (expires_at) WHERE action = 'ask';

-- Down Migration

DROP INDEX idx_followup_actions_asks;
ALTER TABLE followup_actions DROP COLUMN body, DROP COLUMN chosen_by, DROP COLUMN alternates;
