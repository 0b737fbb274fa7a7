-- Secrets that were set through the API, sealed with AES-256-GCM: sealed is the cipher text and behind it the tag of 16 bytes; name and key_id are its associated data.
CREATE TABLE secrets (
  name TEXT COLLATE "C" PRIMARY KEY,
  key_id TEXT NOT NULL,
  nonce BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT
);

-- Keys that secrets were sealed with, by an id that is made of the key; never the keys themselves.
CREATE TABLE secret_keys (
  id TEXT PRIMARY KEY,
  created_at BIGINT NOT NULL
);

-- Counted up in each transaction that changes what servers keep a copy of.
CREATE TABLE revisions (
  name TEXT COLLATE "C" PRIMARY KEY,
  number BIGINT NOT NULL
);
