-- A webhook whose address somebody else than the operator named: it may lead to the public internet alone.
ALTER TABLE webhook ADD COLUMN public_only INTEGER NOT NULL DEFAULT 0 CHECK (public_only IN (0, 1));
