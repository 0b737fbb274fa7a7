-- Servers that share the database. instance: the data folder; lease_until by this database's clock. A row that is gone fences its server off.
ALTER TABLE servers ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE servers ADD COLUMN instance TEXT NOT NULL DEFAULT '';
ALTER TABLE servers ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;

-- What one server does for all, as long as it lives.
CREATE TABLE held_duties (
  name TEXT PRIMARY KEY,
  owner BIGINT NOT NULL
);

-- An operator wants the run ended, and its owner is to do it.
ALTER TABLE runs ADD COLUMN cancel_at BIGINT;
CREATE INDEX runs_to_cancel ON runs (owner) WHERE cancel_at IS NOT NULL AND ended_at IS NULL;

-- The embedded MQTT broker of each server, by the server's name. Numbers of its sessions and messages are stored with this number in front (44 bits are theirs).
CREATE TABLE brokers (
  name TEXT PRIMARY KEY,
  number BIGINT NOT NULL
);

ALTER TABLE mqtt_retained ADD COLUMN broker BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mqtt_retained DROP CONSTRAINT mqtt_retained_pkey;
ALTER TABLE mqtt_retained ADD PRIMARY KEY (broker, topic);
