package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"kinpict"
	"kinpict/client"
)

// saved is a picture as a person downloads it, in a file.
func (s *stack) saved(c *client.Client, id string, size int, format string) string {
	s.Helper()
	r, err := c.Image(s.Context(), id, size, format)
	if err != nil {
		s.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		s.Fatal(err)
	}
	path := filepath.Join(s.TempDir(), "picture.jpg")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

// TestEveryDownloadIsMarked: whatever form a picture leaves in, it says what it
// is, and the public check knows it again.
func TestEveryDownloadIsMarked(t *testing.T) {
	s := newStack(t, "sqlite", ownEngine)
	ann := s.rich("ann")
	id := s.make(ann, s.ask(ann, 0)).ID
	guest := s.guest().api()
	preview, err := guest.Preview(s.Context(), s.key(), s.ask(guest, 40))
	if err != nil {
		t.Fatal(err)
	}
	s.draw()
	for _, c := range []struct {
		name    string
		who     *client.Client
		id      string
		size    int
		format  string
		actions int
		preview bool
	}{
		{"as it was made", ann, id, 0, "", 1, false},
		{"as PNG", ann, id, 0, "png", 2, false},
		{"smaller", ann, id, 400, "", 2, false},
		{"smaller PNG", ann, id, 400, "png", 3, false},
		{"the preview", guest, preview.ID, 0, "", 1, true},
		{"the preview, smaller", guest, preview.ID, 320, "", 2, true},
	} {
		data, err := os.ReadFile(s.saved(c.who, c.id, c.size, c.format))
		if err != nil {
			t.Fatal(err)
		}
		anybody := s.guest().api()
		m, err := anybody.CheckMarks(s.Context(), "a", data)
		if err != nil {
			t.Fatal(err)
		}
		if m.State != "intact" || m.Signer != "ours" || m.Preview != c.preview || len(m.Actions) != c.actions || m.MadeAt == nil {
			t.Errorf("%s: %s by %s, preview %v, actions %v", c.name, m.State, m.Signer, m.Preview, m.Actions)
		}
		for _, personal := range []string{"example.org", kinpict.AccountPrefix, kinpict.GenerationPrefix, kinpict.PhotoPrefix} {
			if bytes.Contains(data, []byte(personal)) {
				t.Errorf("%s: the file holds %q", c.name, personal)
			}
		}
	}
}

// checks has the page look at a file.
func (b *tab) checks(file string) {
	b.Helper()
	b.open("/verify")
	b.do("choose a picture", chromedp.SetUploadFiles(chromedp.ID("file"), []string{file}))
	b.follow("Check this picture")
	b.answered(200)
}
