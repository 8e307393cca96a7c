-- Accounts, lots, double entry, charges. Times are microseconds since 1970, UTC.

CREATE TABLE account (
  id             TEXT    NOT NULL PRIMARY KEY,
  email          TEXT    UNIQUE,                 -- NULL once the person is gone
  role           TEXT    NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'support', 'operator')),
  status         TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'frozen', 'closed')),
  created_at     BIGINT NOT NULL,
  seq            BIGINT NOT NULL DEFAULT 0 CHECK (seq >= 0),      -- number of the account's last transaction
  balance        BIGINT NOT NULL DEFAULT 0 CHECK (balance >= 0),  -- sum of lot.remaining
  debt           BIGINT NOT NULL DEFAULT 0 CHECK (debt >= 0),
  next_expiry_at BIGINT,                        -- when the first lot with something left dies
  last_at        BIGINT NOT NULL DEFAULT 0      -- no transaction is recorded before the one it follows
);

CREATE TABLE catalog (
  version      BIGINT NOT NULL PRIMARY KEY CHECK (version > 0),
  effective_at BIGINT NOT NULL,
  previews     BIGINT NOT NULL CHECK (previews >= 0),
  body         TEXT    NOT NULL,
  actor        TEXT    NOT NULL,
  reason       TEXT    NOT NULL,
  created_at   BIGINT NOT NULL
);
CREATE INDEX catalog_effective ON catalog (effective_at, version);

CREATE TABLE rate (
  catalog_version BIGINT NOT NULL REFERENCES catalog (version),
  quality         TEXT    NOT NULL,
  credits         BIGINT NOT NULL CHECK (credits BETWEEN 1 AND 10000),
  PRIMARY KEY (catalog_version, quality)
);

CREATE TABLE lot (
  id           TEXT    NOT NULL PRIMARY KEY,
  account_id   TEXT    NOT NULL REFERENCES account (id),
  kind         TEXT    NOT NULL CHECK (kind IN ('promo', 'bonus', 'adjust', 'paid')),
  priority     BIGINT NOT NULL,
  source_type  TEXT    NOT NULL,
  source_id    TEXT    NOT NULL,
  granted      BIGINT NOT NULL CHECK (granted > 0),
  remaining    BIGINT NOT NULL CHECK (remaining >= 0),
  consumed     BIGINT NOT NULL DEFAULT 0 CHECK (consumed >= 0),
  expired      BIGINT NOT NULL DEFAULT 0 CHECK (expired >= 0),
  withdrawn    BIGINT NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
  forfeited    BIGINT NOT NULL DEFAULT 0 CHECK (forfeited >= 0),
  rev_target   BIGINT NOT NULL DEFAULT 0 CHECK (rev_target >= 0),
  rev_taken    BIGINT NOT NULL DEFAULT 0 CHECK (rev_taken >= 0),
  rev_forgiven BIGINT NOT NULL DEFAULT 0 CHECK (rev_forgiven >= 0),
  effective_at BIGINT NOT NULL,
  expires_at   BIGINT,
  grace_until  BIGINT,
  created_at   BIGINT NOT NULL,
  UNIQUE (source_type, source_id, kind),
  CHECK (granted = remaining + consumed + expired + rev_taken + forfeited + withdrawn),
  CHECK (rev_taken + rev_forgiven <= rev_target AND rev_target <= granted - expired - forfeited - withdrawn),
  CHECK (kind <> 'paid' OR (expires_at IS NULL AND expired = 0))
);
CREATE INDEX lot_account ON lot (account_id, created_at);

CREATE TABLE txn (
  account_id    TEXT    NOT NULL REFERENCES account (id),
  account_seq   BIGINT NOT NULL CHECK (account_seq > 0),
  kind          TEXT    NOT NULL,
  ref_type      TEXT    NOT NULL,
  ref_id        TEXT    NOT NULL,
  ordinal       BIGINT NOT NULL DEFAULT 0,
  actor         TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  note          TEXT    NOT NULL,
  effective_at  BIGINT NOT NULL,
  recorded_at   BIGINT NOT NULL,
  balance_after BIGINT NOT NULL CHECK (balance_after >= 0),
  debt_after    BIGINT NOT NULL CHECK (debt_after >= 0),
  hash          BYTEA    NOT NULL,
  PRIMARY KEY (account_id, account_seq),
  UNIQUE (ref_id, kind, ref_type, ordinal)
);

CREATE TABLE entry (
  account_id  TEXT    NOT NULL,
  account_seq BIGINT NOT NULL,
  line        BIGINT NOT NULL,
  code        TEXT    NOT NULL CHECK (code IN ('lot', 'debt', 'issued.paid', 'issued.promo', 'issued.adjust',
                'deferred', 'earned', 'breakage', 'reversed', 'forfeited')),
  lot_id      TEXT    CHECK ((code = 'lot') = (lot_id IS NOT NULL)),
  amount      BIGINT NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (account_id, account_seq, line),
  FOREIGN KEY (account_id, account_seq) REFERENCES txn (account_id, account_seq)
);

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
  seed            BIGINT NOT NULL,
  credits         BIGINT NOT NULL CHECK (credits >= 0),
  catalog_version BIGINT NOT NULL,
  step            TEXT    NOT NULL DEFAULT 'accepted',
  attempts        BIGINT NOT NULL DEFAULT 0,
  not_before      BIGINT NOT NULL,
  deadline_at     BIGINT NOT NULL,
  lease_owner     TEXT    NOT NULL DEFAULT '',
  lease_until     BIGINT NOT NULL DEFAULT 0,
  engine          TEXT    NOT NULL DEFAULT '',
  spend           BIGINT NOT NULL DEFAULT 0,    -- attempts that may have cost the operator money
  failure         TEXT    NOT NULL DEFAULT '',
  image_key       TEXT    NOT NULL DEFAULT '',
  image_type      TEXT    NOT NULL DEFAULT '',
  image_width     BIGINT NOT NULL DEFAULT 0,
  image_height    BIGINT NOT NULL DEFAULT 0,
  image_bytes     BIGINT NOT NULL DEFAULT 0,
  image_sha256    TEXT    NOT NULL DEFAULT '',
  retry_of        TEXT    NOT NULL DEFAULT '',
  created_at      BIGINT NOT NULL,
  started_at      BIGINT NOT NULL DEFAULT 0,
  finished_at     BIGINT NOT NULL DEFAULT 0,
  UNIQUE (id, funding),
  CHECK (funding = 'credits' OR credits = 0),
  CHECK ((status = 'succeeded') = (image_key <> ''))
);
CREATE INDEX generation_owner ON generation (owner, id);
CREATE INDEX generation_queue ON generation (not_before, id) WHERE status = 'queued';
CREATE INDEX generation_lease ON generation (lease_until) WHERE status = 'running';

CREATE TABLE charge (
  id              TEXT    NOT NULL PRIMARY KEY,  -- the generation's id
  funding         TEXT    NOT NULL DEFAULT 'credits' CHECK (funding = 'credits'),
  account_id      TEXT    NOT NULL REFERENCES account (id),
  quality         TEXT    NOT NULL,
  catalog_version BIGINT NOT NULL,
  amount          BIGINT NOT NULL CHECK (amount > 0),
  returned        BIGINT NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount),
  state           TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'earned', 'returned')),
  accepted_at     BIGINT NOT NULL,
  closed_at       BIGINT NOT NULL DEFAULT 0,
  close_reason    TEXT    NOT NULL DEFAULT '',
  FOREIGN KEY (id, funding) REFERENCES generation (id, funding),
  CHECK (state <> 'returned' OR returned = amount),
  CHECK (state <> 'open' OR returned < amount)
);
CREATE INDEX charge_open ON charge (accepted_at) WHERE state = 'open';

CREATE TABLE charge_alloc (
  charge_id TEXT    NOT NULL REFERENCES charge (id),
  seq       BIGINT NOT NULL,
  lot_id    TEXT    NOT NULL REFERENCES lot (id),
  amount    BIGINT NOT NULL CHECK (amount > 0),
  returned  BIGINT NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount),
  PRIMARY KEY (charge_id, seq)
);

-- What was answered to a key, so that the same key is answered the same.
CREATE TABLE idem (
  owner      TEXT    NOT NULL,
  route      TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  body_hash  BYTEA    NOT NULL,
  status     BIGINT NOT NULL,
  ref        TEXT    NOT NULL,                   -- the generation, held request or purchase it made
  answer     BYTEA    NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (owner, route, key)
);
CREATE INDEX idem_created ON idem (created_at);

CREATE TABLE held_request (
  id            TEXT    NOT NULL PRIMARY KEY,
  account_id    TEXT    NOT NULL REFERENCES account (id),
  request       TEXT    NOT NULL,                -- JSON
  cost          BIGINT NOT NULL CHECK (cost > 0),
  generation_id TEXT    REFERENCES generation (id),
  created_at    BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL
);
CREATE INDEX held_request_account ON held_request (account_id, created_at);

-- History is append-only, whoever asks.
CREATE FUNCTION kp_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is not allowed: history is never changed', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER entry_guard BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER txn_guard BEFORE UPDATE OR DELETE ON txn FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER alloc_guard BEFORE UPDATE OF charge_id, seq, lot_id, amount OR DELETE ON charge_alloc FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER rate_guard BEFORE UPDATE OR DELETE ON rate FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER catalog_guard BEFORE UPDATE OR DELETE ON catalog FOR EACH ROW EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER entry_truncate BEFORE TRUNCATE ON entry EXECUTE FUNCTION kp_refuse();
CREATE TRIGGER txn_truncate BEFORE TRUNCATE ON txn EXECUTE FUNCTION kp_refuse();

-- The lines of a transaction are inserted by one statement and sum to zero in it.
CREATE FUNCTION kp_entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM added GROUP BY account_id, account_seq HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'the entries of a transaction do not sum to zero';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_balance AFTER INSERT ON entry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION kp_entries_balance();

-- kp_accept is store.(*Tx).accept in one round trip: the same steps, rows and hash, under the same tests. It may be
-- called for many requests in one statement, each decided on its own, so it answers what it refuses by a code and has
-- then written nothing: new, replay, short, moved, expire (a lot must be swept first) or inactive.
CREATE FUNCTION kp_accept(
  p_account text, p_route text, p_key text, p_body_hash bytea, p_status bigint, p_answer bytea,
  p_version bigint, p_cost bigint, p_now bigint, p_id text, p_quality text, p_scenario text, p_aspect text,
  p_instruction text, p_photos text, p_seed bigint, p_deadline bigint, p_retry_of text, p_created bigint, p_held text,
  OUT o_code text, OUT o_body_hash bytea, OUT o_status bigint, OUT o_ref text, OUT o_answer bytea)
LANGUAGE plpgsql AS $$
DECLARE
  v_version bigint; v_seq bigint; v_balance bigint; v_debt bigint; v_at bigint; v_expiry bigint; v_state text;
  v_prev bytea; v_left bigint := p_cost; v_take bigint;
  v_lots text[] := '{}'; v_takes bigint[] := '{}'; v_text text; l record;
BEGIN
  SELECT k.version, i.body_hash, i.status, i.ref, i.answer INTO v_version, o_body_hash, o_status, o_ref, o_answer
    FROM (SELECT version FROM catalog WHERE effective_at <= p_now ORDER BY effective_at DESC, version DESC LIMIT 1) k
    LEFT JOIN idem i ON i.owner = p_account AND i.route = p_route AND i.key = p_key;
  IF o_ref IS NOT NULL THEN
    o_code := 'replay';
    RETURN;
  ELSIF p_version IS DISTINCT FROM v_version THEN
    o_code := 'moved';
    RETURN;
  END IF;
  UPDATE account SET seq = seq + 1, balance = balance - p_cost, last_at = greatest(p_now, last_at + 1)
    WHERE id = p_account AND status = 'active' AND balance - debt >= p_cost AND (next_expiry_at IS NULL OR next_expiry_at > p_now)
    RETURNING seq, balance, debt, last_at INTO v_seq, v_balance, v_debt, v_at;
  IF NOT FOUND THEN
    -- The same key may have been accepted while this waited for the account.
    SELECT body_hash, status, ref, answer INTO o_body_hash, o_status, o_ref, o_answer
      FROM idem WHERE owner = p_account AND route = p_route AND key = p_key;
    IF FOUND THEN
      o_code := 'replay';
      RETURN;
    END IF;
    SELECT status, next_expiry_at INTO v_state, v_expiry FROM account WHERE id = p_account;
    o_code := CASE WHEN v_state IS DISTINCT FROM 'active' THEN 'inactive' WHEN v_expiry <= p_now THEN 'expire' ELSE 'short' END;
    RETURN;
  END IF;
  FOR l IN SELECT id, remaining FROM lot
      WHERE account_id = p_account AND remaining > 0
      ORDER BY priority, greatest(expires_at, grace_until) NULLS LAST, effective_at, id COLLATE "C" LOOP
    v_take := least(l.remaining, v_left);
    v_lots := v_lots || l.id;
    v_takes := v_takes || v_take;
    v_left := v_left - v_take;
    EXIT WHEN v_left = 0;
  END LOOP;
  IF v_left > 0 THEN
    RAISE EXCEPTION 'lots of % do not cover its balance', p_account;
  END IF;
  -- Read after the update, not within it: an update that waited still sees the world from before.
  SELECT hash INTO v_prev FROM txn WHERE account_id = p_account AND account_seq = v_seq - 1;
  v_text := concat('kinpict/1|', encode(coalesce(v_prev, ''::bytea), 'hex'), '|', p_account, '|', v_seq, '|charge|generation|', p_id,
    '|0|', octet_length(p_account), ':', p_account, '|0:|0:|', p_now, '|', v_at, '|', v_balance, '|', v_debt);
  FOR i IN 1 .. cardinality(v_lots) LOOP
    v_text := concat(v_text, '|lot,', v_lots[i], ',', -v_takes[i]);
  END LOOP;
  v_text := concat(v_text, '|deferred,,', p_cost);
  WITH i AS (
    INSERT INTO idem (owner, route, key, body_hash, status, ref, answer, created_at)
      VALUES (p_account, p_route, p_key, p_body_hash, p_status, p_id, p_answer, p_now)
  ), u AS (
    UPDATE lot SET remaining = remaining - n.take, consumed = consumed + n.take FROM unnest(v_lots, v_takes) n (id, take) WHERE lot.id = n.id
  ), t AS (
    INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, actor, reason, note, effective_at, recorded_at, balance_after, debt_after, hash)
      VALUES (p_account, v_seq, 'charge', 'generation', p_id, p_account, '', '', p_now, v_at, v_balance, v_debt, sha256(convert_to(v_text, 'UTF8')))
  ), e AS (
    INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount)
      SELECT p_account, v_seq, n, 'lot', v_lots[n], -v_takes[n] FROM generate_series(1, cardinality(v_lots)) n
      UNION ALL SELECT p_account, v_seq, cardinality(v_lots) + 1, 'deferred', NULL, p_cost
  ), g AS (
    INSERT INTO generation (id, funding, owner, status, quality, scenario, aspect, instruction, photos, seed, credits, catalog_version,
        not_before, deadline_at, retry_of, created_at)
      VALUES (p_id, 'credits', p_account, 'queued', p_quality, p_scenario, p_aspect, p_instruction, p_photos, p_seed, p_cost, p_version,
        p_now, p_deadline, p_retry_of, p_created)
  ), c AS (
    INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) VALUES (p_id, p_account, p_quality, p_version, p_cost, v_at)
  )
  INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) SELECT p_id, n, v_lots[n], v_takes[n] FROM generate_series(1, cardinality(v_lots)) n;
  -- A key that was answered meanwhile fails the insert into idem, and with it everything: run again, it is a replay.
  IF p_held <> '' THEN
    UPDATE held_request SET generation_id = p_id WHERE id = p_held AND account_id = p_account AND generation_id IS NULL;
  END IF;
  o_code := 'new';
END $$;
