package billing_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
)

var ops = kinpict.Caller{AccountID: "acc_ops", Email: "ops@example.org", Role: kinpict.Operator}

func TestAdjustmentsRefused(t *testing.T) {
	each(t, func(r *rig) {
		good := billing.Adjustment{AccountID: r.buyer.AccountID, Credits: 10, Reason: "welcome"}
		r.boss()
		r.update(func(tx *store.Tx) error {
			_, _, err := tx.AddAccount(kinpict.Account{ID: "acc_ops", Email: "ops@example.org", Role: kinpict.Operator, Status: "active", CreatedAt: tx.Now()})
			return err
		})
		for _, c := range []struct {
			name string
			who  kinpict.Caller
			edit func(a *billing.Adjustment)
			code kinpict.Code
		}{
			{"by a customer", r.buyer, func(*billing.Adjustment) {}, kinpict.Forbidden},
			{"by nobody", kinpict.Caller{}, func(*billing.Adjustment) {}, kinpict.Forbidden},
			{"without a reason", ops, func(a *billing.Adjustment) { a.Reason = " " }, kinpict.Invalid},
			{"that names somebody for ever", ops, func(a *billing.Adjustment) { a.Reason = "for ann@example.org" }, kinpict.Invalid},
			{"that names somebody to staff", ops, func(a *billing.Adjustment) { a.Note = "asked by ann@example.org" }, kinpict.Invalid},
			{"of nothing", ops, func(a *billing.Adjustment) { a.Credits = 0 }, kinpict.Invalid},
			{"of less than nothing", ops, func(a *billing.Adjustment) { a.Credits = -1 }, kinpict.Invalid},
			{"of more than a pack may hold", ops, func(a *billing.Adjustment) { a.Credits, a.Approver = kinpict.MaxPack+1, "boss" }, kinpict.Invalid},
			{"of 1001 alone", ops, func(a *billing.Adjustment) { a.Credits = 1001 }, kinpict.Invalid},
			{"of 1001 approved by oneself", ops, func(a *billing.Adjustment) { a.Credits, a.Approver = 1001, "acc_ops" }, kinpict.Invalid},
			{"of 1001 approved by one's own address", ops, func(a *billing.Adjustment) { a.Credits, a.Approver = 1001, "OPS@example.org" }, kinpict.Invalid},
			{"of 1001 approved by nobody we know", ops, func(a *billing.Adjustment) { a.Credits, a.Approver = 1001, "bob@example.org" }, kinpict.Invalid},
			{"of 1001 approved by whose account it is", ops, func(a *billing.Adjustment) { a.Credits, a.Approver = 1001, r.buyer.Email }, kinpict.Invalid},
			{"of 1001 approved by staff for themselves", ops, func(a *billing.Adjustment) {
				a.AccountID, a.Credits, a.Approver = "acc_boss", 1001, "boss@example.org"
			}, kinpict.Invalid},
			{"of 1001 approved by a customer", ops, func(a *billing.Adjustment) {
				a.Credits, a.Approver = 1001, r.person("eve").Email
			}, kinpict.Invalid},
			{"to an account that is not there", ops, func(a *billing.Adjustment) { a.AccountID = "acc_none" }, kinpict.NotFound},
		} {
			a := good
			c.edit(&a)
			_, err := r.shop.Grant(context.Background(), c.who, a)
			wantCode(r.T, "a grant "+c.name, err, c.code)
			wantCode(r.T, "a taking "+c.name, r.shop.Take(context.Background(), c.who, a), c.code)
			_, err = r.shop.Forgive(context.Background(), c.who, a)
			wantCode(r.T, "forgiving "+c.name, err, c.code)
		}
		for name, edit := range map[string]func(a *billing.Adjustment){
			"of paid credits":      func(a *billing.Adjustment) { a.Kind = kinpict.LotPaid },
			"that expires at once": func(a *billing.Adjustment) { a.Kind, a.ExpiresAt = kinpict.LotPromo, r.clock.Now() },
		} {
			a := good
			edit(&a)
			_, err := r.shop.Grant(context.Background(), ops, a)
			wantCode(r.T, "a grant "+name, err, kinpict.Invalid)
		}
		r.wantCredits("after all of them", 0, 0)
	})
}

func TestAdjustments(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		grant := func(a billing.Adjustment, want bool) {
			r.Helper()
			a.AccountID, a.Reason = r.buyer.AccountID, "sorry for the wait"
			if given, err := r.shop.Grant(ctx, ops, a); err != nil || given != want {
				r.Errorf("grant of %+v: %v, %v", a, given, err)
			}
		}
		boss := r.boss()
		grant(billing.Adjustment{Credits: 1000}, true)
		grant(billing.Adjustment{Credits: 1001, Approver: "BOSS@example.org"}, true)
		grant(billing.Adjustment{ID: "import-7", Credits: 5, Kind: kinpict.LotPromo, ExpiresAt: r.clock.Now().Add(time.Hour)}, true)
		grant(billing.Adjustment{ID: "import-7", Credits: 5, Kind: kinpict.LotPromo}, false)
		r.wantCredits("given", 2006, 0)
		err := r.shop.Take(ctx, kinpict.Caller{Role: kinpict.Support}, billing.Adjustment{AccountID: r.buyer.AccountID, Credits: 6, Reason: "given twice"})
		if err != nil {
			r.Errorf("take: %v", err)
		}
		r.wantCredits("6 taken", 2000, 0)
		err = r.shop.Take(ctx, ops, billing.Adjustment{AccountID: r.buyer.AccountID, Credits: 2001, Approver: boss, Reason: "too many"})
		wantCode(r.T, "more than there is", err, kinpict.InsufficientCredits)
		r.wantCredits("nothing taken", 2000, 0)

		var pictures []string
		err = r.shop.Take(ctx, ops, billing.Adjustment{AccountID: r.buyer.AccountID, Credits: 2000, Approver: "acc_boss", Reason: "a test"})
		if err != nil {
			r.Errorf("take all: %v", err)
		}
		p := r.checkout(r.buyer, "credits-80")
		for _, s := range []string{"paid", "spend 60", "dispute"} {
			r.step(p, s, &pictures)
		}
		r.wantCredits("in debt", 0, 60)
		n, err := r.shop.Forgive(ctx, ops, billing.Adjustment{AccountID: r.buyer.AccountID, Credits: 1000, Reason: "goodwill"})
		if err != nil || n != 60 {
			r.Errorf("forgave %d, %v; want 60", n, err)
		}
		r.wantCredits("forgiven", 0, 0)
	})
}

func TestAnAdjustmentIsMadeOnceForEver(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ben := context.Background(), r.person("ben")
		adj := func(id string, n kinpict.Credits) billing.Adjustment {
			return billing.Adjustment{ID: id, AccountID: r.buyer.AccountID, Credits: n, Reason: "import"}
		}
		for range 2 {
			if _, err := r.shop.Grant(ctx, ops, adj("grant-1", 50)); err != nil {
				r.Errorf("grant: %v", err)
			}
			if err := r.shop.Take(ctx, ops, adj("take-1", 30)); err != nil {
				r.Errorf("take: %v", err)
			}
			r.wantCredits("given and taken", 20, 0)
		}
		if err := r.shop.Take(ctx, ops, adj("take-2", 20)); err != nil {
			r.Errorf("take the rest: %v", err)
		}
		if err := r.shop.Take(ctx, ops, adj("take-1", 30)); err != nil {
			r.Errorf("taken before, with nothing left: %v", err)
		}
		var pictures []string
		p := r.checkout(r.buyer, "credits-80")
		for _, s := range []string{"paid", "spend 60", "dispute"} {
			r.step(p, s, &pictures)
		}
		for range 2 {
			if n, err := r.shop.Forgive(ctx, ops, adj("forgive-1", 40)); err != nil || n != 40 {
				r.Errorf("forgave %d, %v; want 40", n, err)
			}
			r.wantCredits("forgiven", 0, 20)
		}
		for _, id := range []string{"grant-1", "take-1", "forgive-1"} {
			theirs := adj(id, 10)
			theirs.AccountID = ben.AccountID
			_, err := r.shop.Grant(ctx, ops, theirs)
			wantCode(r.T, id+" as a grant to somebody else", err, kinpict.Conflict)
			wantCode(r.T, id+" as a taking from somebody else", r.shop.Take(ctx, ops, theirs), kinpict.Conflict)
			_, err = r.shop.Forgive(ctx, ops, theirs)
			wantCode(r.T, id+" as forgiving somebody else", err, kinpict.Conflict)
		}
		wantCode(r.T, "a grant's id for a taking", r.shop.Take(ctx, ops, adj("grant-1", 10)), kinpict.Conflict)
		if b := r.balance(ben); b.Balance != 0 || b.Debt != 0 {
			r.Errorf("somebody else has %+v", b)
		}
	})
}

func TestStatementInPages(t *testing.T) {
	each(t, func(r *rig) {
		for i := range 5 {
			if _, err := r.shop.Grant(context.Background(), ops, billing.Adjustment{AccountID: r.buyer.AccountID, Credits: kinpict.Credits(i + 1), Reason: "n"}); err != nil {
				r.Fatal(err)
			}
		}
		var got []kinpict.Credits
		pages, cursor := 0, ""
		for {
			lines, next, err := r.shop.Statement(context.Background(), r.buyer, billing.Filter{}, cursor, 2)
			if err != nil {
				r.Fatal(err)
			}
			pages++
			for _, l := range lines {
				got = append(got, l.Amount)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if fmt.Sprint(got) != "[5 4 3 2 1]" || pages != 3 {
			r.Errorf("%d pages: %v; want 3 pages from the newest to the oldest", pages, got)
		}
		if lines, next, err := r.shop.Statement(context.Background(), r.person("ben"), billing.Filter{}, "", 2); len(lines) != 0 || next != "" || err != nil {
			r.Errorf("somebody else's statement holds %v, %q, %v", lines, next, err)
		}
		for _, bad := range []string{"5", "c2", "!", "czA", "cy0x"} {
			_, _, err := r.shop.Statement(context.Background(), r.buyer, billing.Filter{}, bad, 2)
			wantCode(r.T, "the cursor "+bad, err, kinpict.Invalid)
		}
		for _, bad := range []int{-1, billing.MaxStatement + 1} {
			_, _, err := r.shop.Statement(context.Background(), r.buyer, billing.Filter{}, "", bad)
			wantCode(r.T, fmt.Sprint("the limit ", bad), err, kinpict.Invalid)
		}
	})
}

func TestCreditsNeedAnAccount(t *testing.T) {
	each(t, func(r *rig) {
		guest := kinpict.Caller{GuestID: "gst_1"}
		_, err1 := r.shop.Balance(context.Background(), guest)
		_, err2 := r.shop.Lots(context.Background(), guest)
		_, _, err3 := r.shop.Statement(context.Background(), guest, billing.Filter{}, "", 0)
		_, err4 := r.shop.Purchases(context.Background(), guest, 1)
		_, err5 := r.shop.Purchase(context.Background(), guest, "pur_1")
		_, _, err6 := r.shop.Holdings(context.Background(), guest)
		for i, err := range []error{err1, err2, err3, err4, err5, err6} {
			if !errors.Is(err, &kinpict.Error{Code: kinpict.Unauthenticated}) {
				r.Errorf("call %d by a guest: %v", i, err)
			}
		}
	})
}

func TestPaidLotIsNamedAfterItsPurchase(t *testing.T) {
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		r.outcome(p, "paid")
		lots, err := r.shop.Lots(context.Background(), r.buyer)
		if err != nil || len(lots) != 1 || lots[0].Source != "purchase "+p.ID || lots[0].Kind != kinpict.LotPaid || lots[0].Remaining != 80 || !lots[0].ExpiresAt.IsZero() {
			r.Errorf("lots %+v, %v", lots, err)
		}
	})
}

func TestAStatementIsNarrowedDown(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		for i, a := range []billing.Adjustment{{ID: "adj_1", Credits: 10, Reason: "welcome", Kind: kinpict.LotPromo}, {ID: "adj_2", Credits: 5, Reason: "sorry"}} {
			a.AccountID = r.buyer.AccountID
			if given, err := r.shop.Grant(ctx, ops, a); err != nil || !given {
				r.Fatalf("grant %d: %v", i, err)
			}
		}
		if err := r.shop.Take(ctx, ops, billing.Adjustment{ID: "adj_3", AccountID: r.buyer.AccountID, Credits: 1, Reason: "typo"}); err != nil {
			r.Fatal(err)
		}
		lots, err := r.shop.Lots(ctx, r.buyer)
		if err != nil || len(lots) != 2 {
			r.Fatalf("lots %+v, %v", lots, err)
		}
		today, err := time.Parse(time.DateOnly, r.shop.Now().UTC().Format(time.DateOnly))
		if err != nil {
			r.Fatal(err)
		}
		tomorrow := today.AddDate(0, 0, 1)
		for _, c := range []struct {
			what    string
			f       billing.Filter
			amounts string
			in, out kinpict.Credits
		}{
			{"everything", billing.Filter{}, "[-1 5 10]", 15, 1},
			{"what was bought", billing.Filter{Show: billing.ShowBought}, "[]", 0, 0},
			{"gifts and corrections", billing.Filter{Show: billing.ShowOther}, "[-1 5 10]", 15, 1},
			{"one adjustment", billing.Filter{Reference: " adj_2 "}, "[5]", 5, 0},
			{"one lot", billing.Filter{Reference: lots[0].ID}, "[-1 10]", 10, 1},
			{"today", billing.Filter{From: today, Until: tomorrow}, "[-1 5 10]", 15, 1},
			{"from tomorrow on", billing.Filter{From: tomorrow}, "[]", 0, 0},
			{"somebody else's lot", billing.Filter{Reference: "lot_none"}, "[]", 0, 0},
		} {
			amounts := []kinpict.Credits{}
			for cursor := ""; ; { // one by one: the cursor and the filter go together
				lines, next, err := r.shop.Statement(ctx, r.buyer, c.f, cursor, 1)
				if err != nil {
					r.Fatal(err)
				}
				for _, l := range lines {
					amounts = append(amounts, l.Amount)
				}
				if cursor = next; next == "" {
					break
				}
			}
			if fmt.Sprint(amounts) != c.amounts {
				r.Errorf("%s: %v, want %s", c.what, amounts, c.amounts)
			}
			page, err := r.shop.Summed(ctx, r.buyer, c.f, "", 1)
			sums := page.Totals
			if err != nil || !page.Whole || (page.Next != "") != (len(amounts) > 1) || sums.In != c.in || sums.Out != c.out || sums.Lines != len(amounts) {
				r.Errorf("%s: totals %+v, %v (%v), want %d in and %d out", c.what, sums, page.Whole, err, c.in, c.out)
			}
			sheet, err := r.shop.Sheet(ctx, r.buyer, c.f)
			if err != nil || sheet.More || len(sheet.Lines) != len(amounts) || sheet.Totals != sums {
				r.Errorf("%s: the sheet is %+v (%v), the totals %+v", c.what, sheet, err, sums)
			}
			if c.f.Show == "" && c.f.Reference == "" && sheet.Opening+sums.In-sums.Out != sheet.Closing {
				r.Errorf("%s: from %d to %d by %d in and %d out", c.what, sheet.Opening, sheet.Closing, sums.In, sums.Out)
			}
		}
		_, _, err = r.shop.Statement(ctx, r.buyer, billing.Filter{Show: "all"}, "", 1)
		wantCode(r.T, "a kind there is none of", err, kinpict.Invalid)
	})
}

func TestDaysOfAFilter(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"", "", "open to open"},
		{"2026-11-01", "", "2026-11-01 to open"},
		{"", "2026-11-30", "open to 2026-12-01"},
		{"2026-11-25", "2026-11-25", "2026-11-25 to 2026-11-26"},
		{"2026-11-26", "2026-11-25", "invalid to"},
		{"2026-02-30", "", "invalid from"},
		{"25.11.2026", "", "invalid from"},
		{"", "tomorrow", "invalid to"},
		{"0001-01-01", "", "invalid from"},
		{"", "9999-12-31", "invalid to"},
	} {
		from, until, err := billing.Days(c.from, c.to)
		word := func(t time.Time) string {
			if t.IsZero() {
				return "open"
			}
			return t.Format(time.DateOnly)
		}
		got := word(from) + " to " + word(until)
		var e *kinpict.Error
		if errors.As(err, &e) {
			got = "invalid " + e.Members["errors"].([]map[string]string)[0]["field"]
		}
		if got != c.want {
			t.Errorf("from %q to %q is %s, want %s", c.from, c.to, got, c.want)
		}
	}
}
