package web_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kinpict/internal/web"
)

// from posts a share as a browser does that says so much of where it comes from.
func (b *browser) from(site, origin string, files ...[]byte) page {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, f := range files {
		w, err := m.CreateFormFile("photos", "IMG_1.jpg")
		if err != nil {
			b.Fatal(err)
		}
		w.Write(f)
	}
	m.Close()
	r, err := http.NewRequest("POST", b.url+web.SharePath, &body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	for k, v := range map[string]string{"Sec-Fetch-Site": site, "Origin": origin} {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	return b.answer(r)
}

func cards(p page) int {
	return len(regexp.MustCompile(`<li class="pcard"[^>]* data-id="pho_`).FindAllString(p.text, -1))
}

// The system's share sheet sends a form of its own accord, or in the name of the
// site; another site cannot.
func TestOnlyTheSystemShares(t *testing.T) {
	h := open(t)
	const evil = "https://evil.example"
	for _, c := range []struct {
		name, site, origin string
		status             int
	}{
		{"the system, in nobody's name", "none", "null", 303},
		{"the system, in the site's name", "same-origin", h.url, 303},
		{"the system, without an origin", "none", "", 303},
		{"another site", "cross-site", evil, 403},
		{"another site without a name", "cross-site", "null", 403},
		{"another site that claims to be us", "cross-site", h.url, 403},
		{"another host of the domain", "same-site", "https://www.kinpict.example", 403},
		{"an old browser on another site", "", evil, 403},
		{"an old browser that does not say", "", "", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			ann := h.browser()
			ann.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create") // so that there is a cookie to abuse
			p := ann.from(c.site, c.origin, snapshot(t, 2)).want(t, c.status)
			want := 1
			if c.status == 303 {
				p.to(t, "/create")
				want = 2
			}
			if n := cards(ann.get("/create")); n != want {
				t.Errorf("%d photos are in the draft, want %d", n, want)
			}
		})
	}
}

// What is shared goes the way of every other photo, and beside what was there.
func TestSharedPhotosJoinTheDraft(t *testing.T) {
	h := open(t)
	for _, who := range []string{"a guest", "somebody signed in"} {
		t.Run(who, func(t *testing.T) {
			ann := h.browser()
			if who != "a guest" {
				ann.signIn("ann@example.com")
			}
			share := func(files ...[]byte) page { return ann.from("none", "null", files...) }
			share(snapshot(t, 1)).to(t, "/create")
			f := ann.get("/create").want(t, 200).form(t)
			f.Set("instruction", "At the lake")
			ann.post("/create/draft", f).want(t, 204)
			share(snapshot(t, 2), snapshot(t, 3)).to(t, "/create")
			share(snapshot(t, 3)).to(t, "/create")
			p := ann.get("/create").want(t, 200, "At the lake")
			if cards(p) != 3 {
				t.Errorf("%d photos are in the draft, want 3, each once", cards(p))
			}
			if strings.Contains(p.text, `name="consent" value="yes" checked`) {
				t.Error("the word about everyone in the photos is held to be given for those that came later")
			}
			for _, c := range []struct {
				name   string
				files  [][]byte
				status int
				says   string
				photos int
			}{
				{"nothing", nil, 422, "No photo came with what was shared.", 3},
				{"no photo", [][]byte{[]byte("%PDF-1.7 a document")}, 422, "photo", 3},
				{"one good and one bad", [][]byte{snapshot(t, 4), []byte("%PDF-1.7 a document")}, 422, "photo", 4},
				{"too large", [][]byte{bytes.Repeat([]byte{0xff}, 20<<20+1)}, 413, "larger than 20", 4},
				{"more than a picture takes", [][]byte{snapshot(t, 5), snapshot(t, 6), snapshot(t, 7), snapshot(t, 8), snapshot(t, 9)}, 422, "up to 8 photos", 8},
			} {
				p := share(c.files...).want(t, c.status, c.says, "At the lake", `id="tool"`)
				if cards(p) != c.photos {
					t.Errorf("%s: %d photos are in the draft, want %d", c.name, cards(p), c.photos)
				}
			}
		})
	}
}

func TestManifestMakesItInstallable(t *testing.T) {
	b := open(t).browser()
	p := b.get("/manifest.webmanifest").want(t, 200)
	if p.Header.Get("Content-Type") != "application/manifest+json" || p.Header.Get("Vary") == "" {
		t.Errorf("it is sent with %v", p.Header)
	}
	var m struct {
		ID, Name, Display, Scope string
		StartURL                 string `json:"start_url"`
		Icons                    []struct{ Src, Sizes, Type, Purpose string }
		Shortcuts                []struct{ Name, URL string }
		ShareTarget              struct {
			Action, Method, Enctype string
			Params                  struct {
				Files []struct {
					Name   string
					Accept []string
				}
			}
		} `json:"share_target"`
	}
	if err := json.Unmarshal([]byte(p.text), &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != "/" || m.StartURL != "/" || m.Scope != "/" || m.Display != "standalone" || m.Name == "" {
		t.Errorf("it says %+v", m)
	}
	have := map[string]bool{}
	for _, i := range m.Icons {
		have[i.Sizes+" "+i.Purpose] = true
		if res := b.get(i.Src).want(t, 200); res.Header.Get("Content-Type") != i.Type {
			t.Errorf("%s is %s, and said to be %s", i.Src, res.Header.Get("Content-Type"), i.Type)
		}
	}
	for _, want := range []string{"192x192 any", "512x512 any", "192x192 maskable", "512x512 maskable"} {
		if !have[want] {
			t.Errorf("there is no icon %s", want)
		}
	}
	for _, s := range m.Shortcuts {
		if p := b.get(s.URL); p.StatusCode != 200 && p.StatusCode != 303 {
			t.Errorf("the shortcut %s leads to %d", s.Name, p.StatusCode)
		}
	}
	if s := m.ShareTarget; s.Action != web.SharePath || s.Method != "POST" || s.Enctype != "multipart/form-data" ||
		len(s.Params.Files) != 1 || s.Params.Files[0].Name != "photos" || len(s.Params.Files[0].Accept) == 0 {
		t.Errorf("photos are taken by %+v", s)
	}
}

// The worker is asked for anew at each visit, answers for the whole site, and
// names nothing to keep but hashed files and the offline page.
func TestWorkerIsServedToAnswerForTheSite(t *testing.T) {
	b := open(t).browser()
	p := b.get("/sw.js").want(t, 200)
	for k, want := range map[string]string{"Cache-Control": "no-cache", "Content-Type": "text/javascript; charset=utf-8"} {
		if got := p.Header.Get(k); got != want {
			t.Errorf("%s is %q, want %q", k, got, want)
		}
	}
	if strings.Contains(p.text, "{{") || len(p.text) > 2<<10 {
		t.Errorf("it is %d bytes:\n%s", len(p.text), p.text)
	}
	for _, m := range regexp.MustCompile("[\"'`](/[a-zA-Z0-9/._-]+)[\"'`]").FindAllStringSubmatch(p.text, -1) {
		if path := m[1]; path == "/api/" || strings.HasSuffix(path, "/") {
			continue
		} else if !strings.HasPrefix(path, "/a/") && path != "/offline" {
			t.Errorf("it names %s", path)
		} else {
			b.get(path).want(t, 200)
		}
	}
	b.signIn("ann@example.com")
	off := b.get("/offline").want(t, 200, "You are offline", "Nothing was taken.")
	if strings.Contains(off.text, "ann@example.com") || strings.Contains(off.text, "credits<") {
		t.Error("the offline page knows who asked for it")
	}
}
