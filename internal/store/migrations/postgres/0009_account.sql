-- What a person reads, where they are signed in, and what is left when they go.

-- The language a person reads, as in BCP 47: 'de'. '' where they never chose one.
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT '';
