-- How a business is served. What is NULL is the deployment's.
ALTER TABLE business
    ADD COLUMN voice TEXT,
    ADD COLUMN disclosure TEXT,
    ADD COLUMN max_calls BIGINT,
    ADD COLUMN max_calls_per_hour BIGINT,
    ADD COLUMN max_appointments BIGINT,
    ADD COLUMN suspended BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE business ADD CONSTRAINT business_terms CHECK (
    length(voice) BETWEEN 1 AND 64
    AND length(disclosure) BETWEEN 1 AND 300
    AND max_calls BETWEEN 1 AND 65535
    AND max_calls_per_hour BETWEEN 1 AND 65535
    AND max_appointments BETWEEN 1 AND 65535
) NOT VALID;
