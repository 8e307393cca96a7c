package keeping_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/blob/disk"
	"kinpict/internal/keeping"
	"kinpict/internal/lang"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

var ctx = context.Background()

// Words that are ann's alone, and where they stand.
var secrets = []string{"edeltraud.k@example.com", "Edeltraud", "Zwetschgenkuchen", "Fehlbetrag", "Bilderrahmen", "Hochzeitstag", "Schwarzwald", "Brieftaube", "Gartenlaube"}

// A rig is two people of whom everything is kept that can be: ann, who will go,
// and ben, who stays.
type rig struct {
	*testing.T
	url      string
	db       *store.DB
	clock    *storetest.Clock
	folder   string
	keeper   *keeping.Keeper
	ann, ben kinpict.Caller
	ids      kinpict.IDs
}

func each(t *testing.T, f func(*rig)) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			clock := storetest.NewClock()
			r := &rig{T: t, url: storetest.URL(t, kind), clock: clock, folder: t.TempDir(), ids: kinpict.IDs{Now: clock.Now, Rand: rand.Reader}}
			r.db = storetest.Open(t, r.url, clock)
			t.Cleanup(func() { r.db.Close() })
			if err := errors.Join(r.db.Migrate(ctx), r.db.Seed(ctx, kinpict.DefaultCatalog())); err != nil {
				t.Fatal(err)
			}
			bucket, err := disk.Open(r.folder, clock.Now)
			if err != nil {
				t.Fatal(err)
			}
			tongues, err := lang.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			r.keeper = &keeping.Keeper{DB: r.db, Blobs: bucket, IDs: r.ids, Now: clock.Now, Log: slog.New(slog.DiscardHandler), Languages: tongues, Version: "1.2.3",
				Redact: redact, Statement: r.statement, Pseudonym: pseudonym,
				Receipt: func(_ context.Context, c kinpict.Caller, id string) ([]byte, error) {
					return []byte(`{"receipt_of":"` + id + `"}`), nil
				}}
			r.ben = r.person("ben", "ben@example.com", "Benjamin", "Strandkorb")
			r.ann = r.person("ann", "edeltraud.k@example.com", "Edeltraud", "Zwetschgenkuchen")
			f(r)
			storetest.Audit(t, r.db)
		})
	}
}

// statement pages as the shop does.
func (r *rig) statement(ctx context.Context, c kinpict.Caller, cursor string, limit int) (lines []kinpict.Transaction, next string, err error) {
	q := store.Sought{AccountID: c.AccountID}
	if cursor != "" {
		if q.Before, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return nil, "", err
		}
	}
	err = r.db.View(ctx, func(tx *store.Tx) (err error) {
		lines, err = tx.Statement(q, limit+1)
		return err
	})
	if len(lines) > limit {
		lines = lines[:limit]
		next = fmt.Sprint(lines[limit-1].Seq)
	}
	return lines, next, err
}

// redact takes the words out of the rig's evidence.
func redact(evidence []byte) ([]byte, error) {
	var e map[string]string
	if err := json.Unmarshal(evidence, &e); err != nil {
		return nil, err
	}
	delete(e, "instruction")
	return json.Marshal(e)
}

func (r *rig) update(f func(*store.Tx) error) {
	r.Helper()
	if err := r.db.Update(ctx, f); err != nil {
		r.Fatal(err)
	}
}

// put keeps bytes in the bucket.
func (r *rig) put(key string, data []byte) {
	r.Helper()
	if err := r.keeper.Blobs.Put(ctx, key, data); err != nil {
		r.Fatal(err)
	}
}

// person is an account that did everything once: a preview as a guest, photos,
// pictures that came out and did not, one on its way, a private link, a held
// request, a draft, purchases, a review with an answer, a token, mail.
func (r *rig) person(name, email, label, word string) kinpict.Caller {
	r.Helper()
	id, guest := "acc_"+name, "gst_"+name
	private := name == "ann"
	say := func(secret string) string {
		if private {
			return secret
		}
		return "something of ben's"
	}
	photo := func(owner, n string) kinpict.Photo {
		p := kinpict.Photo{ID: "pho_" + name + n, Owner: owner, Key: "photos/" + owner + "/pho_" + name + n + ".jpg", ThumbKey: "photos/" + owner + "/pho_" + name + n + ".thumb.jpg",
			Width: 900, Height: 600, Bytes: 11, SHA256: "sum" + n, SourceSHA256: "source" + n, Faces: []kinpict.Face{{X: .5, Y: .5, Size: .2}},
			Checks: []kinpict.Check{{Code: "c", Severity: "info", Message: say("Gartenlaube")}}, ExpiresAt: r.clock.Now().Add(kinpict.KeepPhotos)}
		r.put(p.Key, []byte(name+"'s photo"))
		r.put(p.ThumbKey, []byte(name+"'s thumb"))
		return p
	}
	request := kinpict.Request{Quality: kinpict.Standard, Scenario: "autumn", Aspect: "4:5", Instruction: "With " + word,
		Photos: []kinpict.PhotoUse{{ID: "pho_" + name + "1", Role: "grandparent", Label: label}}}
	first, second := photo(guest, "1"), photo(id, "2")
	r.update(func(tx *store.Tx) error {
		_, _, err := tx.AddAccount(kinpict.Account{ID: id, Email: email, Role: kinpict.Customer})
		return errors.Join(err, tx.SpendPreview(guest, "", "home", 1, 30, 30), ignore(tx.AddPhoto(first)),
			tx.PutPreview(&kinpict.Generation{ID: "gen_" + name + "_free", Request: request, CatalogUsed: 1, CreatedAt: tx.Now()}, guest, guest, tx.Now().Add(1000*time.Hour)),
			ignore(tx.Remember(guest, kinpict.Intent{Route: "POST /previews", Key: "k", Hash: []byte("h")}, 202, "gen_"+name+"_free", []byte(word))),
			tx.PutConsent(guest, say("Hochzeitstag")), tx.ClaimGuest(guest, id, tx.Now().Add(kinpict.KeepPhotos), true),
			ignore(tx.AddPhoto(second)), tx.PutConsent(id, say("Hochzeitstag")),
			tx.PutSession(store.Session{ID: "ses_" + name, Account: kinpict.Account{ID: id}, Browser: say("Bilderrahmen"), ExpiresAt: tx.Now().Add(time.Hour)}, []byte("cookie of "+name)),
			tx.PutToken("tok_"+name, []byte("token of "+name), id, say("Bilderrahmen")),
			tx.PutLink(store.Link{TokenHash: []byte("link of " + name), BrowserHash: []byte("b"), Email: email, Next: "/", ExpiresAt: tx.Now().Add(time.Hour)}),
			tx.SendMail(store.Mail{ID: "mai_" + name, To: email, Subject: "Hello", Body: say("Brieftaube")}),
			ignore(tx.Allow(store.LimitPromos.Of(id), 5, time.Hour)), tx.LockPhotos(id),
			tx.PutDraft(id, []byte(`{"request":{"instruction":"`+word+`"}}`)),
			tx.PutHeld(&kinpict.HeldRequest{ID: "hld_" + name, AccountID: id, Request: request, Cost: 4, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour)}),
		)
	})
	r.buy(id, "paid", say("Schwarzwald"))
	r.buy(id, "open", "")
	for _, end := range []string{"done", "failed", "queued"} {
		r.picture(id, name, end, request)
	}
	r.update(func(tx *store.Tx) error {
		_, err := tx.AddShare(kinpict.Share{ID: "shr_" + name, Generation: "gen_" + name + "_done", Days: 7, ExpiresAt: tx.Now().Add(time.Hour)}, []byte("share of "+name))
		if err != nil {
			return err
		}
		for _, n := range []string{"1", "2"} {
			if err := tx.PutReview(&kinpict.Review{ID: "rev_" + name + n, AccountID: id, Message: say("Fehlbetrag") + " " + label, Page: "/generations/" + word,
				Evidence: []byte(`{"seq":"7","instruction":"` + word + `"}`)}); err != nil {
				return err
			}
		}
		_, err = tx.ActOnReview("rev_"+name+"1", kinpict.ReviewAct{Kind: kinpict.ActAnswer, Actor: "acc_staff", Text: "Dear " + label})
		return err
	})
	return kinpict.Caller{AccountID: id, Email: email, Role: kinpict.Customer}
}

// trail wants staff's deed to stand in the trail once.
func (r *rig) trail(kind, subject string) {
	r.Helper()
	r.update(func(tx *store.Tx) error {
		n := 0
		all, err := tx.Deeds(nil, 100)
		for _, d := range all {
			if d.Kind == kind && d.Subject == subject && d.Actor == "command" {
				n++
			}
		}
		if err == nil && n != 1 {
			r.Errorf("the trail tells %d times of %s of %s", n, kind, subject)
		}
		return err
	})
}

func ignore[T any](_ T, err error) error { return err }

// buy makes a purchase that is paid, in part refunded and asked about, or still open.
func (r *rig) buy(account, state, reason string) {
	r.Helper()
	id := "pur_" + account + "_" + state
	r.update(func(tx *store.Tx) error {
		p := &store.Purchase{Purchase: kinpict.Purchase{ID: id, AccountID: account, Pack: "credits-80", Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"},
			CatalogVersion: 1, Provider: "sandbox", Back: "/create?for=" + account, ExpiresAt: tx.Now().Add(time.Hour)}}
		if err := tx.PutPurchase(p); err != nil {
			return err
		}
		if _, err := tx.OpenPurchase(id, "cs_"+id, "https://pay.example/"+id); err != nil || state == "open" {
			return err
		}
		p.State, p.SessionID, p.PaymentID, p.PaidAt = "paid", "cs_"+id, "pay_"+id, tx.Now()
		if _, err := tx.SetPurchase(p); err != nil {
			return err
		}
		if _, err := tx.Grant(store.Grant{LotID: "lot_" + id, AccountID: account, Kind: kinpict.LotPaid, SourceType: "purchase", SourceID: id, Credits: 80, Actor: "sandbox"}); err != nil {
			return err
		}
		if _, err := tx.PutRefund(&store.Refund{ID: "rfd_" + account, PurchaseID: id, PaymentID: p.PaymentID, Amount: 100, Reason: reason, Actor: "acc_staff"}, tx.Now()); err != nil {
			return err
		}
		e := &store.Event{Provider: "sandbox", ID: "evt_" + account, Type: "paid", Object: p.PaymentID, Payload: []byte(`{"customer":"` + reason + `"}`)}
		if _, err := tx.ReceiveEvent(e, tx.Now()); err != nil {
			return err
		}
		return tx.SettleEvent(e, store.EventQuarantined, "odd")
	})
}

// picture charges for one and brings it to an end: done, failed, queued or running.
func (r *rig) picture(account, name, end string, request kinpict.Request) string {
	r.Helper()
	id := "gen_" + name + "_" + end
	g := &kinpict.Generation{ID: id, CatalogUsed: 1, Credits: 4, CreatedAt: r.clock.Now(), Request: request}
	if _, err := r.db.Accept(ctx, &store.Acceptance{AccountID: account, Intent: kinpict.Intent{Route: "POST /generations", Key: id, Hash: []byte(id)}, Status: 202,
		Answer: []byte(request.Instruction), Generation: g, Deadline: r.clock.Now().Add(1000 * time.Hour)}); err != nil {
		r.Fatal(err)
	}
	if end == "queued" {
		return id
	}
	r.update(func(tx *store.Tx) error {
		got, err := tx.Claim("wrk", time.Minute, time.Hour)
		for err == nil && got != nil && got.ID != id {
			// Others were asked for before: they wait a little longer.
			if _, err = tx.Again(store.Fence{ID: got.ID, Worker: "wrk", Attempt: got.Attempts}, time.Hour, 0); err == nil {
				got, err = tx.Claim("wrk", time.Minute, time.Hour)
			}
		}
		if err != nil || got == nil {
			return fmt.Errorf("claim %s: %v, %w", id, got, err)
		}
		f := store.Fence{ID: id, Worker: "wrk", Attempt: got.Attempts}
		switch end {
		case "done":
			key := "pictures/" + id + "/1.jpg"
			r.put(key, []byte(name+"'s picture"))
			if _, err := tx.Succeed(f, "studio", &kinpict.Image{Key: key, ContentType: "image/jpeg", Width: 8, Height: 10, Bytes: int64(len(name)) + 10, SHA256: "sum"}); err != nil {
				return err
			}
			_, err = tx.Settle(id)
		case "failed":
			if _, err := tx.Fail(f, kinpict.FailedTimeout, 0); err != nil {
				return err
			}
			_, err = tx.Return(id, string(kinpict.FailedTimeout))
		}
		return err
	})
	return id
}

// traces are the tables and files in which any of the words stands.
func (r *rig) traces(words ...string) map[string]string {
	r.Helper()
	found := map[string]string{}
	note := func(where, text string) {
		for _, w := range words {
			if strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
				found[where] = w + " in " + text
			}
		}
	}
	for table, rows := range storetest.Contents(r, r.url) {
		for _, row := range rows {
			note(table, row)
		}
	}
	err := filepath.WalkDir(r.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		note("files", path+" "+string(bytes.ToValidUTF8(data, nil)))
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return found
}

// files is how many are in the bucket.
func (r *rig) files() (n int) {
	r.Helper()
	for _, err := range r.keeper.Blobs.List(ctx, "") {
		if err != nil {
			r.Fatal(err)
		}
		n++
	}
	return n
}

func (r *rig) want(what string, err error, code kinpict.Code) {
	r.Helper()
	if kinpict.CodeOf(err) != code {
		r.Errorf("%s: got %v, want code %q", what, err, code)
	}
}

// freeze holds an account. No command does that yet, so it is written.
func (r *rig) freeze(id string) {
	r.Helper()
	driver := "sqlite"
	if strings.HasPrefix(r.url, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, r.url)
	if err == nil {
		_, err = db.Exec(`UPDATE account SET status = 'frozen' WHERE id = '` + id + `'`)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		r.Fatal(err)
	}
}

// stuck is a bucket that lets go of nothing.
type stuck struct{ blob.Bucket }

func (stuck) Delete(context.Context, string) error { return errors.New("the bucket is away") }

// picky is a bucket that does not let go of some.
type picky struct {
	blob.Bucket
	bad map[string]bool
}

func (p picky) Delete(ctx context.Context, key string) error {
	if p.bad[key] {
		return errors.New("it is in use")
	}
	return p.Bucket.Delete(ctx, key)
}

// pseudonym is a name of an address that does not tell it.
func pseudonym(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:8])
}
