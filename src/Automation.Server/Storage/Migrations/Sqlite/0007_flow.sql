-- What an accepted event is compared with: pattern is 'event:<type>' or 'mqtt:<connection>:<filter>', path says where in the event the value is that a wait's match ends with; '' for any.
CREATE TABLE wait_sources (
  pattern TEXT NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (pattern, path)
) STRICT, WITHOUT ROWID;

-- Events that ended a wait and have not been looked at by its step; more may come until it has.
CREATE TABLE wait_events (
  wait_id INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  PRIMARY KEY (wait_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX wait_events_by_event ON wait_events (event_id);

DROP INDEX waits_match;
CREATE INDEX waits_match ON waits (match) WHERE match IS NOT NULL;

-- Sign the addresses of callbacks: the newest signs, each of them is accepted.
CREATE TABLE callback_keys (
  id INTEGER PRIMARY KEY,
  secret BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- Callback addresses that are used (data) or closed (no data).
CREATE TABLE callbacks (
  address TEXT PRIMARY KEY,
  run_id INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  data TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX callbacks_by_run ON callbacks (run_id);

-- When a run has to have ended, wherever it is; null for never.
ALTER TABLE runs ADD COLUMN deadline_at INTEGER;
CREATE INDEX runs_deadline ON runs (deadline_at) WHERE state = 'waiting' AND deadline_at IS NOT NULL;
