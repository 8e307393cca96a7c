package api

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/billing"
)

func (a *API) credits(c *call) error {
	b, lots, err := a.Shop.Holdings(c.ctx(), c.caller)
	if err != nil {
		return err
	}
	out := client.Credits{Available: b.Available, Debt: b.Debt, Lots: make([]client.Lot, len(lots))}
	for i, l := range lots {
		out.Lots[i] = client.Lot{ID: l.ID, Kind: l.Kind, Granted: l.Granted, Remaining: l.Remaining, ExpiresAt: maybe(l.ExpiresAt), Source: l.Source}
	}
	return c.send(http.StatusOK, out)
}

func (a *API) transactions(c *call) error {
	c.w.Header().Add("Vary", "Accept")
	if strings.Contains(c.r.Header.Get("Accept"), "text/csv") {
		return a.statement(c)
	}
	cursor, limit, err := page(c.r)
	if err != nil {
		return err
	}
	f, err := filter(c.r)
	if err != nil {
		return err
	}
	lines, next, err := a.Shop.Statement(c.ctx(), c.caller, f, cursor, limit)
	if err != nil {
		return err
	}
	out := client.Transactions{Items: make([]client.Transaction, len(lines)), NextCursor: next}
	for i, t := range lines {
		out.Items[i] = client.Transaction{ID: t.ID, Kind: t.Kind, Amount: t.Amount, AvailableAfter: t.AvailableAfter, DebtAfter: t.DebtAfter,
			Generation: t.Generation, GenerationDeleted: t.Deleted, Purchase: t.Purchase, Reason: t.Reason, At: t.At, Hash: t.Hash}
		for _, m := range t.Moves {
			out.Items[i].Lots = append(out.Items[i].Lots, client.Move{Lot: m.Lot, Kind: m.Kind, Source: m.Source, Amount: m.Amount, Returned: m.Returned})
		}
	}
	return c.send(http.StatusOK, out)
}

// filter reads what of the statement is wanted.
func filter(r *http.Request) (f billing.Filter, err error) {
	q := r.URL.Query()
	if f.Show, err = choice(q.Get("show"), "show", billing.Shows...); err != nil {
		return f, err
	}
	if f.Reference = q.Get("reference"); len(f.Reference) > 200 {
		return f, invalid(client.FieldError{Field: "reference", Message: "is not one of ours"})
	}
	f.From, f.Until, err = billing.Days(q.Get("from"), q.Get("to"))
	return f, err
}

// statement sends all lines as a table, page by page as they are read.
func (a *API) statement(c *call) error {
	f, err := filter(c.r)
	if err != nil {
		return err
	}
	release, err := a.statements.Take(c.caller.Counted())
	if err != nil {
		return err
	}
	defer release()
	lines, next, err := a.Shop.Statement(c.ctx(), c.caller, f, "", maxPage)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	c.w.Header().Set("Content-Disposition", `attachment; filename="kinpict-statement.csv"`)
	table := csv.NewWriter(c.w)
	table.UseCRLF = true // RFC 4180
	head := []string{"at", "kind", "amount", "available_after", "debt_after", "generation", "purchase", "reason", "id"}
	if err := table.Write(head); err != nil {
		return err
	}
	for {
		for _, t := range lines {
			n := func(v kinpict.Credits) string { return strconv.FormatInt(int64(v), 10) }
			if err := table.Write([]string{t.At.UTC().Format(time.RFC3339Nano), plain(t.Kind), n(t.Amount), n(t.AvailableAfter), n(t.DebtAfter),
				plain(t.Generation), plain(t.Purchase), plain(t.Reason), plain(t.ID)}); err != nil {
				return err
			}
		}
		if next == "" {
			break
		}
		if lines, next, err = a.Shop.Statement(c.ctx(), c.caller, f, next, maxPage); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// plain keeps a spreadsheet from taking text for a formula.
func plain(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (a *API) createCheckout(c *call) error {
	in, err := decode[client.Order](c)
	if err != nil {
		return err
	}
	o, err := a.Shop.Checkout(c.ctx(), c.caller, c.intent(),
		billing.Choice{Pack: in.Pack, Version: in.CatalogVersion, Currency: in.Currency, Promo: in.Promo, Back: in.Back})
	if err != nil {
		return err
	}
	return c.outcome(o.Purchase, o.Purchase.ID, o.Replay)
}

func (a *API) checkouts(c *call) error {
	list, err := a.Shop.Purchases(c.ctx(), c.caller, maxPage)
	if err != nil {
		return err
	}
	out := client.Checkouts{Items: make([]client.Checkout, len(list))}
	for i, p := range list {
		out.Items[i] = checkoutOf(p)
	}
	return c.send(http.StatusOK, out)
}

func (a *API) checkout(c *call) error {
	p, err := a.Shop.Purchase(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, checkoutOf(p))
}
