-- Requests whose words a person reads before anything is taken, and what they decided.

ALTER TABLE held_request ADD COLUMN reason TEXT NOT NULL DEFAULT 'credits' CHECK (reason IN ('credits', 'safety'));
ALTER TABLE held_request ADD COLUMN decision TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'approved', 'refused'));
ALTER TABLE held_request ADD COLUMN decided_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held_request ADD COLUMN decided_by TEXT NOT NULL DEFAULT '' CHECK ((decision = '') = (decided_by = '') AND (decision = '') = (decided_at = 0));
ALTER TABLE held_request ADD COLUMN note TEXT NOT NULL DEFAULT '';           -- what staff told the person
ALTER TABLE held_request ADD COLUMN withdrawn_at INTEGER NOT NULL DEFAULT 0;  -- when its owner took it back
ALTER TABLE held_request ADD COLUMN language TEXT NOT NULL DEFAULT '';       -- what the person read when they asked

-- What staff look through, and what is to be emptied.
CREATE INDEX held_request_safety ON held_request (decision, id) WHERE reason = 'safety';
CREATE INDEX held_request_over ON held_request (expires_at) WHERE generation_id IS NULL AND request <> '{}';

-- A decision is never changed, it is about the very words, and what was refused or taken back is never charged.
CREATE TRIGGER held_request_decided BEFORE UPDATE OF decision, decided_at, decided_by ON held_request WHEN OLD.decision <> ''
  BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END;
CREATE TRIGGER held_request_words BEFORE UPDATE OF request, note ON held_request
  WHEN NEW.request NOT IN (OLD.request, '{}') OR OLD.decision <> '' AND NEW.note NOT IN (OLD.note, '')
  BEGIN SELECT RAISE(ABORT, 'the words of a held request are never changed'); END;
CREATE TRIGGER held_request_over BEFORE UPDATE OF generation_id ON held_request WHEN OLD.decision = 'refused' OR OLD.withdrawn_at > 0
  BEGIN SELECT RAISE(ABORT, 'a request that was refused or taken back does not go on'); END;
