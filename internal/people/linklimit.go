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
// its own, so that nobody is flooded from many networks; a network and the area
// it lies in have theirs, so that one place cannot go through many mailboxes.
// Less than a mailbox's is for one network, so that a stranger in one place does
// not use up what its owner needs. Browsers that signed in with the address
// before are counted for themselves: whatever strangers do, these get in.
const (
	LinksPerAddress    = 20
	LinksPerAddressDay = 60
	LinksHere          = 5  // to one mailbox from one network
	LinksKnown         = 10 // to one mailbox from browsers that signed in with it
	LinksPerNetwork    = 20
	LinksPerNetworkDay = 100
	LinksPerArea       = 60
	LinksPerAreaDay    = 300
	LinkWindow         = time.Hour
	LinkDay            = 24 * time.Hour
)

// allowLink counts a link to an address in every bucket it belongs to. A refusal
// is counted in none.
func (p *People) allowLink(tx *store.Tx, c kinpict.Caller, address string, known bool) error {
	if p.Relaxed {
		return nil
	}
	type bucket struct {
		name   string
		limit  int
		window time.Duration
	}
	to := p.mailbox(address)
	all := []bucket{
		{"link from " + c.Network, LinksPerNetwork, LinkWindow}, {"links a day from " + c.Network, LinksPerNetworkDay, LinkDay},
		{"link to " + to + " from " + c.Network, LinksHere, LinkWindow},
		{"link to " + to, LinksPerAddress, LinkWindow}, {"links a day to " + to, LinksPerAddressDay, LinkDay},
	}
	if c.Area != "" {
		all = append(all, bucket{"link from " + c.Area, LinksPerArea, LinkWindow}, bucket{"links a day from " + c.Area, LinksPerAreaDay, LinkDay})
	}
	if known {
		all = []bucket{{"link home to " + to, LinksKnown, LinkWindow}}
	}
	for _, b := range all {
		ok, err := tx.Allow(b.name, b.limit, b.window)
		if err != nil {
			return err
		}
		if !ok {
			wait, err := tx.Frees(b.name, b.window)
			if err != nil {
				return err
			}
			return tooManyLinks(wait)
		}
	}
	return nil
}

func tooManyLinks(wait time.Duration) error {
	e := &kinpict.Error{Code: kinpict.RateLimited, Message: "Too many sign-in links were asked for.",
		Members: map[string]any{"retry_after": int((wait + time.Second - 1) / time.Second)}}
	if minutes := max(2, int((wait+time.Minute-1)/time.Minute)); minutes <= 90 {
		e.Hint = fmt.Sprintf("Open the newest one in the browser where you asked for it, use a browser you signed in with before, or ask again in %d minutes.", minutes)
	} else {
		e.Hint = fmt.Sprintf("Open the newest one in the browser where you asked for it, use a browser you signed in with before, or ask again in %d hours.", (minutes+59)/60)
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
