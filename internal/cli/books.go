package cli

import (
	"fmt"
	"os/user"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/billing"
)

// actor names who ran a command, for the books.
func actor() string {
	if u, err := user.Current(); err == nil {
		return "command line: " + u.Username
	}
	return "command line"
}

type catalogShowCmd struct{}

func (c *catalogShowCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		cat, err := a.Shop.Catalog(s.ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "# price book %d, in force since %s\n", cat.Version, cat.EffectiveAt.Format(time.RFC3339))
		return billing.PrintCatalog(s.out, cat)
	})
}

type catalogApplyCmd struct {
	File   string    `arg:"" type:"existingfile" help:"The price book, as catalog show prints it."`
	At     time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"When it takes effect, such as 2026-12-01T00:00:00Z. Left out: now."`
	DryRun bool      `help:"Say what would change and change nothing."`
	Reason string    `default:"price change" help:"Why, for the books."`

	Announce bool `help:"Show it in the public history before it takes effect."`
	Sure     bool `help:"Apply it although something looks like a slip of the hand."`
}

func (c *catalogApplyCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		f, err := openFile(c.File)
		if err != nil {
			return usageError{err}
		}
		defer f.Close()
		cat, err := billing.ParseCatalog(f)
		if err != nil {
			return err
		}
		cat.Announced = c.Announce
		doubts, err := a.Shop.Doubts(s.ctx, cat, c.At)
		if err != nil {
			return err
		}
		for _, d := range doubts {
			fmt.Fprintln(s.errOut, "Look again:", d)
		}
		if len(doubts) > 0 && !c.Sure && !c.DryRun {
			return &kinpict.Error{Code: kinpict.Invalid, Message: "Nothing was changed.", Hint: "Put the file right, or say --sure if it is meant."}
		}
		diff, err := a.Shop.Apply(s.ctx, actor(), c.Reason, cat, c.At, c.DryRun)
		if err != nil {
			return err
		}
		for _, line := range diff {
			fmt.Fprintln(s.out, line)
		}
		if c.DryRun && len(diff) == 0 {
			fmt.Fprintln(s.out, "Nothing would change.")
		}
		if c.DryRun {
			fmt.Fprintln(s.out, "Dry run: nothing was changed.")
			return nil
		}
		all, err := a.Shop.Catalogs(s.ctx)
		if err != nil {
			return err
		}
		same := ""
		if len(diff) == 0 {
			same = " with the same prices"
		}
		fmt.Fprintf(s.out, "Price book %d takes effect%s at %s.\n", all[0].Version, same, all[0].EffectiveAt.Format(time.RFC3339))
		return stillToCome(s, a, all[0].Version)
	})
}

// stillToCome reminds of scheduled books that a new one does not replace.
func stillToCome(s *session, a *app.App, fresh int64) error {
	list, err := a.Shop.Periods(s.ctx)
	for _, p := range list {
		if p.Scheduled && !p.Withdrawn && p.Catalog.Version != fresh {
			fmt.Fprintf(s.out, "Price book %d is still scheduled for %s. Withdraw it with: kinpict catalog withdraw %d\n",
				p.Catalog.Version, p.Catalog.EffectiveAt.Format(time.RFC3339), p.Catalog.Version)
		}
	}
	return err
}

type accountCreateCmd struct {
	Email string `arg:"" help:"Address the person signs in with."`
	Role  string `enum:"customer,support,operator" default:"customer" help:"customer, support or operator."`
}

func (c *accountCreateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		acc, err := a.People.CreateAccount(s.ctx, c.Email, kinpict.AccountRole(c.Role))
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s %s %s\n", acc.ID, acc.Email, acc.Role)
		return nil
	})
}

type accountShowCmd struct {
	Email string `arg:"" help:"Whose account."`
}

func (c *accountShowCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		acc, err := a.People.Account(s.ctx, c.Email)
		if err != nil {
			return err
		}
		who := kinpict.Caller{AccountID: acc.ID, Role: acc.Role}
		_, kept, err := a.Keeping.Kept(s.ctx, who)
		if err != nil {
			return err
		}
		b, err := a.Shop.Balance(s.ctx, who)
		if err != nil {
			return err
		}
		lines, _, err := a.Shop.Statement(s.ctx, who, billing.Filter{}, "", 10)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		fmt.Fprintf(w, "id\t%s\nemail\t%s\nrole\t%s\nstatus\t%s\nlanguage\t%s\ncreated\t%s\navailable\t%d\ndebt\t%d\n",
			acc.ID, acc.Email, acc.Role, acc.Status, acc.Language, acc.CreatedAt.Format(time.RFC3339), b.Available, b.Debt)
		printKept(w, kept)
		if err := printAccess(s, a, w, who); err != nil {
			return err
		}
		for _, x := range lines {
			fmt.Fprintf(w, "%s\t%s\t%+d\t%d left\n", x.At.Format(time.RFC3339), x.Kind, x.Amount, x.AvailableAfter)
		}
		return w.Flush()
	})
}

type tokenCreateCmd struct {
	Email string `arg:"" help:"Whose token."`
	Name  string `default:"command line" help:"What it is for."`
}

func (c *tokenCreateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		token, err := a.People.CreateToken(s.ctx, c.Email, c.Name)
		if err == nil {
			fmt.Fprintln(s.out, token)
		}
		return err
	})
}

// adjustment is what grant and take have in common.
type adjustment struct {
	Email    string `arg:"" help:"Whose credits."`
	Credits  int64  `arg:"" help:"How many."`
	Reason   string `required:"" help:"Why. The person sees it, and the books keep it after they have left: name nobody."`
	Note     string `help:"For staff only, and kept as long: name nobody."`
	Approver string `help:"Who else of the staff agreed, by address; needed for large adjustments."`
}

func (c *adjustment) make(s *session, a *app.App) (kinpict.Caller, billing.Adjustment, error) {
	acc, err := a.People.Account(s.ctx, c.Email)
	if err != nil {
		return kinpict.Caller{}, billing.Adjustment{}, err
	}
	// Whoever can run commands on the data has every right of an operator.
	staff := kinpict.Caller{AccountID: actor(), Email: actor(), Role: kinpict.Operator}
	return staff, billing.Adjustment{AccountID: acc.ID, Credits: kinpict.Credits(c.Credits), Reason: c.Reason, Note: c.Note, Approver: c.Approver}, nil
}

type creditsGrantCmd struct {
	adjustment
	Kind    string    `enum:"promo,adjust" default:"adjust" help:"promo or adjust."`
	Expires time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"When they expire. Left out: never."`
}

func (c *creditsGrantCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		staff, adj, err := c.make(s, a)
		if err != nil {
			return err
		}
		adj.Kind, adj.ExpiresAt = c.Kind, c.Expires
		if _, err := a.Shop.Grant(s.ctx, staff, adj); err != nil {
			return err
		}
		return printBalance(s, a, adj.AccountID)
	})
}

type creditsTakeCmd struct{ adjustment }

func (c *creditsTakeCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		staff, adj, err := c.make(s, a)
		if err != nil {
			return err
		}
		if err := a.Shop.Take(s.ctx, staff, adj); err != nil {
			return err
		}
		return printBalance(s, a, adj.AccountID)
	})
}

func printBalance(s *session, a *app.App, account string) error {
	b, err := a.Shop.Balance(s.ctx, kinpict.Caller{AccountID: account})
	if err == nil {
		fmt.Fprintf(s.out, "available %d\n", b.Available)
	}
	return err
}
