-- Up Migration

-- Reads of the API are done as this role, within one tenant: see reader.ts. A role belongs to the server and may be there
-- for another database already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rekindle_reader') THEN
    BEGIN
      CREATE ROLE rekindle_reader NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END IF;
  -- Since 16 who makes a role may give it to others, but not take it on.
  IF NOT pg_has_role(current_user, 'rekindle_reader', CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
    EXECUTE format('GRANT rekindle_reader TO %I', current_user);
  END IF;
END
$$;

CREATE FUNCTION sees_tenant(tenant text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  RETURN tenant = current_setting('app.tenant', true) OR current_setting('app.tenant', true) = '*';
COMMENT ON FUNCTION sees_tenant IS 'Whether app.tenant of this transaction is the tenant, or a star for all. Not set: none.';

GRANT USAGE ON SCHEMA public TO rekindle_reader;
GRANT SELECT ON leads, lead_assignments, lead_search, communications, decisions, deliveries, followup_actions, tenants TO rekindle_reader;

ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
ALTER TABLE lead_assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE lead_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE communications ENABLE ROW LEVEL SECURITY;
ALTER TABLE decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE followup_actions ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON leads USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON lead_assignments USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON lead_search USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON communications USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON decisions USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON deliveries USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON followup_actions USING (sees_tenant(tenant_id));
CREATE POLICY own_tenant ON tenants USING (sees_tenant(tenant_id));

-- Without a policy: nobody but the owner, whatever is granted.
ALTER TABLE delivery_outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE ghl_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE sink_offsets ENABLE ROW LEVEL SECURITY;

-- Down Migration

ALTER TABLE sink_offsets DISABLE ROW LEVEL SECURITY;
ALTER TABLE ghl_grants DISABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_outbox DISABLE ROW LEVEL SECURITY;
DROP POLICY own_tenant ON tenants;
DROP POLICY own_tenant ON followup_actions;
DROP POLICY own_tenant ON deliveries;
DROP POLICY own_tenant ON decisions;
DROP POLICY own_tenant ON communications;
DROP POLICY own_tenant ON lead_search;
DROP POLICY own_tenant ON lead_assignments;
DROP POLICY own_tenant ON leads;
ALTER TABLE tenants DISABLE ROW LEVEL SECURITY;
ALTER TABLE followup_actions DISABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries DISABLE ROW LEVEL SECURITY;
ALTER TABLE decisions DISABLE ROW LEVEL SECURITY;
ALTER TABLE communications DISABLE ROW LEVEL SECURITY;
ALTER TABLE lead_search DISABLE ROW LEVEL SECURITY;
ALTER TABLE lead_assignments DISABLE ROW LEVEL SECURITY;
ALTER TABLE leads DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON leads, lead_assignments, lead_search, communications, decisions, deliveries, followup_actions, tenants FROM rekindle_reader;
-- The role stays: other databases of the server may use it.
REVOKE USAGE ON SCHEMA public FROM rekindle_reader;
DROP FUNCTION sees_tenant;
