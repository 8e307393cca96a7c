package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// exhibition is the process that shows the specimens of internal/web: every page
// in every state. They are built in its tests, which no other package can
// import, so its tests are built and told to serve.
var exhibition struct {
	once sync.Once
	url  string
	cmd  *exec.Cmd
	open io.Closer // its standard input: when that ends, it ends
	err  error
}

func openExhibition() (err error) {
	dir, err := os.MkdirTemp("", "kinpict-gallery")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "web.test")
	if out, err := exec.Command("go", "test", "-c", "-o", program, "kinpict/internal/web").CombinedOutput(); err != nil {
		return fmt.Errorf("build the gallery: %w\n%s", err, out)
	}
	cmd := exec.Command(program, "-web.gallery=127.0.0.1:0")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	exhibition.cmd, exhibition.open = cmd, in
	line, err := bufio.NewReader(out).ReadString('\n')
	exhibition.url = strings.TrimSpace(line)
	return err
}

func closeExhibition() {
	if exhibition.cmd != nil {
		_ = exhibition.open.Close()
		_ = exhibition.cmd.Wait()
	}
}

// gallery is the specimens as a site of their own, and their paths.
func gallery(t *testing.T, language string) (s *stack, paths []string) {
	t.Helper()
	exhibition.once.Do(func() { exhibition.err = openExhibition() })
	if exhibition.err != nil {
		t.Fatal(exhibition.err)
	}
	// The go command keeps a result for as long as the files it has seen are the
	// same; it has not seen what another process was built from.
	sources, err := filepath.Glob("../web/*_test.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("the specimens are not there: %v", err)
	}
	for _, f := range sources {
		if _, err := os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.Get(exhibition.url + "/specimens/" + language)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var names []string
	if err := json.NewDecoder(resp.Body).Decode(&names); err != nil || len(names) == 0 {
		t.Fatalf("%d specimens in %s: %v", len(names), language, err)
	}
	for _, n := range names {
		paths = append(paths, "/specimens/"+language+"/"+url.PathEscape(n))
	}
	return &stack{T: t, url: exhibition.url}, paths
}

// browseGallery runs f on every specimen, in as many tabs at a time as a machine
// of two cores keeps busy.
func browseGallery(t *testing.T, language string, f func(b *tab, path string)) {
	t.Helper()
	const tabs = 2
	for i := range tabs {
		t.Run(fmt.Sprintf("%s, tab %d of %d", language, i+1, tabs), func(t *testing.T) {
			t.Parallel()
			s, paths := gallery(t, language)
			b := s.tab()
			if language == "en" {
				b.withAxe()
			}
			for n := i; n < len(paths); n += tabs {
				b.open(paths[n])
				f(b, paths[n])
			}
		})
	}
}

// Every page in every state is sound at every width, in both schemes.
func TestBrowserSpecimens(t *testing.T) {
	browseGallery(t, "en", func(b *tab, path string) { b.inspect(path) })
}

// German has the longest words, Arabic is written from right to left. No language
// has colours or markup of its own for axe to look at.
func TestBrowserSpecimensInOtherLanguages(t *testing.T) {
	for _, language := range []string{"de", "ar"} {
		browseGallery(t, language, func(b *tab, path string) {
			b.width(390)
			b.settled()
			b.narrow(path, 390)
			if language == "de" {
				b.touchable(path)
				b.spaced(path)
			}
			b.width(320)
			b.narrow(path, 320)
		})
	}
}
