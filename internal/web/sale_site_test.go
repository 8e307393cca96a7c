package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
)

// order is the form that buys the first pack of a pricing page.
func (p page) order(t *testing.T) url.Values {
	t.Helper()
	f := url.Values{}
	form := regexp.MustCompile(`(?s)<form method="post" action="/checkout".*?</form>`).FindString(p.text)
	for _, m := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		f.Add(m[1], m[2])
	}
	if len(f) == 0 {
		t.Fatal("the page sells nothing")
	}
	return f
}

func (h *house) promo(p kinpict.Promo) {
	h.Helper()
	if _, err := h.shop.CreatePromo(h.Context(), "op", p); err != nil {
		h.Fatal(err)
	}
}

func TestBuyingWithACode(t *testing.T) {
	h := open(t)
	h.promo(kinpict.Promo{Code: "SPRING-26", Percent: 25, PerAccount: 1, Packs: []string{"credits-80"}})
	guest := h.browser()
	shown := guest.get("/pricing?back=%2Fcreate&promo=spring-26").want(t, 200, "SPRING-26 takes 25% off where it is shown.", "$9", "<s>$12</s>", "Buy 80 credits, $9", "Buy 280 credits, $35")
	// Signing in goes back to the same prices.
	next := guest.post("/checkout", shown.order(t)).to(t, "/sign-in?next=")
	if u, _ := url.Parse(next); u.Query().Get("next") != "/pricing?back=%2Fcreate&promo=SPRING-26" {
		t.Errorf("after signing in it goes on at %s", u.Query().Get("next"))
	}

	ann := h.browser()
	ann.signIn("ann@example.com")
	shown = ann.get("/pricing?promo=+Spring-26+").want(t, 200, "Buy 80 credits, $9")
	order := shown.order(t)
	bank := ann.post("/checkout", order).to(t, "/sandbox/checkout/")
	ann.get(bank).want(t, 200, "$9")
	// The code ends while the checkout is open.
	if _, err := h.shop.EndPromo(t.Context(), "op", "SPRING-26"); err != nil {
		t.Fatal(err)
	}
	if again := ann.post("/checkout", order).to(t, "/sandbox/checkout/"); again != bank {
		t.Errorf("the same form opened two checkouts: %s and %s", bank, again)
	}
	back := ann.post(bank, url.Values{"outcome": {"paid"}}).to(t, "/checkout/return")
	ann.get(back).want(t, 200, "80 credits added", "Paid $9.", "Promo code SPRING-26", "−$3", "$12")
	ann.get("/purchases").want(t, 200, "$3 off by <bdi>SPRING-26</bdi>", "$9")
	receipt := ann.get("/purchases").text
	link := regexp.MustCompile(`/purchases/pur_[^"]+`).FindString(receipt)
	ann.get(link).want(t, 200, "Promo code <bdi>SPRING-26</bdi>", "−$3", "$12", "$9")
}

func TestExtraCreditsByACode(t *testing.T) {
	h := open(t)
	h.promo(kinpict.Promo{Code: "EXTRA20", Bonus: 20})
	ann := h.browser()
	ann.signIn("ann@example.com")
	shown := ann.get("/pricing?promo=extra20").want(t, 200, "EXTRA20 adds 20 credits.", "About 25 standard pictures", "Buy 80 and 20 extra credits, $12")
	bank := ann.post("/checkout", shown.order(t)).to(t, "/sandbox/checkout/")
	ann.get(bank).want(t, 200, "80 credits and 20 extra")
	back := ann.post(bank, url.Values{"outcome": {"paid"}}).to(t, "/checkout/return")
	ann.get(back).want(t, 200, "100 credits added", "20 extra by EXTRA20", "You have 100 credits now")
	ann.get("/credits").want(t, 200, "Extra credits")
	ann.get("/purchases").want(t, 200, "20 extra by <bdi>EXTRA20</bdi>")
}

func TestCodeThatDoesNotWorkOnThePage(t *testing.T) {
	h := open(t)
	h.promo(kinpict.Promo{Code: "ONCE", Percent: 25, PerAccount: 1})
	ann := h.browser()
	ann.signIn("ann@example.com")
	ann.get("/pricing?promo=nobodys").want(t, 200, "This code does not work here.", `value="nobodys"`, "Buy 80 credits, $12", "<title>Problem:")
	first, second := ann.get("/pricing?promo=once").order(t), ann.get("/pricing?promo=once").order(t)
	bank := ann.post("/checkout", first).to(t, "/sandbox/checkout/")
	ann.post("/checkout", second).want(t, 422, "This code is in a checkout of yours that is still open.", "/checkout/return?", "Buy 80 credits, $12")
	ann.get("/pricing?promo=once").want(t, 200, "is still open", "Go on with that checkout")
	ann.post(bank, url.Values{"outcome": {"paid"}}).to(t, "/checkout/return")
	ann.get("/pricing?promo=once").want(t, 200, "This code does not work here.")
	wrong := second
	wrong.Set("key", "key-of-another-form")
	ann.post("/checkout", wrong).want(t, 422, "This code does not work here.")
	for range billing.Guesses {
		ann.get("/pricing?promo=guess")
	}
	ann.get("/pricing?promo=guess").want(t, 200, "There were many codes that did not work. Buy without a code, or try it again in an hour.")
	ann.get("/pricing").want(t, 200, "Buy 80 credits, $12")
}

func TestCurrencyIsChosenAndRemembered(t *testing.T) {
	h := open(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	if page := ann.get("/pricing?currency=eur"); page.Header.Get("Set-Cookie") != "" {
		t.Error("a currency nothing is sold in is remembered")
	}
	book := kinpict.DefaultCatalog()
	for i := range book.Packs {
		book.Packs[i].Prices = append(book.Packs[i].Prices, kinpict.Money{Amount: book.Packs[i].Prices[0].Amount - 100, Currency: "eur"})
	}
	if _, err := h.shop.Apply(t.Context(), "op", "euro", book, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	ann.get("/pricing").want(t, 200, "Buy 80 credits, $12", `<option value="usd" selected>`, "EUR €")
	ann.get("/pricing?currency=eur&promo=").want(t, 200, "Buy 80 credits, €11", `<option value="eur" selected>`)
	shown := ann.get("/pricing").want(t, 200, "Buy 80 credits, €11", `<option value="eur" selected>`)
	ann.get("/pricing?currency=jpy").want(t, 200, "Buy 80 credits, $12")
	bank := ann.post("/checkout", shown.order(t)).to(t, "/sandbox/checkout/")
	ann.get(bank).want(t, 200, "€11")
	ann.post(bank, url.Values{"outcome": {"paid"}}).to(t, "/checkout/return")
	ann.get("/purchases").want(t, http.StatusOK, "€11")
	ann.get("/pricing?currency=usd").want(t, 200, "Buy 80 credits, $12")
	ann.get("/pricing").want(t, 200, "Buy 80 credits, $12")
}

// Whoever pays for an account that was deleted meanwhile cannot sign in to read
// what becomes of their money.
func TestWhoPaysForADeletedAccountIsTold(t *testing.T) {
	h := kept(t)
	ann := h.browser()
	ann.signIn("ann@example.com")
	bank := ann.post("/checkout", ann.get("/pricing").order(t)).to(t, "/sandbox/checkout/")
	ann.get("/account/delete").want(t, 200, `action="/account/delete"`)
	ann.post("/account/delete", url.Values{"agree": {"yes"}, "credits": {"0"}}).to(t, "/account/deleted/")
	back := ann.post(bank, url.Values{"outcome": {"paid"}}).to(t, "/checkout/return")
	ann.get(back).want(t, 200, "This account was deleted", "Nothing was bought.", "all of it goes back")
	h.browser().get("/checkout/return?purchase=pur_none").to(t, "/sign-in")
	ben := h.browser()
	ben.signIn("ben@example.com")
	ben.get(back).want(t, 200, "This account was deleted")
	ben.get("/checkout/return?purchase=pur_none").want(t, 404)
}

// A page of somebody else's that asks for codes behind its reader's back uses up
// none of the reader's tries. A link that a person follows there shows its prices.
func TestAnotherSiteUsesUpNoTriesOfACode(t *testing.T) {
	h := open(t)
	h.promo(kinpict.Promo{Code: "SPRING", Percent: 25})
	b := h.browser()
	ask := func(code, site, user string) page {
		r, err := http.NewRequest("GET", b.url+"/pricing?promo="+code, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", site)
		if user != "" {
			r.Header.Set("Sec-Fetch-User", user)
		}
		return b.answer(r)
	}
	for _, site := range []string{"cross-site", "same-site"} {
		for range billing.Guesses + 1 {
			if p := ask("guess", site, "").want(t, 200, `value="guess"`, "Buy 80 credits, $12"); strings.Contains(p.text, "does not work") {
				t.Fatal("a code was looked at for another site")
			}
		}
	}
	for name, p := range map[string]page{"a link elsewhere": ask("spring", "cross-site", "?1"), "a link in a mail": ask("spring", "none", "?1"), "our own form": ask("spring", "same-origin", "?1")} {
		if !strings.Contains(p.text, "Buy 80 credits, $9") {
			t.Errorf("%s shows other prices", name)
		}
	}
}
