package lang

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	ttmpl "text/template/parse"

	"go.yaml.in/yaml/v3"

	"kinpict"
	"kinpict/internal/photo"
)

// A source is where a message is said.
type source struct {
	at   string
	args int // -1: not known there
}

// spoken are the packages that say messages themselves.
var spoken = []string{"web", "people", "generation", "support", "mail", "keeping", "app"}

// telling are the packages whose sentences reach people through Printer.Told.
// A sentence begins with a capital letter and ends with a full stop or a
// question mark; what is for the log begins with a small letter (house style).
var telling = []string{".", "httpd", "people", "intake", "photo", "generation", "billing", "support", "keeping", "store", "blob", "engine", "engine/openai", "engine/studio", "web", "wording", "provenance"}

// unheard are sentences of these packages that no page shows: they answer the
// command line, or callers of the API, who read English.
var unheard = regexp.MustCompile("kinpict [a-z-]+|\\bdocs/|KINPICT_|--[a-z]|`|Idempotency-Key|\\bcatalog file\\b|multipart/|application/json|Authorization")

// staff are files whose sentences answer staff and operators alone, or go to an engine.
var staff = []string{"./catalog.go", "./promo.go", "billing/catalog.go", "billing/history.go", "billing/inbox.go", "billing/refund.go", "billing/signature.go", "billing/staff.go", "people/console.go",
	"provenance/terms.go", "store/adjustment.go", "store/catalog.go", "store/desk.go", "store/ledger.go", "store/promo.go", "store/refund.go", "support/answer.go", "httpd/health.go", "wording/compose.go", "wording/tongue.go"}

func TestGermanLacksNothing(t *testing.T) {
	messages, sentences := map[string]source{}, map[string]source{}
	fromTemplates(t, messages)
	for _, p := range spoken {
		fromGo(t, p, messages, nil)
	}
	for _, p := range telling {
		fromGo(t, p, nil, sentences)
	}
	fromTables(t, "provenance", sentences)
	fromRules(t, sentences)
	for s, where := range sentences {
		if verb.MatchString(s) && !recognisable(s) {
			t.Errorf("%s: %q is not recognised: it belongs among the unfinished of told.go", where.at, s)
		}
	}
	for _, s := range unfinished {
		sentences[s] = source{"told.go", -1}
	}
	if len(messages) < 10 || len(sentences) < 100 {
		t.Fatalf("only %d messages and %d sentences were found", len(messages), len(sentences))
	}
	german := entries(t, "de")
	plural := entries(t, "en")
	for _, m := range []map[string]source{messages, sentences} {
		for _, english := range slices.Sorted(maps.Keys(m)) {
			if _, ok := german[english]; !ok {
				t.Errorf("%s: no German for %q", m[english].at, english)
			}
		}
	}
	for _, english := range slices.Sorted(maps.Keys(german)) {
		_, said := messages[english]
		_, told := sentences[english]
		_, many := plural[english]
		if !said && !told && !many {
			t.Errorf("de/%s: nobody says %q", german[english].File, english)
		}
	}
	for english, s := range messages {
		if want := arguments(english); s.args >= 0 && s.args != want {
			t.Errorf("%s: %q takes %d arguments and has %d", s.at, english, want, s.args)
		}
	}
}

// Every translation uses the arguments of its English text, and the kinds of
// them; plural forms are those of its language.
func TestTranslationsAgreeWithTheirText(t *testing.T) {
	categories := map[string]string{"en": "one other", "de": "one other", "ar": "zero one two few many other"}
	for _, code := range Known() {
		for english, e := range entries(t, code) {
			want := kinds(english)
			forms := e.Forms
			if forms == nil {
				forms = map[string]string{"": e.Text}
			}
			for form, text := range forms {
				got := kinds(text)
				for n, k := range got {
					if want[n] != k {
						t.Errorf("%s/%s: %q has %%[%d]%s, its text %q", code, e.File, text, n, k, want[n])
					}
				}
				for n, k := range want {
					if got[n] == "" && (form == "" || form == "other" || n != e.Arg) {
						t.Errorf("%s/%s: %q leaves out %%[%d]%s", code, e.File, text, n, k)
					}
				}
				if strings.Count(text, "<") != strings.Count(english, "<") || strings.Count(text, `"`) != strings.Count(english, `"`) {
					t.Errorf("%s/%s: %q has other markup than %q", code, e.File, text, english)
				}
				if text == "" || text != strings.TrimSpace(text) {
					t.Errorf("%s/%s: %q says nothing, or has spaces around it", code, e.File, english)
				}
			}
			if e.Forms != nil {
				have := slices.DeleteFunc(slices.Collect(maps.Keys(e.Forms)), func(k string) bool { return k[0] == '=' })
				for _, c := range strings.Fields(categories[code]) {
					if !slices.Contains(have, c) {
						t.Errorf("%s/%s: %q has no form for %s", code, e.File, english, c)
					}
				}
				if len(have) > len(strings.Fields(categories[code])) {
					t.Errorf("%s/%s: %q has forms %v, the language %s", code, e.File, english, have, categories[code])
				}
			}
		}
	}
}

// A title is said, and not put together of words that no catalogue holds. Pages
// that only a handler makes are rendered by no specimen, so their source is read.
func TestTitlesAreSaid(t *testing.T) {
	files, err := filepath.Glob("../web/*.go")
	if err != nil {
		t.Fatal(err)
	}
	titles := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		check := func(e ast.Expr) {
			titles++
			if words, ok := text(e); ok && words != "" {
				t.Errorf("%s: the title %q is in no catalogue", set.Position(e.Pos()), words)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, to := range n.Lhs {
					if field, ok := to.(*ast.SelectorExpr); ok && field.Sel.Name == "Title" && len(n.Rhs) == len(n.Lhs) {
						check(n.Rhs[i])
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Title" {
					check(n.Value)
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) == 1 && (f.Sel.Name == "titled" || f.Sel.Name == "private") {
					check(n.Args[0])
				}
			}
			return true
		})
	}
	if titles < 40 {
		t.Errorf("only %d titles were found", titles)
	}
}

// A file that is sent by mistake is refused in a sentence of the language, with no
// English word in it: a sentence that is recognised may still have one in an argument.
func TestRefusedFilesAreToldInGerman(t *testing.T) {
	german, ftyp := all(t).Find("de"), "\x00\x00\x00\x18ftyp"
	for name, begin := range map[string]string{
		"text": "dear ann", "json": `{"a":1}`, "gif": "GIF89a", "bmp": "BM", "tiff": "II*\x00", "big tiff": "MM\x00*", "psd": "8BPS", "pdf": "%PDF-1.7", "ps": "%!PS",
		"zip": "PK\x03\x04", "gzip": "\x1f\x8b", "svg": "<svg", "xml": "<?xml", "icon": "\x00\x00\x01\x00", "elf": "\x7fELF", "exe": "MZ",
		"avif": ftyp + "avif\x00\x00\x00\x00mif1avif", "video": ftyp + "isom\x00\x00\x00\x00isomavc1", "film": ftyp + "msf1\x00\x00\x00\x00msf1hevc",
	} {
		_, err := photo.Inspect(append([]byte(begin), make([]byte, 64)...), photo.DefaultLimits())
		var e *kinpict.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, says := range []string{e.Message, e.Hint} {
			if !german.told.exact[says] || german.Told(says) == says {
				t.Errorf("%s: %q is told as %q", name, says, german.Told(says))
			}
		}
	}
}

// entries are the messages of a language by their name. One that stands in two
// files must say the same in both.
func entries(t *testing.T, code string) map[string]Entry {
	t.Helper()
	list, err := read(Embedded(), code)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Entry{}
	for _, e := range list {
		if old, ok := out[e.English]; ok {
			t.Errorf("%s: %q stands in %s and in %s", code, e.English, old.File, e.File)
		}
		out[e.English] = e
	}
	return out
}

// kinds are the verbs of a text by the number of their argument.
func kinds(text string) map[int]string {
	out := map[int]string{}
	n := 0
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[0] == "%%" {
			continue
		}
		n++
		if m[1] != "" {
			n, _ = strconv.Atoi(m[1])
		}
		out[n] = strings.Replace(m[3], "q", "s", 1) // the quotes are the language's
	}
	return out
}

func arguments(text string) int {
	most := 0
	for n := range kinds(text) {
		most = max(most, n)
	}
	return most
}

// fromTemplates collects {{t "…"}} and {{h "…"}}.
func fromTemplates(t *testing.T, out map[string]source) {
	files, err := filepath.Glob("../web/templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tree := ttmpl.New(f)
		tree.Mode = ttmpl.SkipFuncCheck
		set := map[string]*ttmpl.Tree{}
		if _, err := tree.Parse(string(b), "", "", set); err != nil {
			t.Fatal(err)
		}
		for _, tr := range set {
			commands(tr.Root, func(c *ttmpl.CommandNode) {
				id, ok := c.Args[0].(*ttmpl.IdentifierNode)
				if !ok {
					return
				}
				if id.Ident != "t" && id.Ident != "h" {
					return
				}
				at := fmt.Sprintf("%s:%d", filepath.Base(f), 1+strings.Count(string(b[:c.Position()]), "\n"))
				if len(c.Args) > 1 {
					if s, ok := c.Args[1].(*ttmpl.StringNode); ok {
						out[s.Text] = source{at, len(c.Args) - 2}
						return
					}
				}
				t.Errorf("%s: %s says something that is not written there: use told", at, id.Ident)
			})
		}
	}
}

// commands calls f for every command below a node.
func commands(n ttmpl.Node, f func(*ttmpl.CommandNode)) {
	pipe := func(p *ttmpl.PipeNode) {
		if p != nil {
			for _, c := range p.Cmds {
				commands(c, f)
			}
		}
	}
	branch := func(b *ttmpl.BranchNode) {
		pipe(b.Pipe)
		commands(b.List, f)
		if b.ElseList != nil {
			commands(b.ElseList, f)
		}
	}
	switch n := n.(type) {
	case *ttmpl.ListNode:
		for _, c := range n.Nodes {
			commands(c, f)
		}
	case *ttmpl.ActionNode:
		pipe(n.Pipe)
	case *ttmpl.PipeNode:
		pipe(n)
	case *ttmpl.IfNode:
		branch(&n.BranchNode)
	case *ttmpl.RangeNode:
		branch(&n.BranchNode)
	case *ttmpl.WithNode:
		branch(&n.BranchNode)
	case *ttmpl.TemplateNode:
		pipe(n.Pipe)
	case *ttmpl.CommandNode:
		f(n)
		for _, a := range n.Args {
			commands(a, f)
		}
	}
}

// fromGo collects what a package says, by Say, Rich and lang.N, and its sentences.
func fromGo(t *testing.T, pkg string, messages, sentences map[string]source) {
	dir := filepath.Join("..", pkg)
	if pkg == "." {
		dir = "../.."
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || sentences != nil && slices.Contains(staff, pkg+"/"+filepath.Base(f)) {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		at := func(n ast.Node) string {
			return fmt.Sprintf("%s/%s:%d", pkg, filepath.Base(f), set.Position(n.Pos()).Line)
		}
		said := map[ast.Node]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				name := ""
				if fun, ok := call.Fun.(*ast.SelectorExpr); ok {
					name = fun.Sel.Name
				}
				if (name == "Say" || name == "Rich" || name == "N") && len(call.Args) > 0 {
					if s, ok := text(call.Args[0]); ok {
						mark(call.Args[0], said)
						if messages != nil {
							args := len(call.Args) - 1
							if name == "N" || call.Ellipsis.IsValid() {
								args = -1
							}
							messages[s] = source{at(call), args}
						}
					}
				}
			}
			e, ok := n.(ast.Expr)
			if !ok || said[n] || sentences == nil {
				return true
			}
			s, ok := text(e)
			if !ok {
				return true
			}
			mark(e, said)
			if sentence(s) && !unheard.MatchString(s) {
				sentences[s] = source{at(e), -1}
			}
			return true
		})
	}
}

// fromTables collects the words of a package that says nothing itself: the
// values of its tables whose names end in Words.
func fromTables(t *testing.T, pkg string, out map[string]source) {
	files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			table, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasSuffix(table.Names[0].Name, "Words") {
				return true
			}
			ast.Inspect(table, func(n ast.Node) bool {
				if kv, ok := n.(*ast.KeyValueExpr); ok {
					if s, ok := text(kv.Value); ok {
						out[s] = source{pkg + "/" + filepath.Base(f), -1}
					}
				}
				return true
			})
			return false
		})
	}
}

// mark keeps the parts of an expression from being read once more by themselves.
func mark(e ast.Node, seen map[ast.Node]bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if n != nil {
			seen[n] = true
		}
		return true
	})
}

// text is a literal, or a sum of literals and other things, which become %s.
func text(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
	case *ast.ParenExpr:
		return text(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		x, okx := text(e.X)
		y, oky := text(e.Y)
		if !okx && !oky {
			return "", false
		}
		if !okx {
			x = "%s"
		}
		if !oky {
			y = "%s"
		}
		return x + y, true
	}
	return "", false
}

var beginning = regexp.MustCompile(`^(?:[A-Z“"]|%[sdq] [a-z])`)

func sentence(s string) bool {
	return beginning.MatchString(s) && strings.Contains(s, " ") && strings.ContainsAny(s[len(s)-1:], ".?")
}

// fromRules collects what the rules of wording say.
func fromRules(t *testing.T, out map[string]source) {
	b, err := fs.ReadFile(os.DirFS("../wording"), "rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				switch k, v := n.Content[i].Value, n.Content[i+1]; k {
				case "message", "help", "child_message", "child_help":
					out[v.Value] = source{fmt.Sprintf("rules.yaml:%d", v.Line), -1}
				}
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&root)
}
