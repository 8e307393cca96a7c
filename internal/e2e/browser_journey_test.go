package e2e

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"kinpict"
	"kinpict/internal/config"
)

// ownEngine draws with the engine that is built in.
func ownEngine(c *config.Config) { c.Engines, c.OpenAIBaseURL = "studio", "" }

// watch keeps what the page says to a screen reader while a picture is made, so
// that a step that has passed can be asked about.
func (b *tab) watch() {
	b.Helper()
	value[bool](b, `(() => {
		const live = document.querySelector('[data-live]');
		new MutationObserver(() => sessionStorage.said = (sessionStorage.said ?? '') + live.textContent + '|').observe(live, {childList: true, characterData: true, subtree: true});
		return true;
	})()`)
}

// develops lets the workers go, watches the picture being made without touching
// the page, and returns when it is there.
func (b *tab) develops() {
	b.Helper()
	b.at("/generations/")
	b.reads("Developing your picture")
	before, _, _ := b.state()
	if !b.noscript {
		b.watch()
	}
	b.work()
	b.reads("Here you all are")
	b.until("the picture", "document.querySelector('.sheet img')?.naturalWidth > 0")
	if b.noscript {
		return
	}
	if said := value[string](b, "sessionStorage.said ?? ''"); !strings.Contains(said, "Composing the picture|") {
		b.Errorf("while the picture was made the page said %q", said)
	}
	if after, _, _ := b.state(); after != before+1 {
		b.Errorf("the page was loaded %d times before it showed the picture, want once", after-before)
	}
}

// visits runs f as each kind of visitor, on a fresh product each: what one can
// do, all can. change, if given, edits the product's settings.
func visits(t *testing.T, change func(*config.Config), f func(b *tab)) {
	t.Helper()
	t.Parallel()
	for _, v := range []struct {
		name            string
		phone, noscript bool
	}{{"at a desk", false, false}, {"on a phone", true, false}, {"on a phone without scripts", true, true}} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			b := newStack(t, "sqlite", change).tab()
			if v.phone {
				b.size(390, 844)
			}
			if v.noscript {
				b.withoutScripts()
			}
			f(b)
		})
	}
}

func TestBrowserGuestPreviewToPurchase(t *testing.T) {
	visits(t, ownEngine, func(b *tab) {
		b.guestPreview()
		b.follow("Make it in full size")
		b.at("/create?from=")
		b.kept("Summer at the lake.", 2)
		b.press("#consent")
		b.follow("Keep this and add credits")
		b.answered(422)
		b.follow("Buy 80 credits, $12")
		b.at("/sandbox/checkout/")
		b.follow("Pay")
		b.at("/checkout/return")
		b.reads("80 credits added", "Your picture is waiting")
		b.follow("Make picture, 4 credits")
		b.at("/generations/")
		b.reads("Here you all are", "Print it")
		b.download("Download")
		b.follow("Statement")
		b.at("/credits")
		b.reads("+80", "−4", "76 credits")
		b.audit()
	})
}

// guestPreview makes the free preview, asks for a second, and signs in to keep
// the first.
func (b *tab) guestPreview() {
	b.Helper()
	b.open("/")
	b.follow("Make a picture, first preview free")
	b.at("/create")
	b.addPhotos(b.drawn(2)...)
	b.fill("instruction", "Summer at the lake.")
	b.press("#consent")
	b.follow("Make my free preview")
	b.develops()
	b.reads("This is your free preview. It is smaller and carries a visible mark.", "Sign in to keep it")
	first := b.where()

	// A second one is refused, and nothing that was entered is lost.
	b.open("/create")
	b.addPhotos(b.drawn(1)...)
	b.fill("instruction", "At the lake.")
	b.press("#consent")
	b.follow("Make my free preview")
	b.answered(429)
	b.reads("Sign in to make it, 4 credits")
	if n := value[int](b, "document.querySelectorAll('.pcard').length"); n != 1 {
		b.Errorf("%d photos are in the tool after the refusal, want 1", n)
	}
	if v := value[string](b, "document.getElementById('instruction').value"); v != "At the lake." {
		b.Errorf("the words are %q after the refusal", v)
	}

	b.open(first)
	b.follow("Sign in to keep it")
	b.signInHere("ann@example.org")
	b.at(first)
	b.reads("Here you all are")
	b.open("/generations")
	b.reads("Free preview")
	b.follow(`.idea[href="` + first + `"]`)
	b.reads("Here you all are")
}

func TestBrowserBuyAndMake(t *testing.T) { visits(t, ownEngine, buyAndMake) }

func buyAndMake(b *tab) {
	b.Helper()
	b.open("/pricing")
	b.follow("Buy 80 credits, $12")
	b.at("/sign-in")
	b.signInHere("ann@example.org")
	b.at("/pricing")
	b.follow("Buy 80 credits, $12")
	b.at("/sandbox/checkout/")
	b.follow("Pay")
	b.at("/checkout/return")
	b.reads("80 credits added", "You have 80 credits now")

	b.follow("Make a picture")
	b.addPhotos(append(b.drawn(1), b.heic())...)
	b.fill("instruction", "Summer at the lake.")
	b.press("#consent")
	b.follow("Make picture, 4 credits")
	b.develops()

	b.download("Download")
	b.follow("Statement")
	b.at("/credits")
	b.reads("+80", "−4", "76 credits")
	if rows := value[int](b, "document.querySelectorAll('.month tbody tr .plus, .month tbody tr .minus').length"); rows != 2 {
		b.Errorf("the statement has %d lines, want 2", rows)
	}
	b.audit()
}

// download presses and wants a picture in the downloads folder.
func (b *tab) download(what string) {
	b.Helper()
	dir := b.TempDir()
	on := true
	_, err := chromedp.CallBrowser(b.ctx, downloads.SetDownloadBehavior, downloads.SetDownloadBehaviorParams{Behavior: "allow",
		BrowserContextID: b.browserContext(), DownloadPath: dir, EventsEnabled: &on})
	b.must("downloads", err)
	// The browser tells of everybody's downloads, other tests' too.
	ctx, cancel := b.patient()
	defer cancel()
	begun, events := chromedp.BrowserEvents(ctx, downloads.DownloadWillBegin), chromedp.BrowserEvents(ctx, downloads.DownloadProgress)
	b.press(what)
	var ours string
	for ev, err := range begun {
		b.must("download", err)
		if strings.HasPrefix(ev.URL, b.url+"/") {
			ours = ev.GUID
			break
		}
	}
	for ev, err := range events {
		b.must("download", err)
		if ev.GUID == ours && ev.State == "canceled" {
			b.Fatal("the download was canceled")
		}
		if ev.GUID == ours && ev.State == "completed" {
			break
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		b.Fatalf("the downloads folder holds %v, want one file (%v)", files, err)
	}
	data, err := os.ReadFile(files[0])
	b.must("the download", err)
	if filepath.Ext(files[0]) != ".jpg" {
		b.Errorf("the file is called %s", filepath.Base(files[0]))
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width < 1000 {
		b.Errorf("the file is %d x %d: %v", c.Width, c.Height, err)
	}
}

func (b *tab) browserContext() cdp.BrowserContextID {
	return chromedp.FromContext(b.ctx).BrowserContextID
}

func TestBrowserTooFewCredits(t *testing.T) { visits(t, nil, tooFewCredits) }

func tooFewCredits(b *tab) {
	b.Helper()
	b.open("/sign-in?next=/create")
	b.signInHere("ann@example.org")
	b.at("/create")
	b.give("ann", 3, adjustment{})
	b.open("/create")
	b.reads("You need 1 more credit", "3 credits")
	b.addPhotos(b.drawn(2)...)
	b.fill("instruction", "Summer at the lake.")
	b.press("#consent")
	b.follow("Keep this and add credits")
	b.answered(422)
	b.reads("You need 1 more credit", "This picture takes 4 credits and you have 3 credits.", "Nothing has been taken.")
	b.kept("Summer at the lake.", 2)

	late := b.another()
	if b.noscript {
		late.withoutScripts()
	}
	late.open(value[string](b, "document.querySelector('a[href^=\"/held/\"]').pathname"))
	late.reads("Your picture is waiting", "Summer at the lake.", "You need 1 more credit")

	b.follow("Buy 80 credits, $12")
	b.at("/sandbox/checkout/")
	b.follow("Pay")
	b.at("/checkout/return")
	b.reads("80 credits added", "Your picture is waiting", "You have 83 credits now")
	paid := b.where()
	late.open(late.where())
	b.follow("Make picture, 4 credits")
	b.develops()
	made := b.where()

	// Pressed again, in the other tab: it leads to the same picture.
	late.follow("Make picture, 4 credits")
	late.at(made)
	late.reads("Here you all are")
	b.open(paid)
	if strings.Contains(b.text(), "Make picture, 4 credits") {
		b.Error("the return page offers the request again")
	}
	b.one(made, 79)
}

// kept wants the tool to hold these words and so many photos.
func (b *tab) kept(words string, photos int) {
	b.Helper()
	if v := value[string](b, "document.getElementById('instruction').value"); v != words {
		b.Errorf("the words are %q, want %q", v, words)
	}
	if n := value[int](b, "[...document.querySelectorAll('.pcard img')].filter(i => i.naturalWidth).length"); n != photos {
		b.Errorf("%d photos are shown, want %d", n, photos)
	}
}

// one wants a single picture in the album, and the balance.
func (b *tab) one(path string, balance int) {
	b.Helper()
	b.open("/generations")
	if list := value[[]string](b, "[...document.querySelectorAll('.idea')].map(a => a.pathname)"); len(list) != 1 || list[0] != path {
		b.Errorf("the album holds %v, want only %s", list, path)
	}
	if have := value[string](b, "document.querySelector('.chip').innerText.trim()"); have != fmt.Sprint(balance, " credits") {
		b.Errorf("the balance reads %q, want %d credits", have, balance)
	}
	b.audit()
}

func TestBrowserFailureReturnsAndRetries(t *testing.T) { visits(t, nil, failureReturnsAndRetries) }

func failureReturnsAndRetries(b *tab) {
	b.Helper()
	b.rich("ann")
	b.open("/sign-in?next=/create")
	b.signInHere("ann@example.org")
	b.addPhotos(b.drawn(2)...)
	b.fill("instruction", "Summer at the lake.")
	b.press("#consent")
	b.stack.press.after("block")
	b.follow("Make picture, 4 credits")
	b.at("/generations/")
	b.reads("Developing your picture", "4 credits taken, request accepted", "76 credits")
	failed := b.where()
	before, _, _ := b.state()

	b.work()
	b.must("the engine's call", b.stack.press.Waiting(b.ctx, "gate", 1))
	b.until("progress", "document.querySelector('progress').value > 0")
	b.stack.press.Open("gate")
	why := kinpict.FailedRefused.Explain()
	b.reads("This one didn’t come out", why.Message, why.Advice, "Your 4 credits are already back", "80 credits")
	if after, _, _ := b.state(); after != before+1 && !b.noscript {
		b.Errorf("the page was loaded %d times before it said so, want once", after-before)
	}
	b.follow("See it in your statement")
	b.reads("+80", "−4", "+4", "The picture didn’t come out, so the same credits came back.")

	// The fault is gone: one press, the same photos and words.
	b.open(failed)
	b.follow("Try again with the same photos, 4 credits")
	b.reads("Here you all are")
	if b.where() == failed {
		b.Error("the retry is the failed picture")
	}
	if n := value[int](b, "document.querySelectorAll('.srcs img').length"); n != 2 {
		b.Errorf("the retry was made from %d photos, want 2", n)
	}
	b.open("/credits")
	b.reads("76 credits")
	if lines := value[string](b, "[...document.querySelectorAll('.plus, .minus')].map(e => e.innerText).join(' ')"); lines != "−4 +4 −4 +80" {
		b.Errorf("the statement says %s, newest first", lines)
	}
	b.audit()
}

// A price that rises while somebody chooses is told before it is taken.
func TestBrowserPriceChanges(t *testing.T) {
	visits(t, nil, func(b *tab) {
		b.rich("ann")
		b.open("/sign-in?next=/create")
		b.signInHere("ann@example.org")
		b.addPhotos(b.drawn(2)...)
		b.fill("instruction", "Summer at the lake.")
		b.press("#consent")
		b.apply(time.Time{}, rate("standard", 5))
		b.follow("Make picture, 4 credits")
		b.answered(409)
		b.reads("The price has changed", "4 credits", "5 credits", "Nothing has been taken")
		b.kept("Summer at the lake.", 2)
		b.follow("Make picture, 5 credits")
		b.at("/generations/")
		made := b.where()
		b.work()
		b.reads("Here you all are")

		b.one(made, 75)
	})
}

func TestBrowserPressedTwice(t *testing.T) {
	visits(t, nil, func(b *tab) {
		b.rich("ann")
		b.open("/sign-in?next=/create")
		b.signInHere("ann@example.org")
		b.addPhotos(b.drawn(1)...)
		b.press("#consent")
		x, y := b.locate("Make picture, 4 credits")
		twice := chromedp.MouseClickXY(x, y)
		b.do("two presses", twice, twice)
		b.at("/generations/")
		made := b.where()

		// Back shows the page as it was, with its key, or a fresh one, empty.
		b.do("back", chromedp.Evaluate[chromedp.Void]("history.back()"))
		b.at("/create")
		b.follow("Make picture, 4 credits")
		if b.where() != made {
			b.answered(422)
			b.reads("Add at least one photo, so that there is someone to show.")
		}
		b.one(made, 76)
	})
}
