-- Promo codes, and what one did to a purchase.

CREATE TABLE promo (
  code        TEXT    NOT NULL PRIMARY KEY CHECK (code <> '' AND code = upper(code)),
  percent     BIGINT NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 99),
  amount      BIGINT NOT NULL DEFAULT 0 CHECK (amount >= 0),      -- minor units of currency
  currency    TEXT    NOT NULL DEFAULT '',
  bonus       BIGINT NOT NULL DEFAULT 0 CHECK (bonus >= 0),       -- credits
  packs       TEXT    NOT NULL DEFAULT '',                         -- ids with a space between, '' for all
  starts_at   BIGINT NOT NULL,
  ends_at     BIGINT NOT NULL DEFAULT 0,                          -- 0: until it is ended
  uses        BIGINT NOT NULL DEFAULT 0 CHECK (uses >= 0),        -- 0: any number
  per_account BIGINT NOT NULL DEFAULT 0 CHECK (per_account >= 0), -- 0: any number
  used        BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),        -- above uses if money came after its use was given back
  created_by  TEXT    NOT NULL CHECK (created_by <> ''),
  created_at  BIGINT NOT NULL,
  ended_by    TEXT    NOT NULL DEFAULT '',
  CHECK ((amount > 0) = (currency <> '')),
  CHECK (CASE WHEN percent > 0 THEN 1 ELSE 0 END + CASE WHEN amount > 0 THEN 1 ELSE 0 END + CASE WHEN bonus > 0 THEN 1 ELSE 0 END = 1)
);

ALTER TABLE purchase ADD COLUMN promo TEXT NOT NULL DEFAULT '';
ALTER TABLE purchase ADD COLUMN discount BIGINT NOT NULL DEFAULT 0 CHECK (discount >= 0);          -- minor units it took off; amount is without them
ALTER TABLE purchase ADD COLUMN bonus BIGINT NOT NULL DEFAULT 0 CHECK (bonus >= 0);                -- credits it adds
ALTER TABLE purchase ADD COLUMN promo_counted BIGINT NOT NULL DEFAULT 0 CHECK (promo_counted IN (0, 1)); -- among the code's used
CREATE INDEX purchase_promo ON purchase (promo, account_id) WHERE promo <> '';
