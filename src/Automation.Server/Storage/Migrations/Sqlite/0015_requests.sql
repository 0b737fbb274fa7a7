-- Requests to hooks that started nothing: refused, or captured for a path without a workflow. Only the newest are kept.
CREATE TABLE requests (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  query TEXT NOT NULL,
  headers TEXT NOT NULL,
  content_type TEXT,
  body BLOB NOT NULL,
  body_size INTEGER NOT NULL,
  remote_address TEXT,
  status INTEGER NOT NULL,
  workflow_id TEXT,
  trigger_id TEXT,
  scheme TEXT,
  reason TEXT,
  hint TEXT,
  signed TEXT,
  skipped INTEGER NOT NULL
) STRICT;

CREATE TABLE captures (path TEXT PRIMARY KEY, until_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
