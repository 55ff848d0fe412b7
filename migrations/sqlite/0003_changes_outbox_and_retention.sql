-- For how many days a business keeps what was said, and who said it. NULL: until it is erased by hand.
ALTER TABLE business ADD COLUMN keep_transcripts_days INTEGER CHECK (keep_transcripts_days BETWEEN 0 AND 65535);
ALTER TABLE business ADD COLUMN keep_phone_numbers_days INTEGER CHECK (keep_phone_numbers_days BETWEEN 0 AND 65535);

ALTER TABLE lead ADD COLUMN erased_at INTEGER;

-- What another gateway needs to take a call over: when a gateway saw it last, and what was offered.
-- (An abandoned call is written as failed, with the mark: the words of the column were fixed before.)
ALTER TABLE call_session ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_session ADD COLUMN offered TEXT CHECK (offered IS NULL OR json_valid(offered));
ALTER TABLE call_session ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1));
UPDATE call_session SET seen_at = started_at;
-- Calls of before that never ended are not told of now.
UPDATE call_session SET ended_at = started_at, ending = 'failed', abandoned = 1 WHERE ended_at IS NULL;
ALTER TABLE call_session ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE call_session ADD COLUMN one_more INTEGER NOT NULL DEFAULT 0 CHECK (one_more IN (0, 1));
CREATE INDEX call_session_ended ON call_session (business_id, ended_at);
CREATE INDEX call_session_open ON call_session (seen_at) WHERE ended_at IS NULL;

-- Whether the caller has heard that it stands where it stands.
ALTER TABLE appointment ADD COLUMN announced INTEGER NOT NULL DEFAULT 0 CHECK (announced IN (0, 1));
CREATE INDEX appointment_made_in_call ON appointment (business_id, call_sid);

-- The history of an appointment. Nothing is ever deleted from it but with the business.
CREATE TABLE appointment_change (
    business_id    BLOB NOT NULL,
    appointment_id BLOB NOT NULL,
    seq            INTEGER NOT NULL CHECK (seq >= 0),
    kind           TEXT NOT NULL CHECK (kind IN ('created', 'moved', 'cancelled')),
    actor          TEXT NOT NULL CHECK (actor IN ('caller', 'business', 'operator')),
    call_sid       TEXT CHECK (length(call_sid) BETWEEN 1 AND 64),
    at             INTEGER NOT NULL,
    from_starts_at INTEGER,
    to_starts_at   INTEGER,
    PRIMARY KEY (business_id, appointment_id, seq),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment (business_id, id),
    CHECK ((kind = 'created') = (from_starts_at IS NULL)),
    CHECK ((kind = 'cancelled') = (to_starts_at IS NULL))
) STRICT;

INSERT INTO appointment_change (business_id, appointment_id, seq, kind, actor, call_sid, at, to_starts_at)
    SELECT business_id, id, 0, 'created', 'caller', call_sid, created_at, starts_at FROM appointment;

CREATE TABLE webhook (
    business_id BLOB NOT NULL PRIMARY KEY REFERENCES business (id),
    url         TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    secret      TEXT NOT NULL CHECK (length(secret) BETWEEN 1 AND 200)
) STRICT;

-- What other services are to learn. Written in the transaction of the change; numbers and names are joined at delivery.
CREATE TABLE outbox (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    business_id    BLOB NOT NULL REFERENCES business (id),
    lead_id        BLOB NOT NULL,
    call_sid       TEXT,
    appointment_id BLOB,
    kind           TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    data           TEXT NOT NULL CHECK (json_valid(data)),
    at             INTEGER NOT NULL,
    state          TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead', 'discarded')),
    attempts       INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at        INTEGER NOT NULL,
    leased_until   INTEGER,
    last_error     TEXT CHECK (length(last_error) <= 1000),
    done_at        INTEGER,
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment (business_id, id)
) STRICT;

CREATE INDEX outbox_due ON outbox (next_at, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_lead ON outbox (business_id, lead_id, seq) WHERE state IN ('pending', 'dead');
CREATE INDEX outbox_of_business ON outbox (business_id, seq);
CREATE INDEX outbox_leased ON outbox (business_id, leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;

-- Requests that could not be booked in their call: one for each call, with its last request.
CREATE TABLE task (
    id             BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id    BLOB NOT NULL REFERENCES business (id),
    lead_id        BLOB NOT NULL,
    call_sid       TEXT NOT NULL,
    requested_date TEXT CHECK (requested_date GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    requested_time TEXT CHECK (requested_time GLOB '[0-2][0-9]:[0-5][0-9]'),
    name           TEXT CHECK (length(name) BETWEEN 1 AND 80),
    noted_at       INTEGER NOT NULL,
    done_at        INTEGER,
    UNIQUE (business_id, call_sid),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
) STRICT;
