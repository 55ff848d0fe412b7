-- Where a gateway writes to learn whether the database takes writes. One row, of no business. The padding makes the write as
-- large as that of a call: a small one may still find room in the log of a full disk.
CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    beaten_at INTEGER NOT NULL,
    padding BLOB NOT NULL
) STRICT;
