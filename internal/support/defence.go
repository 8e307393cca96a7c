package support

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// A Defence is what a shop can show a bank that asks about a payment: what was
// sold, that it was delivered, and what was said about it. It holds no photo, no
// name, no words of a request, and no network address, for none is kept.
type Defence struct {
	Format     string          `json:"format"`
	At         time.Time       `json:"at"`
	Issuer     string          `json:"issuer"`
	Purchase   PurchaseSeen    `json:"purchase"`
	Account    AccountSeen     `json:"account"`
	Disputes   []DisputeSeen   `json:"disputes"`
	WarnedAt   time.Time       `json:"fraud_warning_at,omitzero"`
	Refunds    []RefundSeen    `json:"refunds"`
	Used       kinpict.Credits `json:"credits_used"` // of this purchase, net of what came back
	Deliveries []Delivery      `json:"deliveries"`
	SignIns    []time.Time     `json:"sign_ins"` // those still known
	Reviews    []ReviewSeen    `json:"reviews"`
	Before     []PurchaseSeen  `json:"earlier_purchases"` // that were paid
	Policy     PolicySeen      `json:"policy"`
}

// defenceFormat names the document.
const defenceFormat = "kinpict-evidence/1"

// An AccountSeen is whose purchase it is.
type AccountSeen struct {
	ID        string    `json:"id"`
	Email     string    `json:"email,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// A DisputeSeen is a dispute as the provider describes it.
type DisputeSeen struct {
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Reason string    `json:"reason"`
	Amount int64     `json:"amount_minor"`
	DueBy  time.Time `json:"due_by,omitzero"`
}

// A RefundSeen is money sent back.
type RefundSeen struct {
	ID        string    `json:"id"`
	Amount    int64     `json:"amount_minor"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
}

// A Delivery is a picture that was paid with credits of the purchase.
type Delivery struct {
	store.LotUse
	Quality     string         `json:"quality"`
	Status      kinpict.Status `json:"status"`
	AskedAt     time.Time      `json:"asked_at"`
	DeliveredAt time.Time      `json:"delivered_at,omitzero"`
	SHA256      string         `json:"sha256,omitempty"`
	Bytes       int64          `json:"bytes,omitempty"`
	Deleted     bool           `json:"deleted,omitempty"` // by the person since
	key         string         // of the picture's bytes
	contentType string
}

// A ReviewSeen is what the person wrote to us and what we answered.
type ReviewSeen struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	At      time.Time `json:"at"`
	Message string    `json:"message"`
	Answers []string  `json:"answers"`
}

// A PolicySeen is what the person was promised: the texts of that version of the
// product with the numbers of that price book.
type PolicySeen struct {
	Product      string   `json:"product"`
	PriceBook    int64    `json:"price_book"`
	InForceSince string   `json:"in_force_since"`
	Pages        []string `json:"pages"`
}

// A Paper is one file of a bundle.
type Paper struct {
	Name string
	Data []byte
}

const lastReviews = 20

// Defend bundles what is known about a purchase, for staff to send to the
// payer's bank: summary.txt in words, evidence.json with the facts, receipt.json
// as the person can have it, and the pictures if they are asked for.
//
// Errors: Forbidden, NotFound, Conflict for a purchase that was not paid.
func (d *Desk) Defend(ctx context.Context, c kinpict.Caller, purchaseID string, pictures bool) ([]Paper, error) {
	if _, err := staff(c); err != nil {
		return nil, err
	}
	e := &Defence{Format: defenceFormat, Issuer: d.PublicURL}
	err := d.DB.View(ctx, func(tx *store.Tx) error { return d.gather(tx, e, purchaseID) })
	if err != nil {
		return nil, err
	}
	r, err := d.PurchaseReceipt(ctx, kinpict.Caller{AccountID: e.Account.ID}, purchaseID)
	if err != nil {
		return nil, err
	}
	facts, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", purchaseID, err)
	}
	papers := []Paper{{"summary.txt", e.words()}, {"evidence.json", append(facts, '\n')}, {"receipt.json", r.File}}
	if !pictures {
		return papers, nil
	}
	for _, x := range e.Deliveries {
		if x.SHA256 == "" || x.Deleted {
			continue
		}
		data, err := d.picture(ctx, x.key)
		if kinpict.CodeOf(err) == kinpict.NotFound {
			continue // deleted since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("picture of %s: %w", x.Charge, err)
		}
		_, kind, _ := strings.Cut(x.contentType, "/")
		papers = append(papers, Paper{"pictures/" + x.Charge + "." + kind, data})
	}
	return papers, nil
}

func (d *Desk) picture(ctx context.Context, key string) ([]byte, error) {
	r, err := d.Blobs.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func (d *Desk) gather(tx *store.Tx, e *Defence, id string) error {
	p, err := tx.Purchase(id)
	if err != nil {
		return err
	}
	e.At, e.Purchase = tx.Now(), purchaseSeen(p)
	a, err := tx.Account(p.AccountID)
	if err != nil {
		return err
	}
	e.Account = AccountSeen{a.ID, a.Email, a.CreatedAt}
	disputes, err := tx.Disputes(id)
	if err != nil {
		return err
	}
	e.Disputes = []DisputeSeen{}
	for _, x := range disputes {
		e.Disputes = append(e.Disputes, DisputeSeen{x.ID, x.Status, x.Reason, x.Amount, x.DueBy})
	}
	if e.WarnedAt, err = tx.WarnedAt(id); err != nil {
		return err
	}
	refunds, err := tx.Refunds(id)
	if err != nil {
		return err
	}
	e.Refunds = []RefundSeen{}
	for _, x := range refunds {
		e.Refunds = append(e.Refunds, RefundSeen{x.ID, x.Amount, x.State, x.CreatedAt})
	}
	if err := e.deliveries(tx, id); err != nil {
		return err
	}
	if e.SignIns, err = tx.SignIns(a.ID); err != nil {
		return err
	}
	if err := e.said(tx, a.ID); err != nil {
		return err
	}
	ps, err := tx.Purchases(a.ID, lastPurchases)
	e.Before = []PurchaseSeen{}
	for _, x := range ps {
		if !x.PaidAt.IsZero() && x.CreatedAt.Before(p.CreatedAt) {
			e.Before = append(e.Before, purchaseSeen(x))
		}
	}
	if err != nil {
		return err
	}
	book, err := tx.CatalogVersion(p.CatalogVersion)
	if err != nil {
		return err
	}
	e.Policy = PolicySeen{d.Version, book.Version, book.EffectiveAt.Format(time.RFC3339), []string{d.PublicURL + "/policies/credits", d.PublicURL + "/policies/terms"}}
	return nil
}

func (e *Defence) deliveries(tx *store.Tx, id string) error {
	uses, err := tx.LotUses("purchase", id)
	if err != nil {
		return err
	}
	e.Deliveries = []Delivery{}
	for _, u := range uses {
		g, err := tx.Job(u.Charge)
		if err != nil {
			return err
		}
		x := Delivery{LotUse: u, Quality: g.Request.Quality, Status: g.Status, AskedAt: g.CreatedAt}
		if g.Status == kinpict.Succeeded {
			x.DeliveredAt = g.FinishedAt
			if im := g.Image; im != nil && im.SHA256 != "" {
				x.SHA256, x.Bytes, x.key, x.contentType = im.SHA256, im.Bytes, im.Key, im.ContentType
			}
			// The owner sees it unless it was deleted.
			_, err := tx.Generation(e.Account.ID, u.Charge)
			if x.Deleted = kinpict.CodeOf(err) == kinpict.NotFound; err != nil && !x.Deleted {
				return err
			}
		}
		e.Used += u.Amount - u.Returned
		e.Deliveries = append(e.Deliveries, x)
	}
	return nil
}

func (e *Defence) said(tx *store.Tx, account string) error {
	reviews, err := tx.Reviews(account, "", "", lastReviews)
	e.Reviews = []ReviewSeen{}
	for _, r := range reviews {
		x := ReviewSeen{ID: r.ID, Status: r.Status, At: r.CreatedAt, Message: r.Message, Answers: []string{}}
		for _, a := range r.Acts {
			x.Answers = append(x.Answers, a.Text)
		}
		e.Reviews = append(e.Reviews, x)
	}
	return err
}

// words is the bundle for somebody who reads no JSON.
func (e *Defence) words() []byte {
	var b bytes.Buffer
	day := func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }
	p := e.Purchase
	fmt.Fprintf(&b, "Purchase %s at %s\n\n", p.ID, e.Issuer)
	fmt.Fprintf(&b, "Sold: %d credits for family pictures, %d %s and %d tax in minor units, paid %s as %s.\n", p.Credits, p.Price.Amount, strings.ToUpper(p.Price.Currency), p.Tax, day(p.PaidAt), p.Payment)
	fmt.Fprintf(&b, "Account: made %s, signed in %d times that are still known.\n", day(e.Account.CreatedAt), len(e.SignIns))
	delivered := 0
	for _, x := range e.Deliveries {
		if x.Status == kinpict.Succeeded {
			delivered++
		}
	}
	fmt.Fprintf(&b, "Used: %d of the %d credits. Pictures delivered with them: %d.\n", e.Used, p.Credits, delivered)
	fmt.Fprintf(&b, "Went back: %d in minor units.\n\n", p.Refunded)
	for _, x := range e.Deliveries {
		if x.Status == kinpict.Succeeded {
			fmt.Fprintf(&b, "Delivered %s: picture %s, %d credits, sha256 %s\n", day(x.DeliveredAt), x.Charge, x.Amount-x.Returned, x.SHA256)
		}
	}
	for _, d := range e.Disputes {
		fmt.Fprintf(&b, "Dispute %s: %s, %s, %d in minor units", d.ID, d.Status, d.Reason, d.Amount)
		if !d.DueBy.IsZero() {
			fmt.Fprintf(&b, ", evidence due %s", day(d.DueBy))
		}
		fmt.Fprintln(&b)
	}
	return b.Bytes()
}
