-- Kinds of events that endpoints can subscribe to, as people describe them.
CREATE TABLE event_types (
  name TEXT PRIMARY KEY,
  description TEXT,
  example TEXT,
  from_file BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);

-- Where outside applications hear of events. state: active | paused | disabled. Secrets follow from endpoint_key, the id, created_at and the generation; none is stored.
CREATE TABLE endpoints (
  id TEXT PRIMARY KEY,
  config TEXT NOT NULL,
  from_file BIGINT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  generation BIGINT NOT NULL,
  previous_until BIGINT,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  failing_since BIGINT
);

CREATE TABLE subscriptions (
  endpoint_id TEXT NOT NULL,
  pattern TEXT NOT NULL,
  PRIMARY KEY (endpoint_id, pattern)
);

CREATE TABLE endpoint_keys (
  id BIGINT PRIMARY KEY,
  secret BYTEA NOT NULL
);

-- Events on their way to endpoints. after: the last endpoint that was looked at; null until the triggers of type event have it. ended_at: when the last endpoint had its delivery.
CREATE TABLE emissions (
  id BIGINT PRIMARY KEY,
  emit_id TEXT,
  type TEXT NOT NULL,
  key TEXT,
  data TEXT NOT NULL,
  source TEXT NOT NULL,
  depth BIGINT NOT NULL,
  run_id BIGINT NOT NULL,
  workflow_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  after TEXT,
  deliveries BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT
);

CREATE INDEX emissions_open ON emissions (id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX emissions_by_emit_id ON emissions (type, emit_id) WHERE emit_id IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN endpoint_id TEXT;
ALTER TABLE deliveries ADD COLUMN emission_id BIGINT;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id) WHERE endpoint_id IS NOT NULL;
CREATE INDEX deliveries_by_emission ON deliveries (emission_id) WHERE emission_id IS NOT NULL;
