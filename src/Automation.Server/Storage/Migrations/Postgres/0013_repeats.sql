-- Events that repeated an earlier one (copy_of): they have no runs, so that those do not bound their number.
CREATE INDEX events_duplicate ON events (id) WHERE state = 'duplicate';
