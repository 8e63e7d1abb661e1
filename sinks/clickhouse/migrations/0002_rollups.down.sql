DROP VIEW IF EXISTS {database}.followups_current_v1 SYNC;

DROP TABLE IF EXISTS {database}.followups_current SYNC;

DROP VIEW IF EXISTS {database}.decisions_per_minute_v1 SYNC;

DROP TABLE IF EXISTS {database}.decisions_per_minute SYNC;
