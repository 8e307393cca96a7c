package keeping_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/blob"
	"kinpict/internal/keeping"
	"kinpict/internal/store"
)

// archive is what was exported, read back.
func (r *rig) archive(e *keeping.Export, err error) (*keeping.Manifest, map[string]string) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
	var b bytes.Buffer
	m, err := e.Write(ctx, &b)
	if err != nil {
		r.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		r.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			r.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err := errors.Join(err, in.Close()); err != nil {
			r.Fatal(err)
		}
		if _, twice := files[f.Name]; twice {
			r.Errorf("%s stands twice in the archive", f.Name)
		}
		files[f.Name] = string(text)
	}
	return m, files
}

func TestTheArchiveHoldsAllThatIsKept(t *testing.T) {
	each(t, func(r *rig) {
		m, files := r.archive(r.keeper.Export(ctx, r.ann))
		_, kept, err := r.keeper.Kept(ctx, r.ann)
		if err != nil {
			r.Fatal(err)
		}
		counts := map[string]int64{"photo_files": kept.Photos, "picture_files": kept.Pictures, "receipts": 1}
		for file, c := range map[string]struct {
			count string
			want  int64
		}{
			"photos.json": {"photos", kept.Photos}, "pictures.json": {"requests", kept.Requests}, "drafts.json": {"drafts", kept.Drafts},
			"held-requests.json": {"held_requests", kept.Held}, "shares.json": {"shares", kept.Shares}, "purchases.json": {"purchases", kept.Purchases},
			"statement.json": {"statement_lines", kept.Lines}, "reviews.json": {"reviews", kept.Reviews}, "consents.json": {"consents", kept.Consents},
			"mails.json": {"mails", kept.Mails}, "sign-ins.json": {"sign_ins", kept.SignIns}, "tokens.json": {"tokens", kept.Tokens}, "credits.json": {"lots", 1},
		} {
			counts[c.count] = c.want
			if n := r.listed(files, file); int64(n) != c.want {
				r.Errorf("%s lists %d, want %d", file, n, c.want)
			}
		}
		for count, want := range counts {
			if m.Counts[count] != want || want == 0 {
				r.Errorf("%d %s are in the archive, %d are kept", m.Counts[count], count, want)
			}
		}
		if len(m.Counts) != len(counts) {
			r.Errorf("the manifest counts %v, looked at are %v", m.Counts, counts)
		}
		var told keeping.Manifest
		if err := json.Unmarshal([]byte(files["manifest.json"]), &told); err != nil || len(told.Files) != len(files)-1 || len(m.Missing) != 0 {
			r.Errorf("the manifest lists %d of %d files, %v missing, %v", len(told.Files), len(files), m.Missing, err)
		}
		for _, f := range told.Files {
			text := files[f.Path]
			if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(text)) != f.Bytes {
				r.Errorf("%s is not what the manifest says", f.Path)
			}
			if strings.HasSuffix(f.Path, ".json") && !json.Valid([]byte(text)) {
				r.Errorf("%s is no JSON: %.200s", f.Path, text)
			}
		}
		for path, want := range map[string]string{"photos/pho_ann1.jpg": "ann's photo", "pictures/gen_ann_done.jpg": "ann's picture",
			"reviews/rev_ann1.json": `{"seq":"7","instruction":"Zwetschgenkuchen"}`, "receipts/pur_acc_ann_paid.json": `{"receipt_of":"pur_acc_ann_paid"}`} {
			if files[path] != want {
				r.Errorf("%s holds %q, want %q", path, files[path], want)
			}
		}
		rows, err := csv.NewReader(strings.NewReader(files["statement.csv"])).ReadAll()
		if err != nil || int64(len(rows)) != kept.Lines+1 {
			r.Errorf("the table has %d rows, %v, want a head and %d lines", len(rows), err, kept.Lines)
		}
		for _, f := range []string{"Everything Kinpict keeps of you", "edeltraud.k@example.com", "pictures.json, pictures/"} {
			if !strings.Contains(files["README.txt"], f) {
				r.Errorf("README.txt does not say %q", f)
			}
		}
		whole := ""
		for path, text := range files {
			whole += path + " " + text
		}
		for _, secret := range secrets {
			if strings.Contains(whole, secret) == (secret == "Schwarzwald") { // what staff wrote about a refund is theirs
				r.Errorf("%q is in the archive: %v", secret, secret == "Schwarzwald")
			}
		}
		for _, not := range []string{"token of ann", "cookie of ann", "link of ann", "share of ann", "ben", "Benjamin", "Strandkorb", "acc_staff"} {
			if strings.Contains(whole, not) {
				r.Errorf("%q is in the archive", not)
			}
		}
	})
}

// listed is how many values a list of an archive holds. A file that is not there,
// and a value that stands in it twice, fail the test.
func (r *rig) listed(files map[string]string, file string) int {
	r.Helper()
	var all []json.RawMessage
	text := []byte(files[file])
	if file == "credits.json" {
		var c struct {
			Available *int64            `json:"available"`
			Debt      *int64            `json:"debt"`
			Lots      []json.RawMessage `json:"lots"`
		}
		if err := json.Unmarshal(text, &c); err != nil || c.Available == nil || c.Debt == nil {
			r.Errorf("%s: %v in %.100q", file, err, text)
		}
		all = c.Lots
	} else if err := json.Unmarshal(text, &all); err != nil {
		r.Errorf("%s: %v in %.100q", file, err, text)
	}
	seen := map[string]bool{}
	for _, v := range all {
		if seen[string(v)] {
			r.Errorf("%s holds %s twice", file, v)
		}
		seen[string(v)] = true
	}
	return len(seen)
}

// Whatever there may be many of is read page by page, and none is left out or
// told twice where a page ends, though all are of one moment.
func TestAnArchiveOfManyPages(t *testing.T) {
	each(t, func(r *rig) {
		const more = 205
		r.update(func(tx *store.Tx) error {
			for n := range more {
				id := fmt.Sprintf("%03d", n)
				p := &store.Purchase{Purchase: kinpict.Purchase{ID: "pur_" + id, AccountID: "acc_ann", Pack: "credits-80", Credits: 80, Price: kinpict.Money{Amount: 1200, Currency: "usd"},
					CatalogVersion: 1, Provider: "sandbox", ExpiresAt: tx.Now().Add(time.Hour)}}
				_, lost := tx.Grant(store.Grant{LotID: "lot_" + id, AccountID: "acc_ann", Kind: kinpict.LotAdjust, SourceType: "adjustment", SourceID: "adj_" + id, Credits: 1, Actor: "acc_staff", Reason: "many"})
				_, err := tx.AddShare(kinpict.Share{ID: "shr_" + id, Generation: "gen_ann_done", Days: 7, ExpiresAt: tx.Now().Add(time.Hour)}, []byte(id))
				if err := errors.Join(err, lost, tx.PutPurchase(p), tx.SendMail(store.Mail{ID: "mai_" + id, To: "edeltraud.k@example.com", Subject: id, Body: id}),
					tx.PutHeld(&kinpict.HeldRequest{ID: "hld_" + id, AccountID: "acc_ann", Request: kinpict.Request{Quality: kinpict.Standard, Instruction: id}, Cost: 4, CreatedAt: tx.Now(),
						ExpiresAt: tx.Now().Add(time.Hour)})); err != nil {
					return err
				}
			}
			return nil
		})
		for range more {
			r.clock.Advance(time.Microsecond)
			r.update(func(tx *store.Tx) error { return tx.PutConsent("acc_ann", "yes") })
		}
		_, kept, err := r.keeper.Kept(ctx, r.ann)
		if err != nil {
			r.Fatal(err)
		}
		_, files := r.archive(r.keeper.Export(ctx, r.ann))
		for file, want := range map[string]int64{"purchases.json": kept.Purchases, "shares.json": kept.Shares, "mails.json": kept.Mails, "held-requests.json": kept.Held,
			"consents.json": kept.Consents, "statement.json": kept.Lines, "credits.json": more + 1} {
			if n := r.listed(files, file); int64(n) != want || want < more {
				r.Errorf("%s lists %d of %d", file, n, want)
			}
		}
	})
}

// A request that became a picture, was taken back or had its time waits no more.
// The words of the first are still kept, and told; of the others nothing is.
func TestWhatWaitsNoMoreIsNotCountedAsWaiting(t *testing.T) {
	each(t, func(r *rig) {
		held := func(wait, listed int64) {
			r.Helper()
			_, kept, err := r.keeper.Kept(ctx, r.ann)
			if err != nil {
				r.Fatal(err)
			}
			_, files := r.archive(r.keeper.Export(ctx, r.ann))
			if n := int64(r.listed(files, "held-requests.json")); kept.Held != wait || n != listed {
				r.Errorf("%d requests wait and %d are in the archive, want %d and %d", kept.Held, n, wait, listed)
			}
		}
		park := func(id string) {
			r.Helper()
			r.update(func(tx *store.Tx) error {
				return tx.PutHeld(&kinpict.HeldRequest{ID: id, AccountID: "acc_ann", Cost: 4, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour),
					Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "autumn", Instruction: "as a gallery"}})
			})
		}
		held(1, 1)
		park("hld_back")
		held(2, 2)
		r.update(func(tx *store.Tx) error { return ignore(tx.Withdraw("acc_ann", "hld_back")) })
		held(1, 1)
		park("hld_made")
		g := &kinpict.Generation{ID: "gen_of_held", CatalogUsed: 1, Credits: 4, CreatedAt: r.clock.Now(), Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "autumn", Aspect: "4:5"}}
		if _, err := r.db.Accept(ctx, &store.Acceptance{AccountID: "acc_ann", Intent: kinpict.Intent{Route: "POST /generations", Key: "held", Hash: []byte("held")}, Status: 202,
			Answer: []byte("{}"), Generation: g, Deadline: r.clock.Now().Add(1000 * time.Hour), Held: "hld_made"}); err != nil {
			r.Fatal(err)
		}
		held(1, 2)
		r.clock.Advance(2 * time.Hour)
		held(0, 2)
		r.update(func(tx *store.Tx) error { return tx.SweepHeld() })
		held(0, 1)
	})
}

// A sign-in that is over is neither counted nor listed, and one that is not ends
// where the account page says.
func TestSignInsOfTheArchiveAreThoseOfTheAccountPage(t *testing.T) {
	each(t, func(r *rig) {
		r.clock.Advance(kinpict.SignInIdle)
		r.update(func(tx *store.Tx) error {
			return tx.PutSession(store.Session{ID: "ses_new", Account: kinpict.Account{ID: "acc_ann"}, ExpiresAt: tx.Now().Add(kinpict.SignInLife)}, []byte("new cookie"))
		})
		_, kept, err := r.keeper.Kept(ctx, r.ann)
		if err != nil || kept.SignIns != 1 {
			r.Errorf("%d sign-ins are kept, %v, want one", kept.SignIns, err)
		}
		_, files := r.archive(r.keeper.Export(ctx, r.ann))
		var list []struct {
			ID   string    `json:"id"`
			Ends time.Time `json:"ends_at"`
		}
		if err := json.Unmarshal([]byte(files["sign-ins.json"]), &list); err != nil || len(list) != 1 || list[0].ID != "ses_new" || !list[0].Ends.Equal(r.clock.Now().Add(kinpict.SignInIdle)) {
			r.Errorf("the archive lists %+v, %v", list, err)
		}
	})
}

func TestWhatChangesMeanwhile(t *testing.T) {
	each(t, func(r *rig) {
		e, err := r.keeper.Export(ctx, r.ann)
		if err != nil {
			r.Fatal(err)
		}
		r.update(func(tx *store.Tx) error {
			_, err := tx.Grant(store.Grant{LotID: "lot_late", AccountID: "acc_ann", Kind: kinpict.LotAdjust, SourceType: "adjustment", SourceID: "adj_1", Credits: 5, Actor: "acc_staff", Reason: "late"})
			return err
		})
		if err := r.keeper.Blobs.Delete(ctx, "photos/acc_ann/pho_ann2.jpg"); err != nil {
			r.Fatal(err)
		}
		m, files := r.archive(e, nil)
		if strings.Contains(files["statement.csv"]+files["statement.json"], "late") {
			r.Error("a line written after the beginning is in the statement")
		}
		if len(m.Missing) != 1 || m.Missing[0] != "photos/pho_ann2.jpg" || m.Counts["photo_files"] != 1 {
			r.Errorf("missing are %v, with %d photos", m.Missing, m.Counts["photo_files"])
		}
	})
}

func TestTheArchiveInOnesOwnLanguage(t *testing.T) {
	each(t, func(r *rig) {
		r.update(func(tx *store.Tx) error { _, err := tx.SetLanguage("acc_ann", "de"); return err })
		if _, files := r.archive(r.keeper.Export(ctx, r.ann)); !strings.Contains(files["README.txt"], "Alles, was Kinpict von dir aufbewahrt") {
			r.Errorf("README.txt is %.100q", files["README.txt"])
		}
	})
}

func TestWhoMayExport(t *testing.T) {
	each(t, func(r *rig) {
		r.want("a guest", ignore(r.keeper.Export(ctx, kinpict.Caller{GuestID: "gst_ann"})), kinpict.Unauthenticated)
		r.want("a colleague", ignore(r.keeper.ExportFor(ctx, kinpict.Caller{Role: kinpict.Support}, "acc_ann")), kinpict.Forbidden)
		for range keeping.ExportsADay {
			if _, err := r.keeper.Export(ctx, r.ann); err != nil {
				r.Fatal(err)
			}
		}
		r.want("once too often", ignore(r.keeper.Export(ctx, r.ann)), kinpict.RateLimited)
		r.want("ben", ignore(r.keeper.Export(ctx, r.ben)), "")
		r.want("an operator", ignore(r.keeper.ExportFor(ctx, kinpict.Caller{Role: kinpict.Operator}, "acc_ann")), "")
		r.trail(keeping.DeedExported, "acc_ann")
		r.clock.Advance(24 * time.Hour)
		r.want("the next day", ignore(r.keeper.Export(ctx, r.ann)), "")
	})
}

// A file is open only while it is copied, however many there are, and a reader
// who goes away ends the work.
func TestOneFileAtATime(t *testing.T) {
	each(t, func(r *rig) {
		c := &counted{Bucket: r.keeper.Blobs}
		r.keeper.Blobs = c
		r.archive(r.keeper.Export(ctx, r.ann))
		if c.most != 1 || c.open != 0 || c.opened != 3 {
			r.Errorf("%d files were open at once, %d still are, of %d", c.most, c.open, c.opened)
		}
		e, err := r.keeper.Export(ctx, r.ann)
		if err != nil {
			r.Fatal(err)
		}
		if _, err := e.Write(ctx, hungUp{}); !errors.Is(err, errHungUp) || c.open != 0 {
			r.Errorf("writing to nobody ends with %v, %d files open", err, c.open)
		}
		over, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := e.Write(over, io.Discard); !errors.Is(err, context.Canceled) {
			r.Errorf("a request that is over ends with %v", err)
		}
	})
}

type counted struct {
	blob.Bucket
	open, most, opened int
}

func (c *counted) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	f, err := c.Bucket.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	c.open++
	c.opened++
	c.most = max(c.most, c.open)
	return closing{f, func() { c.open-- }}, nil
}

type closing struct {
	io.ReadCloser
	done func()
}

func (c closing) Close() error { c.done(); return c.ReadCloser.Close() }

var errHungUp = errors.New("nobody reads")

type hungUp struct{}

func (hungUp) Write([]byte) (int, error) { return 0, errHungUp }
