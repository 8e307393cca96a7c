package web_test

import (
	"strings"
	"testing"
	"time"

	"kinpict"
)

func TestPriceHistoryNamesOldAndNew(t *testing.T) {
	h := open(t)
	b := h.browser()
	b.get("/pricing/history").want(t, 200, "The first price list.")
	h.clock.Advance(time.Hour)
	dear := kinpict.DefaultCatalog()
	dear.Qualities[0].Credits = 6
	if _, err := h.shop.Apply(t.Context(), "ops", "secret reason", dear, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	page := b.get("/pricing/history")
	page.want(t, 200, "Standard costs 6 credits instead of 4.")
	if strings.Contains(page.text, "secret reason") {
		t.Error("the history says why")
	}
	b.get("/pricing").want(t, 200, `href="/pricing/history"`)
	b.get("/policies/credits").want(t, 200, `href="/pricing/history"`)
}
