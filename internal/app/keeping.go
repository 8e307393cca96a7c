package app

import (
	"context"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/httpd"
	"kinpict/internal/keeping"
	"kinpict/internal/support"
)

// keeper makes the use case of what is kept of a person. The statement is the
// shop's and receipts are the desk's, here as on their own pages.
func (a *App) keeper(relaxed bool) *keeping.Keeper {
	return &keeping.Keeper{
		DB:        a.DB,
		Blobs:     a.Blobs,
		IDs:       a.ids,
		Now:       a.now,
		Log:       a.Log,
		Languages: a.languages,
		Version:   Version(),
		Relaxed:   relaxed,
		Redact:    support.Redact,
		Pseudonym: a.People.Pseudonym,
		Statement: func(ctx context.Context, c kinpict.Caller, cursor string, limit int) ([]kinpict.Transaction, string, error) {
			return a.Shop.Statement(ctx, c, billing.Filter{}, cursor, limit)
		},
		Receipt: func(ctx context.Context, c kinpict.Caller, purchase string) ([]byte, error) {
			r, err := a.Support.PurchaseReceipt(ctx, c, purchase)
			if err != nil {
				return nil, err
			}
			return r.File, nil
		},
	}
}

// exports are places for those who take everything with them: archives are
// long, and each person gets one at a time. One network holds a few, so that
// whoever has many accounts leaves places to others.
func exports() *httpd.Slots { return &httpd.Slots{All: 32, Each: 1, Near: 4} }
