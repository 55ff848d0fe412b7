-- Which event comes next, and whose turn it is, follows from the events themselves.
CREATE FUNCTION outbox_event_came() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM outbox_look_at_lead(NEW.business_id, NEW.lead_id);
    RETURN NULL;
END
$$;

CREATE FUNCTION outbox_event_went() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM outbox_look_at_lead(OLD.business_id, OLD.lead_id);
    RETURN NULL;
END
$$;

CREATE FUNCTION outbox_event_changed() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM outbox_look_at_lead(OLD.business_id, OLD.lead_id);
    IF NEW.lead_id <> OLD.lead_id THEN
        PERFORM outbox_look_at_lead(NEW.business_id, NEW.lead_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER outbox_event_came AFTER INSERT ON outbox
    FOR EACH ROW WHEN (NEW.state IN ('pending', 'dead')) EXECUTE FUNCTION outbox_event_came();
CREATE TRIGGER outbox_event_went AFTER DELETE ON outbox
    FOR EACH ROW WHEN (OLD.state IN ('pending', 'dead')) EXECUTE FUNCTION outbox_event_went();
CREATE TRIGGER outbox_event_changed AFTER UPDATE OF state, lead_id ON outbox
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.lead_id <> NEW.lead_id) EXECUTE FUNCTION outbox_event_changed();

CREATE CONSTRAINT TRIGGER outbox_turn_changed AFTER UPDATE OF is_next, state, next_at, last_error ON outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.is_next OR NEW.is_next OR OLD.last_error IS NOT NULL OR NEW.last_error IS NOT NULL)
    EXECUTE FUNCTION outbox_turn_changed();
CREATE CONSTRAINT TRIGGER outbox_turn_of_deleted AFTER DELETE ON outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.is_next OR OLD.last_error IS NOT NULL)
    EXECUTE FUNCTION outbox_turn_changed();
