-- What was sent, and where the time of an attempt went.
ALTER TABLE attempts ADD COLUMN request_head TEXT;
ALTER TABLE attempts ADD COLUMN dns_ms BIGINT;
ALTER TABLE attempts ADD COLUMN connect_ms BIGINT;
ALTER TABLE attempts ADD COLUMN tls_ms BIGINT;
ALTER TABLE attempts ADD COLUMN first_byte_ms BIGINT;
ALTER TABLE attempts ADD COLUMN total_ms BIGINT;

-- Deliveries to one destination with the same key go one at a time. Those that wait for the one before are due never (the year 9999).
ALTER TABLE deliveries ADD COLUMN order_key TEXT;
CREATE INDEX deliveries_in_order ON deliveries (destination, order_key, id) WHERE order_key IS NOT NULL AND next_attempt_at IS NOT NULL;
