package billing_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinpict"
)

// told is the history as words: version, whether it is still to come or was
// withdrawn, and what a standard picture costs.
func told(r *rig, public bool) string {
	r.Helper()
	list, err := r.shop.Periods(context.Background())
	if public {
		list, err = r.shop.PriceHistory(context.Background())
	}
	if err != nil {
		r.Fatal(err)
	}
	var out []string
	for _, p := range list {
		s := fmt.Sprintf("%d:%d", p.Catalog.Version, p.Catalog.Qualities[0].Credits)
		if p.Scheduled {
			s += " to come"
		}
		if p.Withdrawn {
			s += " withdrawn"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestAScheduledBookCanBeWithdrawn(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		book := func(n kinpict.Credits, announced bool) *kinpict.Catalog {
			c := kinpict.DefaultCatalog()
			c.Qualities[0].Credits, c.Announced = n, announced
			return c
		}
		apply := func(c *kinpict.Catalog, at time.Time) {
			r.Helper()
			if _, err := r.shop.Apply(ctx, "ops", "spring", c, at, false); err != nil {
				r.Fatal(err)
			}
		}
		want := func(when, all, public string) {
			r.Helper()
			if got := told(r, false); got != all {
				r.Errorf("%s the operator sees %s, want %s", when, got, all)
			}
			if got := told(r, true); got != public {
				r.Errorf("%s everybody sees %s, want %s", when, got, public)
			}
		}
		r.clock.Advance(time.Hour)
		next := r.clock.Now().Add(24 * time.Hour)
		apply(book(6, false), next)
		apply(book(7, true), next.Add(time.Hour))
		want("scheduled,", "3:7 to come, 2:6 to come, 1:4", "3:7 to come, 1:4")

		for _, c := range []struct {
			name    string
			version int64
			reason  string
			code    kinpict.Code
		}{{"one that is not there", 9, "x", kinpict.NotFound}, {"one in force", 1, "x", kinpict.Conflict}, {"without a reason", 2, " ", kinpict.Invalid}} {
			_, err := r.shop.Withdraw(ctx, "ops", c.reason, c.version)
			wantCode(r.T, c.name, err, c.code)
		}
		got, err := r.shop.Withdraw(ctx, "ops", "too soon", 2)
		if err != nil || got.Version != 4 || !got.EffectiveAt.Equal(next) || got.Qualities[0].Credits != 4 {
			r.Fatalf("withdrawn: %+v, %v; want the book before, from then on", got, err)
		}
		_, err = r.shop.Withdraw(ctx, "ops", "again", 2)
		wantCode(r.T, "withdrawn twice", err, kinpict.Conflict)
		want("withdrawn,", "3:7 to come, 4:4 to come, 2:6 to come withdrawn, 1:4", "3:7 to come, 1:4")

		r.clock.Advance(24 * time.Hour)
		if c, err := r.shop.Catalog(ctx); err != nil || c.Version != 4 || c.Qualities[0].Credits != 4 {
			r.Errorf("at its time %+v, %v is in force; want the old prices", c, err)
		}
		want("at its time,", "3:7 to come, 4:4, 2:6 withdrawn, 1:4", "3:7 to come, 4:4, 1:4")
		r.clock.Advance(time.Hour)
		want("later,", "3:7, 4:4, 2:6 withdrawn, 1:4", "3:7, 4:4, 1:4")
	})
}

func TestSlipsOfTheHandAreAskedAbout(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		for name, c := range map[string]struct {
			change func(*kinpict.Catalog)
			want   string
		}{
			"nothing":                 {func(*kinpict.Catalog) {}, ""},
			"a fair change":           {func(c *kinpict.Catalog) { c.Qualities[0].Credits = 6; c.Packs[0].Prices[0].Amount = 1500 }, ""},
			"a rate with a zero more": {func(c *kinpict.Catalog) { c.Qualities[0].Credits = 40 }, "from 4 credits to 40 credits"},
			"a price in major units":  {func(c *kinpict.Catalog) { c.Packs[0].Prices[0].Amount = 12 }, "from 12.00 USD to 0.12 USD"},
			"a pack with a zero more": {func(c *kinpict.Catalog) { c.Packs[1].Credits = 2800 }, "from 280 credits to 2800 credits"},
			"a pack for no picture":   {func(c *kinpict.Catalog) { c.Packs[0] = kinpict.Pack{ID: "tiny", Credits: 3, Prices: c.Packs[0].Prices} }, "no picture at all"},
			"a larger pack dearer": {func(c *kinpict.Catalog) {
				c.Packs[1].Prices = []kinpict.Money{{Amount: 9900, Currency: "usd"}}
			}, "larger pack credits-280 (99.00 USD)"},
		} {
			book := kinpict.DefaultCatalog()
			c.change(book)
			got, err := r.shop.Doubts(ctx, book, time.Time{})
			if all := strings.Join(got, "\n"); err != nil || (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
				r.Errorf("%s: %q, %v; want %q", name, all, err, c.want)
			}
		}
		nowhere := kinpict.DefaultCatalog()
		nowhere.Packs[0].Prices[0].Currency = "usx"
		_, err := r.shop.Apply(ctx, "ops", "spring", nowhere, time.Time{}, true)
		wantCode(r.T, "a currency that is none", err, kinpict.Invalid)
	})
}
