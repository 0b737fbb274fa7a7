-- Secrets that were set through the API, sealed with AES-256-GCM: sealed is the cipher text and behind it the tag of 16 bytes; name and key_id are its associated data.
CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  nonce BLOB NOT NULL,
  sealed BLOB NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT
) STRICT;

-- Keys that secrets were sealed with, by an id that is made of the key; never the keys themselves.
CREATE TABLE secret_keys (
  id TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT;

-- Counted up in each transaction that changes what servers keep a copy of.
CREATE TABLE revisions (
  name TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT;
