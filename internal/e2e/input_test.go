package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/engine/enginetest"
)

// A wrong is one request nobody should send.
type wrong struct {
	name, path string
	header     map[string]string
	body       string
	status     int // 0: any refusal
	code       kinpict.Code
}

// Bad input gets a problem document a person can act on, never a failure of
// ours; nothing is charged, and what was entered before is still there.
func TestBadInput(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.rich("ann")
		good := s.ask(ann, 0)
		web := s.guest()
		web.signIn("ann@example.org", "/create")
		web.send("/create/draft", "scenario", "gallery", "quality", "standard", "instruction", "Do not lose this.", "photo", good.Photos[0].ID)
		text := func(change func(*client.Request)) string {
			r := good
			r.Photos = slices.Clone(good.Photos)
			change(&r)
			b, err := json.Marshal(r)
			if err != nil {
				s.Fatal(err)
			}
			return string(b)
		}
		fine := text(func(*client.Request) {})
		var table []wrong
		// The same nonsense to every call that takes JSON.
		for _, path := range []string{"/generations", "/previews", "/checkouts", "/generations/gen_x/retry", "/held-requests/hld_x/resume"} {
			table = append(table, malformed("/api/v1"+path)...)
		}
		for _, path := range []string{"/generations", "/previews"} {
			table = append(table, requests("/api/v1"+path, text)...)
		}
		for _, path := range []string{"/generations", "/previews", "/checkouts"} {
			table = append(table,
				wrong{"no key", "/api/v1" + path, map[string]string{"Idempotency-Key": ""}, fine, 400, kinpict.KeyRequired},
				wrong{"a key with a space", "/api/v1" + path, map[string]string{"Idempotency-Key": "a b"}, fine, 422, kinpict.Invalid},
				wrong{"a very long key", "/api/v1" + path, map[string]string{"Idempotency-Key": strings.Repeat("k", 201)}, fine, 422, kinpict.Invalid})
		}
		table = append(table,
			wrong{"a pack that is not sold", "/api/v1/checkouts", nil, `{"pack":"credits-1"}`, 422, kinpict.Invalid},
			wrong{"a currency that is not taken", "/api/v1/checkouts", nil, `{"pack":"credits-80","currency":"xau"}`, 422, kinpict.Invalid},
			wrong{"a price book that never was", "/api/v1/checkouts", nil, `{"pack":"credits-80","catalog_version":99}`, 422, kinpict.Invalid},
			wrong{"a way back to another site", "/api/v1/checkouts", nil, `{"pack":"credits-80","back":"//evil.example"}`, 422, kinpict.Invalid},
			wrong{"no picture to retry", "/api/v1/generations/gen_x/retry", nil, "{}", 404, kinpict.NotFound},
			wrong{"no picture to cancel", "/api/v1/generations/gen_x/cancel", nil, "", 404, kinpict.NotFound},
			wrong{"an id of strange bytes", "/api/v1/generations/%00%ff/cancel", nil, "", 400, ""},
			wrong{"an id without end", "/api/v1/generations/" + strings.Repeat("a", 3000) + "/cancel", nil, "", 404, kinpict.NotFound},
			wrong{"nothing held", "/api/v1/held-requests/hld_x/resume", nil, "{}", 404, kinpict.NotFound},
			wrong{"an unsigned webhook", "/webhooks/sandbox", nil, "{}", 400, ""},
			wrong{"a provider nobody knows", "/webhooks/nobody", nil, "{}", 404, kinpict.NotFound},
			wrong{"a huge webhook", "/webhooks/sandbox", nil, strings.Repeat("x", 2<<20), 413, ""},
		)
		table = append(table, uploads()...)
		for _, w := range table {
			s.reject(ann, w)
		}
		s.available(ann, 80)
		if lines := s.statement(ann); len(lines) != 1 {
			s.Errorf("after %d bad requests the statement has %d lines, want the purchase alone", len(table), len(lines))
		}
		if list, err := ann.Generations(s.Context(), "", 10); err != nil || len(list.Items) != 0 {
			s.Errorf("bad requests made %d pictures, %v", len(list.Items), err)
		}
		if photos, err := ann.Photos(s.Context()); err != nil || len(photos.Items) != 1 || photos.Items[0].ID != good.Photos[0].ID {
			s.Errorf("the photos are now %+v, %v", photos, err)
		}
		p := web.see("/create")
		p.holds(s, "Do not lose this.")
		if !strings.Contains(p.text, good.Photos[0].ID) {
			s.Error("the draft lost its photo")
		}
	})
}

// reject sends one wrong request and looks at the refusal.
func (s *stack) reject(c *client.Client, w wrong) {
	s.Helper()
	name := w.path + ": " + w.name
	if len(name) > 100 {
		name = name[:100]
	}
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+w.path, strings.NewReader(w.body))
	if err != nil {
		s.Fatal(err)
	}
	header := map[string]string{"Authorization": "Bearer " + c.Token, "Content-Type": "application/json", "Idempotency-Key": s.key()}
	maps.Copy(header, w.header)
	for k, v := range header {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	resp, err := c.HTTP.Do(r)
	if err != nil {
		s.Errorf("%s: %v", name, err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Errorf("%s: %v", name, err)
		return
	}
	var p client.Problem
	err = json.Unmarshal(body, &p)
	switch {
	case resp.StatusCode < 400 || resp.StatusCode >= 500 || w.status != 0 && resp.StatusCode != w.status:
		s.Errorf("%s: %d, want %d: %s", name, resp.StatusCode, w.status, body)
	case err != nil || resp.Header.Get("Content-Type") != "application/problem+json":
		s.Errorf("%s: no problem document: %s", name, body)
	case p.Code == "" || p.Detail == "" || w.code != "" && p.Code != w.code:
		s.Errorf("%s: code %q (want %q), detail %q", name, p.Code, w.code, p.Detail)
	case p.Hint == "" && p.Status != http.StatusNotFound && !strings.HasPrefix(w.path, "/webhooks/"):
		// What is not there, and what a provider got wrong, may need no advice.
		s.Errorf("%s: no hint beside %q", name, p.Detail)
	}
}

// malformed is what no call that takes JSON can read.
func malformed(path string) []wrong {
	return []wrong{
		{"half an object", path, nil, `{"quality":`, 400, ""},
		{"two objects", path, nil, `{}{}`, 400, ""},
		{"a list", path, nil, `[]`, 422, kinpict.Invalid},
		{"null", path, nil, `null`, 422, kinpict.Invalid},
		{"a string", path, nil, `"x"`, 422, kinpict.Invalid},
		{"a member twice", path, nil, `{"catalog_version":1,"catalog_version":2}`, 400, ""},
		{"no UTF-8", path, nil, "{\"instruction\":\"\xff\"}", 400, ""},
		{"a well of brackets", path, nil, strings.Repeat(`{"a":`, 5000), 400, ""},
		{"a number beyond numbers", path, nil, `{"catalog_version":1e999}`, 422, kinpict.Invalid},
		{"a negative version", path, nil, `{"catalog_version":-1}`, 422, kinpict.Invalid},
		{"too much", path, nil, `{"instruction":"` + strings.Repeat("x", 100<<10) + `"}`, 413, ""},
		{"another type", path, map[string]string{"Content-Type": "text/plain"}, `{}`, 415, kinpict.UnsupportedMediaType},
		{"compressed", path, map[string]string{"Content-Encoding": "gzip"}, `{}`, 415, kinpict.UnsupportedMediaType},
		{"a strange scheme", path, map[string]string{"Authorization": "Basic YTpi"}, `{}`, 401, kinpict.Unauthenticated},
	}
}

// requests is what reads well and cannot be made.
func requests(path string, text func(func(*client.Request)) string) []wrong {
	var out []wrong
	for name, change := range map[string]func(*client.Request){
		"no such scenario":     func(r *client.Request) { r.Scenario = "nowhere" },
		"no scenario":          func(r *client.Request) { r.Scenario = "" },
		"no photos":            func(r *client.Request) { r.Photos = nil },
		"a photo twice":        func(r *client.Request) { r.Photos = append(r.Photos, r.Photos[0]) },
		"nine photos":          func(r *client.Request) { r.Photos = slices.Repeat(r.Photos, 9) },
		"a photo that is gone": func(r *client.Request) { r.Photos[0].ID = "pho_gone" },
		"no such role":         func(r *client.Request) { r.Photos[0].Role = "boss" },
		"a long name":          func(r *client.Request) { r.Photos[0].Label = strings.Repeat("n", 41) },
		"a long instruction":   func(r *client.Request) { r.Instruction = strings.Repeat("w", 1001) },
		"no such shape":        func(r *client.Request) { r.Aspect = "7:13" },
		"no shape at all":      func(r *client.Request) { r.Aspect = "wide" },
	} {
		out = append(out, wrong{name, path, nil, text(change), 422, kinpict.Invalid})
	}
	if strings.HasSuffix(path, "/generations") {
		out = append(out, wrong{"no such quality", path, nil, text(func(r *client.Request) { r.Quality = "gold" }), 422, kinpict.Invalid},
			wrong{"no quality", path, nil, text(func(r *client.Request) { r.Quality = "" }), 422, kinpict.Invalid},
			wrong{"a price book that never was", path, nil, text(func(r *client.Request) { r.CatalogVersion = 99 }), 422, kinpict.Invalid})
	}
	return out
}

// uploads is what is no photo.
func uploads() []wrong {
	const path = "/api/v1/photos"
	form := func(name, field string, data []byte, status int, code kinpict.Code) wrong {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile(field, "photo.jpg")
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil || w.Close() != nil {
			panic(fmt.Sprint("form: ", err)) // a bytes.Buffer takes everything
		}
		return wrong{name, path, map[string]string{"Content-Type": w.FormDataContentType()}, b.String(), status, code}
	}
	jpeg := enginetest.Photo(400, 500, 9)
	return []wrong{
		{"no form", path, nil, "{}", 0, ""},
		{"a form without a boundary", path, map[string]string{"Content-Type": "multipart/form-data"}, "x", 0, ""},
		{"a form that breaks off", path, map[string]string{"Content-Type": "multipart/form-data; boundary=b"}, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc", 0, ""},
		form("another field", "picture", jpeg, 422, kinpict.Invalid),
		form("an empty file", "file", nil, 400, kinpict.FileEmpty),
		form("words", "file", []byte("I am a photo, really."), 415, kinpict.UnsupportedMediaType),
		form("a GIF", "file", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), 415, kinpict.UnsupportedMediaType),
		form("half a photo", "file", jpeg[:len(jpeg)/2], 422, kinpict.ImageTruncated),
		form("the start of a photo", "file", jpeg[:40], 422, ""),
		form("a stamp", "file", enginetest.Photo(100, 100, 9), 422, kinpict.ImageTooSmall),
		form("a ribbon", "file", enginetest.Photo(4000, 300, 9), 422, kinpict.ImageAspect),
		form("more than the limit", "file", make([]byte, 21<<20), 413, ""),
	}
}

// The site's forms refuse as calmly: a page, never a failure of ours.
func TestBadForms(t *testing.T) {
	each(t, func(s *stack) {
		ann := s.rich("ann")
		web := s.guest()
		web.signIn("ann@example.org", "/")
		paths := []string{"/create", "/create/draft", "/create/photos", "/create/photos/pho_x/delete", "/generations/gen_x/cancel", "/generations/gen_x/retry",
			"/checkout", "/held/hld_x", "/sign-in", "/sign-in/confirm", "/prefs/theme", "/sandbox/checkout/cs_x"}
		forms := map[string][]string{
			"nothing":      nil,
			"strange text": {"do", "make", "key", "k\x00\xff", "scenario", "\x00", "photo", "\xff\xfe", "instruction", "\x00", "email", "\x00", "pack", "\x00", "outcome", "\x00", "token", "\x00", "theme", "\x00"},
			"very long":    {"do", "make", "key", strings.Repeat("k", 5000), "scenario", strings.Repeat("s", 5000), "email", strings.Repeat("e", 5000) + "@example.org", "pack", strings.Repeat("p", 5000), "consent", "yes", "photo", strings.Repeat("f", 5000), "next", strings.Repeat("/", 5000)},
			"numbers":      {"do", "make", "key", "k", "catalog_version", "99999999999999999999", "scenario", "gallery", "quality", "-1", "consent", "yes", "photo", "1", "pack", "0", "email", "1"},
		}
		for _, path := range paths {
			for name, fields := range forms {
				if p := web.send(path, fields...); p.status >= 500 {
					s.Errorf("%s with %s is answered %d\n%s", path, name, p.status, p.words())
				}
			}
			// A post another site made the browser send is not carried out.
			r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+path, strings.NewReader("do=make"))
			if err != nil {
				s.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if p := web.do(r, nil); p.status != http.StatusForbidden && !strings.HasPrefix(path, "/sandbox/") {
				s.Errorf("a foreign post to %s is answered %d, want 403", path, p.status)
			}
		}
		s.available(ann, 80)
	})
}
