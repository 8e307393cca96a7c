-- Where a sign-in link was asked for: the day's hashes of the network and the IPv6 /48 that count it until it is opened, '' from then on.

ALTER TABLE signin_link ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE signin_link ADD COLUMN area TEXT NOT NULL DEFAULT '';
