-- People who sign in with a password. role: viewer, operator, editor or admin. password: as PasswordHasher of ASP.NET Core Identity writes it (version 3, PBKDF2 with HMAC-SHA-512).
CREATE TABLE users (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  password TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT,
  changed_at INTEGER NOT NULL,
  signed_in_at INTEGER
) STRICT;

-- Tokens of programs. hash: SHA-256 of the whole token, which is 32 random bytes; names: a JSON array of patterns, empty for all.
CREATE TABLE api_tokens (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  names TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT,
  expires_at INTEGER,
  used_at INTEGER
) STRICT;

-- Sessions of browsers. hash: SHA-256 of the cookie; user_name: null for one that the admin token began, and then stamp is made of that token, so that a new token ends it.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  user_name TEXT,
  stamp TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  address TEXT,
  agent TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_name);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Users of the embedded MQTT broker. password: $pbkdf2-sha256$...; publish, subscribe: JSON arrays of topic filters.
CREATE TABLE mqtt_users (
  name TEXT PRIMARY KEY,
  password TEXT NOT NULL,
  publish TEXT NOT NULL,
  subscribe TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT
) STRICT;
