package store

import (
	"time"

	"kinpict"
)

// Day numbers the days since 1970, UTC. Budgets of a network begin anew with it.
func Day(at time.Time) int64 { return at.Unix() / (24 * 60 * 60) }

// SpendPreview takes one free preview from a guest, from an account, or from
// both where the device of an account is known. Each may have limit of them in
// all, and the network networkLimit a day; 0 leaves the network uncounted. An
// account, whose verified address is the way out of a busy network, is not counted
// with its guests: accounts younger than a day are counted by themselves, up to
// newcomers a day, older ones not at all.
// Credits are not touched. The error is GuestLimit, and then nothing was taken
// once the transaction is undone.
func (t *Tx) SpendPreview(guestID, accountID, network string, limit, networkLimit, newcomers int) error {
	for _, id := range []string{guestID, accountID} {
		if id == "" {
			continue
		}
		ok, err := t.take(`INSERT INTO guest (id, used, created_at) VALUES ($1, 1, $2)
			ON CONFLICT (id) DO UPDATE SET used = guest.used + 1 WHERE guest.used < $3`, limit, id, t.now)
		if err != nil {
			return err
		}
		if !ok {
			return &kinpict.Error{Code: kinpict.GuestLimit, Message: "The free preview has been used.",
				Hint: "Sign in and add credits to make more pictures. Your photos and words are kept."}
		}
	}
	if networkLimit < 1 {
		return nil
	}
	if accountID != "" {
		var young bool
		if err := t.row(`SELECT EXISTS (SELECT 1 FROM account WHERE id = $1 AND created_at > $2)`, accountID, micros(t.Now().Add(-24*time.Hour))).Scan(&young); err != nil || !young {
			return err
		}
		network, networkLimit = "new "+network, newcomers
	}
	ok, err := t.take(`INSERT INTO guest_network (day, network, used) VALUES ($1, $2, 1)
		ON CONFLICT (day, network) DO UPDATE SET used = guest_network.used + 1 WHERE guest_network.used < $3`,
		networkLimit, Day(t.Now()), network)
	const spent = "No more free previews can be made from this network today."
	switch {
	case err != nil || ok:
		return err
	case accountID != "":
		return &kinpict.Error{Code: kinpict.GuestLimit, Message: spent, Hint: "Add credits to make yours now, or come back tomorrow. Your photos and words are kept."}
	}
	return &kinpict.Error{Code: kinpict.GuestLimit, Message: spent, Hint: "Sign in with your e-mail address to make yours now. Your photos and words are kept."}
}

// take runs a statement that counts up to limit, its last parameter. Such a
// statement inserts the first row without comparing it with the limit, so a
// limit of 0 is refused before it runs.
func (t *Tx) take(query string, limit int, args ...any) (bool, error) {
	if limit < 1 {
		return false, nil
	}
	n, err := t.exec(query, append(args, limit)...)
	return n == 1, err
}

// GiveBackPreview undoes one SpendPreview for a generation: of the guest it was
// spent by, and of its owner where that is an account, which either spent it too
// or took it over in ClaimGuest. Either may be empty, and an account that spent
// without a device stands in both places. The network's budget is not given
// back: what was computed was spent. Giving back exactly once is for the
// caller's compare-and-set to ensure.
func (t *Tx) GiveBackPreview(guestID, ownerID string) error {
	ids := []string{guestID}
	if ownerID != guestID {
		ids = append(ids, ownerID)
	}
	for _, id := range ids {
		if _, err := t.exec(`UPDATE guest SET used = used - 1 WHERE id = $1 AND used > 0`, id); err != nil {
			return err
		}
	}
	return nil
}

// spentBy comes before the name under which what a deleted account spent is kept.
const spentBy = "adr_"

// RememberPreviews keeps how many previews an account spent under a name that
// tells its address to nobody who does not know it already. It is for the commit
// that deletes the account.
func (t *Tx) RememberPreviews(accountID, name string) error {
	_, err := t.exec(`INSERT INTO guest (id, used, created_at) SELECT $1, used, $2 FROM guest WHERE id = $3 AND used > 0
		ON CONFLICT (id) DO UPDATE SET used = excluded.used, created_at = excluded.created_at`, spentBy+name, t.now, accountID)
	return err
}

// RecallPreviews counts for a new account what an earlier one of its address spent.
func (t *Tx) RecallPreviews(accountID, name string) error {
	_, err := t.exec(`INSERT INTO guest (id, used, created_at) SELECT $1, used, $2 FROM guest WHERE id = $3
		ON CONFLICT (id) DO UPDATE SET used = guest.used + excluded.used`, accountID, t.now, spentBy+name)
	return err
}

// ForgetPreviews forgets what was remembered before the given time.
func (t *Tx) ForgetPreviews(before time.Time) error {
	_, err := t.exec(`DELETE FROM guest WHERE id LIKE $1 AND created_at <= $2`, spentBy+"%", micros(before))
	return err
}

// ClaimGuest gives an account what a guest made on the way to signing in: the
// previews as history, the photos, which then live until the given time, what
// was confirmed about them, and the draft. Previews spent count for the account
// from now on. No credits move.
//
// The draft takes the place of the account's own only if goesOn: then it is what
// the person has before their eyes. Otherwise an account that has one keeps it, and
// the device may have been somebody else's: the guest's draft stays with the guest,
// and so do the photos that no preview shows.
func (t *Tx) ClaimGuest(guestID, accountID string, until time.Time, goesOn bool) error {
	// The row is taken first, so that a preview being accepted for the guest at
	// this moment is either seen below or not yet begun.
	if _, err := t.exec(`INSERT INTO guest (id, used, created_at) VALUES ($1, 0, $2) ON CONFLICT (id) DO UPDATE SET used = guest.used`,
		guestID, t.now); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE guest SET claimed_by = $1 WHERE id = $2 AND claimed_by = ''`, accountID, guestID)
	if err != nil {
		return err
	}
	// The first account takes over all that the device has spent. A later one, or
	// the same again, takes over only the previews that become its own here.
	counts := `SELECT $1, used, $2 FROM guest WHERE id = $3`
	if n == 0 {
		counts = `SELECT $1, count(*), $2 FROM generation WHERE owner = $3 AND funding = 'preview' AND status NOT IN ('failed', 'canceled') HAVING count(*) > 0`
	}
	if _, err := t.exec(`INSERT INTO guest (id, used, created_at) `+counts+`
		ON CONFLICT (id) DO UPDATE SET used = guest.used + excluded.used`, accountID, t.now, guestID); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE generation SET owner = $1 WHERE owner = $2 AND funding = 'preview'`, accountID, guestID); err != nil {
		return err
	}
	if !goesOn {
		own, err := t.Draft(accountID)
		if err != nil {
			return err
		}
		guests, err := t.Draft(guestID)
		if err != nil {
			return err
		}
		goesOn = own == nil || guests == nil
	}
	if err := t.movePhotos(guestID, accountID, until, goesOn); err != nil {
		return err
	}
	if err := t.moveConsents(guestID, accountID); err != nil || !goesOn {
		return err
	}
	return t.moveDraft(guestID, accountID)
}

// SweepGuests forgets what networks spent before the given day.
func (t *Tx) SweepGuests(before int64) error {
	_, err := t.exec(`DELETE FROM guest_network WHERE day < $1`, before)
	return err
}
