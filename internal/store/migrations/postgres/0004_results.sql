-- What a person does with a finished picture: keeps it in sight, deletes it, shares it.

ALTER TABLE generation ADD COLUMN favourite_at BIGINT NOT NULL DEFAULT 0;
-- A deleted generation keeps what the books need and nothing else. Its image_key is 'removed' once the bytes are gone.
ALTER TABLE generation ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
-- Whether a trained model redrew people, for what is made of the picture later.
ALTER TABLE generation ADD COLUMN image_generative BIGINT NOT NULL DEFAULT 0;
CREATE INDEX generation_favourite ON generation (owner, id) WHERE favourite_at > 0;
CREATE INDEX generation_gone ON generation (id) WHERE deleted_at > 0 AND image_key <> '' AND image_key <> 'removed';

-- A private link to one picture. Who knows the token may look until it expires or is revoked; only its hash is kept.
CREATE TABLE share (
  id            TEXT    NOT NULL PRIMARY KEY,
  generation_id TEXT    NOT NULL REFERENCES generation (id),
  token_hash    BYTEA    NOT NULL UNIQUE,
  days          BIGINT NOT NULL CHECK (days > 0),
  created_at    BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  revoked_at    BIGINT NOT NULL DEFAULT 0,
  views         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX share_generation ON share (generation_id, created_at);
CREATE INDEX share_expires ON share (expires_at);
