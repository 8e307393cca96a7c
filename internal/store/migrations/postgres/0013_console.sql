-- The operators' pages: the second factor, their sessions, what staff did, when the books were proven.

-- What makes the six digits of an authenticator app, sealed. A number of thirty seconds is used once.
CREATE TABLE second_factor (
  account_id TEXT    NOT NULL PRIMARY KEY REFERENCES account (id),
  sealed     BYTEA   NOT NULL,
  last_step  BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);

-- A session of the console ends with the sign-in it was opened from, and with the role it was opened for.
CREATE TABLE console_session (
  id_hash      BYTEA   NOT NULL PRIMARY KEY,     -- sha256 of the cookie's secret
  account_id   TEXT    NOT NULL REFERENCES account (id),
  signin_hash  BYTEA   NOT NULL,                 -- the session of the site
  role         TEXT    NOT NULL,
  created_at   BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX console_session_account ON console_session (account_id);

-- What staff did that stands nowhere else. It names accounts, never addresses.
CREATE TABLE staff_act (
  id      TEXT    NOT NULL PRIMARY KEY,
  actor   TEXT    NOT NULL CHECK (actor <> ''),
  kind    TEXT    NOT NULL CHECK (kind <> ''),
  subject TEXT    NOT NULL DEFAULT '',
  at      BIGINT NOT NULL
);
CREATE TRIGGER staff_act_no_update BEFORE UPDATE ON staff_act FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER staff_act_no_delete BEFORE DELETE ON staff_act FOR EACH ROW EXECUTE FUNCTION kp_refuse();

CREATE INDEX staff_act_at ON staff_act (at);

-- Each time the books were proven from end to end, and the sums of that moment.
CREATE TABLE audit_run (
  id       TEXT    NOT NULL PRIMARY KEY,
  actor    TEXT    NOT NULL,
  began_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,           -- 0 while it runs, or if whoever ran it died
  found    BIGINT NOT NULL DEFAULT 0,
  result   TEXT    NOT NULL DEFAULT ''           -- JSON
);
CREATE UNIQUE INDEX audit_run_one ON audit_run (ended_at) WHERE ended_at = 0; -- one at a time

-- A day's figures and a list by state read what they show and not what ever was.
CREATE INDEX generation_failed ON generation (finished_at) WHERE status = 'failed';
CREATE INDEX generation_canceled ON generation (finished_at) WHERE status = 'canceled';
CREATE INDEX review_act_at ON review_act (at);
CREATE INDEX refund_created ON refund (created_at);
CREATE INDEX held_request_decided_at ON held_request (decided_at) WHERE decision <> '';
CREATE INDEX txn_staff ON txn (recorded_at) WHERE kind IN ('adjust', 'goodwill', 'forgive', 'take');
