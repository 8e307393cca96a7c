package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kinpict"
	"kinpict/client"
)

// A sight is one page in one state: how to come there, and what is pressed first
// on it, "" for a page that is only read.
type sight struct {
	name, path string
	main       string
}

// seen puts a person's pages together: a picture, a failed one, a request that
// waits, and a purchase. The workers must not run yet.
func (b *tab) seen() []sight {
	b.Helper()
	s := b.stack
	b.open("/sign-in?next=/credits")
	b.signInHere("ann@example.org")
	c := s.token("ann@example.org")
	bought := s.buy(c, "credits-80")
	pay := s.order(c, "credits-280")

	ready := s.make(c, s.ask(c, 40)).ID
	s.draw()
	s.fault("block", 1)
	failed := s.make(c, s.ask(c, 80)).ID
	s.draw()
	waits := s.make(c, s.ask(c, 120)).ID

	review, err := c.FileReview(b.Context(), "", client.Report{Message: "I had 80 credits before this picture failed, and I have 76 now.", Generation: failed, Checkout: bought.ID})
	b.must("file a review", err)

	b.open("/create")
	b.addPhotos(b.drawn(3)...)
	return []sight{
		{"purchases", "/purchases", "main .btn"}, {"receipt", "/purchases/" + bought.ID, "main .btn"}, {"help", "/help/balance?generation=" + failed + "&checkout=" + bought.ID, "main .btn.big"},
		{"review", "/help/balance/" + review.ID, "main .btn"}, {"price-history", "/pricing/history", "main .btn"},
		{"home", "/", "main .btn.big"}, {"scenarios", "/scenarios", ".idea"}, {"scenario", "/scenarios/gallery", "main .btn.big"},
		{"pricing", "/pricing", ".buyone .btn"}, {"create", "/create", "#go"}, {"generations", "/generations", ".idea"},
		{"ready", "/generations/" + ready, "main .btn.big"}, {"failed", "/generations/" + failed, "main .btn.big"},
		{"waiting", "/generations/" + waits, "main .btn"}, {"credits", "/credits", "main .btn"}, {"paid", "/checkout/return?id=" + bought.ID, "main .btn.big"},
		{"unpaid", "/checkout/return?id=" + pay.ID, "main .btn"}, {"sandbox", pay.URL, "button.main"}, {"outbox", "/outbox", ".mail a"},
		{"policy-credits", "/policies/credits", ""}, {"policy-privacy", "/policies/privacy", ""}, {"policy-terms", "/policies/terms", ""},
		{"policy-acceptable-use", "/policies/acceptable-use", ""},
	}
}

// poor is what a person sees who has no credits.
func (b *tab) poor() []sight {
	b.Helper()
	b.open("/sign-in?next=/create")
	b.signInHere("bob@example.org")
	c := b.token("bob@example.org")
	_, err := c.Generate(b.Context(), b.key(), b.ask(c, 0))
	e := refused(b, "without credits", err, "insufficient_credits")
	held, _ := e.Members["held_request"].(map[string]any)
	return []sight{{"held", fmt.Sprint("/held/", held["id"]), ".buyone .btn"}, {"no-credits", "/credits", "main .btn.big"},
		{"no-pictures", "/generations", "main .btn.big"}, {"create-empty", "/create", "#go"}}
}

// guestSights is what somebody sees who has not signed in.
var guestSights = []sight{{"sign-in", "/sign-in", ".btn.wide"}, {"link-used", "/sign-in/confirm?token=", "main .btn"}, {"create-guest", "/create", "#go"}, {"home-guest", "/", "main .btn.big"},
	{"verify", "/verify", "main .btn.big"}, {"pricing-code", "/pricing?promo=SPRING-26", ".buyone .btn"}, {"pricing-refused", "/pricing?promo=NOBODYS", ".buyone .btn"}}

// everyone runs f on every page in a browser that may see it.
func everyone(t *testing.T, f func(b *tab, v sight)) {
	t.Helper()
	t.Parallel()
	s := newStack(t, "sqlite", nil)
	if _, err := s.app.Shop.CreatePromo(t.Context(), "op", kinpict.Promo{Code: "SPRING-26", Percent: 25, Packs: []string{"credits-80"}}); err != nil {
		t.Fatal(err)
	}
	rich, poor, guest := s.tab(), s.tab(), s.tab()
	for _, b := range []*tab{rich, poor, guest} {
		b.withAxe()
	}
	for _, v := range rich.seen() {
		f(rich, v)
	}
	for _, v := range poor.poor() {
		f(poor, v)
	}
	for _, v := range guestSights {
		f(guest, v)
	}
}

// The specimens are inspected for more, see TestBrowserSpecimens; these pages
// come from the product, with what really stands on them.
func TestBrowserPages(t *testing.T) {
	everyone(t, func(b *tab, v sight) {
		b.open(v.path)
		b.width(320)
		b.settled()
		b.narrow(v.name, 320)
		b.accessible(v.name, "document", everything)
		b.size(1280, 900)
		if v.main != "" {
			b.reach(v)
		}
	})
}

// reach comes to the main action without a mouse, and wants to see on the way
// where the focus is.
func (b *tab) reach(v sight) {
	b.Helper()
	type stop struct {
		Main, Ring, Hidden bool
		What               string
	}
	for n := 0; ; n++ {
		b.do("tab", chromedp.KeyEvent(kb.Tab))
		at := value[stop](b, fmt.Sprintf(`(selector => {
			const e = document.activeElement, main = [...document.querySelectorAll(selector)].find(e => e.checkVisibility());
			const ring = e => { const s = e && getComputedStyle(e); return !!s && (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none') };
			const r = e.getBoundingClientRect(), hit = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
			const label = e.labels?.[0];  // wears the ring of a control that is drawn by its label
			return {Main: e === main, Ring: ring(e) || ring(label), Hidden: !hit || !e.contains(hit) && !hit.contains(e), What: e.outerHTML.slice(0, 160)};
		})(%q)`, v.main))
		switch {
		case !at.Ring:
			b.Errorf("%s: no ring is seen at %s", v.name, at.What)
			return
		case at.Main && at.Hidden:
			b.Errorf("%s: the main action lies under something: %s", v.name, at.What)
			return
		case at.Main:
			return
		case n == 80:
			b.Errorf("%s: 80 times Tab does not lead to %s, now at %s", v.name, v.main, at.What)
			return
		}
	}
}
