DROP VIEW IF EXISTS {analytics}.v_doubled_outcomes SYNC;

DROP VIEW IF EXISTS {analytics}.v_outcomes SYNC;

DROP TABLE IF EXISTS {database}.outcomes SYNC;
