-- What the workflow folder of each server had at its last look. broker: the number of the server's name in brokers.
-- files: hash of the workflow's files; hash: the version that they make; both null while that is not known.
CREATE TABLE folder_workflows (
  broker BIGINT NOT NULL,
  workflow_id TEXT COLLATE "C" NOT NULL,
  files TEXT,
  hash TEXT,
  PRIMARY KEY (workflow_id, broker)
);

-- The same of schedule triggers, with what their times follow from.
CREATE TABLE folder_schedules (
  broker BIGINT NOT NULL,
  workflow_id TEXT COLLATE "C" NOT NULL,
  trigger_id TEXT COLLATE "C" NOT NULL,
  spec TEXT NOT NULL,
  PRIMARY KEY (workflow_id, trigger_id, broker)
);

-- Any of the servers may have them.
INSERT INTO folder_workflows (broker, workflow_id) SELECT b.number, w.id FROM workflows w CROSS JOIN brokers b;
INSERT INTO folder_schedules (broker, workflow_id, trigger_id, spec) SELECT b.number, s.workflow_id, s.trigger_id, s.spec FROM schedules s CROSS JOIN brokers b;

-- When no server had a file of the workflow any more; null while one has.
ALTER TABLE workflows ADD COLUMN gone_at BIGINT;

-- When the server of that name was last there.
ALTER TABLE brokers ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
UPDATE brokers SET seen_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint;

-- Never used twice, so that their number and the greatest tell whether rows have come or gone.
ALTER TABLE wait_sources ADD COLUMN id BIGINT NOT NULL DEFAULT 0;
