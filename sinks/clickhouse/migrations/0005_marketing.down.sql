DROP VIEW IF EXISTS {analytics}.v_doubled_marketing SYNC;

DROP VIEW IF EXISTS {analytics}.v_channel_months SYNC;

DROP VIEW IF EXISTS {analytics}.v_spend SYNC;

DROP VIEW IF EXISTS {analytics}.v_findings_latest SYNC;

DROP VIEW IF EXISTS {analytics}.v_findings SYNC;

DROP VIEW IF EXISTS {database}.channel_days_v1 SYNC;

DROP TABLE IF EXISTS {database}.channel_days SYNC;

DROP TABLE IF EXISTS {database}.marketing_spend SYNC;

DROP TABLE IF EXISTS {database}.journeys SYNC;

DROP TABLE IF EXISTS {database}.insights SYNC;
