package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/billing"
	"kinpict/internal/receipt"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

// desk answers reviews by the shop's rules, as in the product.
func (r *rig) desk(db *store.DB, ids kinpict.IDs, public string) *support.Desk {
	r.Helper()
	signer, err := receipt.NewSigner([]byte("secret"))
	if err != nil {
		r.Fatal(err)
	}
	give := func(tx *store.Tx, who kinpict.Caller, g support.Gift) error {
		adj := billing.Adjustment{ID: g.ID, AccountID: g.AccountID, Credits: g.Credits, Reason: g.Reason, Approver: g.Approver}
		if g.Generation != "" {
			return r.shop.GoodwillIn(tx, who, g.Generation, adj)
		}
		_, err := r.shop.GrantIn(tx, who, adj)
		return err
	}
	return &support.Desk{DB: db, IDs: ids, Now: r.clock.Now, Signer: signer, PublicURL: public, Test: true, Give: give}
}

// staff signs up somebody who may answer reviews.
func (r *rig) staff(name string) *client.Client {
	r.Helper()
	if _, err := r.people.CreateAccount(r.Context(), name+"@example.org", kinpict.Support); err != nil {
		r.Fatal(err)
	}
	token, err := r.people.CreateToken(r.Context(), name+"@example.org", "test")
	if err != nil {
		r.Fatal(err)
	}
	return &client.Client{Base: r.server.URL, Token: token}
}

func TestAReviewFromFilingToItsEnd(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann, ben, sue := r.Context(), r.person("ann"), r.person("ben"), r.staff("sue")
		order := r.credits(ann)
		g, err := ann.Generate(ctx, r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		r.draw()
		report := client.Report{Message: "It came out grey", Generation: g.ID, Checkout: order.ID, Page: "/generations/" + g.ID}
		var first client.Review
		reply, err := ann.Call(ctx, "POST", "/api/v1/reviews", "key-of-the-review", report, &first)
		if err != nil || reply.Status != 201 || first.Status != "open" || reply.Header.Get("Location") != "/api/v1/reviews/"+first.ID {
			r.Fatalf("filed: %+v, %+v, %v", first, reply, err)
		}
		again, err := ann.Call(ctx, "POST", "/api/v1/reviews", "key-of-the-review", report, nil)
		if err != nil || !again.Replayed || !bytes.Equal(again.Body, reply.Body) {
			r.Errorf("the same again: %+v, %v", again, err)
		}
		r.clock.Advance(time.Second) // ids are in the order of time
		other, err := ann.FileReview(ctx, "", report)
		if err != nil || other.ID == first.ID {
			r.Errorf("without a key: %+v, %v; want a review of its own", other, err)
		}
		_, err = ben.Review(ctx, first.ID)
		r.refused("ben reads ann's review", err, kinpict.NotFound)
		for name, path := range map[string]string{"lists": "", "reads": "/" + first.ID} {
			_, err = ann.Call(ctx, "GET", "/api/v1/staff/reviews"+path, "", nil, nil)
			r.refused("a customer "+name, err, kinpict.Forbidden)
		}
		_, err = ann.AnswerReview(ctx, first.ID, client.ReviewReply{Text: "Give me more", Credits: 900, Reason: "please"})
		r.refused("a customer answers", err, kinpict.Forbidden)

		page, err := sue.StaffReviews(ctx, "", 1)
		if err != nil || len(page.Items) != 1 || page.Items[0].Review.ID != other.ID || page.Items[0].Evidence != "" || page.NextCursor == "" {
			r.Fatalf("the queue: %+v, %v", page, err)
		}
		if page, err = sue.StaffReviews(ctx, page.NextCursor, 1); err != nil || len(page.Items) != 1 || page.Items[0].Review.ID != first.ID || page.NextCursor != "" {
			r.Errorf("its second page: %+v, %v", page, err)
		}
		open, err := sue.StaffReview(ctx, first.ID)
		if err != nil {
			r.Fatal(err)
		}
		if sum := sha256.Sum256([]byte(open.Evidence)); hex.EncodeToString(sum[:]) != first.EvidenceSHA256 || !strings.Contains(open.Evidence, order.ID) {
			r.Errorf("the evidence: %s", open.Evidence)
		}
		_, err = sue.AnswerReview(ctx, first.ID, client.ReviewReply{Text: "Here", Credits: 4})
		r.refused("credits without a reason", err, kinpict.Invalid)
		r.available(ann, 76)
		done, err := sue.AnswerReview(ctx, first.ID, client.ReviewReply{Text: "You are right", Credits: 4, Reason: "grey picture", Back: true})
		if err != nil || done.Review.Status != "answered" || len(done.Acts) != 1 || done.Acts[0].Transaction == "" {
			r.Fatalf("answered: %+v, %v", done, err)
		}
		r.available(ann, 80)
		_, err = sue.AnswerReview(ctx, first.ID, client.ReviewReply{Text: "Again", Credits: 4, Reason: "grey picture"})
		r.refused("a second answer", err, kinpict.Conflict)
		if _, err = sue.CloseReview(ctx, other.ID, client.Ending{Reason: "The same as the other one"}); err != nil {
			r.Error(err)
		}
		mine, err := ann.Reviews(ctx, "", 0)
		if err != nil || len(mine.Items) != 2 || mine.Items[0].Closed == nil || mine.Items[1].Answer == nil || mine.Items[1].Answer.Credits != 4 {
			r.Errorf("ann sees %+v, %v", mine, err)
		}
		b, err := json.Marshal(mine)
		if err != nil || strings.Contains(string(b), "acc_") {
			r.Errorf("ann sees who answered: %s, %v", b, err)
		}
	})
}

func TestReceiptsAreCheckedWithPublishedKeys(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann, ben := r.Context(), r.person("ann"), r.person("ben")
		order := r.credits(ann)
		g, err := ann.Generate(ctx, r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		resp, doc := r.raw("GET", receipt.WellKnown, nil, "")
		keys, err := receipt.ReadKeys(strings.NewReader(doc))
		if err != nil || resp.StatusCode != 200 {
			r.Fatalf("published keys: %d %s, %v", resp.StatusCode, doc, err)
		}
		for path, want := range map[string]string{"/checkouts/" + order.ID: "paid", "/generations/" + g.ID: "open"} {
			resp, body := r.raw("GET", "/api/v1"+path+"/receipt", map[string]string{"Authorization": "Bearer " + ann.Token}, "")
			v, err := receipt.Verify([]byte(body), keys)
			if err != nil || v.State != want || !strings.Contains(resp.Header.Get("Content-Disposition"), "kinpict-receipt-") {
				r.Errorf("%s: %+v, %v", path, v, err)
			}
			// What openapi.json promises is what is sent.
			d := json.NewDecoder(strings.NewReader(body))
			d.DisallowUnknownFields()
			if err := d.Decode(new(client.Receipt)); err != nil {
				r.Errorf("%s: %v", path, err)
			}
			_, err = ben.Call(ctx, "GET", "/api/v1"+path+"/receipt", "", nil, nil)
			r.refused("ben reads it", err, kinpict.NotFound)
		}
		f, err := ann.CheckoutReceipt(ctx, order.ID)
		if err != nil {
			r.Fatal(err)
		}
		defer f.Close()
		if file, err := io.ReadAll(f); err != nil {
			r.Error(err)
		} else if _, err := receipt.Verify(file, keys); err != nil {
			r.Error(err)
		}
		unpaid, err := ann.Buy(ctx, r.key(), client.Order{Pack: "credits-80"})
		if err != nil {
			r.Fatal(err)
		}
		_, err = ann.CheckoutReceipt(ctx, unpaid.ID)
		r.refused("before it is paid", err, kinpict.Conflict)
	})
}

func TestPriceHistoryIsPublic(t *testing.T) {
	each(t, func(r *rig) {
		ctx := r.Context()
		guest := &client.Client{Base: r.server.URL}
		next := r.clock.Now().Add(24 * time.Hour)
		apply := func(n kinpict.Credits, at time.Time, announced bool) {
			r.Helper()
			c := kinpict.DefaultCatalog()
			c.Qualities[0].Credits, c.Announced = n, announced
			if _, err := r.shop.Apply(ctx, "ops", "costs rose", c, at, false); err != nil {
				r.Fatal(err)
			}
		}
		apply(6, next, false)
		apply(5, next.Add(time.Hour), true)
		h, err := guest.CatalogHistory(ctx)
		if err != nil || len(h.Items) != 2 || !h.Items[0].Scheduled || h.Items[0].Catalog.Version != 3 || h.Items[1].Until == nil {
			r.Fatalf("before: %+v, %v; want what was announced and what holds", h, err)
		}
		if got := h.Items[0].Changes; len(got) != 1 || got[0] != "standard costs 5 credits instead of 4" {
			r.Errorf("the change against what people know is %q", got)
		}
		r.clock.Advance(25 * time.Hour)
		if h, err = guest.CatalogHistory(ctx); err != nil || len(h.Items) != 3 || h.Items[0].Scheduled || h.Items[1].Catalog.Qualities[0].Credits != 6 {
			r.Errorf("after: %+v, %v; want all three", h, err)
		}
		if b, err := json.Marshal(h); err != nil || strings.Contains(string(b), "costs rose") || strings.Contains(string(b), "ops") {
			r.Errorf("the history names who and why: %s", b)
		}
	})
}
