-- Each time that another version of a workflow became the active one. cause: start | file | rollback | unpinned.
-- files: hash of the files as they were then, byte for byte. commit_id: what was checked out around them.
CREATE TABLE activations (
  id INTEGER PRIMARY KEY,
  workflow_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  cause TEXT NOT NULL,
  files TEXT,
  commit_id TEXT
) STRICT;

CREATE INDEX activations_by_workflow ON activations (workflow_id, id);

-- The active version was chosen by hand and stays while the files have this hash; null when it follows the files.
ALTER TABLE workflows ADD COLUMN pinned_files TEXT;
ALTER TABLE workflows ADD COLUMN pinned_at INTEGER;

-- Waiting runs by the version they are pinned to.
CREATE INDEX runs_waiting_by_version ON runs (workflow_id, version, id) WHERE state = 'waiting';

-- The versions that the run was moved between, a JSON array; null when it never was.
ALTER TABLE runs ADD COLUMN moves TEXT;
