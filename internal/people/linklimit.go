package people

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Limits on asking for links, within LinkWindow and within a day. A mailbox has
// its own, so that nobody is flooded from many networks. A network and the area
// it lies in have theirs, so that one place cannot go through many mailboxes;
// only links that nobody opened count there, since many households may share one
// address, and whoever opens a link was meant by it.
// Less than a mailbox's is for one network, so that a stranger in one place does
// not use up what its owner needs. Browsers that signed in with the address
// before are counted for themselves: whatever strangers do, these get in.
const (
	LinksPerAddress    = 20
	LinksPerAddressDay = 60
	LinksHere          = 5   // to one mailbox from one network
	LinksKnown         = 10  // to one mailbox from browsers that signed in with it
	LinksPerNetwork    = 120 // not opened, as the three below
	LinksPerNetworkDay = 400
	LinksPerArea       = 360
	LinksPerAreaDay    = 1200
	LinkWindow         = time.Hour
	LinkDay            = 24 * time.Hour
)

// A bucket counts links.
type bucket struct {
	name   string
	limit  int
	window time.Duration
	place  bool // whether it gives back what is opened
}

// places are the buckets of where a link was asked for, in the one order in which
// their rows are locked.
func places(l store.Link) []bucket {
	all := []bucket{{"link from " + l.Network, LinksPerNetwork, LinkWindow, true}, {"links a day from " + l.Network, LinksPerNetworkDay, LinkDay, true}}
	if l.Area != "" {
		all = append(all, bucket{"link from " + l.Area, LinksPerArea, LinkWindow, true}, bucket{"links a day from " + l.Area, LinksPerAreaDay, LinkDay, true})
	}
	return all
}

// allowLink counts a link in every bucket it belongs to. A refusal is counted in
// none, and says how long the one that takes longest will refuse.
func (p *People) allowLink(tx *store.Tx, l store.Link, known bool) error {
	if p.Relaxed {
		return nil
	}
	to := p.mailbox(l.Email)
	all := []bucket{{"link home to " + to, LinksKnown, LinkWindow, false}}
	if !known {
		all = append(places(l),
			bucket{"link to " + to + " from " + l.Network, LinksHere, LinkWindow, false},
			bucket{"link to " + to, LinksPerAddress, LinkWindow, false}, bucket{"links a day to " + to, LinksPerAddressDay, LinkDay, false})
	}
	var longest time.Duration
	var full bucket
	for _, b := range all {
		ok, err := tx.Allow(b.name, b.limit, b.window)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		wait, err := tx.Frees(b.name, b.window)
		if err != nil {
			return err
		}
		if wait > longest {
			longest, full = wait, b
		}
	}
	if longest == 0 {
		return nil
	}
	return tooManyLinks(longest, full.place)
}

// opened gives the places of a link back where it was asked for.
func opened(tx *store.Tx, l store.Link) error {
	if l.Network == "" {
		return nil
	}
	for _, b := range places(l) {
		if err := tx.GiveBack(b.name, l.CreatedAt, b.window); err != nil {
			return err
		}
	}
	return nil
}

func tooManyLinks(wait time.Duration, place bool) error {
	e := &kinpict.Error{Code: kinpict.RateLimited, Message: "Too many sign-in links were asked for.",
		Members: map[string]any{"retry_after": int((wait + time.Second - 1) / time.Second)}}
	minutes := max(2, int((wait+time.Minute-1)/time.Minute))
	hours := (minutes + 59) / 60
	if place {
		e.Message = "Too many sign-in links were asked for in this network and not opened."
		if minutes <= 90 {
			e.Hint = fmt.Sprintf("Open the one you were sent, use a browser you signed in with before or another network, such as mobile data, or ask again in %d minutes.", minutes)
		} else {
			e.Hint = fmt.Sprintf("Open the one you were sent, use a browser you signed in with before or another network, such as mobile data, or ask again in %d hours.", hours)
		}
	} else if minutes <= 90 {
		e.Hint = fmt.Sprintf("Open the newest one in the browser where you asked for it, use a browser you signed in with before, or ask again in %d minutes.", minutes)
	} else {
		e.Hint = fmt.Sprintf("Open the newest one in the browser where you asked for it, use a browser you signed in with before, or ask again in %d hours.", hours)
	}
	return e
}

// mailbox names where mail to an address ends up, for counting: without what
// stands behind a plus sign, of which everybody has as many as they like. It is
// a keyed hash, so that it names nobody and may stay when an account goes.
func (p *People) mailbox(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if name, _, _ := strings.Cut(local, "+"); name != "" {
		local = name
	}
	return base64.RawURLEncoding.EncodeToString(sign(p.derive("mailbox"), local+"@"+domain)[:16])
}

// vouch is what a browser shows later to be known as one that signed in with the
// address. It opens nothing.
func (p *People) vouch(address string) string {
	nonce := p.secret()[:22]
	return nonce + "." + p.vouched(nonce, address)
}

func (p *People) vouched(nonce, address string) string {
	return base64.RawURLEncoding.EncodeToString(sign(p.derive("known browser"), nonce+" "+address))
}

// knows reports whether a browser signed in with the address before.
func (p *People) knows(known, address string) bool {
	nonce, mac, _ := strings.Cut(known, ".")
	return hmac.Equal([]byte(mac), []byte(p.vouched(nonce, address)))
}
