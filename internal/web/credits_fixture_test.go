package web

import (
	"net/url"
	"strings"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/support"
)

// everyKind is one line of each kind there is, and one of a kind to come.
func everyKind() []kinpict.Transaction {
	bought := kinpict.LotMove{Lot: "lot_1", Kind: kinpict.LotPaid, Source: "purchase pur_1", LotAt: someDay.AddDate(0, -2, 0)}
	given := kinpict.LotMove{Lot: "lot_2", Kind: kinpict.LotPromo, Source: "adjustment rev_1", LotAt: someDay.AddDate(0, -1, 0)}
	some := func(m kinpict.LotMove, n, back kinpict.Credits) kinpict.LotMove {
		m.Amount, m.Returned = n, back
		return m
	}
	pic, pur := "gen_1k2m3n4p5q6r7s8t9v0w1x2y3z4a5b6c7", "pur_1k2m3n4p5q6r7s8t9v0w1x2y3z4a5b6c7"
	out := []kinpict.Transaction{
		{Kind: "return", Generation: pic, Amount: 9, Reason: string(kinpict.FailedTimeout), NetAfter: 36, Moves: []kinpict.LotMove{some(bought, 3, 0), some(given, 6, 0)}},
		{Kind: "charge", Generation: pic, Quality: kinpict.Enhanced, Scenario: "autumn", Amount: -9, NetAfter: 27, Moves: []kinpict.LotMove{some(given, -6, 6), some(bought, -3, 3)}},
		{Kind: "charge", Generation: "gen_2", Quality: kinpict.Standard, Scenario: "gallery", Deleted: true, Amount: -4, NetAfter: 36, Moves: []kinpict.LotMove{some(bought, -4, 0)}},
		{Kind: "goodwill", Generation: "gen_3", Amount: 4, Reason: "Entschuldigung, <b>Nana</b> fehlte", NetAfter: 40, Moves: []kinpict.LotMove{some(bought, 4, 0)}},
		{Kind: "promo", Amount: 10, Reason: "welcome", NetAfter: 36, Moves: []kinpict.LotMove{some(given, 10, 0)}},
		{Kind: "bonus", Purchase: pur, Amount: 20, Reason: "promo code SPRING-26", NetAfter: 26, Moves: []kinpict.LotMove{some(given, 20, 0)}},
		{Kind: "purchase", Purchase: pur, Amount: 80, NetAfter: 6, Moves: []kinpict.LotMove{some(bought, 80, 0)}},
		{Kind: "reverse", Purchase: pur, Amount: -80, Reason: "The bank holds the payment.", NetAfter: -20, Moves: []kinpict.LotMove{some(bought, -60, 0)}},
		{Kind: "restore", Purchase: pur, Amount: 80, Reason: "The payment stands.", NetAfter: 60, Moves: []kinpict.LotMove{some(bought, 60, 0)}},
		{Kind: "return", Generation: "gen_4", Amount: 4, Reason: "canceled", NetAfter: 0},
		{Kind: "return", Generation: "gen_5", Amount: 4, Reason: "engine", NetAfter: 0},
	}
	for _, k := range []string{"adjust", "forgive"} {
		out = append(out, kinpict.Transaction{Kind: k, Amount: 5, Reason: "for the wait", NetAfter: 12})
	}
	for _, k := range []string{"take", "expire", "forfeit", "later"} {
		out = append(out, kinpict.Transaction{Kind: k, Amount: -5, NetAfter: 7})
	}
	for i := range out {
		out[i].Seq, out[i].ID, out[i].Hash = int64(len(out)-i), "acc_1-"+string(rune('a'+i)), strings.Repeat(string(rune('a'+i%6)), 64)
		out[i].At = someDay.AddDate(0, 0, -i*4)
	}
	return out
}

// bookSpecimens are the balance, the statement and the check of its seals.
func bookSpecimens(guest, ann Page, c *kinpict.Catalog) map[string]specimen {
	say := ann.language()
	poor := ann
	poor.Available = 0
	title := func(string) string { return say.Say("Family picture") }
	head := BooksHead{24, seal(strings.Repeat("9f3a", 16))}
	lots := []kinpict.Lot{
		{ID: "lot_2", Kind: kinpict.LotPromo, Granted: 10, Remaining: 6, Used: 4, Source: "adjustment rev_1", CreatedAt: someDay, ExpiresAt: someDay.AddDate(0, 1, 0)},
		{ID: "lot_1", Kind: kinpict.LotPaid, Granted: 80, Remaining: 30, Used: 40, TakenBack: 10, Source: "purchase pur_1", CreatedAt: someDay},
	}
	spent := []kinpict.Lot{
		{ID: "lot_3", Kind: kinpict.LotBonus, Granted: 20, Used: 12, Expired: 8, Source: "purchase pur_2", CreatedAt: someDay},
		{ID: "lot_4", Kind: kinpict.LotAdjust, Granted: 20, Used: 12, TakenBack: 3, Withdrawn: 5, Owed: 2, Source: "adjustment rev_2", CreatedAt: someDay},
	}
	page := func(p Page, query string, f func(*CreditsView)) specimen {
		q, err := url.ParseQuery(query)
		if err != nil {
			panic(err)
		}
		w := wantedIn(q)
		filter, _ := w.filter(someDay)
		v := creditsView(p, kinpict.Balance{Available: p.Available}, c, lots, spent)
		v.Filter, v.Books = filterView(say, w, filter), head
		f(&v)
		return specimen{"credits", v}
	}
	all := monthsOf(say, everyKind(), title)
	sheet := func(query string, x billing.Sheet) specimen {
		q, err := url.ParseQuery(query)
		if err != nil {
			panic(err)
		}
		w := wantedIn(q)
		f, _ := w.filter(someDay)
		v := sheetView(ann, &x, w, f, title)
		v.Issuer, v.At, v.Books = "https://kinpict.example", someDay, head
		return specimen{"statement", v}
	}
	books := func(f func(*BooksView)) specimen {
		p := ann
		p.Title = say.Say("Your books")
		v := BooksView{Page: p, Books: head}
		f(&v)
		return specimen{"books", v}
	}
	lines := everyKind()
	return map[string]specimen{
		"credits":       page(ann, "", func(v *CreditsView) { v.Months, v.Older = all, "/credits?cursor=x" }),
		"credits, owed": page(poor, "", func(v *CreditsView) { v.Months, v.Debt, v.Lots = all, 20, nil }),
		"credits, last": page(ann, "", func(v *CreditsView) { v.Months, v.Later = all[1:], true }),
		"credits empty": page(poor, "", func(v *CreditsView) { v.Lots, v.Spent, v.Books = nil, nil, BooksHead{} }),
		"credits filtered": page(ann, "show=used&period=last-month", func(v *CreditsView) {
			v.Months, v.Totals = all[:1], totalsView(say, billing.Summed{Totals: kinpict.Totals{Lines: 3, In: 0, Out: 17}, Whole: true})
		}),
		"credits of a lot": page(ann, "reference=lot_1&from=2026-11-01", func(v *CreditsView) {
			v.Months, v.Totals = all[:1], totalsView(say, billing.Summed{Totals: kinpict.Totals{Lines: 10001, In: 80, Out: 17}, Whole: false})
		}),
		"credits, no line": page(ann, "show=refunds", func(v *CreditsView) {}),
		"credits, no day": page(ann, "from=yesterday", func(v *CreditsView) {
			v.Problems = []Problem{{"from", say.Told("This is not a day.") + " " + say.Told("Write it like 2026-11-25.")}}
		}),
		"statement":           sheet("period=this-month", billing.Sheet{Lines: lines, Opening: 6, Closing: 36, Totals: kinpict.Totals{Lines: len(lines), In: 200, Out: 120}, First: someDay, Until: someDay.AddDate(0, 1, 0)}),
		"statement, one kind": sheet("show=used&reference=lot_1", billing.Sheet{Lines: lines[:2], Until: someDay}),
		"statement, too long": sheet("", billing.Sheet{Lines: append(lines, append(lines, append(lines, lines...)...)...), More: true, Opening: -4, Closing: 36, First: someDay, Until: someDay}),
		"statement, no line":  sheet("from=1999-01-01&to=1999-01-31", billing.Sheet{}),
		"books":               books(func(*BooksView) {}),
		"books sound":         books(func(v *BooksView) { v.Checked = &support.Checked{At: someDay, Lines: 24, Head: "9f3a"} }),
		"books unsound":       books(func(v *BooksView) { v.Checked = &support.Checked{At: someDay, Lines: 24, Head: "9f3a", Findings: 2} }),
		"books empty":         books(func(v *BooksView) { v.Books, v.Checked = BooksHead{}, &support.Checked{At: someDay} }),
		"books, too often": books(func(v *BooksView) {
			v.Notice = &Notice{say.Told("Your books were checked often just now."), say.Told("Check them again in an hour.")}
		}),
	}
}
