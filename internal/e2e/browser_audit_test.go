package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/chromedp/cdproto/emulation"
	document "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// inspect wants the page that is shown to be sound for everybody: at the widths
// of phones, tablets and desks, in light and dark. It leaves the scheme light.
//
// The whole page is looked at in light on a phone. Elsewhere what surrounds the
// page proper is left out where this tab has seen it before, letter by letter;
// and as a scheme changes nothing but colours, and a width nothing but places,
// only the rules about these are run again.
func (b *tab) inspect(name string) {
	b.Helper()
	b.width(390)
	b.settled()
	b.narrow(name, 390)
	b.still(name)
	b.touchable(name)
	b.spaced(name)
	b.accessible(name+", 390, light", "document", everything)
	around, scope := value[string](b, `[...document.body.children].filter(e => e.localName !== 'main').map(e => e.outerHTML).join()`), "document"
	if b.around[around] {
		scope = "{include: [['main']]}"
	}
	b.around[around] = true
	b.scheme("dark")
	b.accessible(name+", 390, dark", scope, colours)
	b.width(1280)
	b.narrow(name, 1280)
	b.accessible(name+", 1280, dark", scope, colours)
	b.scheme("light")
	b.accessible(name+", 1280, light", scope, placed)
	for _, w := range []int64{1920, 768, 320} {
		b.width(w)
		b.narrow(name, w)
	}
}

// width makes the window so wide and nothing else, which costs less than size,
// and waits until the page was drawn so: before, it may still be laid out for the
// width it had.
func (b *tab) width(w int64) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: w, Height: 900, DeviceScaleFactor: 1})
	b.must("width", err)
	ctx, cancel := b.patient()
	defer cancel()
	_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(`new Promise(done => {
		const drawn = () => innerWidth === %[1]d ? requestAnimationFrame(() => requestAnimationFrame(() => done(true))) : requestAnimationFrame(drawn);
		drawn();
	})`, w), chromedp.EvalAwaitPromise))
	b.must("width", err)
}

// settled waits for the pictures and typefaces of the page.
func (b *tab) settled() {
	b.Helper()
	// Pictures further down are fetched when they come near.
	value[bool](b, `(() => { for (const i of document.images) i.loading = 'eager'; return true })()`)
	b.until("all pictures", `[...document.images].every(i => i.complete) && document.fonts.status === 'loaded'`)
}

// narrow wants nothing to lie beside a window so wide.
func (b *tab) narrow(name string, width int64) {
	b.Helper()
	b.none(name, fmt.Sprintf(`(w => {
		const all = document.documentElement;
		if (all.scrollWidth <= w && innerWidth <= w) return [];
		const e = [...document.body.querySelectorAll('*')].find(e => { const r = e.getBoundingClientRect(); return r.right > w + 1 || r.left < -1 && document.dir === 'rtl' });
		return [all.scrollWidth + ' pixels wide in a window of ' + w + ', by ' + (e?.outerHTML.slice(0, 160) ?? 'nothing to be seen')];
	})(%d)`, width))
}

// still wants nothing to move for somebody who asked for that. What is over in
// an instant is no motion.
func (b *tab) still(name string) {
	b.Helper()
	b.none(name, `document.getAnimations().filter(a => a.playState === 'running' && a.effect.getComputedTiming().endTime > 20)
		.map(a => 'moves, though less motion is preferred: ' + (a.animationName ?? a.transitionProperty) + ' of ' + a.effect.target?.outerHTML.slice(0, 120))`)
}

// touchable wants room for a finger at whatever can be pressed: 24 by 24 pixels,
// but for links in running text, in a table and in a list of facts, around which
// axe wants as much room (WCAG 2.2, 2.5.8).
func (b *tab) touchable(name string) {
	b.Helper()
	b.none(name, `(() => {
		const out = [];
		const words = e => [...e.parentElement.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
		for (const e of document.querySelectorAll('a[href], button, select, textarea, input:not([type=hidden]), summary')) {
			if (!e.checkVisibility({visibilityProperty: true, opacityProperty: true}) || getComputedStyle(e).display === 'inline' && (e.closest('p, td, dd, li') || words(e))) continue;
			const r = (/radio|checkbox|file/.test(e.type) && e.closest('label') || e).getBoundingClientRect();
			if (r.width > 2 && (r.width < 24 || r.height < 24)) out.push('too small for a finger, ' + Math.round(r.width) + ' by ' + Math.round(r.height) + ': ' + e.outerHTML.slice(0, 120));
		}
		return out;
	})()`)
}

// spaced wants nothing to be lost when a reader spreads the text (WCAG 2.2,
// 1.4.12): no sideways scrolling, and no words cut off that were whole before.
func (b *tab) spaced(name string) {
	b.Helper()
	b.none(name, `(() => {
		const hides = v => v === 'hidden' || v === 'clip';
		const tight = [...document.body.querySelectorAll('*')].filter(e => {
			if (e.clientWidth < 2 || !e.textContent.trim()) return false;
			const s = getComputedStyle(e);
			return hides(s.overflowX) || hides(s.overflowY);
		});
		const cut = () => new Set(tight.filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1));
		const before = cut(), sheet = new CSSStyleSheet();
		sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }');
		document.adoptedStyleSheets = [sheet];
		const out = [...cut()].filter(e => !before.has(e)).map(e => 'words are cut off when they are spread: ' + e.outerHTML.slice(0, 160));
		if (document.documentElement.scrollWidth > 390) out.push(document.documentElement.scrollWidth + ' pixels wide when the words are spread');
		document.adoptedStyleSheets = [];
		return out;
	})()`)
}

// none wants an expression to be a list of no faults.
func (b *tab) none(name, expr string) {
	b.Helper()
	for _, fault := range value[[]string](b, expr) {
		b.Errorf("%s: %s", name, fault)
	}
}

// What axe is asked to look for: every rule of WCAG 2.0 to 2.2 at levels A and
// AA and the best practices, or of those the rules that look at colours, or at
// what is where.
const (
	everything = `{type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']}`
	colours    = `{type: 'rule', values: ['color-contrast', 'link-in-text-block']}`
	placed     = `{type: 'rule', values: ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable', 'css-orientation-lock', 'region', 'skip-link', 'heading-order']}`
)

// axe is the source of axe-core in the version testdata/axe names.
var axe = sync.OnceValues(func() (string, error) {
	text, err := os.ReadFile("testdata/axe/node_modules/axe-core/axe.min.js")
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("axe-core is not here: run `make deps`")
	}
	return string(text), err
})

// withAxe has every page to come loaded with axe. That is done from outside, so
// the page's own policy stays as strict as it is.
func (b *tab) withAxe() {
	b.Helper()
	source, err := axe()
	b.must("axe", err)
	_, err = chromedp.Call(b.ctx, document.AddScriptToEvaluateOnNewDocument, document.AddScriptToEvaluateOnNewDocumentParams{Source: source})
	b.must("axe", err)
}

// accessible wants axe to find no violation.
func (b *tab) accessible(name, scope, rules string) {
	b.Helper()
	ctx, cancel := b.patient()
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(`+scope+`, {runOnly: `+rules+`, resultTypes: ['violations'], iframes: false, preload: false}).then(r =>
		r.violations.flatMap(v => v.nodes.map(n => v.id + ' (' + v.impact + '): ' + (n.any[0] ?? n.all[0] ?? n.none[0] ?? v).message + ', at ' + n.target.join(' ') + ' ' + n.html.slice(0, 120))))`, chromedp.EvalAwaitPromise))
	b.must("axe on "+name, err)
	for _, f := range found {
		b.Errorf("%s: %s", name, f)
	}
}
