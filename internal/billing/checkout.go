package billing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// Opened is a checkout, and what was answered if the same was asked before.
type Opened struct {
	Purchase *kinpict.Purchase
	Replay   *kinpict.Replay
}

// A Choice is what a person wants to buy.
type Choice struct {
	Pack string
	// Version is the price book the person was shown, 0 for the one in force. A
	// dearer price now is PriceChanged, a cheaper one applies.
	Version  int64
	Currency string // empty: the pack's first
	Promo    string // a promo code as it was typed, or empty
	Back     string // local path where the person goes on afterwards, or empty
}

// Checkout opens a checkout of one pack. The result handed to in.Answer is a
// *kinpict.Purchase.
//
// The purchase's row comes first, the provider second, outside any transaction.
// Whatever dies in between, the same key goes on where it stopped: the row
// freezes every word of the order and the provider knows the order's key.
//
// Errors: Unauthenticated, KeyRequired, KeyReused, Invalid, PriceChanged,
// PromoRefused, RateLimited, Forbidden, Conflict for a key whose checkout has expired, and
// Unavailable when the provider does not answer.
func (s *Shop) Checkout(ctx context.Context, c kinpict.Caller, in kinpict.Intent, want Choice) (*Opened, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	if in.Key == "" {
		return nil, &kinpict.Error{Code: kinpict.KeyRequired, Message: "Buying needs an Idempotency-Key.", Hint: "Send a new random key with each new checkout."}
	}
	if want.Back != "" && !kinpict.LocalPath(want.Back) {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "The way back must be a path of this site.", Hint: "Send a path such as /create, without a host."}
	}
	promo, err := s.promoFor(ctx, c, &in, want.Promo)
	if err != nil {
		return nil, err
	}
	id := s.IDs.New(kinpict.PurchasePrefix)
	var p *store.Purchase
	var replay *kinpict.Replay
	err = s.DB.Update(ctx, func(tx *store.Tx) (err error) {
		account, err := tx.LockAccount(c.AccountID)
		if err != nil {
			return err
		}
		if replay, err = tx.Replay(c.AccountID, in); err != nil {
			return err
		}
		if replay != nil {
			if p, err = tx.Purchase(replay.Ref); err != nil || p.URL == "" {
				return err
			}
			// The words of the answer come with the address, perhaps since they were read above.
			replay, err = tx.Replay(c.AccountID, in)
			return err
		}
		if err := s.limit(tx, c); err != nil {
			return err
		}
		if p, err = s.order(tx, account, id, want, promo); err != nil {
			return err
		}
		if err := tx.PutPurchase(p); err != nil {
			return err
		}
		_, err = tx.Remember(c.AccountID, in, http.StatusCreated, p.ID, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.URL != "" {
		return &Opened{&p.Purchase, replay}, nil
	}
	return s.open(ctx, c, in, p)
}

// limit counts a checkout against its account and the network it comes from.
func (s *Shop) limit(tx *store.Tx, c kinpict.Caller) error {
	if s.Relaxed {
		return nil
	}
	n, err := tx.UnpaidSince(c.AccountID, tx.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	ok := n < OpenCheckouts
	if ok && c.Network != "" {
		if ok, err = tx.Allow("checkout/"+c.Network, NetworkCheckouts, time.Hour); err != nil {
			return err
		}
	}
	if ok {
		return nil
	}
	return &kinpict.Error{Code: kinpict.RateLimited, Message: "There were many checkouts within the hour.",
		Hint: "Finish one that is open, or come back in an hour.", Members: map[string]any{"retry_after": int(time.Hour / time.Second)}}
}

// order makes the purchase of a pack at the price that applies, not yet stored.
func (s *Shop) order(tx *store.Tx, account *kinpict.Account, id string, want Choice, promo *kinpict.Promo) (*store.Purchase, error) {
	if account.Status != "active" {
		return nil, &kinpict.Error{Code: kinpict.Forbidden, Message: "This account cannot buy credits at the moment.", Hint: "Ask whoever runs this site why."}
	}
	book, err := tx.Catalog()
	if err != nil {
		return nil, err
	}
	if s.Live && isExample(book) {
		return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "The shop is not open yet.",
			Hint: "Its prices are examples until an operator confirms them with kinpict catalog apply."}
	}
	if want.Promo != "" && promo == nil {
		return nil, errPromo // its answer was forgotten just now; nobody pays the full price unasked
	}
	pack, full, err := quote(tx, book, want, promo)
	if err != nil {
		return nil, err
	}
	price, bonus, err := s.redeem(tx, account.ID, promo, pack.ID, full)
	if err != nil {
		return nil, err
	}
	code := ""
	if promo != nil {
		code = promo.Code
	}
	return &store.Purchase{Livemode: s.Live, Taxed: s.Tax, Purchase: kinpict.Purchase{
		ID: id, AccountID: account.ID, Pack: pack.ID, Credits: pack.Credits, Price: price, CatalogVersion: book.Version, Provider: s.Provider.Name(),
		Promo: code, Discount: full.Amount - price.Amount, Bonus: bonus,
		State: Open, Back: want.Back, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(CheckoutLife)}}, nil
}

// quote finds the pack and its price in the book in force, and refuses what is
// worse for the person than the version they were shown. The price is the full
// one; promo matters for what a refusal says.
func quote(tx *store.Tx, book *kinpict.Catalog, want Choice, promo *kinpict.Promo) (kinpict.Pack, kinpict.Money, error) {
	pack, err := book.Pack(want.Pack)
	if err != nil {
		return pack, kinpict.Money{}, err
	}
	old := pack
	if want.Version != 0 && want.Version != book.Version {
		shown, err := tx.CatalogVersion(want.Version)
		if kinpict.CodeOf(err) == kinpict.NotFound {
			return pack, kinpict.Money{}, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("There is no price book %d.", want.Version), Hint: "Send the version of the catalog you were shown."}
		}
		if err != nil {
			return pack, kinpict.Money{}, err
		}
		if old, err = shown.Pack(want.Pack); err != nil {
			return pack, kinpict.Money{}, err
		}
	}
	was, err := priceIn(old, want.Currency)
	if err != nil {
		return pack, was, err
	}
	is, err := priceIn(pack, was.Currency)
	if err != nil {
		return pack, is, err
	}
	if is.Amount > was.Amount || pack.Credits < old.Credits {
		if promo != nil {
			was, _, _ = promo.On(old.ID, was)
			is, _, _ = promo.On(pack.ID, is)
		}
		return pack, is, &kinpict.Error{Code: kinpict.PriceChanged, Message: "The price of this pack has changed.", Hint: "Look at the new price and confirm it.",
			Members: map[string]any{"pack": pack.ID, "shown_price": was, "price": is, "shown_credits": old.Credits, "credits": pack.Credits, "catalog_version": book.Version}}
	}
	return pack, is, nil
}

// priceIn is the pack's price in a currency, its first for "".
func priceIn(p kinpict.Pack, currency string) (kinpict.Money, error) {
	var have []string
	for _, m := range p.Prices {
		if currency == "" || m.Currency == currency {
			return m, nil
		}
		have = append(have, m.Currency)
	}
	return kinpict.Money{}, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("The pack %q has no price in %q.", p.ID, currency),
		Hint: "Choose one of: " + strings.Join(have, ", ") + "."}
}

// isExample reports whether the book is the one a new installation starts with,
// whose prices nobody has confirmed.
func isExample(c *kinpict.Catalog) bool {
	return c.Version == 1 && reflect.DeepEqual(c.Packs, kinpict.DefaultCatalog().Packs)
}

// open has the provider make the page of a stored purchase and completes the
// answer that its key will get from now on.
func (s *Shop) open(ctx context.Context, c kinpict.Caller, in kinpict.Intent, p *store.Purchase) (*Opened, error) {
	if p.State == Expired || !s.Now().Before(p.ExpiresAt) {
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: "This checkout has expired.", Hint: "Start a new one on the pricing page."}
	}
	page, err := s.Provider.Open(ctx, Order{PurchaseID: p.ID, Key: "open-" + p.ID, Title: titleOf(p), Price: p.Price,
		Tax: p.Taxed, Email: c.Email, ReturnURL: s.PublicURL + "/checkout/return?purchase=" + p.ID, ExpiresAt: p.ExpiresAt})
	if err != nil {
		var known *kinpict.Error
		if errors.As(err, &known) || ctx.Err() != nil {
			return nil, fmt.Errorf("open purchase %s: %w", p.ID, err)
		}
		return nil, &kinpict.Error{Code: kinpict.Unavailable, Message: "The payment page could not be opened.",
			Hint: "Nothing was charged. Try again in a minute.", Err: fmt.Errorf("purchase %s: %w", p.ID, err)}
	}
	var replay *kinpict.Replay
	err = s.DB.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		won, err := tx.OpenPurchase(p.ID, page.ID, page.URL)
		if err != nil {
			return err
		}
		if p, err = tx.Purchase(p.ID); err != nil {
			return err
		}
		if !won {
			// The same request ran twice at once and the other was first.
			if p.SessionID != page.ID {
				return fmt.Errorf("purchase %s: %s made the sessions %s and %s of one order", p.ID, p.Provider, p.SessionID, page.ID)
			}
			replay, err = tx.Replay(c.AccountID, in)
			return err
		}
		replay = nil
		status, body := in.Words(http.StatusCreated, &p.Purchase, nil)
		return tx.AnswerPurchase(c.AccountID, in, status, body)
	})
	if err != nil {
		return nil, err
	}
	return &Opened{&p.Purchase, replay}, nil
}

// titleOf names what is bought on the provider's page.
func titleOf(p *store.Purchase) string {
	if p.Bonus > 0 {
		return fmt.Sprintf("%d credits and %d extra", p.Credits, p.Bonus)
	}
	return fmt.Sprintf("%d credits", p.Credits)
}

// Purchase returns one of the caller's purchases. One that is not settled is
// asked about at the provider first, so that the page a person comes back to
// knows at once; if that fails, the page shows what we knew.
func (s *Shop) Purchase(ctx context.Context, c kinpict.Caller, id string) (*kinpict.Purchase, error) {
	p, err := s.own(ctx, c, id)
	if err != nil {
		return nil, err
	}
	// A problem may pass, but a page reloaded in hope need not ask each time.
	due := p.Problem == "" || !s.Now().Before(p.SeenAt.Add(askSettled))
	if p.PaidAt.IsZero() && p.State != Expired && due {
		q, err := s.sync(ctx, id, "")
		if err != nil {
			s.report(ctx, "purchase not up to date", id, err)
		} else {
			p = q
		}
	}
	return &p.Purchase, nil
}

// Purchases are the caller's purchases, newest first, at most limit.
func (s *Shop) Purchases(ctx context.Context, c kinpict.Caller, limit int) ([]*kinpict.Purchase, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	var out []*kinpict.Purchase
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		ps, err := tx.Purchases(c.AccountID, limit)
		for _, p := range ps {
			out = append(out, &p.Purchase)
		}
		return err
	})
	return out, err
}

// Bought reports whether a purchase is the caller's. The provider is not asked.
func (s *Shop) Bought(ctx context.Context, c kinpict.Caller, id string) (bool, error) {
	_, err := s.own(ctx, c, id)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Abandoned reports whether a purchase is of an account that was deleted since:
// whoever comes back from its payment page cannot sign in to see it.
func (s *Shop) Abandoned(ctx context.Context, id string) (gone bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Purchase(id)
		if err != nil {
			return err
		}
		a, err := tx.Account(p.AccountID)
		gone = err == nil && a.Status == "closed"
		return err
	})
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return false, nil
	}
	return gone, err
}

// own is a purchase of the caller's as it is known here. NotFound for anybody else's.
func (s *Shop) own(ctx context.Context, c kinpict.Caller, id string) (*store.Purchase, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	var p *store.Purchase
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Purchase(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.AccountID != c.AccountID {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such purchase here.", Hint: "Look at whose account you are in, and whether the address is whole."}
	}
	return p, nil
}

func signedIn(c kinpict.Caller) error {
	if c.AccountID == "" {
		return &kinpict.Error{Code: kinpict.Unauthenticated, Message: "Please sign in first.", Hint: "Credits belong to an account."}
	}
	return nil
}
