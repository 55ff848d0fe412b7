-- no-transaction
-- What comes next of each business, in the order in which it is due.
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_next ON outbox (business_id, next_at, seq) WHERE is_next;
