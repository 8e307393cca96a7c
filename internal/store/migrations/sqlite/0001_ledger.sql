-- Accounts, lots, double entry, charges. Times are microseconds since 1970, UTC.

CREATE TABLE account (
  id             TEXT    NOT NULL PRIMARY KEY,
  email          TEXT    UNIQUE,                 -- NULL once the person is gone
  role           TEXT    NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'support', 'operator')),
  status         TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'frozen', 'closed')),
  created_at     INTEGER NOT NULL,
  seq            INTEGER NOT NULL DEFAULT 0 CHECK (seq >= 0),      -- number of the account's last transaction
  balance        INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0),  -- sum of lot.remaining
  debt           INTEGER NOT NULL DEFAULT 0 CHECK (debt >= 0),
  next_expiry_at INTEGER,                        -- when the first lot with something left dies
  last_at        INTEGER NOT NULL DEFAULT 0      -- no transaction is recorded before the one it follows
) STRICT;

CREATE TABLE catalog (
  version      INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
  effective_at INTEGER NOT NULL,
  previews     INTEGER NOT NULL CHECK (previews >= 0),
  body         TEXT    NOT NULL,
  actor        TEXT    NOT NULL,
  reason       TEXT    NOT NULL,
  created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX catalog_effective ON catalog (effective_at, version);

CREATE TABLE rate (
  catalog_version INTEGER NOT NULL REFERENCES catalog (version),
  quality         TEXT    NOT NULL,
  credits         INTEGER NOT NULL CHECK (credits BETWEEN 1 AND 10000),
  PRIMARY KEY (catalog_version, quality)
) STRICT, WITHOUT ROWID;

CREATE TABLE lot (
  id           TEXT    NOT NULL PRIMARY KEY,
  account_id   TEXT    NOT NULL REFERENCES account (id),
  kind         TEXT    NOT NULL CHECK (kind IN ('promo', 'bonus', 'adjust', 'paid')),
  priority     INTEGER NOT NULL,
  source_type  TEXT    NOT NULL,
  source_id    TEXT    NOT NULL,
  granted      INTEGER NOT NULL CHECK (granted > 0),
  remaining    INTEGER NOT NULL CHECK (remaining >= 0),
  consumed     INTEGER NOT NULL DEFAULT 0 CHECK (consumed >= 0),
  expired      INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
  withdrawn    INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
  forfeited    INTEGER NOT NULL DEFAULT 0 CHECK (forfeited >= 0),
  rev_target   INTEGER NOT NULL DEFAULT 0 CHECK (rev_target >= 0),
  rev_taken    INTEGER NOT NULL DEFAULT 0 CHECK (rev_taken >= 0),
  rev_forgiven INTEGER NOT NULL DEFAULT 0 CHECK (rev_forgiven >= 0),
  effective_at INTEGER NOT NULL,
  expires_at   INTEGER,
  grace_until  INTEGER,
  created_at   INTEGER NOT NULL,
  UNIQUE (source_type, source_id, kind),
  CHECK (granted = remaining + consumed + expired + rev_taken + forfeited + withdrawn),
  CHECK (rev_taken + rev_forgiven <= rev_target AND rev_target <= granted - expired - forfeited - withdrawn),
  CHECK (kind <> 'paid' OR (expires_at IS NULL AND expired = 0))
) STRICT;
CREATE INDEX lot_account ON lot (account_id, created_at);

CREATE TABLE txn (
  account_id    TEXT    NOT NULL REFERENCES account (id),
  account_seq   INTEGER NOT NULL CHECK (account_seq > 0),
  kind          TEXT    NOT NULL,
  ref_type      TEXT    NOT NULL,
  ref_id        TEXT    NOT NULL,
  ordinal       INTEGER NOT NULL DEFAULT 0,
  actor         TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  note          TEXT    NOT NULL,
  effective_at  INTEGER NOT NULL,
  recorded_at   INTEGER NOT NULL,
  balance_after INTEGER NOT NULL CHECK (balance_after >= 0),
  debt_after    INTEGER NOT NULL CHECK (debt_after >= 0),
  hash          BLOB    NOT NULL,
  PRIMARY KEY (account_id, account_seq),
  UNIQUE (ref_id, kind, ref_type, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  account_id  TEXT    NOT NULL,
  account_seq INTEGER NOT NULL,
  line        INTEGER NOT NULL,
  code        TEXT    NOT NULL CHECK (code IN ('lot', 'debt', 'issued.paid', 'issued.promo', 'issued.adjust',
                'deferred', 'earned', 'breakage', 'reversed', 'forfeited')),
  lot_id      TEXT    CHECK ((code = 'lot') = (lot_id IS NOT NULL)),
  amount      INTEGER NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (account_id, account_seq, line),
  FOREIGN KEY (account_id, account_seq) REFERENCES txn (account_id, account_seq)
) STRICT, WITHOUT ROWID;

-- One accepted request. It is also the job: state, lease and attempt live in the row that was charged for.
CREATE TABLE generation (
  id              TEXT    NOT NULL PRIMARY KEY,
  funding         TEXT    NOT NULL CHECK (funding IN ('credits', 'preview')),
  owner           TEXT    NOT NULL,              -- account id; guest id while a preview is unclaimed
  guest_id        TEXT,                          -- the guest a preview was given to
  status          TEXT    NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
  quality         TEXT    NOT NULL,
  scenario        TEXT    NOT NULL,
  aspect          TEXT    NOT NULL,
  instruction     TEXT    NOT NULL,
  photos          TEXT    NOT NULL,              -- JSON
  seed            INTEGER NOT NULL,
  credits         INTEGER NOT NULL CHECK (credits >= 0),
  catalog_version INTEGER NOT NULL,
  step            TEXT    NOT NULL DEFAULT 'accepted',
  attempts        INTEGER NOT NULL DEFAULT 0,
  not_before      INTEGER NOT NULL,
  deadline_at     INTEGER NOT NULL,
  lease_owner     TEXT    NOT NULL DEFAULT '',
  lease_until     INTEGER NOT NULL DEFAULT 0,
  engine          TEXT    NOT NULL DEFAULT '',
  spend           INTEGER NOT NULL DEFAULT 0,    -- attempts that may have cost the operator money
  failure         TEXT    NOT NULL DEFAULT '',
  image_key       TEXT    NOT NULL DEFAULT '',
  image_type      TEXT    NOT NULL DEFAULT '',
  image_width     INTEGER NOT NULL DEFAULT 0,
  image_height    INTEGER NOT NULL DEFAULT 0,
  image_bytes     INTEGER NOT NULL DEFAULT 0,
  image_sha256    TEXT    NOT NULL DEFAULT '',
  retry_of        TEXT    NOT NULL DEFAULT '',
  created_at      INTEGER NOT NULL,
  started_at      INTEGER NOT NULL DEFAULT 0,
  finished_at     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (id, funding),
  CHECK (funding = 'credits' OR credits = 0),
  CHECK ((status = 'succeeded') = (image_key <> ''))
) STRICT;
CREATE INDEX generation_owner ON generation (owner, id);
CREATE INDEX generation_queue ON generation (not_before, id) WHERE status = 'queued';
CREATE INDEX generation_lease ON generation (lease_until) WHERE status = 'running';

CREATE TABLE charge (
  id              TEXT    NOT NULL PRIMARY KEY,  -- the generation's id
  funding         TEXT    NOT NULL DEFAULT 'credits' CHECK (funding = 'credits'),
  account_id      TEXT    NOT NULL REFERENCES account (id),
  quality         TEXT    NOT NULL,
  catalog_version INTEGER NOT NULL,
  amount          INTEGER NOT NULL CHECK (amount > 0),
  returned        INTEGER NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount),
  state           TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'earned', 'returned')),
  accepted_at     INTEGER NOT NULL,
  closed_at       INTEGER NOT NULL DEFAULT 0,
  close_reason    TEXT    NOT NULL DEFAULT '',
  FOREIGN KEY (id, funding) REFERENCES generation (id, funding),
  CHECK (state <> 'returned' OR returned = amount),
  CHECK (state <> 'open' OR returned < amount)
) STRICT;
CREATE INDEX charge_open ON charge (accepted_at) WHERE state = 'open';

CREATE TABLE charge_alloc (
  charge_id TEXT    NOT NULL REFERENCES charge (id),
  seq       INTEGER NOT NULL,
  lot_id    TEXT    NOT NULL REFERENCES lot (id),
  amount    INTEGER NOT NULL CHECK (amount > 0),
  returned  INTEGER NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount),
  PRIMARY KEY (charge_id, seq)
) STRICT, WITHOUT ROWID;

-- What was answered to a key, so that the same key is answered the same.
CREATE TABLE idem (
  owner      TEXT    NOT NULL,
  route      TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  body_hash  BLOB    NOT NULL,
  status     INTEGER NOT NULL,
  ref        TEXT    NOT NULL,                   -- the generation, held request or purchase it made
  answer     BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idem_created ON idem (created_at);

CREATE TABLE held_request (
  id            TEXT    NOT NULL PRIMARY KEY,
  account_id    TEXT    NOT NULL REFERENCES account (id),
  request       TEXT    NOT NULL,                -- JSON
  cost          INTEGER NOT NULL CHECK (cost > 0),
  generation_id TEXT    REFERENCES generation (id),
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX held_request_account ON held_request (account_id, created_at);

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER txn_no_update BEFORE UPDATE ON txn BEGIN SELECT RAISE(ABORT, 'transactions are never changed'); END;
CREATE TRIGGER txn_no_delete BEFORE DELETE ON txn BEGIN SELECT RAISE(ABORT, 'transactions are never deleted'); END;
CREATE TRIGGER alloc_no_update BEFORE UPDATE OF charge_id, seq, lot_id, amount ON charge_alloc
  BEGIN SELECT RAISE(ABORT, 'allocations are never changed'); END;
CREATE TRIGGER alloc_no_delete BEFORE DELETE ON charge_alloc BEGIN SELECT RAISE(ABORT, 'allocations are never deleted'); END;
CREATE TRIGGER rate_no_update BEFORE UPDATE ON rate BEGIN SELECT RAISE(ABORT, 'prices are never changed'); END;
CREATE TRIGGER rate_no_delete BEFORE DELETE ON rate BEGIN SELECT RAISE(ABORT, 'prices are never deleted'); END;
CREATE TRIGGER catalog_no_update BEFORE UPDATE ON catalog BEGIN SELECT RAISE(ABORT, 'prices are never changed'); END;
CREATE TRIGGER catalog_no_delete BEFORE DELETE ON catalog BEGIN SELECT RAISE(ABORT, 'prices are never deleted'); END;
