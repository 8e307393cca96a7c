package app

import (
	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

// desk makes the use case of reviews and receipts. Credits given with an answer
// go by the shop's rules for every adjustment.
func (a *App) desk(key []byte, public string, relaxed bool) (*support.Desk, error) {
	signer, err := receipt.NewSigner(key)
	if err != nil {
		return nil, err
	}
	give := func(tx *store.Tx, staff kinpict.Caller, g support.Gift) error {
		adj := billing.Adjustment{ID: g.ID, AccountID: g.AccountID, Credits: g.Credits, Reason: g.Reason, Approver: g.Approver}
		if g.Generation != "" {
			return a.Shop.GoodwillIn(tx, staff, g.Generation, adj)
		}
		_, err := a.Shop.GrantIn(tx, staff, adj)
		return err
	}
	return &support.Desk{
		DB:        a.DB,
		IDs:       a.ids,
		Now:       a.now,
		Signer:    signer,
		PublicURL: public,
		Give:      give,
		Blobs:     a.Blobs,
		Languages: a.languages,
		Version:   Version(),
		Test:      a.Config.Sandbox(),
		Relaxed:   relaxed,
	}, nil
}
