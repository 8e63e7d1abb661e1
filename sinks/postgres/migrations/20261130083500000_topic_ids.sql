-- Up Migration

-- Which topic an offset counts the records of: one that is deleted and made anew has another id under the same name.
ALTER TABLE sink_offsets ADD COLUMN topic_id text;
COMMENT ON COLUMN sink_offsets.topic_id IS 'Id that Kafka gave the topic; null where it is not known yet, and is then that of the topic of today.';

-- Down Migration

ALTER TABLE sink_offsets DROP COLUMN topic_id;
