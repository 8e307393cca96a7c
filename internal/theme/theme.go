package theme

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ours is the product's name, and a site's unless it has another.
const Ours = "Kinpict"

// maxName is how many characters of a name fit a header on a phone and a home screen.
const maxName = 40

// maxFile is how large one file of the operator's may be, in bytes.
const maxFile = 1 << 20

// Settings are what an operator says. Empty ones leave things as they are.
type Settings struct{ Name, Accent, Logo, Dir string }

// A Theme is what has been changed. The zero value changes nothing.
type Theme struct {
	name   string
	Accent *Accent
	Logo   *Logo
	files  map[string][]byte // css/… and img/…
	html   map[string][]byte // by file name
	dir    fs.FS
}

// folders of the operator's directory, and the endings their files have.
var folders = map[string][]string{"templates": {".html"}, "css": {".css"}, "img": {".svg", ".png", ".webp"}, "messages": {".yaml"}}

// Load reads the settings. The error names every setting at fault.
func Load(s Settings) (*Theme, error) {
	t := &Theme{name: strings.TrimSpace(s.Name), files: map[string][]byte{}, html: map[string][]byte{}}
	var errs []error
	note := func(setting string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("KINPICT_%s: %w", setting, err))
		}
	}
	note("BRAND_NAME", checkName(t.name))
	var err error
	if s.Accent != "" {
		t.Accent, err = ParseAccent(s.Accent)
		note("BRAND_ACCENT", err)
	}
	if s.Logo != "" {
		t.Logo, err = LoadLogo(s.Logo)
		note("BRAND_LOGO", err)
	}
	if s.Dir != "" {
		note("CUSTOM_DIR", t.read(s.Dir))
	}
	return t, errors.Join(errs...)
}

func checkName(name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return fmt.Errorf("has %d characters; at most %d fit a header", utf8.RuneCountInString(name), maxName)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || strings.ContainsRune("<>%\"", r) }) {
		return fmt.Errorf("%q holds a character that does not belong in a name", name)
	}
	return nil
}

// read takes in the operator's files. What would never be used is a mistake, so
// it is refused.
func (t *Theme) read(dir string) error {
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	t.dir = os.DirFS(dir)
	return fs.WalkDir(t.dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		folder, rest, below := strings.Cut(name, "/")
		endings := folders[folder]
		switch {
		case strings.HasPrefix(path.Base(name), "."), !below && path.Ext(name) != ".html":
			return nil // an editor's, or a note beside the folders
		case endings == nil:
			return fmt.Errorf("%s lies in none of templates, css, img and messages", name)
		case !has(endings, path.Ext(name)):
			return fmt.Errorf("%s: files of %s end in %s", name, folder, strings.Join(endings, " or "))
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Size() > maxFile {
			return fmt.Errorf("%s is larger than %d KiB", name, maxFile>>10)
		}
		data, err := fs.ReadFile(t.dir, name)
		if err != nil {
			return err
		}
		switch folder {
		case "templates":
			t.html[rest] = data
		case "css", "img":
			t.files[name] = data
		}
		return nil
	})
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Name is what the site is called.
func (t *Theme) Name() string {
	if t == nil || t.name == "" {
		return Ours
	}
	return t.name
}

// Changes reports whether pages look another way than ours.
func (t *Theme) Changes() bool {
	return t != nil && (t.Name() != Ours || t.Accent != nil || t.Logo != nil || len(t.files)+len(t.html) > 0)
}

// Files are the files laid over ours, by their names: css/… in the one style
// sheet, by name and the accent last, img/… and the logo beside ours.
func (t *Theme) Files() map[string][]byte {
	out := map[string][]byte{}
	if t == nil {
		return out
	}
	for name, data := range t.files {
		out[name] = data
	}
	if t.Accent != nil {
		out["css/~accent.css"] = t.Accent.CSS() // ~ comes after every letter
	}
	if t.Logo != nil {
		out[t.Logo.Name] = t.Logo.Data
	}
	return out
}

// Templates are the operator's templates by their file names.
func (t *Theme) Templates() map[string][]byte {
	if t == nil {
		return nil
	}
	return t.html
}

// Messages are the operator's catalogues, nil without any.
func (t *Theme) Messages() (fs.FS, error) {
	if t == nil || t.dir == nil {
		return nil, nil
	}
	if _, err := fs.Stat(t.dir, "messages"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return fs.Sub(t.dir, "messages")
}
