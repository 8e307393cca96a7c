package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
)

// wrongFields are the fields an error names.
func wrongFields(t *testing.T, err error) []string {
	t.Helper()
	var e *kinpict.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is not for people", err)
	}
	var names []string
	list, _ := e.Members["errors"].([]client.FieldError)
	for _, f := range list {
		if f.Message == "" {
			t.Errorf("%s: no message", f.Field)
		}
		names = append(names, f.Field)
	}
	return names
}

func TestBodies(t *testing.T) {
	const good = `{"scenario":"s","photos":[{"id":"p"}]}`
	deep := strings.Repeat(`[`, 100_000)
	for _, c := range []struct {
		name, body string
		code       kinpict.Code
		fields     []string
	}{
		{"as little as may be", good, "", nil},
		{"everything", `{"quality":"standard","scenario":"s","photos":[{"id":"p","role":"pet","label":"Rex"}],"instruction":"x","aspect":"4:5","catalog_version":3}`, "", nil},
		{"nothing", ``, httpd.RequestMalformed, nil},
		{"half", `{"scenario":`, httpd.RequestMalformed, nil},
		{"no JSON", `scenario=s`, httpd.RequestMalformed, nil},
		{"two values", good + good, httpd.RequestMalformed, nil},
		{"a member twice", `{"scenario":"a","scenario":"b","photos":[{"id":"p"}]}`, httpd.RequestMalformed, nil},
		{"nested without end", deep, httpd.RequestMalformed, nil},
		{"not UTF-8", "{\"scenario\":\"\xff\"}", httpd.RequestMalformed, nil},
		{"no object", `[]`, kinpict.Invalid, []string{""}},
		{"null", `null`, kinpict.Invalid, []string{""}},
		{"empty object", `{}`, kinpict.Invalid, []string{"scenario", "photos"}},
		{"an unknown field", `{"scenario":"s","photos":[{"id":"p"}],"credits":0}`, kinpict.Invalid, []string{"credits"}},
		{"an unknown field of a photo", `{"scenario":"s","photos":[{"id":"p","url":"http://x"}]}`, kinpict.Invalid, []string{"photos[0].url"}},
		{"a field in capitals", `{"Scenario":"s","scenario":"s","photos":[{"id":"p"}]}`, kinpict.Invalid, []string{"Scenario"}},
		{"wrong types", `{"scenario":1,"photos":"p","instruction":null,"catalog_version":"3"}`, kinpict.Invalid,
			[]string{"catalog_version", "instruction", "photos", "scenario"}},
		{"a photo that is no object", `{"scenario":"s","photos":["p"]}`, kinpict.Invalid, []string{"photos[0]"}},
		{"no photos", `{"scenario":"s","photos":[]}`, kinpict.Invalid, []string{"photos"}},
		{"nine photos", `{"scenario":"s","photos":[` + strings.Repeat(`{"id":"p"},`, 8) + `{"id":"p"}]}`, kinpict.Invalid, []string{"photos"}},
		{"an unknown role", `{"scenario":"s","photos":[{"id":"p","role":"boss"}]}`, kinpict.Invalid, []string{"photos[0].role"}},
		{"a label too long, in letters of two bytes", `{"scenario":"s","photos":[{"id":"p","label":"` + strings.Repeat("é", 41) + `"}]}`, kinpict.Invalid, []string{"photos[0].label"}},
		{"a label as long as may be", `{"scenario":"s","photos":[{"id":"p","label":"` + strings.Repeat("é", 40) + `"}]}`, "", nil},
		{"a NUL", `{"scenario":"s","photos":[{"id":"p"}],"instruction":"a\u0000b"}`, kinpict.Invalid, []string{"instruction"}},
		{"a fraction", `{"scenario":"s","photos":[{"id":"p"}],"catalog_version":1.5}`, kinpict.Invalid, []string{"catalog_version"}},
		{"a number beyond all", `{"scenario":"s","photos":[{"id":"p"}],"catalog_version":1e999}`, kinpict.Invalid, []string{"catalog_version"}},
		{"a number below zero", `{"scenario":"s","photos":[{"id":"p"}],"catalog_version":-1}`, kinpict.Invalid, []string{"catalog_version"}},
		{"an instruction too long", `{"scenario":"s","photos":[{"id":"p"}],"instruction":"` + strings.Repeat("w", 1001) + `"}`, kinpict.Invalid, []string{"instruction"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := (&operation{body: client.Request{}}).form()
			b, err := f.canonical([]byte(c.body))
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := decode[client.Request](&call{body: b}); err != nil {
					t.Error(err)
				}
				return
			}
			if kinpict.CodeOf(err) != c.code {
				t.Fatalf("%v, want %s", err, c.code)
			}
			if got := wrongFields(t, err); !reflect.DeepEqual(got, c.fields) {
				t.Errorf("blames %q, want %q", got, c.fields)
			}
		})
	}
}

// Two bodies that say the same get the same answer to one key.
func TestCanonical(t *testing.T) {
	f := (&operation{body: client.Request{}}).form()
	a, err := f.canonical([]byte(`{"scenario":"s","photos":[{"id":"p","label":"<é>"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.canonical([]byte("{ \"photos\" : [ {\"label\":\"\\u003c\\u00e9>\",\n\"id\":\"p\"} ], \"scenario\":\"s\" }"))
	if err != nil || string(a) != string(b) {
		t.Errorf("%s\n%s\n%v", a, b, err)
	}
	c, _ := f.canonical([]byte(`{"scenario":"s","photos":[{"id":"q","label":"<é>"}]}`))
	if string(a) == string(c) {
		t.Error("two wishes look the same")
	}
}

func TestBodyMustBeJSON(t *testing.T) {
	for media, code := range map[string]kinpict.Code{
		"application/json": "", "application/json; charset=utf-8": "", "Application/JSON": "",
		"": kinpict.UnsupportedMediaType, "text/plain": kinpict.UnsupportedMediaType,
		"application/x-www-form-urlencoded": kinpict.UnsupportedMediaType, "multipart/form-data; boundary=x": kinpict.UnsupportedMediaType,
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
		r.Header.Set("Content-Type", media)
		if _, err := readJSON(httptest.NewRecorder(), r, true); kinpict.CodeOf(err) != code {
			t.Errorf("%q: %v, want %q", media, err, code)
		}
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`"`+strings.Repeat("x", maxJSON)+`"`))
	r.Header.Set("Content-Type", "application/json")
	if _, err := readJSON(httptest.NewRecorder(), r, false); httpd.Status(err) != 413 {
		t.Errorf("a body over the limit: %v", err)
	}
	if b, err := readJSON(httptest.NewRecorder(), httptest.NewRequest("POST", "/", http.NoBody), true); err != nil || string(b) != "{}" {
		t.Errorf("no body where none is needed: %s, %v", b, err)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	for key, code := range map[string]kinpict.Code{
		"a": "", "0b9e1c5e-6a3f-4c1e-9d0f-3f1f0d6f3c11": "", strings.Repeat("k", 200): "", "~!": "",
		"": kinpict.KeyRequired, strings.Repeat("k", 201): kinpict.Invalid, "a b": kinpict.Invalid, "é": kinpict.Invalid, "a\x7f": kinpict.Invalid, "\x01": kinpict.Invalid,
	} {
		if _, err := idempotencyKey(http.Header{"Idempotency-Key": {key}}); kinpict.CodeOf(err) != code {
			t.Errorf("%q: %v, want %q", key, err, code)
		}
	}
	if _, err := idempotencyKey(http.Header{}); kinpict.CodeOf(err) != kinpict.KeyRequired {
		t.Errorf("no header: %v", err)
	}
	if _, err := idempotencyKey(http.Header{"Idempotency-Key": {"a", "b"}}); kinpict.CodeOf(err) != kinpict.Invalid {
		t.Errorf("two headers: %v", err)
	}
}

func TestPages(t *testing.T) {
	for query, want := range map[string]struct {
		limit int
		code  kinpict.Code
	}{
		"": {20, ""}, "limit=1": {1, ""}, "limit=100": {100, ""}, "cursor=abc": {20, ""},
		"limit=0": {0, kinpict.Invalid}, "limit=101": {0, kinpict.Invalid}, "limit=-1": {0, kinpict.Invalid}, "limit=x": {0, kinpict.Invalid},
		"limit=99999999999999999999": {0, kinpict.Invalid}, "cursor=%00": {0, kinpict.Invalid}, "cursor=a%20b": {0, kinpict.Invalid},
		"cursor=" + strings.Repeat("c", 300): {0, kinpict.Invalid},
	} {
		_, limit, err := page(httptest.NewRequest("GET", "/?"+query, nil))
		if kinpict.CodeOf(err) != want.code || err == nil && limit != want.limit {
			t.Errorf("%q: %d, %v; want %d, %q", query, limit, err, want.limit, want.code)
		}
	}
}

func TestSpreadsheetsSeeNoFormula(t *testing.T) {
	for in, want := range map[string]string{"": "", "charge": "charge", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM": "'@SUM", "\tx": "'\tx", "\rx": "'\rx"} {
		if got := plain(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// The answer to a wish must be a function of the outcome, or a replay differs.
func TestWordsAreStable(t *testing.T) {
	g := &kinpict.Generation{ID: "gen_1", Status: kinpict.Queued, Step: "accepted", Credits: 4, Request: kinpict.Request{Quality: "standard", Photos: []kinpict.PhotoUse{{ID: "p"}}}}
	status, a := words(g, nil)
	_, b := words(g, nil)
	if status != 202 || string(a) != string(b) || !json.Valid(a) {
		t.Errorf("%d %s", status, a)
	}
	if status, body := words(nil, &kinpict.Error{Code: kinpict.InsufficientCredits, Message: "m"}); status != 402 || !strings.Contains(string(body), "insufficient_credits") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := words(nil, errors.New("password=hunter2")); status != 500 || strings.Contains(string(body), "hunter2") {
		t.Errorf("%d %s", status, body)
	}
}
