package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"kinpict/internal/photo/heif/heiftest"
)

// Another photo takes the tick about everyone back; one in HEIC, which the
// browser cannot open, is sent as it is; and the page can be emptied.
func TestBrowserPhotosChange(t *testing.T) {
	t.Parallel()
	for _, scripts := range []bool{true, false} {
		name := map[bool]string{true: "with scripts", false: "without scripts"}[scripts]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := browse(t).tab()
			if !scripts {
				b.withoutScripts()
			}
			b.open("/create")
			b.addPhotos(b.drawn(1)...)
			b.press("#consent")
			heic := filepath.Join(t.TempDir(), "IMG_0001.HEIC")
			b.must("a photo", os.WriteFile(heic, heiftest.File{}.Bytes(), 0o600))
			b.addPhotos(heic)
			const ticked = "document.getElementById('consent').checked"
			if value[bool](b, ticked) {
				b.Error("the tick stays")
			}
			b.until("the photo in HEIC", "[...document.querySelectorAll('.pcard img')].filter(i => i.complete && i.naturalWidth > 0).length === 2")
			if *screens != "" {
				b.frames(*screens, "create-changed-"+name[:len(name)-8])
			}
			b.open("/create")
			if value[bool](b, ticked) {
				b.Error("the tick is back on a page loaded anew")
			}
			b.follow("Start fresh")
			b.at("/create")
			if n := value[int](b, "document.querySelectorAll('.pcard').length"); n != 0 {
				b.Errorf("%d photos are left", n)
			}
		})
	}
}
