-- Of a run that a step of another one called: the idempotency key of that step, and what the run gave once it had succeeded.
ALTER TABLE runs ADD COLUMN called_by TEXT;
ALTER TABLE runs ADD COLUMN output TEXT;
CREATE INDEX runs_called ON runs (called_by, id) WHERE called_by IS NOT NULL;
