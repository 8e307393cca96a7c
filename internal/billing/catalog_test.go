package billing_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
)

// The file of CONTRACT, section 1.
const defaultFile = `qualities:
  - id: standard
    credits: 4
  - id: enhanced
    credits: 9
packs:
  - id: credits-80
    credits: 80
    prices: [{currency: usd, amount_minor: 1200}]
  - id: credits-280
    credits: 280
    prices: [{currency: usd, amount_minor: 3500}]
guest:
  previews: 1
`

func TestCatalogFileIsPrintedAndRead(t *testing.T) {
	var b bytes.Buffer
	if err := billing.PrintCatalog(&b, kinpict.DefaultCatalog()); err != nil {
		t.Fatal(err)
	}
	if b.String() != defaultFile {
		t.Errorf("printed\n%swant\n%s", &b, defaultFile)
	}
	c, err := billing.ParseCatalog(strings.NewReader(defaultFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := billing.Changes(kinpict.DefaultCatalog(), c); len(diff) != 0 {
		t.Errorf("read back, %v", diff)
	}
}

func TestCatalogFilesRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"empty":                {"", "empty"},
		"not YAML":             {"qualities: [", "did not find"},
		"a field misspelled":   {strings.Replace(defaultFile, "guest:", "guests:", 1), "guests"},
		"a price misspelled":   {strings.Replace(defaultFile, "amount_minor", "amount", 1), "amount"},
		"a version of its own": {defaultFile + "version: 7\n", "version"},
		"a price in fractions": {strings.Replace(defaultFile, "1200", "12.50", 1), "12.50"},
		"two documents":        {defaultFile + "---\n" + defaultFile, "more than one"},
		"a rate of nothing":    {strings.Replace(defaultFile, "credits: 4", "credits: 0", 1), "standard"},
		"a pack of nothing":    {strings.Replace(defaultFile, "credits: 80", "credits: 0", 1), "credits-80"},
		"two packs of one id":  {strings.Replace(defaultFile, "credits-280", "credits-80", 1), "twice"},
		"a megabyte":           {strings.Repeat("#", 1<<20) + "\n" + defaultFile, "larger"},
	} {
		_, err := billing.ParseCatalog(strings.NewReader(c.file))
		if kinpict.CodeOf(err) != kinpict.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want it to be refused for %q", name, err, c.want)
		}
	}
}

func TestChangesInWords(t *testing.T) {
	a := kinpict.DefaultCatalog()
	b := &kinpict.Catalog{
		Qualities: []kinpict.Rate{{ID: kinpict.Standard, Credits: 5}},
		Packs: []kinpict.Pack{
			{ID: "credits-80", Credits: 90, Prices: []kinpict.Money{{Amount: 1300, Currency: "usd"}, {Amount: 1200, Currency: "eur"}}},
			{ID: "credits-500", Credits: 500, Prices: []kinpict.Money{{Amount: 5000, Currency: "usd"}}},
		},
		Guest: kinpict.Guest{Previews: 2},
	}
	want := []string{
		"standard costs 5 credits instead of 4",
		"enhanced is no longer offered; it cost 9 credits",
		"pack credits-80 holds 90 credits instead of 80",
		"pack credits-80 costs 13.00 USD or 12.00 EUR instead of 12.00 USD",
		"pack credits-500 is sold: 500 credits for 50.00 USD",
		"pack credits-280 is no longer sold; it was 280 credits for 35.00 USD",
		"a guest gets 2 previews instead of 1",
	}
	if got := billing.Changes(a, b); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestApplyDatesEveryChange(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		rate := func(n kinpict.Credits) *kinpict.Catalog {
			c := kinpict.DefaultCatalog()
			c.Qualities[0].Credits = n
			return c
		}
		apply := func(c *kinpict.Catalog, at time.Time, dry bool, want ...string) {
			r.Helper()
			got, err := r.shop.Apply(ctx, "ops", "spring", c, at, dry)
			if err != nil || !slices.Equal(got, want) {
				r.Errorf("apply says %q, %v; want %q", got, err, want)
			}
		}
		inForce := func(when string, version int64, n kinpict.Credits) {
			r.Helper()
			c, err := r.shop.Catalog(ctx)
			if err != nil || c.Version != version || c.Qualities[0].Credits != n {
				r.Errorf("%s: %+v, %v; want version %d at %d credits", when, c, err, version, n)
			}
		}
		next := r.clock.Now().Add(24 * time.Hour)
		apply(rate(6), next, true, "standard costs 6 credits instead of 4")
		inForce("after a dry run", 1, 4)
		apply(rate(6), next, false, "standard costs 6 credits instead of 4")
		inForce("before its time", 1, 4)
		apply(rate(7), next.Add(time.Hour), true, "standard costs 7 credits instead of 6")
		r.clock.Advance(time.Hour)
		apply(rate(5), time.Time{}, false, "standard costs 5 credits instead of 4")
		inForce("at once", 3, 5)
		r.clock.Advance(23*time.Hour - time.Microsecond)
		inForce("a moment before", 3, 5)
		r.clock.Advance(time.Microsecond)
		inForce("at its time", 2, 6)

		_, err := r.shop.Apply(ctx, "ops", "spring", rate(8), r.clock.Now().Add(-time.Second), false)
		wantCode(r.T, "in the past", err, kinpict.Invalid)
		_, err = r.shop.Apply(ctx, "ops", "spring", rate(8), r.clock.Now().Add(-time.Second), true)
		wantCode(r.T, "a dry run in the past", err, kinpict.Invalid)
		_, err = r.shop.Apply(ctx, "ops", " ", rate(8), time.Time{}, false)
		wantCode(r.T, "without a reason", err, kinpict.Invalid)
		_, err = r.shop.Apply(ctx, "ops", "spring", rate(0), time.Time{}, true)
		wantCode(r.T, "a catalog unfit for sale", err, kinpict.Invalid)

		all, err := r.shop.Catalogs(ctx)
		if err != nil || len(all) != 3 || all[0].Version != 3 {
			r.Errorf("history %v, %v; want three versions, newest first", all, err)
		}
		if c := all[2]; c.Version != 1 || c.Qualities[0].Credits != 4 {
			r.Errorf("version 1 is %+v", c)
		}
	})
}
