package e2e

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/config"
	"kinpict/internal/store/storetest"
)

// guarded runs f on a product where a person reads words that can be read two ways.
func guarded(t *testing.T, f func(s *stack)) {
	t.Helper()
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f(newStack(t, kind, func(c *config.Config) { c.SafetyHold = "on" }))
		})
	}
}

// staff signs up somebody who reads and decides.
func (s *stack) staff(name string) *client.Client {
	s.Helper()
	if _, err := s.app.People.CreateAccount(s.Context(), name+"@example.org", kinpict.Support); err != nil {
		s.Fatal(err)
	}
	return s.token(name + "@example.org")
}

const twoReadings = "Grandpa and the coffin he built"

// waits sends a request that has to wait for a person, and returns where it waits.
func (s *stack) waits(c *client.Client, req client.Request) client.HeldRequest {
	s.Helper()
	_, err := c.Generate(s.Context(), s.key(), req)
	refused(s, "words with two readings", err, kinpict.HeldForReview)
	m, ok := client.Members[client.Reading](err)
	if !ok || m.HeldRequest.ID == "" {
		s.Fatalf("the refusal names no request: %v", err)
	}
	return m.HeldRequest
}

// From the press on the site to the picture, in German, with everything that is
// told on the way.
func TestHoldFromThePressToThePicture(t *testing.T) {
	guarded(t, func(s *stack) {
		ann, sue := s.rich("ann"), s.staff("sue")
		web := s.guest()
		web.signIn("ann@example.org", "/create")
		web.send("/prefs/language", "language", "de", "back", "/create")
		req := s.ask(ann, 0)
		press := []string{"do", "make", "key", s.key(), "scenario", "gallery", "quality", "standard", "consent", "yes", "catalog_version", "1",
			"instruction", twoReadings, "photo", req.Photos[0].ID, "label-" + req.Photos[0].ID, "Ann"}
		p := web.send("/create", press...)
		if !strings.HasPrefix(p.path, "/held/hld_") || p.status != http.StatusOK {
			s.Fatalf("the press led to %s, %d\n%s", p.path, p.status, p.words())
		}
		held := p.path
		p.holds(s, "Ein Mensch sieht sich das an", "coffin", "Niemand öffnet dafür deine Fotos.", "Bisher genommen 0 Credits", "Auftrag zurücknehmen")
		if again := web.send("/create", press...); again.path != held {
			s.Errorf("the same press again led to %s", again.path)
		}
		web.see("/generations").holds(s, "Ein Mensch sieht sich das an")
		s.available(ann, 80)
		if lines := s.statement(ann); len(lines) != 1 {
			s.Errorf("the statement has %d lines, want the purchase alone", len(lines))
		}

		page, err := sue.StaffHolds(s.Context(), "", "", 0)
		if err != nil || len(page.Items) != 1 || page.Items[0].Instruction != twoReadings || len(page.Items[0].People) != 1 {
			s.Fatalf("staff see %+v, %v", page, err)
		}
		// Reading words opens no photo: they are as hidden from staff as from anybody.
		_, err = sue.Photo(s.Context(), req.Photos[0].ID)
		refused(s, "staff look at a photo", err, kinpict.NotFound)
		if _, err := sue.ApproveHold(s.Context(), page.Items[0].ID, client.Verdict{Note: "Schöne Idee"}); err != nil {
			s.Fatal(err)
		}
		web.see("/outbox").holds(s, "Mit deinem Bild kann es weitergehen", held)
		p = web.see(held)
		p.holds(s, "Es kann weitergehen", "Schöne Idee", "Bild machen, 4 Credits")
		made := web.send(held, "catalog_version", p.hidden(s, "catalog_version"))
		id, ok := strings.CutPrefix(made.path, "/generations/")
		if !ok {
			s.Fatalf("one press led to %s\n%s", made.path, made.words())
		}
		if again := web.send(held, "catalog_version", "1"); again.path != made.path {
			s.Errorf("a second press led to %s", again.path)
		}
		s.available(ann, 76)
		if g := s.finish(ann, id); g.Status != kinpict.Succeeded || g.Instruction != twoReadings {
			s.Errorf("the picture is %+v", g)
		}
		s.available(ann, 76)
	})
}

// One press in many places, and everybody who may end the wait, at once.
func TestHoldAtOnce(t *testing.T) {
	guarded(t, func(s *stack) {
		ann, sue, tom := s.rich("ann"), s.staff("sue"), s.staff("tom")
		req := s.ask(ann, 0)
		req.Instruction = twoReadings
		var mu sync.Mutex
		held := map[string]int{}
		atOnce(30, func(int) {
			_, err := ann.Generate(s.Context(), s.key(), req)
			m, _ := client.Members[client.Reading](err)
			mu.Lock()
			defer mu.Unlock()
			held[m.HeldRequest.ID]++
		})
		if len(held) != 1 {
			s.Fatalf("thirty presses wait as %v", held)
		}
		pictures := kinpict.Credits(0)
		for round := range 4 {
			again := req
			again.Instruction += strings.Repeat(" again", round)
			id := s.waits(ann, again).ID
			codes := map[string]map[kinpict.Code]int{}
			atOnce(20, func(i int) {
				var what string
				var err error
				switch i % 5 {
				case 0:
					what = "approve"
					_, err = sue.ApproveHold(s.Context(), id, client.Verdict{})
				case 1:
					what = "refuse"
					_, err = tom.RefuseHold(s.Context(), id, client.Verdict{})
				case 2:
					what = "withdraw"
					err = ann.Withdraw(s.Context(), id)
				default:
					what = "resume"
					_, _, err = ann.Resume(s.Context(), id, client.Confirm{})
				}
				mu.Lock()
				defer mu.Unlock()
				if codes[what] == nil {
					codes[what] = map[kinpict.Code]int{}
				}
				codes[what][kinpict.CodeOf(err)]++
			})
			if codes["approve"][""]+codes["refuse"][""] > 1 || codes["withdraw"][""] > 1 {
				s.Errorf("round %d: more than one was first: %v", round, codes)
			}
			if codes["resume"][""] > 0 {
				pictures++
				if codes["approve"][""] != 1 || codes["withdraw"][""] != 0 {
					s.Errorf("round %d: a picture of what was not approved, or was taken back: %v", round, codes)
				}
			}
			for what, list := range codes {
				for code, n := range list {
					if code == kinpict.Internal {
						s.Errorf("round %d: %s failed %d times", round, what, n)
					}
				}
			}
			_ = ann.Withdraw(s.Context(), id) // for the next round, if it still waits
			s.available(ann, 80-4*pictures)
		}
	})
}

// What somebody else's held request shows to a stranger: that it is not there.
func TestHoldOfSomebodyElse(t *testing.T) {
	guarded(t, func(s *stack) {
		ann, ben := s.rich("ann"), s.rich("ben")
		req := s.ask(ann, 0)
		req.Instruction = twoReadings
		h := s.waits(ann, req)
		for _, r := range s.routes() {
			if !strings.Contains(r.path, "/held-requests/") && !strings.Contains(r.path, "/staff/holds/") {
				continue
			}
			want := kinpict.NotFound
			if strings.Contains(r.path, "/staff/") {
				want = kinpict.Forbidden
			}
			var body any
			if r.body {
				body = map[string]any{}
			}
			reply, err := ben.Call(s.Context(), r.method, strings.Replace(r.path, "{id}", h.ID, 1), "", body, nil)
			refused(s, r.method+" "+r.path, err, want)
			nobody := h.ID[:4] + strings.Repeat("0", len(h.ID)-4)
			nobodys, _ := ben.Call(s.Context(), r.method, strings.Replace(r.path, "{id}", nobody, 1), "", body, nil)
			if strings.ReplaceAll(string(reply.Body), h.ID, nobody) != string(nobodys.Body) {
				s.Errorf("%s %s tells somebody else's from nobody's:\n%s%s", r.method, r.path, reply.Body, nobodys.Body)
			}
		}
		web := s.guest()
		web.signIn("ben@example.org", "/")
		for _, p := range []page{web.open(h.URL), web.send(h.URL), web.send(h.URL + "/withdraw"), web.open("/create?held=" + h.ID)} {
			if p.status != http.StatusNotFound || strings.Contains(p.text, "coffin") {
				s.Errorf("%s is answered %d", p.path, p.status)
			}
		}
		if mine, err := ann.HeldRequest(s.Context(), h.ID); err != nil || mine.State != "looking" {
			s.Errorf("ann's request is now %+v, %v", mine, err)
		}
	})
}

// A person takes everything along, and leaves while their words are read.
func TestHoldWhileItsOwnerLeaves(t *testing.T) {
	guarded(t, func(s *stack) {
		ann, sue := s.rich("ann"), s.staff("sue")
		req := s.ask(ann, 0)
		req.Instruction = twoReadings
		h := s.waits(ann, req)
		other := req
		other.Instruction += ", again"
		decided := s.waits(ann, other)
		if _, err := sue.RefuseHold(s.Context(), decided.ID, client.Verdict{Note: "Not with a coffin"}); err != nil {
			s.Fatal(err)
		}
		archive, err := ann.Export(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err := errors.Join(err, archive.Close()); err != nil {
			s.Fatal(err)
		}
		text := unzipped(s, data, "held-requests.json")
		for _, want := range []string{h.ID, decided.ID, `"decision": ?"refused"`, "Not with a coffin", `"reason": ?"safety"`} {
			if !regexp.MustCompile(want).MatchString(text) {
				s.Errorf("what ann takes along does not hold %s:\n%s", want, text)
			}
		}
		if strings.Contains(text, "decided_by") {
			s.Errorf("it names who decided:\n%s", text)
		}
		if _, err := ann.DeleteAccount(s.Context(), client.Farewell{Address: "ann@example.org", Credits: 80}); err != nil {
			s.Fatal(err)
		}
		for _, id := range []string{h.ID, decided.ID} {
			_, err := sue.StaffHold(s.Context(), id)
			e := refused(s, "reading of who is gone", err, kinpict.NotFound)
			if !strings.Contains(e.Hint, "its owner is gone") {
				s.Errorf("staff are told %q", e.Hint)
			}
			_, err = sue.ApproveHold(s.Context(), id, client.Verdict{})
			refused(s, "deciding about who is gone", err, kinpict.NotFound)
		}
		if page, err := sue.StaffHolds(s.Context(), "", "", 0); err != nil || len(page.Items) != 0 {
			s.Errorf("the queue holds %+v, %v", page, err)
		}
	})
}

// unzipped is one file of an archive, wherever in it.
func unzipped(s *stack, archive []byte, name string) string {
	s.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		s.Fatal(err)
	}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			s.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			s.Fatal(err)
		}
		return string(text)
	}
	s.Fatalf("the archive has no %s", name)
	return ""
}
