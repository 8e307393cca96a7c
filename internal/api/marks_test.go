package api_test

import (
	"net/http"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/generation"
	"kinpict/internal/provenance"
)

// signed is a picture that an installation of that secret marked.
func (r *rig) signed(secret string) []byte {
	r.Helper()
	i, err := provenance.NewIssuer([]byte(secret), "photos.example")
	if err != nil {
		r.Fatal(err)
	}
	out, err := i.Mark(picture(400, 500), provenance.About{Software: "Kinpict", Version: "1", At: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		r.Fatal(err)
	}
	r.studio.Issuer = i
	return out
}

func TestAnybodyMayCheckMarks(t *testing.T) {
	each(t, func(r *rig) {
		strange := r.signed("the secret of another installation")
		ours := r.signed("the secret of this installation")
		changed := append([]byte(nil), ours...)
		changed[len(changed)-50] ^= 1
		nobody := &client.Client{Base: r.server.URL}
		for _, c := range []struct {
			name          string
			data          []byte
			state, signer string
		}{
			{"ours", ours, "intact", "ours"},
			{"one bit of ours turned", changed, "altered", "ours"},
			{"another installation's", strange, "intact", "others"},
			{"a plain picture", picture(400, 500), "unmarked", "nobody"},
			{"a letter", []byte("Dear Grandmother"), "unmarked", "nobody"},
			{"nothing", nil, "unmarked", "nobody"},
			{"half of ours", ours[:600], "damaged", "nobody"},
		} {
			m, err := nobody.CheckMarks(r.Context(), "a.jpg", c.data)
			if err != nil {
				r.Fatalf("%s: %v", c.name, err)
			}
			if m.State != c.state || m.Signer != c.signer || m.Headline == "" || m.Altered == nil || m.Actions == nil || m.Former == nil {
				r.Errorf("%s: %+v", c.name, m)
			}
			if c.signer == "ours" && (m.Means == "" || m.MadeAt == nil || m.Software != "Kinpict 1") {
				r.Errorf("%s: says %q, made %v with %q", c.name, m.Means, m.MadeAt, m.Software)
			}
		}
	})
}

func TestChecksOfMarksAreBounded(t *testing.T) {
	oneKind(t, func(r *rig) {
		const h = "multipart/form-data; boundary=x"
		form := func(field, body string) string {
			return "--x\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"a.jpg\"\r\n\r\n" + body + "\r\n--x--\r\n"
		}
		ask := func(body string) (*http.Response, string) {
			return r.raw("POST", "/api/v1/verify", map[string]string{"Content-Type": h}, body)
		}
		for name, c := range map[string]struct {
			body string
			code kinpict.Code
		}{
			"another field": {form("photo", "x"), kinpict.Invalid},
			"no file":       {"--x--\r\n", kinpict.Invalid},
			"over 20 MiB":   {form("file", string(make([]byte, generation.MaxChecked+1))), kinpict.FileTooLarge},
		} {
			resp, body := ask(c.body)
			if got := r.problem(name, resp, body).Code; got != c.code {
				r.Errorf("%s: %s, want %s", name, got, c.code)
			}
		}
		for range generation.NetworkChecks - 3 {
			if resp, body := ask(form("file", "x")); resp.StatusCode != 200 {
				r.Fatalf("within the limit: %d %s", resp.StatusCode, body)
			}
		}
		resp, body := ask(form("file", "x"))
		if resp.StatusCode != 429 || r.problem("one too many", resp, body).Code != kinpict.RateLimited || resp.Header.Get("Retry-After") == "" {
			r.Errorf("one check too many: %d %s", resp.StatusCode, body)
		}
		if resp.Header.Get("Set-Cookie") != "" {
			r.Error("who checks a picture gets a cookie")
		}
	})
}
