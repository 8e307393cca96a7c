package web

import (
	"html/template"
	"strings"
	"testing"
)

// A page reads the same whether what it says to everybody was said beforehand.
func TestFoldChangesNoPage(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	files, err := pageFiles(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range languages.All() {
		pages, err := d.parsed(files, p, false)
		if err != nil {
			t.Fatal(err)
		}
		asWritten := &dressing{assets: d.assets, pages: map[string]map[string]*template.Template{p.Code: pages}}
		for name, s := range specimensIn(d, p) {
			folded, err := d.render(s.page, s.view)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := asWritten.render(s.page, s.view)
			if err != nil {
				t.Fatal(err)
			}
			// Templates also escape the plus sign, for the sake of UTF-7.
			if a, b := strings.ReplaceAll(string(folded), "&#43;", "+"), strings.ReplaceAll(string(plain), "&#43;", "+"); a != b {
				t.Errorf("%s, %s: the page is another:\n%s", p.Code, name, firstDifference(a, b))
			}
		}
	}
}

func firstDifference(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	part := func(s string) string { return s[max(0, n-80):min(len(s), n+80)] }
	return part(a) + "\n" + part(b)
}

func TestFold(t *testing.T) {
	calls := 0
	say := func(words ...string) string {
		calls++
		return strings.ToUpper(strings.Join(words, "+"))
	}
	tmpl := template.Must(template.New("x").Funcs(template.FuncMap{"t": say}).Parse(
		`{{define "y"}}{{t "c"}}{{end}}{{range .}}{{t "a" "b"}} {{t .}} {{template "y"}}{{if t "d"}} {{t "e" | printf "%s!"}}{{end}};{{else}}{{t "f"}}{{end}}`))
	fold(tmpl, map[string]func(...string) (string, bool){"t": func(words ...string) (string, bool) { return "<b>" + say(words...) + "</b>", words[0] != "f" }})
	calls = 0
	var b strings.Builder
	if err := tmpl.Execute(&b, []string{"x", "<"}); err != nil {
		t.Fatal(err)
	}
	if want := "<b>A+B</b> X <b>C</b> E!;<b>A+B</b> &lt; <b>C</b> E!;"; b.String() != want {
		t.Errorf("the template says %q, want %q", b.String(), want)
	}
	if calls != 6 {
		t.Errorf("%d calls while it was executed, want 3 for each of 2: of a value, in a condition and in a pipeline", calls)
	}
	b.Reset()
	if err := tmpl.Execute(&b, nil); err != nil || b.String() != "F" {
		t.Errorf("what cannot be said beforehand says %q, %v, want F", b.String(), err)
	}
}
