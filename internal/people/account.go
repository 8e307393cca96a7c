package people

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

const maxTokenName = 100 // characters

// CreateAccount makes an account whose address counts as verified; it is for
// the operator's shell, not for visitors. The error is Conflict if there is one.
func (p *People) CreateAccount(ctx context.Context, email string, role kinpict.AccountRole) (*kinpict.Account, error) {
	address, err := Normalise(email)
	if err != nil {
		return nil, err
	}
	switch role {
	case kinpict.Customer, kinpict.Support, kinpict.Operator:
	default:
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("There is no role %q.", role),
			Hint: "Choose one of: customer, support, operator."}
	}
	var a *kinpict.Account
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		got, created, err := p.add(tx, address, role)
		a = got
		if err == nil && !created {
			return &kinpict.Error{Code: kinpict.Conflict, Message: "There is already an account " + address + "."}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Account returns the account of an address, or NotFound.
func (p *People) Account(ctx context.Context, email string) (*kinpict.Account, error) {
	address, err := Normalise(email)
	if err != nil {
		return nil, err
	}
	var a *kinpict.Account
	err = p.DB.View(ctx, func(tx *store.Tx) (err error) {
		a, err = tx.AccountByEmail(address)
		return err
	})
	if errors.Is(err, &kinpict.Error{Code: kinpict.NotFound}) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no account " + address + ".",
			Hint: "Make one with: kinpict account create " + address}
	}
	return a, err
}

// CreateToken makes an API token for the account of an address and returns it.
// It cannot be shown again. The error is NotFound without such an account.
func (p *People) CreateToken(ctx context.Context, email, name string) (string, error) {
	a, err := p.Account(ctx, email)
	if err != nil {
		return "", err
	}
	return p.newToken(ctx, a.ID, name, true)
}

// Token returns who an API token belongs to, or an Unauthenticated error.
func (p *People) Token(ctx context.Context, bearer string) (kinpict.Caller, error) {
	var k *store.Token
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.Token(hash(bearer))
		return err
	})
	if errors.Is(err, &kinpict.Error{Code: kinpict.NotFound}) || err == nil && k.Account.Status == "closed" {
		return kinpict.Caller{}, unauthenticated("This API token is not valid.", "Make a new one with: kinpict token create EMAIL")
	}
	if err != nil {
		return kinpict.Caller{}, err
	}
	if p.Now().Sub(k.LastUsedAt) >= time.Minute {
		return callerOf(k.Account), p.noted(p.DB.Update(ctx, func(tx *store.Tx) error { return tx.SeeToken(k.ID) }))
	}
	return callerOf(k.Account), nil
}

// Sweep forgets what has had its time: sessions and links that ended a day ago,
// rate limits, what networks spent before yesterday, what guests confirmed, mail older than 30 days.
func (p *People) Sweep(ctx context.Context) error {
	const day = 24 * time.Hour
	// There may be very many of these, and nobody shall wait for them.
	for n, most := int64(1), 1000; n > 0; {
		err := p.DB.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.SweepLimits(tx.Now().Add(-day), most)
			return err
		})
		if err != nil {
			return err
		}
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.SweepPeople(tx.Now().Add(-day)), tx.SweepConsole(tx.Now().Add(-day)),
			tx.SweepGuests(store.Day(tx.Now())-1), tx.SweepConsents(tx.Now().Add(-day)), tx.SweepMail(tx.Now().Add(-KeepMail)), tx.ForgetPreviews(tx.Now().Add(-KeepSpent)))
	})
}
