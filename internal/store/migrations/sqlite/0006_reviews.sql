-- Reviews of balances that look wrong, with frozen evidence; the keys that receipts were ever signed with.

CREATE TABLE review (
  id            TEXT    NOT NULL PRIMARY KEY,
  account_id    TEXT    NOT NULL REFERENCES account (id),
  message       TEXT    NOT NULL,
  generation_id TEXT    NOT NULL DEFAULT '',
  purchase_id   TEXT    NOT NULL DEFAULT '',
  page          TEXT    NOT NULL DEFAULT '',
  evidence      TEXT    NOT NULL,                -- one JSON document
  sha256        TEXT    NOT NULL,                -- of the evidence, hex
  status        TEXT    NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered', 'closed')),
  created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX review_account ON review (account_id, created_at);
CREATE INDEX review_status ON review (status, id);

-- What staff did about a review.
CREATE TABLE review_act (
  review_id   TEXT    NOT NULL REFERENCES review (id),
  kind        TEXT    NOT NULL CHECK (kind IN ('answer', 'close')),
  actor       TEXT    NOT NULL CHECK (actor <> ''),
  text        TEXT    NOT NULL CHECK (text <> ''),
  credits     INTEGER NOT NULL DEFAULT 0 CHECK (credits >= 0),
  reason      TEXT    NOT NULL DEFAULT '',
  account_seq INTEGER NOT NULL DEFAULT 0,        -- the transaction that gave the credits
  at          INTEGER NOT NULL,
  PRIMARY KEY (review_id, kind),                 -- answered once, closed once
  CHECK ((credits > 0) = (account_seq > 0) AND (credits = 0 OR reason <> ''))
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt_key (
  id         TEXT    NOT NULL PRIMARY KEY,
  public     BLOB    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER review_no_update BEFORE UPDATE OF id, account_id, message, generation_id, purchase_id, page, evidence, sha256, created_at ON review
  BEGIN SELECT RAISE(ABORT, 'what was frozen is never changed'); END;
CREATE TRIGGER review_no_reopen BEFORE UPDATE OF status ON review WHEN NEW.status = 'open' OR OLD.status = 'closed'
  BEGIN SELECT RAISE(ABORT, 'a review never goes back'); END;
CREATE TRIGGER review_no_delete BEFORE DELETE ON review BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;
CREATE TRIGGER review_act_no_update BEFORE UPDATE ON review_act BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
CREATE TRIGGER review_act_no_delete BEFORE DELETE ON review_act BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;
