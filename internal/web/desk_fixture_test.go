package web

import (
	"strings"

	"kinpict"
	"kinpict/internal/billing"
)

// deskSpecimens are the pages of reviews, purchases and the history of prices.
func deskSpecimens(guest, ann Page) map[string]specimen {
	say := ann.language()
	rev := &kinpict.Review{ID: "rev_1", Status: kinpict.ReviewOpen, Message: "Four are missing.\nI had 80.", Generation: "gen_1", Purchase: "pur_1",
		SHA256: strings.Repeat("a", 64), CreatedAt: someDay}
	answered := *rev
	answered.Status, answered.Acts = kinpict.ReviewAnswered, []kinpict.ReviewAct{{Kind: kinpict.ActAnswer, Text: "You are right.", Credits: 4, Reason: "lost", Seq: 7, At: someDay}}
	closed := answered
	closed.Status = kinpict.ReviewClosed
	closed.Acts = append(closed.Acts, kinpict.ReviewAct{Kind: kinpict.ActClose, Text: "Done.", At: someDay})
	form := BalanceView{Page: ann, Key: "key_1", MaxMessage: kinpict.MaxReview}
	filled := form
	filled.Generation, filled.Purchase, filled.Seen, filled.Message = "gen_1", "pur_1", "/credits", "Four are missing"
	filled.Filed = []FiledReview{{"rev_1", begin(rev.Message, 60), say.Told("Answered"), "good", someDay}}
	wrong := form
	wrong.Problems = []Problem{{"message", say.Told("There is nothing in it yet.") + " " + say.Told("A sentence or two is enough.")}}
	many := filled
	many.Problems = []Problem{{"message", say.Told("There are 5 reviews of yours waiting already.") + " " + say.Told("We answer them one by one. Wait for an answer before you ask about more.")}}
	about := form
	about.Purchase, about.Seen = "pur_1", "/purchases"

	var bought []BoughtPack
	for _, state := range []string{billing.Open, billing.Processing, billing.Paid, billing.Expired, billing.Failed, "refunded", "partially_refunded", "disputed"} {
		p := &kinpict.Purchase{ID: "pur_" + state, State: state, Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"}, CreatedAt: someDay}
		switch state {
		case billing.Paid, "refunded", "partially_refunded", "disputed":
			p.PaidAt = someDay
		}
		bought = append(bought, boughtPack(say, p))
	}
	discounted := boughtPack(say, &kinpict.Purchase{ID: "pur_promo", State: billing.Paid, Credits: 80, Price: kinpict.Money{Amount: 900, Currency: "usd"}, Discount: 300, Promo: "SPRING-26",
		Tax: 171, CreatedAt: someDay, PaidAt: someDay})
	bought = append(bought, discounted)
	receipt := kinpict.Receipt{Issuer: "https://kinpict.example", Kind: kinpict.ReceiptPurchase, ID: "pur_1", State: billing.Paid, Subject: "credits-80", Credits: 80,
		Payment:        &kinpict.Paid{Currency: "usd", Price: 1200, Tax: 96, Provider: "sandbox", Reference: "pay_1", At: someDay},
		CatalogVersion: 3, CreatedAt: someDay, AsOf: someDay,
		Transactions: []kinpict.ReceiptEntry{{ID: "acc_1-1", Kind: "purchase", Credits: 80, At: someDay, Hash: strings.Repeat("a", 64)}}}
	back := receipt
	money := *receipt.Payment
	money.Refunded, money.Disputed = 600, 100
	money.Discount, money.Promo, money.Bonus = 300, "SPRING-26", 20
	back.Payment, back.State, back.Returned, back.Test = &money, "partially_refunded", 46, true

	held := receipt
	taken := *receipt.Payment
	taken.Disputed = 1296
	held.Payment, held.State, held.Returned = &taken, "disputed", 80
	held.Transactions = append(held.Transactions[:1:1], kinpict.ReceiptEntry{ID: "acc_1-9", Kind: "reverse", Credits: -80, At: someDay, Hash: strings.Repeat("b", 64)})

	sold := ann
	sold.Operator = someOperator
	now, next := kinpict.DefaultCatalog(), kinpict.DefaultCatalog()
	now.Version, now.EffectiveAt, next.Version, next.EffectiveAt = 1, someDay, 2, someDay.AddDate(0, 1, 0)
	first := *now
	first.Version, first.EffectiveAt = 0, someDay.AddDate(0, -1, 0)
	return map[string]specimen{
		"balance form": {"help-balance", form}, "balance filled": {"help-balance", filled}, "balance wrong": {"help-balance", wrong}, "balance, too many": {"help-balance", many},
		"balance of a purchase": {"help-balance", about},
		"review of nothing":     {"review", reviewView(ann, &kinpict.Review{ID: "rev_2", Status: kinpict.ReviewOpen, Message: "Hm", SHA256: strings.Repeat("b", 64), CreatedAt: someDay})},
		"review open":           {"review", reviewView(ann, rev)}, "review answered": {"review", reviewView(ann, &answered)}, "review closed": {"review", reviewView(ann, &closed)},
		"receipt, disputed": {"receipt", receiptView(ann, held)},
		"purchases":         {"purchases", PurchasesView{ann, bought}}, "purchases none": {"purchases", PurchasesView{Page: ann}},
		"receipt, named": {"receipt", receiptView(sold, receipt)},
		"receipt":        {"receipt", receiptView(ann, receipt)}, "receipt, taken back": {"receipt", receiptView(ann, back)},
		"price history": {"pricing-history", HistoryView{guest, pricePeriods(english, []billing.Period{
			{Catalog: next, Scheduled: true, Changes: []string{"standard costs 5 credits instead of 4"}},
			{Catalog: now, Until: next.EffectiveAt, Changes: []string{}}, {Catalog: &first, Until: now.EffectiveAt, Changes: []string{}}})}},
		"price history, one": {"pricing-history", HistoryView{guest, pricePeriods(english, []billing.Period{{Catalog: now}})}},
	}
}
