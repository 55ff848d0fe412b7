-- Of which businesses an event waits that did not arrive: their receivers get one at a time.
CREATE INDEX outbox_failing ON outbox (business_id) WHERE state = 'pending' AND last_error IS NOT NULL;
