-- What a deletion looks for is found and not searched for.

CREATE INDEX provider_event_object ON provider_event (object_id);
CREATE INDEX guest_claimed ON guest (claimed_by) WHERE claimed_by <> '';
CREATE INDEX mail_recipient ON mail (recipient, created_at, id);
CREATE INDEX mail_created ON mail (created_at, id);
CREATE INDEX deletion_unfinished ON deletion (deleted_at, id) WHERE emptied_at = 0;
