package e2e

import (
	"cmp"
	"flag"
	"fmt"
	"html/template"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	document "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kinpict/client"
	"kinpict/internal/config"
)

var (
	screens = flag.String("e2e.screens", "", "folder for pictures of every page and state, and an index.html that shows them; empty: only that a picture can be taken is tested")
	kept    = flag.String("e2e.kept", "", "folder for the few pictures the documentation shows, taken together with e2e.screens")
)

// family are the snapshots the site itself shows as samples.
func family(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../web/assets/img/snap-*.webp")
	if err != nil || len(files) == 0 {
		t.Fatalf("the site's snapshots are not there: %v", err)
	}
	for i, f := range files {
		if files[i], err = filepath.Abs(f); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// pictures are those of this run, in a folder for each group of them.
var pictures = album{seen: map[string]bool{}}

// An album is pictures of pages. Without a folder for it nothing is taken.
type album struct {
	mu   sync.Mutex
	all  []sighted
	seen map[string]bool
}

// A sighted page is one page in one state, in pictures of it.
type sighted struct {
	Group, Name string
	Pictures    []picture
}

type picture struct {
	File   string
	Width  int64
	Scheme string
}

// TestBrowserScreens takes pictures of every specimen in English, of some in
// other languages, and of the pages of the running product, at two widths in two
// schemes. Without a folder it takes one of the home page.
func TestBrowserScreens(t *testing.T) {
	if *screens == "" {
		b := browse(t).tab()
		b.open("/")
		b.size(390, 900)
		if data := b.snap(390, 0, 1); len(data) < 10<<10 || string(data[8:12]) != "WEBP" {
			t.Errorf("the picture of the home page is %d bytes: %.16q", len(data), data)
		}
		return
	}
	for i := range galleryTabs {
		t.Run(fmt.Sprintf("specimens, tab %d of %d", i+1, galleryTabs), func(t *testing.T) {
			t.Parallel()
			pictures.specimens(t, i)
		})
	}
	t.Run("pages", func(t *testing.T) {
		everyone(t, func(b *tab, v sight) {
			b.open(v.path)
			pictures.add(b, "pages", v.name)
		})
	})
	t.Run("made", func(t *testing.T) {
		t.Parallel()
		pictures.made(t)
	})
}

// galleryTabs is in how many tabs specimens are looked at, as many as keep a
// machine of two cores busy.
const galleryTabs = 2

// foreign are the specimens that are also seen in German, which has the longest
// words, and in Arabic, which is written from right to left.
var foreign = []string{"home guest", "pricing signed in", "create signed in", "generation ready", "generation failed: timed_out", "credits", "statement", "account fresh",
	"sign-in", "verify ours"}

// specimens takes every other one, beginning with the first or the second.
func (a *album) specimens(t *testing.T, first int) {
	s, paths := gallery(t, "en")
	for _, language := range []string{"de", "ar"} {
		for _, name := range foreign {
			if !slices.Contains(paths, "/specimens/en/"+url.PathEscape(name)) {
				t.Errorf("there is no specimen %q", name)
			}
			paths = append(paths, "/specimens/"+language+"/"+url.PathEscape(name))
		}
	}
	b := s.tab()
	for i := first; i < len(paths); i += galleryTabs {
		language, name, _ := strings.Cut(strings.TrimPrefix(paths[i], "/specimens/"), "/")
		name, err := url.PathUnescape(name)
		b.must("name", err)
		b.open(paths[i])
		a.add(b, language, name)
	}
}

// made shows what the built-in engine makes of the site's own snapshots.
func (a *album) made(t *testing.T) {
	s := newStack(t, "sqlite", func(c *config.Config) { ownEngine(c); c.Workers = 2 })
	c := s.rich("ann")
	r := client.Request{Quality: "standard", Scenario: "gallery", Instruction: "Summer at the lake"}
	for _, f := range family(t) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.AddPhoto(s.Context(), filepath.Base(f), data)
		if err != nil {
			t.Fatal(err)
		}
		r.Photos = append(r.Photos, client.PhotoUse{ID: p.ID, Role: "other"})
	}
	if _, err := c.Cancel(s.Context(), s.make(c, r).ID); err != nil {
		t.Fatal(err)
	}
	made := s.make(c, r).ID
	s.draw()
	b := s.tab()
	shoot := func(name, path string) {
		b.open(path)
		a.add(b, "made", name)
	}
	b.open("/")
	b.keep("home", 1280, "light")
	b.keep("dark", 1280, "dark")
	b.open("/sign-in?next=/create")
	b.signInHere("ann@example.org")
	shoot("ready", "/generations/"+made)
	b.keep("picture", 1280, "light")
	shoot("statement", "/credits")
	b.keep("statement", 1280, "light")
	shoot("compare", "/generations/"+made+"/compare")
	b.open("/generations/" + made)
	b.follow("Add to favourites")
	b.follow("Make a link")
	b.answered(201)
	a.add(b, "made", "ready shared")
	link := value[string](b, "document.getElementById('newlink').value")
	shoot("shared", strings.TrimPrefix(link, s.url))
	b.open("/generations/" + made)
	b.press(".del summary")
	a.add(b, "made", "ready delete")
	shoot("generations", "/generations")
	shoot("favourites", "/generations?favourite=1")
	b.checks(s.saved(c, made, 0, ""))
	a.add(b, "made", "verify ours")
	b.checks(family(t)[0])
	a.add(b, "made", "verify nothing")
	b.open("/create")
	b.addPhotos(family(t)...)
	b.fill("instruction", "Summer at the lake")
	b.press("#consent")
	a.add(b, "made", "create filled")
	b.keep("create", 1280, "light")
	b.keep("phone", 390, "light")
	b.size(1280, 900)
	b.press("#consent") // taken back
	b.follow("Make picture, 4 credits")
	b.answered(422)
	a.add(b, "made", "create problem")

	g := s.tab()
	g.open("/create")
	g.addPhotos(family(t)[:2]...)
	g.press("#consent")
	g.follow("Make my free preview")
	preview := g.where()
	s.draw()
	g.open(preview)
	a.add(g, "made", "preview")
}

// add takes the pictures of the page that is shown, if there is a folder for them.
func (a *album) add(b *tab, group, name string) {
	b.Helper()
	if *screens == "" {
		return
	}
	at := filepath.Join(group, fileName(name))
	a.mu.Lock()
	twice := a.seen[at]
	a.seen[at] = true
	a.mu.Unlock()
	if twice {
		b.Fatalf("two pages would have the pictures %s", at)
	}
	b.must("folder", os.MkdirAll(filepath.Join(*screens, group), 0o755))
	one := sighted{Group: group, Name: name}
	for _, w := range []int64{390, 1280} {
		b.size(w, 900)
		b.settled()
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(scheme)
			p := picture{fmt.Sprintf("%s-%d-%s.webp", at, w, scheme), w, scheme}
			b.must("picture", os.WriteFile(filepath.Join(*screens, p.File), b.snap(w, 0, 1), 0o644))
			one.Pictures = append(one.Pictures, p)
		}
	}
	b.scheme("light")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, one)
}

// snap is a picture of the page from its top, whole if height is 0.
func (b *tab) snap(width, height int64, scale float64) []byte {
	b.Helper()
	whole := value[int64](b, "(scrollTo(0, 0), document.documentElement.scrollHeight)")
	ctx, cancel := b.patient()
	defer cancel()
	beyond, quality := true, int64(80)
	shot, err := chromedp.Call(ctx, document.CaptureScreenshot, document.CaptureScreenshotParams{Format: document.CaptureScreenshotFormatWebp, Quality: &quality,
		CaptureBeyondViewport: &beyond, Clip: &document.Viewport{Width: float64(width), Height: float64(cmp.Or(height, whole)), Scale: scale}})
	b.must("picture", err)
	return shot.Data
}

// mostKept is how large a picture of the documentation may be, in bytes.
const mostKept = 120 << 10

// keep takes a picture for the documentation: what is seen first, on a desk or,
// with more pixels, on a phone.
func (b *tab) keep(name string, width int64, scheme string) {
	b.Helper()
	if *kept == "" {
		return
	}
	height, scale := int64(860), 1.0
	if width < 600 {
		height, scale = 844, 1.6
	}
	b.size(width, height)
	b.scheme(scheme)
	b.settled()
	data := b.snap(width, height, scale)
	if len(data) > mostKept {
		b.Errorf("the picture %s takes %d bytes, at most %d are kept", name, len(data), mostKept)
	}
	b.must("folder", os.MkdirAll(*kept, 0o755))
	b.must("picture", os.WriteFile(filepath.Join(*kept, name+".webp"), data, 0o644))
	b.scheme("light")
}

// index writes a page to look through all pictures, if there are any.
func (a *album) index() error {
	if len(a.all) == 0 {
		return nil
	}
	slices.SortStableFunc(a.all, func(x, y sighted) int { return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Name, y.Name)) })
	prints, err := filepath.Glob(filepath.Join(*screens, "print-*.pdf"))
	if err != nil {
		return err
	}
	for i, p := range prints {
		prints[i] = filepath.Base(p)
	}
	f, err := os.Create(filepath.Join(*screens, "index.html"))
	if err != nil {
		return err
	}
	if err := contactSheet.Execute(f, map[string]any{"Pages": a.all, "Prints": prints}); err != nil {
		return err
	}
	return f.Close()
}

var contactSheet = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Screens</title>
<style>
body{font:14px system-ui;margin:1rem;background:#ddd;color:#111}
nav{columns:14rem;margin-block:1rem}nav a{display:block;color:inherit}
section{margin-block:1.5rem}h2{font-size:1rem;position:sticky;top:0;background:#ddd;padding:.3rem 0}
div{display:flex;gap:.6rem;align-items:start;overflow-x:auto}
figure{margin:0;flex:none}img{display:block;max-height:34rem;object-fit:cover;object-position:top;border:1px solid #999}
img.w390{width:13rem}img.w1280{width:30rem}
</style>
<h1>{{len .Pages}} pages in pictures</h1>
{{with .Prints}}<p>On paper: {{range .}}<a href="{{.}}">{{.}}</a> {{end}}</p>{{end}}
<nav>{{range $i, $p := .Pages}}<a href="#p{{$i}}">{{$p.Group}}: {{$p.Name}}</a>{{end}}</nav>
{{range $i, $p := .Pages}}<section id="p{{$i}}"><h2>{{$p.Group}}: {{$p.Name}}</h2><div>{{range $p.Pictures}}<figure><a href="{{.File}}"><img class="w{{.Width}}" src="{{.File}}" alt="{{$p.Name}}, {{.Width}} px, {{.Scheme}}" loading="lazy"></a><figcaption>{{.Width}} px, {{.Scheme}}</figcaption></figure>{{end}}</div></section>
{{end}}</html>
`))

// fileName makes a name of a specimen fit for a file: letters, digits and dashes.
func fileName(s string) string {
	return strings.Trim(unfit.ReplaceAllString(strings.ToLower(s), "-"), "-")
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)
