package api_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"testing"

	"kinpict"
	"kinpict/client"
)

func TestAStatementSaysWhereCreditsWent(t *testing.T) {
	each(t, func(r *rig) {
		ann, g := r.made()
		ctx := r.Context()
		all, err := ann.Transactions(ctx, "", 0)
		if err != nil || len(all.Items) != 2 {
			r.Fatalf("%+v, %v", all, err)
		}
		charge, bought := all.Items[0], all.Items[1]
		if len(charge.Lots) != 1 || len(bought.Lots) != 1 || charge.Lots[0].Lot != bought.Lots[0].Lot || charge.Lots[0].Amount != -4 || bought.Lots[0].Amount != 80 ||
			charge.Lots[0].Kind != kinpict.LotPaid || charge.Lots[0].Source != "purchase "+bought.Purchase || len(charge.Hash) != 64 {
			r.Errorf("the charge moved %+v, the purchase %+v", charge.Lots, bought.Lots)
		}
		for _, c := range []struct {
			what    string
			f       client.StatementFilter
			amounts string
		}{
			{"everything", client.StatementFilter{}, "[-4 80]"},
			{"used", client.StatementFilter{Show: "used"}, "[-4]"},
			{"bought", client.StatementFilter{Show: "bought"}, "[80]"},
			{"the picture", client.StatementFilter{Reference: g.ID}, "[-4]"},
			{"the purchase", client.StatementFilter{Reference: bought.Purchase}, "[80]"},
			{"the lot", client.StatementFilter{Reference: bought.Lots[0].Lot}, "[-4 80]"},
			{"another time", client.StatementFilter{From: "1999-01-01", To: "1999-12-31"}, "[]"},
		} {
			amounts := []kinpict.Credits{}
			for cursor := ""; ; {
				page, err := ann.Find(ctx, c.f, cursor, 1)
				if err != nil {
					r.Fatal(err)
				}
				for _, x := range page.Items {
					amounts = append(amounts, x.Amount)
				}
				if cursor = page.NextCursor; cursor == "" {
					break
				}
			}
			if fmt.Sprint(amounts) != c.amounts {
				r.Errorf("%s: %v, want %s", c.what, amounts, c.amounts)
			}
			f, err := ann.Statement(ctx, c.f)
			if err != nil {
				r.Fatal(err)
			}
			rows, err := csv.NewReader(f).ReadAll()
			f.Close()
			if err != nil || len(rows) != len(amounts)+1 || !slices.Equal(rows[0], []string{"at", "kind", "amount", "available_after", "debt_after", "generation", "purchase", "reason", "id"}) {
				r.Errorf("%s: the table has %q (%v)", c.what, rows, err)
			}
		}
		for _, f := range []client.StatementFilter{{Show: "all"}, {From: "yesterday"}, {From: "2026-02-01", To: "2026-01-31"}} {
			if _, err := ann.Find(ctx, f, "", 0); kinpict.CodeOf(err) != kinpict.Invalid {
				r.Errorf("%+v: %v", f, err)
			}
			if _, err := ann.Statement(ctx, f); kinpict.CodeOf(err) != kinpict.Invalid {
				r.Errorf("%+v as a table: %v", f, err)
			}
		}
	})
}

// A long statement takes a while to read, so nobody reads many at once.
func TestOneStatementAtATime(t *testing.T) {
	each(t, func(r *rig) {
		ann, ben := r.person("ann"), r.person("ben")
		who, err := ann.Account(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		take := func(c *client.Client) error {
			f, err := c.Statement(r.Context(), client.StatementFilter{})
			if err == nil {
				f.Close()
			}
			return err
		}
		release, err := r.api.TakeStatement(who.ID)
		if err != nil {
			r.Fatal(err)
		}
		r.refused("a second one of ann's", take(ann), kinpict.RateLimited)
		if _, err := ann.Transactions(r.Context(), "", 0); err != nil {
			r.Errorf("a page of hers: %v", err)
		}
		if err := take(ben); err != nil {
			r.Errorf("one of ben's: %v", err)
		}
		release()
		for range 2 {
			if err := take(ann); err != nil {
				r.Errorf("after the first has ended: %v", err)
			}
		}
		for n := range 8 {
			if _, err := r.api.TakeStatement(fmt.Sprint("acc_", n)); err != nil {
				r.Fatal(err)
			}
		}
		r.refused("when all places are taken", take(ben), kinpict.Unavailable)
	})
}
