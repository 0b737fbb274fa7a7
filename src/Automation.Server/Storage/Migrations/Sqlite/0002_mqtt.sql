-- What outlives the MQTT broker. Numbers of sessions and messages are the broker's; rows of a session that is gone are gone with it.

-- expires_at is null while the client is connected; connected stays 1 when the server died meanwhile
CREATE TABLE mqtt_sessions (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_name TEXT,
  expiry_seconds INTEGER NOT NULL,
  expires_at INTEGER,
  connected INTEGER NOT NULL
) STRICT;

-- wants_retained: the retained messages that the subscription brings are not all sent yet
CREATE TABLE mqtt_subscriptions (
  session_id INTEGER NOT NULL,
  filter TEXT NOT NULL,
  qos INTEGER NOT NULL,
  no_local INTEGER NOT NULL,
  retain_as_published INTEGER NOT NULL,
  identifier INTEGER,
  wants_retained INTEGER NOT NULL,
  PRIMARY KEY (session_id, filter)
) STRICT, WITHOUT ROWID;

-- once for all sessions that wait for it and for its topic; properties: the property block of a PUBLISH, empty for none
CREATE TABLE mqtt_messages (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  qos INTEGER NOT NULL,
  retain INTEGER NOT NULL,
  expires_at INTEGER,
  properties BLOB NOT NULL,
  payload BLOB NOT NULL
) STRICT;

-- state by columns: packet_id null: waits; else in flight, sent as the sent_order-th; received: PUBREC came, only PUBREL is sent again
CREATE TABLE mqtt_queue (
  session_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  qos INTEGER NOT NULL,
  retain INTEGER NOT NULL,
  identifiers TEXT,
  share TEXT,
  packet_id INTEGER,
  sent_order INTEGER,
  received INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (session_id, sequence)
) STRICT, WITHOUT ROWID;

-- QoS 2 messages that were accepted from the session's client and not released
CREATE TABLE mqtt_incoming (
  session_id INTEGER NOT NULL,
  packet_id INTEGER NOT NULL,
  PRIMARY KEY (session_id, packet_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE mqtt_retained (
  topic TEXT PRIMARY KEY,
  message_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
