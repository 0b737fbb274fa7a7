-- Kinds of events that endpoints can subscribe to, as people describe them.
CREATE TABLE event_types (
  name TEXT PRIMARY KEY,
  description TEXT,
  example TEXT,
  from_file INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

-- Where outside applications hear of events. state: active | paused | disabled. Secrets follow from endpoint_key, the id, created_at and the generation; none is stored.
CREATE TABLE endpoints (
  id TEXT PRIMARY KEY,
  config TEXT NOT NULL,
  from_file INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  generation INTEGER NOT NULL,
  previous_until INTEGER,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  failing_since INTEGER
) STRICT;

CREATE TABLE subscriptions (
  endpoint_id TEXT NOT NULL,
  pattern TEXT NOT NULL,
  PRIMARY KEY (endpoint_id, pattern)
) STRICT;

CREATE TABLE endpoint_keys (
  id INTEGER PRIMARY KEY,
  secret BLOB NOT NULL
) STRICT;

-- Events on their way to endpoints. after: the last endpoint that was looked at; null until the triggers of type event have it. ended_at: when the last endpoint had its delivery.
CREATE TABLE emissions (
  id INTEGER PRIMARY KEY,
  emit_id TEXT,
  type TEXT NOT NULL,
  key TEXT,
  data TEXT NOT NULL,
  source TEXT NOT NULL,
  depth INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  after TEXT,
  deliveries INTEGER NOT NULL DEFAULT 0,
  ended_at INTEGER
) STRICT;

CREATE INDEX emissions_open ON emissions (id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX emissions_by_emit_id ON emissions (type, emit_id) WHERE emit_id IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN endpoint_id TEXT;
ALTER TABLE deliveries ADD COLUMN emission_id INTEGER;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id) WHERE endpoint_id IS NOT NULL;
CREATE INDEX deliveries_by_emission ON deliveries (emission_id) WHERE emission_id IS NOT NULL;
