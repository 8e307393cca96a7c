package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/staff"
)

// A LedgerView feeds ledger.html.
type LedgerView struct {
	Page
	staff.Books
	Fault  *Fault
	Sums   []Posting
	Total  kinpict.Credits // of all entries: nothing, if the books balance
	Lots   kinpict.Credits // what the lots held at the last audit
	Done   bool
	Bounds int // minutes an audit may take here
}

// A Posting is what the entries of one code come to.
type Posting struct {
	Code, What string
	Entries    int64
	Amount     kinpict.Credits
}

// postings say what a code of the ledger is.
var postings = map[string]string{"lot": "Credits people hold", "debt": "Credits people owe", "issued.paid": "Given out for money", "issued.promo": "Given out as a gift",
	"issued.adjust": "Given out by staff", "deferred": "Taken for requests under way", "earned": "Used by pictures that were delivered", "breakage": "Expired",
	"reversed": "Taken back with a payment", "forfeited": "Given up with an account"}

func (c *Console) ledger(v *visit) error {
	view, err := c.ledgerView(v)
	if err != nil {
		return err
	}
	view.Done = v.r.URL.Query().Get("done") == "yes"
	return c.send(v.w, v.r, http.StatusOK, "ledger", view)
}

func (c *Console) ledgerView(v *visit) (*LedgerView, error) {
	b, err := c.Office.Books(v.r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	return ledgerView(v.titled("Ledger"), b), nil
}

func ledgerView(p Page, b staff.Books) *LedgerView {
	view := &LedgerView{Page: p, Books: b, Bounds: int(staff.AuditTime / time.Minute)}
	if b.Audit == nil || b.Audit.Proof == nil {
		return view
	}
	for _, s := range b.Audit.Proof.Sums {
		view.Sums = append(view.Sums, Posting{s.Code, postings[s.Code], s.Entries, s.Amount})
		view.Total += s.Amount
		if s.Code == "lot" {
			view.Lots = s.Amount
		}
	}
	return view
}

// patience is how long a press waits for the audit it began.
const patience = 10 * time.Second

func (c *Console) audit(v *visit) error {
	ctx, cancel := context.WithTimeout(v.r.Context(), patience)
	defer cancel()
	err := c.Office.Prove(ctx, v.caller)
	if fault, status := faultOf(v.r, err); fault != nil {
		view, err := c.ledgerView(v)
		if err != nil {
			return err
		}
		view.Fault = fault
		return c.send(v.w, v.r, status, "ledger", view)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, Path+"/ledger?done=yes", http.StatusSeeOther)
	return nil
}

// A ProvidersView feeds providers.html.
type ProvidersView struct {
	Page
	Services []Service
	Payments Payments
}

func (c *Console) providers(v *visit) error {
	return c.send(v.w, v.r, http.StatusOK, "providers", &ProvidersView{Page: v.titled("Providers"), Services: c.Services(), Payments: c.Payments})
}

// A SettingsView feeds settings.html.
type SettingsView struct {
	Page
	Settings []Setting
	Books    []PriceBook // in force, and to come
}

// A PriceBook is a catalog and its time.
type PriceBook struct {
	Version   int64
	From      time.Time
	Coming    bool
	Announced bool
	Rates     []kinpict.Rate
	Packs     []kinpict.Pack
	Previews  int
	Changes   []string
}

func (c *Console) settings(v *visit) error {
	periods, err := c.Shop.Periods(v.r.Context())
	if err != nil {
		return err
	}
	return c.send(v.w, v.r, http.StatusOK, "settings", &SettingsView{Page: v.titled("Settings"), Settings: c.Settings, Books: priceBooks(periods)})
}

// priceBooks are the one in force and those to come, the latest first.
func priceBooks(periods []billing.Period) (out []PriceBook) {
	for _, p := range periods {
		if p.Withdrawn {
			continue
		}
		out = append(out, PriceBook{Version: p.Catalog.Version, From: p.Catalog.EffectiveAt, Coming: p.Scheduled, Announced: p.Catalog.Announced, Rates: p.Catalog.Qualities,
			Packs: p.Catalog.Packs, Previews: p.Catalog.Guest.Previews, Changes: p.Changes})
		if !p.Scheduled {
			break // what was before is history
		}
	}
	return out
}

// A TrailView feeds trail.html.
type TrailView struct {
	Page
	Deeds []staff.Deed
	More  string
}

func (c *Console) trail(v *visit) error {
	q := v.r.URL.Query()
	deeds, next, err := c.Office.Trail(v.r.Context(), v.caller, q.Get("after"), 2*pageSize)
	if err != nil {
		return err
	}
	view := &TrailView{Page: v.titled("Trail"), Deeds: deeds}
	if next != "" {
		view.More = "?after=" + url.QueryEscape(next)
	}
	return c.send(v.w, v.r, http.StatusOK, "trail", view)
}

// about is where a deed's subject is shown, "" for nowhere.
func about(subject string) string {
	id, _, _ := strings.Cut(subject, "-")
	switch {
	case strings.HasPrefix(id, kinpict.AccountPrefix):
		return Path + "/people/" + url.PathEscape(id)
	case strings.HasPrefix(id, kinpict.ReviewPrefix):
		return Path + "/reviews/" + url.PathEscape(id)
	case strings.HasPrefix(id, kinpict.HeldPrefix):
		return Path + "/holds/" + url.PathEscape(id)
	}
	return ""
}
