package httpd

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"kinpict"
)

func part(disposition, body string) string {
	return "--x\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + body + "\r\n"
}

func TestForms(t *testing.T) {
	const end = "--x--\r\n"
	file := func(n int) string { return part(`name="file"; filename="a.jpg"`, strings.Repeat("j", n)) }
	field := part(`name="word"`, "hello")
	for _, c := range []struct {
		name, media, body string
		code              kinpict.Code
	}{
		{"one file", "", file(100) + end, ""},
		{"one file and its words", "", field + file(100) + field + end, ""},
		{"no file at all", "", field + end, ""},
		{"a file as large as allowed", "", file(1000) + end, ""},
		{"hostile file name", "", part(`name="file"; filename="../../etc/passwd"`, "j") + end, ""},
		{"JSON instead", "application/json", `{"file":"aGk="}`, kinpict.UnsupportedMediaType},
		{"no boundary", "multipart/form-data", file(1) + end, RequestMalformed},
		{"another boundary", "multipart/form-data; boundary=y", file(1) + end, RequestMalformed},
		{"no final boundary", "", file(1), RequestMalformed},
		{"no line break after the last boundary", "", file(100) + "--x--", ""},
		{"cut in the middle", "", file(100)[:120], RequestMalformed},
		{"cut in a part's header line", "", field + file(100)[:20], RequestMalformed},
		{"cut between a part's header lines", "", field + "--x\r\nContent-Type: image/jpeg\r\n", RequestMalformed},
		{"cut before a part's headers", "", field + "--x\r\n", RequestMalformed},
		{"cut in a boundary", "", field + "--x", RequestMalformed},
		{"a part without a name", "", part(`filename="a"`, "j") + end, RequestMalformed},
		{"part headers of 1 MiB", "", "--x\r\nX-Long: " + strings.Repeat("h", 1<<20) + "\r\n\r\nj\r\n" + end, RequestTooLarge},
		{"part headers of 10 KiB", "", "--x\r\nX-Long: " + strings.Repeat("h", 10<<10) + "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nj\r\n" + end, RequestMalformed},
		{"a file one byte too large", "", file(1001) + end, kinpict.FileTooLarge},
		{"three files of two", "", file(1) + file(1) + file(1) + end, RequestTooLarge},
		{"a thousand parts", "", strings.Repeat(field, 1001) + end, RequestTooLarge},
		{"a field with a NUL", "", part(`name="word"`, "a\x00b") + end, RequestMalformed},
		{"a field that is not UTF-8", "", part(`name="word"`, "\xff") + end, RequestMalformed},
		{"a field of 20 KiB", "", part(`name="word"`, strings.Repeat("w", 20<<10)) + end, RequestTooLarge},
		{"more than all together may be", "", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + strings.Repeat("w", 1<<20), RequestTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			if c.media == "" {
				c.media = "multipart/form-data; boundary=x"
			}
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.media)
			form, err := ReadForm(httptest.NewRecorder(), r, FormLimits{Files: 2, FileBytes: 1000, Fields: 2, Total: 900 << 10})
			var got kinpict.Code
			if err != nil {
				got = Explain(r, err).Code
			}
			if got != c.code {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s lies on the disk under a name", left[0].Name())
			}
			if err == nil {
				form.Close()
			} else if form != nil {
				t.Error("a refused form is returned")
			}
		})
	}
}

// One photo too large, or one too many, does not take the words and the other
// photos along.
func TestAFormWithoutTheFilesThatDoNotFit(t *testing.T) {
	file := func(n int) string { return part(`name="file"; filename="a.jpg"`, strings.Repeat("j", n)) }
	for _, c := range []struct {
		name, files string
		kept        int
		skipped     []kinpict.Code
	}{
		{"one too large", file(10) + file(1001) + file(20), 2, []kinpict.Code{kinpict.FileTooLarge}},
		{"all too large", file(1001) + file(5000), 0, []kinpict.Code{kinpict.FileTooLarge, kinpict.FileTooLarge}},
		{"two too many are told once", file(1) + file(2) + file(3) + file(4), 2, []kinpict.Code{RequestTooLarge}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.files+part(`name="word"`, "hello")+"--x--\r\n"))
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
			form, err := ReadForm(httptest.NewRecorder(), r, FormLimits{Files: 2, FileBytes: 1000, Fields: 2, Total: 100 << 10, Skip: true})
			if err != nil {
				t.Fatal(err)
			}
			defer form.Close()
			var skipped []kinpict.Code
			for _, err := range form.Skipped {
				skipped = append(skipped, kinpict.CodeOf(err))
			}
			if len(form.Files) != c.kept || !slices.Equal(skipped, c.skipped) || form.Values.Get("word") != "hello" {
				t.Errorf("%d files, %v left out, the word %q", len(form.Files), skipped, form.Values.Get("word"))
			}
		})
	}
}

func TestFilesComeBackWhole(t *testing.T) {
	body := part(`name="a"; filename="x"`, "first") + part(`name="b"; filename="y"`, strings.Repeat("second", 1000)) + part(`name="w"`, "1") + part(`name="w"`, "2") + "--x--\r\n"
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	form, err := ReadForm(httptest.NewRecorder(), r, FormLimits{Files: 2, FileBytes: 1 << 20, Fields: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer form.Close()
	for i, want := range []string{"first", strings.Repeat("second", 1000)} {
		b, err := form.Files[i].Bytes()
		if err != nil || string(b) != want {
			t.Errorf("file %d has %d bytes, %v; want %d", i, len(b), err, len(want))
		}
	}
	if got := form.Values["w"]; len(got) != 2 {
		t.Errorf("a field that stands twice came as %q", got)
	}
}

func TestFormsWithoutFiles(t *testing.T) {
	for _, c := range []struct {
		name, media, body string
		code              kinpict.Code
		word              string
	}{
		{"a form", "application/x-www-form-urlencoded", "word=hello&x=1", "", "hello"},
		{"with a character set", "application/x-www-form-urlencoded; charset=utf-8", "word=hello", "", "hello"},
		{"as many fields as allowed", "application/x-www-form-urlencoded", "word=hello" + strings.Repeat("&a=1", MaxFields-1), "", "hello"},
		{"10,001 fields", "application/x-www-form-urlencoded", "word=hello" + strings.Repeat("&a=1", 10_000), RequestTooLarge, ""},
		{"broken escapes", "application/x-www-form-urlencoded", "word=%zz", RequestMalformed, ""},
		{"another type, which is left alone", "application/json", "{}", "", ""},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.media)
		word, asked := "", false
		err := Fields(func(_ http.ResponseWriter, r *http.Request) error {
			word, asked = r.PostFormValue("word"), true
			return nil
		})(httptest.NewRecorder(), r)
		var got kinpict.Code
		if err != nil {
			got = Explain(r, err).Code
		}
		if got != c.code || word != c.word || asked != (c.code == "") {
			t.Errorf("%s: %q with the word %q, handler asked: %v; want %q and %q", c.name, got, word, asked, c.code, c.word)
		}
	}
}

func TestADiskThatIsFullIsOurFault(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/gone")
	r := httptest.NewRequest("POST", "/", strings.NewReader(part(`name="a"; filename="x"`, "j")+"--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if _, err := ReadForm(httptest.NewRecorder(), r, FormLimits{Files: 1, FileBytes: 10}); Status(err) != 500 && Status(err) != 503 {
		t.Errorf("%v, want a 5xx", err)
	}
}

// An upload through the edge, with the length announced and without.
func TestFormThroughTheEdge(t *testing.T) {
	s := newSite(t, "http://kinpict.example")
	mux := http.NewServeMux()
	mux.Handle("POST /form", Handler(func(w http.ResponseWriter, r *http.Request) error {
		form, err := ReadForm(w, r, FormLimits{Files: 1, FileBytes: 2 << 20})
		if err != nil {
			return err
		}
		defer form.Close()
		fmt.Fprint(w, form.Files[0].Size)
		return nil
	}))
	h := s.edge.Wrap(mux)
	body := part(`name="a"; filename="x"`, strings.Repeat("j", 1<<20)) + "--x--\r\n"
	for name, reader := range map[string]io.Reader{"announced": strings.NewReader(body), "chunked": io.MultiReader(bytes.NewReader([]byte(body)))} {
		r := httptest.NewRequest("POST", "/form", reader)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.String() != fmt.Sprint(1<<20) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// A file is counted as it comes, and what is too much is not kept.
func TestFormCountsWhatArrives(t *testing.T) {
	body := part(`name="file"; filename="a.jpg"`, strings.Repeat("j", 5000)) + "--x--\r\n"
	for room, status := range map[int64]int{5000: 0, 4999: 429} {
		under, err := NewArrivals(1, 1, 1<<20, room).Begin("ann")
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		form, err := ReadForm(httptest.NewRecorder(), r, FormLimits{Files: 1, FileBytes: 1 << 20, Arrival: under})
		if (err != nil || status != 0) && Status(err) != status {
			t.Errorf("room for %d bytes: %v, want %d", room, err, status)
		}
		if form != nil {
			form.Close()
		}
		under.End()
	}
}
