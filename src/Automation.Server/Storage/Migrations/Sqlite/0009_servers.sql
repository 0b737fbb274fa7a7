-- As on PostgreSQL, where several servers share a database. Here there is one, broker 0.
ALTER TABLE servers ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE servers ADD COLUMN instance TEXT NOT NULL DEFAULT '';
ALTER TABLE servers ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0;

CREATE TABLE held_duties (
  name TEXT PRIMARY KEY,
  owner INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN cancel_at INTEGER;
CREATE INDEX runs_to_cancel ON runs (owner) WHERE cancel_at IS NOT NULL AND ended_at IS NULL;

CREATE TABLE brokers (
  name TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE mqtt_retained RENAME TO mqtt_retained_before;
CREATE TABLE mqtt_retained (
  topic TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  broker INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (broker, topic)
) STRICT, WITHOUT ROWID;
INSERT INTO mqtt_retained (topic, message_id) SELECT topic, message_id FROM mqtt_retained_before;
DROP TABLE mqtt_retained_before;
