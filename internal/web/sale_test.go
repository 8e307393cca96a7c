package web

import (
	"strings"
	"testing"

	"kinpict"
	"kinpict/internal/billing"
)

// offered is the pricing page with a code, of a catalog in two currencies.
func offered(p Page, c *kinpict.Catalog, key func() string, currency string, promo kinpict.Promo) PricingView {
	say, two := p.language(), inTwoCurrencies(c)
	s := sale{currency, &promo}
	view := PricingView{Page: p, Rates: rates(say, two, 0), Packs: packs(say, two, s, key, "/create"), Currencies: currencies(two, currency), Back: "/create", Example: example(say, two, []Scene{{Title: "Gallery wall"}})}
	view.Offer = offerOf(say, promo.Code, &promo, view.Packs)
	return view
}

func inTwoCurrencies(c *kinpict.Catalog) *kinpict.Catalog {
	two := *c
	two.Packs = nil
	for _, p := range c.Packs {
		p.Prices = []kinpict.Money{p.Prices[0], {Amount: p.Prices[0].Amount - 100, Currency: "eur"}}
		two.Packs = append(two.Packs, p)
	}
	return &two
}

func fullBill() Bill {
	return billOf(&kinpict.Purchase{Credits: 80, Bonus: 20, Price: kinpict.Money{Amount: 900, Currency: "usd"}, Discount: 300, Promo: "SPRING-26", Tax: 171})
}

func TestBillAddsUp(t *testing.T) {
	b := fullBill()
	if got := b.Full.Amount - b.Discount.Amount + b.Tax.Amount; got != b.Total.Amount || b.Total.Amount != 1071 || !b.Detailed {
		t.Errorf("the lines come to %d, the total is %d, want 1071", got, b.Total.Amount)
	}
	if plain := billOf(&kinpict.Purchase{Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"}}); plain.Detailed {
		t.Error("a purchase with nothing to explain is explained")
	}
}

func TestPacksOfASale(t *testing.T) {
	c := inTwoCurrencies(kinpict.DefaultCatalog())
	key := func() string { return "k" }
	for _, x := range []struct {
		name     string
		sale     sale
		price    string
		full     string
		promo    string
		pictures int64
	}{
		{"as it is", sale{}, "$12", "$12", "", 20},
		{"in euro", sale{currency: "eur"}, "€11", "€11", "", 20},
		{"in what it is not sold in", sale{currency: "jpy"}, "$12", "$12", "", 20},
		{"half", sale{"eur", &kinpict.Promo{Code: "HALF", Percent: 50}}, "€5.50", "€11", "HALF", 20},
		{"credits on top", sale{"usd", &kinpict.Promo{Code: "MORE", Bonus: 20}}, "$12", "$12", "MORE", 25},
		{"a code for dollars", sale{"eur", &kinpict.Promo{Code: "OFF", Off: kinpict.Money{Amount: 100, Currency: "usd"}}}, "€11", "€11", "", 20},
		{"a code for another pack", sale{"", &kinpict.Promo{Code: "BIG", Percent: 50, Packs: []string{"credits-280"}}}, "$12", "$12", "", 20},
	} {
		p := packs(english, c, x.sale, key, "")[0]
		if english.Money(p.Price) != x.price || english.Money(p.Full) != x.full || p.Promo != x.promo || p.Supports[0].Count != x.pictures {
			t.Errorf("%s: %s instead of %s by %q for %d pictures; want %s, %s, %q, %d", x.name, english.Money(p.Price), english.Money(p.Full), p.Promo, p.Supports[0].Count,
				x.price, x.full, x.promo, x.pictures)
		}
	}
}

func TestWhatACodeSays(t *testing.T) {
	c := kinpict.DefaultCatalog()
	for _, x := range []struct {
		promo       kinpict.Promo
		says, fault string
	}{
		{kinpict.Promo{Code: "ONE", Percent: 25}, "ONE takes 25% off.", ""},
		{kinpict.Promo{Code: "TWO", Off: kinpict.Money{Amount: 150, Currency: "usd"}}, "TWO takes $1.50 off.", ""},
		{kinpict.Promo{Code: "THREE", Bonus: 20, Packs: []string{"credits-280"}}, "THREE adds 20 credits where it is shown.", ""},
		{kinpict.Promo{Code: "FOUR", Off: kinpict.Money{Amount: 150, Currency: "eur"}}, "", "This code does not work here. It is for another pack or currency."},
	} {
		o := offerOf(english, x.promo.Code, &x.promo, packs(english, c, sale{promo: &x.promo}, func() string { return "k" }, ""))
		if o.Says != x.says || o.Fault != x.fault {
			t.Errorf("%s says %q, %q; want %q, %q", x.promo.Code, o.Says, o.Fault, x.says, x.fault)
		}
	}
}

// The free preview of a guest is offered to guests, not to whoever is signed in.
func TestPricingOffersTheGuestPreviewToGuests(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"pricing guest": true, "pricing signed in": false, "pricing, no preview": false} {
		s := specimens(d)[name]
		page, err := d.render(s.page, s.view)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(page), `aria-labelledby="pfree"`); got != want {
			t.Errorf("%s: the preview is offered: %v", name, got)
		}
	}
}

// The page of the bank is told in English what is bought, and says it as its reader does.
func TestSandboxSaysWhatIsBought(t *testing.T) {
	say := languages.Find("de")
	for title, want := range map[string]string{"80 credits": "80 Credits", "80 credits and 20 extra": "80 Credits und 20 extra", "A family tree": "A family tree"} {
		if got := sandboxView(say, &billing.SandboxSession{Title: title}, "", "").Title; got != want {
			t.Errorf("%q is told as %q, want %q", title, got, want)
		}
	}
}
