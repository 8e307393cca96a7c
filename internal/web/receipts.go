package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/lang"
)

// PurchasesView feeds purchases.html.
type PurchasesView struct {
	Page
	Items []BoughtPack
}

// A BoughtPack is a purchase in a list.
type BoughtPack struct {
	ID, State, Class string
	Credits          kinpict.Credits
	Bill             Bill
	Link, LinkText   string
	At               time.Time
}

// ReceiptView feeds receipt.html, which prints on one sheet of A4.
type ReceiptView struct {
	Page
	kinpict.Receipt
	What            string        // state in words
	Full, Discount  kinpict.Money // before the promo code, and what it took off
	Tax             kinpict.Money
	Total, Refunded kinpict.Money
	Disputed        kinpict.Money
	File            string
	About           string // address of its lines in the statement
	Entries         []BookEntry
}

// A BookEntry is an entry of the books and its kind in words.
type BookEntry struct {
	What string
	kinpict.ReceiptEntry
}

var purchaseStates = map[string]struct{ words, class string }{
	billing.Open: {lang.N("Not paid yet"), "warm"}, billing.Processing: {lang.N("Waiting for the bank"), "warm"}, billing.Paid: {lang.N("Paid"), "good"},
	billing.Expired: {lang.N("Not paid, expired"), ""}, billing.Failed: {lang.N("Did not go through"), ""},
	"refunded": {lang.N("Money went back"), "tint"}, "partially_refunded": {lang.N("Part of the money went back"), "tint"}, "disputed": {lang.N("Held by the bank"), "bad"},
}

// purchasesShown is how many purchases the list goes back.
const purchasesShown = 100

// purchases is the history of what was bought.
func (s *Site) purchases(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	list, err := s.Shop.Purchases(r.Context(), v.caller, purchasesShown)
	if err != nil {
		return err
	}
	view := PurchasesView{Page: v.private(v.say().Say("Purchases and receipts"))}
	for _, p := range list {
		view.Items = append(view.Items, boughtPack(v.say(), p))
	}
	return s.send(w, r, http.StatusOK, "purchases", view)
}

func boughtPack(say *lang.Printer, p *kinpict.Purchase) BoughtPack {
	b := BoughtPack{ID: p.ID, State: say.Told(purchaseStates[p.State].words), Class: purchaseStates[p.State].class, Credits: p.Credits, Bill: billOf(p), At: p.CreatedAt}
	switch {
	case !p.PaidAt.IsZero():
		b.Link, b.LinkText = "/purchases/"+url.PathEscape(p.ID), say.Say("Receipt")
	case p.State == billing.Open || p.State == billing.Processing:
		b.Link, b.LinkText = purchaseURL(p.ID), say.Say("Look again")
	}
	return b
}

// purchase is a receipt as a page. What is not paid has no receipt yet, only a
// page that says how it stands.
func (s *Site) purchase(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	got, err := s.Support.PurchaseReceipt(r.Context(), v.caller, r.PathValue("id"))
	if kinpict.CodeOf(err) == kinpict.Conflict {
		http.Redirect(w, r, purchaseURL(r.PathValue("id")), http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "receipt", receiptView(v.private(v.say().Say("Receipt")), got.Receipt))
}

func receiptView(p Page, x kinpict.Receipt) ReceiptView {
	sum := func(n int64) kinpict.Money { return kinpict.Money{Amount: n, Currency: x.Payment.Currency} }
	say := p.language()
	var entries []BookEntry
	for _, e := range x.Transactions {
		entries = append(entries, BookEntry{say.Told(kinds[e.Kind]), e})
	}
	return ReceiptView{Page: p, Receipt: x, What: say.Told(purchaseStates[x.State].words), Entries: entries, About: aboutURL(x.ID),
		Full: sum(x.Payment.Price + x.Payment.Discount), Discount: sum(x.Payment.Discount), Tax: sum(x.Payment.Tax),
		Total: sum(x.Payment.Price + x.Payment.Tax), Refunded: sum(x.Payment.Refunded), Disputed: sum(x.Payment.Disputed),
		File: fmt.Sprintf("/api/v1/checkouts/%s/receipt", url.PathEscape(x.ID))}
}
