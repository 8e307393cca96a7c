package support_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

// shelf is where the rig's pictures lie.
type shelf map[string]string

func (s shelf) Open(_ context.Context, key string) (io.ReadCloser, error) {
	text, ok := s[key]
	if !ok {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "Nothing lies there."}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (r *rig) defend(id string, pictures bool) (names []string, texts map[string]string) {
	r.Helper()
	papers, err := r.desk.Defend(ctx, r.sue, id, pictures)
	if err != nil {
		r.Fatal(err)
	}
	texts = map[string]string{}
	for _, p := range papers {
		names = append(names, p.Name)
		texts[p.Name] = string(p.Data)
	}
	return names, texts
}

func TestEvidenceForABank(t *testing.T) {
	each(t, func(r *rig) {
		r.desk.Blobs, r.desk.Version = shelf{"images/secret": "the picture"}, "v1.2.3"
		earlier := r.buy(r.ann)
		r.clock.Advance(time.Hour)
		r.buy(r.bob)
		id := r.buy(r.ann)
		// The older lot is spent first, so all of it goes before this one is touched.
		for range 20 {
			r.picture(r.ann, true)
		}
		shown, failed := r.picture(r.ann, true), r.picture(r.ann, false)
		deleted := r.picture(r.ann, true)
		r.update(func(tx *store.Tx) error {
			if err := tx.PutDispute(id, store.Dispute{ID: "dp_1", Status: "needs_response", Reason: "fraudulent", Amount: 1200, DueBy: tx.Now().Add(time.Hour)}); err != nil {
				return err
			}
			if err := tx.WarnPurchase(id); err != nil {
				return err
			}
			g, err := tx.Generation(r.ann.AccountID, deleted)
			if err != nil {
				return err
			}
			_, _, err = tx.DeleteGeneration(g)
			return err
		})
		r.file(r.ann, support.Report{Message: "Where are my credits"})

		names, texts := r.defend(id, false)
		if strings.Join(names, " ") != "summary.txt evidence.json receipt.json" {
			r.Errorf("the bundle holds %q", names)
		}
		var e support.Defence
		if err := json.Unmarshal([]byte(texts["evidence.json"]), &e); err != nil {
			r.Fatal(err)
		}
		if e.Purchase.ID != id || e.Account.Email != "ann@example.org" || e.Used != 8 || len(e.Deliveries) != 3 || e.WarnedAt.IsZero() || e.Policy.Product != "v1.2.3" {
			r.Errorf("the evidence is %+v", e)
		}
		if len(e.Disputes) != 1 || len(e.Reviews) != 1 || len(e.Before) != 1 || e.Before[0].ID != earlier {
			r.Errorf("disputes %+v, reviews %+v, purchases before %+v", e.Disputes, e.Reviews, e.Before)
		}
		for i, want := range []struct {
			id      string
			status  kinpict.Status
			deleted bool
		}{{shown, kinpict.Succeeded, false}, {failed, kinpict.Failed, false}, {deleted, kinpict.Succeeded, true}} {
			if d := e.Deliveries[i]; d.Charge != want.id || d.Status != want.status || d.Deleted != want.deleted {
				r.Errorf("delivery %d is %+v, want %+v", i+1, d, want)
			}
		}
		if d := e.Deliveries[0]; d.SHA256 != "ab" || d.DeliveredAt.IsZero() {
			r.Errorf("the delivery says %+v", d)
		}
		for name, text := range texts {
			for _, private := range []string{"At the lake", "Nana", "pho_secret", "images/secret", r.bob.AccountID} {
				if strings.Contains(text, private) {
					r.Errorf("%s tells %q", name, private)
				}
			}
		}
		for _, want := range []string{"80 credits", "fraudulent", "sha256 ab"} {
			if !strings.Contains(texts["summary.txt"], want) {
				r.Errorf("the summary does not say %q:\n%s", want, texts["summary.txt"])
			}
		}

		names, texts = r.defend(id, true)
		if len(names) != 4 || texts["pictures/"+shown+".png"] != "the picture" {
			r.Errorf("with pictures the bundle holds %q; only those not deleted may be there", names)
		}
	})
}

func TestEvidenceIsForStaff(t *testing.T) {
	each(t, func(r *rig) {
		id := r.buy(r.ann)
		_, err := r.desk.Defend(ctx, r.ann, id, false)
		r.wantCode("a customer", err, kinpict.Forbidden)
		_, err = r.desk.Defend(ctx, r.sue, "pur_none", false)
		r.wantCode("no purchase", err, kinpict.NotFound)
	})
}
