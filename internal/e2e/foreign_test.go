package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
)

// Every route of openapi.json that takes an id, asked for what belongs to
// somebody else: it is not there, and nothing tells it from what never was.
func TestForeignIDs(t *testing.T) {
	each(t, func(s *stack) {
		ann, ben := s.rich("ann"), s.rich("ben")
		req := s.ask(ann, 0)
		made := s.finish(ann, s.make(ann, req).ID)
		s.fault("block", 1)
		failed := s.finish(ann, s.make(ann, req).ID)
		queued := s.make(ann, req)
		order := s.order(ann, "credits-80")
		cleo := s.person("cleo")
		_, err := cleo.Generate(s.Context(), s.key(), s.ask(cleo, 1))
		short, _ := client.Members[client.Shortfall](err)
		link, err := ann.Share(s.Context(), "", made.ID, 0)
		if err != nil {
			s.Fatal(err)
		}
		review, err := ann.FileReview(s.Context(), s.key(), client.Report{Message: "The balance does not look right to me."})
		if err != nil {
			s.Fatal(err)
		}
		ids := map[string][]string{"reviews": {review.ID}, "staff": {review.ID, order.ID, short.HeldRequest.ID}, "shares": {link.ID}, "generations": {made.ID, failed.ID, queued.ID}, "photos": {req.Photos[0].ID}, "checkouts": {order.ID}, "held-requests": {short.HeldRequest.ID}}

		web := s.guest()
		guest := web.api()
		s.ask(guest, 2) // so that the cookie is somebody's
		routes := s.routes()
		if len(routes) < 10 {
			s.Fatalf("only %d routes with an id", len(routes))
		}
		for _, r := range routes {
			noun := strings.Split(strings.TrimPrefix(r.path, "/api/v1/"), "/")[0]
			if noun == "deletions" {
				continue // a receipt is for whoever knows its id: whose it was is gone, and it names nobody
			}
			if len(ids[noun]) == 0 {
				s.Errorf("%s %s: this test has nothing to ask for", r.method, r.path)
			}
			for _, id := range ids[noun] {
				for who, c := range map[string]*client.Client{"another account": ben, "a guest": guest} {
					own := func(id string) *client.Reply {
						s.Helper()
						var body any
						if r.body {
							if body = bodies[r.path[strings.LastIndex(r.path, "/")+1:]]; body == nil {
								body = map[string]any{}
							}
						}
						// Somebody else's event stream would not end.
						ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
						defer cancel()
						reply, _ := c.Call(ctx, r.method, strings.Replace(r.path, "{id}", id, 1), s.key(), body, nil)
						if reply == nil {
							s.Fatalf("%s %s of %s for %s: no answer that ends", r.method, r.path, id, who)
						}
						return reply
					}
					nobody := id[:4] + strings.Repeat("0", len(id)-4)
					theirs, nobodys := own(id), own(nobody)
					want := http.StatusNotFound
					if noun == "staff" {
						want = http.StatusForbidden
					}
					if who == "a guest" && !r.guests {
						want = http.StatusUnauthorized
					}
					if theirs.Status != want {
						s.Errorf("%s %s of somebody else's %s for %s: %d, want %d", r.method, r.path, id, who, theirs.Status, want)
					}
					if strings.ReplaceAll(string(theirs.Body), id, nobody) != string(nobodys.Body) {
						s.Errorf("%s %s tells somebody else's from nobody's:\n%s%s", r.method, r.path, theirs.Body, nobodys.Body)
					}
				}
			}
		}

		// Ids inside a body are no way in either.
		for who, call := range map[string]func() error{
			"another account's picture": func() error { _, err := ben.Generate(s.Context(), s.key(), req); return err },
			"another account's preview": func() error { _, err := ben.Preview(s.Context(), s.key(), req); return err },
			"a guest's preview":         func() error { _, err := guest.Preview(s.Context(), s.key(), req); return err },
		} {
			refused(s, who+" from ann's photo", call(), kinpict.Invalid)
		}

		// The same on the site.
		other := s.guest()
		other.signIn("ben@example.org", "/")
		for _, b := range []*browser{other, web} {
			for _, path := range []string{"/generations/" + made.ID, "/generations/" + made.ID + "/compare", "/create?from=" + made.ID} {
				if p := b.open(path); p.status != http.StatusNotFound {
					s.Errorf("GET %s is answered %d, want 404", path, p.status)
				}
			}
			for _, path := range []string{"/generations/" + queued.ID + "/cancel", "/generations/" + failed.ID + "/retry", "/generations/" + made.ID + "/favourite",
				"/generations/" + made.ID + "/shares", "/generations/" + made.ID + "/delete", "/generations/" + failed.ID + "/delete", "/shares/" + link.ID + "/revoke"} {
				if p := b.send(path, "key", s.key()); p.status != http.StatusNotFound {
					s.Errorf("POST %s is answered %d, want 404", path, p.status)
				}
			}
			b.send("/create/photos/"+req.Photos[0].ID+"/delete", "scenario", "gallery")
		}
		for _, path := range []string{short.HeldRequest.URL, "/checkout/return?id=" + order.ID, "/create?held=" + short.HeldRequest.ID} {
			if p := other.open(path); p.status != http.StatusNotFound {
				s.Errorf("GET %s is answered %d, want 404", path, p.status)
			}
		}

		// And nothing happened to any of it.
		if g := s.generation(ann, queued.ID); g.Status != kinpict.Queued {
			s.Errorf("ann's picture is now %s", g.Status)
		}
		if _, err := ann.Photo(s.Context(), req.Photos[0].ID); err != nil {
			s.Errorf("ann's photo: %v", err)
		}
		if g := s.generation(ann, made.ID); g.Favourite || g.Image == nil {
			s.Errorf("ann's finished picture is now %+v", g)
		}
		if list, err := ann.Shares(s.Context(), made.ID); err != nil || len(list.Items) != 1 || list.Items[0].ID != link.ID {
			s.Errorf("ann's links are %+v, %v", list, err)
		}
		if h, err := cleo.HeldRequest(s.Context(), short.HeldRequest.ID); err != nil || h.State != "credits" {
			s.Errorf("cleo's request that waits is now %+v, %v", h, err)
		}
		s.available(ann, 72)
		s.available(ben, 80)
	})
}

// bodies are what calls take that take more than nothing.
var bodies = map[string]any{"answer": client.ReviewReply{Text: "It is right."}, "close": client.Ending{Reason: "It is right."},
	"refunds": client.RefundOrder{Reason: "It is right."}}

type route struct {
	method, path string
	body         bool
	guests       bool // not for accounts alone
}

// routes lists the routes with an id that openapi.json describes.
func (s *stack) routes() []route {
	s.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody json.RawMessage `json:"requestBody"`
			Security    []map[string]any
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(s.guest().see("/openapi.json").text), &doc); err != nil {
		s.Fatal(err)
	}
	var out []route
	for path, methods := range doc.Paths {
		if !regexp.MustCompile(`\{id\}`).MatchString(path) {
			continue
		}
		for method, op := range methods {
			if method = strings.ToUpper(method); method == "GET" || method == "POST" || method == "DELETE" || method == "PUT" {
				out = append(out, route{method, path, len(op.RequestBody) > 0, slices.ContainsFunc(op.Security, func(s map[string]any) bool { return s["guest"] != nil })})
			}
		}
	}
	return out
}
