-- A failed run keeps its snapshot and its waits, from which it can be retried: state failed -> running. Or another run of its event takes its place.
ALTER TABLE runs ADD COLUMN retry_of INTEGER;
ALTER TABLE runs ADD COLUMN retried_as INTEGER;

-- Answers by itself (ended_at is always null in it). The one whose turn it is, and those behind it in their order, are each a seek, however many runs the key has had.
DROP INDEX runs_open_by_key;
CREATE INDEX runs_open_by_key ON runs (workflow_id, key, blocked, id, ended_at) WHERE key IS NOT NULL AND ended_at IS NULL;
