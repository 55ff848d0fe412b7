-- A call that ends lets its events go; one that goes on after all keeps them back.
CREATE FUNCTION outbox_call_ended() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    of_lead UUID;
BEGIN
    IF NEW.ended_at IS NULL THEN
        UPDATE outbox SET is_next = FALSE
            WHERE business_id = NEW.business_id AND call_sid = NEW.call_sid AND state IN ('pending', 'dead') AND is_next;
        RETURN NULL;
    END IF;
    FOR of_lead IN SELECT DISTINCT event.lead_id FROM outbox AS event
        WHERE event.business_id = NEW.business_id AND event.call_sid = NEW.call_sid AND event.state IN ('pending', 'dead')
        ORDER BY event.lead_id
    LOOP
        PERFORM outbox_look_at_lead(NEW.business_id, of_lead);
    END LOOP;
    RETURN NULL;
END
$$;

CREATE TRIGGER outbox_call_ended AFTER UPDATE OF ended_at ON call_session
    FOR EACH ROW WHEN ((OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL)) EXECUTE FUNCTION outbox_call_ended();
