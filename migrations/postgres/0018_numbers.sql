-- Every number at which a business is called: business.called_number and its further ones. One number is one business's. The
-- triggers keep it true under a gateway of an earlier version, which knows business.called_number alone.
CREATE TABLE called_number (
    number      TEXT PRIMARY KEY CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),
    business_id UUID NOT NULL REFERENCES business (id)
);

CREATE INDEX called_number_of_business ON called_number (business_id);

-- Numbers whose calls a business does not take.
CREATE TABLE blocked_number (
    business_id UUID NOT NULL REFERENCES business (id),
    number      TEXT NOT NULL CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),
    blocked_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (business_id, number)
);

CREATE FUNCTION toran_note_called_number() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM called_number WHERE business_id = OLD.id;
        DELETE FROM blocked_number WHERE business_id = OLD.id;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM called_number WHERE business_id = OLD.id AND number = OLD.called_number;
    END IF;
    INSERT INTO called_number (number, business_id) SELECT NEW.called_number, NEW.id
        WHERE NOT EXISTS (SELECT 1 FROM called_number WHERE business_id = NEW.id AND number = NEW.called_number);
    RETURN NEW;
END
$$;

CREATE TRIGGER business_is_called AFTER INSERT ON business
    FOR EACH ROW EXECUTE FUNCTION toran_note_called_number();
CREATE TRIGGER business_is_called_otherwise AFTER UPDATE OF called_number ON business
    FOR EACH ROW WHEN (OLD.called_number <> NEW.called_number) EXECUTE FUNCTION toran_note_called_number();
CREATE TRIGGER business_is_called_no_more BEFORE DELETE ON business
    FOR EACH ROW EXECUTE FUNCTION toran_note_called_number();

ALTER TABLE called_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE called_number FORCE ROW LEVEL SECURITY;
CREATE POLICY one_business ON called_number
    USING ((SELECT toran_scope()) = '*' OR business_id::text = (SELECT toran_scope()));

ALTER TABLE blocked_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE blocked_number FORCE ROW LEVEL SECURITY;
CREATE POLICY one_business ON blocked_number
    USING ((SELECT toran_scope()) = '*' OR business_id::text = (SELECT toran_scope()));

-- The rows of every business are meant: the policies let a migration see them.
SELECT set_config('toran.business_id', '*', true);

INSERT INTO called_number (number, business_id) SELECT called_number, id FROM business;
