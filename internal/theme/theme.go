package theme

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
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
type Settings struct {
	Name, Accent, Logo, Dir string
	// Languages are the codes of those messages can be in.
	Languages []string
}

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
		t.Accent, err = parseAccent(s.Accent)
		note("BRAND_ACCENT", err)
	}
	if s.Logo != "" {
		t.Logo, err = loadLogo(s.Logo)
		note("BRAND_LOGO", err)
	}
	if s.Dir != "" {
		note("CUSTOM_DIR", t.read(s.Dir, s.Languages))
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
func (t *Theme) read(dir string, languages []string) error {
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	// Whoever may write a theme shall not read with it what they may not read
	// otherwise: links lead to files of the folder only.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	t.dir = root.FS()
	return fs.WalkDir(t.dir, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(d.Name(), ".") && name != "."
		switch {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir // of a program that watches over the files
		case hidden, d.IsDir():
			return nil
		}
		folder, rest, below := strings.Cut(name, "/")
		if !below && strings.HasPrefix(name, "README") {
			return nil
		}
		endings := folders[folder]
		code, file, _ := strings.Cut(rest, "/")
		switch {
		case endings == nil:
			return fmt.Errorf("%s lies in none of templates, css, img and messages", name)
		case !slices.Contains(endings, path.Ext(name)):
			return fmt.Errorf("%s: files of %s end in %s", name, folder, strings.Join(endings, " or "))
		case folder == "messages" && (file == "" || strings.Contains(file, "/")):
			return fmt.Errorf("%s lies in no language; it belongs into a folder such as messages/en", name)
		case folder == "messages" && !slices.Contains(languages, code):
			return fmt.Errorf("%s: there are no messages of %q, only of %s", name, code, strings.Join(languages, ", "))
		}
		data, err := t.file(name)
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

// file is what one of the operator's files holds.
func (t *Theme) file(name string) ([]byte, error) {
	info, err := fs.Stat(t.dir, name) // of what a link leads to
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", name)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s is larger than %d KiB", name, maxFile>>10)
	}
	return fs.ReadFile(t.dir, name)
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
