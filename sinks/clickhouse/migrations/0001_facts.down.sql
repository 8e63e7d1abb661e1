DROP TABLE IF EXISTS {database}.deliveries SYNC;

DROP TABLE IF EXISTS {database}.decisions SYNC;

DROP TABLE IF EXISTS {database}.lead_events SYNC;
