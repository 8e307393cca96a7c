package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// inWords is a line with the lots it moved: "charge -4: lot_002 -2, lot_001 -2 (2 back)".
func inWords(x kinpict.Transaction) string {
	var moves []string
	for _, m := range x.Moves {
		s := fmt.Sprintf("%s %+d", m.Lot, m.Amount)
		if m.Returned != 0 {
			s += fmt.Sprintf(" (%d back)", m.Returned)
		}
		moves = append(moves, s)
	}
	if x.Kind != "charge" { // only what is spent has an order
		slices.Sort(moves)
	}
	return fmt.Sprintf("%s %+d: %s", x.Kind, x.Amount, strings.Join(moves, ", "))
}

func TestEveryLineSaysWhichLotsItMoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		lived(t, db, clock)
		for _, c := range []struct {
			what string
			q    store.Sought
			want []string // newest first
		}{
			{"everything of ann", store.Sought{AccountID: "ann"}, []string{"take -1: lot_002 -1", "goodwill +1: lot_002 +1", "charge -4: lot_001 -4", "charge -4: lot_002 -2, lot_001 -2",
				"return +4: lot_001 +2, lot_002 +2", "charge -4: lot_002 -2 (2 back), lot_001 -2 (2 back)", "charge -4: lot_002 -4 (1 back)", "promo +6: lot_002 +6", "purchase +80: lot_001 +80"}},
			{"a payment taken back becomes a debt", store.Sought{AccountID: "bob", Kinds: []string{"reverse"}}, []string{"reverse -8: lot_007 -4"}},
			{"two kinds", store.Sought{AccountID: "ann", Kinds: []string{"return", "goodwill"}}, []string{"goodwill +1: lot_002 +1", "return +4: lot_001 +2, lot_002 +2"}},
			{"what is about one picture", store.Sought{AccountID: "ann", Ref: "gen_004"}, []string{"return +4: lot_001 +2, lot_002 +2", "charge -4: lot_002 -2 (2 back), lot_001 -2 (2 back)"}},
			{"what one lot went to", store.Sought{AccountID: "ann", Lot: "lot_002", Kinds: []string{"charge"}},
				[]string{"charge -4: lot_002 -2, lot_001 -2", "charge -4: lot_002 -2 (2 back), lot_001 -2 (2 back)", "charge -4: lot_002 -4 (1 back)"}},
			{"older than the third", store.Sought{AccountID: "ann", Before: 3}, []string{"promo +6: lot_002 +6", "purchase +80: lot_001 +80"}},
			{"somebody else's picture", store.Sought{AccountID: "bob", Ref: "gen_004"}, nil},
			{"somebody else's lot", store.Sought{AccountID: "bob", Lot: "lot_002"}, nil},
			{"a lot there never was", store.Sought{AccountID: "ann", Lot: "lot_x"}, nil},
		} {
			err := db.View(ctx, func(tx *store.Tx) error {
				lines, err := tx.Statement(c.q, 50)
				var got []string
				var sums kinpict.Totals
				for _, x := range lines {
					got = append(got, inWords(x))
					sums.Lines++
					sums.In += max(0, x.Amount)
					sums.Out += max(0, -x.Amount)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%s:\n got %q\nwant %q", c.what, got, c.want)
				}
				if err != nil {
					return err
				}
				if said, err := tx.Totals(c.q, 50); err != nil || said != sums {
					t.Errorf("%s: the totals say %+v (%v), the lines %+v", c.what, said, err, sums)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
		}
	})
}

func TestAStatementOfADayBeginsAndEndsWithIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		day := clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
		var at []time.Time
		for i := range 5 { // 2, 3, 4, 5 and 6 credits, a day apart; the third at the very start of its day
			clock.Advance(day.AddDate(0, 0, i).Sub(clock.Now()))
			at = append(at, clock.Now())
			b.grant("ann", kinpict.LotAdjust, kinpict.Credits(i+2), 0)
		}
		for _, c := range []struct {
			what        string
			from, until time.Time
			want        string // amounts, newest first, between what was there before and after
		}{
			{"all time", time.Time{}, time.Time{}, "0 [6 5 4 3 2] 20"},
			{"from an instant on, which is part of it", at[2], time.Time{}, "5 [6 5 4] 20"},
			{"a microsecond later it is not", at[2].Add(time.Microsecond), time.Time{}, "9 [6 5] 20"},
			{"until an instant, which is not part of it", time.Time{}, at[2], "0 [3 2] 5"},
			{"one day", at[1], at[2], "2 [3] 5"},
			{"between two lines", at[1].Add(time.Hour), at[1].Add(2 * time.Hour), "5 [] 5"},
			{"before the first", time.Unix(1, 0), at[0], "0 [] 0"},
			{"after the last", at[4].Add(time.Hour), at[4].Add(2 * time.Hour), "20 [] 20"},
		} {
			err := db.View(ctx, func(tx *store.Tx) error {
				lines, err := tx.Statement(store.Sought{AccountID: "ann", From: c.from, Until: c.until}, 50)
				if err != nil {
					return err
				}
				amounts := []kinpict.Credits{}
				for _, x := range lines {
					amounts = append(amounts, x.Amount)
				}
				opening, err := tx.NetAt("ann", c.from)
				if err != nil {
					return err
				}
				until := c.until
				if until.IsZero() {
					until = tx.Now().Add(time.Hour)
				}
				closing, err := tx.NetAt("ann", until)
				if got := fmt.Sprint(opening, " ", amounts, " ", closing); got != c.want {
					t.Errorf("%s: %s, want %s", c.what, got, c.want)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
		}
	})
}

func TestAnEmptyLotSaysWhatBecameOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		lived(t, db, clock)
		for _, c := range []struct{ account, want string }{
			{"ann", "lot_002 of 6: used 5, withdrawn 1"},
			{"bob", "lot_007 of 8: used 4, taken back 4, owed 4"},
			{"cas", "lot_009 of 5: given up 5"},
		} {
			err := db.View(ctx, func(tx *store.Tx) error {
				lots, err := tx.EmptyLots(c.account, 50)
				var all []string
				for _, l := range lots {
					s := fmt.Sprintf("%s of %d:", l.ID, l.Granted)
					for _, x := range []struct {
						word string
						n    kinpict.Credits
					}{{"used", l.Used}, {"expired", l.Expired}, {"taken back", l.TakenBack}, {"withdrawn", l.Withdrawn}, {"given up", l.GivenUp}, {"owed", l.Owed}} {
						if x.n != 0 {
							s += fmt.Sprintf(" %s %d,", x.word, x.n)
						}
					}
					all = append(all, strings.TrimSuffix(s, ","))
					if l.Granted != l.Remaining+l.Used+l.Expired+l.TakenBack+l.Withdrawn+l.GivenUp {
						t.Errorf("%s does not add up: %+v", l.ID, l)
					}
				}
				if got := strings.Join(all, "; "); got != c.want {
					t.Errorf("%s has %q, want %q", c.account, got, c.want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The lines of a time are looked for once, however much is asked about them.
func TestATimeIsLookedUpOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		lived(t, db, clock)
		err := db.View(ctx, func(tx *store.Tx) error {
			asked := 0
			tx = tx.Traced(func(string, []any) { asked++ })
			q, err := tx.Bounded(store.Sought{AccountID: "ann", From: clock.Now().Add(-time.Hour), Until: clock.Now().Add(time.Hour), Lot: "lot_002"})
			if err != nil || asked < 3 {
				t.Errorf("it took %d statements, %v", asked, err)
			}
			asked = 0
			lines, err := tx.Statement(q, 50)
			if err != nil || len(lines) == 0 || asked != 1 {
				t.Errorf("%d lines took %d statements, %v; want some, and one", len(lines), asked, err)
			}
			asked = 0
			if sums, err := tx.Totals(q, 50); err != nil || sums.Lines != len(lines) || asked != 1 {
				t.Errorf("the totals %+v took %d statements, %v; want those of %d lines, and one", sums, asked, err, len(lines))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
