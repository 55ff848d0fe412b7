-- The number at which a person of the business takes calls that are transferred. NULL: nobody does.
ALTER TABLE business ADD COLUMN transfer_number TEXT
    CHECK (transfer_number GLOB '+[1-9]*' AND length(transfer_number) BETWEEN 8 AND 16);

-- A number that a caller who withheld theirs gave in the conversation. Nobody is found by it, so it has no index.
ALTER TABLE lead ADD COLUMN given_phone TEXT
    CHECK (given_phone GLOB '+[1-9]*' AND length(given_phone) BETWEEN 8 AND 16);

-- The name that was said in this very call, and how far the caller has come on the way to a person.
ALTER TABLE call_session ADD COLUMN caller_name TEXT CHECK (length(caller_name) BETWEEN 1 AND 80);
ALTER TABLE call_session ADD COLUMN transfer TEXT CHECK (transfer IN ('wanted', 'dialling', 'failed', 'answered'));

-- What a bare "yes" would mean in it, and how much of that the caller has heard.
ALTER TABLE call_session ADD COLUMN proposal TEXT CHECK (proposal IS NULL OR json_valid(proposal));

CREATE INDEX call_session_transfer ON call_session (seen_at) WHERE transfer IN ('wanted', 'dialling');

-- Two persons, or one who asked for one more, may stand at one hour out of one call. What is the same order again is found
-- by its id, under the lock of its call.
DROP INDEX appointment_of_call;

-- An appointment without a name was shown under its lead's. From now on it is shown under its own alone, so it is given
-- that one: not where the lead is a word that the provider wrote for a withheld number, for then strangers share it.
UPDATE appointment SET name = (SELECT lead.name FROM lead
        WHERE lead.business_id = appointment.business_id AND lead.id = appointment.lead_id)
    WHERE name IS NULL AND EXISTS (SELECT 1 FROM lead
        WHERE lead.business_id = appointment.business_id AND lead.id = appointment.lead_id AND lead.name IS NOT NULL
        AND (lead.phone IS NULL OR lead.phone NOT IN
            ('+266696687', '+1266696687', '+972266696687', '+2562533', '+12562533', '+9722562533', '+7378742833',
             '+9727378742833', '+86282452253', '+186282452253', '+8656696', '+18656696', '+9728656696', '+9722666',
             '+266696687225537', '+2562533225537', '+12562533225537', '+2562533686237', '+12562533686237',
             '+2255378656696', '+12255378656696', '+266343368425', '+1266343368425', '+1443336', '+972443336',
             '+1443336686237', '+9726622553743', '+66686237', '+166686237', '+97266686237', '+668282452253',
             '+1668282452253', '+972668282452253', '+68623794844353', '+168623794844353', '+688632732', '+1688632732',
             '+972688632732', '+7748283', '+17748283', '+9727748283', '+7748283225537', '+17748283225537',
             '+7748283686237', '+17748283686237', '+7877737733', '+9727877737733', '+1864336843433',
             '+18656696225537', '+18656696686237', '+86547833', '+186547833', '+86782547433', '+186782547433',
             '+94844353', '+194844353', '+94844353686237', '+194844353686237')));

-- What callers leave for the business: at most one of each kind for each call, the last.
-- (Tasks without a name were shown under their lead's, too.)
CREATE TABLE task_of_kind (
    id             BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id    BLOB NOT NULL REFERENCES business (id),
    lead_id        BLOB NOT NULL,
    call_sid       TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('booking', 'cancellation', 'move', 'person', 'message')),
    requested_date TEXT CHECK (requested_date GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    requested_time TEXT CHECK (requested_time GLOB '[0-2][0-9]:[0-5][0-9]'),
    name           TEXT CHECK (length(name) BETWEEN 1 AND 80),
    words          TEXT CHECK (length(words) BETWEEN 1 AND 1000),
    noted_at       INTEGER NOT NULL,
    done_at        INTEGER,
    UNIQUE (business_id, call_sid, kind),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
) STRICT;

INSERT INTO task_of_kind (id, business_id, lead_id, call_sid, kind, requested_date, requested_time, name, noted_at, done_at)
    SELECT id, business_id, lead_id, call_sid, 'booking', requested_date, requested_time, name, noted_at, done_at FROM task;
UPDATE task_of_kind SET name = (SELECT lead.name FROM lead
        WHERE lead.business_id = task_of_kind.business_id AND lead.id = task_of_kind.lead_id)
    WHERE name IS NULL AND EXISTS (SELECT 1 FROM lead
        WHERE lead.business_id = task_of_kind.business_id AND lead.id = task_of_kind.lead_id AND lead.name IS NOT NULL
        AND (lead.phone IS NULL OR lead.phone NOT IN
            ('+266696687', '+1266696687', '+972266696687', '+2562533', '+12562533', '+9722562533', '+7378742833',
             '+9727378742833', '+86282452253', '+186282452253', '+8656696', '+18656696', '+9728656696', '+9722666',
             '+266696687225537', '+2562533225537', '+12562533225537', '+2562533686237', '+12562533686237',
             '+2255378656696', '+12255378656696', '+266343368425', '+1266343368425', '+1443336', '+972443336',
             '+1443336686237', '+9726622553743', '+66686237', '+166686237', '+97266686237', '+668282452253',
             '+1668282452253', '+972668282452253', '+68623794844353', '+168623794844353', '+688632732', '+1688632732',
             '+972688632732', '+7748283', '+17748283', '+9727748283', '+7748283225537', '+17748283225537',
             '+7748283686237', '+17748283686237', '+7877737733', '+9727877737733', '+1864336843433',
             '+18656696225537', '+18656696686237', '+86547833', '+186547833', '+86782547433', '+186782547433',
             '+94844353', '+194844353', '+94844353686237', '+194844353686237')));
DROP TABLE task;
ALTER TABLE task_of_kind RENAME TO task;
