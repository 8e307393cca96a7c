-- Mail that is sent, people who asked to be told when their picture is done, and how long pictures took lately.

-- When the owner asked to be mailed at the end, and the language they asked in. 0 where they did not.
ALTER TABLE generation ADD COLUMN notify_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE generation ADD COLUMN notify_language TEXT NOT NULL DEFAULT '';

-- The newest pictures that came out, for telling how long one takes.
CREATE INDEX generation_took ON generation (finished_at) WHERE status = 'succeeded';

-- A message waits until it was handed on (sent), is only kept here to be read, or was given up (failed).
ALTER TABLE mail ADD COLUMN state TEXT NOT NULL DEFAULT 'kept' CHECK (state IN ('waiting', 'sent', 'kept', 'failed'));
ALTER TABLE mail ADD COLUMN secret INTEGER NOT NULL DEFAULT 0;      -- 1: the body opens something, and goes once it is of no more use
ALTER TABLE mail ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mail ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;  -- whoever claims it moves this on, so that one sends it at a time
ALTER TABLE mail ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;  -- from when on it is of no use to anybody
ALTER TABLE mail ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;    -- when it was sent, kept or given up
ALTER TABLE mail ADD COLUMN problem TEXT NOT NULL DEFAULT '';  -- what the last attempt ran into, for the operator
CREATE INDEX mail_waiting ON mail (not_before, id) WHERE state = 'waiting';
