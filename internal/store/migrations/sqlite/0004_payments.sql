-- Tax on top of a price, of which refunds count too; refunds and warnings in the sandbox.

-- SQLite changes no constraint of a table that is there, so it is written anew.
CREATE TABLE purchase_taxed (
  id              TEXT    NOT NULL PRIMARY KEY,
  account_id      TEXT    NOT NULL REFERENCES account (id),
  pack            TEXT    NOT NULL,
  catalog_version INTEGER NOT NULL REFERENCES catalog (version),
  credits         INTEGER NOT NULL CHECK (credits > 0),
  amount          INTEGER NOT NULL CHECK (amount > 0),  -- minor units
  currency        TEXT    NOT NULL,
  taxed           INTEGER NOT NULL DEFAULT 0,    -- the provider was asked to add tax
  tax             INTEGER NOT NULL DEFAULT 0 CHECK (tax >= 0), -- minor units it added to amount
  provider        TEXT    NOT NULL,
  livemode        INTEGER NOT NULL DEFAULT 0,
  session_id      TEXT    UNIQUE,
  payment_id      TEXT    UNIQUE,
  url             TEXT    NOT NULL DEFAULT '',
  state           TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'processing', 'paid', 'expired', 'failed',
                    'refunded', 'partially_refunded', 'disputed')),
  refunded        INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount + tax),
  disputed        INTEGER NOT NULL DEFAULT 0 CHECK (disputed >= 0),
  back            TEXT    NOT NULL DEFAULT '',   -- where the person goes on afterwards
  created_at      INTEGER NOT NULL,
  paid_at         INTEGER NOT NULL DEFAULT 0,
  expires_at      INTEGER NOT NULL,
  seen_at         INTEGER NOT NULL DEFAULT 0,    -- when the provider was last asked; grows with every change
  problem         TEXT    NOT NULL DEFAULT ''    -- what of the provider's state does not match; for staff
) STRICT;
INSERT INTO purchase_taxed (id, account_id, pack, catalog_version, credits, amount, currency, provider, livemode, session_id, payment_id, url, state, refunded, disputed, back, created_at, paid_at, expires_at, seen_at, problem)
  SELECT id, account_id, pack, catalog_version, credits, amount, currency, provider, livemode, session_id, payment_id, url, state, refunded, disputed, back, created_at, paid_at, expires_at, seen_at, problem FROM purchase;
DROP TABLE purchase;
ALTER TABLE purchase_taxed RENAME TO purchase;
CREATE INDEX purchase_account ON purchase (account_id, created_at);
CREATE INDEX purchase_open ON purchase (seen_at) WHERE state IN ('open', 'processing');
CREATE INDEX purchase_created ON purchase (created_at);

ALTER TABLE sandbox_session ADD COLUMN tax INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_session ADD COLUMN dispute_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_session ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandbox_session ADD COLUMN moved_at INTEGER NOT NULL DEFAULT 0; -- grows with every change
UPDATE sandbox_session SET moved_at = created_at;
CREATE INDEX sandbox_session_moved ON sandbox_session (moved_at);

CREATE TABLE sandbox_refund (
  id         TEXT    NOT NULL PRIMARY KEY,
  session_id TEXT    NOT NULL REFERENCES sandbox_session (id),
  idem_key   TEXT    NOT NULL UNIQUE,
  amount     INTEGER NOT NULL CHECK (amount > 0),
  failed     INTEGER NOT NULL DEFAULT 0,
  seq        INTEGER NOT NULL,
  UNIQUE (session_id, seq)
) STRICT;
INSERT INTO sandbox_refund (id, session_id, idem_key, amount, seq)
  SELECT 're_' || id, id, 're_' || id, refunded, 1 FROM sandbox_session WHERE refunded > 0;
