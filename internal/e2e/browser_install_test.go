package e2e

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	document "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kinpict/internal/engine/enginetest"
)

// A gate is a listener whose network can be cut.
type gate struct {
	net.Listener
	mu    sync.Mutex // guards the two below
	shut  bool
	conns []net.Conn
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		g.mu.Lock()
		shut := g.shut
		if !shut {
			g.conns = append(g.conns, c)
		}
		g.mu.Unlock()
		if !shut {
			return c, nil
		}
		c.Close()
	}
}

// cut breaks what is under way and lets nothing through until mend.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

func (g *gate) mend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}

// gated is a product behind a gate.
func gated(t *testing.T) (*stack, *gate) {
	s := &stack{T: t, press: newPress(t), log: &journal{}, clock: filepath.Join(t.TempDir(), "clock")}
	cfg, ln := settings(t, "sqlite", s.press.url)
	cfg.Clock = s.clock
	g := &gate{Listener: ln}
	s.url = cfg.PublicURL
	s.app = start(t, cfg, g, slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	return s, g
}

// await is the value of an expression that is a promise.
func await[T any](b *tab, expr string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expr, chromedp.EvalAwaitPromise))
	b.must(expr, err)
	return v
}

// worked waits until the worker answers for this page.
func (b *tab) worked() {
	b.Helper()
	await[bool](b, `new Promise(done => {
		const sw = navigator.serviceWorker, look = () => sw.controller?.state === 'activated' && done(true);
		const watch = () => { sw.controller?.addEventListener('statechange', look); look() };
		sw.addEventListener('controllerchange', watch);
		watch();
	})`)
}

// holdings are the addresses a browser keeps in caches, each with the name of its cache before it.
func (b *tab) holdings() []string {
	b.Helper()
	return await[[]string](b, `(async () => {
		const all = [];
		for (const n of await caches.keys()) for (const r of await (await caches.open(n)).keys()) all.push(n + ' ' + r.url.replace(location.origin, ''));
		return all;
	})()`)
}

var harmless = regexp.MustCompile(`^kinpict-[0-9a-f]{12} (/offline|/a/[0-9a-f]{12}/[a-zA-Z0-9/._-]+)$`)

// onlyShell wants the caches to hold files and the offline page, and nothing else.
func (b *tab) onlyShell(when string) {
	b.Helper()
	held := b.holdings()
	for _, h := range held {
		if !harmless.MatchString(h) {
			b.Errorf("%s the browser keeps %s", when, h)
		}
	}
	if !strings.Contains(strings.Join(held, "\n"), "/offline") || len(held) < 4 {
		b.Errorf("%s it keeps only %v", when, held)
	}
}

// Without a network there is a calm page, and nobody's pages, photos or numbers
// are in the browser's caches. With one, everything goes on.
func TestBrowserWithoutNetwork(t *testing.T) {
	t.Parallel()
	s, wire := gated(t)
	b := s.tab()
	b.open("/sign-in?next=/credits")
	b.signInHere("ann@example.org")
	c := s.token("ann@example.org")
	s.buy(c, "credits-80")
	made := s.finish(c, s.make(c, s.ask(c, 40)).ID)
	b.worked()
	for _, path := range []string{"/", "/credits", "/generations", "/generations/" + made.ID, "/create", "/purchases", "/pricing?back=/create", "/create?from=" + made.ID, "/no-such-page"} {
		if path == "/no-such-page" {
			b.visit(path, 404)
		} else {
			b.open(path)
		}
		await[bool](b, `Promise.all([...document.images].filter(i => i.loading !== 'lazy').map(i => i.decode().catch(() => {}))).then(() => true)`)
	}
	await[bool](b, fmt.Sprintf(`fetch('/api/v1/generations/%s', {credentials: 'same-origin'}).then(r => r.ok)`, made.ID))
	b.onlyShell("after visiting personal pages")

	wire.cut()
	b.offline(true)
	for _, path := range []string{"/credits", "/generations/" + made.ID, "/pricing?back=/create", "/none"} {
		b.visit(path, 200)
		b.reads("You are offline", "Nothing was taken.")
		if at := b.where(); at != path {
			b.Errorf("without a network %s becomes %s", path, at)
		}
		if text := b.text(); strings.Contains(text, "ann@example.org") || strings.Contains(text, "76") {
			b.Errorf("the offline page knows %s", text)
		}
	}
	if n := value[int](b, "document.fonts.size && [...document.styleSheets].length"); n != 1 {
		b.Errorf("the offline page has %d style sheets", n)
	}
	b.open("/credits")
	wire.mend()
	b.offline(false)
	b.follow("Try again")
	b.at("/credits")
	b.reads("76 credits")
	b.onlyShell("back online")

	// Another language is the offline page's too, from the next page on.
	b.follow("Deutsch")
	await[bool](b, `new Promise(done => { const look = async () => (await caches.match('/offline'))?.headers.get('Content-Language') === 'de' ? done(true) : requestAnimationFrame(look); look() })`)
	b.onlyShell("in German")
	b.follow("English")

	// Signing out empties the browser, and the next visit fills the shell again.
	b.open("/credits")
	b.follow("Sign out")
	b.open("/")
	b.worked()
	await[bool](b, `new Promise(done => { const look = async () => (await caches.match('/offline')) ? done(true) : requestAnimationFrame(look); look() })`)
	b.onlyShell("after signing out")
	b.visit("/credits", 200)
	b.at("/sign-in")

	wire.cut()
	b.offline(true)
	b.visit("/credits", 200)
	b.reads("You are offline")
}

// A worker that takes over throws away what an earlier one kept.
func TestBrowserWorkerClearsOldFiles(t *testing.T) {
	t.Parallel()
	s, _ := gated(t)
	b := s.tab()
	b.open("/")
	b.worked()
	await[bool](b, `(async () => {
		await (await caches.open('kinpict-000000000000')).put('/a/000000000000/app.css', new Response('old'));
		await (await navigator.serviceWorker.getRegistration()).unregister();
		return true;
	})()`)
	b.open("/pricing")
	await[bool](b, `navigator.serviceWorker.ready.then(() => true)`)
	b.worked()
	b.onlyShell("after a new worker")
	for _, h := range b.holdings() {
		if strings.Contains(h, "000000000000") {
			b.Errorf("%s is still there", h)
		}
	}
}

// Chromium finds nothing wrong with the manifest and would install the site.
func TestBrowserWouldInstall(t *testing.T) {
	t.Parallel()
	b := newStack(t, "sqlite", nil).tab()
	b.open("/")
	b.worked()
	m, err := chromedp.Call(b.ctx, document.GetAppManifest, document.GetAppManifestParams{})
	b.must("manifest", err)
	for _, e := range m.Errors {
		t.Errorf("manifest: %s", e.Message)
	}
	if !strings.Contains(m.Data, `"share_target"`) {
		t.Errorf("the manifest is %s", m.Data)
	}
	can, err := chromedp.Call(b.ctx, document.GetInstallabilityErrors, cdp.Empty{})
	b.must("installability", err)
	for _, e := range can.InstallabilityErrors {
		if e.ErrorID != "in-incognito" { // which a test's browser is
			t.Errorf("not installable: %s %v", e.ErrorID, e.ErrorArguments)
		}
	}
}

// shareForm is a photo as a share sheet sends it.
func shareForm(t *testing.T, n uint8) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	w, err := m.CreateFormFile("photos", "IMG_0001.jpg")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(enginetest.Photo(320, 400, n))
	m.Close()
	return m.FormDataContentType(), b.Bytes()
}

// Photos come from the share sheet: as the browser's own request, which names no
// page, and by a form of the site past its worker. A page elsewhere cannot send
// any, worker or not, and a link from there finds the person signed in.
func TestBrowserShare(t *testing.T) {
	t.Parallel()
	s := newStack(t, "sqlite", nil)
	b := s.tab()
	b.open("/offline") // no script, so no worker yet
	kind, body := shareForm(t, 40)
	b.must("fetch", func() error {
		_, err := chromedp.Call(b.ctx, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: b.url + "/create/shared"}}})
		return err
	}())
	b.must("listen", chromedp.Listen(b.ctx, func(ev any) {
		e, ok := ev.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		go func() {
			p := fetch.ContinueRequestParams{RequestID: e.RequestID}
			if e.Request.Method == "GET" {
				// The share sheet's request: a navigation nobody's page began.
				p.Method, p.PostData = "POST", body
				p.Headers = []*fetch.HeaderEntry{{Name: "Content-Type", Value: kind}, {Name: "Origin", Value: "null"}}
			}
			if _, err := chromedp.Call(b.ctx, fetch.ContinueRequest, p); err != nil && b.ctx.Err() == nil {
				t.Errorf("continue: %v", err)
			}
		}()
	}))
	b.visit("/create/shared", 200)
	b.at("/create")
	const photos = "document.querySelectorAll('.pcard[data-id]').length"
	if n := value[int](b, photos); n != 1 {
		t.Fatalf("the share brought %d photos, want 1:\n%s", n, b.text())
	}
	_, err := chromedp.Call(b.ctx, fetch.Disable, cdp.Empty{})
	b.must("fetch off", err)

	b.open("/sign-in?next=/create")
	b.signInHere("ann@example.org")
	b.at("/create")
	b.worked()
	before, _, _ := b.state()
	value[bool](b, `(() => {
		const f = document.createElement('form'), i = document.createElement('input'), d = new DataTransfer(), c = document.createElement('canvas');
		Object.assign(f, {method: 'post', action: '/create/shared', enctype: 'multipart/form-data'});
		Object.assign(i, {type: 'file', name: 'photos'});
		c.width = 400; c.height = 500;
		c.getContext('2d').fillRect(0, 0, 200, 300);
		c.toBlob(blob => { d.items.add(new File([blob], 'x.png', {type: 'image/png'})); i.files = d.files; f.append(i); document.body.append(f); f.submit(); });
		return true;
	})()`)
	b.next(before)
	b.at("/create")
	if n := value[int](b, photos); n != 2 {
		t.Errorf("past the worker there are %d photos, want 2", n)
	}

	elsewhere := func(inside string) {
		b.Helper()
		b.do("another site", chromedp.Navigate("data:text/html,"+inside))
	}
	elsewhere(`<form method="post" enctype="multipart/form-data" action="` + b.url + `/create/shared"><button id="x">Win</button></form>`)
	b.follow("Win")
	b.answered(403)
	b.reads("from another site")
	elsewhere(`<a href="` + b.url + `/create">Look</a>`)
	b.follow("Look")
	b.at("/create")
	b.reads("Sign out")
	if n := value[int](b, photos); n != 2 {
		t.Errorf("after another site's post there are %d photos, want 2", n)
	}
}

// connected says what the browser believes of its connection.
func (b *tab) connected(yes bool) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !yes, DownloadThroughput: -1, UploadThroughput: -1})
	b.must("connection", err)
}

// Words written while the connection is away stay, a press says so instead of
// losing them, and the draft has them once it is back.
func TestBrowserKeepsWordsWithoutNetwork(t *testing.T) {
	t.Parallel()
	s, wire := gated(t)
	b := s.tab()
	b.open("/create")
	b.addPhotos(b.drawn(1)...)
	b.worked()
	const note = "You are offline. What you wrote stays on this page"
	if strings.Contains(b.text(), note) {
		t.Error("the page says that it is offline while it is not")
	}
	wire.cut()
	b.offline(true)
	b.connected(false)
	b.reads(note)
	b.fill("instruction", "At the lake, all of us")
	before, _, _ := b.state()
	b.press("#go")
	b.until("the press is taken back", "document.getElementById('tool').dataset.warned")
	if after, _, _ := b.state(); after != before {
		t.Fatalf("the press left the page:\n%s", b.text())
	}
	if words := value[string](b, "document.getElementById('instruction').value"); words != "At the lake, all of us" {
		t.Errorf("the words became %q", words)
	}
	wire.mend()
	b.connected(true)
	b.offline(false)
	b.until("the note goes", "!document.getElementById('net').textContent")
	await[bool](b, `new Promise(done => { const look = async () => (await (await fetch('/create')).text()).includes('At the lake, all of us') ? done(true) : requestAnimationFrame(look); look() })`)
	b.open("/create")
	if words := value[string](b, "document.getElementById('instruction').value"); words != "At the lake, all of us" {
		t.Errorf("loaded anew, the words are %q", words)
	}
}

// A file that is far too large is answered with a page, though the browser is
// still sending when the answer is there.
func TestBrowserIsToldThatAFileIsTooLarge(t *testing.T) {
	t.Parallel()
	b := browse(t).tab()
	b.withoutScripts()
	b.open("/verify")
	large := filepath.Join(t.TempDir(), "large.jpg")
	b.must("a file", os.WriteFile(large, make([]byte, 64<<20), 0o600))
	b.do("choose", chromedp.SetUploadFiles(chromedp.ID("file"), []string{large}))
	b.follow("Check this picture")
	b.answered(413)
	b.reads("larger than 20")
}
