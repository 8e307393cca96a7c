package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/receipt"
	"kinpict/internal/support"
)

// shell is whoever can run commands on the data: they have every right of an operator.
func shell() kinpict.Caller {
	return kinpict.Caller{AccountID: actor(), Email: actor(), Role: kinpict.Operator}
}

type reviewListCmd struct {
	Status string `enum:"open,answered,closed,all" default:"open" help:"open, answered, closed or all."`
	Number int    `short:"n" default:"50" help:"How many, newest first."`
	JSON   bool   `help:"Print one JSON object a line."`
}

func (c *reviewListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		status := c.Status
		if status == "all" {
			status = ""
		}
		list, err := a.Support.Queue(s.ctx, shell(), status, "", min(max(c.Number, 1), 1000))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		for _, r := range list {
			if c.JSON {
				if err := printJSON(s.out, map[string]any{"id": r.ID, "status": r.Status, "account": r.AccountID, "message": r.Message,
					"generation": r.Generation, "checkout": r.Purchase, "created_at": r.CreatedAt}); err != nil {
					return err
				}
				continue
			}
			first, _, _ := strings.Cut(r.Message, "\n")
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.CreatedAt.Format(time.RFC3339), r.Status, first)
		}
		if len(list) == 0 && !c.JSON {
			fmt.Fprintln(w, "There are none.")
		}
		return w.Flush()
	})
}

func printJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, string(b))
	return err
}

// reviewAtHand says how a review is found at the command line, where there is no
// account or address to look at.
func reviewAtHand(err error) error {
	var e *kinpict.Error
	if errors.As(err, &e) && e.Code == kinpict.NotFound {
		return &kinpict.Error{Code: e.Code, Message: e.Message, Hint: "kinpict review list --status all shows every one."}
	}
	return err
}

type reviewShowCmd struct {
	ID string `arg:"" help:"Which review."`
}

func (c *reviewShowCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		r, err := a.Support.Open(s.ctx, shell(), c.ID)
		if err != nil {
			return reviewAtHand(err)
		}
		return printReview(s.out, r, true)
	})
}

// printReview writes a review as staff read it, and what was frozen if asked.
func printReview(w io.Writer, r *kinpict.Review, evidence bool) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "review\t%s\nstatus\t%s\naccount\t%s\nfiled\t%s\n", r.ID, r.Status, r.AccountID, r.CreatedAt.Format(time.RFC3339))
	for _, x := range []struct{ name, value string }{{"generation", r.Generation}, {"checkout", r.Purchase}, {"page", r.Page}} {
		if x.value != "" {
			fmt.Fprintf(t, "%s\t%s\n", x.name, x.value)
		}
	}
	fmt.Fprintf(t, "sha256\t%s\n", r.SHA256)
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", r.Message)
	for _, a := range r.Acts {
		fmt.Fprintf(w, "\n%s by %s, %s\n%s\n", a.Kind, a.Actor, a.At.Format(time.RFC3339), a.Text)
		if a.Credits > 0 {
			fmt.Fprintf(w, "%d credits: %s (transaction %s-%d)\n", a.Credits, a.Reason, r.AccountID, a.Seq)
		}
	}
	if !evidence {
		return nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, r.Evidence, "", "  "); err != nil {
		return fmt.Errorf("evidence of %s: %w", r.ID, err)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", &b)
	return err
}

type reviewAnswerCmd struct {
	ID       string `arg:"" help:"Which review."`
	Text     string `required:"" help:"The answer. The person reads it."`
	Credits  int64  `help:"Credits to give with it."`
	Reason   string `help:"Why they are given; needed with --credits. The person sees it in the statement, and the books keep it after they have left: name nobody."`
	Approver string `help:"Who else of the staff agreed, by address; needed for large amounts."`
	Back     bool   `help:"Give back what the delivered picture cost, instead of new credits."`
}

func (c *reviewAnswerCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		r, err := a.Support.Answer(s.ctx, shell(), c.ID, support.Answer{Text: c.Text, Credits: kinpict.Credits(c.Credits), Reason: c.Reason, Approver: c.Approver, Back: c.Back})
		if err != nil {
			return reviewAtHand(err)
		}
		return printReview(s.out, r, false)
	})
}

type reviewCloseCmd struct {
	ID     string `arg:"" help:"Which review."`
	Reason string `required:"" help:"Why. The person can read it."`
}

func (c *reviewCloseCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		r, err := a.Support.Close(s.ctx, shell(), c.ID, c.Reason)
		if err != nil {
			return reviewAtHand(err)
		}
		return printReview(s.out, r, false)
	})
}

type receiptKeysCmd struct{}

func (c *receiptKeysCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		doc, err := a.Support.Published(s.ctx)
		if err == nil {
			_, err = s.out.Write(doc)
		}
		return err
	})
}

type verifyReceiptCmd struct {
	File   string `arg:"" type:"path" help:"The receipt, as it was downloaded."`
	Key    string `type:"path" placeholder:"FILE" help:"Keys to check with, as kinpict receipt-keys or the site prints them."`
	Issuer string `placeholder:"URL" help:"Site whose published keys to check with, or a file of them."`
	JSON   bool   `help:"Print the receipt as JSON."`
}

func (c *verifyReceiptCmd) Run(s *session) error {
	file, err := read(c.File)
	if err != nil {
		return usageError{err}
	}
	keys, err := c.keys(s)
	if err != nil {
		return err
	}
	r, err := receipt.Verify(file, keys)
	if err != nil {
		fmt.Fprintf(s.errOut, "kinpict: %s: %v\n", filepath.Base(c.File), err)
		return errNo
	}
	if c.JSON {
		return printJSON(s.out, r)
	}
	fmt.Fprintf(s.out, "Genuine: %s %s of %s\n", r.Kind, r.ID, r.Issuer)
	fmt.Fprintf(s.out, "%s, %d credits (%s), price book %d, as of %s\n", r.Subject, r.Credits, r.State, r.CatalogVersion, r.AsOf.Format(time.RFC3339))
	if p := r.Payment; p != nil {
		fmt.Fprintf(s.out, "paid %d %s and %d tax in minor units, %d went back, %s %s\n", p.Price, p.Currency, p.Tax, p.Refunded, p.Provider, p.Reference)
	}
	if r.Test {
		fmt.Fprintln(s.out, "Made in test mode: no real money moved.")
	}
	return nil
}

// keys are those named, else this installation's own.
func (c *verifyReceiptCmd) keys(s *session) ([]receipt.Key, error) {
	source := c.Key
	switch {
	case c.Key != "" && c.Issuer != "":
		return nil, usageError{errors.New("use --key or --issuer, not both")}
	case c.Issuer != "":
		source = c.Issuer
	}
	if u, err := url.Parse(source); err == nil && c.Issuer != "" && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return fetchKeys(s.ctx, strings.TrimSuffix(source, "/")+receipt.WellKnown)
	}
	if source != "" {
		doc, err := read(source)
		if err != nil {
			return nil, usageError{err}
		}
		keys, err := receipt.ReadKeys(bytes.NewReader(doc))
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", source, err)}
		}
		return keys, nil
	}
	// A new data folder would have a key that signed nothing.
	if _, err := os.Stat(filepath.Join(s.config.Data, "secret.key")); err != nil && s.config.SecretKey == "" {
		return nil, usageError{errors.New("there is no installation here to check against\nhint: name the issuer's keys with --key FILE or --issuer URL")}
	}
	var keys []receipt.Key
	err := s.with(func(a *app.App) (err error) {
		keys, err = a.Support.Keys(s.ctx)
		return err
	})
	return keys, err
}

// read returns a whole file of at most the size receipts have.
func read(path string) ([]byte, error) { return readFile(path, receipt.MaxFile+1) }

// fetchKeys asks a site for its keys.
func fetchKeys(ctx context.Context, address string) ([]receipt.Key, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, usageError{err}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, usageError{err}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, usageError{fmt.Errorf("%s answered %s", address, res.Status)}
	}
	keys, err := receipt.ReadKeys(res.Body)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", address, err)}
	}
	return keys, nil
}

type catalogListCmd struct{}

func (c *catalogListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		list, err := a.Shop.Periods(s.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		current := false
		for _, p := range list {
			state := "was in force"
			switch {
			case p.Withdrawn:
				state = "withdrawn"
			case p.Scheduled && p.Catalog.Announced:
				state = "scheduled, announced"
			case p.Scheduled:
				state = "scheduled"
			case !current:
				state, current = "in force", true
			}
			fmt.Fprintf(w, "%d\tfrom %s\t%s\t%s\n", p.Catalog.Version, p.Catalog.EffectiveAt.Format(time.RFC3339), state, strings.Join(p.Changes, "; "))
		}
		return w.Flush()
	})
}

type catalogWithdrawCmd struct {
	Version int64  `arg:"" help:"Which price book, as catalog list numbers them."`
	Reason  string `default:"withdrawn" help:"Why, for the books."`
}

func (c *catalogWithdrawCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		fresh, err := a.Shop.Withdraw(s.ctx, actor(), c.Reason, c.Version)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Price book %d will not be in force. Price book %d holds from %s with the prices before it.\n", c.Version, fresh.Version, fresh.EffectiveAt.Format(time.RFC3339))
		return nil
	})
}
