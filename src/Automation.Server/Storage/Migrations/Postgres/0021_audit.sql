-- Who did what. id counts without gaps; hash is SHA-256 of the row before's hash and this row, so a row that was changed or taken out shows.
CREATE TABLE audit (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  address TEXT,
  action TEXT NOT NULL,
  target TEXT COLLATE "C" NOT NULL,
  status BIGINT NOT NULL,
  detail TEXT,
  hash BYTEA NOT NULL
);
CREATE INDEX audit_by_target ON audit (target, id);

-- The last row that retention has deleted, and its hash: where the chain begins now.
CREATE TABLE audit_start (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  id BIGINT NOT NULL,
  hash BYTEA NOT NULL
);
INSERT INTO audit_start (one, id, hash) VALUES (1, 0, '');

CREATE FUNCTION audit_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.id <= (SELECT id FROM audit_start) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit log cannot be changed';
END
$$;
CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_unchanged();
CREATE TRIGGER audit_kept BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_unchanged();

-- Who chose the version; null for what a file made.
ALTER TABLE activations ADD COLUMN actor TEXT;
