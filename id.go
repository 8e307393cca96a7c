package kinpict

import (
	"io"
	"time"
)

// Prefixes say at a glance, in a log or a support mail, what an id names.
const (
	AccountPrefix    = "acc_"
	GuestPrefix      = "gst_"
	GenerationPrefix = "gen_"
	PhotoPrefix      = "pho_"
	LotPrefix        = "lot_"
	PurchasePrefix   = "pur_"
	HeldPrefix       = "hld_"
	TokenPrefix      = "tok_"
	ReviewPrefix     = "rev_"
	SharePrefix      = "shr_"
	MailPrefix       = "mai_"
)

// IDs makes identifiers: a prefix, nine characters of time so that rows made
// together lie together in an index, and 26 random characters (130 bits) so
// that nobody guesses a neighbour's.
type IDs struct {
	Now  func() time.Time
	Rand io.Reader // crypto/rand.Reader outside tests
}

// alphabet is Crockford's base 32 in lower case: no i, l, o, u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// New returns prefix followed by 35 characters of [0-9a-z].
// It panics if the random source fails, because nothing safe can follow.
func (s IDs) New(prefix string) string {
	var b [35]byte
	ms := uint64(s.Now().UnixMilli())
	for i := 8; i >= 0; i-- {
		b[i] = alphabet[ms&31]
		ms >>= 5
	}
	if _, err := io.ReadFull(s.Rand, b[9:]); err != nil {
		panic("kinpict: random source: " + err.Error())
	}
	for i := 9; i < len(b); i++ {
		b[i] = alphabet[b[i]&31]
	}
	return prefix + string(b[:])
}
