package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestPurchasesHaveReceipts(t *testing.T) {
	h := open(t)
	ann, ben := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	h.clock.Advance(time.Second) // the newest mail is ben's
	ben.signIn("ben@example.com")
	ann.get("/purchases").want(t, 200, "Nothing bought yet")
	pur := regexp.MustCompile(`pur_[0-9a-z]{35}`).FindString(ann.buy("").text)
	ann.get("/purchases").want(t, 200, `href="/purchases/`+pur+`"`)
	page := ann.get("/purchases/" + pur)
	page.want(t, 200, "Total paid")
	page.want(t, 200, "$12")
	page.want(t, 200, "/api/v1/checkouts/"+pur+"/receipt")
	if strings.Contains(strings.ReplaceAll(page.text, `<bdi class="tiny muted">ann@example.com</bdi>`, ""), "ann@example.com") {
		t.Error("the receipt names a person")
	}
	ben.get("/purchases/"+pur).want(t, 404, "")
	// What is not paid has no receipt, only its state.
	f := ann.get("/pricing").form(t)
	opened := ann.post("/checkout", f)
	if opened.StatusCode != 303 {
		t.Fatalf("checkout: %d", opened.StatusCode)
	}
	list := ann.get("/purchases")
	list.want(t, 200, "Not paid yet")
	open := regexp.MustCompile(`/checkout/return\?id=(pur_[0-9a-z]{35})`).FindStringSubmatch(list.text)
	if open == nil {
		t.Fatal("the open purchase leads nowhere")
	}
	ann.get("/purchases/"+open[1]).to(t, "/checkout/return?id="+url.QueryEscape(open[1]))
}
