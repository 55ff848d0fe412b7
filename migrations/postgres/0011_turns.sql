-- Whose turn it is in the outbox: a row for each business, kept by triggers, so that it is true whichever gateway writes, an
-- older one included. A claim asks it, and then only a few events of each business whose turn has come.
CREATE TABLE outbox_turn (
    business_id UUID PRIMARY KEY REFERENCES business (id) ON DELETE CASCADE,
    -- Whether an event waits that did not arrive: such a receiver gets one at a time.
    failing     BOOLEAN NOT NULL DEFAULT FALSE,
    -- From when something may be claimed; NULL: nothing waits that could, or there is no webhook.
    due_at      TIMESTAMPTZ,
    -- When its turn was last. Who has waited longest since is asked first.
    served_at   TIMESTAMPTZ
);

CREATE INDEX outbox_turn_due ON outbox_turn (failing, due_at) WHERE due_at IS NOT NULL;

ALTER TABLE outbox_turn ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_turn FORCE ROW LEVEL SECURITY;
CREATE POLICY one_business ON outbox_turn
    USING ((SELECT toran_scope()) = '*' OR business_id::text = (SELECT toran_scope()));

-- Finds out which event of a lead comes next. The lead is held: two that change its events at once would each miss what
-- the other did.
CREATE FUNCTION outbox_look_at_lead(of_business UUID, of_lead UUID) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    first_seq BIGINT;
    may_leave BOOLEAN;
BEGIN
    PERFORM 1 FROM lead WHERE lead.business_id = of_business AND lead.id = of_lead FOR NO KEY UPDATE;
    SELECT event.seq, event.state = 'pending' AND NOT EXISTS (
            SELECT 1 FROM call_session AS call WHERE call.business_id = of_business
            AND call.call_sid = event.call_sid AND call.ended_at IS NULL)
        INTO first_seq, may_leave
        FROM outbox AS event
        WHERE event.business_id = of_business AND event.lead_id = of_lead AND event.state IN ('pending', 'dead')
        ORDER BY event.seq LIMIT 1;
    IF NOT may_leave THEN
        first_seq := NULL;
    END IF;
    UPDATE outbox SET is_next = FALSE
        WHERE business_id = of_business AND lead_id = of_lead AND is_next AND seq IS DISTINCT FROM first_seq;
    -- An older gateway writes a far day where an event waits for something else than time.
    UPDATE outbox SET is_next = TRUE, next_at = CASE WHEN next_at < '9999-01-01 00:00:00+00' THEN next_at ELSE at END
        WHERE seq = first_seq AND NOT is_next;
END
$$;

-- Finds out from when something of a business may be claimed. Four are under way at once; of a receiver that fails, one.
CREATE FUNCTION outbox_look_at_turn(of_business UUID) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    fails       BOOLEAN;
    free_at     TIMESTAMPTZ;
    leased_at   TIMESTAMPTZ;
    room_at     TIMESTAMPTZ;
    last_served TIMESTAMPTZ;
    due         TIMESTAMPTZ;
BEGIN
    -- Held first, and looked at afterwards: whoever comes second sees what the first one wrote.
    SELECT served_at INTO last_served FROM outbox_turn WHERE business_id = of_business FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO outbox_turn (business_id) SELECT id FROM business WHERE id = of_business ON CONFLICT DO NOTHING;
        SELECT served_at INTO last_served FROM outbox_turn WHERE business_id = of_business FOR UPDATE;
    END IF;
    fails := EXISTS (SELECT 1 FROM outbox AS failed
        WHERE failed.business_id = of_business AND failed.state = 'pending' AND failed.last_error IS NOT NULL);
    -- What nobody has, and what comes back when its lease is over: of these there are few.
    SELECT event.next_at INTO free_at
        FROM outbox AS event
        WHERE event.business_id = of_business AND event.is_next AND event.leased_until IS NULL
        ORDER BY event.next_at LIMIT 1;
    SELECT MIN(GREATEST(leased.next_at, leased.leased_until)) FILTER (WHERE leased.is_next) INTO leased_at
        FROM outbox AS leased
        WHERE leased.business_id = of_business AND leased.state = 'pending' AND leased.leased_until IS NOT NULL;
    SELECT leased.leased_until INTO room_at
        FROM outbox AS leased
        WHERE leased.business_id = of_business AND leased.state = 'pending' AND leased.leased_until IS NOT NULL
        ORDER BY leased.leased_until DESC OFFSET CASE WHEN fails THEN 0 ELSE 3 END LIMIT 1;
    due := CASE WHEN COALESCE(free_at, leased_at) IS NOT NULL
            AND EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = of_business)
        THEN GREATEST(LEAST(free_at, leased_at), room_at, last_served) END;
    UPDATE outbox_turn SET failing = fails, due_at = due
        WHERE business_id = of_business AND (failing <> fails OR due_at IS DISTINCT FROM due);
END
$$;

-- The turn is looked at as the transaction commits: whoever holds a turn waits for nobody any more.
CREATE FUNCTION outbox_turn_changed() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM outbox_look_at_turn(OLD.business_id);
    ELSE
        PERFORM outbox_look_at_turn(NEW.business_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER outbox_turn_served AFTER UPDATE OF served_at ON outbox_turn
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION outbox_turn_changed();
