-- Connections whose access tokens are renewed. client: how tokens are asked for, JSON that names secrets and holds none; generation counts up with each token that is stored;
-- asking, asking_until: the server that asks for the next one, so that one does.
CREATE TABLE oauth_connections (
  name TEXT COLLATE "C" PRIMARY KEY,
  client TEXT NOT NULL,
  generation BIGINT NOT NULL,
  expires_at BIGINT,
  renew_at BIGINT,
  connected_at BIGINT,
  connected_by TEXT,
  problem TEXT,
  problem_at BIGINT,
  asking BIGINT,
  asking_until BIGINT
);

-- Ways to a service's page of consent and back. state: SHA-256 of what the address carries; challenge: SHA-256 of the cookie of the browser that went, which is PKCE's verifier.
CREATE TABLE oauth_flows (
  state TEXT COLLATE "C" PRIMARY KEY,
  client TEXT NOT NULL,
  started_by TEXT NOT NULL,
  by_session BIGINT NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT,
  expires_at BIGINT NOT NULL
);
