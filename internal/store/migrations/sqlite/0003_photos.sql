-- What a photo looks like from far away, so that a copy of it is noticed: 32
-- hexadecimal digits, or '' where it cannot be compared. See photo.Likeness.
ALTER TABLE photo ADD COLUMN likeness TEXT NOT NULL DEFAULT '';
