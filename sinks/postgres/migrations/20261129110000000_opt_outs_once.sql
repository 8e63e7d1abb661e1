-- Up Migration

-- Every update of a contact told its permanent do-not-disturb again, each as a statement of its own. Of the history those go that said nothing new.
DELETE FROM consent_statements AS again USING (
  SELECT lead_id, channel, purpose, event_id,
    lag(status) OVER said AS status_before, lag(words) OVER said AS words_before
  FROM consent_statements WINDOW said AS (PARTITION BY lead_id, channel, purpose ORDER BY stated_at, event_id)
) AS told
WHERE again.lead_id = told.lead_id AND again.channel = told.channel AND again.purpose = told.purpose AND again.event_id = told.event_id
  AND again.status = 'revoked' AND again.words = 'dnd permanent' AND told.status_before = 'revoked' AND told.words_before = 'dnd permanent';
UPDATE consent_statements AS said SET event_id = 'first_told'
WHERE status = 'revoked' AND words = 'dnd permanent' AND NOT EXISTS (
  SELECT FROM consent_statements AS other
  WHERE other.lead_id = said.lead_id AND other.channel = said.channel AND other.purpose = said.purpose AND other.status = 'revoked'
    AND other.words = 'dnd permanent' AND (other.stated_at, other.event_id) < (said.stated_at, said.event_id));

-- Of an address the latest counts.
DELETE FROM address_statements AS again
WHERE status = 'revoked' AND words = 'dnd permanent' AND EXISTS (
  SELECT FROM address_statements AS other
  WHERE other.tenant_id = again.tenant_id AND other.address_key = again.address_key AND other.channel = again.channel AND other.purpose = again.purpose
    AND other.lead_id = again.lead_id AND other.status = 'revoked' AND other.words = 'dnd permanent'
    AND (other.stated_at, other.event_id) > (again.stated_at, again.event_id));

-- What no location was named of counts in all of them: a hash, without lead and words.
DROP POLICY own_tenant ON address_statements;
CREATE POLICY own_tenant ON address_statements
  USING (sees_tenant(tenant_id) OR (tenant_id = '' AND coalesce(current_setting('app.tenant', true), '') <> ''));

-- Down Migration

DROP POLICY own_tenant ON address_statements;
CREATE POLICY own_tenant ON address_statements USING (sees_tenant(tenant_id));

-- What was told again says nothing that is not said by what is left.
SELECT 1;
