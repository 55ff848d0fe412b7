-- The schema of the stores over PostgreSQL. Every table of a business carries business_id, and every reference between
-- two of them carries it too, so that a row of one business can never point at another's.

-- For the exclusion constraint: equality beside the overlap of ranges. Trusted: the owner of the database may make it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Which business the transaction is about: an id, '*' for the deployment's own rounds, or nothing at all.
CREATE FUNCTION toran_scope() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('toran.business_id', true), '') $$;

CREATE TABLE business (
    id                      UUID PRIMARY KEY,
    name                    TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    called_number           TEXT NOT NULL UNIQUE CHECK (called_number ~ '^\+[1-9][0-9]{6,14}$'),
    text                    TEXT NOT NULL CHECK (length(text) <= 4000),
    agent_name              TEXT CHECK (length(agent_name) BETWEEN 1 AND 120),
    agent_gender            TEXT NOT NULL CHECK (agent_gender IN ('female', 'male')),
    keep_transcripts_days   BIGINT CHECK (keep_transcripts_days BETWEEN 0 AND 65535),
    keep_phone_numbers_days BIGINT CHECK (keep_phone_numbers_days BETWEEN 0 AND 65535)
);

-- The document is the full form; where it is NULL, the simple form's columns say it all, and where it is not they hold
-- its summary.
CREATE TABLE appointment_settings (
    business_id           UUID PRIMARY KEY REFERENCES business (id),
    active_days           TEXT NOT NULL CHECK (length(active_days) BETWEEN 3 AND 40),
    start_hour            TEXT NOT NULL CHECK (start_hour ~ '^[0-2][0-9]:[0-5][0-9]$'),
    end_hour              TEXT NOT NULL CHECK (end_hour ~ '^[0-2][0-9]:[0-5][0-9]$'),
    slot_interval_minutes BIGINT NOT NULL CHECK (slot_interval_minutes BETWEEN 5 AND 480),
    time_zone             TEXT NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    document              JSONB,
    CHECK (start_hour COLLATE "C" < end_hour COLLATE "C")
);

-- A withheld number is NULL, and NULLs are distinct: such a caller is a lead for each call.
CREATE TABLE lead (
    id          UUID PRIMARY KEY,
    business_id UUID NOT NULL REFERENCES business (id),
    phone       TEXT CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    name        TEXT CHECK (length(name) BETWEEN 1 AND 80),
    created_at  TIMESTAMPTZ NOT NULL,
    erased_at   TIMESTAMPTZ,
    UNIQUE (business_id, phone),
    UNIQUE (business_id, id)
);

CREATE TABLE call_session (
    business_id         UUID NOT NULL REFERENCES business (id),
    call_sid            TEXT NOT NULL CHECK (length(call_sid) BETWEEN 1 AND 64),
    lead_id             UUID NOT NULL,
    last_requested_date DATE,
    last_requested_time TIME,
    last_confirmed_date DATE,
    last_confirmed_time TIME,
    last_appointment_id UUID,
    offered             JSONB,
    epoch               BIGINT NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    one_more            BOOLEAN NOT NULL DEFAULT FALSE,
    started_at          TIMESTAMPTZ NOT NULL,
    seen_at             TIMESTAMPTZ NOT NULL,
    ended_at            TIMESTAMPTZ,
    ending              TEXT CHECK (ending IN ('hung_up', 'completed', 'failed')),
    abandoned           BOOLEAN NOT NULL DEFAULT FALSE,
    reconnects          BIGINT NOT NULL DEFAULT 0 CHECK (reconnects >= 0),
    PRIMARY KEY (business_id, call_sid),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    CHECK ((ended_at IS NULL) = (ending IS NULL)),
    CHECK ((last_confirmed_date IS NULL) = (last_confirmed_time IS NULL)),
    CHECK ((last_confirmed_date IS NULL) = (last_appointment_id IS NULL))
);

CREATE INDEX call_session_of_lead ON call_session (business_id, lead_id);
CREATE INDEX call_session_ended ON call_session (business_id, ended_at);
CREATE INDEX call_session_open ON call_session (seen_at) WHERE ended_at IS NULL;

CREATE TABLE appointment (
    id            UUID PRIMARY KEY,
    business_id   UUID NOT NULL REFERENCES business (id),
    lead_id       UUID NOT NULL,
    call_sid      TEXT NOT NULL,
    starts_at     TIMESTAMPTZ NOT NULL,
    ends_at       TIMESTAMPTZ NOT NULL,
    buffer_before BIGINT NOT NULL DEFAULT 0 CHECK (buffer_before BETWEEN 0 AND 28800),
    buffer_after  BIGINT NOT NULL DEFAULT 0 CHECK (buffer_after BETWEEN 0 AND 28800),
    busy_from     TIMESTAMPTZ NOT NULL,
    busy_to       TIMESTAMPTZ NOT NULL,
    resource      TEXT NOT NULL CHECK (length(resource) BETWEEN 1 AND 64),
    seat          BIGINT NOT NULL CHECK (seat >= 0),
    status        TEXT NOT NULL DEFAULT 'confirmed' CHECK (status IN ('confirmed', 'cancelled')),
    name          TEXT CHECK (length(name) BETWEEN 1 AND 80),
    announced     BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    TIMESTAMPTZ NOT NULL,
    UNIQUE (business_id, id),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid),
    CHECK (ends_at - starts_at BETWEEN interval '1 minute' AND interval '1 day'),
    CHECK (starts_at - busy_from = buffer_before * interval '1 second'),
    CHECK (busy_to - ends_at = buffer_after * interval '1 second'),
    -- No two live appointments overlap on one seat, whatever the code does. Half-open: one may begin when another ends.
    CONSTRAINT appointment_overlap EXCLUDE USING gist (
        business_id WITH =, resource WITH =, seat WITH =, tstzrange(busy_from, busy_to, '[)') WITH &&
    ) WHERE (status = 'confirmed')
);

ALTER TABLE call_session ADD FOREIGN KEY (business_id, last_appointment_id) REFERENCES appointment (business_id, id);

CREATE INDEX appointment_live ON appointment (business_id, busy_from) WHERE status = 'confirmed';
CREATE INDEX appointment_of_lead ON appointment (business_id, lead_id);
CREATE INDEX appointment_made_in_call ON appointment (business_id, call_sid);

-- The same confirmation in the same call is the same appointment, whatever the code does.
CREATE UNIQUE INDEX appointment_of_call ON appointment (business_id, call_sid, starts_at) WHERE status = 'confirmed';

-- The history of an appointment. Nothing is ever deleted from it but with the business.
CREATE TABLE appointment_change (
    business_id    UUID NOT NULL,
    appointment_id UUID NOT NULL,
    seq            BIGINT NOT NULL CHECK (seq >= 0),
    kind           TEXT NOT NULL CHECK (kind IN ('created', 'moved', 'cancelled')),
    actor          TEXT NOT NULL CHECK (actor IN ('caller', 'business', 'operator')),
    call_sid       TEXT CHECK (length(call_sid) BETWEEN 1 AND 64),
    at             TIMESTAMPTZ NOT NULL,
    from_starts_at TIMESTAMPTZ,
    to_starts_at   TIMESTAMPTZ,
    PRIMARY KEY (business_id, appointment_id, seq),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment (business_id, id),
    CHECK ((kind = 'created') = (from_starts_at IS NULL)),
    CHECK ((kind = 'cancelled') = (to_starts_at IS NULL))
);

CREATE TABLE transcript_line (
    business_id UUID NOT NULL,
    call_sid    TEXT NOT NULL,
    seq         BIGINT NOT NULL CHECK (seq BETWEEN 0 AND 4294967295),
    speaker     TEXT NOT NULL CHECK (speaker IN ('caller', 'agent')),
    text        TEXT NOT NULL CHECK (length(text) <= 4000),
    at          TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (business_id, call_sid, seq),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
);

-- cost_micro_usd is NULL as soon as any part of the use cost an unknown amount.
CREATE TABLE call_usage (
    business_id     UUID NOT NULL,
    call_sid        TEXT NOT NULL,
    model           TEXT NOT NULL,
    text_in         BIGINT NOT NULL CHECK (text_in >= 0),
    text_in_cached  BIGINT NOT NULL CHECK (text_in_cached >= 0),
    audio_in        BIGINT NOT NULL CHECK (audio_in >= 0),
    audio_in_cached BIGINT NOT NULL CHECK (audio_in_cached >= 0),
    text_out        BIGINT NOT NULL CHECK (text_out >= 0),
    audio_out       BIGINT NOT NULL CHECK (audio_out >= 0),
    audio_seconds   DOUBLE PRECISION NOT NULL,
    cost_micro_usd  BIGINT CHECK (cost_micro_usd >= 0),
    PRIMARY KEY (business_id, call_sid, model),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
);

-- Of no business: a token is an id that was used up. Kept until some time after it expires.
CREATE TABLE redeemed_stream_token (
    token_id   UUID PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX redeemed_stream_token_expiry ON redeemed_stream_token (expires_at);

CREATE TABLE webhook (
    business_id UUID PRIMARY KEY REFERENCES business (id),
    url         TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    secret      TEXT NOT NULL CHECK (length(secret) BETWEEN 1 AND 200)
);

-- What other services are to learn. Written in the transaction of the change; numbers and names are joined at delivery.
CREATE TABLE outbox (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             UUID NOT NULL UNIQUE,
    business_id    UUID NOT NULL REFERENCES business (id),
    lead_id        UUID NOT NULL,
    call_sid       TEXT,
    appointment_id UUID,
    kind           TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    data           JSONB NOT NULL,
    at             TIMESTAMPTZ NOT NULL,
    state          TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead', 'discarded')),
    attempts       BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at        TIMESTAMPTZ NOT NULL,
    leased_until   TIMESTAMPTZ,
    last_error     TEXT CHECK (length(last_error) <= 1000),
    done_at        TIMESTAMPTZ,
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment (business_id, id)
);

CREATE INDEX outbox_due ON outbox (next_at, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_lead ON outbox (business_id, lead_id, seq) WHERE state IN ('pending', 'dead');
CREATE INDEX outbox_of_business ON outbox (business_id, seq);
CREATE INDEX outbox_leased ON outbox (business_id, leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;

-- Requests that could not be booked in their call: one for each call, with its last request.
CREATE TABLE task (
    id             UUID PRIMARY KEY,
    business_id    UUID NOT NULL REFERENCES business (id),
    lead_id        UUID NOT NULL,
    call_sid       TEXT NOT NULL,
    requested_date DATE,
    requested_time TIME,
    name           TEXT CHECK (length(name) BETWEEN 1 AND 80),
    noted_at       TIMESTAMPTZ NOT NULL,
    done_at        TIMESTAMPTZ,
    UNIQUE (business_id, call_sid),
    FOREIGN KEY (business_id, lead_id) REFERENCES lead (business_id, id),
    FOREIGN KEY (business_id, call_sid) REFERENCES call_session (business_id, call_sid)
);

-- The second lock between tenants: a row shows, and can be written, only in a transaction about its business. It binds
-- every role that is neither a superuser nor exempt (BYPASSRLS), the tables' owner included.
ALTER TABLE business ENABLE ROW LEVEL SECURITY;
ALTER TABLE business FORCE ROW LEVEL SECURITY;
CREATE POLICY one_business ON business
    USING ((SELECT toran_scope()) = '*' OR id::text = (SELECT toran_scope()));

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'appointment_settings', 'lead', 'call_session', 'appointment', 'appointment_change', 'transcript_line',
        'call_usage', 'webhook', 'outbox', 'task'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY one_business ON %I USING ((SELECT toran_scope()) = ''*'' OR business_id::text = (SELECT toran_scope()))',
            name
        );
    END LOOP;
END
$$;
