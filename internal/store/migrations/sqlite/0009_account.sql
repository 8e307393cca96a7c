-- What a person reads, where they are signed in, and what is left when they go.

-- The language a person reads, as in BCP 47: 'de'. '' where they never chose one.
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- A sign-in has a name that is no secret, so that it can be ended from another, and the browser in two words.
ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN system TEXT NOT NULL DEFAULT '';
UPDATE session SET id = 'ses_' || lower(hex(substr(id_hash, 1, 16)));

-- What a person confirmed about the people shown, and which wording of it they read.
CREATE TABLE consent (
  owner   TEXT   NOT NULL,                       -- account id or guest id
  at      INTEGER NOT NULL,
  wording TEXT   NOT NULL CHECK (wording <> ''),
  PRIMARY KEY (owner, at)
) STRICT, WITHOUT ROWID;

-- An account that was deleted: when, by whom, and what went. It names nobody. A backup made before is brought up to date with these.
CREATE TABLE deletion (
  id         TEXT   NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL UNIQUE REFERENCES account (id),
  asked_by   TEXT   NOT NULL CHECK (asked_by IN ('person', 'staff')),
  tally      TEXT   NOT NULL,                    -- JSON: how much of what went, what stays
  deleted_at INTEGER NOT NULL,
  emptied_at INTEGER NOT NULL DEFAULT 0           -- when the last file was gone
) STRICT;
CREATE INDEX deletion_deleted ON deletion (deleted_at);

-- A review of somebody who is gone loses its words once. The digest of what was frozen stays, so that a copy they kept can still be proven.
ALTER TABLE review ADD COLUMN erased_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE review ADD COLUMN frozen_sha256 TEXT NOT NULL DEFAULT '';

DROP TRIGGER review_no_update;
CREATE TRIGGER review_no_update BEFORE UPDATE OF id, account_id, message, generation_id, purchase_id, page, evidence, sha256, created_at, erased_at, frozen_sha256 ON review
  WHEN NOT (OLD.erased_at = 0 AND NEW.erased_at > 0 AND NEW.message = '' AND NEW.page = '' AND NEW.frozen_sha256 = OLD.sha256
    AND (NEW.id, NEW.account_id, NEW.generation_id, NEW.purchase_id, NEW.created_at) = (OLD.id, OLD.account_id, OLD.generation_id, OLD.purchase_id, OLD.created_at)
    AND EXISTS (SELECT 1 FROM account WHERE id = OLD.account_id AND status = 'closed'))
  BEGIN SELECT RAISE(ABORT, 'what was frozen is never changed'); END;
DROP TRIGGER review_act_no_update;
CREATE TRIGGER review_act_no_update BEFORE UPDATE ON review_act
  WHEN NOT (NEW.text = 'Removed with the account.'
    AND (NEW.review_id, NEW.kind, NEW.actor, NEW.credits, NEW.reason, NEW.account_seq, NEW.at) = (OLD.review_id, OLD.kind, OLD.actor, OLD.credits, OLD.reason, OLD.account_seq, OLD.at)
    AND EXISTS (SELECT 1 FROM review r JOIN account a ON a.id = r.account_id WHERE r.id = OLD.review_id AND a.status = 'closed'))
  BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
