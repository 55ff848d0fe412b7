-- Whose turn it is in the outbox: a row for each business, kept by triggers, so that it is true whichever gateway writes, an
-- older one included. A claim asks it, and then only a few events of each business whose turn has come.
CREATE TABLE outbox_turn (
    business_id BLOB NOT NULL PRIMARY KEY REFERENCES business (id) ON DELETE CASCADE,
    -- Whether an event waits that did not arrive: such a receiver gets one at a time.
    failing     INTEGER NOT NULL DEFAULT 0 CHECK (failing IN (0, 1)),
    -- From when something may be claimed; NULL: nothing waits that could, or there is no webhook.
    due_at      INTEGER,
    -- When its turn was last. Who has waited longest since is asked first.
    served_at   INTEGER
) STRICT;

CREATE INDEX outbox_turn_due ON outbox_turn (failing, due_at) WHERE due_at IS NOT NULL;

-- What waited before there were turns. An older gateway wrote a far day where an event waited for something else than time.
UPDATE outbox SET is_next = 1, next_at = CASE WHEN next_at < 253370764800 THEN next_at ELSE at END
    WHERE seq IN (SELECT MIN(first.seq) FROM outbox AS first WHERE first.state IN ('pending', 'dead')
        GROUP BY first.business_id, first.lead_id)
    AND state = 'pending'
    AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = outbox.business_id
        AND call.call_sid = outbox.call_sid AND call.ended_at IS NULL);

-- SQLite has no procedures. A row that is put into one of these two views is a request to look again.
CREATE VIEW outbox_look_at_lead (business_id, lead_id) AS SELECT NULL, NULL WHERE FALSE;
CREATE VIEW outbox_look_at_turn (business_id) AS SELECT NULL WHERE FALSE;

-- Finds out which event of a lead comes next.
CREATE TRIGGER outbox_look_at_lead INSTEAD OF INSERT ON outbox_look_at_lead
BEGIN
    UPDATE outbox SET is_next = 0
        WHERE business_id = NEW.business_id AND lead_id = NEW.lead_id AND is_next
        AND (state <> 'pending' OR seq <> (SELECT first.seq FROM outbox AS first
            WHERE first.business_id = NEW.business_id AND first.lead_id = NEW.lead_id AND first.state IN ('pending', 'dead')
            ORDER BY first.seq LIMIT 1));
    UPDATE outbox SET is_next = 1, next_at = CASE WHEN next_at < 253370764800 THEN next_at ELSE at END
        WHERE seq = (SELECT first.seq FROM outbox AS first
            WHERE first.business_id = NEW.business_id AND first.lead_id = NEW.lead_id AND first.state IN ('pending', 'dead')
            ORDER BY first.seq LIMIT 1)
        AND state = 'pending' AND NOT is_next
        AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = outbox.business_id
            AND call.call_sid = outbox.call_sid AND call.ended_at IS NULL);
END;

-- Finds out from when something of a business may be claimed. Four are under way at once; of a receiver that fails, one.
CREATE TRIGGER outbox_look_at_turn INSTEAD OF INSERT ON outbox_look_at_turn
BEGIN
    INSERT INTO outbox_turn (business_id) SELECT id FROM business WHERE id = NEW.business_id
        AND NOT EXISTS (SELECT 1 FROM outbox_turn AS there WHERE there.business_id = NEW.business_id);
    UPDATE outbox_turn SET failing = EXISTS (SELECT 1 FROM outbox AS failed
            WHERE failed.business_id = NEW.business_id AND failed.state = 'pending' AND failed.last_error IS NOT NULL)
        WHERE business_id = NEW.business_id;
    -- What nobody has, and what comes back when its lease is over: of these there are few. The greatest of nothing is nothing:
    -- without an event that comes next there is no turn.
    UPDATE outbox_turn SET due_at = MAX(
            (SELECT MIN(first.at) FROM (
                SELECT * FROM (SELECT event.next_at AS at FROM outbox AS event
                    WHERE event.business_id = NEW.business_id AND event.is_next AND event.leased_until IS NULL
                    ORDER BY event.next_at LIMIT 1)
                UNION ALL
                SELECT MIN(MAX(leased.next_at, leased.leased_until)) FILTER (WHERE leased.is_next) FROM outbox AS leased
                    WHERE leased.business_id = NEW.business_id AND leased.state = 'pending' AND leased.leased_until IS NOT NULL
            ) AS first WHERE EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = NEW.business_id)),
            COALESCE((SELECT leased.leased_until FROM outbox AS leased WHERE leased.business_id = NEW.business_id
                AND leased.state = 'pending' AND leased.leased_until IS NOT NULL ORDER BY leased.leased_until DESC
                LIMIT 1 OFFSET (SELECT CASE WHEN turn.failing THEN 0 ELSE 3 END FROM outbox_turn AS turn
                    WHERE turn.business_id = NEW.business_id)), 0),
            COALESCE(served_at, 0))
        WHERE business_id = NEW.business_id;
END;

INSERT INTO outbox_look_at_turn (business_id) SELECT id FROM business;

CREATE TRIGGER outbox_event_came AFTER INSERT ON outbox WHEN NEW.state IN ('pending', 'dead')
BEGIN
    INSERT INTO outbox_look_at_lead VALUES (NEW.business_id, NEW.lead_id);
END;

CREATE TRIGGER outbox_event_went AFTER DELETE ON outbox WHEN OLD.state IN ('pending', 'dead')
BEGIN
    INSERT INTO outbox_look_at_lead VALUES (OLD.business_id, OLD.lead_id);
END;

CREATE TRIGGER outbox_event_changed AFTER UPDATE OF state, lead_id ON outbox
WHEN OLD.state <> NEW.state OR OLD.lead_id <> NEW.lead_id
BEGIN
    INSERT INTO outbox_look_at_lead VALUES (OLD.business_id, OLD.lead_id);
    INSERT INTO outbox_look_at_lead VALUES (NEW.business_id, NEW.lead_id);
END;

-- A call that ends lets its events go; one that goes on after all keeps them back.
CREATE TRIGGER outbox_call_ended AFTER UPDATE OF ended_at ON call_session
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO outbox_look_at_lead SELECT DISTINCT event.business_id, event.lead_id FROM outbox AS event
        WHERE event.business_id = NEW.business_id AND event.call_sid = NEW.call_sid AND event.state IN ('pending', 'dead');
END;

CREATE TRIGGER outbox_call_goes_on AFTER UPDATE OF ended_at ON call_session
WHEN OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL
BEGIN
    UPDATE outbox SET is_next = 0
        WHERE business_id = NEW.business_id AND call_sid = NEW.call_sid AND state IN ('pending', 'dead') AND is_next;
END;

CREATE TRIGGER outbox_turn_changed AFTER UPDATE OF is_next, state, next_at, last_error ON outbox
WHEN OLD.is_next OR NEW.is_next OR OLD.last_error IS NOT NULL OR NEW.last_error IS NOT NULL
BEGIN
    INSERT INTO outbox_look_at_turn VALUES (NEW.business_id);
END;

CREATE TRIGGER outbox_turn_of_deleted AFTER DELETE ON outbox
WHEN OLD.is_next OR OLD.last_error IS NOT NULL
BEGIN
    INSERT INTO outbox_look_at_turn VALUES (OLD.business_id);
END;

CREATE TRIGGER outbox_turn_of_new_webhook AFTER INSERT ON webhook
BEGIN
    INSERT INTO outbox_look_at_turn VALUES (NEW.business_id);
END;

CREATE TRIGGER outbox_turn_of_gone_webhook AFTER DELETE ON webhook
BEGIN
    INSERT INTO outbox_look_at_turn VALUES (OLD.business_id);
END;

CREATE TRIGGER outbox_turn_served AFTER UPDATE OF served_at ON outbox_turn
BEGIN
    INSERT INTO outbox_look_at_turn VALUES (NEW.business_id);
END;
