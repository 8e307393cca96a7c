package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	document "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"kinpict/internal/engine/enginetest"
)

// patience is after how long a page that does not become what it should is a
// failure. It is no measure of speed: other tests use the same machine.
const patience = 60 * time.Second

// chrome is the one browser process of this package.
var chrome struct {
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

func startChrome() {
	var path string
	// The shell is the same engine without the windows, and starts three times as fast.
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		chrome.err = errors.New("the browser tests need Chromium, which is not here: run `make deps`")
		return
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"), chromedp.Flag("lang", "en-US"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	chrome.ctx, chrome.cancel = ctx, func() { cancel(); stop() }
	chrome.err = chromedp.Do(ctx)
}

// stopChrome ends the browser, if a test has started it.
func stopChrome() {
	if chrome.cancel != nil {
		chrome.cancel()
	}
}

// A tab is one person's browser with nothing in it yet: no cookies, no cache.
// Whatever a test does in it, the test fails when a page broke its content
// security policy, complained on the console or asked another machine.
type tab struct {
	*stack
	ctx      context.Context
	noscript bool
	around   map[string]bool // see inspect

	mu     sync.Mutex // guards what events change
	loads  int        // documents that were shown
	moved  chan struct{}
	status int64 // of the last document
	refuse map[string]bool
	cut    bool // there is no network, which browsers remark
	faults []string
}

// tab opens a browser for one person.
func (s *stack) tab() *tab {
	s.Helper()
	chrome.once.Do(startChrome)
	if chrome.err != nil {
		s.Fatal(chrome.err)
	}
	return s.attach(chrome.ctx, chromedp.WithNewBrowserContext())
}

// another is another tab of the same person.
func (b *tab) another() *tab {
	b.Helper()
	return b.attach(b.ctx)
}

func (s *stack) attach(parent context.Context, options ...chromedp.ContextOption) *tab {
	s.Helper()
	b := &tab{stack: s, around: map[string]bool{}, moved: make(chan struct{}), refuse: map[string]bool{}}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(b.hear))...)
	b.ctx = ctx
	s.Cleanup(func() {
		b.mu.Lock()
		faults := b.faults
		b.mu.Unlock()
		for _, f := range faults {
			s.Errorf("browser: %s", f)
		}
		cancel()
	})
	b.must("a tab", chromedp.Do(ctx))
	_, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	b.must("audits", err)
	b.size(1280, 900)
	b.scheme("light")
	return b
}

// hear keeps what events say. It runs on the goroutine that reads them.
func (b *tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fault := func(format string, args ...any) { b.faults = append(b.faults, fmt.Sprintf(format, args...)) }
	switch ev := ev.(type) {
	case *document.EventLoadEventFired:
		b.loads++
		b.stir()
	case *document.EventFrameNavigated:
		b.stir()
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(ev.Request.URL); err != nil || u.Scheme != "blob" && u.Scheme != "data" && u.Scheme+"://"+u.Host != b.url {
			fault("asked another machine: %.200s", ev.Request.URL)
		}
	case *network.EventResponseReceived:
		if ev.Type == network.ResourceTypeDocument {
			b.status = ev.Response.Status
			if b.status >= 400 {
				b.refuse[ev.Response.URL] = true
			}
		}
	case *log.EventEntryAdded:
		e := ev.Entry
		// A page that says no is a page; the journey checks its status.
		if e.Source == "network" && (b.cut || b.refuse[e.URL]) {
			return
		}
		if e.Level == "error" || e.Level == "warning" {
			fault("log: %s: %s %s", e.Source, e.Text, e.URL)
		}
	case *audits.EventIssueAdded:
		if ev.Issue.Code == "ContentSecurityPolicyIssue" {
			d := ev.Issue.Details.ContentSecurityPolicyIssueDetails
			fault("content security policy: %s, blocked %q", d.ViolatedDirective, d.BlockedURL)
		}
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "warning" || ev.Type == "assert" {
			fault("console.%s: %v", ev.Type, ev.Args)
		}
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if x := ev.ExceptionDetails.Exception; x != nil {
			text += ": " + x.Description
		}
		fault("exception: %s", text)
	}
}

// offline says whether the network is cut.
func (b *tab) offline(cut bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut = cut
}

// stir wakes whoever waits for another document. It needs mu.
func (b *tab) stir() {
	close(b.moved)
	b.moved = make(chan struct{})
}

func (b *tab) state() (loads int, moved <-chan struct{}, status int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loads, b.moved, b.status
}

// do runs steps and wants them to end: a page that hangs fails the test.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := b.patient()
	defer cancel()
	b.must(what, chromedp.Do(ctx, steps...))
}

// patient is the tab's context with an end to it.
func (b *tab) patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, patience)
}

func (b *tab) must(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// size sets the window, scheme what the system prefers.
func (b *tab) size(w, h int64) {
	b.Helper()
	b.do("size", chromedp.EmulateViewport(w, h, func(p *emulation.SetDeviceMetricsOverrideParams, t *emulation.SetTouchEmulationEnabledParams) {
		p.Mobile, t.Enabled = w < 600, w < 600
	}))
}

func (b *tab) scheme(name string) {
	b.Helper()
	// Without motion, so that a transition cannot be pressed through.
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	b.must("scheme", err)
	// Chromium keeps inherited colours of the scheme before until something is
	// laid out anew.
	value[bool](b, `(() => {
		const all = document.documentElement.style;
		all.display = 'none';
		document.body?.offsetHeight;
		all.removeProperty('display');
		return true;
	})()`)
}

// withoutScripts switches JavaScript off for all pages to come.
func (b *tab) withoutScripts() {
	b.Helper()
	b.noscript = true
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.must("scripts off", err)
}

// value is what an expression is on the page as it stands.
func value[T any](b *tab, expr string) T {
	b.Helper()
	ctx, cancel := b.patient()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expr))
	b.must(expr, err)
	return v
}

// open goes to a page that must be there.
func (b *tab) open(path string) {
	b.Helper()
	b.visit(path, 200)
}

// visit goes to a page and wants its status.
func (b *tab) visit(path string, want int64) {
	b.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.url + path
	}
	b.do("open "+path, chromedp.Navigate(path))
	b.answered(want)
}

// answered wants the status of the page that is shown.
func (b *tab) answered(want int64) {
	b.Helper()
	if _, _, status := b.state(); status != want {
		b.Fatalf("%s answered %d, want %d:\n%s", b.where(), status, want, b.text())
	}
}

// until waits for a condition, on this document or one that follows.
func (b *tab) until(what, cond string) {
	b.Helper()
	ctx, cancel := b.patient()
	defer cancel()
	for ctx.Err() == nil {
		_, moved, _ := b.state()
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+cond+")")); err == nil && ok {
			return
		}
		b.change(ctx, moved, cond)
	}
	b.Fatalf("%s does not become true at %s:\n%s", what, b.where(), b.text())
}

// change returns when the condition may have become true: the page says so, or
// there is another page.
func (b *tab) change(ctx context.Context, moved <-chan struct{}, cond string) {
	if b.noscript {
		select {
		case <-moved:
		case <-ctx.Done():
		}
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-moved:
			cancel()
		case <-ctx.Done():
		}
	}()
	// An error means that the document went away while it was asked: look again.
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise(done => {
		const look = () => { if (`+cond+`) done(true) };
		new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
		document.addEventListener('load', look, true);
		look();
	})`, chromedp.EvalAwaitPromise))
	if err != nil && ctx.Err() == nil {
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
}

// text is what a person reads on the page.
func (b *tab) text() string {
	ctx, cancel := b.patient()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](words))
	if err != nil {
		return err.Error()
	}
	return v
}

const words = `(document.body?.innerText ?? '').replace(/\s+/g, ' ')`

// where is the address of the page, without the machine.
func (b *tab) where() string {
	ctx, cancel := b.patient()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(v, b.url)
}

// reads waits until the page says every text.
func (b *tab) reads(texts ...string) {
	b.Helper()
	for _, t := range texts {
		b.until(strconv.Quote(t), words+".includes("+strconv.Quote(t)+")")
	}
}

// at waits for a page whose address begins so.
func (b *tab) at(path string) {
	b.Helper()
	b.until("being at "+path, "(location.pathname + location.search).startsWith("+strconv.Quote(path)+") && document.readyState === 'complete'")
}

// locate finds what can be pressed by its words, or by a selector, and brings it
// into view. It fails when something else would get the press.
func (b *tab) locate(what string) (x, y float64) {
	b.Helper()
	// Before its style sheet is there a page can be read, but not pressed.
	b.until("the whole page", "document.readyState === 'complete'")
	type spot struct {
		X, Y  float64
		Fault string
	}
	at := value[spot](b, `((what) => {
		const norm = e => e.innerText.replace(/\s+/g, ' ').trim();
		let list = what.match(/^[#.\[]/) ? [...document.querySelectorAll(what)]
			: [...document.querySelectorAll('main a, main button, main label, main summary, a, button')].filter(e => norm(e) === what || e.ariaLabel === what);
		list = list.filter(e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length);
		const e = list.find(e => e.closest('main')) ?? list[0];
		if (!e) return {Fault: 'is not there'};
		e.scrollIntoView({block: 'center', behavior: 'instant'});
		const r = e.getClientRects()[0], X = r.x + r.width / 2, Y = r.y + r.height / 2, hit = document.elementFromPoint(X, Y);
		return {X, Y, Fault: hit && (e.contains(hit) || hit.contains(e)) ? '' : 'lies under ' + (hit?.outerHTML.slice(0, 200) ?? 'nothing')};
	})(`+strconv.Quote(what)+`)`)
	if at.Fault != "" {
		b.Fatalf("%q %s at %s:\n%s", what, at.Fault, b.where(), b.text())
	}
	return at.X, at.Y
}

// press presses what has these words, or is selected.
func (b *tab) press(what string) {
	b.Helper()
	x, y := b.locate(what)
	b.do("press "+what, chromedp.MouseClickXY(x, y))
}

// follow presses and waits for the page that comes.
func (b *tab) follow(what string) {
	b.Helper()
	before, _, _ := b.state()
	b.press(what)
	b.next(before)
}

// next waits for a document after the first so many.
func (b *tab) next(before int) {
	b.Helper()
	ctx, cancel := b.patient()
	defer cancel()
	for {
		loads, moved, _ := b.state()
		if loads > before {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			b.Fatalf("no page follows %s:\n%s", b.where(), b.text())
		}
	}
}

// fill types into a field by its id.
func (b *tab) fill(id, text string) {
	b.Helper()
	b.do("fill "+id, chromedp.SendKeys(chromedp.ID(id), text))
}

// addPhotos chooses files in the tool, as with the system's file dialog, and
// waits until the tool shows them.
func (b *tab) addPhotos(files ...string) {
	b.Helper()
	have := value[int](b, "document.querySelectorAll('.pcard[data-id]').length")
	if !b.noscript {
		b.until("the photo picker", "!document.getElementById('photo-input').name")
	}
	b.do("choose photos", chromedp.SetUploadFiles(chromedp.ID("photo-input"), files))
	if b.noscript {
		b.follow("Upload the chosen photos")
	}
	b.until("the photos", fmt.Sprintf("document.querySelectorAll('.pcard[data-id]:not(.busy)').length === %d", have+len(files)))
}

// drawn writes n drawn portraits to files.
func (b *tab) drawn(n int) []string {
	b.Helper()
	dir := b.TempDir()
	var files []string
	for i := range n {
		files = append(files, filepath.Join(dir, fmt.Sprintf("portrait-%d.jpg", i+1)))
		b.must("draw", os.WriteFile(files[i], enginetest.Photo(320, 400, uint8(40*i)), 0o600))
	}
	return files
}

// signInHere asks for a link on the page that is shown and follows it in the
// outbox.
func (b *tab) signInHere(email string) {
	b.Helper()
	b.fill("email", email)
	b.follow("Send me a link")
	b.reads("Look in your mail", email)
	b.follow("outbox")
	b.follow(`.mail a[href*="/sign-in/confirm"]`)
	b.follow("Sign in")
}

// work lets the workers run from now until the test ends.
func (s *stack) work() {
	ctx, stop := context.WithCancel(s.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.app.Studio.Work(ctx) })
	s.Cleanup(func() { stop(); wg.Wait() })
}

// browse starts a product with the built-in engine on SQLite.
func browse(t *testing.T) *stack { return newStack(t, "sqlite", ownEngine) }
