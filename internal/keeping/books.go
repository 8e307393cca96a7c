package keeping

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"strconv"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

type purchaseOf struct {
	ID       string          `json:"id"`
	State    string          `json:"state"`
	Pack     string          `json:"pack"`
	Credits  kinpict.Credits `json:"credits"`
	Price    kinpict.Money   `json:"price"`
	Tax      int64           `json:"tax_minor"`
	Promo    string          `json:"promo,omitempty"`
	Discount int64           `json:"discount_minor,omitempty"`
	Bonus    kinpict.Credits `json:"bonus,omitempty"`
	Refunded int64           `json:"refunded_minor"`
	Disputed int64           `json:"disputed_minor"`
	Provider string          `json:"provider"`
	Session  string          `json:"provider_session,omitempty"`
	Payment  string          `json:"provider_payment,omitempty"`
	Receipt  string          `json:"receipt,omitempty"`
	Made     time.Time       `json:"made_at"`
	Paid     time.Time       `json:"paid_at,omitzero"`
}

func receiptFile(purchase string) string { return "receipts/" + purchase + ".json" }

// purchases writes what was bought, and the signed receipt of what was paid.
func (a *archive) purchases(ctx context.Context) error {
	var paid []string
	if err := a.list("purchases.json", "purchases", func(put func(any) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last *store.Purchase) ([]*store.Purchase, error) {
			return tx.PurchasesBefore(a.account.ID, last, batch)
		}, func(p *store.Purchase) error {
			o := purchaseOf{ID: p.ID, State: p.State, Pack: p.Pack, Credits: p.Credits, Price: p.Price, Tax: p.Tax, Promo: p.Promo, Discount: p.Discount, Bonus: p.Bonus,
				Refunded: p.Refunded, Disputed: p.Disputed, Provider: p.Provider, Session: p.SessionID, Payment: p.PaymentID, Made: p.CreatedAt, Paid: p.PaidAt}
			if !p.PaidAt.IsZero() {
				o.Receipt = receiptFile(p.ID)
				paid = append(paid, p.ID)
			}
			return put(o)
		})
	}); err != nil {
		return err
	}
	return all(paid, func(id string) error {
		b, err := a.k.Receipt(ctx, a.caller(), id)
		if err != nil {
			return err
		}
		a.manifest.Counts["receipts"]++
		return a.bytes(receiptFile(id), b)
	})
}

type lineOf struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`
	Amount    kinpict.Credits `json:"amount"`
	Available kinpict.Credits `json:"available_after"`
	Debt      kinpict.Credits `json:"debt_after"`
	Picture   string          `json:"generation,omitempty"`
	Purchase  string          `json:"purchase,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	At        time.Time       `json:"at"`
}

// lines hands over the statement, newest first, without what came after the
// archive was begun.
func (a *archive) lines(ctx context.Context, each func(kinpict.Transaction) error) error {
	for cursor := ""; ; {
		page, next, err := a.k.Statement(ctx, a.caller(), cursor, batch)
		if err != nil {
			return err
		}
		for _, x := range page {
			if x.Seq > a.limit {
				continue
			}
			if err := each(x); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// statement writes the lines twice: for programs and for a spreadsheet.
func (a *archive) statement(ctx context.Context) error {
	if err := a.list("statement.json", "statement_lines", func(put func(any) error) error {
		return a.lines(ctx, func(x kinpict.Transaction) error {
			return put(lineOf{ID: x.ID, Kind: x.Kind, Amount: x.Amount, Available: x.AvailableAfter, Debt: x.DebtAfter, Picture: x.Generation, Purchase: x.Purchase,
				Reason: x.Reason, At: x.At})
		})
	}); err != nil {
		return err
	}
	f, err := a.create("statement.csv", zip.Deflate)
	if err != nil {
		return err
	}
	table := csv.NewWriter(f)
	table.UseCRLF = true // RFC 4180
	if err := table.Write([]string{"at", "kind", "amount", "available_after", "debt_after", "generation", "purchase", "reason", "id"}); err != nil {
		return err
	}
	n := func(v kinpict.Credits) string { return strconv.FormatInt(int64(v), 10) }
	if err := a.lines(ctx, func(x kinpict.Transaction) error {
		return table.Write([]string{x.At.UTC().Format(time.RFC3339Nano), x.Kind, n(x.Amount), n(x.AvailableAfter), n(x.DebtAfter), x.Generation, x.Purchase, plain(x.Reason), x.ID})
	}); err != nil {
		return err
	}
	table.Flush()
	f.end()
	return table.Error()
}

// credits writes the balance and the lots it comes from, spent ones included.
func (a *archive) credits(ctx context.Context) error {
	var b kinpict.Balance
	if err := a.k.DB.Read(ctx, func(tx *store.Tx) (err error) {
		b, err = tx.Balance(a.account.ID)
		return err
	}); err != nil {
		return err
	}
	return a.listIn("credits.json", map[string]any{"available": b.Available, "debt": b.Debt}, "lots", func(put func(any) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last store.LotRow) ([]store.LotRow, error) {
			return tx.LotRowsBefore(a.account.ID, last, batch)
		}, func(l store.LotRow) error { return put(l) })
	})
}

// plain keeps a spreadsheet from taking text for a formula.
func plain(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}
