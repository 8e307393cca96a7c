package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestEightyCreditsPayForTwentyOfTwoHundred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		var wg sync.WaitGroup
		var accepted, short atomic.Int64
		for i := range 200 {
			wg.Go(func() {
				id := fmt.Sprintf("gen_p%03d", i)
				switch _, err := db.Accept(ctx, asking("ann", id, id)); {
				case err == nil:
					accepted.Add(1)
				case errors.Is(err, store.ErrShort):
					short.Add(1)
				default:
					t.Errorf("accept: %v", err)
				}
			})
		}
		wg.Wait()
		if accepted.Load() != 20 || short.Load() != 180 {
			t.Errorf("80 credits bought %d photos of 4 and refused %d, want 20 and 180", accepted.Load(), short.Load())
		}
		b.wants("ann", 0, 0)
	})
}

func TestOneKeyInParallelIsOneCharge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		var wg sync.WaitGroup
		var fresh atomic.Int64
		for i := range 100 {
			wg.Go(func() {
				a := asking("ann", "key", fmt.Sprintf("gen_k%03d", i))
				a.Answer = fmt.Appendf(nil, `{"id":"gen_k%03d"}`, i)
				r, err := db.Accept(ctx, a)
				switch {
				case err != nil:
					t.Errorf("accept: %v", err)
				case r == nil:
					fresh.Add(1)
				case r.Status != 202 || !bytes.Equal(r.Body, fmt.Appendf(nil, `{"id":%q}`, r.Ref)):
					t.Errorf("a replay is %+v", r)
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 1 {
			t.Errorf("%d of 100 requests with one key were accepted, want 1", fresh.Load())
		}
		b.wants("ann", 76, 0)

		other := asking("ann", "key", "gen_other")
		other.Intent.Hash = []byte("another body")
		if _, err := db.Accept(ctx, other); kinpict.CodeOf(err) != kinpict.KeyReused {
			t.Errorf("the key with another body: %v, want %s", err, kinpict.KeyReused)
		}
		b.account("bob")
		b.grant("bob", kinpict.LotPaid, 80, 0)
		if r, err := db.Accept(ctx, asking("bob", "key", "gen_bob")); r != nil || err != nil {
			t.Errorf("the same key of another account: %v, %v; want a charge of its own", r, err)
		}
	})
}

func TestRefusalsLeaveNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.account("poor")
		b.account("frozen")
		for _, id := range []string{"ann", "frozen"} {
			b.grant(id, kinpict.LotPaid, 80, 0)
		}
		b.update(func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE account SET status = 'frozen' WHERE id = 'frozen'`)
			return err
		})
		moved := asking("ann", "k", "gen_moved")
		moved.Generation.CatalogUsed = 2
		for _, c := range []struct {
			name string
			ask  *store.Acceptance
			want error
		}{
			{"no credits", asking("poor", "k", "gen_poor"), store.ErrShort},
			{"a frozen account", asking("frozen", "k", "gen_frozen"), store.ErrInactive},
			{"no account", asking("nobody", "k", "gen_nobody"), store.ErrInactive},
			{"another price book", moved, store.ErrMoved},
		} {
			if _, err := db.Accept(ctx, c.ask); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		for _, table := range []string{"idem", "generation", "charge", "charge_alloc"} {
			if rows, err := db.Dump(ctx, `SELECT * FROM `+table); err != nil || len(rows) > 0 {
				t.Errorf("after refusals %s holds %v, %v", table, rows, err)
			}
		}
		b.wants("ann", 80, 0)
	})
}

func TestAcceptNeedsNoAnswerInWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		a := asking("ann", "key", "gen_1")
		a.Answer = nil
		if _, err := db.Accept(ctx, a); err != nil {
			t.Errorf("accept: %v", err)
		}
	})
}

func TestAcceptWithoutAnyPriceBook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := &books{t: t, db: db, clock: clock}
		b.account("ann")
		b.grant("ann", kinpict.LotPromo, 80, 0)
		if _, err := db.Accept(ctx, asking("ann", "key", "gen_1")); !errors.Is(err, store.ErrMoved) {
			t.Errorf("accept: %v, want %v", err, store.ErrMoved)
		}
	})
}

func TestEdge12DeadCreditsDoNotPay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPromo, 9, time.Hour)
		b.grant("ann", kinpict.LotPaid, 6, 0)
		clock.Advance(time.Hour)
		b.accept("ann")
		if _, err := db.Accept(ctx, asking("ann", "k", "gen_no")); !errors.Is(err, store.ErrShort) {
			t.Errorf("2 live and 9 dead credits: %v, want %v", err, store.ErrShort)
		}
		b.wants("ann", 2, 0)
		rows, _ := db.Dump(ctx, `SELECT kind, effective_at FROM txn WHERE kind = 'expire'`)
		if want := []string{fmt.Sprintf("kind=expire effective_at=%d", clock.Now().UnixMicro())}; !slices.Equal(rows, want) {
			t.Errorf("expired %v, want %v", rows, want)
		}
	})
}

func TestEdge10TwoLotsAndBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		paid := b.grant("ann", kinpict.LotPaid, 80, 0)
		promo := b.grant("ann", kinpict.LotPromo, 3, 0)
		id := b.accept("ann")
		if p, q := b.left(promo), b.left(paid); p != "remaining=0" || q != "remaining=79" {
			t.Errorf("after the charge the promo lot has %s and the paid one %s", p, q)
		}
		if !b.giveBack(id) || b.giveBack(id) {
			t.Error("it was not returned exactly once")
		}
		if p, q := b.left(promo), b.left(paid); p != "remaining=3" || q != "remaining=80" {
			t.Errorf("after the return the promo lot has %s and the paid one %s", p, q)
		}
	})
}

// What a dead lot still held expires with a line of its own, also where as much
// comes back as expires.
func TestEdge11ReturnToADeadLot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPromo, 8, time.Hour)
		id := b.accept("ann")
		clock.Advance(2 * time.Hour)
		b.giveBack(id)
		b.wants("ann", 4, 0)
		var kinds []string
		b.view(func(tx *store.Tx) error {
			lines, err := tx.Statement(store.Sought{AccountID: "ann"}, 10)
			for _, l := range lines {
				kinds = append(kinds, fmt.Sprint(l.Kind, " ", l.Amount))
			}
			return err
		})
		if want := []string{"return 4", "expire -4", "charge -4", "promo 8"}; !slices.Equal(kinds, want) {
			t.Errorf("the statement says %v, want %v", kinds, want)
		}
		clock.Advance(7*24*time.Hour - time.Microsecond)
		if got := b.balance("ann").Spendable; got != 4 {
			t.Errorf("at the end of the grace %d can be spent, want 4", got)
		}
		clock.Advance(time.Microsecond)
		if got := b.balance("ann").Spendable; got != 0 {
			t.Errorf("after the grace %d can be spent, want 0", got)
		}
	})
}

// X3: the same credits come back, whatever a picture costs by then.
func TestReturnAfterThePriceChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		id := b.accept("ann")
		clock.Advance(time.Minute)
		dear := *kinpict.DefaultCatalog()
		dear.Qualities = []kinpict.Rate{{ID: kinpict.Standard, Credits: 6}, {ID: kinpict.Enhanced, Credits: 12}}
		b.update(func(tx *store.Tx) error { return tx.PutCatalog(&dear, "acc_staff", "dearer") })
		if _, err := db.Accept(ctx, asking("ann", "old", "gen_old")); !errors.Is(err, store.ErrMoved) {
			t.Errorf("a charge by the old price book: %v, want %v", err, store.ErrMoved)
		}
		b.giveBack(id)
		b.wants("ann", 80, 0)
	})
}

// Whoever waited for the account may have read the clock before a lot came.
func TestLotsFromAfterTheClockWasReadCanBeSpent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		clock.Advance(time.Hour)
		b.grant("ann", kinpict.LotPaid, 8, 0)
		clock.Advance(-time.Minute)
		b.accept("ann")
		b.update(func(tx *store.Tx) error { return tx.Take("ann", "adj_1", 4, "acc_staff", "typo", "") })
		b.wants("ann", 0, 0)
	})
}

func TestFiftyReturnsOfOneCharge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		id := b.accept("ann")
		var wg sync.WaitGroup
		var done atomic.Int64
		for range 50 {
			wg.Go(func() {
				if b.giveBack(id) {
					done.Add(1)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			t.Errorf("%d of 50 returns were done, want 1", done.Load())
		}
		b.wants("ann", 80, 0)
	})
}

func TestSettleRacesReturn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 200, 0)
		want := kinpict.Credits(200)
		for range 50 {
			id := b.accept("ann")
			var wg sync.WaitGroup
			var settled, returned bool
			wg.Go(func() { settled = b.settle(id) })
			wg.Go(func() { returned = b.giveBack(id) })
			wg.Wait()
			if settled == returned {
				t.Fatalf("%s: settled %v and returned %v", id, settled, returned)
			}
			if settled {
				want -= 4
			}
		}
		b.wants("ann", want, 0)
	})
}

// S3: everything that can happen to one account at once, in any order, ends
// with books that balance.
func TestAnythingRacesAnything(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		b.grant("ann", kinpict.LotPaid, 60, 0)
		b.grant("ann", kinpict.LotPromo, 20, time.Minute)
		var wg sync.WaitGroup
		for w := range 8 {
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			wg.Go(func() {
				for i := range 25 {
					id := fmt.Sprintf("%d_%d", w, i)
					var err error
					switch n := r.IntN(10); {
					case n < 4:
						if _, err = db.Accept(ctx, asking("ann", id, "gen_"+id)); errors.Is(err, store.ErrShort) {
							err = nil
						} else if err == nil && r.IntN(2) == 0 {
							b.giveBack("gen_" + id)
						}
					case n < 6:
						to := r.Int64N(1201)
						err = db.Update(ctx, func(tx *store.Tx) error {
							if _, err := tx.LockAccount("ann"); err != nil {
								return err
							}
							return refund(tx, "ann", "pur_001", to, 1200)
						})
					case n < 7:
						err = db.Update(ctx, func(tx *store.Tx) error { return tx.Take("ann", id, 3, "acc_staff", "typo", "") })
						if kinpict.CodeOf(err) == kinpict.InsufficientCredits {
							err = nil
						}
					case n < 8:
						err = db.Update(ctx, func(tx *store.Tx) error {
							_, err := tx.Forgive("ann", id, 5, "acc_staff", "kind", "")
							return err
						})
					case n < 9:
						err = db.Update(ctx, func(tx *store.Tx) error {
							_, err := tx.Grant(store.Grant{LotID: "lot_" + id, AccountID: "ann", Kind: kinpict.LotPromo, SourceType: "promo", SourceID: id, Credits: 5,
								ExpiresAt: tx.Now().Add(time.Minute), Actor: "system", Reason: "race"})
							return err
						})
					default:
						clock.Advance(20 * time.Second)
					}
					if err != nil {
						t.Errorf("worker %d, step %d: %v", w, i, err)
					}
				}
			})
		}
		wg.Wait()
		b.update(func(tx *store.Tx) error { return tx.Sweep("ann") })
	})
}

func TestOneSourceGrantsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		var wg sync.WaitGroup
		var granted atomic.Int64
		for i := range 20 {
			wg.Go(func() {
				b.update(func(tx *store.Tx) error {
					ok, err := tx.Grant(store.Grant{LotID: fmt.Sprint("lot_", i), AccountID: "ann", Kind: kinpict.LotPromo, SourceType: "promo", SourceID: "welcome", Credits: 8, Actor: "system", Reason: "welcome"})
					if ok {
						granted.Add(1)
					}
					return err
				})
			})
		}
		wg.Wait()
		if granted.Load() != 1 {
			t.Errorf("one source granted %d times, want once", granted.Load())
		}
		b.wants("ann", 8, 0)
	})
}

// The two spellings of accept write the same rows and the same hashes.
func TestBothSpellingsOfAcceptWriteTheSame(t *testing.T) {
	tables := []string{"account", "txn", "entry", "lot", "charge", "charge_alloc", "generation", "idem"}
	dumps := map[string]map[string][]string{}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.account("Zoë|1") // free text under the hash counts bytes
		for _, id := range []string{"ann", "Zoë|1"} {
			b.grant(id, kinpict.LotPaid, 40, 0)
			b.grant(id, kinpict.LotBonus, 2, 0)
			b.grant(id, kinpict.LotPromo, 3, 48*time.Hour)
			b.grant(id, kinpict.LotPromo, 3, time.Hour)
			b.grant(id, kinpict.LotPromo, 3, 0)
			for i := range 6 {
				b.accept(id)
				if i == 2 {
					clock.Advance(2 * time.Hour) // what is left of a lot has to expire first
				}
				if i == 3 {
					clock.Advance(-time.Hour) // a clock that was put back
				}
			}
		}
		asked := asking("ann", "the last", "gen_last")
		asked.Generation.RetryOf = "gen_005"
		if _, err := db.Accept(ctx, asked); err != nil {
			t.Fatalf("accept: %v", err)
		}
		kind := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		dumps[kind] = map[string][]string{}
		for _, table := range tables {
			rows, err := db.Dump(ctx, `SELECT * FROM `+table)
			if err != nil {
				t.Fatalf("%s: %v", table, err)
			}
			slices.Sort(rows)
			dumps[kind][table] = rows
		}
	})
	for _, table := range tables {
		a, b := dumps["sqlite"][table], dumps["postgres"][table]
		if len(a) == 0 || !reflect.DeepEqual(a, b) {
			t.Errorf("%s differs:\nsqlite\n%s\npostgres\n%s", table, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
}
