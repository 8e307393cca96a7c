package support

import (
	"context"
	"crypto/ed25519"
	"time"

	"kinpict"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
)

// A Receipt is what the books say, and the signed file that says the same.
type Receipt struct {
	kinpict.Receipt
	File []byte
}

// PurchaseReceipt is the receipt of one of the caller's purchases. Conflict
// while it is not paid, NotFound for anybody else's.
func (d *Desk) PurchaseReceipt(ctx context.Context, c kinpict.Caller, id string) (*Receipt, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	var r kinpict.Receipt
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Purchase(id)
		if err != nil {
			return err
		}
		if p.AccountID != c.AccountID {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such purchase here.", Hint: "Look at whose account you are in, and whether the address is whole."}
		}
		if p.PaidAt.IsZero() {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "There is no receipt before the payment has arrived.", Hint: "Come back when the purchase is paid."}
		}
		r = kinpict.Receipt{Kind: kinpict.ReceiptPurchase, ID: p.ID, State: p.State, Test: !p.Livemode, Subject: p.Pack, Credits: p.Credits,
			Payment: &kinpict.Paid{Currency: p.Price.Currency, Price: p.Price.Amount, Tax: p.Tax, Refunded: p.Refunded, Disputed: p.Disputed,
				Discount: p.Discount, Promo: p.Promo, Bonus: p.Bonus,
				Provider: p.Provider, Reference: p.PaymentID, At: p.PaidAt},
			CatalogVersion: p.CatalogVersion, CreatedAt: p.CreatedAt, AsOf: p.PaidAt}
		if r.Returned, err = tx.TakenBack("purchase", p.ID); err != nil {
			return err
		}
		return trail(tx, c.AccountID, &r)
	})
	if err != nil {
		return nil, err
	}
	return d.sign(r)
}

// GenerationReceipt is the receipt of what one of the caller's pictures took.
// NotFound for anybody else's, and for a free preview, which took nothing.
func (d *Desk) GenerationReceipt(ctx context.Context, c kinpict.Caller, id string) (*Receipt, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	var r kinpict.Receipt
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		x, err := tx.Charge(c.AccountID, id)
		if err != nil {
			return err
		}
		if x == nil {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "There is no receipt of this here.", Hint: "A free preview has none, because nothing was taken."}
		}
		r = kinpict.Receipt{Kind: kinpict.ReceiptGeneration, ID: x.ID, State: x.State, Test: d.Test, Subject: x.Quality, Credits: x.Amount, Returned: x.Returned,
			CatalogVersion: x.CatalogVersion, CreatedAt: x.AcceptedAt, AsOf: x.AcceptedAt}
		return trail(tx, c.AccountID, &r)
	})
	if err != nil {
		return nil, err
	}
	return d.sign(r)
}

// trail adds the ledger's transactions about the receipt's thing.
func trail(tx *store.Tx, account string, r *kinpict.Receipt) error {
	const none = 1 << 62 // after every number: only what is about it
	records, err := tx.Records(account, none, r.ID, "")
	r.Transactions = []kinpict.ReceiptEntry{}
	for _, x := range records {
		r.Transactions = append(r.Transactions, kinpict.ReceiptEntry{ID: x.ID, Kind: x.Kind, Credits: x.Change(), At: x.RecordedAt, Hash: x.Hash, Previous: x.Previous})
		r.AsOf = latest(r.AsOf, x.RecordedAt)
	}
	return err
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (d *Desk) sign(r kinpict.Receipt) (*Receipt, error) {
	r.Issuer = d.PublicURL
	file, err := d.Signer.Sign(r)
	return &Receipt{r, file}, err
}

// KeepKey remembers the key receipts are signed with, so that it stays
// published when the installation's secret is replaced.
func (d *Desk) KeepKey(ctx context.Context) error {
	k := d.Signer.Key()
	keys, err := d.keys(ctx)
	if err != nil {
		return err
	}
	for _, old := range keys {
		if old.ID == k.ID {
			return nil
		}
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error { return tx.PutReceiptKey(k.ID, k.Public) })
}

// Keys are all keys that receipts of this installation were ever signed with.
func (d *Desk) Keys(ctx context.Context) ([]receipt.Key, error) {
	keys, err := d.keys(ctx)
	if err != nil {
		return nil, err
	}
	now := d.Signer.Key()
	for _, k := range keys {
		if k.ID == now.ID {
			return keys, nil
		}
	}
	return append(keys, now), nil
}

func (d *Desk) keys(ctx context.Context) (out []receipt.Key, err error) {
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		kept, err := tx.ReceiptKeys()
		for _, k := range kept {
			out = append(out, receipt.Key{ID: k.ID, Public: ed25519.PublicKey(k.Public)})
		}
		return err
	})
	return out, err
}

// Published is the document at receipt.WellKnown.
func (d *Desk) Published(ctx context.Context) ([]byte, error) {
	keys, err := d.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return receipt.Publish(d.PublicURL, keys)
}
