-- The schedule triggers of active workflows. spec: what their times follow from. next_at is null while a schedule is stopped: its workflow is switched off, or no time comes any more.
CREATE TABLE schedules (
  workflow_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  spec TEXT NOT NULL,
  next_at INTEGER,
  last_at INTEGER,
  PRIMARY KEY (workflow_id, trigger_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;
