-- Up Migration

-- What a person who is asked has to know, and who is to have a lead when the realtor who was chosen can not.
ALTER TABLE followup_actions ADD COLUMN body text, ADD COLUMN alternates jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN followup_actions.body IS 'Of an ask: what the person has to know to decide, in words.';
COMMENT ON COLUMN followup_actions.alternates IS 'Of an assignment: realtors (GHL users) who are to have the lead, in this order, when the assignee can not.';

-- Down Migration

ALTER TABLE followup_actions DROP COLUMN body, DROP COLUMN alternates;
