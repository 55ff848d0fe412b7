-- no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_next_of_lead ON outbox (business_id, lead_id) WHERE is_next;
