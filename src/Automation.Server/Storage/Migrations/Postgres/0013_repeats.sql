-- Events that repeated an earlier one (copy_of): they have no runs, so that those do not bound their number.
CREATE INDEX events_duplicate ON events (id) WHERE state = 'duplicate';

-- When something was last counted: what filters of triggers that are gone remember and counted is forgotten by it.
ALTER TABLE filter_counts ADD COLUMN counted_at BIGINT NOT NULL DEFAULT 0;
