-- What runs wait for: a time, something by its match, or the earlier of both. ended_at is set once it is over; the row goes when its run has gone on.
CREATE TABLE waits (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  due_at INTEGER,
  match TEXT,
  ended_at INTEGER,
  data BLOB
) STRICT;

CREATE INDEX waits_due ON waits (due_at) WHERE ended_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX waits_match ON waits (match) WHERE ended_at IS NULL AND match IS NOT NULL;
CREATE INDEX waits_by_run ON waits (run_id);

-- A waiting run is nobody's and not to be claimed, however many there are: state running -> waiting -> running ...
DROP INDEX runs_open;
CREATE INDEX runs_open ON runs (owner, id) WHERE ended_at IS NULL AND state <> 'waiting';
CREATE INDEX runs_waiting ON runs (id) WHERE state = 'waiting';
