-- Tax on top of a price, of which refunds count too; refunds and warnings in the sandbox.

ALTER TABLE purchase
  ADD COLUMN taxed BIGINT NOT NULL DEFAULT 0,                   -- the provider was asked to add tax
  ADD COLUMN tax   BIGINT NOT NULL DEFAULT 0 CHECK (tax >= 0);  -- minor units it added to amount
ALTER TABLE purchase DROP CONSTRAINT purchase_check;
ALTER TABLE purchase ADD CONSTRAINT purchase_check CHECK (refunded BETWEEN 0 AND amount + tax);

ALTER TABLE sandbox_session ADD COLUMN tax BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sandbox_session ADD COLUMN dispute_due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sandbox_session ADD COLUMN warned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sandbox_session ADD COLUMN moved_at BIGINT NOT NULL DEFAULT 0; -- grows with every change
UPDATE sandbox_session SET moved_at = created_at;
CREATE INDEX sandbox_session_moved ON sandbox_session (moved_at);

CREATE TABLE sandbox_refund (
  id         TEXT    NOT NULL PRIMARY KEY,
  session_id TEXT    NOT NULL REFERENCES sandbox_session (id),
  idem_key   TEXT    NOT NULL UNIQUE,
  amount     BIGINT NOT NULL CHECK (amount > 0),
  failed     BIGINT NOT NULL DEFAULT 0,
  seq        BIGINT NOT NULL,
  UNIQUE (session_id, seq)
);
INSERT INTO sandbox_refund (id, session_id, idem_key, amount, seq)
  SELECT 're_' || id, id, 're_' || id, refunded, 1 FROM sandbox_session WHERE refunded > 0;
