package staff

import (
	"context"

	"kinpict"
	"kinpict/internal/store"
)

// DeedAddress is what the trail says of an address that was asked for.
const DeedAddress = "address shown"

// Requests are everybody's requests, the newest first, of one state or of any
// (""): those behind the cursor, at most limit. next is empty at the end.
func (o *Office) Requests(ctx context.Context, c kinpict.Caller, status kinpict.Status, cursor string, limit int) (rows []*store.RequestRow, next string, err error) {
	if err := allowed(c); err != nil {
		return nil, "", err
	}
	err = o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.StaffRequests(status, cursor, limit+1)
		return err
	})
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Cursor()
	}
	return rows, next, err
}

// A Request is one request with what the books say about it.
type Request struct {
	*store.RequestRow
	Taken []store.Taken         // from which lots
	Lines []kinpict.Transaction // of its owner's statement, oldest first
}

// Request is one request, or NotFound.
func (o *Office) Request(ctx context.Context, c kinpict.Caller, id string) (*Request, error) {
	if err := allowed(c); err != nil {
		return nil, err
	}
	r := &Request{}
	err := o.DB.View(ctx, func(tx *store.Tx) (err error) {
		if r.RequestRow, err = tx.StaffRequest(id); err != nil || r.Charge == "" {
			return err
		}
		if r.Taken, err = tx.TakenFor(id); err != nil {
			return err
		}
		lines, err := tx.Statement(store.Sought{AccountID: r.Owner, Ref: id}, 20)
		for i := range lines {
			r.Lines = append(r.Lines, lines[len(lines)-1-i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// How much of a person is told at once.
const mostOf = 25

// A Person is somebody with an account, without a photo, a picture, their words
// or their whole address.
type Person struct {
	*kinpict.Account // its address is for the surface to mask
	Balance          kinpict.Balance
	Lots             []kinpict.Lot         // with something left
	Lines            []kinpict.Transaction // the last ones
	More             int64                 // where older lines begin, 0 for none
	Purchases        []*store.Purchase
	Reviews          []*kinpict.Review
	Held             []*kinpict.HeldRequest // those that wait, without their words
	Requests         []*store.RequestRow
}

// Person is what is known of an account, or NotFound. before is the line its
// statement goes on behind, 0 for the newest.
func (o *Office) Person(ctx context.Context, c kinpict.Caller, id string, before int64) (*Person, error) {
	if err := allowed(c); err != nil {
		return nil, err
	}
	p := &Person{}
	err := o.DB.View(ctx, func(tx *store.Tx) (err error) {
		if p.Account, err = tx.Account(id); err != nil {
			return err
		}
		if p.Balance, err = tx.Balance(id); err != nil {
			return err
		}
		if p.Lots, err = tx.Lots(id); err != nil {
			return err
		}
		if p.Lines, err = tx.Statement(store.Sought{AccountID: id, Before: before}, mostOf+1); err != nil {
			return err
		}
		if len(p.Lines) > mostOf {
			p.Lines = p.Lines[:mostOf]
			p.More = p.Lines[mostOf-1].Seq
		}
		if p.Purchases, err = tx.StaffPurchases("", id, "", mostOf); err != nil {
			return err
		}
		if p.Reviews, err = tx.Reviews(id, "", "", mostOf); err != nil {
			return err
		}
		if p.Held, err = tx.Waiting(id); err != nil {
			return err
		}
		for _, h := range p.Held {
			h.Request.Instruction, h.Request.Photos = "", nil
		}
		p.Requests, err = tx.RequestsOf(id, mostOf)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Address is the address of an account, told on the record: who asked for it
// stands in the trail in the same commit.
func (o *Office) Address(ctx context.Context, c kinpict.Caller, id string) (email string, err error) {
	if err := allowed(c); err != nil {
		return "", err
	}
	err = o.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		email = a.Email
		return tx.NoteStaff(store.StaffAct{ID: o.IDs.New("act_"), Actor: c.AccountID, Kind: DeedAddress, Subject: id})
	})
	return email, err
}
