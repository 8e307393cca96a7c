package kinpict_test

import (
	"testing"
	"time"

	"kinpict"
)

func TestPromoCode(t *testing.T) {
	for typed, want := range map[string]string{
		"spring-26": "SPRING-26", " Spring 26 ": "SPRING26", "SPR\t1": "SPR1", "abc": "", "": "", "ÄPFEL": "", "A'--B": "",
		"0123456789012345678901234567890123456789": "0123456789012345678901234567890123456789", "01234567890123456789012345678901234567890": "",
	} {
		if got := kinpict.PromoCode(typed); got != want {
			t.Errorf("%q is the code %q, want %q", typed, got, want)
		}
	}
}

func TestPromoOn(t *testing.T) {
	usd := func(n int64) kinpict.Money { return kinpict.Money{Amount: n, Currency: "usd"} }
	for _, c := range []struct {
		name  string
		promo kinpict.Promo
		price kinpict.Money
		want  int64
		bonus kinpict.Credits
		fits  bool
	}{
		{"a quarter", kinpict.Promo{Percent: 25}, usd(1200), 900, 0, true},
		{"a part of a cent is the person's", kinpict.Promo{Percent: 33}, usd(1001), 670, 0, true},
		{"the dearest price", kinpict.Promo{Percent: 99}, usd(kinpict.MaxPrice), kinpict.MaxPrice / 100, 0, true},
		{"too little is left", kinpict.Promo{Percent: 99}, usd(1200), 1200, 0, false},
		{"an amount", kinpict.Promo{Off: usd(300)}, usd(1200), 900, 0, true},
		{"an amount that leaves just enough", kinpict.Promo{Off: usd(1150)}, usd(1200), 50, 0, true},
		{"an amount that leaves too little", kinpict.Promo{Off: usd(1151)}, usd(1200), 1200, 0, false},
		{"an amount above the price", kinpict.Promo{Off: usd(5000)}, usd(1200), 1200, 0, false},
		{"an amount in another currency", kinpict.Promo{Off: kinpict.Money{Amount: 300, Currency: "eur"}}, usd(1200), 1200, 0, false},
		{"credits", kinpict.Promo{Bonus: 20}, usd(1200), 1200, 20, true},
		{"another pack", kinpict.Promo{Bonus: 20, Packs: []string{"credits-280"}}, usd(1200), 1200, 0, false},
		{"this pack", kinpict.Promo{Percent: 50, Packs: []string{"credits-280", "credits-80"}}, usd(1200), 600, 0, true},
	} {
		price, bonus, fits := c.promo.On("credits-80", c.price)
		if price != (kinpict.Money{Amount: c.want, Currency: c.price.Currency}) || bonus != c.bonus || fits != c.fits {
			t.Errorf("%s: %v and %d credits, %v; want %d and %d, %v", c.name, price, bonus, fits, c.want, c.bonus, c.fits)
		}
	}
}

func TestPromoCheckRefuses(t *testing.T) {
	day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	good := kinpict.Promo{Code: "SPRING", Percent: 20, StartsAt: day, EndsAt: day.Add(1)}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*kinpict.Promo){
		"no code":            func(p *kinpict.Promo) { p.Code = "" },
		"small letters":      func(p *kinpict.Promo) { p.Code = "spring" },
		"nothing it does":    func(p *kinpict.Promo) { p.Percent = 0 },
		"two things it does": func(p *kinpict.Promo) { p.Bonus = 5 },
		"all of the price":   func(p *kinpict.Promo) { p.Percent = 100 },
		"a dearer price":     func(p *kinpict.Promo) { p.Percent = -5 },
		"an amount below 0":  func(p *kinpict.Promo) { p.Percent, p.Off = 0, kinpict.Money{Amount: -5, Currency: "usd"} },
		"no currency":        func(p *kinpict.Promo) { p.Percent, p.Off.Amount = 0, 100 },
		"credits below 0":    func(p *kinpict.Promo) { p.Percent, p.Bonus = 0, -1 },
		"too many credits":   func(p *kinpict.Promo) { p.Percent, p.Bonus = 0, kinpict.MaxPack+1 },
		"uses below 0":       func(p *kinpict.Promo) { p.Uses = -1 },
		"an account's too":   func(p *kinpict.Promo) { p.PerAccount = -1 },
		"an end at once":     func(p *kinpict.Promo) { p.EndsAt = day },
		"a pack of no name":  func(p *kinpict.Promo) { p.Packs = []string{""} },
	} {
		p := good
		if change(&p); kinpict.CodeOf(p.Check()) != kinpict.Invalid {
			t.Errorf("%s passes", name)
		}
	}
}
