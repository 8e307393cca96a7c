package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kinpict"
	"kinpict/internal/httpd"
)

// A route is one operation as openapi.json tells it.
type route struct {
	method, path string
	body         bool // takes JSON
	upload       bool
	key          bool
	open         bool // for everybody
	guests       bool // makes a guest of whoever is nobody
}

func (r *rig) routes() []route {
	r.Helper()
	resp, body := r.raw("GET", "/openapi.json", nil, "")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		r.Fatalf("openapi.json: %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Security    []map[string][]string
			Parameters  []struct{ Name string }
			RequestBody *struct{ Content map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		r.Fatal(err)
	}
	var all []route
	for path, ops := range doc.Paths {
		for method, op := range ops {
			x := route{method: strings.ToUpper(method), path: path, open: len(op.Security) == 0}
			if op.RequestBody != nil {
				_, x.body = op.RequestBody.Content["application/json"]
				_, x.upload = op.RequestBody.Content["multipart/form-data"]
			}
			for _, p := range op.Parameters {
				x.key = x.key || p.Name == "Idempotency-Key"
			}
			for _, s := range op.Security {
				x.guests = x.guests || len(s) == 0
			}
			all = append(all, x)
		}
	}
	if len(all) < 20 {
		r.Fatalf("only %d routes", len(all))
	}
	return all
}

// at is the route's path with id in it.
func (x route) at(id string) string {
	return strings.NewReplacer("{id}", id, "{provider}", "sandbox").Replace(x.path)
}

func TestEveryRouteHasTheHeaders(t *testing.T) {
	oneKind(t, func(r *rig) {
		ann := r.person("ann")
		for _, x := range r.routes() {
			for _, auth := range []string{"", "Bearer " + ann.Token} {
				h := map[string]string{}
				if auth != "" {
					h["Authorization"] = auth
				}
				resp, body := r.raw(x.method, x.at("gen_none"), h, "")
				for k, v := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "private, no-store",
					"Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": ""} {
					if resp.Header.Get(k) != v {
						r.Errorf("%s %s: %s is %q, want %q", x.method, x.path, k, resp.Header.Get(k), v)
					}
				}
				if resp.Header.Get("Content-Security-Policy") == "" || resp.Header.Get("X-Request-Id") == "" {
					r.Errorf("%s %s: no policy or no request id", x.method, x.path)
				}
				if resp.StatusCode >= 400 {
					r.problem(x.method+" "+x.path, resp, body)
				}
			}
		}
	})
}

func TestWhoMayKnock(t *testing.T) {
	oneKind(t, func(r *rig) {
		for _, x := range r.routes() {
			what := x.method + " " + x.path
			resp, body := r.raw(x.method, x.at("gen_none"), nil, "")
			if closed := !x.open && !x.guests; closed != (resp.StatusCode == 401) {
				r.Errorf("%s without a name: %d", what, resp.StatusCode)
			}
			if resp.StatusCode == 401 && (r.problem(what, resp, body).Code != kinpict.Unauthenticated || resp.Header.Get("WWW-Authenticate") == "") {
				r.Errorf("%s: %s", what, body)
			}
			if x.open {
				continue
			}
			// A wrong token is never passed over for a guest or a session.
			resp, _ = r.raw(x.method, x.at("gen_none"), map[string]string{"Authorization": "Bearer kp_wrong", "Cookie": "kp_s=x"}, "")
			if resp.StatusCode != 401 {
				r.Errorf("%s with a wrong token: %d, want 401", what, resp.StatusCode)
			}
		}
	})
}

func TestForeignSitesChangeNothing(t *testing.T) {
	oneKind(t, func(r *rig) {
		for _, x := range r.routes() {
			if x.method == "GET" {
				continue
			}
			for name, h := range map[string]map[string]string{
				"another site":                  {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Cookie": "kp_s=x"},
				"another site, old browser":     {"Origin": "https://evil.example", "Cookie": "kp_s=x"},
				"a sandboxed frame":             {"Origin": "null", "Cookie": "kp_g=x"},
				"a cookie and no word on where": {"Cookie": "kp_s=x"},
			} {
				resp, _ := r.raw(x.method, x.at("gen_none"), h, "")
				// A provider's webhook comes from elsewhere; its signature is its protection.
				if want := 403; strings.HasPrefix(x.path, "/webhooks/") == (resp.StatusCode == want) {
					r.Errorf("%s %s from %s: %d", x.method, x.path, name, resp.StatusCode)
				}
			}
		}
	})
}

func TestBadInputIsNeverOurFault(t *testing.T) {
	bodies := []string{"", "{", "[]", "null", "0", `"x"`, "{}", `{"a":1}`, "\x00", "\xff\xfe", strings.Repeat("[", 70_000), strings.Repeat(`{"a":`, 100),
		`{"scenario":null}`, `{"scenario":"x","photos":[{"id":"x"}],"quality":"x"}`, `{"scenario":"\ud800","photos":[{"id":"\ud800"}],"quality":"standard"}`,
		`{"pack":"x"}`, `{"pack":"credits-80","currency":"xxx"}`, `{"pack":"credits-80","back":"//evil.example"}`, `{"pack":"credits-80","catalog_version":9223372036854775807}`,
		`{"catalog_version":9223372036854775808}`, `{"catalog_version":77}`, strings.Repeat(" ", 70<<10) + "{}"}
	ids := []string{"gen_none", "%00", "..%2f..%2fetc%2fpasswd", "%ff", "'%20OR%201=1--", strings.Repeat("a", 3000), "%E2%80%AE", "*", "-"}
	queries := []string{"", "?limit=x&cursor=x", "?limit=-1", "?cursor=%00", "?cursor='", "?size=1", "?paper=x", "?paper=%00&download=yes", "?favourite=maybe", "?size=x&format=gif", "?format=svg", "?thumb=yes", "?%ff=%00"}
	types := []string{"application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", ""}
	each(t, func(r *rig) {
		ann := r.person("ann")
		n := 0
		try := func(x route, id, query, media, body string) {
			h := map[string]string{"Authorization": "Bearer " + ann.Token, "Content-Type": media, "Idempotency-Key": r.key()}
			resp, answer := r.raw(x.method, x.at(id)+query, h, body)
			n++
			if resp.StatusCode >= 500 {
				r.Errorf("%s %s%s %s %.60q: %d %s", x.method, x.at(id), query, media, body, resp.StatusCode, answer)
			}
			if resp.StatusCode >= 400 {
				r.problem(x.method+" "+x.path, resp, answer)
			}
		}
		for _, x := range r.routes() {
			for _, id := range ids {
				if strings.Contains(x.path, "{id}") {
					try(x, id, "", "application/json", "{}")
				}
			}
			for _, q := range queries {
				if x.method == "GET" {
					try(x, "gen_none", q, "", "")
				}
			}
			if x.method == "POST" {
				for _, media := range types {
					for _, body := range bodies {
						try(x, "gen_none", "", media, body)
					}
				}
			}
			for _, method := range []string{"PUT", "PATCH", "TRACE", "OPTIONS", "BREW"} {
				if slices.ContainsFunc(r.routes(), func(y route) bool { return y.path == x.path && y.method == method }) {
					continue
				}
				resp, _ := r.raw(method, x.at("gen_none"), map[string]string{"Authorization": "Bearer " + ann.Token}, "")
				if resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
					r.Errorf("%s %s: %d, Allow %q", method, x.path, resp.StatusCode, resp.Header.Get("Allow"))
				}
			}
		}
		if n < 500 {
			r.Errorf("only %d requests were tried", n)
		}
		r.available(ann, 0)
		if strings.Contains(r.log.String(), "level=ERROR") {
			r.Errorf("bad input reached the log as a fault of ours:\n%.2000s", r.log)
		}
	})
}

// The upload cases of SECURITY.md section 3 that apply to one call.
func TestUploads(t *testing.T) {
	const end = "\r\n--x--\r\n"
	part := func(field, name, body string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name + "\"\r\nContent-Type: image/jpeg\r\n\r\n" + body
	}
	good := string(picture(400, 300))
	for _, c := range []struct {
		name, media, body string
		header            [2]string
		status            int
		code              kinpict.Code
	}{
		{"a photo", "", part("file", "a.jpg", good) + end, [2]string{}, 201, ""},
		{"a hostile file name", "", part("file", `../\"><img src=x onerror=alert(1)>.jpg`, good) + end, [2]string{}, 201, ""},
		{"no boundary", "multipart/form-data", part("file", "a.jpg", good) + end, [2]string{}, 400, httpd.RequestMalformed},
		{"another boundary", "multipart/form-data; boundary=y", part("file", "a.jpg", good) + end, [2]string{}, 400, httpd.RequestMalformed},
		{"no final boundary", "", part("file", "a.jpg", good), [2]string{}, 400, httpd.RequestMalformed},
		{"the field twice", "", part("file", "a.jpg", good) + "\r\n" + part("file", "b.jpg", good) + end, [2]string{}, 413, httpd.RequestTooLarge},
		{"a thousand parts", "", strings.Repeat(part("file", "a.jpg", "x")+"\r\n", 1001) + end, [2]string{}, 413, httpd.RequestTooLarge},
		{"another field", "", part("photo", "a.jpg", good) + end, [2]string{}, 422, kinpict.Invalid},
		{"nothing", "", "--x--\r\n", [2]string{}, 422, kinpict.Invalid},
		{"an empty file", "", part("file", "a.jpg", "") + end, [2]string{}, 400, kinpict.FileEmpty},
		{"over 20 MiB", "", part("file", "a.jpg", strings.Repeat("x", 20<<20+1)) + end, [2]string{}, 413, kinpict.FileTooLarge},
		{"text that says it is a JPEG", "", part("file", "a.jpg", "<svg onload=alert(1)>") + end, [2]string{}, 415, kinpict.UnsupportedMediaType},
		{"half a JPEG", "", part("file", "a.jpg", good[:len(good)/2]) + end, [2]string{}, 422, kinpict.ImageTruncated},
		{"compressed", "", part("file", "a.jpg", good) + end, [2]string{"Content-Encoding", "gzip"}, 415, kinpict.UnsupportedMediaType},
		{"JSON with base64", "application/json", `{"file":"aGVsbG8="}`, [2]string{}, 415, kinpict.UnsupportedMediaType},
	} {
		t.Run(c.name, func(t *testing.T) {
			oneKind(t, func(r *rig) {
				if c.media == "" {
					c.media = "multipart/form-data; boundary=x"
				}
				h := map[string]string{"Authorization": "Bearer " + r.person("ann").Token, "Content-Type": c.media}
				if c.header[0] != "" {
					h[c.header[0]] = c.header[1]
				}
				resp, body := r.raw("POST", "/api/v1/photos", h, c.body)
				if resp.StatusCode != c.status {
					r.Fatalf("%d, want %d: %s", resp.StatusCode, c.status, body)
				}
				if c.code != "" && r.problem(c.name, resp, body).Code != c.code {
					r.Errorf("%s, want %s", body, c.code)
				}
				if c.code == "" && strings.Contains(body, "alert") {
					r.Errorf("the file name came back: %s", body)
				}
			})
		})
	}
}

func TestWebhooksThatAreNotOurs(t *testing.T) {
	oneKind(t, func(r *rig) {
		for name, c := range map[string]struct {
			path, body, encoding string
			status               int
		}{
			"unsigned":         {"/webhooks/sandbox", `{"id":"evt_1","type":"checkout.completed","object":"x"}`, "", 400},
			"no JSON":          {"/webhooks/sandbox", "hello", "", 400},
			"empty":            {"/webhooks/sandbox", "", "", 400},
			"2 MiB":            {"/webhooks/sandbox", strings.Repeat("x", 2<<20), "", 413},
			"compressed":       {"/webhooks/sandbox", "x", "gzip", 415},
			"unknown provider": {"/webhooks/nobody", "{}", "", 404},
		} {
			h := map[string]string{"Content-Type": "application/json", sandboxSignature: "t=1,v1=00"}
			if c.encoding != "" {
				h["Content-Encoding"] = c.encoding
			}
			resp, body := r.raw("POST", c.path, h, c.body)
			if resp.StatusCode != c.status {
				r.Errorf("%s: %d, want %d: %s", name, resp.StatusCode, c.status, body)
			}
			r.problem(name, resp, body)
		}
	})
}

// T25: nothing lies about on the public port.
func TestNothingElseIsServed(t *testing.T) {
	oneKind(t, func(r *rig) {
		for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/vars", "/.git/config", "/.env", "/backup.zip", "/kinpict.db", "/api", "/api/v1",
			"/api/v1/", "/api/v2/catalog", "/api/v1/catalog/", "/api/v1/credits.css", "/api/v1/credits/x.css", "/openapi.yaml", "/docs", "/server-status"} {
			resp, body := r.raw("GET", path, nil, "")
			if resp.StatusCode != http.StatusNotFound || r.problem(path, resp, body).Code != kinpict.NotFound {
				r.Errorf("%s: %d", path, resp.StatusCode)
			}
		}
	})
}

// An upload may name its wish: the same key with the same file is answered the
// same, with another file it is refused.
func TestAnUploadMayHaveAKey(t *testing.T) {
	each(t, func(r *rig) {
		token := r.person("ann").Token
		up := func(file []byte) (*http.Response, string) {
			return r.raw("POST", "/api/v1/photos", map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": "one",
				"Content-Type": "multipart/form-data; boundary=x"},
				"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n"+string(file)+"\r\n--x--\r\n")
		}
		first, body := up(picture(400, 300))
		again, same := up(picture(400, 300))
		if first.StatusCode != 201 || again.StatusCode != 201 || body != same || again.Header.Get("Idempotent-Replayed") != "true" ||
			first.Header.Get("Location") != again.Header.Get("Location") {
			r.Errorf("%d %s\nthen %d %s (replayed %q)", first.StatusCode, body, again.StatusCode, same, again.Header.Get("Idempotent-Replayed"))
		}
		if other, body := up(picture(300, 400)); r.problem("another file", other, body).Code != kinpict.KeyReused {
			r.Errorf("another file under the key: %s", body)
		}
	})
}
