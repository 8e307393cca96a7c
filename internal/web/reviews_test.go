package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

func (h *house) desk(db *store.DB, ids kinpict.IDs, now func() time.Time, base string) *support.Desk {
	h.Helper()
	signer, err := receipt.NewSigner([]byte("key"))
	if err != nil {
		h.Fatal(err)
	}
	h.support = &support.Desk{DB: db, IDs: ids, Now: now, Signer: signer, PublicURL: base, Test: true, Give: func(tx *store.Tx, c kinpict.Caller, g support.Gift) error {
		_, err := tx.Grant(store.Grant{LotID: "lot_" + g.ID, AccountID: g.AccountID, Kind: kinpict.LotAdjust, SourceType: "adjustment", SourceID: g.ID,
			Credits: g.Credits, Actor: c.AccountID, Reason: g.Reason})
		return err
	}}
	return h.support
}

// Policy rule review: the links bring the references along, the person writes
// one sentence, and finds the answer where they wrote it. No script is needed.
func TestSomethingLooksWrong(t *testing.T) {
	h := open(t)
	ann, ben := h.browser(), h.browser()
	ann.signIn("ann@example.com")
	h.clock.Advance(time.Second) // the newest mail is ben's
	ben.signIn("ben@example.com")
	paid := ann.buy("")
	pur := regexp.MustCompile(`pur_[0-9a-z]{35}`).FindString(paid.text)
	paid.want(t, 200, "/help/balance?checkout="+pur)
	ann.get("/credits").want(t, 200, `href="/help/balance?page=/credits"`)

	form := ann.get("/help/balance?checkout=" + pur + "&generation=gen_nobody&page=/credits%3Fcursor=x")
	form.want(t, 200, `name="checkout" value="`+pur+`"`)
	form.want(t, 200, `name="generation" value=""`)
	ben.get("/help/balance?checkout="+pur).want(t, 200, `name="checkout" value=""`)

	// However many were bought since.
	h.clock.Advance(time.Second)
	db := h.shop.DB
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		p, err := tx.Purchase(pur)
		if err != nil {
			return err
		}
		for i := range 101 {
			later := *p
			later.ID = fmt.Sprintf("pur_%035d", i)
			if err := tx.PutPurchase(&later); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ann.get("/help/balance?checkout="+pur).want(t, 200, `name="checkout" value="`+pur+`"`)

	f := form.form(t)
	f.Set("message", " ")
	ann.post("/help/balance", f).want(t, 422, "There is a problem")
	f.Set("message", "I had 160, not 80 <b>")
	filed := ann.post("/help/balance", f)
	where := filed.Header.Get("Location")
	if filed.StatusCode != 303 || !strings.HasPrefix(where, "/help/balance/rev_") {
		t.Fatalf("filed: %d to %s", filed.StatusCode, where)
	}
	if again := ann.post("/help/balance", f); again.Header.Get("Location") != where {
		t.Errorf("the same press again leads to %s, want %s", again.Header.Get("Location"), where)
	}
	page := ann.get(where)
	page.want(t, 200, "I had 160, not 80 <b>")
	page.want(t, 200, "We are looking at it")
	ben.get(where).want(t, 404, "")

	sue := kinpict.Caller{AccountID: "acc_sue", Role: kinpict.Support}
	id := strings.TrimPrefix(where, "/help/balance/")
	if _, err := h.support.Answer(t.Context(), sue, id, support.Answer{Text: "The second payment arrived late.", Credits: 5, Reason: "for the wait"}); err != nil {
		t.Fatal(err)
	}
	page = ann.get(where)
	page.want(t, 200, "The second payment arrived late.")
	page.want(t, 200, "5 credits given.")
	if strings.Contains(page.text, "acc_sue") {
		t.Error("the page names who answered")
	}
	ann.get("/help/balance").want(t, 200, `href="`+where+`"`)
	ann.get("/credits").want(t, 200, "for the wait")
}
