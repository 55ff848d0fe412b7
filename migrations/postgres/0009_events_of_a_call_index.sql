-- no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_of_call ON outbox (business_id, call_sid) WHERE state IN ('pending', 'dead');
