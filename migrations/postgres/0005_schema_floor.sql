-- The oldest gateways that work with this schema: those that know the migrations up to this version. A migration that takes
-- away what they use raises it; an older gateway reads it before it starts (docs/decisions/020-expand-then-contract.md).
CREATE TABLE schema_floor (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);

INSERT INTO schema_floor (id, version) VALUES (1, 4);
