package cli

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/billing"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

type reconcileCmd struct {
	Since time.Duration `default:"96h" help:"How far back to look, such as 720h. Stripe remembers 30 days."`
	JSON  bool          `help:"Print one JSON object."`
}

func (c *reconcileCmd) Run(s *session) error {
	if c.Since <= 0 {
		return usageError{fmt.Errorf("--since must be more than nothing")}
	}
	return s.with(func(a *app.App) error {
		got, err := a.Shop.Reconcile(s.ctx, a.Shop.Now().Add(-c.Since))
		if err != nil {
			for _, r := range got.Repaired {
				fmt.Fprintln(s.out, "Repaired", r)
			}
			return &kinpict.Error{Code: kinpict.Unavailable, Message: "The payments could not be compared to the end.", Hint: err.Error(), Err: err}
		}
		if err := c.print(s, got); err != nil {
			return err
		}
		if len(got.Findings) > 0 {
			return errNo
		}
		return nil
	})
}

func (c *reconcileCmd) print(s *session, got *billing.Comparison) error {
	if c.JSON {
		repaired, findings := got.Repaired, got.Findings
		if repaired == nil {
			repaired = []string{}
		}
		if findings == nil {
			findings = []store.PaymentFinding{}
		}
		return printJSON(s.out, map[string]any{"since": got.Since, "payments": got.Payments, "repaired": repaired, "findings": findings})
	}
	for _, r := range got.Repaired {
		fmt.Fprintln(s.out, "Repaired", r)
	}
	for _, f := range got.Findings {
		fmt.Fprintf(s.out, "%s %s: %s (since %s)\n", f.Kind, f.Subject, f.Message, f.FirstSeen.Format(time.RFC3339))
	}
	if len(got.Findings) == 0 {
		fmt.Fprintf(s.out, "Payments agree: %d looked at since %s.\n", got.Payments, got.Since.Format(time.RFC3339))
	}
	return nil
}

type purchaseListCmd struct {
	Email     string `arg:"" optional:"" help:"Whose. Left out: everybody's."`
	State     string `enum:"any,open,processing,paid,expired,failed,refunded,partially_refunded,disputed" default:"any" help:"Only those in that state."`
	Attention bool   `help:"Only those with a problem, an open dispute, an early fraud warning, a refund without an answer, or a finding."`
	Number    int    `short:"n" default:"50" help:"How many, newest first."`
}

func (c *purchaseListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		account := ""
		if c.Email != "" {
			acc, err := a.People.Account(s.ctx, c.Email)
			if err != nil {
				return err
			}
			account = acc.ID
		}
		which := c.State
		switch {
		case c.Attention && c.State != "any":
			return usageError{errors.New("use --attention or --state, not both")}
		case c.Attention:
			which = "attention"
		case c.State == "any":
			which = ""
		}
		list, err := a.Shop.Dossiers(s.ctx, shell(), which, account, "", min(max(c.Number, 1), 1000))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		for _, d := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d credits\t%s\t%s\n", d.ID, d.CreatedAt.Format(time.RFC3339), d.State, d.Email, d.Credits, price(d), strings.Join(remarks(d), "; "))
		}
		if len(list) == 0 {
			fmt.Fprintln(w, "There are none.")
		}
		return w.Flush()
	})
}

// price is what the payer paid, in minor units as staff see it at the provider.
func price(d *billing.Dossier) string {
	return fmt.Sprintf("%d %s", d.Price.Amount+d.Tax, d.Price.Currency)
}

// remarks are what staff should know at a glance.
func remarks(d *billing.Dossier) []string {
	var out []string
	if d.Problem != "" {
		out = append(out, "problem: "+d.Problem)
	}
	for _, x := range d.Disputes {
		r := "dispute " + x.Status
		if strings.HasSuffix(x.Status, "needs_response") && !x.DueBy.IsZero() {
			r += ", due by " + x.DueBy.Format(time.RFC3339)
		}
		out = append(out, r)
	}
	if !d.Warned.IsZero() {
		out = append(out, "early fraud warning")
	}
	for _, r := range d.Refunds {
		if r.State != store.RefundDone {
			out = append(out, "refund "+r.State)
		}
	}
	for _, f := range d.Findings {
		out = append(out, f.Kind)
	}
	return out
}

type purchaseShowCmd struct {
	ID string `arg:"" help:"Which purchase."`
}

func (c *purchaseShowCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		d, err := a.Shop.Dossier(s.ctx, shell(), c.ID)
		if err != nil {
			return purchaseAtHand(err)
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		at := func(t time.Time) string {
			if t.IsZero() {
				return "-"
			}
			return t.Format(time.RFC3339)
		}
		mode := "test"
		if d.Livemode {
			mode = "live"
		}
		fmt.Fprintf(w, "purchase\t%s\naccount\t%s %s\nstate\t%s\npack\t%s, %d credits, price book %d\n", d.ID, d.AccountID, d.Email, d.State, d.Pack, d.Credits, d.CatalogVersion)
		fmt.Fprintf(w, "price\t%d %s and %d tax\nrefunded\t%d\ndisputed\t%d\n", d.Price.Amount, d.Price.Currency, d.Tax, d.Refunded, d.Disputed)
		fmt.Fprintf(w, "provider\t%s, %s\nsession\t%s\npayment\t%s\n", d.Provider, mode, d.SessionID, d.PaymentID)
		fmt.Fprintf(w, "opened\t%s\npaid\t%s\nasked about\t%s\n", at(d.CreatedAt), at(d.PaidAt), at(d.SeenAt))
		if d.Problem != "" {
			fmt.Fprintf(w, "problem\t%s\n", d.Problem)
		}
		if !d.Warned.IsZero() {
			fmt.Fprintf(w, "early fraud warning\t%s\n", at(d.Warned))
		}
		for _, x := range d.Disputes {
			fmt.Fprintf(w, "dispute\t%s %s, %s, %d, seen %s, evidence due %s\n", x.ID, x.Status, x.Reason, x.Amount, at(x.SeenAt), at(x.DueBy))
		}
		for _, r := range d.Refunds {
			fmt.Fprintf(w, "refund\t%s %s, %d, %s by %s: %s %s\n", r.ID, r.State, r.Amount, at(r.CreatedAt), r.Actor, r.Reason, r.Problem)
		}
		for _, f := range d.Findings {
			fmt.Fprintf(w, "finding\t%s: %s\n", f.Kind, f.Message)
		}
		return w.Flush()
	})
}

// purchaseAtHand says how a purchase is found at the command line, where there
// is no account or address to look at.
func purchaseAtHand(err error) error {
	var e *kinpict.Error
	if errors.As(err, &e) && e.Code == kinpict.NotFound {
		return &kinpict.Error{Code: e.Code, Message: e.Message, Hint: "kinpict purchase list shows the newest."}
	}
	return err
}

type refundCmd struct {
	ID       string `arg:"" help:"Which purchase."`
	Amount   int64  `help:"In minor units such as cents, tax included. Left out: all that is left."`
	Unused   bool   `help:"Only what pays for the credits that are still there."`
	Reason   string `required:"" help:"Why, for the books."`
	Cause    string `enum:"requested_by_customer,duplicate,fraudulent,none" default:"requested_by_customer" help:"For the provider: requested_by_customer, duplicate, fraudulent or none."`
	Approver string `help:"Who else of the staff agreed, by address; needed for large refunds."`
	Again    bool   `help:"The same amount went back within the hour, and a second time is meant."`
}

func (c *refundCmd) Run(s *session) error {
	if c.Amount < 0 || c.Amount > 0 && c.Unused {
		return usageError{errors.New("say --amount with a number above 0, or --unused, or neither")}
	}
	return s.with(func(a *app.App) error {
		cause := c.Cause
		if cause == "none" {
			cause = ""
		}
		r, err := a.Shop.Refund(s.ctx, shell(), billing.Repayment{PurchaseID: c.ID, Amount: c.Amount, Unused: c.Unused, Reason: c.Reason, Cause: cause, Approver: c.Approver, Again: c.Again})
		if err != nil {
			return purchaseAtHand(err)
		}
		d, err := a.Shop.Dossier(s.ctx, shell(), c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s: %d %s went back (%s). The purchase is %s.\n", c.ID, r.Amount, d.Price.Currency, r.ID, d.State)
		b, err := a.Shop.Balance(s.ctx, kinpict.Caller{AccountID: d.AccountID})
		if err == nil {
			fmt.Fprintf(s.out, "The account has %d credits", b.Available)
			if b.Debt > 0 {
				fmt.Fprintf(s.out, " and owes %d that were used", b.Debt)
			}
			fmt.Fprintln(s.out, ".")
		}
		return err
	})
}

type evidenceCmd struct {
	ID           string `arg:"" help:"Which purchase."`
	Out          string `short:"o" required:"" type:"path" help:"A new folder, or a file that ends in .zip."`
	WithPictures bool   `help:"The delivered pictures, too. They show people: send them only if the bank asks for them."`
}

func (c *evidenceCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		papers, err := a.Support.Defend(s.ctx, shell(), c.ID, c.WithPictures)
		if err != nil {
			return purchaseAtHand(err)
		}
		if strings.HasSuffix(c.Out, ".zip") {
			err = writeZip(c.Out, papers, a.Shop.Now())
		} else {
			err = writeFolder(c.Out, papers)
		}
		if err != nil {
			return usageError{err}
		}
		for _, p := range papers {
			fmt.Fprintf(s.out, "%s\t%d bytes\n", p.Name, len(p.Data))
		}
		return nil
	})
}

// writeZip writes a file that must not be there yet: it is about somebody.
func writeZip(name string, papers []support.Paper, at time.Time) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	for _, p := range papers {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.Name, Method: zip.Deflate, Modified: at.UTC()})
		if err != nil {
			return err
		}
		if _, err := w.Write(p.Data); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeFolder(dir string, papers []support.Paper) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, p := range papers {
		name := filepath.Join(dir, filepath.FromSlash(p.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, p.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
