-- Every number at which a business is called: business.called_number and its further ones. One number is one business's. The
-- triggers keep it true under a gateway of an earlier version, which knows business.called_number alone.
CREATE TABLE called_number (
    number      TEXT NOT NULL PRIMARY KEY CHECK (number GLOB '+[1-9]*' AND length(number) BETWEEN 8 AND 16),
    business_id BLOB NOT NULL REFERENCES business (id)
) STRICT;

CREATE INDEX called_number_of_business ON called_number (business_id);

INSERT INTO called_number (number, business_id) SELECT called_number, id FROM business;

CREATE TRIGGER business_is_called AFTER INSERT ON business BEGIN
    INSERT INTO called_number (number, business_id) VALUES (NEW.called_number, NEW.id);
END;

CREATE TRIGGER business_is_called_otherwise AFTER UPDATE OF called_number ON business
WHEN OLD.called_number <> NEW.called_number BEGIN
    DELETE FROM called_number WHERE business_id = OLD.id AND number = OLD.called_number;
    INSERT INTO called_number (number, business_id) SELECT NEW.called_number, NEW.id
        WHERE NOT EXISTS (SELECT 1 FROM called_number WHERE business_id = NEW.id AND number = NEW.called_number);
END;

CREATE TRIGGER business_is_called_no_more BEFORE DELETE ON business BEGIN
    DELETE FROM called_number WHERE business_id = OLD.id;
    DELETE FROM blocked_number WHERE business_id = OLD.id;
END;

-- Numbers whose calls a business does not take.
CREATE TABLE blocked_number (
    business_id BLOB NOT NULL REFERENCES business (id),
    number      TEXT NOT NULL CHECK (number GLOB '+[1-9]*' AND length(number) BETWEEN 8 AND 16),
    blocked_at  INTEGER NOT NULL,
    PRIMARY KEY (business_id, number)
) STRICT;
