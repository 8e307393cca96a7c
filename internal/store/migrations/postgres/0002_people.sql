-- People, guests, photos, mail, purchases: everything around the ledger.

CREATE TABLE session (
  id_hash      BYTEA    NOT NULL PRIMARY KEY,     -- sha256 of the cookie's secret
  account_id   TEXT    NOT NULL REFERENCES account (id),
  created_at   BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE signin_link (
  token_hash   BYTEA    NOT NULL PRIMARY KEY,
  browser_hash BYTEA    NOT NULL,
  email        TEXT    NOT NULL,
  next         TEXT    NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  used_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signin_link_email ON signin_link (email, created_at);

CREATE TABLE api_token (
  id           TEXT    NOT NULL PRIMARY KEY,
  token_hash   BYTEA    NOT NULL UNIQUE,
  account_id   TEXT    NOT NULL REFERENCES account (id),
  name         TEXT    NOT NULL,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL DEFAULT 0,
  revoked_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_token_account ON api_token (account_id);

-- A guest is a signed device cookie. Previews are counted here and nowhere near credits.
CREATE TABLE guest (
  id         TEXT    NOT NULL PRIMARY KEY,
  used       BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
  claimed_by TEXT    NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);

CREATE TABLE guest_network (
  day     BIGINT NOT NULL,                      -- days since 1970, UTC
  network TEXT    NOT NULL,                      -- keyed hash of the prefix, another key each day
  used    BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
  PRIMARY KEY (day, network)
);

CREATE TABLE photo (
  id            TEXT    NOT NULL PRIMARY KEY,
  owner         TEXT    NOT NULL,                -- account id or guest id
  blob_key      TEXT    NOT NULL,
  thumb_key     TEXT    NOT NULL,
  width         BIGINT NOT NULL CHECK (width > 0),
  height        BIGINT NOT NULL CHECK (height > 0),
  bytes         BIGINT NOT NULL CHECK (bytes > 0),
  sha256        TEXT    NOT NULL,
  source_sha256 TEXT    NOT NULL,
  faces         TEXT    NOT NULL,                -- JSON
  checks        TEXT    NOT NULL,                -- JSON
  created_at    BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  deleted_at    BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX photo_source ON photo (owner, source_sha256) WHERE deleted_at = 0;
CREATE INDEX photo_owner ON photo (owner, created_at);
CREATE INDEX photo_expiry ON photo (expires_at) WHERE deleted_at = 0;
CREATE INDEX photo_gone ON photo (created_at) WHERE deleted_at > 0;

-- What a person has put together on the create page and not sent yet.
CREATE TABLE draft (
  owner      TEXT    NOT NULL PRIMARY KEY,
  body       TEXT    NOT NULL,                   -- JSON
  updated_at BIGINT NOT NULL
);

-- Mail is kept here for a time, to be read on the outbox page.
CREATE TABLE mail (
  id         TEXT    NOT NULL PRIMARY KEY,
  recipient  TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE purchase (
  id              TEXT    NOT NULL PRIMARY KEY,
  account_id      TEXT    NOT NULL REFERENCES account (id),
  pack            TEXT    NOT NULL,
  catalog_version BIGINT NOT NULL REFERENCES catalog (version),
  credits         BIGINT NOT NULL CHECK (credits > 0),
  amount          BIGINT NOT NULL CHECK (amount > 0),  -- minor units
  currency        TEXT    NOT NULL,
  provider        TEXT    NOT NULL,
  livemode        BIGINT NOT NULL DEFAULT 0,
  session_id      TEXT    UNIQUE,
  payment_id      TEXT    UNIQUE,
  url             TEXT    NOT NULL DEFAULT '',
  state           TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'processing', 'paid', 'expired', 'failed',
                    'refunded', 'partially_refunded', 'disputed')),
  refunded        BIGINT NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
  disputed        BIGINT NOT NULL DEFAULT 0 CHECK (disputed >= 0),
  back            TEXT    NOT NULL DEFAULT '',   -- where the person goes on afterwards
  created_at      BIGINT NOT NULL,
  paid_at         BIGINT NOT NULL DEFAULT 0,
  expires_at      BIGINT NOT NULL,
  seen_at         BIGINT NOT NULL DEFAULT 0,    -- when the provider was last asked; grows with every change
  problem         TEXT    NOT NULL DEFAULT ''    -- what of the provider's state does not match; for staff
);
CREATE INDEX purchase_account ON purchase (account_id, created_at);
CREATE INDEX purchase_open ON purchase (seen_at) WHERE state IN ('open', 'processing');
CREATE INDEX purchase_created ON purchase (created_at);

-- Every event a payment provider sent, once.
CREATE TABLE provider_event (
  provider     TEXT    NOT NULL,
  event_id     TEXT    NOT NULL,
  type         TEXT    NOT NULL,
  object_id    TEXT    NOT NULL,
  payload      BYTEA    NOT NULL,
  state        TEXT    NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'done', 'ignored', 'quarantined')),
  attempts     BIGINT NOT NULL DEFAULT 0,
  not_before   BIGINT NOT NULL,               -- whoever claims it moves this on, so that one works on it at a time
  error        TEXT    NOT NULL DEFAULT '',
  received_at  BIGINT NOT NULL,
  processed_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (provider, event_id)
);
CREATE INDEX provider_event_waiting ON provider_event (not_before) WHERE state = 'received';
CREATE INDEX provider_event_received ON provider_event (received_at);

-- The sandbox provider's own books, as a real provider would keep them elsewhere.
CREATE TABLE sandbox_session (
  id          TEXT    NOT NULL PRIMARY KEY,
  payment_id  TEXT    NOT NULL UNIQUE,
  idem_key    TEXT    NOT NULL UNIQUE,
  purchase_id TEXT    NOT NULL,
  title       TEXT    NOT NULL,
  amount      BIGINT NOT NULL,
  currency    TEXT    NOT NULL,
  return_url  TEXT    NOT NULL,
  status      TEXT    NOT NULL DEFAULT 'open',
  refunded    BIGINT NOT NULL DEFAULT 0,
  disputed    BIGINT NOT NULL DEFAULT 0,
  dispute     TEXT    NOT NULL DEFAULT '',
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL
);

-- Counters that must hold across processes: what, in which window, how often.
CREATE TABLE rate_limit (
  bucket TEXT    NOT NULL,
  since  BIGINT NOT NULL,
  used   BIGINT NOT NULL,
  PRIMARY KEY (bucket)
);

-- Written by /readyz to prove that a write lands.
CREATE TABLE probe (
  name TEXT    NOT NULL PRIMARY KEY,
  at   BIGINT NOT NULL
);
