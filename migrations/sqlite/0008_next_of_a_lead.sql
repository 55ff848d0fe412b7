-- Whether an event is the one of its lead that comes next: the oldest that is neither delivered nor discarded, not dead, and
-- its call is over. A claim looks at these alone, however much waits behind them.
ALTER TABLE outbox ADD COLUMN is_next INTEGER NOT NULL DEFAULT 0 CHECK (is_next IN (0, 1));

-- What comes next of each business, in the order in which it is due.
CREATE INDEX outbox_next ON outbox (business_id, next_at, seq) WHERE is_next;
CREATE INDEX outbox_next_of_lead ON outbox (business_id, lead_id) WHERE is_next;
CREATE INDEX outbox_of_call ON outbox (business_id, call_sid) WHERE state IN ('pending', 'dead');
-- What is under way, of all businesses.
CREATE INDEX outbox_leases ON outbox (leased_until) WHERE state = 'pending' AND leased_until IS NOT NULL;
