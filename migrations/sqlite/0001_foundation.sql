-- Instants are whole seconds since 1970 in UTC. Local days and hours are text, YYYY-MM-DD and HH:MM.
-- Ids are 16 bytes. Every table of a business carries business_id, and every reference between two of
-- them carries it too, so that a row of one business can never point at another's.

CREATE TABLE business (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    called_number TEXT NOT NULL UNIQUE CHECK (called_number GLOB '+[1-9]*' AND length(called_number) BETWEEN 8 AND 16),
    text          TEXT NOT NULL CHECK (length(text) <= 4000),
    agent_name    TEXT CHECK (length(agent_name) BETWEEN 1 AND 120),
    agent_gender  TEXT NOT NULL CHECK (agent_gender IN ('female', 'male'))
) STRICT;

CREATE TABLE appointment_settings (
    business_id           BLOB NOT NULL PRIMARY KEY REFERENCES business (id),
    active_days           TEXT NOT NULL CHECK (length(active_days) BETWEEN 3 AND 40),
    start_hour            TEXT NOT NULL CHECK (start_hour GLOB '[0-2][0-9]:[0-5][0-9]'),
    end_hour              TEXT NOT NULL CHECK (end_hour GLOB '[0-2][0-9]:[0-5][0-9]'),
    slot_interval_minutes INTEGER NOT NULL CHECK (slot_interval_minutes BETWEEN 5 AND 480),
    time_zone             TEXT NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    CHECK (start_hour < end_hour)
) STRICT;

-- A withheld number is NULL, and NULLs are distinct: such a caller is a lead for each call.
CREATE TABLE lead (
    id          BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id BLOB NOT NULL REFERENCES business (id),
    phone       TEXT CHECK (phone GLOB '+[1-9]*' AND length(phone) BETWEEN 8 AND 16),
    name        TEXT CHECK (length(name) BETWEEN 1 AND 80),
    created_at  INTEGER NOT NULL,
    UNIQUE (business_id, phone),
    UNIQUE (business_id, id)
) STRICT;

CREATE TABLE call_session (
    business_id         BLOB NOT NULL REFERENCES business (id),
    call_sid            TEXT NOT NULL CHECK (length(call_sid) BETWEEN 1 AND 64),
    lead_id             BLOB NOT NULL,
    last_requested_date TEXT CHECK (last_requested_date GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    last_requested_time TEXT CHECK (last_requested_time GLOB '[0-2][0-9]:[0-5][0-9]'),
    last_confirmed_date TEXT CHECK (last_confirmed_date GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    last_confirmed_time TEXT CHECK (last_confirmed_time GLOB '[0-2][0-9]:[0-5][0-9]'),
    last_appointment_id BLOB,
    started_at          INTEGER NOT NULL,
    ended_at            INTEGER,
    ending              TEXT CHECK (ending IN ('hung_up', 'completed', 'failed')),
    reconnects          INTEGER NOT NULL DEFAULT 0 CHECK (reconnects >= 0),
    PRIMARY KEY (business_id, call_sid),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, last_appointment_id) REFERENCES appointment (business_id, id),
    CHECK ((ended_at IS NULL) = (ending IS NULL)),
    CHECK ((last_confirmed_date IS NULL) = (last_confirmed_time IS NULL)),
    CHECK ((last_confirmed_date IS NULL) = (last_appointment_id IS NULL))
) STRICT;

CREATE INDEX call_session_of_lead ON call_session (business_id, lead_id);

-- The bound on the length is also what lets the overlap triggers look at few rows.
CREATE TABLE appointment (
    id          BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id BLOB NOT NULL REFERENCES business (id),
    lead_id     BLOB NOT NULL,
    call_sid    TEXT NOT NULL,
    starts_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    status      TEXT NOT NULL DEFAULT 'confirmed' CHECK (status IN ('confirmed', 'cancelled')),
    name        TEXT CHECK (length(name) BETWEEN 1 AND 80),
    created_at  INTEGER NOT NULL,
    UNIQUE (business_id, id),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid),
    CHECK (ends_at - starts_at BETWEEN 60 AND 86400)
) STRICT;

CREATE INDEX appointment_live ON appointment (business_id, starts_at) WHERE status = 'confirmed';
CREATE INDEX appointment_of_lead ON appointment (business_id, lead_id);

-- The same confirmation in the same call is the same appointment, whatever the code does.
CREATE UNIQUE INDEX appointment_of_call ON appointment (business_id, call_sid, starts_at)
    WHERE status = 'confirmed';

-- No two live appointments of a business overlap, whatever the code does. Half-open: one may begin when
-- another ends.
CREATE TRIGGER appointment_overlap_on_insert
BEFORE INSERT ON appointment
WHEN NEW.status = 'confirmed' AND EXISTS (
    SELECT 1 FROM appointment AS other
    WHERE other.business_id = NEW.business_id
      AND other.status = 'confirmed'
      AND other.starts_at < NEW.ends_at
      AND other.starts_at > NEW.starts_at - 86400
      AND other.ends_at > NEW.starts_at
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

CREATE TRIGGER appointment_overlap_on_update
BEFORE UPDATE ON appointment
WHEN NEW.status = 'confirmed' AND EXISTS (
    SELECT 1 FROM appointment AS other
    WHERE other.business_id = NEW.business_id
      AND other.status = 'confirmed'
      AND other.id <> OLD.id
      AND other.starts_at < NEW.ends_at
      AND other.starts_at > NEW.starts_at - 86400
      AND other.ends_at > NEW.starts_at
)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

CREATE TABLE transcript_line (
    business_id BLOB NOT NULL,
    call_sid    TEXT NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq BETWEEN 0 AND 4294967295),
    speaker     TEXT NOT NULL CHECK (speaker IN ('caller', 'agent')),
    text        TEXT NOT NULL CHECK (length(text) <= 4000),
    at          INTEGER NOT NULL,
    PRIMARY KEY (business_id, call_sid, seq),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
) STRICT;

-- cost_micro_usd is NULL as soon as any part of the use cost an unknown amount.
CREATE TABLE call_usage (
    business_id     BLOB NOT NULL,
    call_sid        TEXT NOT NULL,
    model           TEXT NOT NULL,
    text_in         INTEGER NOT NULL CHECK (text_in >= 0),
    text_in_cached  INTEGER NOT NULL CHECK (text_in_cached >= 0),
    audio_in        INTEGER NOT NULL CHECK (audio_in >= 0),
    audio_in_cached INTEGER NOT NULL CHECK (audio_in_cached >= 0),
    text_out        INTEGER NOT NULL CHECK (text_out >= 0),
    audio_out       INTEGER NOT NULL CHECK (audio_out >= 0),
    audio_seconds   REAL NOT NULL,
    cost_micro_usd  INTEGER CHECK (cost_micro_usd >= 0),
    PRIMARY KEY (business_id, call_sid, model),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
) STRICT;

-- Kept until some time after they expire: an expired token is refused by its date.
CREATE TABLE redeemed_stream_token (
    token_id   BLOB NOT NULL PRIMARY KEY CHECK (length(token_id) = 16),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX redeemed_stream_token_expiry ON redeemed_stream_token (expires_at);
