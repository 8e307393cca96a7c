package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// preview spends one and reports which code came back.
func preview(t *testing.T, db *store.DB, guest, account, network string, limit, networkLimit int) kinpict.Code {
	t.Helper()
	return kinpict.CodeOf(db.Update(context.Background(), func(tx *store.Tx) error {
		return tx.SpendPreview(guest, account, network, limit, networkLimit, networkLimit)
	}))
}

func TestFiftySubmitsWithOneCookieGiveOnePreview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		var wg sync.WaitGroup
		codes := make([]kinpict.Code, 50)
		for i := range codes {
			wg.Go(func() { codes[i] = preview(t, db, "gst_ann", "", fmt.Sprint("net", i%10), 1, 30) })
		}
		wg.Wait()
		count := map[kinpict.Code]int{}
		for _, c := range codes {
			count[c]++
		}
		if count[""] != 1 || count[kinpict.GuestLimit] != 49 {
			t.Errorf("50 submits with one cookie: %v, want 1 preview and 49 guest_limit", count)
		}
	})
}

func TestPreviewBudgets(t *testing.T) {
	type spend struct {
		guest, account, network string
		code                    kinpict.Code
	}
	const no = kinpict.GuestLimit
	for _, c := range []struct {
		name           string
		limit, network int
		spends         []spend
	}{
		{"one cookie on two networks", 1, 30, []spend{{"g1", "", "home", ""}, {"g1", "", "office", no}}},
		{"two people at home", 1, 30, []spend{{"g1", "", "home", ""}, {"g2", "", "home", ""}}},
		{"cleared cookies", 1, 2, []spend{{"g1", "", "home", ""}, {"g2", "", "home", ""}, {"g3", "", "home", no}, {"g4", "", "office", ""}}},
		{"cleared cookies, network uncounted", 1, 0, []spend{{"g1", "", "home", ""}, {"g2", "", "home", ""}, {"g3", "", "home", ""}}},
		{"a busy network and an account", 1, 1, []spend{{"g1", "", "home", ""}, {"g2", "", "home", no}, {"", "ann", "home", ""}, {"", "ann", "home", no}}},
		{"an account on a spent device", 1, 30, []spend{{"g1", "", "home", ""}, {"g1", "ann", "home", no}}},
		{"the catalog allows two", 2, 30, []spend{{"g1", "", "home", ""}, {"g1", "", "home", ""}, {"g1", "", "home", no}}},
		{"the catalog allows none", 0, 30, []spend{{"g1", "", "home", no}, {"", "ann", "home", no}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				for i, s := range c.spends {
					if got := preview(t, db, s.guest, s.account, s.network, c.limit, c.network); got != s.code {
						t.Errorf("spend %d %+v: got %q", i+1, s, got)
					}
				}
			})
		})
	}
}

func TestARefusedPreviewTakesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		preview(t, db, "g1", "", "home", 1, 1)
		if got := preview(t, db, "g2", "", "home", 1, 1); got != kinpict.GuestLimit {
			t.Fatalf("a busy network: %q", got)
		}
		if got := preview(t, db, "g2", "", "office", 1, 1); got != "" {
			t.Errorf("the refused guest elsewhere: %q, want a preview", got)
		}
	})
}

func TestANewDayFreesTheNetworkOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for day := range 2 {
			g := fmt.Sprint("g", day)
			if got := preview(t, db, g, "", "home", 1, 1); got != "" {
				t.Errorf("day %d, first guest: %q", day, got)
			}
			if got := preview(t, db, g+"b", "", "home", 1, 1); got != kinpict.GuestLimit {
				t.Errorf("day %d, second guest: %q", day, got)
			}
			if got := preview(t, db, "g0", "", "office", 1, 9); got != kinpict.GuestLimit {
				t.Errorf("day %d, the first cookie again: %q", day, got)
			}
			clock.Advance(24 * time.Hour)
		}
	})
}

// wantSpent checks how many previews each id has spent.
func wantSpent(t *testing.T, db *store.DB, when string, want map[string]int) {
	t.Helper()
	for id, n := range want {
		rows, err := db.Dump(context.Background(), `SELECT coalesce(sum(used), 0) AS n FROM guest WHERE id = $1`, id)
		if err != nil || fmt.Sprint(rows) != fmt.Sprintf("[n=%d]", n) {
			t.Errorf("%s: %s has spent %v (%v), want %d", when, id, rows, err, n)
		}
	}
}

func TestGivingAPreviewBack(t *testing.T) {
	const limit = 9
	type world struct {
		spend func(id, guest, account string) // makes the generation id
		claim func(guest, account string)
		fail  func(id string) // gives the generation's preview back
	}
	for _, c := range []struct {
		name string
		do   func(w world)
		want map[string]int
	}{
		{"a guest's", func(w world) { w.spend("gen_1", "gst_1", ""); w.fail("gen_1") }, map[string]int{"gst_1": 0}},
		{"one of a guest's two", func(w world) { w.spend("gen_1", "gst_1", ""); w.spend("gen_2", "gst_1", ""); w.fail("gen_1") }, map[string]int{"gst_1": 1}},
		{"an account's on its device", func(w world) { w.spend("gen_1", "gst_1", "acc_ann"); w.fail("gen_1") }, map[string]int{"gst_1": 0, "acc_ann": 0}},
		{"an account's without a device", func(w world) { w.spend("gen_1", "", "acc_ann"); w.spend("gen_2", "", "acc_ann"); w.fail("gen_1") }, map[string]int{"acc_ann": 1}},
		{"claimed after it was spent", func(w world) {
			w.spend("gen_1", "gst_1", "")
			w.claim("gst_1", "acc_ann")
			w.fail("gen_1")
		}, map[string]int{"gst_1": 0, "acc_ann": 0}},
		{"given back before the claim", func(w world) {
			w.spend("gen_1", "gst_1", "")
			w.fail("gen_1")
			w.claim("gst_1", "acc_ann")
		}, map[string]int{"gst_1": 0, "acc_ann": 0}},
		{"of two devices at one account", func(w world) {
			w.spend("gen_1", "gst_1", "")
			w.spend("gen_2", "gst_2", "")
			w.claim("gst_1", "acc_ann")
			w.claim("gst_2", "acc_ann")
			w.fail("gen_1")
		}, map[string]int{"gst_1": 0, "gst_2": 1, "acc_ann": 1}},
		{"of the second account on a shared device", func(w world) {
			w.spend("gen_1", "gst_1", "")
			w.claim("gst_1", "acc_ann")
			w.claim("gst_1", "acc_ben")
			w.spend("gen_2", "gst_1", "acc_ben")
			w.fail("gen_2")
		}, map[string]int{"gst_1": 1, "acc_ann": 1, "acc_ben": 0}},
		{"of the first account on a shared device", func(w world) {
			w.spend("gen_1", "gst_1", "")
			w.claim("gst_1", "acc_ann")
			w.spend("gen_2", "gst_1", "acc_ben")
			w.fail("gen_1")
		}, map[string]int{"gst_1": 1, "acc_ann": 0, "acc_ben": 1}},
		{"signed out, spent, and claimed by a second account", func(w world) {
			w.spend("gen_1", "gst_1", "")
			w.claim("gst_1", "acc_ann")
			w.spend("gen_2", "gst_1", "")
			w.spend("gen_3", "gst_1", "")
			w.claim("gst_1", "acc_ben")
			w.fail("gen_2")
		}, map[string]int{"gst_1": 2, "acc_ann": 1, "acc_ben": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				update := func(fn func(tx *store.Tx) error) {
					t.Helper()
					if err := db.Update(context.Background(), fn); err != nil {
						t.Fatal(err)
					}
				}
				if err := db.Seed(context.Background(), kinpict.DefaultCatalog()); err != nil {
					t.Fatal(err)
				}
				update(func(tx *store.Tx) error {
					for _, name := range []string{"ann", "ben"} {
						if _, _, err := tx.AddAccount(kinpict.Account{ID: "acc_" + name, Email: name + "@example.com", Role: kinpict.Customer}); err != nil {
							return err
						}
					}
					return nil
				})
				c.do(world{
					spend: func(id, guest, account string) {
						owner, by := kinpict.Caller{AccountID: account, GuestID: guest}.Owner(), guest
						if by == "" {
							by = account
						}
						update(func(tx *store.Tx) error {
							if err := tx.SpendPreview(guest, account, "home", limit, 0, 0); err != nil {
								return err
							}
							return tx.PutPreview(&kinpict.Generation{ID: id, Request: kinpict.Request{Quality: kinpict.Standard, Scenario: "beach", Aspect: "4:5"},
								CatalogUsed: 1, CreatedAt: clock.Now()}, owner, by, clock.Now().Add(time.Hour))
						})
					},
					claim: func(guest, account string) {
						update(func(tx *store.Tx) error { return tx.ClaimGuest(guest, account, tx.Now(), true) })
					},
					fail: func(id string) {
						update(func(tx *store.Tx) error {
							g, err := tx.Job(id)
							if err != nil {
								return err
							}
							if won, err := tx.Cancel(g.Owner, id); err != nil || !won {
								return fmt.Errorf("cancel %s: %v, %w", id, won, err)
							}
							return tx.GiveBackPreview(g.Guest, g.Owner)
						})
					},
				})
				wantSpent(t, db, "in the end", c.want)
			})
		})
	}
}

// A mailbox makes accounts without end, so those that are new count together.
func TestNewAccountsOfANetworkTakeOnlySoManyPreviews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		account := func(name string) {
			t.Helper()
			if err := db.Update(ctx, func(tx *store.Tx) error {
				_, _, err := tx.AddAccount(kinpict.Account{ID: "acc_" + name, Email: name + "@example.com", Role: kinpict.Customer})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		account("old")
		clock.Advance(24 * time.Hour)
		for _, name := range []string{"a", "b", "c", "d"} {
			account(name)
		}
		for _, s := range []struct {
			what, guest, account, network string
			newcomers                     int
			code                          kinpict.Code
		}{
			{"the network's last guest", "gst_1", "", "home", 2, ""},
			{"one guest more", "gst_2", "", "home", 2, kinpict.GuestLimit},
			{"a new account", "", "acc_a", "home", 2, ""},
			{"and another", "", "acc_b", "home", 2, ""},
			{"one too many", "", "acc_c", "home", 2, kinpict.GuestLimit},
			{"an old one", "", "acc_old", "home", 2, ""},
			{"the same elsewhere", "", "acc_c", "office", 2, ""},
			{"a guest there", "gst_3", "", "office", 2, ""},
			{"on a day that allows none", "", "acc_d", "away", 0, kinpict.GuestLimit},
		} {
			err := db.Update(ctx, func(tx *store.Tx) error { return tx.SpendPreview(s.guest, s.account, s.network, 1, 1, s.newcomers) })
			if kinpict.CodeOf(err) != s.code {
				t.Errorf("%s: %v, want code %q", s.what, err, s.code)
			}
		}
	})
}

func TestGivingBackNeverGoesBelowNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		preview(t, db, "gst_1", "", "home", 1, 30)
		for range 2 {
			if err := db.Update(context.Background(), func(tx *store.Tx) error { return tx.GiveBackPreview("gst_1", "acc_none") }); err != nil {
				t.Fatal(err)
			}
		}
		wantSpent(t, db, "given back twice", map[string]int{"gst_1": 0, "acc_none": 0})
	})
}
