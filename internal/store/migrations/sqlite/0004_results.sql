-- What a person does with a finished picture: keeps it in sight, deletes it, shares it.

ALTER TABLE generation ADD COLUMN favourite_at INTEGER NOT NULL DEFAULT 0;
-- A deleted generation keeps what the books need and nothing else. Its image_key is 'removed' once the bytes are gone.
ALTER TABLE generation ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;
-- Whether a trained model redrew people, for what is made of the picture later.
ALTER TABLE generation ADD COLUMN image_generative INTEGER NOT NULL DEFAULT 0;
CREATE INDEX generation_favourite ON generation (owner, id) WHERE favourite_at > 0;
CREATE INDEX generation_gone ON generation (id) WHERE deleted_at > 0 AND image_key <> '' AND image_key <> 'removed';

-- A private link to one picture. Who knows the token may look until it expires or is revoked; only its hash is kept.
CREATE TABLE share (
  id            TEXT    NOT NULL PRIMARY KEY,
  generation_id TEXT    NOT NULL REFERENCES generation (id),
  token_hash    BLOB    NOT NULL UNIQUE,
  days          INTEGER NOT NULL CHECK (days > 0),
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  revoked_at    INTEGER NOT NULL DEFAULT 0,
  views         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX share_generation ON share (generation_id, created_at);
CREATE INDEX share_expires ON share (expires_at);
