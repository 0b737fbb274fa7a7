-- Links to the portal pages of endpoints. hash: SHA-256 of the whole token, which is 32 random bytes. They go with their endpoint.
CREATE TABLE portal_links (
  id TEXT PRIMARY KEY,
  hash BYTEA NOT NULL UNIQUE,
  endpoint_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT,
  expires_at BIGINT NOT NULL,
  opened_at BIGINT
);
CREATE INDEX portal_links_by_endpoint ON portal_links (endpoint_id, created_at);
CREATE INDEX portal_links_by_end ON portal_links (expires_at);

-- Browsers in which such a link was opened. hash: SHA-256 of the cookie. They go with their link.
CREATE TABLE portal_sessions (
  hash BYTEA PRIMARY KEY,
  link_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX portal_sessions_by_link ON portal_sessions (link_id, created_at);
CREATE INDEX portal_sessions_by_end ON portal_sessions (expires_at);
