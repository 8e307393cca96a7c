package support

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// How much is frozen.
const (
	lastRecords   = 50 // transactions before the review, besides those about what it names
	lastPurchases = 20
	lastLots      = 100
)

// Evidence is what is frozen with a review: what the person saw and what the
// books said. It holds no photo, no name beside one, no secret and nothing of
// anybody else.
type Evidence struct {
	Format   string          `json:"format"`
	At       time.Time       `json:"at"`
	Account  string          `json:"account"`
	Seq      int64           `json:"seq"` // the account's last transaction
	Page     string          `json:"page"`
	Balance  kinpict.Balance `json:"balance"`
	Catalog  BookUsed        `json:"catalog"`
	Request  *RequestSeen    `json:"request,omitempty"`  // none of a picture that was deleted
	Purchase *PurchaseSeen   `json:"purchase,omitempty"` // the one it names

	Records   []store.Record    `json:"records"`
	Charges   []store.ChargeRow `json:"charges"`
	Lots      []store.LotRow    `json:"lots"`
	Purchases []PurchaseSeen    `json:"purchases"` // the last ones
	Audit     AuditResult       `json:"audit"`
}

// evidenceFormat names the document.
const evidenceFormat = "kinpict-review/1"

// A BookUsed names the price book in force and what it said.
type BookUsed struct {
	Version     int64          `json:"version"`
	EffectiveAt time.Time      `json:"effective_at"`
	Qualities   []kinpict.Rate `json:"qualities"`
}

// A RequestSeen is a request without its photos.
type RequestSeen struct {
	ID             string              `json:"id"`
	Funding        kinpict.Funding     `json:"funding"`
	Status         kinpict.Status      `json:"status"`
	Quality        string              `json:"quality"`
	Scenario       string              `json:"scenario"`
	Aspect         kinpict.Aspect      `json:"aspect"`
	Instruction    string              `json:"instruction"`
	Photos         int                 `json:"photos"` // how many
	Credits        kinpict.Credits     `json:"credits"`
	Returned       kinpict.Credits     `json:"returned"`
	CatalogVersion int64               `json:"catalog_version"`
	Engine         string              `json:"engine"`
	Attempts       int                 `json:"attempts"`
	Failure        kinpict.FailureCode `json:"failure,omitempty"`
	RetryOf        string              `json:"retry_of,omitempty"`
	CreatedAt      time.Time           `json:"created_at"`
	FinishedAt     time.Time           `json:"finished_at,omitzero"`
}

// A PurchaseSeen is a purchase with what its provider calls it.
type PurchaseSeen struct {
	ID             string          `json:"id"`
	State          string          `json:"state"`
	Pack           string          `json:"pack"`
	Credits        kinpict.Credits `json:"credits"`
	Price          kinpict.Money   `json:"price"`
	Tax            int64           `json:"tax_minor"`
	Refunded       int64           `json:"refunded_minor"`
	Disputed       int64           `json:"disputed_minor"`
	CatalogVersion int64           `json:"catalog_version"`
	Provider       string          `json:"provider"`
	Session        string          `json:"session"`
	Payment        string          `json:"payment"`
	Livemode       bool            `json:"livemode"`
	Problem        string          `json:"problem,omitempty"`
	CreatedAt      time.Time       `json:"created_at"`
	PaidAt         time.Time       `json:"paid_at,omitzero"`
	SeenAt         time.Time       `json:"seen_at,omitzero"`
}

// An AuditResult is what the auditor found in the account's own books.
type AuditResult struct {
	Seq      int64           `json:"seq"` // the transaction up to which it looked
	Findings []store.Finding `json:"findings"`
}

// freeze gathers the evidence within the transaction that files the review.
func freeze(tx *store.Tx, r *kinpict.Review, audit AuditResult) (*Evidence, error) {
	e := &Evidence{Format: evidenceFormat, At: tx.Now(), Account: r.AccountID, Page: r.Page, Audit: audit}
	var err error
	if e.Seq, err = tx.Position(r.AccountID); err != nil {
		return nil, err
	}
	if e.Balance, err = tx.Balance(r.AccountID); err != nil {
		return nil, err
	}
	book, err := tx.Catalog()
	if err != nil {
		return nil, err
	}
	e.Catalog = BookUsed{book.Version, book.EffectiveAt, book.Qualities}
	if r.Generation != "" {
		g, err := tx.Generation(r.AccountID, r.Generation)
		switch {
		case err == nil:
			e.Request = requestSeen(g)
		case kinpict.CodeOf(err) == kinpict.NotFound:
			// Of a picture that was deleted, what it took still stands in the books.
			if x, other := tx.Charge(r.AccountID, r.Generation); other != nil || x == nil {
				return nil, errors.Join(other, err)
			}
		default:
			return nil, err
		}
	}
	if r.Purchase != "" {
		p, err := tx.Purchase(r.Purchase)
		if err != nil {
			return nil, err
		}
		if p.AccountID != r.AccountID {
			return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such purchase here."}
		}
		seen := purchaseSeen(p)
		e.Purchase = &seen
	}
	if e.Records, err = tx.Records(r.AccountID, e.Seq-lastRecords, r.Generation, r.Purchase); err != nil {
		return nil, err
	}
	if e.Charges, err = charges(tx, r.AccountID, e.Records); err != nil {
		return nil, err
	}
	if e.Lots, err = tx.LotRows(r.AccountID, lastLots); err != nil {
		return nil, err
	}
	ps, err := tx.Purchases(r.AccountID, lastPurchases)
	e.Purchases = []PurchaseSeen{}
	for _, p := range ps {
		e.Purchases = append(e.Purchases, purchaseSeen(p))
	}
	return e, err
}

// Redact is evidence without the person's words, for when they leave: what was
// asked for in a picture, and the page they were on. The rest is the books.
func Redact(evidence []byte) ([]byte, error) {
	var e Evidence
	if err := json.Unmarshal(evidence, &e); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	e.Page = ""
	if e.Request != nil {
		e.Request.Instruction = ""
	}
	return json.Marshal(e)
}

// charges are those the records are about.
func charges(tx *store.Tx, account string, records []store.Record) ([]store.ChargeRow, error) {
	out := []store.ChargeRow{}
	seen := map[string]bool{}
	for _, x := range records {
		if x.RefType != "generation" || seen[x.RefID] {
			continue
		}
		seen[x.RefID] = true
		c, err := tx.Charge(account, x.RefID)
		if err != nil {
			return nil, err
		}
		if c != nil {
			out = append(out, *c)
		}
	}
	return out, nil
}

func requestSeen(g *kinpict.Generation) *RequestSeen {
	return &RequestSeen{ID: g.ID, Funding: g.Funding, Status: g.Status, Quality: g.Request.Quality, Scenario: g.Request.Scenario, Aspect: g.Request.Aspect,
		Instruction: g.Request.Instruction, Photos: len(g.Request.Photos), Credits: g.Credits, Returned: g.Returned, CatalogVersion: g.CatalogUsed,
		Engine: g.Engine, Attempts: g.Attempts, Failure: g.Failure, RetryOf: g.RetryOf, CreatedAt: g.CreatedAt, FinishedAt: g.FinishedAt}
}

func purchaseSeen(p *store.Purchase) PurchaseSeen {
	return PurchaseSeen{ID: p.ID, State: p.State, Pack: p.Pack, Credits: p.Credits, Price: p.Price, Tax: p.Tax, Refunded: p.Refunded, Disputed: p.Disputed,
		CatalogVersion: p.CatalogVersion, Provider: p.Provider, Session: p.SessionID, Payment: p.PaymentID, Livemode: p.Livemode, Problem: p.Problem,
		CreatedAt: p.CreatedAt, PaidAt: p.PaidAt, SeenAt: p.SeenAt}
}
