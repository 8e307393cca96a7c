package generation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Bounds of private links.
const (
	// ShareDays is how long a link works where nobody says otherwise.
	ShareDays = 7
	// MaxShares is how many links of one picture work at once.
	MaxShares = 20
	// ShareSize is the longer side of a shared picture, in pixels.
	ShareSize = 1600
	// NetworkLooks is how often one network may open shared pictures, in what time.
	NetworkLooks = 300
	LooksWindow  = 10 * time.Minute
)

// ShareChoices are the days a link may work.
var ShareChoices = []int{1, 7, 30}

// letters are those of ids: no upper case, nothing that reads like another.
var letters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Share makes a private link to a finished picture of the caller's and returns
// it with its token, which is told this once: only its hash is kept. days is
// one of ShareChoices, 0 for ShareDays. The same key again is the same link and
// token; "" makes a new one each time.
//
// Errors: NotFound; Invalid; Conflict for what is no finished picture or a
// preview, and when there are MaxShares; KeyReused for other days under the key.
func (s *Studio) Share(ctx context.Context, c kinpict.Caller, key, id string, days int) (share *kinpict.Share, token string, err error) {
	if days == 0 {
		days = ShareDays
	}
	if !slices.Contains(ShareChoices, days) {
		return nil, "", invalid("days", "A link works for 1, 7 or 30 days.", "Choose one of them.")
	}
	if key == "" {
		key = s.IDs.New("key_")
	}
	err = s.DB.Update(ctx, func(t *store.Tx) error {
		g, err := owned(t, c, id)
		if err != nil {
			return err
		}
		if g.Funding == kinpict.FundedByPreview {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "A free preview cannot be shared by link.", Hint: "Make the picture with credits to share it."}
		}
		there, err := t.LockPicture(g.Owner, id)
		if err != nil {
			return err
		}
		if !there {
			return errNoPicture
		}
		token = s.derive("token", id, key)
		share, err = t.AddShare(kinpict.Share{ID: kinpict.SharePrefix + s.derive("id", id, key), Generation: id, Days: days,
			ExpiresAt: t.Now().Add(time.Duration(days) * 24 * time.Hour)}, hashOf(token))
		if err != nil {
			return err
		}
		if share.Days != days {
			return &kinpict.Error{Code: kinpict.KeyReused, Message: "This Idempotency-Key was used for a link of another duration.", Hint: "Use a new key for a new link."}
		}
		works, err := t.Shares(id)
		if err != nil {
			return err
		}
		if len(works) > MaxShares {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "This picture has as many links as it can have.", Hint: "End one of them to make another."}
		}
		if !slices.ContainsFunc(works, func(w *kinpict.Share) bool { return w.ID == share.ID }) {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "The link this press made has ended.", Hint: "Make a new one."}
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return share, token, nil
}

// derive is 160 bits that only who holds ShareKey can know.
func (s *Studio) derive(what, id, key string) string {
	mac := hmac.New(sha256.New, s.ShareKey)
	mac.Write([]byte(what + "\x00" + id + "\x00" + key))
	return letters.EncodeToString(mac.Sum(nil)[:20])
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Shares lists the links to a picture of the caller's that work now.
func (s *Studio) Shares(ctx context.Context, c kinpict.Caller, id string) (list []*kinpict.Share, err error) {
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		if _, err := owned(t, c, id); err != nil {
			return err
		}
		list, err = t.Shares(id)
		return err
	})
	return list, err
}

// Revoke ends a link to one of the caller's pictures and returns it. One that
// has ended stays so; NotFound if it is not theirs.
func (s *Studio) Revoke(ctx context.Context, c kinpict.Caller, id string) (share *kinpict.Share, err error) {
	err = s.DB.Update(ctx, func(t *store.Tx) error {
		share, err = t.RevokeShare(id, owners(c)...)
		return err
	})
	return share, err
}

// A Shared is what somebody with a link may know of a picture: how it looks,
// and nothing of whose it is, what was asked for or what it was made of.
type Shared struct {
	Width, Height int
	Rendition     *Rendition
}

// noLink is the answer for a link that never was, has ended or expired, and for
// one whose picture was deleted.
var noLink = &kinpict.Error{Code: kinpict.NotFound, Message: "There is no picture at this link.",
	Hint: "Links end after some days, or when whoever made them ends them. Ask for a new one."}

// Shared is the picture behind a link while it works, NotFound in the same
// words whyever it does not, or RateLimited for a network that opens very many.
// view counts the look.
func (s *Studio) Shared(ctx context.Context, network, token string, view bool) (*Shared, error) {
	var g *kinpict.Generation
	err := s.DB.Update(ctx, func(t *store.Tx) error {
		g = nil
		if !s.Relaxed {
			within, err := t.Allow("looks/"+network, NetworkLooks, LooksWindow)
			if err != nil {
				return err
			}
			if !within {
				return &kinpict.Error{Code: kinpict.RateLimited, Message: "Very many shared pictures were opened from this network.",
					Hint: "Try again in ten minutes.", Members: map[string]any{"retry_after": int(LooksWindow / time.Second)}}
			}
		}
		found, err := t.Shared(hashOf(token), view)
		if kinpict.CodeOf(err) == kinpict.NotFound {
			return nil // the look is counted all the same
		}
		g = found
		return err
	})
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, noLink
	}
	long := max(g.Image.Width, g.Image.Height)
	form := Form{Size: ShareSize, Format: "jpeg"}
	if long <= ShareSize {
		form.Size = 0
	}
	size := min(ShareSize, long)
	// Always encoded anew, so that the file of a small picture is not the original either.
	r := s.derived(g, form)
	r.Name = "kinpict-picture.jpg"
	return &Shared{Width: g.Image.Width * size / long, Height: g.Image.Height * size / long, Rendition: r}, nil
}
