-- How a business is served. What is NULL is the deployment's.
ALTER TABLE business ADD COLUMN voice TEXT CHECK (length(voice) BETWEEN 1 AND 64);
ALTER TABLE business ADD COLUMN disclosure TEXT CHECK (length(disclosure) BETWEEN 1 AND 300);
ALTER TABLE business ADD COLUMN max_calls INTEGER CHECK (max_calls BETWEEN 1 AND 65535);
ALTER TABLE business ADD COLUMN max_calls_per_hour INTEGER CHECK (max_calls_per_hour BETWEEN 1 AND 65535);
ALTER TABLE business ADD COLUMN max_appointments INTEGER CHECK (max_appointments BETWEEN 1 AND 65535);
ALTER TABLE business ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));
