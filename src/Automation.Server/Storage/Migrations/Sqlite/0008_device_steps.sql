-- What a step remembers of a key between runs. step_type: a step that has become another type remembers nothing.
CREATE TABLE step_states (
  workflow_id TEXT NOT NULL,
  key TEXT NOT NULL,
  step_id TEXT NOT NULL,
  step_type TEXT NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (workflow_id, key, step_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX step_states_expiring ON step_states (expires_at) WHERE expires_at IS NOT NULL;

-- Starts a run of the key at due_at, with a copy of the event: at a step (kind step; snapshot says with what) or by a trigger (kind trigger).
-- waiting = 1: its time has come, and it fires at the key's turn. next_at, next_event: what it goes on with after it has fired.
CREATE TABLE key_timers (
  workflow_id TEXT NOT NULL,
  key TEXT NOT NULL,
  target TEXT NOT NULL,
  kind TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  snapshot TEXT,
  waiting INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER,
  next_event INTEGER,
  PRIMARY KEY (workflow_id, key, target, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX key_timers_due ON key_timers (due_at) WHERE waiting = 0;
CREATE INDEX key_timers_by_event ON key_timers (event_id);

-- The event that this one is a copy of, or a repetition.
ALTER TABLE events ADD COLUMN copy_of INTEGER;

-- What the filters of a trigger remember of a key: it changes with the events that get past them, in their transaction. version: the event that got past last.
CREATE TABLE filter_states (
  workflow_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (workflow_id, trigger_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX filter_states_expiring ON filter_states (expires_at) WHERE expires_at IS NOT NULL;

-- What filters took and dropped, stored now and then. sample: the last event that was dropped.
CREATE TABLE filter_counts (
  workflow_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  passed INTEGER NOT NULL,
  by_when INTEGER NOT NULL,
  by_dedupe INTEGER NOT NULL,
  by_changed INTEGER NOT NULL,
  by_throttle INTEGER NOT NULL,
  by_repeat INTEGER NOT NULL,
  sample TEXT,
  PRIMARY KEY (workflow_id, trigger_id)
) STRICT, WITHOUT ROWID;

-- Events by what tells their repetitions, and what the first of them was answered; answer is null until there is one.
CREATE TABLE first_events (
  workflow_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  mark TEXT NOT NULL,
  event_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  answer TEXT,
  PRIMARY KEY (workflow_id, trigger_id, mark)
) STRICT, WITHOUT ROWID;

CREATE INDEX first_events_by_run ON first_events (run_id);
CREATE INDEX first_events_expiring ON first_events (expires_at);
