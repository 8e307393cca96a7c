package store_test

import (
	"regexp"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// growing are the tables that hold what ever happened. Their rows are found by
// an index by whatever runs often or at a customer's wish.
var growing = regexp.MustCompile(`^(account|lot|txn|entry|charge|charge_alloc|generation|idem|purchase|provider_event|review|review_act|refund|session|held_request|mail|guest|photo|share|rate_limit|consent|draft|signin_link|api_token|deletion|second_factor|console_session|staff_act|audit_run|[a-z])$`)

// small are what one letter stands for in some query and grows with no customer.
var small = map[string]bool{"k": true, "n": true, "m": true, "f": true, "w": true}

// made is a table of the query's own, and partial an index of what waits only.
var (
	made    = regexp.MustCompile(`(?:MATERIALIZE|CO-ROUTINE) (\w+)`)
	partial = regexp.MustCompile(`INDEX (refund_asked|purchase_problem|purchase_open|held_request_safety|held_request_over|generation_queue)\b`)
)

// whole are the tables that a question reads from end to end all the same.
var whole = map[string]string{
	"mail in the outbox":     "mail",    // in order, up to its limit
	"mail that was given up": "mail",    // for operators, in order
	"consents to forget":     "consent", // guests' are forgotten in a day, and a person's are few
	"drafts to forget":       "draft",   // one a person, and forgotten in their turn

	"console sessions to forget": "console_session", // of a day, of staff
	"the last audits":            "audit_run",       // some a day at most, in order
}

var aScan = regexp.MustCompile(`^\s*(?:->)?\s*(?:SCAN|Seq Scan on \w+|Seq Scan on) (\w+)`)

func TestNoQuestionReadsEverybodysRows(t *testing.T) {
	since := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	questions := []struct {
		name string
		ask  func(tx *store.Tx) error
	}{
		{"the audit of one account, which a review asks for", func(tx *store.Tx) error { _, err := tx.AuditAccount("ann"); return err }},
		{"an account's reviews", func(tx *store.Tx) error { _, err := tx.Reviews("ann", "", "", 50); return err }},
		{"reviews that wait", func(tx *store.Tx) error { _, err := tx.Reviews("", "open", "", 50); return err }},
		{"reviews of an account in the day", func(tx *store.Tx) error { _, _, err := tx.OpenReviews("ann", since); return err }},
		{"an account's purchases", func(tx *store.Tx) error { _, err := tx.Purchases("ann", 50); return err }},
		{"the same for staff", func(tx *store.Tx) error { _, err := tx.StaffPurchases("", "ann", "", 50); return err }},
		{"purchases for the attention of staff", func(tx *store.Tx) error { _, err := tx.StaffPurchases("attention", "", "", 50); return err }},
		{"the purchase of a payment", func(tx *store.Tx) error { _, err := tx.PurchaseOf("pay"); return ignoreMissing(err) }},
		{"purchases to compare", func(tx *store.Tx) error { _, err := tx.Comparable("sandbox", since); return err }},
		{"the same pack twice", func(tx *store.Tx) error { _, err := tx.DoublePurchases("sandbox", since, time.Minute); return err }},
		{"purchases to ask about", func(tx *store.Tx) error { _, err := tx.AskAbout("sandbox", since, since, since, since, 50); return err }},
		{"purchases nobody can pay", func(tx *store.Tx) error { _, err := tx.ExpirePurchases(); return err }},
		{"checkouts within the hour", func(tx *store.Tx) error { _, err := tx.UnpaidSince("ann", since); return err }},
		{"refunds without an answer", func(tx *store.Tx) error { _, err := tx.WaitingRefunds("sandbox", 50); return err }},
		{"events that wait", func(tx *store.Tx) error { _, err := tx.WaitingEvents("sandbox", 50); return err }},
		{"events to forget", func(tx *store.Tx) error { _, err := tx.PruneEvents(since); return err }},
		{"whether a code is left", func(tx *store.Tx) error { _, err := tx.PromoLeft("SPRING", "ann"); return err }},
		{"an open checkout with a code", func(tx *store.Tx) error { _, err := tx.OpenWithPromo("ann", "SPRING"); return err }},
		{"a statement", func(tx *store.Tx) error { _, err := tx.Statement(store.Sought{AccountID: "ann"}, 50); return err }},
		{"a statement of a day", func(tx *store.Tx) error {
			_, err := tx.Statement(store.Sought{AccountID: "ann", From: since, Until: since.AddDate(0, 0, 1), Kinds: []string{"charge", "return"}}, 50)
			return err
		}},
		{"what is about one picture", func(tx *store.Tx) error {
			_, err := tx.Statement(store.Sought{AccountID: "ann", Ref: "gen_003"}, 50)
			return err
		}},
		{"where a lot went", func(tx *store.Tx) error {
			_, err := tx.Statement(store.Sought{AccountID: "ann", Lot: "lot_001"}, 50)
			return err
		}},
		{"the totals of a statement", func(tx *store.Tx) error { _, err := tx.Totals(store.Sought{AccountID: "ann"}, 50); return err }},
		{"an account's empty lots", func(tx *store.Tx) error { _, err := tx.EmptyLots("ann", 50); return err }},
		{"requests that wait", func(tx *store.Tx) error { _, err := tx.Waiting("ann"); return err }},
		{"words that were read", func(tx *store.Tx) error { _, err := tx.ReadWords("ann"); return err }},
		{"requests for staff to read", func(tx *store.Tx) error { _, err := tx.Undecided("", 50); return err }},
		{"requests staff approved", func(tx *store.Tx) error { _, err := tx.Decided("approved", "", 50); return err }},
		{"older ones", func(tx *store.Tx) error { _, err := tx.Decided("approved", "hld_9", 50); return err }},
		{"how many wait for staff", func(tx *store.Tx) error { _, err := tx.CountUndecided(); return err }},
		{"requests nobody read", func(tx *store.Tx) error { _, err := tx.Unread(50); return err }},
		{"words whose time is over", func(tx *store.Tx) error { return tx.SweepHeld() }},
		{"what is kept of a person", func(tx *store.Tx) error {
			_, err := tx.Kept(&kinpict.Account{ID: "ann", Email: "ann@example.org"})
			return err
		}},
		{"the mail to an address", func(tx *store.Tx) error { _, err := tx.MailTo("ann@example.org", store.Mail{}, 10); return err }},
		{"a person's private links", func(tx *store.Tx) error {
			_, err := tx.SharesOf("ann", &kinpict.Share{Generation: "gen_001", ID: "shr"}, 10)
			return err
		}},
		{"a person's held requests", func(tx *store.Tx) error { _, err := tx.HeldRequests("ann", nil, 10); return err }},
		{"reviews with their evidence", func(tx *store.Tx) error { _, err := tx.ReviewsInFull("ann", "", 10); return err }},
		{"a person's lots", func(tx *store.Tx) error { _, err := tx.LotRows("ann", 10); return err }},
		{"a person's photos", func(tx *store.Tx) error { _, err := tx.Photos("ann"); return err }},
		{"a person's pictures", func(tx *store.Tx) error { _, err := tx.Generations("ann", "", 10); return err }},
		{"what a person confirmed", func(tx *store.Tx) error { _, err := tx.Consents("ann", store.Consent{}, 10); return err }},
		{"a person's sign-ins", func(tx *store.Tx) error { _, err := tx.Sessions("ann"); return err }},
		{"a person's tokens", func(tx *store.Tx) error { _, err := tx.Tokens("ann"); return err }},
		{"an account that is deleted", func(tx *store.Tx) error {
			_, err := tx.DeleteAccount(&kinpict.Deletion{ID: "del_x", AccountID: "ann", AskedBy: kinpict.AskedByPerson}, 1<<40, func(b []byte) ([]byte, error) { return b, nil })
			return err
		}},
		{"what a deleted account still got", func(tx *store.Tx) error { return tx.Strip("ann") }},
		{"photos of a deleted account", func(tx *store.Tx) error { _, err := tx.GonePhotosOf("ann", kinpict.Photo{}, 10); return err }},
		{"pictures of a deleted account", func(tx *store.Tx) error { _, err := tx.GonePicturesOf("ann", "", 10); return err }},
		{"whether none is left", func(tx *store.Tx) error { _, err := tx.FinishDeletion("ann"); return err }},
		{"deletions to finish", func(tx *store.Tx) error { _, err := tx.DeletionsToFinish(since, nil, 10); return err }},
		{"the receipt of a deletion", func(tx *store.Tx) error { _, err := tx.DeletionOf("ann"); return ignoreMissing(err) }},
		{"mail in the outbox", func(tx *store.Tx) error { _, err := tx.Outbox("", 10); return err }},
		{"mail that was given up", func(tx *store.Tx) error { _, err := tx.Outbox(store.MailFailed, 10); return err }},
		{"mail to send", func(tx *store.Tx) error { _, err := tx.DueMail(4); return err }},
		{"mail to forget", func(tx *store.Tx) error { return tx.SweepMail(since) }},
		{"how long pictures took", func(tx *store.Tx) error { _, err := tx.RecentRuns(since, 10); return err }},
		{"the queue", func(tx *store.Tx) error { _, _, err := tx.Queue(10); return err }},
		{"consents to forget", func(tx *store.Tx) error { return tx.SweepConsents(since) }},
		{"drafts to forget", func(tx *store.Tx) error { _, err := tx.SweepDrafts(since, since, 10); return err }},
		{"a console session", func(tx *store.Tx) error { _, err := tx.ConsoleSession([]byte("a"), []byte("b")); return err }},
		{"a second factor", func(tx *store.Tx) error { _, err := tx.Factor("ann"); return err }},
		{"the figures of a time", func(tx *store.Tx) error { _, err := tx.Figures(since); return err }},
		{"requests past their time", func(tx *store.Tx) error { _, err := tx.CountOverdue(); return err }},
		{"how many reviews wait", func(tx *store.Tx) error { _, _, err := tx.CountOpenReviews(); return err }},
		{"the last audits", func(tx *store.Tx) error { _, _, err := tx.Audits(); return err }},
		{"requests for staff that failed", func(tx *store.Tx) error { _, err := tx.StaffRequests(kinpict.Failed, "1.gen_9", 50); return err }},
		{"that came out", func(tx *store.Tx) error { _, err := tx.StaffRequests(kinpict.Succeeded, "", 50); return err }},
		{"that were canceled", func(tx *store.Tx) error { _, err := tx.StaffRequests(kinpict.Canceled, "", 50); return err }},
		{"that wait", func(tx *store.Tx) error { _, err := tx.StaffRequests(kinpict.Queued, "gen_9", 50); return err }},
		{"that are drawn", func(tx *store.Tx) error { _, err := tx.StaffRequests(kinpict.Running, "", 50); return err }},
		{"older requests for staff", func(tx *store.Tx) error { _, err := tx.StaffRequests("", "gen_9", 50); return err }},
		{"a person's requests for staff", func(tx *store.Tx) error { _, err := tx.RequestsOf("ann", 50); return err }},
		{"what a request took", func(tx *store.Tx) error { _, err := tx.TakenFor("gen_003"); return err }},
		{"what staff did", func(tx *store.Tx) error { _, err := tx.Deeds(&store.Deed{At: since}, 50); return err }},
		{"console sessions to forget", func(tx *store.Tx) error { return tx.SweepConsole(since) }},
		{"what a receipt tells", func(tx *store.Tx) error { _, err := tx.Records("ann", 0, "gen_003", ""); return err }},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		lived(t, db, clock)
		for _, c := range questions {
			t.Run(c.name, func(t *testing.T) {
				err := db.Update(ctx, func(tx *store.Tx) error {
					explain := "EXPLAIN QUERY PLAN "
					if !db.Embedded() {
						// What is read whole although that counts as the last resort has no index.
						explain = "EXPLAIN "
						if _, err := tx.Exec(`SET LOCAL enable_seqscan = off`); err != nil {
							return err
						}
					}
					asked := 0
					err := c.ask(tx.Traced(func(query string, args []any) {
						asked++
						own := map[string]bool{}
						err := tx.EachRow(func(scan func(...any) error) error {
							var line string
							var a, b, p int64
							to := []any{&a, &b, &p, &line}
							if explain == "EXPLAIN " {
								to = to[3:]
							}
							if err := scan(to...); err != nil {
								return err
							}
							if m := made.FindStringSubmatch(line); m != nil {
								own[m[1]] = true
							}
							if m := aScan.FindStringSubmatch(line); m != nil && growing.MatchString(m[1]) && !small[m[1]] && !own[m[1]] && !partial.MatchString(line) && m[1] != whole[c.name] {
								t.Errorf("%s\n%s", line, query)
							}
							return nil
						}, explain+query, args...)
						if err != nil {
							t.Errorf("%v\n%s", err, query)
						}
					}))
					if asked == 0 {
						t.Error("asked nothing")
					}
					if err != nil {
						return err
					}
					return errUndo
				})
				if err != errUndo {
					t.Fatal(err)
				}
			})
		}
	})
}

func ignoreMissing(err error) error {
	if kinpict.CodeOf(err) == kinpict.NotFound {
		return nil
	}
	return err
}
