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
  created_at    BIGINT  NOT NULL
);
CREATE INDEX review_account ON review (account_id, created_at);
CREATE INDEX review_status ON review (status, id);

-- What staff did about a review.
CREATE TABLE review_act (
  review_id   TEXT    NOT NULL REFERENCES review (id),
  kind        TEXT    NOT NULL CHECK (kind IN ('answer', 'close')),
  actor       TEXT    NOT NULL CHECK (actor <> ''),
  text        TEXT    NOT NULL CHECK (text <> ''),
  credits     BIGINT  NOT NULL DEFAULT 0 CHECK (credits >= 0),
  reason      TEXT    NOT NULL DEFAULT '',
  account_seq BIGINT  NOT NULL DEFAULT 0,        -- the transaction that gave the credits
  at          BIGINT  NOT NULL,
  PRIMARY KEY (review_id, kind),                 -- answered once, closed once
  CHECK ((credits > 0) = (account_seq > 0) AND (credits = 0 OR reason <> ''))
);

CREATE TABLE receipt_key (
  id         TEXT    NOT NULL PRIMARY KEY,
  public     BYTEA   NOT NULL,
  created_at BIGINT  NOT NULL
);

CREATE FUNCTION kp_review_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status = 'open' OR OLD.status = 'closed' THEN
    RAISE EXCEPTION 'a review never goes back';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER review_guard BEFORE UPDATE OF id, account_id, message, generation_id, purchase_id, page, evidence, sha256, created_at OR DELETE ON review
  FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER review_no_reopen BEFORE UPDATE OF status ON review FOR EACH ROW EXECUTE FUNCTION kp_review_moves();
CREATE TRIGGER review_act_guard BEFORE UPDATE OR DELETE ON review_act FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER review_truncate BEFORE TRUNCATE ON review EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER review_act_truncate BEFORE TRUNCATE ON review_act EXECUTE FUNCTION kp_refuse();
