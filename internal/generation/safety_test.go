package generation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/generation"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var (
	staff = kinpict.Caller{AccountID: "acc_staff", Role: kinpict.Support}
	chief = kinpict.Caller{AccountID: "acc_chief", Role: kinpict.Operator}
)

// doubtful is a request whose words can be read two ways.
func (r *room) doubtful() kinpict.Request {
	req := r.request()
	req.Instruction = "Grandpa and the coffin he built"
	return req
}

// heldBy is the held request an error names, and where that stands.
func heldBy(t *testing.T, what string, err error) (id, state string) {
	t.Helper()
	var e *kinpict.Error
	if !errors.As(err, &e) || e.Code != kinpict.HeldForReview {
		t.Fatalf("%s: %v, want %s", what, err, kinpict.HeldForReview)
	}
	m := e.Members["held_request"].(map[string]any)
	return m["id"].(string), m["state"].(string)
}

func (r *room) wantLeft(what string, want kinpict.Credits) {
	r.t.Helper()
	if b := r.balance(); b.Available != want {
		r.t.Errorf("%s: %d credits are left, want %d", what, b.Available, want)
	}
}

func (r *room) wantCode(what string, err error, want kinpict.Code) {
	r.t.Helper()
	if kinpict.CodeOf(err) != want {
		r.t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// guarded is a room where words that can be read two ways are held.
func guarded(t *testing.T, f func(ctx context.Context, r *room)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		r.SafetyHold, r.PublicURL = true, "https://photos.example.org"
		f(context.Background(), r)
	})
}

// The words wait, a person lets them pass, and fifty presses make one picture.
func TestWordsWaitForAPersonAndGoOnOnce(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		in := r.intent("one")
		in.Language = "de"
		_, err := r.Accept(ctx, r.ann, in, r.doubtful())
		id, state := heldBy(r.t, "two readings", err)
		if state != "looking" {
			r.t.Errorf("it stands at %s", state)
		}
		r.wantLeft("while it is looked at", 80)
		if r.once() {
			r.t.Error("something was queued")
		}
		// The key is answered as it was; another key leads to the same request.
		if a, err := r.Accept(ctx, r.ann, in, r.doubtful()); err != nil || a.Replay == nil || a.Replay.Status != 409 || a.Replay.Ref != id {
			r.t.Errorf("the same key again: %+v, %v", a, err)
		}
		_, err = r.Accept(ctx, r.ann, r.intent("two"), r.doubtful())
		if again, _ := heldBy(r.t, "another key", err); again != id {
			r.t.Errorf("another key made %s beside %s", again, id)
		}
		if _, _, err := r.Resume(ctx, r.ann, id, 0); kinpict.CodeOf(err) != kinpict.HeldForReview {
			r.t.Errorf("going on while it is looked at: %v", err)
		}

		list, err := r.Holds(ctx, staff, "", "", 50)
		if err != nil || len(list) != 1 || list[0].ID != id {
			r.t.Fatalf("staff see %+v, %v", list, err)
		}
		doubts := generation.Doubts(list[0].Request)
		if len(doubts) != 1 || doubts[0].Field != "instruction" || doubts[0].Words != "coffin" {
			r.t.Errorf("what is to be read: %+v", doubts)
		}
		r.clock.Advance(store.KeepHeld - time.Second)
		h, err := r.Decide(ctx, staff, id, kinpict.HoldApproved, " Fine. ")
		if err != nil || h.Note != "Fine." || h.DecidedBy != "acc_staff" || h.Decision != kinpict.HoldApproved {
			r.t.Fatalf("approved: %+v, %v", h, err)
		}
		mails := r.outbox()
		if len(mails) != 1 || mails[0].To != "ann@example.org" || mails[0].Subject != "Mit deinem Bild kann es weitergehen" ||
			!strings.Contains(mails[0].Body, "https://photos.example.org/held/"+id) || strings.Contains(mails[0].Body, "Fine.") || strings.Contains(mails[0].Body, "coffin") {
			r.t.Errorf("ann is told %+v", mails)
		}
		// Its time begins anew, and that of its photos.
		r.clock.Advance(store.KeepHeld - time.Second)
		_, err = r.Accept(ctx, r.ann, r.intent("three"), r.doubtful())
		if again, state := heldBy(r.t, "a new press", err); again != id || state != kinpict.HoldApproved {
			r.t.Errorf("a new press leads to %s, %s", again, state)
		}
		r.wantLeft("approved", 80)
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := map[string]int{}
		for range 50 {
			wg.Go(func() {
				g, first, err := r.Resume(ctx, r.ann, id, 0)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					r.t.Errorf("resume: %v", err)
					return
				}
				if made[g.ID] += 0; first {
					made[g.ID]++
				}
			})
		}
		wg.Wait()
		if len(made) != 1 {
			r.t.Fatalf("50 presses made %v", made)
		}
		for id, firsts := range made {
			if firsts != 1 {
				r.t.Errorf("%d presses were the first for %s", firsts, id)
			}
		}
		r.wantLeft("one picture", 76)
		// Keys that were told to wait are told so for ever, and the words need no second reading.
		for _, key := range []string{"one", "two", "three"} {
			if a, err := r.Accept(ctx, r.ann, r.intent(key), r.doubtful()); err != nil || a.Replay == nil || a.Replay.Ref != id {
				r.t.Errorf("key %s: %+v, %v", key, a, err)
			}
		}
		if a, err := r.Accept(ctx, r.ann, r.intent("four"), r.doubtful()); err != nil || a.Generation == nil {
			r.t.Errorf("the same words once more: %+v, %v", a, err)
		}
		r.wantLeft("two pictures", 72)
		other := r.doubtful()
		other.Instruction += ", again"
		_, err = r.Accept(ctx, r.ann, r.intent("five"), other)
		if again, state := heldBy(r.t, "other words", err); again == id || state != "looking" {
			r.t.Errorf("other words passed with %s, %s", again, state)
		}
	})
}

func TestRefusedWordsTakeNothing(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.doubtful())
		id, _ := heldBy(r.t, "two readings", err)
		if _, err := r.Decide(ctx, chief, id, kinpict.HoldRefused, "Not this."); err != nil {
			r.t.Fatal(err)
		}
		_, _, err = r.Resume(ctx, r.ann, id, 0)
		if _, state := heldBy(r.t, "going on with what was refused", err); state != kinpict.HoldRefused {
			r.t.Errorf("it stands at %s", state)
		}
		_, err = r.Accept(ctx, r.ann, r.intent("two"), r.doubtful())
		var e *kinpict.Error
		if again, state := heldBy(r.t, "the same words", err); again != id || state != kinpict.HoldRefused || !errors.As(err, &e) || e.Members["note"] != "Not this." {
			r.t.Errorf("the same words lead to %s, %s: %v", again, state, err)
		}
		// Not even where nobody reads words any more.
		r.SafetyHold = false
		_, _, err = r.Resume(ctx, r.ann, id, 0)
		heldBy(r.t, "refused, and the setting off", err)
		r.SafetyHold = true
		if m := r.outbox(); len(m) != 1 || m[0].Subject != "Your picture is not made as it is worded" || strings.Contains(m[0].Body, "Not this.") {
			r.t.Errorf("ann is told %+v", m)
		}
		r.wantLeft("refused", 80)
		r.update(func(tx *store.Tx) error { // its photos are hers to delete
			_, err := tx.DeletePhoto(r.ann.AccountID, r.photos[0].ID)
			return err
		})
		r.clock.Advance(store.KeepHeld)
		if err := r.Sweep(ctx); err != nil {
			r.t.Fatal(err)
		}
		h, err := r.Hold(ctx, staff, id)
		if err != nil || h.Request.Instruction != "" || h.Note != "" || h.Decision != kinpict.HoldRefused {
			r.t.Errorf("after its time staff see %+v, %v", h, err)
		}
	})
}

func TestWhoDecidesAndOnce(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.doubtful())
		id, _ := heldBy(r.t, "two readings", err)
		own := kinpict.Caller{AccountID: r.ann.AccountID, Role: kinpict.Operator}
		for _, c := range []struct {
			what string
			by   kinpict.Caller
			id   string
			note string
			want kinpict.Code
		}{
			{"a customer", r.ann, id, "", kinpict.Forbidden},
			{"nobody", kinpict.Caller{}, id, "", kinpict.Forbidden},
			{"the owner, who is staff", own, id, "", kinpict.Forbidden},
			{"one that never was", staff, "hld_0", "", kinpict.NotFound},
			{"a note too long", staff, id, strings.Repeat("é", kinpict.MaxHoldNote+1), kinpict.Invalid},
		} {
			_, err := r.Decide(ctx, c.by, c.id, kinpict.HoldApproved, c.note)
			r.wantCode(c.what, err, c.want)
		}
		_, err = r.Holds(ctx, r.ann, "", "", 50)
		r.wantCode("a customer's list", err, kinpict.Forbidden)
		_, err = r.Hold(ctx, r.ann, id)
		r.wantCode("a customer's look", err, kinpict.Forbidden)

		var wg sync.WaitGroup
		var mu sync.Mutex
		won, lost := []string{}, []string{}
		for i, by := range []kinpict.Caller{staff, chief, staff, chief} {
			wg.Go(func() {
				decision := []string{kinpict.HoldApproved, kinpict.HoldRefused}[i%2]
				h, err := r.Decide(ctx, by, id, decision, strings.Repeat("é", kinpict.MaxHoldNote))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, h.DecidedBy+" "+h.Decision)
					return
				}
				r.wantCode("the second", err, kinpict.Conflict)
				lost = append(lost, err.Error())
			})
		}
		wg.Wait()
		if len(won) != 1 || len(lost) != 3 {
			r.t.Fatalf("%v won", won)
		}
		first, verb, _ := strings.Cut(won[0], " ")
		for _, said := range lost {
			if !strings.Contains(said, first+" "+verb+" this request before.") {
				r.t.Errorf("the second is told %q, the first was %s", said, won[0])
			}
		}
		if m := r.outbox(); len(m) != 1 {
			r.t.Errorf("%d mails", len(m))
		}
		// What stands where staff look for it.
		h, err := r.Hold(ctx, chief, id)
		if err != nil || h.DecidedBy != first || h.Decision != verb || h.DecidedAt.IsZero() {
			r.t.Errorf("on record: %+v, %v", h, err)
		}
		if list, err := r.Holds(ctx, chief, verb, "", 50); err != nil || len(list) != 1 {
			r.t.Errorf("listed as %s: %d, %v", verb, len(list), err)
		}
		if n, err := r.HoldsWaiting(ctx); err != nil || n != 0 {
			r.t.Errorf("%d wait still, %v", n, err)
		}
	})
}

func TestHeldWordsAreTakenBack(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.doubtful())
		id, _ := heldBy(r.t, "two readings", err)
		bob := kinpict.Caller{AccountID: "acc_bob", Role: kinpict.Customer}
		r.wantCode("bob takes it back", r.Withdraw(ctx, bob, id), kinpict.NotFound)
		r.wantCode("a guest takes it back", r.Withdraw(ctx, kinpict.Caller{GuestID: "gst_1"}, id), kinpict.Unauthenticated)
		r.update(func(tx *store.Tx) error {
			if _, err := tx.DeletePhoto(r.ann.AccountID, r.photos[0].ID); kinpict.CodeOf(err) != kinpict.Conflict {
				r.t.Errorf("deleting a photo that waits: %v", err)
			}
			return nil
		})
		r.wantCode("ann takes it back", r.Withdraw(ctx, r.ann, id), "")
		r.wantCode("and again", r.Withdraw(ctx, r.ann, id), kinpict.NotFound)
		_, _, err = r.Resume(ctx, r.ann, id, 0)
		r.wantCode("going on with it", err, kinpict.NotFound)
		_, err = r.Decide(ctx, staff, id, kinpict.HoldApproved, "")
		r.wantCode("deciding about it", err, kinpict.NotFound)
		_, err = r.Hold(ctx, staff, id)
		r.wantCode("looking at it", err, kinpict.NotFound)
		if m := r.outbox(); len(m) != 0 {
			r.t.Errorf("ann is told %+v", m)
		}
		r.update(func(tx *store.Tx) error {
			_, err := tx.DeletePhoto(r.ann.AccountID, r.photos[0].ID)
			return err
		})
		r.wantLeft("taken back", 80)

		// One that waits for credits can be taken back, too, and one that went on cannot.
		r.photos = r.photos[1:]
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 79, "test", "test", "") })
		_, err = r.Accept(ctx, r.ann, r.intent("two"), r.request())
		var e *kinpict.Error
		if !errors.As(err, &e) || e.Code != kinpict.InsufficientCredits {
			r.t.Fatalf("1 credit: %v", err)
		}
		short := e.Members["held_request"].(map[string]any)["id"].(string)
		if list, err := r.Waiting(ctx, r.ann); err != nil || len(list) != 1 || list[0].ID != short {
			r.t.Errorf("ann's that wait: %+v, %v", list, err)
		}
		r.wantCode("one that waits for credits", r.Withdraw(ctx, r.ann, short), "")
		r.grant(8)
		_, _, err = r.Resume(ctx, r.ann, short, 0)
		r.wantCode("going on with that", err, kinpict.NotFound)
		r.wantLeft("both taken back", 9)
	})
}

// The last line of defence: a press that read the request before it was taken
// back, or refused, and reaches the database after.
func TestTheDatabaseKeepsWhatIsOverFromGoingOn(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		for i, over := range []func(id string) error{
			func(id string) error { return r.Withdraw(ctx, r.ann, id) },
			func(id string) error { _, err := r.Decide(ctx, staff, id, kinpict.HoldRefused, ""); return err },
		} {
			r.SafetyHold = true
			req := r.doubtful()
			req.Instruction += fmt.Sprint(" ", i)
			_, err := r.Accept(ctx, r.ann, r.intent(fmt.Sprint("key ", i)), req)
			id, _ := heldBy(r.t, "two readings", err)
			r.SafetyHold = false // so that it may go on as it is
			before := r.Engines
			r.Engines = late{func() {
				if err := over(id); err != nil {
					r.t.Error(err)
				}
			}}
			_, _, err = r.Resume(ctx, r.ann, id, 0)
			r.Engines = before
			r.wantCode("too late", err, []kinpict.Code{kinpict.NotFound, kinpict.HeldForReview}[i])
			r.wantLeft("too late", 80)
		}
	})
}

// late is an engine that is asked whether it could draw, and something happens
// at that moment.
type late struct{ meanwhile func() }

func (l late) Available(context.Context) error        { l.meanwhile(); return nil }
func (l late) PreviewAvailable(context.Context) error { return nil }

func (l late) Draw(ctx context.Context, job *engine.Job) (*engine.Picture, string, error) {
	return drawing(nil).Draw(ctx, job)
}

func TestAtMostFiveAreLookedAt(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		ask := func(i int) error {
			req := r.doubtful()
			req.Instruction += fmt.Sprint(" ", i)
			_, err := r.Accept(ctx, r.ann, r.intent(fmt.Sprint("key ", i)), req)
			return err
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[kinpict.Code]int{}
		for i := range 12 {
			wg.Go(func() {
				err := ask(i)
				mu.Lock()
				defer mu.Unlock()
				codes[kinpict.CodeOf(err)]++
			})
		}
		wg.Wait()
		if codes[kinpict.HeldForReview] != generation.MaxLookedAt || codes[kinpict.RateLimited] != 12-generation.MaxLookedAt {
			r.t.Fatalf("twelve at once: %v", codes)
		}
		list, err := r.Holds(ctx, staff, "", "", 50)
		if err != nil || len(list) != generation.MaxLookedAt {
			r.t.Fatalf("staff see %d, %v", len(list), err)
		}
		r.wantCode("one decided", func() error { _, err := r.Decide(ctx, staff, list[0].ID, kinpict.HoldRefused, ""); return err }(), "")
		r.wantCode("a place is free", ask(20), kinpict.HeldForReview)
		r.wantCode("and taken", ask(21), kinpict.RateLimited)
		r.wantCode("taken back", r.Withdraw(ctx, r.ann, list[1].ID), "")
		r.wantCode("free again", ask(21), kinpict.HeldForReview)
		r.wantLeft("all of that", 80)
	})
}

// What else comes along the same road.
func TestEveryWayComesByThePerson(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		// A name beside a photo counts like the words.
		named := r.request()
		named.Photos = append([]kinpict.PhotoUse{}, named.Photos...)
		named.Photos[1].Label = "Coffin"
		_, err := r.Accept(ctx, r.ann, r.intent("label"), named)
		id, _ := heldBy(r.t, "a label", err)
		if h, err := r.Hold(ctx, staff, id); err != nil || generation.Doubts(h.Request)[0].Field != "photos[1].label" {
			r.t.Errorf("staff read %+v, %v", h, err)
		}
		// Words that are refused are refused, whoever would read them.
		bad := r.doubtful()
		bad.Instruction += ", everyone naked"
		_, err = r.Accept(ctx, r.ann, r.intent("bad"), bad)
		r.wantCode("refused words", err, kinpict.ContentNotAllowed)

		// A failed one from before the setting is read when it is tried again, once.
		r.SafetyHold = false
		r.Engines = outcome(engine.Refused)
		a, err := r.Accept(ctx, r.ann, r.intent("before"), r.doubtful())
		if err != nil {
			r.t.Fatal(err)
		}
		r.once()
		r.SafetyHold = true
		if g := r.see(a.Generation.ID); g.Status != kinpict.Failed {
			r.t.Fatalf("it is %s", g.Status)
		}
		_, err = r.Retry(ctx, r.ann, r.intent("retry"), a.Generation.ID, 0)
		id, _ = heldBy(r.t, "a retry", err)
		if _, err := r.Decide(ctx, staff, id, kinpict.HoldApproved, ""); err != nil {
			r.t.Fatal(err)
		}
		g, _, err := r.Resume(ctx, r.ann, id, 0)
		if err != nil {
			r.t.Fatalf("resume: %v", err)
		}
		r.once()
		if g = r.see(g.ID); g.Status != kinpict.Failed {
			r.t.Fatalf("it is %s", g.Status)
		}
		if again, err := r.Retry(ctx, r.ann, r.intent("once more"), g.ID, 0); err != nil || again.Generation == nil {
			r.t.Errorf("trying again what was approved: %+v, %v", again, err)
		}

		// A free preview is refused, and says what would help.
		guest := kinpict.Caller{GuestID: "gst_1", Network: "n"}
		free := r.doubtful()
		free.Photos = r.addPhotos("gst_1", 1)
		for _, c := range []struct {
			by   kinpict.Caller
			req  kinpict.Request
			hint string
		}{{guest, free, "sign in"}, {r.ann, r.doubtful(), "with credits"}} {
			_, err := r.Preview(ctx, c.by, r.intent("free"), c.req)
			var e *kinpict.Error
			if !errors.As(err, &e) || e.Code != kinpict.ContentNotAllowed || !strings.Contains(e.Hint, c.hint) {
				r.t.Errorf("a preview of %s: %v", c.by.Owner(), err)
			}
		}
		p, err := r.Preflight(ctx, r.ann, r.doubtful())
		if err != nil || p.OK || !p.Held || !strings.Contains(p.Findings[len(p.Findings)-1].Help, "A person reads") {
			r.t.Errorf("asked beforehand: %+v, %v", p, err)
		}
		if p, err = r.Preflight(ctx, r.ann, bad); err != nil || p.OK || p.Held {
			r.t.Errorf("asked about refused words: %+v, %v", p, err)
		}
		if p, err = r.Preflight(ctx, r.ann, named); err != nil || p.OK || !p.Held || len(p.Photos[1].Findings) != 1 {
			r.t.Errorf("asked about a label: %+v, %v", p, err)
		}
	})
}

// Credits that are missing, and prices that change, after the words were read.
func TestApprovedWordsStillHaveToBePaid(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.doubtful())
		id, _ := heldBy(r.t, "two readings", err)
		if _, err := r.Decide(ctx, staff, id, kinpict.HoldApproved, ""); err != nil {
			r.t.Fatal(err)
		}
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 79, "test", "test", "") })
		_, _, err = r.Resume(ctx, r.ann, id, 0)
		r.wantCode("1 credit", err, kinpict.InsufficientCredits)
		r.grant(9)
		dear := kinpict.DefaultCatalog()
		for i := range dear.Qualities {
			dear.Qualities[i].Credits++
		}
		r.update(func(tx *store.Tx) error { return tx.PutCatalog(dear, "test", "test") })
		r.clock.Advance(time.Second)
		_, _, err = r.Resume(ctx, r.ann, id, 0)
		r.wantCode("a dearer price", err, kinpict.PriceChanged)
		r.wantLeft("not confirmed", 10)
		var now *kinpict.Catalog
		r.update(func(tx *store.Tx) (err error) { now, err = tx.Catalog(); return err })
		if _, _, err = r.Resume(ctx, r.ann, id, now.Version); err != nil {
			r.t.Errorf("confirmed: %v", err)
		}
		r.wantLeft("confirmed", 5)
	})
}

// A request that waited for credits when the setting came is read before it goes on.
func TestTheSettingComesWhileARequestWaits(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		r.SafetyHold = false
		r.update(func(tx *store.Tx) error { return tx.Take(r.ann.AccountID, "adj_take", 79, "test", "test", "") })
		_, err := r.Accept(ctx, r.ann, r.intent("one"), r.doubtful())
		var e *kinpict.Error
		if !errors.As(err, &e) || e.Code != kinpict.InsufficientCredits {
			r.t.Fatalf("1 credit: %v", err)
		}
		id := e.Members["held_request"].(map[string]any)["id"].(string)
		r.grant(9)
		r.SafetyHold = true
		_, _, err = r.Resume(ctx, r.ann, id, 0)
		if same, state := heldBy(r.t, "going on", err); same != id || state != "looking" {
			r.t.Errorf("it became %s, %s", same, state)
		}
		r.wantLeft("looked at", 10)
		if _, err := r.Decide(ctx, staff, id, kinpict.HoldApproved, ""); err != nil {
			r.t.Fatal(err)
		}
		if _, first, err := r.Resume(ctx, r.ann, id, 0); err != nil || !first {
			r.t.Errorf("approved: %v, %v", first, err)
		}
		r.wantLeft("made", 6)

		// And the other way round: nobody reads any more, so it waits for nobody.
		other := r.doubtful()
		other.Instruction += " again"
		_, err = r.Accept(ctx, r.ann, r.intent("two"), other)
		id, _ = heldBy(r.t, "two readings", err)
		r.SafetyHold = false
		if _, first, err := r.Resume(ctx, r.ann, id, 0); err != nil || !first {
			r.t.Errorf("the setting is off: %v, %v", first, err)
		}
		_, err = r.Decide(ctx, staff, id, kinpict.HoldRefused, "")
		r.wantCode("refused after it went on", err, kinpict.Conflict)
		r.wantLeft("both made", 2)
	})
}

// Nobody comes to read: the person is told once, and nothing is kept of the words.
func TestWordsNobodyReadsInTime(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		in := r.intent("one")
		in.Language = "de"
		_, err := r.Accept(ctx, r.ann, in, r.doubtful())
		id, _ := heldBy(r.t, "two readings", err)
		other := r.doubtful()
		other.Instruction += ", taken back"
		_, err = r.Accept(ctx, r.ann, r.intent("two"), other)
		back, _ := heldBy(r.t, "two readings", err)
		r.wantCode("taken back", r.Withdraw(ctx, r.ann, back), "")
		r.clock.Advance(store.KeepHeld - time.Second)
		r.wantCode("a sweep before its time", r.Sweep(ctx), "")
		if m := r.outbox(); len(m) != 0 {
			r.t.Errorf("told too early: %+v", m)
		}
		r.clock.Advance(time.Second)
		_, err = r.Decide(ctx, staff, id, kinpict.HoldApproved, "")
		r.wantCode("too late", err, kinpict.NotFound)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { r.wantCode("a sweep", r.Sweep(ctx), "") })
		}
		wg.Wait()
		m := r.outbox()
		if len(m) != 1 || m[0].Subject != "Dein Auftrag hat zu lange gewartet" || strings.Contains(m[0].Body, "coffin") || !strings.Contains(m[0].Body, "https://photos.example.org/create") {
			r.t.Errorf("ann is told %+v", m)
		}
		r.update(func(tx *store.Tx) error {
			h, err := tx.AnyHeld(id)
			if err == nil && h.Request.Instruction != "" {
				r.t.Errorf("its words are kept: %+v", h)
			}
			return err
		})
		r.wantLeft("nobody read it", 80)
	})
}

// Asking for the same words under ever new keys leaves so many answers an hour.
func TestOnlySoManyReadingsAreAskedForAnHour(t *testing.T) {
	guarded(t, func(ctx context.Context, r *room) {
		for i := range generation.HoldsAnHour {
			_, err := r.Accept(ctx, r.ann, r.intent(fmt.Sprint("key ", i)), r.doubtful())
			heldBy(r.t, fmt.Sprint("press ", i), err)
		}
		_, err := r.Accept(ctx, r.ann, r.intent("one more"), r.doubtful())
		r.wantCode("one more within the hour", err, kinpict.RateLimited)
		r.clock.Advance(generation.HoldWindow)
		_, err = r.Accept(ctx, r.ann, r.intent("one more"), r.doubtful())
		heldBy(r.t, "an hour later", err)
		r.wantLeft("all that time", 80)
	})
}
