package keeping_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// farewell confirms what stands in the rig: 80 credits were bought, 4 spent, and
// 4 lie in a picture on its way.
func (r *rig) farewell() kinpict.Farewell {
	return kinpict.Farewell{Address: "Edeltraud.K@example.com ", Credits: 76}
}

// The tables in which a person's words or address stand while they are here.
var personal = []string{"account", "api_token", "consent", "draft", "files", "generation", "held_request", "idem", "mail", "photo", "provider_event", "purchase",
	"refund", "review", "review_act", "session", "signin_link"}

// The tables in which none ever stands: the books, which keep an id that names
// nobody, and what belongs to no person. A new table belongs into one of the two.
var impersonal = []string{"audit_run", "catalog", "charge", "charge_alloc", "console_session", "deletion", "dispute", "entry", "fraud_warning", "guest", "guest_network", "lot", "migration", "payment_finding",
	"probe", "promo", "rate", "rate_limit", "receipt_key", "reconciliation", "sandbox_refund", "sandbox_session", "second_factor", "share", "staff_act", "txn"}

func TestNothingIsLeftOfWhoIsGone(t *testing.T) {
	each(t, func(r *rig) {
		tables := slices.Sorted(maps.Keys(storetest.Contents(r, r.url)))
		known := slices.Sorted(slices.Values(slices.DeleteFunc(slices.Concat(personal, impersonal), func(s string) bool { return s == "files" })))
		if !slices.Equal(tables, known) {
			r.Errorf("the database has the tables\n%v, decided about are\n%v", tables, known)
		}
		// The scan has teeth: before, it finds something in each of them.
		words := append(slices.Clone(secrets), "ann's photo", "ann's thumb", "ann's picture", "pay.example/pur_acc_ann", "for=acc_ann")
		if got := slices.Sorted(maps.Keys(r.traces(words...))); !slices.Equal(got, personal) {
			r.Fatalf("before, words stand in\n%v, want\n%v", got, personal)
		}
		kept := r.traces("ben@example.com", "Benjamin", "Strandkorb")
		// Whatever counts what she does is named by her account.
		for _, l := range []store.OwnLimit{store.LimitExports, store.LimitChecks, store.LimitPromos} {
			r.update(func(tx *store.Tx) error { return ignore(tx.Allow(l.Of("acc_ann"), 5, time.Hour)) })
		}
		all := r.files()

		d, err := r.keeper.Delete(ctx, r.ann, r.farewell())
		if err != nil {
			r.Fatal(err)
		}
		for where, what := range r.traces(words...) {
			r.Errorf("left in %s: %s", where, what)
		}
		for _, row := range storetest.Contents(r, r.url)["rate_limit"] {
			if strings.Contains(row, "acc_ann") {
				r.Errorf("a limit counts on: %s", row)
			}
		}
		if n := r.files(); n != all/2 {
			r.Errorf("%d files are left of %d, half of which are ben's", n, all)
		}
		if got := r.traces("ben@example.com", "Benjamin", "Strandkorb"); len(got) != len(kept) {
			r.Errorf("of ben there is something in %d places, there was in %d", len(got), len(kept))
		}
		if d.AskedBy != kinpict.AskedByPerson || d.Returned != 4 || d.Forfeited != 76 || !d.At.Equal(r.clock.Now()) || !d.EmptiedAt.Equal(r.clock.Now()) {
			r.Errorf("the receipt says %+v", d)
		}
		want := kinpict.Kept{Photos: 2, PhotoBytes: 22, Pictures: 1, PictureBytes: 13, Requests: 4, OnTheWay: 2, Drafts: 1, Held: 1, Shares: 1, Purchases: 2, Open: 1,
			Lines: 5, Reviews: 2, Consents: 1, Mails: 1, SignIns: 1, Tokens: 1, Credits: 72, Reserved: 4}
		if d.Gone != want {
			r.Errorf("the receipt counts %+v\nwant %+v", d.Gone, want)
		}
		if again, err := r.keeper.Deletion(ctx, d.ID); err != nil || *again != *d {
			r.Errorf("the receipt is found as %+v, %v", again, err)
		}
		r.clock.Advance(25 * time.Hour) // by when the auditor wants nothing to be left
		storetest.Audit(r, r.db)
	})
}

func TestWhoIsGoneIsOutOfReach(t *testing.T) {
	each(t, func(r *rig) {
		d, err := r.keeper.Delete(ctx, r.ann, r.farewell())
		if err != nil {
			r.Fatal(err)
		}
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			a, err := tx.Account("acc_ann")
			if err != nil || a.Status != "closed" || a.Email != "" {
				r.Errorf("the account is %+v, %v", a, err)
			}
			for what, err := range map[string]error{
				"cookie": ignore(tx.Session([]byte("cookie of ann"))), "token": ignore(tx.Token([]byte("token of ann"))), "private link": ignore(tx.Shared([]byte("share of ann"), false)),
				"address": ignore(tx.AccountByEmail("edeltraud.k@example.com")), "picture": ignore(tx.Generation("acc_ann", "gen_ann_done")),
				"photo": ignore(tx.Photo("acc_ann", "pho_ann1")), "preview": ignore(tx.Generation("acc_ann", "gen_ann_free")),
			} {
				r.want("her "+what, err, kinpict.NotFound)
			}
			for what, err := range map[string]error{"cookie": ignore(tx.Session([]byte("cookie of ben"))), "private link": ignore(tx.Shared([]byte("share of ben"), false))} {
				r.want("ben's "+what, err, "")
			}
			return nil
		}); err != nil {
			r.Fatal(err)
		}
		// The books stay, and every line of theirs.
		lines, _, err := r.statement(ctx, r.ann, "", 100)
		if err != nil || len(lines) < 6 || lines[0].Kind != "forfeit" || lines[0].AvailableAfter != 0 {
			r.Errorf("the statement ends in %+v, %v", lines, err)
		}
		r.want("deleted again", ignore(r.keeper.Delete(ctx, r.ann, r.farewell())), kinpict.Invalid)
		if twice, err := r.keeper.DeleteFor(ctx, kinpict.Caller{Role: kinpict.Operator}, "acc_ann"); err != nil || twice.ID != d.ID {
			r.Errorf("deleted again by staff: %+v, %v, want the first receipt", twice, err)
		}
		r.want("a receipt of nobody's", ignore(r.keeper.Deletion(ctx, "del_0")), kinpict.NotFound)
		// The device keeps its count, and the address begins anew.
		r.want("another preview on her device", r.db.Update(ctx, func(tx *store.Tx) error { return tx.SpendPreview("gst_ann", "", "home", 1, 30, 30) }), kinpict.GuestLimit)
		r.update(func(tx *store.Tx) error {
			a, fresh, err := tx.AddAccount(kinpict.Account{ID: "acc_ann2", Email: "edeltraud.k@example.com", Role: kinpict.Customer})
			if err == nil && (!fresh || a.ID != "acc_ann2") {
				r.Errorf("the same address is %+v again", a)
			}
			return errors.Join(err, tx.ClaimGuest("gst_ann", "acc_ann2", tx.Now().Add(time.Hour), true))
		})
		if b, kept, err := r.keeper.Kept(ctx, kinpict.Caller{AccountID: "acc_ann2"}); err != nil || kept.Credits != 0 || kept.Lines != 0 || kept.Photos != 0 {
			r.Errorf("the new account %+v has %+v, %v", b, kept, err)
		}
	})
}

// The database's own files hold no word of hers either: neither free pages nor
// the log.
func TestNoWordIsLeftInTheFiles(t *testing.T) {
	each(t, func(r *rig) {
		if !r.db.Embedded() {
			return // PostgreSQL's vacuum and log have their own times: docs/operations.md
		}
		lies := func() (in []string) {
			files, err := filepath.Glob(r.url + "*")
			if err != nil {
				r.Fatal(err)
			}
			for _, f := range files {
				data, err := os.ReadFile(f)
				if err != nil {
					r.Fatal(err)
				}
				for _, w := range secrets {
					if bytes.Contains(data, []byte(w)) {
						in = append(in, w+" in "+filepath.Base(f))
					}
				}
			}
			return in
		}
		if len(lies()) == 0 {
			r.Fatal("before, nothing of hers is found")
		}
		if _, err := r.keeper.Delete(ctx, r.ann, r.farewell()); err != nil {
			r.Fatal(err)
		}
		if got := lies(); len(got) > 0 {
			r.Errorf("left: %q", got)
		}
		r.update(func(tx *store.Tx) error { return tx.PutDraft("acc_ann", []byte(secrets[0])) }) // by whoever was let in just before
		if err := r.keeper.Sweep(ctx); err != nil {
			r.Fatal(err)
		}
		if got := lies(); len(got) > 0 {
			r.Errorf("after the sweep: %q", got)
		}
	})
}

// Leaving and coming back is not a way to another preview.
func TestLeavingBeginsNoCountAnew(t *testing.T) {
	each(t, func(r *rig) {
		const address = "edeltraud.k@example.com"
		name := pseudonym(address)
		if _, err := r.keeper.Delete(ctx, r.ann, r.farewell()); err != nil {
			r.Fatal(err)
		}
		preview := func(account string) error {
			return r.db.Update(ctx, func(tx *store.Tx) error { return tx.SpendPreview("", account, "elsewhere", 1, 30, 30) })
		}
		back := func(id string) {
			r.update(func(tx *store.Tx) error {
				_, _, err := tx.AddAccount(kinpict.Account{ID: id, Email: address, Role: kinpict.Customer})
				return errors.Join(err, tx.RecallPreviews(id, name))
			})
		}
		back("acc_ann2")
		r.want("another preview of the same address", preview("acc_ann2"), kinpict.GuestLimit)
		r.update(func(tx *store.Tx) error {
			_, _, err := tx.AddAccount(kinpict.Account{ID: "acc_cid", Email: "cid@example.com", Role: kinpict.Customer})
			return errors.Join(err, tx.RecallPreviews("acc_cid", pseudonym("cid@example.com")))
		})
		r.want("the first of another address", preview("acc_cid"), "")
		if _, err := r.keeper.DeleteFor(ctx, kinpict.Caller{Role: kinpict.Operator}, "acc_ann2"); err != nil {
			r.Fatal(err)
		}
		r.clock.Advance(time.Hour)
		r.update(func(tx *store.Tx) error { return tx.ForgetPreviews(tx.Now().Add(-time.Hour - time.Second)) })
		back("acc_ann3")
		r.want("a third account, in time", preview("acc_ann3"), kinpict.GuestLimit)
		if _, err := r.keeper.DeleteFor(ctx, kinpict.Caller{Role: kinpict.Operator}, "acc_ann3"); err != nil {
			r.Fatal(err)
		}
		r.trail("account deleted", "acc_ann3")
		r.update(func(tx *store.Tx) error { return tx.ForgetPreviews(tx.Now()) })
		back("acc_ann4")
		r.want("a fourth, when it is forgotten", preview("acc_ann4"), "")
	})
}

func TestWhoMayDelete(t *testing.T) {
	each(t, func(r *rig) {
		at := func(age time.Duration) kinpict.Caller {
			c := r.ann
			c.SignedInAt = r.clock.Now().Add(-age)
			return c
		}
		good := r.farewell()
		for _, c := range []struct {
			name string
			who  kinpict.Caller
			say  kinpict.Farewell
			code kinpict.Code
		}{
			{"a guest", kinpict.Caller{GuestID: "gst_ann"}, good, kinpict.Unauthenticated},
			{"a browser that signed in a while ago", at(kinpict.FreshSignIn), good, kinpict.SignInAgain},
			{"without the address", r.ann, kinpict.Farewell{Credits: 76}, kinpict.Invalid},
			{"with another's address", r.ann, kinpict.Farewell{Address: "ben@example.com", Credits: 76}, kinpict.Invalid},
			{"agreeing to lose less", r.ann, kinpict.Farewell{Address: good.Address, Credits: 75}, kinpict.Conflict},
			{"agreeing to nothing", r.ann, kinpict.Farewell{Address: good.Address}, kinpict.Conflict},
		} {
			_, err := r.keeper.Delete(ctx, c.who, c.say)
			r.want(c.name, err, c.code)
			var e *kinpict.Error
			if errors.As(err, &e) && c.code == kinpict.Conflict && e.Members["credits"] != kinpict.Credits(76) {
				r.Errorf("%s: the error names %v credits, want 76", c.name, e.Members["credits"])
			}
		}
		for _, role := range []kinpict.AccountRole{"", kinpict.Customer, kinpict.Support} {
			r.want("on behalf of another as "+string(role), ignore(r.keeper.DeleteFor(ctx, kinpict.Caller{AccountID: "acc_x", Role: role}, "acc_ann")), kinpict.Forbidden)
		}
		if got := r.traces("Zwetschgenkuchen"); len(got) < 5 {
			r.Errorf("after refusals words are left in %d places only", len(got))
		}
		r.update(func(tx *store.Tx) error { return tx.Strip("acc_nobody") })
		if _, err := r.keeper.Delete(ctx, at(kinpict.FreshSignIn-time.Second), kinpict.Farewell{Address: good.Address, Credits: 100}); err != nil {
			r.Errorf("agreeing to lose more: %v", err)
		}
	})
}

// A worker that holds a picture when its owner goes finds its fence gone.
func TestAPictureBeingDrawnIsThrownAway(t *testing.T) {
	each(t, func(r *rig) {
		id := r.picture("acc_ann", "ann", "running", kinpict.Request{Quality: kinpict.Standard, Scenario: "autumn", Aspect: "4:5", Instruction: "Zwetschgenkuchen"})
		d, err := r.keeper.Delete(ctx, r.ann, r.farewell())
		if err != nil || d.Returned != 8 || d.Forfeited != 76 {
			r.Fatalf("receipt %+v, %v", d, err)
		}
		f := store.Fence{ID: id, Worker: "wrk", Attempt: 1}
		r.update(func(tx *store.Tx) error {
			won, err := tx.Succeed(f, "studio", &kinpict.Image{Key: "pictures/" + id + "/1.jpg", ContentType: "image/jpeg", Width: 8, Height: 10, Bytes: 1, SHA256: "s"})
			held, lost := tx.Beat(f, time.Minute)
			if won || held {
				r.Errorf("the worker still holds it: delivered %v, lease %v", won, held)
			}
			return errors.Join(err, lost)
		})
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			g, err := tx.Job(id)
			if err == nil && (g.Status != kinpict.Canceled || g.Returned != 4 || g.Request.Instruction != "") {
				r.Errorf("it is %s with %d returned and %q", g.Status, g.Returned, g.Request.Instruction)
			}
			return err
		}); err != nil {
			r.Fatal(err)
		}
	})
}

// Whoever was let in a moment before may write a moment after.
func TestWhatIsWrittenAfterwardsGoesToo(t *testing.T) {
	each(t, func(r *rig) {
		if _, err := r.keeper.Delete(ctx, r.ann, r.farewell()); err != nil {
			r.Fatal(err)
		}
		r.want("a photo that was being uploaded", r.db.Update(ctx, func(tx *store.Tx) error { return tx.LockPhotos("acc_ann") }), kinpict.Unauthenticated)
		r.update(func(tx *store.Tx) error {
			return errors.Join(tx.PutDraft("acc_ann", []byte(`{"request":{"instruction":"Zwetschgenkuchen"}}`)), tx.PutConsent("acc_ann", "Hochzeitstag"),
				tx.PutSession(store.Session{ID: "ses_late", Account: kinpict.Account{ID: "acc_ann"}, Browser: "Bilderrahmen", ExpiresAt: tx.Now().Add(time.Hour)}, []byte("late")),
				tx.PutPreview(&kinpict.Generation{ID: "gen_late", Request: kinpict.Request{Quality: kinpict.Standard, Instruction: "Zwetschgenkuchen"}, CatalogUsed: 1, CreatedAt: tx.Now()},
					"acc_ann", "", tx.Now().Add(time.Hour)))
		})
		if err := r.keeper.Sweep(ctx); err != nil {
			r.Fatal(err)
		}
		for where, what := range r.traces(secrets...) {
			r.Errorf("left in %s: %s", where, what)
		}
	})
}

// A bucket that is away leaves the rows out of reach and the files for later.
func TestFilesThatCannotBeRemovedNow(t *testing.T) {
	each(t, func(r *rig) {
		whole := r.keeper.Blobs
		r.keeper.Blobs = stuck{whole}
		all := r.files()
		d, err := r.keeper.Delete(ctx, r.ann, r.farewell())
		if err != nil || !d.EmptiedAt.IsZero() || r.files() != all {
			r.Fatalf("receipt %+v, %v, with %d of %d files", d, err, r.files(), all)
		}
		if left := r.traces(secrets...); len(left) > 0 {
			r.Errorf("words wait for the bucket: %v", left)
		}
		if err := r.keeper.Sweep(ctx); err == nil || !strings.Contains(err.Error(), "away") {
			r.Errorf("the sweep says %v", err)
		}
		// A day later the deletion is still not done, so it is still looked at.
		r.clock.Advance(25 * time.Hour)
		r.keeper.Blobs = whole
		if err := r.keeper.Sweep(ctx); err != nil {
			r.Fatal(err)
		}
		if n := r.files(); n != all/2 {
			r.Errorf("%d files are left of %d", n, all)
		}
		if d, err := r.keeper.Deletion(ctx, d.ID); err != nil || !d.EmptiedAt.Equal(r.clock.Now()) {
			r.Errorf("receipt %+v, %v", d, err)
		}
	})
}

// A file that cannot be removed keeps no other, however many there are, and the
// deletion is done once it is gone too.
func TestAFileThatStaysKeepsNoOther(t *testing.T) {
	each(t, func(r *rig) {
		whole := r.keeper.Blobs
		bad := map[string]bool{"photos/acc_ann/pho_ann2.jpg": true}
		r.update(func(tx *store.Tx) error {
			for n := range 100 {
				id := fmt.Sprintf("pho_bad%03d", n)
				bad["photos/"+id] = true
				if _, err := tx.AddPhoto(kinpict.Photo{ID: id, Owner: "acc_ann", Key: "photos/" + id, ThumbKey: "photos/" + id + ".t", Width: 9, Height: 9, Bytes: 9, SHA256: id,
					SourceSHA256: id, ExpiresAt: tx.Now().Add(time.Hour)}); err != nil {
					return err
				}
			}
			return nil
		})
		r.clock.Advance(time.Second)
		r.update(func(tx *store.Tx) error {
			_, err := tx.AddPhoto(kinpict.Photo{ID: "pho_last", Owner: "acc_ann", Key: "photos/last", ThumbKey: "photos/last.t", Width: 9, Height: 9, Bytes: 9, SHA256: "last",
				SourceSHA256: "last", ExpiresAt: tx.Now().Add(time.Hour)})
			return err
		})
		r.put("photos/last", []byte("ann's photo"))
		r.keeper.Blobs = picky{whole, bad}
		d, err := r.keeper.Delete(ctx, r.ann, r.farewell())
		if err != nil || !d.EmptiedAt.IsZero() {
			r.Fatalf("receipt %+v, %v", d, err)
		}
		if left := r.traces("ann's photo", "ann's picture", "ann's thumb")["files"]; !strings.Contains(left, "pho_ann2.jpg") {
			r.Errorf("left is %q, want the one file that cannot be removed", left)
		}
		for _, key := range []string{"photos/last", "pictures/gen_ann_done/1.jpg", "photos/gst_ann/pho_ann1.jpg"} {
			if b, err := whole.Open(ctx, key); err == nil {
				b.Close()
				r.Errorf("%s is still there", key)
			}
		}
		if err := r.keeper.Sweep(ctx); err == nil || !strings.Contains(err.Error(), "101 files stay") {
			r.Errorf("the sweep says %v", err)
		}
		r.keeper.Blobs = whole
		if err := r.keeper.Sweep(ctx); err != nil {
			r.Fatal(err)
		}
		if d, err := r.keeper.Deletion(ctx, d.ID); err != nil || d.EmptiedAt.IsZero() || r.traces("ann's photo")["files"] != "" {
			r.Errorf("receipt %+v, %v", d, err)
		}
	})
}

// However many left today, the last of them is looked after like the first.
func TestMoreDeletionsThanAreLookedAtAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		r.update(func(tx *store.Tx) error {
			for n := range 100 {
				a, _, err := tx.AddAccount(kinpict.Account{ID: fmt.Sprintf("acc_%03d", n), Email: fmt.Sprintf("n%d@example.com", n), Role: kinpict.Customer})
				if err != nil {
					return err
				}
				if _, err := tx.DeleteAccount(&kinpict.Deletion{ID: fmt.Sprintf("del_%03d", n), AccountID: a.ID, AskedBy: kinpict.AskedByPerson}, 0, redact); err != nil {
					return err
				}
			}
			return nil
		})
		r.clock.Advance(time.Second)
		whole := r.keeper.Blobs
		r.keeper.Blobs = stuck{whole}
		d, err := r.keeper.Delete(ctx, r.ann, r.farewell())
		if err != nil || !d.EmptiedAt.IsZero() {
			r.Fatalf("receipt %+v, %v", d, err)
		}
		r.keeper.Blobs = whole
		if err := r.keeper.Sweep(ctx); err != nil {
			r.Fatal(err)
		}
		if d, err := r.keeper.Deletion(ctx, d.ID); err != nil || d.EmptiedAt.IsZero() {
			r.Errorf("the deletion after a hundred others is not done: %+v, %v", d, err)
		}
	})
}

// An account that staff hold stays until they let go of it.
func TestAFrozenAccountIsNotDeleted(t *testing.T) {
	each(t, func(r *rig) {
		r.freeze("acc_ann")
		r.want("a frozen account", ignore(r.keeper.Delete(ctx, r.ann, r.farewell())), kinpict.Forbidden)
		if got := r.traces("Zwetschgenkuchen"); len(got) < 5 {
			r.Errorf("words are left in %d places only", len(got))
		}
	})
}
