-- Up Migration

-- A message of ours that the platform told of before we knew that it had arrived was taken for one of another program.
UPDATE communications AS said SET sender = 'rekindle' FROM followup_actions AS ours
WHERE ours.action = 'send_message' AND ours.message_id IS NOT NULL AND said.tenant_id = ours.tenant_id AND said.external_id = ours.message_id
  AND said.lead_id = ours.lead_id AND said.direction = 'outbound' AND said.sender <> 'rekindle';

-- Down Migration

-- Whose a message is stays known.
SELECT 1;
