package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"kinpict/internal/engine/enginetest"
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
			b.addPhotos(b.heic())
			const ticked = "document.getElementById('consent').checked"
			if value[bool](b, ticked) {
				b.Error("the tick stays")
			}
			b.until("the photo in HEIC", "[...document.querySelectorAll('.pcard img')].filter(i => i.complete && i.naturalWidth > 0).length === 2")
			pictures.add(b, "journeys", "create changed "+name)
			b.open("/create")
			if value[bool](b, ticked) {
				b.Error("the tick is back on a page loaded anew")
			}
			b.press("Start fresh")
			b.follow("Take everything off")
			b.at("/create")
			if n := value[int](b, "document.querySelectorAll('.pcard').length"); n != 0 {
				b.Errorf("%d photos are left", n)
			}
		})
	}
}

// heic writes a photo as a telephone takes it to a file.
func (b *tab) heic() string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "IMG_0001.HEIC")
	b.must("a photo", os.WriteFile(file, heiftest.File{}.Bytes(), 0o600))
	return file
}

// What a camera hides in a photo does not leave the device.
func TestBrowserShrinksPhotosAndDropsWhatIsHiddenInThem(t *testing.T) {
	t.Parallel()
	b := browse(t).tab()
	b.open("/create")
	b.until("the photo picker", "!document.getElementById('photo-input').name")
	value[bool](b, `(() => {
		const send = XMLHttpRequest.prototype.send;
		XMLHttpRequest.prototype.send = function (body) {
			const sent = body.get('photos');
			Promise.all([sent.text(), createImageBitmap(sent)]).then(([text, b]) => window.sent = {hidden: text.includes('Exif') || text.includes('48.2N'), size: [b.width, b.height].join()});
			return send.call(this, body);
		};
		return true;
	})()`)
	photo := enginetest.Photo(4000, 3000, 7)
	hidden := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00 48.2N 16.4E"
	app1 := append([]byte{0xff, 0xe1, 0, byte(len(hidden) + 2)}, hidden...)
	file := filepath.Join(t.TempDir(), "IMG_0002.jpg")
	b.must("a photo", os.WriteFile(file, slices.Concat(photo[:2], app1, photo[2:]), 0o600))
	b.addPhotos(file)
	b.until("what was sent", "window.sent")
	if got := value[string](b, "JSON.stringify(window.sent)"); got != `{"hidden":false,"size":"3072,2304"}` {
		t.Errorf("the photo was sent as %s", got)
	}
}

// A photo that fails says so on its own card, can be tried again there, and
// leaves the others alone; one that comes twice is there once.
func TestBrowserPhotoFailsOnItsCardOnly(t *testing.T) {
	t.Parallel()
	b := browse(t).tab()
	b.open("/create")
	b.addPhotos(b.drawn(2)...)
	b.mu.Lock()
	b.refuse[b.url+"/create/photos"] = true // the browser's log says so too
	b.mu.Unlock()
	paper := filepath.Join(t.TempDir(), "letter.pdf")
	b.must("a file", os.WriteFile(paper, []byte("%PDF-1.7 a letter"), 0o600))
	b.do("choose a file", chromedp.SetUploadFiles(chromedp.ID("photo-input"), []string{paper}))
	b.until("the reason", "document.querySelector('.pcard.failed .refused')?.textContent.includes('PDF document')")
	b.until("the word", "document.querySelector('[data-live]').textContent === 'letter.pdf could not be added.'")
	if got := value[string](b, "document.querySelector('.pcard.failed [data-words]').textContent + ' ' + getComputedStyle(document.querySelector('.pcard.failed img')).visibility"); got != "letter.pdf hidden" {
		t.Errorf("the card of a file that is no photo shows %q", got)
	}
	if value[bool](b, "!!document.querySelector('.pcard.failed [data-again]:not([hidden])')") {
		t.Error("what cannot work is offered again")
	}
	pictures.add(b, "journeys", "create failed")
	b.press("[aria-label='Remove letter.pdf']")
	b.until("the other photos alone", "document.querySelectorAll('.pcard').length === 2 && document.querySelectorAll('.pcard[data-id]').length === 2")

	value[bool](b, `(() => {
		const send = XMLHttpRequest.prototype.send;
		window.down = true;
		XMLHttpRequest.prototype.send = function (body) { window.down ? setTimeout(() => this.dispatchEvent(new Event('loadend'))) : send.call(this, body) };
		return true;
	})()`)
	third := b.drawn(3)
	b.do("choose a photo", chromedp.SetUploadFiles(chromedp.ID("photo-input"), third[2:]))
	// Whoever is back on the network is not kept waiting for the next try.
	b.until("the end of trying", "(dispatchEvent(new Event('online')), document.querySelector('.pcard.failed [data-again]:not([hidden])'))")
	value[bool](b, "(() => { window.down = false; return true })()")
	b.press("Try again")
	b.until("three photos", "document.querySelectorAll('.pcard[data-id]').length === 3 && !document.querySelector('.failed, .busy')")
	b.do("the same again", chromedp.SetUploadFiles(chromedp.ID("photo-input"), third[2:]))
	b.until("the word", "document.querySelector('[data-live]').textContent === 'portrait-3.jpg is there already.'")
	if n := value[int](b, "document.querySelectorAll('.pcard').length"); n != 3 {
		t.Errorf("%d photos are there, want 3", n)
	}
	if said := value[string](b, "document.querySelector('[data-count]').textContent"); said != "3 added" {
		t.Errorf("the order says %q", said)
	}
}

// What is said of a field goes when it is right, and that photos were left out
// stays until one is removed.
func TestBrowserPhotosTakeBackWhatWasWrong(t *testing.T) {
	t.Parallel()
	b := browse(t).tab()
	b.open("/create")
	b.mu.Lock()
	b.refuse[b.url+"/create"] = true // the browser's log says so too
	b.mu.Unlock()
	b.follow("Make my free preview")
	const problems = "[...document.querySelectorAll('#errsum li a, .err')].map(e => e.getAttribute('href') ?? e.id).join()"
	if got := value[string](b, problems); got != "#photo-input,#consent,photo-err,consent-err" {
		t.Fatalf("an empty form is told %q", got)
	}
	files := b.drawn(10)
	b.until("the photo picker", "!document.getElementById('photo-input').name")
	b.do("choose photos", chromedp.SetUploadFiles(chromedp.ID("photo-input"), files))
	b.until("eight photos", "document.querySelectorAll('.pcard[data-id]').length === 8 && !document.querySelector('.busy')")
	const full = "document.querySelector('[data-full]').innerText"
	if got := value[string](b, full); got != "A picture takes up to 8 photos. The others were left out." {
		t.Errorf("of ten photos it says %q", got)
	}
	if got := value[string](b, problems); got != "#consent,consent-err" {
		t.Errorf("with eight photos it is told %q", got)
	}
	b.press("#consent")
	if value[bool](b, "!!document.querySelector('#errsum, .err, [aria-invalid]')") {
		t.Error("the summary stays with nothing wrong")
	}
	pictures.add(b, "journeys", "create full")
	b.press("[aria-label='Remove portrait-1.jpg']")
	b.until("the line to go", "!"+full)
}

// A tab that the person comes back to shows what another one did.
func TestBrowserTabFollowsAnother(t *testing.T) {
	t.Parallel()
	one := browse(t).tab()
	one.open("/create?scenario=beach")
	one.addPhotos(one.drawn(1)...)
	two := one.another()
	two.open("/create")
	two.addPhotos(two.drawn(2)[1:]...)
	two.fill("instruction", "At the lake")
	two.until("the words to be kept", "document.activeElement.blur() ?? document.querySelector('[data-notes=words] li')")
	const back = "(() => { document.dispatchEvent(new Event('visibilitychange')); return true })()"
	before, _, _ := one.state()
	value[bool](one, back)
	one.next(before)
	one.until("both photos and the words", "document.querySelectorAll('.pcard[data-id]').length === 2 && document.getElementById('instruction').value === 'At the lake'")
	if !value[bool](one, "document.querySelector('[name=scenario][value=beach]').checked") {
		t.Error("the scenario is another one")
	}
	two.open("/sign-in?next=/create")
	two.signInHere("ann@example.com")
	two.at("/create")
	before, _, _ = one.state()
	value[bool](one, back)
	one.next(before)
	one.reads("Your balance", "You need 4 more credits")
}
