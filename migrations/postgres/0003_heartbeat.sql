-- Where a gateway writes to learn whether the database takes writes. One row, of no business.
CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    beaten_at TIMESTAMPTZ NOT NULL
);
