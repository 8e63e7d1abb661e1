DROP VIEW IF EXISTS {analytics}.v_doubled_records SYNC;

DROP VIEW IF EXISTS {analytics}.v_followup_outcomes SYNC;

DROP VIEW IF EXISTS {analytics}.v_lead_flow SYNC;

DROP VIEW IF EXISTS {analytics}.v_decisions SYNC;

DROP DATABASE IF EXISTS {analytics};
