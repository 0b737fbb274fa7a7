-- Triggers and endpoints hear of an event apart, so that neither waits for the other. heard_at: triggers have it; fanned_out_at: the last endpoint has its delivery; ended_at: both.
-- error: what kept one of them from it for good.
ALTER TABLE emissions ADD COLUMN heard_at BIGINT;
ALTER TABLE emissions ADD COLUMN fanned_out_at BIGINT;
ALTER TABLE emissions ADD COLUMN error TEXT;
UPDATE emissions SET heard_at = created_at WHERE after IS NOT NULL;
UPDATE emissions SET fanned_out_at = ended_at;
DROP INDEX emissions_open;
CREATE INDEX emissions_unheard ON emissions (id) WHERE heard_at IS NULL;
CREATE INDEX emissions_to_fan_out ON emissions (id) WHERE fanned_out_at IS NULL;
