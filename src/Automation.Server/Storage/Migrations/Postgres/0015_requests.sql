-- Requests to hooks that started nothing: refused, or captured for a path without a workflow. Only the newest are kept.
CREATE TABLE requests (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  query TEXT NOT NULL,
  headers TEXT NOT NULL,
  content_type TEXT,
  body BYTEA NOT NULL,
  body_size BIGINT NOT NULL,
  remote_address TEXT,
  status BIGINT NOT NULL,
  workflow_id TEXT,
  trigger_id TEXT,
  scheme TEXT,
  reason TEXT,
  hint TEXT,
  signed TEXT,
  skipped BIGINT NOT NULL
);

CREATE TABLE captures (path TEXT PRIMARY KEY, until_at BIGINT NOT NULL);
