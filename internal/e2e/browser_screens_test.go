package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kinpict/client"
	"kinpict/internal/config"
)

var screens = flag.String("e2e.screens", "", "folder for pictures of every page and state; empty: only that a picture can be taken is tested")

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

// TestBrowserScreens takes pictures of the pages at two widths in two schemes.
// Without a folder it takes one of the home page.
func TestBrowserScreens(t *testing.T) {
	dir := *screens
	if dir == "" {
		b := browse(t).tab()
		b.open("/")
		b.frame(t.TempDir(), "home", 390, "light")
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	everyone(t, func(b *tab, v sight) { b.shoot(dir, v) })

	// What the built-in engine makes, of the site's own snapshots.
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
	made := s.make(c, r).ID
	s.draw()
	b := s.tab()
	b.open("/sign-in?next=/create")
	b.signInHere("ann@example.org")
	b.shoot(dir, sight{"ready-studio", "/generations/" + made, ""})
	b.shoot(dir, sight{"compare-studio", "/generations/" + made + "/compare", ""})
	b.open("/generations/" + made)
	b.follow("Add to favourites")
	b.follow("Make a link")
	b.answered(201)
	b.frames(dir, "ready-shared")
	link := value[string](b, "document.getElementById('newlink').value")
	b.shoot(dir, sight{"shared", strings.TrimPrefix(link, s.url), ""})
	b.open("/generations/" + made)
	b.press(".del summary")
	b.frames(dir, "ready-delete")
	b.shoot(dir, sight{"generations-studio", "/generations", ""})
	b.shoot(dir, sight{"favourites-studio", "/generations?favourite=1", ""})
	b.checks(s.saved(c, made, 0, ""))
	b.frames(dir, "verify-ours")
	b.checks(family(t)[0])
	b.frames(dir, "verify-nothing")
	b.open("/create")
	b.addPhotos(family(t)...)
	b.fill("instruction", "Summer at the lake")
	b.press("#consent")
	b.frames(dir, "create-filled")
	b.press("#consent") // taken back
	b.follow("Make picture, 4 credits")
	b.answered(422)
	b.frames(dir, "create-problem")

	g := s.tab()
	g.open("/create")
	g.addPhotos(family(t)[:2]...)
	g.press("#consent")
	g.follow("Make my free preview")
	made = g.where()
	s.draw()
	g.shoot(dir, sight{"preview", made, ""})
}

// shoot takes a page's pictures.
func (b *tab) shoot(dir string, v sight) {
	b.Helper()
	b.open(v.path)
	b.frames(dir, v.name)
}

// frames takes the pictures of the page that is shown.
func (b *tab) frames(dir, name string) {
	b.Helper()
	for _, w := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.frame(dir, name, w, scheme)
		}
	}
	b.scheme("light")
}

func (b *tab) frame(dir, name string, width int64, scheme string) {
	b.Helper()
	b.size(width, 900)
	b.scheme(scheme)
	b.settled()
	value[bool](b, "(() => { scrollTo(0, 0); return true })()")
	ctx, cancel := b.patient()
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	b.must("screenshot of "+name, err)
	b.must("screenshot", os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o644))
}

// fileName makes a name of a specimen fit for a file: letters, digits and dashes.
func fileName(s string) string {
	return strings.Trim(unfit.ReplaceAllString(strings.ToLower(s), "-"), "-")
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)
