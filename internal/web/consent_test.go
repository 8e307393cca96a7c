package web_test

import (
	"net/url"
	"strings"
	"testing"
)

// agreed reports whether the box about the people shown is ticked.
func (p page) agreed() bool { return strings.Contains(p.text, `name="consent" value="yes" checked`) }

// What was said about everyone in the photos holds for those photos.
func TestOtherPhotosAskAgainWhetherEveryoneAgreed(t *testing.T) {
	start := func(t *testing.T) (*browser, url.Values) {
		b := open(t).browser()
		b.upload("/create/photos", url.Values{}, snapshot(t, 1)).to(t, "/create")
		f := b.get("/create").form(t)
		b.post("/create/draft", f).want(t, 204)
		if !b.get("/create").agreed() {
			t.Fatal("the tick is not kept")
		}
		return b, f
	}
	for _, c := range []struct {
		name string
		do   func(*browser, url.Values)
		want bool
	}{
		{"nothing changes", func(b *browser, f url.Values) { b.upload("/create/photos", f) }, true},
		{"another photo, without scripts", func(b *browser, f url.Values) { b.upload("/create/photos", f, snapshot(t, 2)) }, false},
		{"another photo, by the script", func(b *browser, _ url.Values) { b.upload("/create/photos", url.Values{}, snapshot(t, 2)) }, false},
		{"another photo beside the helper", func(b *browser, f url.Values) { f.Set("do", "words"); b.upload("/create", f, snapshot(t, 2)) }, false},
		{"the same photo again", func(b *browser, f url.Values) { b.upload("/create/photos", f, snapshot(t, 1)) }, true},
		{"a file that is no photo", func(b *browser, f url.Values) { b.upload("/create/photos", f, []byte("no")) }, true},
		{"one taken out and another put in", func(b *browser, f url.Values) {
			b.upload("/create/photos/"+f.Get("photo")+"/delete", f)
			b.upload("/create/photos", url.Values{}, snapshot(t, 2))
		}, false},
		{"photos and tick in the press that goes on", func(b *browser, f url.Values) { f.Set("do", "signin"); b.upload("/create", f, snapshot(t, 2)) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, f := start(t)
			c.do(b, f)
			if got := b.get("/create").agreed(); got != c.want {
				t.Errorf("ticked: %t, want %t", got, c.want)
			}
		})
	}
}
