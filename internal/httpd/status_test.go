package httpd

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"kinpict"
)

// Every code of the glossary has a row, so that a new one cannot become a 500
// by being forgotten.
func TestEveryCodeHasAStatus(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "Code" {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if m, ok := meanings[kinpict.Code(code)]; !ok || m.Title == "" {
			t.Errorf("%s has no status and title", code)
		}
		return true
	})
	if n < 20 {
		t.Errorf("found %d codes in error.go", n)
	}
	for m := range Meanings() {
		if strings.HasPrefix(string(m.Code), "image_") && m.Status != 422 {
			t.Errorf("%s is %d, want 422", m.Code, m.Status)
		}
	}
}

func TestStatuses(t *testing.T) {
	for code, want := range map[kinpict.Code]int{
		kinpict.Invalid: 422, kinpict.FileEmpty: 400, kinpict.FileTooLarge: 413, kinpict.UnsupportedMediaType: 415,
		kinpict.Unauthenticated: 401, kinpict.Forbidden: 403, kinpict.NotFound: 404, kinpict.InsufficientCredits: 402,
		kinpict.PriceChanged: 409, kinpict.NotCancelable: 409, kinpict.Conflict: 409, kinpict.KeyRequired: 400,
		kinpict.KeyReused: 422, kinpict.GuestLimit: 429, kinpict.RateLimited: 429, kinpict.QuotaExceeded: 413,
		kinpict.EngineUnavailable: 503, kinpict.Unavailable: 503, kinpict.Internal: 500, "made_up": 500,
	} {
		if got := Status(&kinpict.Error{Code: code}); got != want {
			t.Errorf("%s is %d, want %d", code, got, want)
		}
	}
	if Status(nil) != 200 || Status(errors.New("x")) != 500 {
		t.Error("no error is 200, an unknown one 500")
	}
}

func TestProblemHeaders(t *testing.T) {
	for _, c := range []struct {
		err           *kinpict.Error
		header, value string
	}{
		{&kinpict.Error{Code: kinpict.Unauthenticated, Message: "x"}, "WWW-Authenticate", `Bearer realm="kinpict"`},
		{&kinpict.Error{Code: kinpict.RateLimited, Message: "x"}, "Retry-After", "60"},
		{&kinpict.Error{Code: kinpict.RateLimited, Message: "x", Members: map[string]any{"retry_after": 7}}, "Retry-After", "7"},
		{&kinpict.Error{Code: kinpict.EngineUnavailable, Message: "x"}, "Retry-After", "30"},
		{&kinpict.Error{Code: kinpict.Unavailable, Message: "x"}, "Retry-After", "5"},
		{&kinpict.Error{Code: kinpict.NotFound, Message: "x"}, "Retry-After", ""},
	} {
		w := httptest.NewRecorder()
		Problem(w, httptest.NewRequest("GET", "/", nil), c.err)
		if got := w.Header().Get(c.header); got != c.value {
			t.Errorf("%s: %s is %q, want %q", c.err.Code, c.header, got, c.value)
		}
	}
}

func TestDocumentKeepsItsOwnFields(t *testing.T) {
	status, body := Document(&kinpict.Error{Code: kinpict.InsufficientCredits, Message: "There are too few credits.", Hint: "Add some.",
		Members: map[string]any{"shortfall": 3, "status": 200, "code": "forged"}})
	want := `{"code":"insufficient_credits","detail":"There are too few credits.","hint":"Add some.","shortfall":3,"status":402,` +
		`"title":"Not enough credits","type":"urn:kinpict:problem:insufficient_credits"}` + "\n"
	if status != http.StatusPaymentRequired || string(body) != want {
		t.Errorf("%d %s\nwant %s", status, body, want)
	}
	if _, body := Document(&kinpict.Error{Code: kinpict.Invalid, Message: "m", Members: map[string]any{"f": func() {}}}); !strings.Contains(string(body), `"detail":"m"`) {
		t.Errorf("a member that is no JSON lost the sentence: %s", body)
	}
}
