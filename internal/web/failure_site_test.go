package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/store"
	"kinpict/internal/web"
)

// refusedPage wants an answer to be a whole page that leads on.
func refusedPage(t *testing.T, name string, p page, status int, says ...string) {
	t.Helper()
	if p.StatusCode != status {
		t.Errorf("%s: answered %d, want %d:\n%s", name, p.StatusCode, status, p.text)
		return
	}
	if kind := p.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
		t.Errorf("%s: answered with %s: %.100s", name, kind, p.text)
	}
	for _, want := range append(says, "<h1>", "</html>", "<a ") {
		if !strings.Contains(p.text, want) {
			t.Errorf("%s: the page does not say %q", name, want)
		}
	}
}

// Where a page may be shown, a failure is one, from the edge too.
func TestFailuresArePages(t *testing.T) {
	b := open(t).browser()
	b.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
	many := strings.Repeat("a=b&", 2000)
	const nothing = "Nothing was changed, and nothing was taken."
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, path, kind, body string
		status                         int
		says                           string
	}{
		{"no such page", "GET", "/nowhere", "", "", 404, "Your pictures and your credits are where you left them."},
		{"another method", "PUT", "/pricing", "", "", 405, nothing},
		{"an address of strange bytes", "GET", "/scenarios/%ff", "", "", 400, nothing},
		{"a form that is no form", "POST", "/create", "multipart/form-data; boundary=x", "nonsense", 400, nothing},
		{"a form without a boundary", "POST", "/create/photos", "multipart/form-data", "nonsense", 400, nothing},
		{"a form that cannot be decoded", "POST", "/help/balance", form, "message=%zz", 400, nothing},
		{"too many fields", "POST", "/help/balance", form, many, 413, "What you saved before is still there."},
		{"a very long form", "POST", "/help/balance", form, "message=" + strings.Repeat("a", 300<<10), 413, "What you saved before is still there."},
		{"a kind of file nobody reads", "POST", "/verify", "application/json", "{}", 415, nothing},
	} {
		refusedPage(t, c.name, b.do(c.method, c.path, c.kind, strings.NewReader(c.body)), c.status, c.says)
	}
	r, err := http.NewRequest("POST", b.url+"/create", strings.NewReader("instruction=Never+said+here"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	p := b.answer(r)
	refusedPage(t, "another site", p, 403, nothing)
	if strings.Contains(p.text, "Never said here") {
		t.Error("what another site sent is shown as ours")
	}
}

// A page of ours is shown when the store is gone, or what asks it breaks: without
// whom it does not know, and with the words that were sent.
func TestFailuresOfOursHaveAPage(t *testing.T) {
	gone, err := store.Open(t.Context(), store.Config{URL: filepath.Join(t.TempDir(), "gone.db"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		set  func(*web.Site)
	}{
		{"no price book can be read", func(s *web.Site) { s.Shop = &billing.Shop{DB: gone} }},
		{"sessions cannot be read", func(s *web.Site) {
			s.Identity.Session = func(context.Context, string) (kinpict.Caller, error) {
				return kinpict.Caller{}, errors.New("hunter2: the store is gone")
			}
		}},
		{"reading sessions breaks", func(s *web.Site) {
			s.Identity.Session = func(context.Context, string) (kinpict.Caller, error) { panic("hunter2") }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, c.set).browser()
			u, err := url.Parse(b.url)
			if err != nil {
				t.Fatal(err)
			}
			b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "kp_s", Value: "x"}, {Name: "kp_theme", Value: "dark"}})
			p := b.get("/pricing?currency=eur")
			refusedPage(t, "a page", p, 500, "Something went wrong on our side", "Credits of a picture that does not come out come back by themselves.", "Reference", "req",
				`href="/pricing?currency=eur"`, `data-theme="dark"`)
			if strings.Contains(p.text, "hunter2") {
				t.Error("the page tells what broke")
			}
			r, err := http.NewRequest("POST", b.url+"/create", strings.NewReader(url.Values{"instruction": {"Nana’s eightieth"}, "scenario": {"beach"}, "do": {"make"}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Referer": b.url + "/create"} {
				r.Header.Set(k, v)
			}
			refusedPage(t, "a form", b.answer(r), 500, "What you wrote", "Nana’s eightieth</textarea>", `href="/create"`)
		})
	}
}

// What breaks while a failure looks up who asks is in the log, also where nothing
// had gone wrong before.
func TestAFailureWithinAFailureIsLogged(t *testing.T) {
	h := open(t, func(s *web.Site) {
		s.Identity.Session = func(context.Context, string) (kinpict.Caller, error) { panic("hunter2") }
	})
	b := h.browser()
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "kp_s", Value: "x"}})
	refusedPage(t, "no such page", b.get("/nowhere"), 404)
	if log := h.log.String(); !strings.Contains(log, "hunter2") || !strings.Contains(log, "failure_site_test.go") {
		t.Errorf("the log does not say where it broke: %s", log)
	}
}
