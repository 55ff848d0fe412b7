ALTER TABLE business VALIDATE CONSTRAINT business_terms;
