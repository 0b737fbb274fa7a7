-- Who did what. id counts without gaps; hash is SHA-256 of the row before's hash and this row, so a row that was changed or taken out shows.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  address TEXT,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  status INTEGER NOT NULL,
  detail TEXT,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_target ON audit (target, id);

-- The last row that retention has deleted, and its hash: where the chain begins now.
CREATE TABLE audit_start (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_start (one, id, hash) VALUES (1, 0, x'');

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log cannot be changed');
END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN OLD.id > (SELECT id FROM audit_start) BEGIN
  SELECT RAISE(ABORT, 'the audit log cannot be changed');
END;

-- Who chose the version; null for what a file made.
ALTER TABLE activations ADD COLUMN actor TEXT;
