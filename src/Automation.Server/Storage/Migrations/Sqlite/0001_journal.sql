-- Times are milliseconds since 1970-01-01 UTC. JSON and text are UTF-8. Ids ascend with time.

-- One row a server process; open rows name the one that holds them.
CREATE TABLE servers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at INTEGER NOT NULL
) STRICT;

-- workflow versions by content hash; a run names the one it is pinned to
CREATE TABLE versions (
  workflow_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  document TEXT NOT NULL,
  files TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workflow_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE workflows (
  id TEXT PRIMARY KEY,
  enabled INTEGER NOT NULL DEFAULT 1,
  active_hash TEXT,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- state: accepted -> done | failed, when open_runs comes to 0
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  open_runs INTEGER NOT NULL,
  failed_runs INTEGER NOT NULL DEFAULT 0,
  trigger_type TEXT NOT NULL,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  subject TEXT,
  accepted_at INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  content_type TEXT,
  body BLOB NOT NULL
) STRICT;

-- state: pending -> running -> succeeded | failed | cancelled. owner: the server that holds an open run.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  event_id INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  version TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  state TEXT NOT NULL,
  owner INTEGER,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  snapshot TEXT,
  step_runs TEXT,
  failed_step TEXT,
  error TEXT
) STRICT;

CREATE INDEX runs_open ON runs (owner, id) WHERE ended_at IS NULL;
CREATE INDEX runs_failed ON runs (id) WHERE state = 'failed';
CREATE INDEX runs_by_workflow ON runs (workflow_id, id);
CREATE INDEX runs_by_event ON runs (event_id);

-- step runs of a run's saves before its end; those of the end are in runs.step_runs
CREATE TABLE run_saves (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  step_runs TEXT NOT NULL
) STRICT;

CREATE INDEX run_saves_by_run ON run_saves (run_id);

-- state: pending -> succeeded | retrying -> ... | dead. next_attempt_at is null once it ended.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  owner INTEGER,
  next_attempt_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  request TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;

-- A claim looks at the first row of each destination, so one that is far behind costs no more than any other.
CREATE INDEX deliveries_open ON deliveries (owner, destination, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_by_run ON deliveries (run_id);

CREATE TABLE attempts (
  delivery_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status INTEGER,
  error TEXT,
  message TEXT,
  response_head TEXT,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
