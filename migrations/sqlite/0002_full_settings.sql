-- Settings in their full form, as JSON. Where it is NULL, the four columns of the simple form say it all;
-- where it is not, they hold its summary: the days with hours, the earliest start and the latest end.
ALTER TABLE appointment_settings ADD COLUMN document TEXT
    CHECK (document IS NULL OR (json_valid(document) AND length(document) <= 1000000));

-- What an appointment takes: a seat of a resource, for its own time and the buffers around it (seconds).
ALTER TABLE appointment ADD COLUMN resource TEXT NOT NULL DEFAULT 'main' CHECK (length(resource) BETWEEN 1 AND 64);
ALTER TABLE appointment ADD COLUMN seat INTEGER NOT NULL DEFAULT 0 CHECK (seat >= 0);
ALTER TABLE appointment ADD COLUMN buffer_before INTEGER NOT NULL DEFAULT 0 CHECK (buffer_before BETWEEN 0 AND 28800);
ALTER TABLE appointment ADD COLUMN buffer_after INTEGER NOT NULL DEFAULT 0 CHECK (buffer_after BETWEEN 0 AND 28800);
ALTER TABLE appointment ADD COLUMN busy_from INTEGER AS (starts_at - buffer_before) VIRTUAL;
ALTER TABLE appointment ADD COLUMN busy_to INTEGER AS (ends_at + buffer_after) VIRTUAL;

DROP INDEX appointment_live;
CREATE INDEX appointment_live ON appointment (business_id, busy_from) WHERE status = 'confirmed';
CREATE INDEX appointment_on_seat ON appointment (business_id, resource, seat, busy_from) WHERE status = 'confirmed';

-- No two live appointments overlap on one seat, whatever the code does. Half-open: one may begin when another
-- ends. 144000 is the longest busy range that the columns allow, a day and two buffers.
DROP TRIGGER appointment_overlap_on_insert;
CREATE TRIGGER appointment_overlap_on_insert
BEFORE INSERT ON appointment
WHEN NEW.status = 'confirmed' AND EXISTS (
    SELECT 1 FROM appointment AS other
    WHERE other.business_id = NEW.business_id
      AND other.resource = NEW.resource
      AND other.seat = NEW.seat
      AND other.status = 'confirmed'
      AND other.busy_from < NEW.ends_at + NEW.buffer_after
      AND other.busy_from > NEW.starts_at - NEW.buffer_before - 144000
      AND other.busy_to > NEW.starts_at - NEW.buffer_before
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

DROP TRIGGER appointment_overlap_on_update;
CREATE TRIGGER appointment_overlap_on_update
BEFORE UPDATE ON appointment
WHEN NEW.status = 'confirmed' AND EXISTS (
    SELECT 1 FROM appointment AS other
    WHERE other.business_id = NEW.business_id
      AND other.resource = NEW.resource
      AND other.seat = NEW.seat
      AND other.status = 'confirmed'
      AND other.id <> OLD.id
      AND other.busy_from < NEW.ends_at + NEW.buffer_after
      AND other.busy_from > NEW.starts_at - NEW.buffer_before - 144000
      AND other.busy_to > NEW.starts_at - NEW.buffer_before
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;
