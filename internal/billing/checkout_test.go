package billing_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
)

var errCut = errors.New("the line was cut")

func (r *rig) open(key string) (*billing.Opened, error) {
	return r.shop.Checkout(context.Background(), r.buyer, r.key(key), billing.Choice{Pack: "credits-80", Back: "/held/hld_1"})
}

func TestCheckoutSurvivesDeathInBetween(t *testing.T) {
	type row struct {
		name string
		cut  func(*line)
	}
	cases(t, []row{
		{"P1 before the provider has a session", func(l *line) { l.before = errCut }},
		{"P2 after the provider made one, its reply lost", func(l *line) { l.after = errCut }},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		c.cut(r.line)
		_, err := r.open("k")
		wantCode(r.T, "the first try", err, kinpict.Unavailable)
		ps, err := r.shop.Purchases(context.Background(), r.buyer, 10)
		if err != nil || len(ps) != 1 || ps[0].State != "open" || ps[0].URL != "" {
			r.Fatalf("after it there are %v, %v; want one open purchase without a page", ps, err)
		}
		r.line.before, r.line.after = nil, nil
		o, err := r.open("k")
		if err != nil || o.Replay != nil || o.Purchase.ID != ps[0].ID || o.Purchase.URL == "" {
			r.Fatalf("the second try is %+v, %v; want the page of %s", o, err, ps[0].ID)
		}
		r.wantCredits("before it is paid", 0, 0)
		r.outcome(o.Purchase, "paid")
		r.wantCredits("paid", 80, 0)
		if r.line.opens != 2 || len(r.line.made) != 1 {
			r.Errorf("asked the provider %d times, which made %d sessions; want 2 and 1", r.line.opens, len(r.line.made))
		}
		r.clock.Advance(24 * time.Hour)
		r.tick()
		r.wantState("a day later", o.Purchase, "paid")
	})
}

func TestCheckoutNobodyCameBackTo(t *testing.T) {
	each(t, func(r *rig) {
		r.line.before = errCut
		_, err := r.open("k")
		wantCode(r.T, "the first try", err, kinpict.Unavailable)
		r.line.before = nil
		r.clock.Advance(24*time.Hour - time.Second)
		r.tick()
		ps, _ := r.shop.Purchases(context.Background(), r.buyer, 10)
		r.wantState("within the day", ps[0], "open")
		r.clock.Advance(time.Second)
		_, err = r.open("k")
		wantCode(r.T, "the same key after a day", err, kinpict.Conflict)
		r.tick()
		r.wantState("after a day", ps[0], "expired")
		if r.line.opens != 1 {
			r.Errorf("asked the provider %d times, want 1", r.line.opens)
		}
	})
}

func TestPaidWhileOurRecordOfTheSessionIsLost(t *testing.T) {
	// LEDGER 25: the webhook comes before the call that opened the page returned.
	each(t, func(r *rig) {
		r.line.after = errCut
		_, err := r.open("k")
		wantCode(r.T, "the first try", err, kinpict.Unavailable)
		ps, _ := r.shop.Purchases(context.Background(), r.buyer, 10)
		page, err := r.bank.Open(context.Background(), billing.Order{PurchaseID: ps[0].ID, Key: "open-" + ps[0].ID, Title: "80 credits", Price: ps[0].Price,
			Email: r.buyer.Email, ReturnURL: "http://localhost:8080/checkout/return?purchase=" + ps[0].ID, ExpiresAt: ps[0].ExpiresAt})
		if err != nil {
			r.Fatal(err)
		}
		ps[0].SessionID = page.ID
		r.line.after = nil
		r.pay(page.ID)
		r.wantState("paid", ps[0], "paid")
		r.wantCredits("paid", 80, 0)
		o, err := r.open("k")
		if err != nil || o.Purchase.URL == "" || o.Purchase.SessionID != page.ID {
			r.Errorf("the key then gives %+v, %v", o, err)
		}
	})
}

func (r *rig) pay(session string) {
	r.Helper()
	if err := r.bank.Outcome(context.Background(), session, "paid"); err != nil {
		r.Fatal(err)
	}
}

func TestCheckoutIsAnsweredOnce(t *testing.T) {
	each(t, func(r *rig) {
		first, err := r.open("k")
		if err != nil || first.Replay != nil {
			r.Fatalf("first: %+v, %v", first, err)
		}
		r.outcome(first.Purchase, "paid")
		again, err := r.open("k")
		if err != nil || again.Replay == nil {
			r.Fatalf("again: %+v, %v", again, err)
		}
		want := fmt.Sprintf("%s open %s", first.Purchase.ID, first.Purchase.URL)
		if got := string(again.Replay.Body); got != want || again.Replay.Status != 201 || again.Replay.Ref != first.Purchase.ID {
			r.Errorf("replayed %d %q for %s, want 201 %q", again.Replay.Status, got, again.Replay.Ref, want)
		}
		if r.line.opens != 1 {
			r.Errorf("opened %d sessions", r.line.opens)
		}
		other := r.key("k")
		other.Hash = []byte("credits-280")
		_, err = r.shop.Checkout(context.Background(), r.buyer, other, billing.Choice{Pack: "credits-280"})
		wantCode(r.T, "another body under the key", err, kinpict.KeyReused)
		if ben := r.person("ben"); true {
			o, err := r.shop.Checkout(context.Background(), ben, r.key("k"), billing.Choice{Pack: "credits-80"})
			if err != nil || o.Purchase.ID == first.Purchase.ID {
				r.Errorf("somebody else's same key gives %+v, %v", o, err)
			}
		}
	})
}

func TestSameCheckoutTwentyTimesAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		pages := map[string]int{}
		for range 20 {
			wg.Go(func() {
				o, err := r.open("k")
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					r.Errorf("checkout: %v", err)
					return
				}
				pages[o.Purchase.URL]++
			})
		}
		wg.Wait()
		ps, err := r.shop.Purchases(context.Background(), r.buyer, 10)
		if len(pages) != 1 || len(ps) != 1 || err != nil {
			r.Errorf("%d pages of %d purchases, %v; want one", len(pages), len(ps), err)
		}
	})
}

func TestCheckoutsRefused(t *testing.T) {
	each(t, func(r *rig) {
		ctx, in := context.Background(), r.key("k")
		for _, c := range []struct {
			name string
			do   func() error
			code kinpict.Code
		}{
			{"nobody signed in", func() error {
				_, err := r.shop.Checkout(ctx, kinpict.Caller{GuestID: "gst_1"}, in, billing.Choice{Pack: "credits-80"})
				return err
			}, kinpict.Unauthenticated},
			{"no key", func() error {
				_, err := r.shop.Checkout(ctx, r.buyer, kinpict.Intent{Route: "r"}, billing.Choice{Pack: "credits-80"})
				return err
			}, kinpict.KeyRequired},
			{"no such pack", func() error {
				_, err := r.shop.Checkout(ctx, r.buyer, in, billing.Choice{Pack: "credits-1"})
				return err
			}, kinpict.Invalid},
			{"no price in that currency", func() error {
				_, err := r.shop.Checkout(ctx, r.buyer, in, billing.Choice{Pack: "credits-80", Currency: "eur"})
				return err
			}, kinpict.Invalid},
			{"no such price book", func() error {
				_, err := r.shop.Checkout(ctx, r.buyer, in, billing.Choice{Pack: "credits-80", Version: 77})
				return err
			}, kinpict.Invalid},
			{"somebody else's purchase", func() error {
				_, err := r.shop.Purchase(ctx, r.person("ben"), r.checkout(r.buyer, "credits-80").ID)
				return err
			}, kinpict.NotFound},
			{"a purchase that is not there", func() error {
				_, err := r.shop.Purchase(ctx, r.buyer, "pur_none")
				return err
			}, kinpict.NotFound},
		} {
			wantCode(r.T, c.name, c.do(), c.code)
		}
		for _, back := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "held", "/a\nb", "/\tevil", "/" + strings.Repeat("a", 500)} {
			_, err := r.shop.Checkout(ctx, r.buyer, in, billing.Choice{Pack: "credits-80", Back: back})
			wantCode(r.T, fmt.Sprintf("back to %.20q", back), err, kinpict.Invalid)
		}
		o, err := r.open("k")
		if err != nil || o.Purchase.Back != "/held/hld_1" {
			r.Errorf("a local way back: %+v, %v", o, err)
		}
	})
}

func TestSixthCheckoutOfAnHour(t *testing.T) {
	// T7: stolen cards are tried in series.
	each(t, func(r *rig) {
		paid := r.checkout(r.buyer, "credits-80")
		r.outcome(paid, "paid")
		for range billing.OpenCheckouts {
			r.checkout(r.buyer, "credits-80")
		}
		_, err := r.open("sixth")
		wantCode(r.T, "the sixth unpaid checkout", err, kinpict.RateLimited)
		if want := billing.OpenCheckouts + 1; r.line.opens != want {
			r.Errorf("the provider opened %d sessions, want %d", r.line.opens, want)
		}
		r.checkout(r.person("ben"), "credits-80")
		r.clock.Advance(time.Hour)
		r.checkout(r.buyer, "credits-80")
		r.shop.Relaxed = true
		for range billing.OpenCheckouts {
			r.checkout(r.buyer, "credits-80")
		}
	})
}

func TestManyAccountsOfOneNetwork(t *testing.T) {
	each(t, func(r *rig) {
		for i := range billing.NetworkCheckouts {
			c := r.person(fmt.Sprint("p", i))
			c.Network = "office"
			r.checkout(c, "credits-80")
		}
		c := r.person("last")
		c.Network = "office"
		_, err := r.shop.Checkout(context.Background(), c, r.key("k"), billing.Choice{Pack: "credits-80"})
		wantCode(r.T, "one more from the network", err, kinpict.RateLimited)
		c.Network = "home"
		if _, err = r.shop.Checkout(context.Background(), c, r.key("k"), billing.Choice{Pack: "credits-80"}); err != nil {
			r.Errorf("from another network: %v", err)
		}
	})
}

func TestNobodyPaysMoreThanTheyConfirmed(t *testing.T) {
	usd := func(n int64) []kinpict.Money { return []kinpict.Money{{Amount: n, Currency: "usd"}} }
	type row struct {
		name    string
		now     kinpict.Pack
		shown   int // the book: 0 none, 1 the one before, 2 the new one
		code    kinpict.Code
		credits kinpict.Credits
		amount  int64
	}
	cases(t, []row{
		{"X1 dearer", kinpict.Pack{ID: "credits-80", Credits: 80, Prices: usd(1300)}, 1, kinpict.PriceChanged, 0, 0},
		{"fewer credits", kinpict.Pack{ID: "credits-80", Credits: 79, Prices: usd(1200)}, 1, kinpict.PriceChanged, 0, 0},
		{"more credits for more", kinpict.Pack{ID: "credits-80", Credits: 200, Prices: usd(1300)}, 1, kinpict.PriceChanged, 0, 0},
		{"cheaper", kinpict.Pack{ID: "credits-80", Credits: 80, Prices: usd(1100)}, 1, "", 80, 1100},
		{"more credits", kinpict.Pack{ID: "credits-80", Credits: 90, Prices: usd(1200)}, 1, "", 90, 1200},
		{"dearer and confirmed", kinpict.Pack{ID: "credits-80", Credits: 80, Prices: usd(1300)}, 2, "", 80, 1300},
		{"dearer and not shown", kinpict.Pack{ID: "credits-80", Credits: 80, Prices: usd(1300)}, 0, "", 80, 1300},
		{"a currency more, before the one shown", kinpict.Pack{ID: "credits-80", Credits: 80, Prices: append([]kinpict.Money{{Amount: 1, Currency: "eur"}}, usd(1200)...)}, 1, "", 80, 1200},
		{"not sold any more", kinpict.Pack{ID: "credits-81", Credits: 80, Prices: usd(1200)}, 1, kinpict.Invalid, 0, 0},
	}, func(c row) string { return c.name }, func(r *rig, c row) {
		book := kinpict.DefaultCatalog()
		versions := []int64{0, r.apply(book), 0}
		book.Packs[0] = c.now
		versions[2] = r.apply(book)
		o, err := r.shop.Checkout(context.Background(), r.buyer, r.key("k"), billing.Choice{Pack: "credits-80", Version: versions[c.shown]})
		wantCode(r.T, "checkout", err, c.code)
		if c.code == kinpict.PriceChanged && err != nil {
			var e *kinpict.Error
			if errors.As(err, &e); e.Members["catalog_version"] != versions[2] || e.Members["price"] != c.now.Prices[0] || e.Members["shown_credits"] != kinpict.Credits(80) {
				r.Errorf("the refusal says %v", e.Members)
			}
		}
		if err == nil && (o.Purchase.Credits != c.credits || o.Purchase.Price != (kinpict.Money{Amount: c.amount, Currency: "usd"}) || o.Purchase.CatalogVersion != versions[2]) {
			r.Errorf("sold %+v, want %d credits for %d", o.Purchase, c.credits, c.amount)
		}
		if err != nil && r.line.opens != 0 {
			r.Errorf("the provider was asked %d times", r.line.opens)
		}
	})
}

// apply puts a price book in force and returns its version.
func (r *rig) apply(c *kinpict.Catalog) int64 {
	r.Helper()
	if _, err := r.shop.Apply(context.Background(), "ops", "spring", c, time.Time{}, false); err != nil {
		r.Fatal(err)
	}
	now, err := r.shop.Catalog(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	return now.Version
}

func TestPackChangesWhileACheckoutIsOpen(t *testing.T) {
	// X2: what was ordered is what is granted.
	each(t, func(r *rig) {
		p := r.checkout(r.buyer, "credits-80")
		book := kinpict.DefaultCatalog()
		book.Packs = []kinpict.Pack{{ID: "credits-80", Credits: 60, Prices: []kinpict.Money{{Amount: 2000, Currency: "usd"}}}}
		r.apply(book)
		r.outcome(p, "paid")
		r.wantCredits("paid at the old price", 80, 0)
		// X4: money that goes back is reckoned from the order, too.
		r.outcome(p, "partial_refund")
		r.wantCredits("30 % refunded", 56, 0)
	})
}

func TestLiveShopSellsNoExamples(t *testing.T) {
	each(t, func(r *rig) {
		r.shop.Live, r.line.name = true, "bank"
		_, err := r.open("k")
		wantCode(r.T, "before the prices are confirmed", err, kinpict.Unavailable)
		if _, err := r.shop.Apply(context.Background(), "ops", "these are our prices", kinpict.DefaultCatalog(), time.Time{}, false); err != nil {
			r.Fatal(err)
		}
		if _, err := r.open("k"); err != nil {
			r.Errorf("after: %v", err)
		}
	})
}
