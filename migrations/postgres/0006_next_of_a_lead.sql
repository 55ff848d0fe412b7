-- Whether an event is the one of its lead that comes next: the oldest that is neither delivered nor discarded, not dead, and
-- its call is over. A claim looks at these alone, however much waits behind them.
ALTER TABLE outbox ADD COLUMN is_next BOOLEAN NOT NULL DEFAULT FALSE;
