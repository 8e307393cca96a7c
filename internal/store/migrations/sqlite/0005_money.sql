-- What staff and banks do with money that was paid, and where we and the provider disagree.

-- Money that staff send back. The row comes before the provider is asked, and its id is the provider's idempotency key.
CREATE TABLE refund (
  id          TEXT    NOT NULL PRIMARY KEY,
  purchase_id TEXT    NOT NULL REFERENCES purchase (id),
  payment_id  TEXT    NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),  -- minor units, tax included
  reason      TEXT    NOT NULL CHECK (reason <> ''),
  cause       TEXT    NOT NULL DEFAULT '',         -- the provider's word for it
  actor       TEXT    NOT NULL CHECK (actor <> ''),
  approver    TEXT    NOT NULL DEFAULT '' CHECK (approver <> actor),
  state       TEXT    NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'done', 'refused', 'failed')),
  problem     TEXT    NOT NULL DEFAULT '',
  not_before  INTEGER NOT NULL,                    -- when the worker asks again
  created_at  INTEGER NOT NULL,
  ended_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX refund_asked ON refund (purchase_id) WHERE state = 'asked'; -- one at a time
CREATE INDEX refund_purchase ON refund (purchase_id, created_at);

CREATE TABLE dispute (
  purchase_id TEXT    NOT NULL REFERENCES purchase (id),
  id          TEXT    NOT NULL,
  status      TEXT    NOT NULL,
  reason      TEXT    NOT NULL DEFAULT '',
  amount      INTEGER NOT NULL,
  due_by      INTEGER NOT NULL DEFAULT 0,          -- when evidence must be there, 0 for never
  refundable  INTEGER NOT NULL DEFAULT 0,          -- the money may still be refunded
  seen_at     INTEGER NOT NULL,                    -- when we first heard of it
  PRIMARY KEY (purchase_id, id)
) STRICT, WITHOUT ROWID;

-- A bank's early word that a payment is fraud. No money moves for it.
CREATE TABLE fraud_warning (
  purchase_id TEXT    NOT NULL PRIMARY KEY REFERENCES purchase (id),
  seen_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each provider: when it is compared with again. Whoever moves due_at on does it.
CREATE TABLE reconciliation (
  provider  TEXT    NOT NULL PRIMARY KEY,
  watermark INTEGER NOT NULL DEFAULT 0,            -- when the last complete one began
  due_at    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What comparing could not repair. A row goes once its cause is gone.
CREATE TABLE payment_finding (
  provider   TEXT    NOT NULL,
  subject    TEXT    NOT NULL,                     -- a purchase of ours or a payment of theirs
  kind       TEXT    NOT NULL,
  object     TEXT    NOT NULL,                     -- what to ask the provider about
  message    TEXT    NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  PRIMARY KEY (provider, subject, kind)
) STRICT, WITHOUT ROWID;
