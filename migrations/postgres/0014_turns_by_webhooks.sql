-- Without a webhook there is no turn.
CREATE CONSTRAINT TRIGGER outbox_turn_of_webhook AFTER INSERT OR DELETE ON webhook
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION outbox_turn_changed();
