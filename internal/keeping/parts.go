package keeping

import (
	"context"
	"encoding/json"
	"path"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// maxPurchases is more than anybody buys.
const maxPurchases = 100_000

type accountOf struct {
	ID       string              `json:"id"`
	Email    string              `json:"email"`
	Role     kinpict.AccountRole `json:"role"`
	Status   string              `json:"status"`
	Language string              `json:"language,omitempty"`
	Since    time.Time           `json:"since"`
}

type signInOf struct {
	ID      string    `json:"id"`
	Browser string    `json:"browser,omitempty"`
	System  string    `json:"system,omitempty"`
	Begun   time.Time `json:"begun_at"`
	Seen    time.Time `json:"seen_at"`
	Ends    time.Time `json:"ends_at"`
}

type tokenOf struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Made time.Time `json:"made_at"`
	Used time.Time `json:"used_at,omitzero"`
}

// person writes who it is, where they are signed in, and what they confirmed.
func (a *archive) person(ctx context.Context) error {
	var sessions []store.Session
	var tokens []store.Token
	var consents []store.Consent
	var kept *kinpict.Kept
	id := a.account.ID
	if err := a.view(ctx, func(tx *store.Tx) (err error) {
		if sessions, err = tx.Sessions(id); err != nil {
			return err
		}
		if tokens, err = tx.Tokens(id); err != nil {
			return err
		}
		if consents, err = tx.Consents(id); err != nil {
			return err
		}
		kept, err = tx.Kept(a.account)
		return err
	}); err != nil {
		return err
	}
	x := a.account
	if err := a.whole("account.json", map[string]any{"format": exportFormat, "made_at": a.at.UTC(), "kept": kept,
		"account": accountOf{x.ID, x.Email, x.Role, x.Status, x.Language, x.CreatedAt}}); err != nil {
		return err
	}
	if err := a.list("sign-ins.json", "sign_ins", func(put func(any) error) error {
		return all(sessions, func(s store.Session) error {
			return put(signInOf{s.ID, s.Browser, s.System, s.CreatedAt, s.LastSeenAt, s.ExpiresAt})
		})
	}); err != nil {
		return err
	}
	if err := a.list("tokens.json", "tokens", func(put func(any) error) error {
		return all(tokens, func(k store.Token) error { return put(tokenOf{k.ID, k.Name, k.CreatedAt, k.LastUsedAt}) })
	}); err != nil {
		return err
	}
	return a.list("consents.json", "consents", func(put func(any) error) error {
		return all(consents, func(c store.Consent) error { return put(c) })
	})
}

func all[T any](list []T, f func(T) error) error {
	for _, v := range list {
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

type photoOf struct {
	ID      string          `json:"id"`
	File    string          `json:"file"`
	Width   int             `json:"width"`
	Height  int             `json:"height"`
	Bytes   int64           `json:"bytes"`
	SHA256  string          `json:"sha256"`
	Faces   []kinpict.Face  `json:"faces"` // where faces are, never whose
	Checks  []kinpict.Check `json:"checks"`
	Added   time.Time       `json:"added_at"`
	Expires time.Time       `json:"expires_at"`
}

// photos writes the photos as they are kept, and what is known of each. A quota
// bounds their number.
func (a *archive) photos(ctx context.Context) error {
	var photos []kinpict.Photo
	if err := a.view(ctx, func(tx *store.Tx) (err error) {
		photos, err = tx.Photos(a.account.ID)
		return err
	}); err != nil {
		return err
	}
	file := func(p kinpict.Photo) string { return "photos/" + p.ID + ".jpg" }
	if err := a.list("photos.json", "photos", func(put func(any) error) error {
		return all(photos, func(p kinpict.Photo) error {
			return put(photoOf{p.ID, file(p), p.Width, p.Height, p.Bytes, p.SHA256, p.Faces, p.Checks, p.CreatedAt, p.ExpiresAt})
		})
	}); err != nil {
		return err
	}
	return all(photos, func(p kinpict.Photo) error { return a.blob(ctx, p.Key, file(p), "photo_files") })
}

type pictureOf struct {
	ID          string              `json:"id"`
	File        string              `json:"file,omitempty"`
	Status      kinpict.Status      `json:"status"`
	Preview     bool                `json:"preview"`
	Request     kinpict.Request     `json:"request"`
	Credits     kinpict.Credits     `json:"credits"`
	Returned    kinpict.Credits     `json:"credits_returned"`
	Attempts    int                 `json:"attempts"`
	Engine      string              `json:"engine,omitempty"`
	Failure     kinpict.FailureCode `json:"failure,omitempty"`
	RetryOf     string              `json:"retry_of,omitempty"`
	Favourite   bool                `json:"favourite"`
	Width       int                 `json:"width,omitempty"`
	Height      int                 `json:"height,omitempty"`
	ContentType string              `json:"content_type,omitempty"`
	SHA256      string              `json:"sha256,omitempty"`
	Asked       time.Time           `json:"asked_at"`
	Started     time.Time           `json:"started_at,omitzero"`
	Finished    time.Time           `json:"finished_at,omitzero"`
}

func pictureFile(g *kinpict.Generation) string {
	if g.Image == nil || g.Status != kinpict.Succeeded {
		return ""
	}
	return "pictures/" + g.ID + path.Ext(g.Image.Key)
}

// pictures writes every request that was not deleted, and the pictures that
// came of them.
func (a *archive) pictures(ctx context.Context) error {
	each := func(f func(*kinpict.Generation) error) error {
		for before := ""; ; {
			var page []*kinpict.Generation
			if err := a.view(ctx, func(tx *store.Tx) (err error) {
				page, err = tx.Generations(a.account.ID, before, batch)
				return err
			}); err != nil {
				return err
			}
			if err := all(page, f); err != nil || len(page) < batch {
				return err
			}
			before = page[len(page)-1].ID
		}
	}
	if err := a.list("pictures.json", "requests", func(put func(any) error) error {
		return each(func(g *kinpict.Generation) error {
			req := g.Request
			req.CatalogVersion = g.CatalogUsed
			o := pictureOf{ID: g.ID, File: pictureFile(g), Status: g.Status, Preview: g.Funding == kinpict.FundedByPreview, Request: req, Credits: g.Credits,
				Returned: g.Returned, Attempts: g.Attempts, Engine: g.Engine, Failure: g.Failure, RetryOf: g.RetryOf, Favourite: g.Favourite,
				Asked: g.CreatedAt, Started: g.StartedAt, Finished: g.FinishedAt}
			if im := g.Image; im != nil {
				o.Width, o.Height, o.ContentType, o.SHA256 = im.Width, im.Height, im.ContentType, im.SHA256
			}
			return put(o)
		})
	}); err != nil {
		return err
	}
	return each(func(g *kinpict.Generation) error {
		if file := pictureFile(g); file != "" {
			return a.blob(ctx, g.Image.Key, file, "picture_files")
		}
		return nil
	})
}

type heldOf struct {
	ID         string          `json:"id"`
	Request    kinpict.Request `json:"request"`
	Cost       kinpict.Credits `json:"cost"`
	Generation string          `json:"generation,omitempty"`
	Held       time.Time       `json:"held_at"`
	Expires    time.Time       `json:"expires_at"`
	Reason     string          `json:"reason"`
	Decision   string          `json:"decision,omitempty"`
	Decided    time.Time       `json:"decided_at,omitzero"`
	Note       string          `json:"note,omitempty"`
	Withdrawn  time.Time       `json:"withdrawn_at,omitzero"`
	Language   string          `json:"language,omitempty"`
}

// unsent writes the draft and the requests that wait, for credits or for a
// person. Who of the staff decided is not told.
func (a *archive) unsent(ctx context.Context) error {
	var draft []byte
	var held []*kinpict.HeldRequest
	if err := a.view(ctx, func(tx *store.Tx) (err error) {
		if draft, err = tx.Draft(a.account.ID); err != nil {
			return err
		}
		held, err = tx.HeldRequests(a.account.ID)
		return err
	}); err != nil {
		return err
	}
	if err := a.list("drafts.json", "drafts", func(put func(any) error) error {
		if draft == nil {
			return nil
		}
		return put(json.RawMessage(draft))
	}); err != nil {
		return err
	}
	return a.list("held-requests.json", "held_requests", func(put func(any) error) error {
		return all(held, func(h *kinpict.HeldRequest) error {
			return put(heldOf{h.ID, h.Request, h.Cost, h.GenerationID, h.CreatedAt, h.ExpiresAt, h.Reason, h.Decision, h.DecidedAt, h.Note, h.WithdrawnAt, h.Language})
		})
	})
}

type shareOf struct {
	ID      string    `json:"id"`
	Picture string    `json:"picture"`
	Views   int64     `json:"views"`
	Made    time.Time `json:"made_at"`
	Expires time.Time `json:"expires_at"`
}

// links writes private links without their secrets.
func (a *archive) links(ctx context.Context) error {
	var shares []*kinpict.Share
	if err := a.view(ctx, func(tx *store.Tx) (err error) {
		shares, err = tx.SharesOf(a.account.ID)
		return err
	}); err != nil {
		return err
	}
	return a.list("shares.json", "shares", func(put func(any) error) error {
		return all(shares, func(s *kinpict.Share) error {
			return put(shareOf{s.ID, s.Generation, s.Views, s.CreatedAt, s.ExpiresAt})
		})
	})
}

type purchaseOf struct {
	ID       string          `json:"id"`
	State    string          `json:"state"`
	Pack     string          `json:"pack"`
	Credits  kinpict.Credits `json:"credits"`
	Price    kinpict.Money   `json:"price"`
	Tax      int64           `json:"tax_minor"`
	Promo    string          `json:"promo,omitempty"`
	Discount int64           `json:"discount_minor,omitempty"`
	Bonus    kinpict.Credits `json:"bonus,omitempty"`
	Refunded int64           `json:"refunded_minor"`
	Disputed int64           `json:"disputed_minor"`
	Provider string          `json:"provider"`
	Session  string          `json:"provider_session,omitempty"`
	Payment  string          `json:"provider_payment,omitempty"`
	Receipt  string          `json:"receipt,omitempty"`
	Made     time.Time       `json:"made_at"`
	Paid     time.Time       `json:"paid_at,omitzero"`
}

// purchases writes what was bought, and the signed receipt of what was paid.
func (a *archive) purchases(ctx context.Context) error {
	var bought []*store.Purchase
	if err := a.view(ctx, func(tx *store.Tx) (err error) {
		bought, err = tx.Purchases(a.account.ID, maxPurchases)
		return err
	}); err != nil {
		return err
	}
	file := func(p *store.Purchase) string {
		if p.PaidAt.IsZero() {
			return ""
		}
		return "receipts/" + p.ID + ".json"
	}
	if err := a.list("purchases.json", "purchases", func(put func(any) error) error {
		return all(bought, func(p *store.Purchase) error {
			return put(purchaseOf{p.ID, p.State, p.Pack, p.Credits, p.Price, p.Tax, p.Promo, p.Discount, p.Bonus, p.Refunded, p.Disputed, p.Provider, p.SessionID,
				p.PaymentID, file(p), p.CreatedAt, p.PaidAt})
		})
	}); err != nil {
		return err
	}
	return all(bought, func(p *store.Purchase) error {
		if file(p) == "" {
			return nil
		}
		b, err := a.k.Receipt(ctx, a.caller(), p.ID)
		if err != nil {
			return err
		}
		a.manifest.Counts["receipts"]++
		return a.bytes(file(p), b)
	})
}

type lineJSON struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`
	Amount    kinpict.Credits `json:"amount"`
	Available kinpict.Credits `json:"available_after"`
	Debt      kinpict.Credits `json:"debt_after"`
	Picture   string          `json:"generation,omitempty"`
	Purchase  string          `json:"purchase,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	At        time.Time       `json:"at"`
}

func lineOf(x kinpict.Transaction) lineJSON {
	return lineJSON{x.ID, x.Kind, x.Amount, x.AvailableAfter, x.DebtAfter, x.Generation, x.Purchase, x.Reason, x.At}
}

type reviewOf struct {
	ID       string     `json:"id"`
	Status   string     `json:"status"`
	Message  string     `json:"message"`
	Picture  string     `json:"generation,omitempty"`
	Purchase string     `json:"purchase,omitempty"`
	Page     string     `json:"page,omitempty"`
	Filed    time.Time  `json:"filed_at"`
	Answers  []answerOf `json:"answers"`
	Evidence string     `json:"evidence"` // the file with what was frozen, byte for byte
	SHA256   string     `json:"evidence_sha256"`
}

type answerOf struct {
	Kind    string          `json:"kind"`
	Text    string          `json:"text"`
	Credits kinpict.Credits `json:"credits,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	At      time.Time       `json:"at"`
}

// reviews writes what was said about the balance, answered, and frozen beside
// it. Which of the staff answered is nobody's business.
func (a *archive) reviews(ctx context.Context) error {
	const few = 10 // evidence is long
	each := func(f func(*kinpict.Review) error) error {
		for after := ""; ; {
			var page []*kinpict.Review
			if err := a.view(ctx, func(tx *store.Tx) (err error) {
				page, err = tx.ReviewsInFull(a.account.ID, after, few)
				return err
			}); err != nil {
				return err
			}
			if err := all(page, f); err != nil || len(page) < few {
				return err
			}
			after = page[len(page)-1].ID
		}
	}
	file := func(r *kinpict.Review) string { return "reviews/" + r.ID + ".json" }
	if err := a.list("reviews.json", "reviews", func(put func(any) error) error {
		return each(func(r *kinpict.Review) error {
			o := reviewOf{r.ID, r.Status, r.Message, r.Generation, r.Purchase, r.Page, r.CreatedAt, []answerOf{}, file(r), r.SHA256}
			for _, x := range r.Acts {
				o.Answers = append(o.Answers, answerOf{x.Kind, x.Text, x.Credits, x.Reason, x.At})
			}
			return put(o)
		})
	}); err != nil {
		return err
	}
	return each(func(r *kinpict.Review) error { return a.bytes(file(r), r.Evidence) })
}

type mailOf struct {
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
}

// words writes the mail to the address that is still kept.
func (a *archive) words(ctx context.Context) error {
	var mails []store.Mail
	if err := a.view(ctx, func(tx *store.Tx) (err error) {
		mails, err = tx.MailTo(a.account.Email)
		return err
	}); err != nil {
		return err
	}
	return a.list("mails.json", "mails", func(put func(any) error) error {
		return all(mails, func(m store.Mail) error { return put(mailOf{m.CreatedAt, m.Subject, m.Body}) })
	})
}
