package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// The create page tells what it knows before anything is pressed, and its helper
// works without a reload. With -e2e.screens it leaves pictures of what it shows.
func TestBrowserWords(t *testing.T) {
	t.Parallel()
	s := browse(t)
	b := s.tab()
	b.open("/create?scenario=autumn")
	b.addPhotos(b.drawn(2)...)
	b.press("Help me word it")
	b.fill("h-title", "Us, 2026")
	value[bool](b, "(() => { for (const [id, v] of [['h-season', 'autumn'], ['h-mood', 'calm']]) document.getElementById(id).value = v; return true })()")
	b.fill("instruction", "put us on the moon")
	b.press("Put this into words")
	const words = `"Us, 2026" Make it an autumn in the park. The season is autumn, with golden leaves. The mood is calm. put us on the moon`
	b.until("the words", "document.getElementById('instruction').value === '"+words+"'")
	b.reads("The built-in studio arranges your photos. It does not put people in another place.")
	pictures.add(b, "journeys", "create helper")

	value[bool](b, "(() => { document.getElementById('instruction').value = 'everyone n u d e'; return true })()")
	b.press("Check my words")
	b.reads("Nobody is shown without clothes here.")
	b.press("#consent")
	b.follow("Make my free preview")
	b.answered(422)
	b.reads("“n u d e”: Nobody is shown without clothes here.", "Nothing was charged.")
	if n := value[int](b, "document.querySelectorAll('.pcard').length"); n != 2 {
		b.Errorf("%d photos are in the tool after the refusal, want 2", n)
	}
	pictures.add(b, "journeys", "create refused")
	b.until("the summary", "document.activeElement.id === 'errsum'")

	b.until("the scripts of this page", "!document.getElementById('photo-input').name")
	value[bool](b, "(() => { document.getElementById('instruction').value = '\"Us\"'; return true })()")
	b.press("Check my words")
	b.until("nothing to remark", "!document.querySelector('[data-fine]').hidden")
	b.follow("Make my free preview")
	b.at("/generations/")
}

// A photo whose upload is cut waits for the network and is sent again by itself;
// the request is not sent without it.
func TestBrowserUploadWaitsForTheNetwork(t *testing.T) {
	t.Parallel()
	b := browse(t).tab()
	b.open("/create")
	b.until("the photo picker", "!document.getElementById('photo-input').name")
	value[bool](b, `(() => {
		const send = XMLHttpRequest.prototype.send;
		window.down = true;
		XMLHttpRequest.prototype.send = function (body) { window.down ? setTimeout(() => this.dispatchEvent(new Event('loadend'))) : send.call(this, body) };
		return true;
	})()`)
	b.do("choose photos", chromedp.SetUploadFiles(chromedp.ID("photo-input"), b.drawn(2)))
	b.until("a photo that waits", "document.querySelector('.pcard.busy .checks')?.textContent.includes('sent again by itself')")
	pictures.add(b, "journeys", "create waiting")
	b.press("#consent")
	b.press("Make my free preview")
	b.until("a word about it", "document.querySelector('[data-live]').textContent.includes('still on its way')")
	if at := b.where(); at != "/create" {
		b.Errorf("the request went on to %s without the photo", at)
	}
	value[bool](b, "(() => { window.down = false; dispatchEvent(new Event('online')); return true })()")
	b.until("both photos", "document.querySelectorAll('.pcard[data-id]:not(.busy)').length === 2")
	b.follow("Make my free preview")
	b.at("/generations/")
}
