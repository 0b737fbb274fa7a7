-- What the workflow folder of each server had at its last look. broker: the number of the server's name in brokers (0 here: there is one server).
-- files: hash of the workflow's files; hash: the version that they make; both null while that is not known.
CREATE TABLE folder_workflows (
  broker INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  files TEXT,
  hash TEXT,
  PRIMARY KEY (workflow_id, broker)
) STRICT, WITHOUT ROWID;

-- The same of schedule triggers, with what their times follow from.
CREATE TABLE folder_schedules (
  broker INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  spec TEXT NOT NULL,
  PRIMARY KEY (workflow_id, trigger_id, broker)
) STRICT, WITHOUT ROWID;

INSERT INTO folder_workflows (broker, workflow_id) SELECT 0, id FROM workflows;
INSERT INTO folder_schedules (broker, workflow_id, trigger_id, spec) SELECT 0, workflow_id, trigger_id, spec FROM schedules;

-- When no server had a file of the workflow any more; null while one has.
ALTER TABLE workflows ADD COLUMN gone_at INTEGER;

-- When the server of that name was last there.
ALTER TABLE brokers ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;

-- Never used twice, so that their number and the greatest tell whether rows have come or gone.
ALTER TABLE wait_sources ADD COLUMN id INTEGER NOT NULL DEFAULT 0;
