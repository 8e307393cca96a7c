package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	document "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A4 in inches, and how many CSS pixels lie between its margins of 16 mm.
const (
	a4Width, a4Height = 210 / 25.4, 297 / 25.4
	a4Inside          = 673
)

// What a person may want on paper, by the rows of its tables and its sheets.
var papers = []struct {
	specimen string
	rows     int    // 0 for any number
	pages    [2]int // at least and at most
	says     []string
}{
	{"statement", 0, [2]int{1, 2}, []string{"Statement of credits", "Opening balance", "Closing balance", "Credits bought"}},
	{"statement, too long", 0, [2]int{3, 6}, []string{"There are more lines than fit here."}},
	{"statement, one kind", 2, [2]int{1, 1}, []string{"Only", "Together"}},
	{"receipt", 3, [2]int{1, 1}, []string{"Receipt", "Total paid", "$12.96", "In the books"}},
	{"receipt, disputed", 0, [2]int{1, 1}, []string{"Held or taken by the bank"}},
	{"generation ready", 0, [2]int{1, 1}, []string{"Here you all are", "Made from", "4 credits"}},
	{"generation ready, wide", 0, [2]int{1, 1}, []string{"Here you all are", "Made from"}},
	{"generation running", 0, [2]int{1, 1}, []string{"Composing the picture"}},
	{"generation failed: timed_out", 0, [2]int{1, 1}, []string{"Your 4 credits are already back"}},
}

// On paper there is what a person wants to keep, all of it and nothing to press,
// in dark on white also for somebody who reads the site light on dark.
func TestBrowserPaper(t *testing.T) {
	t.Parallel()
	s, _ := gallery(t, "en")
	b := s.tab()
	for _, p := range papers {
		b.open("/specimens/en/" + url.PathEscape(p.specimen))
		b.settled()
		rows := value[int](b, "document.querySelectorAll('main table tbody tr').length")
		if p.rows > 0 && rows != p.rows {
			b.Errorf("%s: %d rows, want %d", p.specimen, rows, p.rows)
		}
		b.paper()
		b.width(a4Inside)
		b.narrow(p.specimen+", on paper", a4Inside)
		b.printable(p.specimen)
		b.reads(p.says...)
		pdf := b.pdf(p.specimen)
		if n := len(pdfPage.FindAll(pdf, -1)); n < p.pages[0] || n > p.pages[1] {
			b.Errorf("%s takes %d sheets of paper, want %d to %d", p.specimen, n, p.pages[0], p.pages[1])
		}
		// Every row of a document, and none of what stands on a page to be pressed.
		want := value[int](b, "document.querySelectorAll('.a4 tr').length")
		if n := len(pdfRow.FindAll(pdf, -1)); n != want {
			b.Errorf("%s: %d rows of tables are on paper, want %d", p.specimen, n, want)
		}
	}
}

// Chromium writes the objects of a file as they are, and only what is drawn is
// compressed. Its tags say what lies where, for programs that read aloud.
var (
	pdfPage = regexp.MustCompile(`/Type\s*/Page\b`)
	pdfRow  = regexp.MustCompile(`/S\s*/TR\b`)
)

// paper has the page laid out as for a printer, by somebody with a dark screen.
func (b *tab) paper() {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print", Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: "dark"}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	b.must("print", err)
}

// printable wants nothing to press on paper, and no words that cannot be read
// where backgrounds are left out, as printers do.
func (b *tab) printable(name string) {
	b.Helper()
	b.none(name, `(() => {
		const out = [], seen = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true});
		for (const e of document.querySelectorAll('nav, button, .btn, input:not([type=hidden]), select, textarea, summary, .top, .foot, .sandbar, .skip'))
			if (seen(e)) out.push('is of no use on paper: ' + e.outerHTML.slice(0, 160));
		const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
		const light = colour => {  // luminance of a colour on white paper, as WCAG defines it
			canvas.fillStyle = '#fff';
			canvas.fillRect(0, 0, 1, 1);
			canvas.fillStyle = colour;
			canvas.fillRect(0, 0, 1, 1);
			const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
			return .2126 * r + .7152 * g + .0722 * b;
		};
		const said = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (said.nextNode()) {
			const e = said.currentNode.parentElement;
			if (!said.currentNode.data.trim() || !seen(e) || e.closest('.sr, script, style, template')) continue;
			const contrast = 1.05 / (light(getComputedStyle(e).color) + .05);
			if (contrast < 4.5) out.push('is ' + contrast.toFixed(1) + ' to 1 on white paper: ' + e.outerHTML.slice(0, 160));
		}
		for (const e of [document.documentElement, document.body, ...document.querySelectorAll('main, main *')])
			if (seen(e) && !e.closest('svg, progress, .dot') && light(getComputedStyle(e).backgroundColor) < .7) out.push('is a dark ground: ' + e.outerHTML.slice(0, 160));
		return out;
	})()`)
}

// pdf prints the page on A4. With a folder for pictures it is kept there.
func (b *tab) pdf(name string) []byte {
	b.Helper()
	ctx, cancel := b.patient()
	defer cancel()
	tagged := true
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(func(p *document.PrintToPDFParams) {
		p.PaperWidth, p.PaperHeight, p.GenerateTaggedPDF = a4Width, a4Height, &tagged
	}))
	b.must("print "+name, err)
	if *screens != "" {
		b.must("keep the print", os.MkdirAll(*screens, 0o755))
		b.must("keep the print", os.WriteFile(filepath.Join(*screens, "print-"+fileName(name)+".pdf"), pdf, 0o644))
	}
	return pdf
}
