-- no-transaction
-- What is under way, of all businesses.
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_leases ON outbox (leased_until)
    WHERE state = 'pending' AND leased_until IS NOT NULL;
