-- Up Migration

-- What a lead has stated of permissions is read by the API too. It is under the policy of its tenant since it was made.
GRANT SELECT ON consent_statements TO rekindle_reader;

-- Down Migration

REVOKE SELECT ON consent_statements FROM rekindle_reader;
