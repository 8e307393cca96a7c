package e2e

import (
	"net/http"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
)

// free-browsing
func TestFreeBrowsing(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		list, err := c.Scenarios(s.Context())
		if err != nil || len(list.Items) == 0 {
			s.Fatalf("scenarios: %v", err)
		}
		pages := []string{"/", "/scenarios", "/pricing", "/create", "/generations", "/sign-in", "/policies/credits", "/policies/privacy", "/policies/terms", "/policies/acceptable-use"}
		for _, sc := range list.Items {
			pages = append(pages, "/scenarios/"+sc.ID, "/create?scenario="+sc.ID)
		}
		stranger, ann := s.guest(), s.guest()
		for _, path := range pages {
			if p := stranger.see(path); p.header.Get("Set-Cookie") != "" {
				s.Errorf("looking at %s sets a cookie: %s", path, p.header.Get("Set-Cookie"))
			}
		}
		ann.signIn("ann@example.org", "/create")
		for _, path := range append(pages, "/credits") {
			ann.see(path)
		}
		s.available(c, 80)
		if lines := s.statement(c); len(lines) != 1 || lines[0].Kind != "purchase" {
			s.Errorf("after browsing the statement says %+v, want the purchase alone", lines)
		}
		// Looking around used up no preview either.
		if _, err := stranger.api().Preview(s.Context(), s.key(), s.ask(stranger.api(), 0)); err != nil {
			s.Errorf("the stranger's preview after browsing: %v", err)
		}
	})
}

// rates
func TestRates(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		left := kinpict.Credits(80)
		prices := func(want map[string]kinpict.Credits) {
			s.Helper()
			book, err := c.Catalog(s.Context())
			if err != nil || len(book.Qualities) != len(want) {
				s.Fatalf("catalog: %+v, %v", book, err)
			}
			for _, q := range book.Qualities {
				if q.Credits != want[q.ID] {
					s.Errorf("the catalog says %s uses %d, want %d", q.ID, q.Credits, want[q.ID])
				}
			}
			req := s.ask(c, 0)
			for id, cost := range want {
				req.Quality = id
				if g := s.make(c, req); g.Credits != cost {
					s.Errorf("a %s picture took %d credits, want %d", id, g.Credits, cost)
				}
				left -= cost
				s.available(c, left)
			}
		}
		prices(map[string]kinpict.Credits{"standard": 4, "enhanced": 9})
		s.apply(now, func(b *kinpict.Catalog) { rate("standard", 5)(b); rate("enhanced", 11)(b) })
		prices(map[string]kinpict.Credits{"standard": 5, "enhanced": 11})
		s.guest().see("/pricing").holds(s, "5 credits", "11 credits")
	})
}

// packs
func TestPacks(t *testing.T) {
	each(t, func(s *stack) {
		packs := func(want map[kinpict.Credits][2]int64) {
			s.Helper()
			book, err := s.guest().api().Catalog(s.Context())
			if err != nil || len(book.Packs) != len(want) {
				s.Fatalf("catalog: %+v, %v", book, err)
			}
			for _, p := range book.Packs {
				if w := want[p.Credits]; p.Supports["standard"] != w[0] || p.Supports["enhanced"] != w[1] {
					s.Errorf("the pack of %d supports %v, want %v", p.Credits, p.Supports, w)
				}
			}
		}
		packs(map[kinpict.Credits][2]int64{80: {20, 8}, 280: {70, 31}})
		s.guest().see("/pricing").holds(s, "80", "280", "20", "8", "70", "31", "$12", "$35")
		c := s.person("ann")
		s.buy(c, "credits-80")
		s.available(c, 80)
		s.buy(c, "credits-280")
		s.available(c, 360)
		// One-time: nothing renews.
		s.pass(100 * day)
		if err := s.app.Shop.Tick(s.Context()); err != nil {
			s.Fatal(err)
		}
		s.available(c, 360)
		if n := count(s.statement(c), "purchase"); n != 2 {
			s.Errorf("%d purchases after a hundred days, want 2", n)
		}
		s.apply(now, func(b *kinpict.Catalog) { rate("standard", 6)(b); b.Packs[0].Credits = 90 })
		packs(map[kinpict.Credits][2]int64{90: {15, 10}, 280: {46, 31}})
	})
}

// charge-on-accept
func TestChargeOnAccept(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		web := s.guest()
		web.signIn("ann@example.org", "/create")
		req := s.ask(c, 0)
		web.send("/create/draft", "scenario", "gallery", "quality", "standard", "photo", req.Photos[0].ID)
		s.available(c, 80) // not before

		bad := req
		bad.Scenario = "nowhere"
		_, err := c.Generate(s.Context(), s.key(), bad)
		refused(s, "an unknown scenario", err, kinpict.Invalid)
		s.available(c, 80)

		g := s.make(c, req)
		if g.Status != kinpict.Queued || g.Credits != 4 {
			s.Errorf("accepted as %s for %d credits, want queued for 4", g.Status, g.Credits)
		}
		s.available(c, 76) // no worker has run yet
		lines := s.statement(c)
		if lines[0].Kind != "charge" || lines[0].Amount != -4 || lines[0].Generation != g.ID || lines[0].AvailableAfter != 76 {
			s.Errorf("the statement says %+v", lines[0])
		}
		if g = s.finish(c, g.ID); g.Status != kinpict.Succeeded {
			s.Fatalf("the picture %s: %+v", g.Status, g.Failure)
		}
		s.available(c, 76) // and not after
		if n := len(s.statement(c)); n != 2 {
			s.Errorf("%d lines after delivery, want 2", n)
		}

		// While no engine could draw, nothing is accepted and nothing charged.
		s.fault("unauthorized", 0)
		broken := s.make(c, req)
		s.finish(c, broken.ID)
		s.available(c, 76)
		_, err = c.Generate(s.Context(), s.key(), req)
		if e := refused(s, "without an engine", err, kinpict.EngineUnavailable); e.Hint == "" {
			s.Error("no hint when no engine draws")
		}
		s.available(c, 76)
	})
}

// no-overdraft
func TestNoOverdraft(t *testing.T) {
	each(t, func(s *stack) {
		c := s.person("ann")
		s.grant("ann", 3)
		req := s.ask(c, 0)
		req.Instruction = "Grandma in the middle."
		_, err := c.Generate(s.Context(), "first", req)
		refused(s, "4 credits of 3", err, kinpict.InsufficientCredits)
		short, ok := client.Members[client.Shortfall](err)
		if !ok || short.Required != 4 || short.Available != 3 || short.Shortfall != 1 || len(short.Packs) != 2 || short.HeldRequest.ID == "" {
			s.Fatalf("the refusal says %+v", short)
		}
		s.available(c, 3)
		if _, _, err := c.Resume(s.Context(), short.HeldRequest.ID, client.Confirm{}); kinpict.CodeOf(err) != kinpict.InsufficientCredits {
			s.Errorf("resumed while short: %v", err)
		}

		// The person reads what is missing, tops up from that very page, and goes on with one press.
		web := s.guest()
		web.signIn("ann@example.org", "/")
		held := web.see(short.HeldRequest.URL)
		held.holds(s, "1 more credit", "Grandma in the middle.")
		checkout := web.send("/checkout", "key", held.hidden(s, "key"), "pack", "credits-80", "catalog_version", held.hidden(s, "catalog_version"), "back", short.HeldRequest.URL)
		if !strings.HasPrefix(checkout.path, "/sandbox/checkout/") {
			s.Fatalf("buying led to %s", checkout.path)
		}
		back := web.send(checkout.path, "outcome", "paid")
		back.holds(s, "Make picture, 4 credits")
		made := web.send(short.HeldRequest.URL, "catalog_version", back.hidden(s, "catalog_version"))
		id, ok := strings.CutPrefix(made.path, "/generations/")
		if !ok {
			s.Fatalf("one press led to %s\n%s", made.path, made.words())
		}
		s.available(c, 79)
		g := s.generation(c, id)
		if g.Instruction != req.Instruction || len(g.Photos) != 1 || g.Photos[0] != req.Photos[0] || g.Aspect == "" {
			s.Errorf("the request that went on is %+v, want %+v", g, req)
		}
		// Pressing again makes nothing new, and the old key still answers its 402.
		if again := web.send(short.HeldRequest.URL, "catalog_version", "0"); again.path != made.path {
			s.Errorf("a second press led to %s, want %s", again.path, made.path)
		}
		reply, err := c.Call(s.Context(), "POST", "/api/v1/generations", "first", req, nil)
		if kinpict.CodeOf(err) != kinpict.InsufficientCredits || !reply.Replayed {
			s.Errorf("the declined key now answers %v", err)
		}
		s.available(c, 79)
		if g = s.finish(c, id); g.Status != kinpict.Succeeded {
			s.Errorf("the picture %s", g.Status)
		}
	})
}

// account-bound
func TestAccountBound(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.rich("ann")
		guest := s.guest()
		req := s.ask(guest.api(), 0)
		for name, c := range map[string]*client.Client{"nobody": {Base: s.url, HTTP: s.guest().http}, "a guest": guest.api(), "a made-up token": {Base: s.url, Token: "kp_nothing"}} {
			reply, err := c.Call(s.Context(), http.MethodPost, "/api/v1/generations", s.key(), req, nil)
			refused(s, name, err, kinpict.Unauthenticated)
			if reply.Status != http.StatusUnauthorized {
				s.Errorf("%s is answered %d", name, reply.Status)
			}
		}
		// Somebody else's credits are no help.
		ben := s.person("ben")
		_, err := ben.Generate(s.Context(), s.key(), s.ask(ben, 1))
		refused(s, "ben without credits", err, kinpict.InsufficientCredits)
		s.available(ann, 80)

		// On the site the way leads through signing in, and nothing entered is lost.
		p := guest.send("/create", "do", "make", "key", s.key(), "scenario", "gallery", "quality", "standard", "consent", "yes",
			"instruction", "By the sea.", "photo", req.Photos[0].ID, "label-"+req.Photos[0].ID, "Ann")
		if !strings.HasPrefix(p.path, "/sign-in?") {
			s.Fatalf("a guest's paid request led to %s", p.path)
		}
		p = guest.signIn("ann@example.org", "/create")
		if p.path != "/create" || !strings.Contains(p.text, req.Photos[0].ID) {
			s.Errorf("after signing in %s does not show the photo", p.path)
		}
		p.holds(s, "By the sea.")
		s.available(ann, 80)
	})
}

// guest-separate
func TestGuestSeparate(t *testing.T) {
	each(t, func(s *stack) {
		web := s.guest()
		c := web.api()
		g, err := c.Preview(s.Context(), s.key(), s.ask(c, 0))
		if err != nil {
			s.Fatalf("preview: %v", err)
		}
		if g = s.finish(c, g.ID); g.Status != kinpict.Succeeded || !g.Preview || g.Credits != 0 {
			s.Fatalf("the preview is %+v", g)
		}
		if n := s.press.Report().Count; n != 0 {
			s.Errorf("a guest's preview went to the operator's engine %d times", n)
		}
		// It goes along at sign-in as history; credits neither come nor go.
		ann := s.rich("ann")
		web.signIn("ann@example.org", "/")
		s.generation(ann, g.ID)
		s.available(ann, 80)
		if n := len(s.statement(ann)); n != 1 {
			s.Errorf("%d lines after claiming a preview, want the purchase alone", n)
		}

		// A paid request does not draw on the free preview, nor the preview on credits.
		ben := s.rich("ben")
		req := s.ask(ben, 1)
		s.make(ben, req)
		s.available(ben, 76)
		p, err := ben.Preview(s.Context(), s.key(), req)
		if err != nil || p.Credits != 0 || !p.Preview {
			s.Errorf("the preview after a paid picture: %+v, %v", p, err)
		}
		s.available(ben, 76)
		// An unused preview pays for nothing.
		cleo := s.person("cleo")
		_, err = cleo.Generate(s.Context(), s.key(), s.ask(cleo, 2))
		refused(s, "no credits but a preview", err, kinpict.InsufficientCredits)
	})
}

// guest-limit
func TestGuestLimit(t *testing.T) {
	each(t, func(s *stack) {
		preview := func(c *client.Client, hue int) error {
			s.Helper()
			_, err := c.Preview(s.Context(), s.key(), s.ask(c, hue))
			return err
		}
		first := s.guest().api()
		if err := preview(first, 0); err != nil {
			s.Fatalf("the first preview: %v", err)
		}
		reply, err := first.Call(s.Context(), http.MethodPost, "/api/v1/previews", s.key(), s.ask(first, 0), nil)
		refused(s, "the second preview", err, kinpict.GuestLimit)
		if reply.Status != http.StatusTooManyRequests {
			s.Errorf("the second preview is answered %d, want 429", reply.Status)
		}
		// The number is the catalog's.
		s.apply(now, func(b *kinpict.Catalog) { b.Guest.Previews = 2 })
		if err := preview(first, 0); err != nil {
			s.Errorf("the second of two: %v", err)
		}
		refused(s, "the third of two", preview(first, 0), kinpict.GuestLimit)

		// Clearing cookies helps a household, not a crowd: a network has a budget a day.
		made := 2
		for ; made < 60; made++ {
			if err = preview(s.guest().api(), 0); err != nil {
				break
			}
		}
		refused(s, "cleared cookies without end", err, kinpict.GuestLimit)
		if made != 30 {
			s.Errorf("one network got %d previews in a day, want 30", made)
		}
		s.pass(day)
		s.sweep()
		last := s.guest().api()
		if err := preview(last, 0); err != nil {
			s.Errorf("the next day: %v", err)
		}
	})
}

// A preview that does not come out is given back: part of guest-limit, since
// what was not had was not used.
func TestGuestLimitFailedPreviewIsGivenBack(t *testing.T) {
	each(t, func(s *stack) {
		c := s.guest().api()
		req := s.ask(c, 0)
		g, err := c.Preview(s.Context(), s.key(), req)
		if err != nil {
			s.Fatal(err)
		}
		dropPhoto(s, g)
		if g = s.finish(c, g.ID); g.Status != kinpict.Failed {
			s.Fatalf("a preview without its photo %s", g.Status)
		}
		if _, err := c.Preview(s.Context(), s.key(), s.ask(c, 1)); err != nil {
			s.Errorf("another preview after one that failed: %v", err)
		}
	})
}

// no-expiry
func TestNoExpiry(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		s.give("ann", 10, adjustment{kind: kinpict.LotPromo, expires: s.app.Studio.Now().Add(30 * day)})
		s.available(c, 90)
		for range 4 {
			s.pass(100 * day)
			s.sweep()
		}
		b, err := c.Credits(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		for _, l := range b.Lots {
			if l.Kind == kinpict.LotPaid && (l.ExpiresAt != nil || l.Remaining != 80) {
				s.Errorf("bought credits after 400 days: %+v", l)
			}
		}
		s.available(c, 80) // what was given with a date is gone, what was bought is not
		s.make(c, s.ask(c, 0))
		s.available(c, 76)
	})
}
