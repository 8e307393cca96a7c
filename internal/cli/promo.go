package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/lang"
)

type promoCreateCmd struct {
	Code       string          `arg:"" help:"The word people type: letters, digits, hyphens."`
	Percent    int64           `placeholder:"P" help:"Percent off, 1 to 99."`
	Amount     int64           `placeholder:"M" help:"Minor units off (cents, pence, yen), with --currency."`
	Currency   string          `placeholder:"CODE" help:"Currency of --amount, such as usd."`
	Bonus      kinpict.Credits `placeholder:"N" help:"Credits on top of the pack's."`
	Packs      []string        `placeholder:"ID" help:"Packs it is for, with commas between. Left out: all."`
	Starts     time.Time       `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"When it begins, such as 2026-12-01T00:00:00Z. Left out: now."`
	Ends       time.Time       `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"When it ends. Left out: when it is ended."`
	Uses       int64           `placeholder:"N" help:"Purchases in all. Left out: any number."`
	PerAccount int64           `placeholder:"N" help:"Purchases of one account. Left out: any number."`
}

func (c *promoCreateCmd) Run(s *session) error {
	code := kinpict.PromoCode(c.Code)
	if code == "" {
		return usageError{fmt.Errorf("%q cannot be a code: a code has %d to %d letters A to Z, digits and hyphens", c.Code, kinpict.MinPromo, kinpict.MaxPromo)}
	}
	if (c.Amount != 0) != (c.Currency != "") {
		return usageError{errors.New("--amount and --currency go together, such as --amount 300 --currency usd")}
	}
	return s.with(func(a *app.App) error {
		p, err := a.Shop.CreatePromo(s.ctx, actor(), kinpict.Promo{Code: code, Percent: c.Percent, Off: kinpict.Money{Amount: c.Amount, Currency: strings.ToLower(c.Currency)},
			Bonus: c.Bonus, Packs: c.Packs, StartsAt: c.Starts, EndsAt: c.Ends, Uses: c.Uses, PerAccount: c.PerAccount})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s: %s, %s; purchases in all: %s, of one account: %s.\n", p.Code, promoDoes(p), promoWhen(p, p.CreatedAt), limit(p.Uses), limit(p.PerAccount))
		return nil
	})
}

type promoListCmd struct{}

func (c *promoListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		all, err := a.Shop.Promos(s.ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			fmt.Fprintln(s.out, "There are no promo codes.")
			return nil
		}
		w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "code\tdoes\tused\tan account\twhen\tmade by")
		for _, p := range all {
			fmt.Fprintf(w, "%s\t%s\t%d of %s\t%s\t%s\t%s\n", p.Code, promoDoes(p), p.Used, limit(p.Uses), limit(p.PerAccount), promoWhen(p, a.Shop.Now()), p.CreatedBy)
		}
		return w.Flush()
	})
}

type promoEndCmd struct {
	Code string `arg:"" help:"The code."`
}

func (c *promoEndCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		p, err := a.Shop.EndPromo(s.ctx, actor(), kinpict.PromoCode(c.Code))
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s has ended after %d purchases. Checkouts opened with it keep their price.\n", p.Code, p.Used)
		return nil
	})
}

// promoDoes is what a code does, in words.
func promoDoes(p *kinpict.Promo) string {
	does := lang.English().Money(p.Off) + " off"
	switch {
	case p.Percent > 0:
		does = fmt.Sprintf("%d%% off", p.Percent)
	case p.Bonus > 0:
		does = fmt.Sprintf("%d credits on top", p.Bonus)
	}
	if len(p.Packs) > 0 {
		does += " for " + strings.Join(p.Packs, " and ")
	}
	return does
}

// promoWhen is when a code works, seen from now.
func promoWhen(p *kinpict.Promo, now time.Time) string {
	switch {
	case !p.EndsAt.IsZero() && !p.EndsAt.After(now):
		return "ended " + p.EndsAt.Format(time.RFC3339)
	case p.StartsAt.After(now) && p.EndsAt.IsZero():
		return "from " + p.StartsAt.Format(time.RFC3339)
	case p.StartsAt.After(now):
		return "from " + p.StartsAt.Format(time.RFC3339) + " until " + p.EndsAt.Format(time.RFC3339)
	case !p.EndsAt.IsZero():
		return "until " + p.EndsAt.Format(time.RFC3339)
	}
	return "until it is ended"
}

func limit(n int64) string {
	if n == 0 {
		return "any number"
	}
	return fmt.Sprint(n)
}
