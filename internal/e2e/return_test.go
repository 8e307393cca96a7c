package e2e

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/engine/fake"
	"kinpict/internal/generation"
)

const day = 24 * time.Hour

// now, as a time for apply, is at once.
var now time.Time

// fault orders the engine to fail: times calls, or all to come for 0.
func (s *stack) fault(mode string, times int) {
	s.Helper()
	name, arg, _ := strings.Cut(mode, "=")
	if err := s.press.Order(fake.Order{Mode: name, Arg: arg, Times: times}); err != nil {
		s.Fatal(err)
	}
}

// sweep does a round of everything that runs by the clock.
func (s *stack) sweep() {
	s.Helper()
	for what, err := range map[string]error{"watchdog": s.app.Studio.Watchdog(s.Context()), "shop": s.app.Shop.Tick(s.Context()),
		"photos": s.app.Intake.Sweep(s.Context()), "people": s.app.People.Sweep(s.Context())} {
		if err != nil {
			s.Errorf("%s: %v", what, err)
		}
	}
}

// return-on-failure
func TestReturnOnFailure(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		spoil      func(s *stack, g *client.Generation) // what happens once it is accepted
		code       kinpict.FailureCode
		attempts   int
	}{
		{"the engine declines", "block", nil, kinpict.FailedRefused, 1},
		{"the engine is down", "error=500", nil, kinpict.FailedEngine, 3},
		{"the connection is cut every time", "cut", nil, kinpict.FailedEngine, 3},
		{"half a picture every time", "truncated", nil, kinpict.FailedEngine, 3},
		{"the key was revoked", "unauthorized", nil, kinpict.FailedConfig, 1},
		{"the picture cannot be stored", "ok", blockFolder, kinpict.FailedStorage, 3},
		{"the photo is lost meanwhile", "ok", dropPhoto, kinpict.FailedPhotos, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(s *stack) {
				ann := s.rich("ann")
				before, err := ann.Credits(s.Context())
				if err != nil {
					s.Fatal(err)
				}
				s.fault(c.mode, 0)
				g := s.make(ann, s.ask(ann, 0))
				s.available(ann, 76)
				if c.spoil != nil {
					c.spoil(s, g)
				}
				// The price changes while it is drawn: the same credits return, not the new price.
				s.apply(now, rate("standard", 7))
				if g = s.finish(ann, g.ID); g.Status != kinpict.Failed || g.CreditsReturned != 4 || g.Attempts != c.attempts {
					s.Fatalf("%s after %d attempts with %d credits back, want failed after %d with 4", g.Status, g.Attempts, g.CreditsReturned, c.attempts)
				}
				if g.Failure == nil || g.Failure.Code != c.code || g.Failure.Message == "" || g.Failure.Advice == "" {
					s.Errorf("the failure says %+v", g.Failure)
				}
				after, err := ann.Credits(s.Context())
				if err != nil {
					s.Fatal(err)
				}
				if len(after.Lots) != 1 || after.Lots[0] != before.Lots[0] {
					s.Errorf("the lot is %+v, want it as it was: %+v", after.Lots, before.Lots)
				}
				// Whatever looks at it again, it stays one return.
				s.pass(time.Hour)
				s.sweep()
				s.draw()
				lines := s.statement(ann)
				if count(lines, "return") != 1 || lines[0].Kind != "return" || lines[0].Amount != 4 || lines[0].Generation != g.ID || lines[0].AvailableAfter != 80 {
					s.Errorf("the statement says %+v", lines)
				}
				s.available(ann, 80)
			})
		})
	}
}

// blockFolder puts a file where the folder of the picture would be (K3).
func blockFolder(s *stack, g *client.Generation) {
	s.Helper()
	dir := filepath.Join(s.app.Config.Data, "blobs", "pictures")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, g.ID), nil, 0o600)); err != nil {
		s.Fatal(err)
	}
}

// dropPhoto loses the file of a photo. The product itself refuses to delete one
// that is still needed.
func dropPhoto(s *stack, g *client.Generation) {
	s.Helper()
	found, err := filepath.Glob(filepath.Join(s.app.Config.Data, "blobs", "photos", "*", g.Photos[0].ID+".jpg"))
	if err != nil || len(found) != 1 {
		s.Fatalf("the photo's file: %v, %v", found, err)
	}
	if err := os.Remove(found[0]); err != nil {
		s.Fatal(err)
	}
}

// Two workers hold one job, one of them since before it was taken for dead: the
// credits return once, and a picture that comes too late changes nothing (F2).
func TestReturnOnFailureWhenWorkersRace(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.rich("ann")
		s.fault("gate=slow", 1)
		s.fault("block", 1)
		s.press.Shut("slow")
		g := s.make(ann, s.ask(ann, 0))
		first := make(chan error, 1)
		go func() {
			_, err := s.app.Studio.Once(s.Context())
			first <- err
		}()
		if err := s.press.Waiting(s.Context(), "slow", 1); err != nil {
			s.Fatal(err)
		}
		s.pass(time.Minute) // the first worker's lease runs out
		if err := s.app.Studio.Watchdog(s.Context()); err != nil {
			s.Fatal(err)
		}
		other := s.worker("wrk_other")
		if did, err := other.Once(s.Context()); !did || err != nil {
			s.Fatalf("the other worker: %v %v", did, err)
		}
		if g = s.generation(ann, g.ID); g.Status != kinpict.Failed || g.Attempts != 2 {
			s.Fatalf("after the other worker: %s, attempt %d", g.Status, g.Attempts)
		}
		s.press.Open("slow")
		if err := <-first; err != nil {
			s.Fatalf("the late worker: %v", err)
		}
		if g = s.generation(ann, g.ID); g.Status != kinpict.Failed || g.Image != nil || g.CreditsReturned != 4 {
			s.Errorf("after the late picture: %s with %d credits back", g.Status, g.CreditsReturned)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := s.app.Studio.Watchdog(s.Context()); err != nil {
					s.Errorf("watchdog: %v", err)
				}
			})
		}
		wg.Wait()
		s.available(ann, 80)
		if n := count(s.statement(ann), "return"); n != 1 {
			s.Errorf("%d returns, want 1", n)
		}
	})
}

// worker is a second process's worker on the same books.
func (s *stack) worker(name string) *generation.Studio {
	own := s.app.Studio
	return &generation.Studio{DB: own.DB, Engines: own.Engines, Blobs: own.Blobs, Scenarios: own.Scenarios, IDs: own.IDs, Now: own.Now,
		Log: slog.New(slog.DiscardHandler), Worker: name, Workers: 1, Poll: own.Poll, Jitter: own.Jitter}
}

// retry
func TestRetry(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.rich("ann")
		req := s.ask(ann, 0)
		req.Instruction = "Everyone in the boat."
		s.fault("block", 1)
		g := s.make(ann, req)
		s.finish(ann, g.ID)
		web := s.guest()
		web.signIn("ann@example.org", "/")
		page := web.see("/generations/" + g.ID)
		why := kinpict.FailedRefused.Explain()
		advice, _, _ := strings.Cut(why.Advice, ".") // the rest of it carries a link
		page.holds(s, why.Message, advice, "Try again with the same photos, 4 credits")

		again := web.send("/generations/"+g.ID+"/retry", "key", page.hidden(s, "key"), "catalog_version", page.hidden(s, "catalog_version"))
		id, ok := strings.CutPrefix(again.path, "/generations/")
		if !ok || id == g.ID {
			s.Fatalf("one press led to %s", again.path)
		}
		n := s.generation(ann, id)
		if n.RetryOf != g.ID || n.Instruction != req.Instruction || len(n.Photos) != 1 || n.Photos[0] != req.Photos[0] || n.Scenario != req.Scenario {
			s.Errorf("the retry is %+v, want the same photos and words", n)
		}
		s.available(ann, 76)
		if n = s.finish(ann, id); n.Status != kinpict.Succeeded {
			s.Errorf("the retry %s", n.Status)
		}
		if old := s.generation(ann, g.ID); old.Status != kinpict.Failed || old.CreditsReturned != 4 {
			s.Errorf("the first one is now %s with %d credits back", old.Status, old.CreditsReturned)
		}
		// The same press twice is one retry; what came out has nothing to retry.
		if twice := web.send("/generations/"+g.ID+"/retry", "key", page.hidden(s, "key"), "catalog_version", page.hidden(s, "catalog_version")); twice.path != again.path {
			s.Errorf("the same press again led to %s", twice.path)
		}
		_, err := ann.Retry(s.Context(), s.key(), id, client.Confirm{})
		refused(s, "retry of a picture", err, kinpict.NotRetryable)
		s.available(ann, 76)
	})
}

// review: the form and the frozen evidence are built in a later step of the
// product; what a reviewer needs must be there from the first day, so this test
// holds that the page details and the payment context are kept and lead to one
// another without the customer having to search.
func TestReview(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		s.fault("block", 1)
		g := s.make(c, s.ask(c, 0))
		s.finish(c, g.ID)
		s.pass(90 * day)
		s.sweep()
		lines := s.statement(c)
		if len(lines) != 3 {
			s.Fatalf("the statement has %d lines, want purchase, charge, return", len(lines))
		}
		web := s.guest()
		web.signIn("ann@example.org", "/")
		page := web.see("/credits")
		for _, l := range lines {
			if l.ID == "" || l.At.IsZero() {
				s.Errorf("a line without an id or a time: %+v", l)
			}
			switch l.Kind {
			case "purchase":
				o, err := c.Checkout(s.Context(), l.Purchase)
				if err != nil || o.Pack != "credits-80" || o.Price.Amount != 1200 || o.Price.Currency != "usd" || o.PaidAt == nil || o.Status != "paid" {
					s.Errorf("the payment behind a line: %+v, %v", o, err)
				}
				if !strings.Contains(page.text, l.Purchase) {
					s.Error("the page does not lead to the payment")
				}
			default:
				kept := s.generation(c, l.Generation)
				if kept.ID != g.ID || kept.Credits != 4 || kept.CreditsReturned != 4 || kept.CatalogVersion != 1 || kept.Failure == nil || kept.Instruction == "" || len(kept.Photos) != 1 {
					s.Errorf("the picture behind a line: %+v", kept)
				}
				if !strings.Contains(page.text, l.Generation) {
					s.Error("the page does not lead to the picture")
				}
			}
		}
	})
}

// live-pricing
func TestLivePricing(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.rich("ann")
		web := s.guest()
		web.signIn("ann@example.org", "/create")
		req := s.ask(ann, 0)
		req.CatalogVersion = 1
		tool := web.see("/create")
		open := s.order(ann, "credits-280")

		s.apply(now, func(b *kinpict.Catalog) {
			rate("standard", 6)(b)
			b.Packs[1] = kinpict.Pack{ID: "credits-280", Credits: 250, Prices: []kinpict.Money{{Amount: 3900, Currency: "usd"}}}
			b.Guest.Previews = 3
		})
		book, err := ann.Catalog(s.Context())
		if err != nil || book.Version != 2 || book.Qualities[0].Credits != 6 || book.Packs[1].Price.Amount != 3900 || book.Guest.Previews != 3 {
			s.Fatalf("the API's catalog is %+v, %v", book, err)
		}
		web.see("/pricing").holds(s, "6 credits", "$39", "250 credits")
		web.see("/policies/credits").holds(s, "6 credits", "250")
		web.see("/create").holds(s, "6 credits")

		// Dearer: asked again, nothing taken, nothing lost.
		_, err = ann.Generate(s.Context(), s.key(), req)
		refused(s, "the price of before", err, kinpict.PriceChanged)
		if m, _ := client.Members[client.PriceChange](err); m.ShownCredits != 4 || m.Credits != 6 || m.CatalogVersion != 2 {
			s.Errorf("the refusal says %+v", m)
		}
		p := web.send("/create", "do", "make", "key", tool.hidden(s, "key"), "catalog_version", tool.hidden(s, "catalog_version"), "scenario", "gallery",
			"quality", "standard", "consent", "yes", "instruction", "By the sea.", "photo", req.Photos[0].ID)
		if p.status != 409 || !strings.Contains(p.text, req.Photos[0].ID) {
			s.Errorf("the form of before is answered %d", p.status)
		}
		p.holds(s, "By the sea.", "6 credits")
		_, err = ann.Buy(s.Context(), s.key(), client.Order{Pack: "credits-280", CatalogVersion: 1})
		refused(s, "the pack of before", err, kinpict.PriceChanged)
		s.available(ann, 80)
		req.CatalogVersion = 2
		s.make(ann, req)
		s.available(ann, 74)
		// A checkout that was open keeps what it said.
		s.outcome(open, "paid")
		s.available(ann, 354)

		// Cheaper: applies by itself. To come: not before its time.
		s.apply(now, rate("standard", 3))
		if g := s.make(ann, req); g.Credits != 3 {
			s.Errorf("shown 6, costs 3, took %d", g.Credits)
		}
		s.apply(s.app.Studio.Now().Add(time.Hour), rate("standard", 8))
		if g := s.make(ann, req); g.Credits != 3 {
			s.Errorf("an hour before it costs 8 it took %d, want 3", g.Credits)
		}
		s.pass(time.Hour + time.Second)
		_, err = ann.Generate(s.Context(), s.key(), req)
		refused(s, "an hour later", err, kinpict.PriceChanged)
		s.sweep() // nobody drew, so all three come back, each at its own price
		s.available(ann, 360)
	})
}
