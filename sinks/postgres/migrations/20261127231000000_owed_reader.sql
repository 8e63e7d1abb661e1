-- Up Migration

-- Who waits for an answer is read by the API too: with what no webhook had told of, and how far each location is compared.
-- Both are under the policy of their tenant since they were made.
GRANT SELECT ON sweep_findings, sweep_cursors TO rekindle_reader;

-- Down Migration

REVOKE SELECT ON sweep_findings, sweep_cursors FROM rekindle_reader;
