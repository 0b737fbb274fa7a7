-- Which endpoints and event types the folder of each server had files of at its last look, with a hash of what the file says. kind: endpoint | eventType; broker: as in folder_workflows.
CREATE TABLE folder_endpoints (
  broker INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (kind, name, broker)
) STRICT, WITHOUT ROWID;
