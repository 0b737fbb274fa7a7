-- A run with a key waits (blocked) while an earlier one of its workflow and key is open, or while the key is parked.
ALTER TABLE runs ADD COLUMN key TEXT;
ALTER TABLE runs ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;

DROP INDEX runs_open;
CREATE INDEX runs_open ON runs (owner, id) WHERE ended_at IS NULL AND state <> 'waiting' AND blocked = 0;
CREATE INDEX runs_open_by_key ON runs (workflow_id, key, id) WHERE key IS NOT NULL AND ended_at IS NULL;
CREATE INDEX runs_by_key ON runs (workflow_id, key, id) WHERE key IS NOT NULL;

-- What a key keeps between its runs. parked_run: the failed run that holds up the others.
CREATE TABLE keys (
  workflow_id TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  parked_run INTEGER,
  parked_at INTEGER,
  PRIMARY KEY (workflow_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_parked ON keys (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX keys_expiring ON keys (expires_at) WHERE expires_at IS NOT NULL;
