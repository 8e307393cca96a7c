package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
)

// operator is who runs commands on the data: with every right.
func operator() kinpict.Caller {
	return kinpict.Caller{AccountID: actor(), Email: actor(), Role: kinpict.Operator}
}

type accountExportCmd struct {
	Email  string `arg:"" help:"Whose account."`
	Output string `short:"o" required:"" placeholder:"FILE" help:"Where the archive goes. It must not exist yet."`
}

func (c *accountExportCmd) Run(s *session) (err error) {
	return s.with(func(a *app.App) error {
		acc, err := a.People.Account(s.ctx, c.Email)
		if err != nil {
			return err
		}
		e, err := a.Keeping.ExportFor(s.ctx, operator(), acc.ID)
		if err != nil {
			return err
		}
		// It holds a family's photos: nobody else may read it.
		f, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return usageError{err}
		}
		m, err := e.Write(s.ctx, f)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(c.Output))
		}
		fmt.Fprintf(s.out, "%s: %d files\n", c.Output, len(m.Files))
		for _, gone := range m.Missing {
			fmt.Fprintf(s.errOut, "went while the archive was made: %s\n", gone)
		}
		return nil
	})
}

type accountDeleteCmd struct {
	Email string `arg:"" help:"Whose account."`
	Sure  bool   `help:"Delete it. Without this, only say what would go."`
	JSON  bool   `help:"Print the receipt as JSON."`
}

func (c *accountDeleteCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		acc, err := a.People.Account(s.ctx, c.Email)
		if err != nil {
			return err
		}
		if !c.Sure {
			_, kept, err := a.Keeping.Kept(s.ctx, kinpict.Caller{AccountID: acc.ID})
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
			printKept(w, kept)
			if err := w.Flush(); err != nil {
				return err
			}
			return &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("Nothing was deleted. %d credits would be given up, and nobody can bring anything back.", kept.GivenUp()),
				Hint: "Say --sure if it is meant, and export the account first if the person wants it."}
		}
		d, err := a.Keeping.DeleteFor(s.ctx, operator(), acc.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(s.out).Encode(map[string]any{"id": d.ID, "account": d.AccountID, "deleted_at": d.At, "emptied_at": d.EmptiedAt, "gone": d.Gone,
				"credits_returned": d.Returned, "credits_given_up": d.Forfeited})
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		fmt.Fprintf(w, "receipt\t%s\naccount\t%s\ndeleted\t%s\n", d.ID, d.AccountID, d.At.Format(time.RFC3339))
		if d.EmptiedAt.IsZero() {
			fmt.Fprintf(w, "files\tsome are left; the server tries again every ten minutes\n")
		} else {
			fmt.Fprintf(w, "files\tall gone\n")
		}
		fmt.Fprintf(w, "credits\t%d given up, %d of them returned before\n", d.Forfeited, d.Returned)
		printKept(w, &d.Gone)
		return w.Flush()
	})
}

// printKept says in numbers what is kept of a person.
func printKept(w *tabwriter.Writer, k *kinpict.Kept) {
	fmt.Fprintf(w, "photos\t%d, %d bytes\npictures\t%d, %d bytes\n", k.Photos, k.PhotoBytes, k.Pictures, k.PictureBytes)
	for _, l := range []struct {
		name string
		n    int64
	}{
		{"requests", k.Requests}, {"on the way", k.OnTheWay}, {"drafts", k.Drafts}, {"held requests", k.Held}, {"private links", k.Shares}, {"purchases", k.Purchases},
		{"open purchases", k.Open}, {"statement lines", k.Lines}, {"reviews", k.Reviews}, {"consents", k.Consents}, {"mails", k.Mails}, {"sign-ins", k.SignIns}, {"tokens", k.Tokens},
	} {
		fmt.Fprintf(w, "%s\t%d\n", l.name, l.n)
	}
}

// printAccess lists where an account is signed in, and its API tokens.
func printAccess(s *session, a *app.App, w *tabwriter.Writer, who kinpict.Caller) error {
	ins, err := a.People.SignIns(s.ctx, who, "")
	if err != nil {
		return err
	}
	for _, x := range ins {
		browser := x.Browser
		if x.System != "" {
			browser += " on " + x.System
		}
		fmt.Fprintf(w, "signed in\t%s\tlast seen %s\t%s\n", x.Begun.Format(time.RFC3339), x.Seen.Format(time.RFC3339), browser)
	}
	tokens, err := a.People.Tokens(s.ctx, who)
	for _, k := range tokens {
		used := "never used"
		if !k.Used.IsZero() {
			used = "last used " + k.Used.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "token\t%s\t%s\t%s\n", k.Made.Format(time.RFC3339), used, k.Name)
	}
	return err
}
