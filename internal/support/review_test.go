package support_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/support"
)

func evidence(t *testing.T, r *kinpict.Review) support.Evidence {
	t.Helper()
	var e support.Evidence
	if err := json.Unmarshal(r.Evidence, &e); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(r.Evidence); hex.EncodeToString(sum[:]) != r.SHA256 {
		t.Error("the evidence does not have its digest")
	}
	return e
}

func TestAReviewFreezesWhatThePersonSaw(t *testing.T) {
	each(t, func(r *rig) {
		pur, failed := r.buy(r.ann), r.picture(r.ann, false)
		theirs, _ := r.buy(r.bob), r.picture(r.bob, true)
		got := r.file(r.ann, support.Report{Message: "  Four \u202eare\u2028\r\nmissing\x07 \u200d", Generation: failed, Purchase: pur, Page: "/\u202ecre%E2%81%A6dits%0a?cursor=abc#x"})
		if got.Message != "Four are\nmissing" || got.Status != kinpict.ReviewOpen || got.Page != "/credits" || got.Evidence != nil {
			r.Errorf("filed: %+v", got)
		}
		open, err := r.desk.Open(ctx, r.sue, got.ID)
		if err != nil {
			r.Fatal(err)
		}
		e := evidence(r.T, open)
		if e.Account != r.ann.AccountID || e.Seq != 3 || e.Balance.Available != 80 || e.Catalog.Version != 1 || e.Audit.Seq != 3 || len(e.Audit.Findings) != 0 {
			r.Errorf("the account: %+v", e)
		}
		if e.Request == nil || e.Request.Failure != kinpict.FailedTimeout || e.Request.Returned != 4 || e.Request.Photos != 1 || e.Request.Instruction != "At the lake" {
			r.Errorf("the request: %+v", e.Request)
		}
		if e.Purchase == nil || e.Purchase.Session != "cs_"+pur || e.Purchase.Payment != "pay_"+pur || len(e.Purchases) != 1 {
			r.Errorf("the purchase: %+v", e.Purchase)
		}
		var kinds []string
		for _, x := range e.Records {
			kinds = append(kinds, x.Kind)
		}
		if fmt.Sprint(kinds) != "[purchase charge return]" || len(e.Charges) != 1 || e.Charges[0].State != "returned" || len(e.Lots) != 1 {
			r.Errorf("the books: %v, %+v, %+v", kinds, e.Charges, e.Lots)
		}
		for _, secret := range []string{"Nana", "pho_secret", "images/", r.bob.AccountID, theirs, "@example.org", "cursor"} {
			if strings.Contains(string(open.Evidence), secret) {
				r.Errorf("the evidence holds %q", secret)
			}
		}
		// What happens afterwards does not reach it.
		r.picture(r.ann, true)
		if again, err := r.desk.Open(ctx, r.sue, got.ID); err != nil || string(again.Evidence) != string(open.Evidence) {
			r.Errorf("the evidence moved, %v", err)
		}
	})
}

func TestEvidenceKeepsTheAuditorsFindings(t *testing.T) {
	each(t, func(r *rig) {
		r.buy(r.ann)
		// An old charge is not among the last lines, but it is what the review is about.
		old := r.picture(r.ann, false)
		for range 30 {
			r.picture(r.ann, false)
		}
		rev := r.file(r.ann, support.Report{Message: "An old one", Generation: old})
		open, err := r.desk.Open(ctx, r.sue, rev.ID)
		if err != nil {
			r.Fatal(err)
		}
		e := evidence(r.T, open)
		if n := len(e.Records); n != 52 || e.Records[0].RefID != old || e.Records[1].RefID != old {
			r.Errorf("%d records, the first about %s; want the last 50 and both about %s", n, e.Records[0].RefID, old)
		}
	})
}

func TestWhoMayFileWhat(t *testing.T) {
	each(t, func(r *rig) {
		pur, gen := r.buy(r.ann), r.picture(r.ann, true)
		long := strings.Repeat("ä", kinpict.MaxReview)
		for _, c := range []struct {
			name string
			who  kinpict.Caller
			rep  support.Report
			code kinpict.Code
		}{
			{"a guest", kinpict.Caller{GuestID: "gst_1"}, support.Report{Message: "x"}, kinpict.Unauthenticated},
			{"nothing to be seen", r.ann, support.Report{Message: "\u202e\u200d\ufeff"}, kinpict.Invalid},
			{"nothing said", r.ann, support.Report{Message: " \n\t"}, kinpict.Invalid},
			{"too much said", r.ann, support.Report{Message: long + "ä"}, kinpict.Invalid},
			{"as much as fits", r.ann, support.Report{Message: long}, ""},
			{"somebody else's picture", r.bob, support.Report{Message: "x", Generation: gen}, kinpict.NotFound},
			{"somebody else's purchase", r.bob, support.Report{Message: "x", Purchase: pur}, kinpict.NotFound},
			{"a page elsewhere", r.ann, support.Report{Message: "x", Page: "https://evil.example/"}, kinpict.Invalid},
			{"a page elsewhere behind a mark", r.ann, support.Report{Message: "x", Page: "/\u202e/evil.example/"}, kinpict.Invalid},
			{"a private link", r.ann, support.Report{Message: "x", Page: "/s/token-of-a-picture"}, ""},
			{"a private link behind a mark", r.ann, support.Report{Message: "x", Page: "/%E2%80%AEs/token-of-a-picture"}, ""},
			{"a family", r.ann, support.Report{Message: "We are 👩\u200d👧"}, ""},
		} {
			f, err := r.desk.File(ctx, c.who, kinpict.Intent{}, c.rep)
			r.wantCode(c.name, err, c.code)
			if c.name == "a family" && err == nil && f.Review.Message != c.rep.Message {
				r.Errorf("taken apart: %q", f.Review.Message)
			}
			if err == nil && strings.Contains(f.Review.Page, "token") {
				r.Errorf("%s is kept as %q", c.name, f.Review.Page)
			}
		}
	})
}

func TestReviewsAreLimitedAndRepeatable(t *testing.T) {
	each(t, func(r *rig) {
		key := func(k, body string) kinpict.Intent {
			return kinpict.Intent{Route: "POST /reviews", Key: k, Hash: []byte(body), Answer: func(any, error) (int, []byte) { return 201, []byte(body) }}
		}
		rep := support.Report{Message: "Where are they?"}
		first, err := r.desk.File(ctx, r.ann, key("k", "a"), rep)
		if err != nil {
			r.Fatal(err)
		}
		again, err := r.desk.File(ctx, r.ann, key("k", "a"), rep)
		if err != nil || again.Replay == nil || string(again.Replay.Body) != "a" || again.Review.ID != first.Review.ID {
			r.Errorf("the same again: %+v, %v; want the same review", again, err)
		}
		_, err = r.desk.File(ctx, r.ann, key("k", "b"), rep)
		r.wantCode("the same key for something else", err, kinpict.KeyReused)

		for range support.OpenReviews - 1 {
			r.file(r.ann, rep)
		}
		_, err = r.desk.File(ctx, r.ann, kinpict.Intent{}, rep)
		r.wantCode("one more than may wait", err, kinpict.RateLimited)
		// Nothing is begun for it either: the books are not audited for who may not file.
		ids := r.desk.IDs
		r.desk.IDs.Rand = none{}
		_, err = r.desk.File(ctx, r.ann, kinpict.Intent{}, rep)
		r.desk.IDs = ids
		r.wantCode("one more, with no id to be had", err, kinpict.RateLimited)
		again, err = r.desk.File(ctx, r.ann, key("k", "a"), rep)
		if err != nil || again.Review.ID != first.Review.ID {
			r.Errorf("the first again: %+v, %v; want it although no more may wait", again, err)
		}
		r.file(r.bob, rep)

		// Answers make room, until the day's are used up.
		answerAll := func() {
			queue, err := r.desk.Queue(ctx, r.sue, kinpict.ReviewOpen, "", 50)
			if err != nil {
				r.Fatal(err)
			}
			for _, rev := range queue {
				if _, err := r.desk.Answer(ctx, r.sue, rev.ID, support.Answer{Text: "Here"}); err != nil {
					r.Fatal(err)
				}
			}
		}
		answerAll()
		for range support.DailyReviews - support.OpenReviews {
			r.file(r.ann, rep)
		}
		answerAll()
		_, err = r.desk.File(ctx, r.ann, kinpict.Intent{}, rep)
		r.wantCode("one more than a day takes", err, kinpict.RateLimited)
		r.clock.Advance(25 * time.Hour)
		r.file(r.ann, rep)
	})
}

// none is chance that is not there.
type none struct{}

func (none) Read([]byte) (int, error) { return 0, errors.New("nothing is to be drawn here") }

func TestAnAnswerIsGivenOnceWithItsCredits(t *testing.T) {
	each(t, func(r *rig) {
		r.buy(r.ann)
		gen := r.picture(r.ann, true)
		rev := r.file(r.ann, support.Report{Message: "It came out grey", Generation: gen})
		good := support.Answer{Text: "You are right. The four are back.", Credits: 4, Reason: "grey picture", Back: true}

		self := r.ann
		self.Role = kinpict.Operator
		for _, c := range []struct {
			name string
			who  kinpict.Caller
			a    support.Answer
			code kinpict.Code
		}{
			{"a customer", r.bob, good, kinpict.Forbidden},
			{"one's own review", self, good, kinpict.Forbidden},
			{"no words", r.sue, support.Answer{Text: " "}, kinpict.Invalid},
			{"credits without a reason", r.sue, support.Answer{Text: "x", Credits: 4}, kinpict.Invalid},
			{"a reason without credits", r.sue, support.Answer{Text: "x", Reason: "y"}, kinpict.Invalid},
			{"fewer than none", r.sue, support.Answer{Text: "x", Credits: -4, Reason: "y"}, kinpict.Invalid},
			{"more than one person may give", r.sue, support.Answer{Text: "x", Credits: 1001, Reason: "y"}, kinpict.Invalid},
			{"approved by oneself", r.sue, support.Answer{Text: "x", Credits: 1001, Reason: "y", Approver: "sue@example.org"}, kinpict.Invalid},
			{"more than the picture cost", r.sue, support.Answer{Text: "x", Credits: 5, Reason: "y", Back: true}, kinpict.Conflict},
		} {
			_, err := r.desk.Answer(ctx, c.who, rev.ID, c.a)
			r.wantCode(c.name, err, c.code)
		}
		if n := r.available(r.ann); n != 76 || len(r.mails()) != 0 {
			r.Fatalf("refused answers left %d credits and %d mails, want 76 and none", n, len(r.mails()))
		}

		// Two of the staff answer at once: one does.
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = r.desk.Answer(ctx, r.sue, rev.ID, good) })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, &kinpict.Error{Code: kinpict.Conflict}) {
				r.Error(err)
			}
		}
		if n := r.available(r.ann); done != 1 || n != 80 {
			r.Errorf("%d answers, %d credits; want one, and 80", done, n)
		}
		mine, err := r.desk.Review(ctx, r.ann, rev.ID)
		if err != nil || mine.Status != kinpict.ReviewAnswered || mine.Evidence != nil {
			r.Fatalf("the person sees %+v, %v", mine, err)
		}
		if a := mine.Answer(); a == nil || a.Text != good.Text || a.Credits != 4 || a.Actor != r.sue.AccountID || a.Seq == 0 {
			r.Errorf("the answer is %+v", a)
		}
		if m := r.mails(); len(m) != 1 || m[0].To != "ann@example.org" || !strings.Contains(m[0].Body, "/help/balance/"+rev.ID) || !strings.Contains(m[0].Body, "Credits given: 4") {
			r.Errorf("the mail is %+v", m)
		}
		_, err = r.desk.Review(ctx, r.bob, rev.ID)
		r.wantCode("somebody else's review", err, kinpict.NotFound)
		_, err = r.desk.Open(ctx, r.bob, rev.ID)
		r.wantCode("the evidence, to a customer", err, kinpict.Forbidden)

		if _, err := r.desk.Close(ctx, r.sue, rev.ID, "Nothing is left to do"); err != nil {
			r.Error(err)
		}
		_, err = r.desk.Close(ctx, r.sue, rev.ID, "Again")
		r.wantCode("closed twice", err, kinpict.Conflict)
		_, err = r.desk.Answer(ctx, r.sue, rev.ID, support.Answer{Text: "Late"})
		r.wantCode("an answer to a closed review", err, kinpict.Conflict)
	})
}

func TestALargeGiftNeedsTwoPeople(t *testing.T) {
	each(t, func(r *rig) {
		r.account("tom", kinpict.Operator)
		rev := r.file(r.ann, support.Report{Message: "All of them are gone"})
		if _, err := r.desk.Answer(ctx, r.sue, rev.ID, support.Answer{Text: "Here", Credits: 1001, Reason: "lost", Approver: "tom@example.org"}); err != nil {
			r.Fatal(err)
		}
		if n := r.available(r.ann); n != 1001 {
			r.Errorf("ann has %d credits", n)
		}
	})
}

// The audit runs before the commit; an account that moves in between is audited
// again, so that the evidence is of one moment.
func TestTheAuditIsOfTheMomentOfFiling(t *testing.T) {
	each(t, func(r *rig) {
		r.buy(r.ann)
		moves := 0
		in := kinpict.Intent{Route: "POST /reviews", Key: "k", Hash: []byte("x"), Answer: func(result any, _ error) (int, []byte) {
			return 201, []byte(result.(*kinpict.Review).ID)
		}}
		// Somebody spends while the review is filed, again and again.
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 5 {
				r.update(func(tx *store.Tx) error {
					moves++
					_, err := tx.Grant(store.Grant{LotID: fmt.Sprintf("lot_m%d", moves), AccountID: r.ann.AccountID, Kind: kinpict.LotPromo, SourceType: "adjustment",
						SourceID: fmt.Sprintf("adj_%d", moves), Credits: 1, Actor: "acc_sue", Reason: "test"})
					return err
				})
			}
		})
		f, err := r.desk.File(ctx, r.ann, in, support.Report{Message: "x"})
		wg.Wait()
		if err != nil {
			r.Fatal(err)
		}
		open, err := r.desk.Open(ctx, r.sue, f.Review.ID)
		if err != nil {
			r.Fatal(err)
		}
		e := evidence(r.T, open)
		if e.Audit.Seq > e.Seq || e.Records[len(e.Records)-1].ID != fmt.Sprintf("%s-%d", r.ann.AccountID, e.Seq) {
			r.Errorf("audited to %d, frozen at %d, the last record is %s", e.Audit.Seq, e.Seq, e.Records[len(e.Records)-1].ID)
		}
	})
}

func TestADeletedPictureKeepsItsReceiptAndItsReview(t *testing.T) {
	each(t, func(r *rig) {
		r.buy(r.ann)
		id := r.picture(r.ann, true)
		before, err := r.desk.GenerationReceipt(ctx, r.ann, id)
		if err != nil {
			r.Fatal(err)
		}
		r.update(func(tx *store.Tx) error {
			g, err := tx.Generation(r.ann.AccountID, id)
			if err == nil {
				_, _, err = tx.DeleteGeneration(g)
			}
			return err
		})
		if after, err := r.desk.GenerationReceipt(ctx, r.ann, id); err != nil || string(after.File) != string(before.File) {
			r.Errorf("the receipt is another, %v", err)
		}
		open, err := r.desk.Open(ctx, r.sue, r.file(r.ann, support.Report{Message: "I never saw it", Generation: id}).ID)
		if err != nil {
			r.Fatal(err)
		}
		e := evidence(r.T, open)
		if e.Request != nil || len(e.Charges) != 1 || e.Charges[0].ID != id || strings.Contains(string(open.Evidence), "At the lake") {
			r.Errorf("the evidence of a deleted picture: %s", open.Evidence)
		}
		_, err = r.desk.File(ctx, r.bob, kinpict.Intent{}, support.Report{Message: "x", Generation: id})
		r.wantCode("somebody else's that was deleted", err, kinpict.NotFound)
	})
}
