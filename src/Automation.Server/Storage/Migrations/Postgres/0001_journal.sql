-- SQLite's 0001 to 0006 in one; what the columns mean is said there. Numbers, times (milliseconds since 1970-01-01 UTC) and flags (0, 1) are BIGINT, JSON is
-- TEXT. What is sorted or looked up by is compared byte by byte (COLLATE "C"), as in SQLite.

CREATE TABLE servers (
  id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  started_at BIGINT NOT NULL
);

CREATE TABLE versions (
  workflow_id TEXT COLLATE "C" NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  document TEXT NOT NULL,
  files TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workflow_id, hash)
);

CREATE TABLE workflows (
  id TEXT COLLATE "C" PRIMARY KEY,
  enabled BIGINT NOT NULL DEFAULT 1,
  active_hash TEXT,
  changed_at BIGINT NOT NULL
);

CREATE TABLE events (
  id BIGINT PRIMARY KEY,
  state TEXT NOT NULL,
  open_runs BIGINT NOT NULL,
  failed_runs BIGINT NOT NULL DEFAULT 0,
  trigger_type TEXT NOT NULL,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  subject TEXT,
  accepted_at BIGINT NOT NULL,
  attributes TEXT NOT NULL,
  content_type TEXT,
  body BYTEA NOT NULL
);

CREATE TABLE runs (
  id BIGINT PRIMARY KEY,
  event_id BIGINT NOT NULL,
  workflow_id TEXT COLLATE "C" NOT NULL,
  version TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  state TEXT NOT NULL,
  owner BIGINT,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  snapshot TEXT,
  step_runs TEXT,
  failed_step TEXT,
  error TEXT,
  key TEXT COLLATE "C",
  blocked BIGINT NOT NULL DEFAULT 0,
  retry_of BIGINT,
  retried_as BIGINT
);

CREATE INDEX runs_open ON runs (owner, id) WHERE ended_at IS NULL AND state <> 'waiting' AND blocked = 0;
CREATE INDEX runs_waiting ON runs (id) WHERE state = 'waiting';
CREATE INDEX runs_failed ON runs (id) WHERE state = 'failed';
CREATE INDEX runs_by_workflow ON runs (workflow_id, id);
CREATE INDEX runs_by_event ON runs (event_id);
CREATE INDEX runs_open_by_key ON runs (workflow_id, key, blocked, id) WHERE key IS NOT NULL AND ended_at IS NULL;
CREATE INDEX runs_by_key ON runs (workflow_id, key, id) WHERE key IS NOT NULL;

CREATE TABLE run_saves (
  id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  run_id BIGINT NOT NULL,
  step_runs TEXT NOT NULL
);

CREATE INDEX run_saves_by_run ON run_saves (run_id);

CREATE TABLE deliveries (
  id BIGINT PRIMARY KEY,
  run_id BIGINT NOT NULL,
  workflow_id TEXT COLLATE "C" NOT NULL,
  step_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  destination TEXT COLLATE "C" NOT NULL,
  state TEXT NOT NULL,
  owner BIGINT,
  next_attempt_at BIGINT,
  attempts BIGINT NOT NULL DEFAULT 0,
  max_attempts BIGINT NOT NULL,
  request TEXT NOT NULL,
  body BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);

CREATE INDEX deliveries_open ON deliveries (owner, destination, next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_by_run ON deliveries (run_id);

CREATE TABLE attempts (
  delivery_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  status BIGINT,
  error TEXT,
  message TEXT,
  response_head TEXT,
  PRIMARY KEY (delivery_id, number)
);

CREATE TABLE waits (
  id BIGINT PRIMARY KEY,
  run_id BIGINT NOT NULL,
  step_id TEXT NOT NULL,
  due_at BIGINT,
  match TEXT COLLATE "C",
  ended_at BIGINT,
  data BYTEA
);

CREATE INDEX waits_due ON waits (due_at) WHERE ended_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX waits_match ON waits (match) WHERE ended_at IS NULL AND match IS NOT NULL;
CREATE INDEX waits_by_run ON waits (run_id);

CREATE TABLE keys (
  workflow_id TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  state TEXT,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT,
  parked_run BIGINT,
  parked_at BIGINT,
  PRIMARY KEY (workflow_id, key)
);

CREATE INDEX keys_parked ON keys (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX keys_expiring ON keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE schedules (
  workflow_id TEXT COLLATE "C" NOT NULL,
  trigger_id TEXT COLLATE "C" NOT NULL,
  spec TEXT NOT NULL,
  next_at BIGINT,
  last_at BIGINT,
  PRIMARY KEY (workflow_id, trigger_id)
);

CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE mqtt_sessions (
  id BIGINT PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_name TEXT,
  expiry_seconds BIGINT NOT NULL,
  expires_at BIGINT,
  connected BIGINT NOT NULL
);

CREATE TABLE mqtt_subscriptions (
  session_id BIGINT NOT NULL,
  filter TEXT COLLATE "C" NOT NULL,
  qos BIGINT NOT NULL,
  no_local BIGINT NOT NULL,
  retain_as_published BIGINT NOT NULL,
  identifier BIGINT,
  wants_retained BIGINT NOT NULL,
  PRIMARY KEY (session_id, filter)
);

CREATE TABLE mqtt_messages (
  id BIGINT PRIMARY KEY,
  topic TEXT NOT NULL,
  qos BIGINT NOT NULL,
  retain BIGINT NOT NULL,
  expires_at BIGINT,
  properties BYTEA NOT NULL,
  payload BYTEA NOT NULL
);

CREATE TABLE mqtt_queue (
  session_id BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  message_id BIGINT NOT NULL,
  qos BIGINT NOT NULL,
  retain BIGINT NOT NULL,
  identifiers TEXT,
  share TEXT,
  packet_id BIGINT,
  sent_order BIGINT,
  received BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (session_id, sequence)
);

CREATE TABLE mqtt_incoming (
  session_id BIGINT NOT NULL,
  packet_id BIGINT NOT NULL,
  PRIMARY KEY (session_id, packet_id)
);

CREATE TABLE mqtt_retained (
  topic TEXT COLLATE "C" PRIMARY KEY,
  message_id BIGINT NOT NULL
);
