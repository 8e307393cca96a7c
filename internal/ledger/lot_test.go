package ledger_test

import (
	"slices"
	"testing"

	"kinpict"
	. "kinpict/internal/ledger"
)

const (
	now = int64(1_000_000_000)
	day = int64(86_400_000_000)
)

// counts are a lot's counters in the order they are written down here:
// remaining, consumed, expired, withdrawn, forfeited, target, taken, forgiven.
type counts [8]kinpict.Credits

func countsOf(l *Lot) counts {
	return counts{l.Remaining, l.Consumed, l.Expired, l.Withdrawn, l.Forfeited, l.RevTarget, l.RevTaken, l.RevForgiven}
}

func lot(id, kind string, granted kinpict.Credits) *Lot {
	p, _ := Priority(kind)
	return &Lot{ID: id, Kind: kind, Priority: p, Granted: granted, Remaining: granted, EffectiveAt: now - day}
}

// until makes the lot die d after now.
func until(l *Lot, d int64) *Lot { l.ExpiresAt = now + d; return l }

func TestSpendTakesFromTheLotsInOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		lots []*Lot
		cost kinpict.Credits
		want []Alloc
	}{
		{"one lot", []*Lot{lot("a", "paid", 80)}, 4, []Alloc{{1, "a", 4, 0}}},
		{"edge 10: promo 3 and paid 1", []*Lot{lot("p", "paid", 80), lot("f", "promo", 3)}, 4, []Alloc{{1, "f", 3, 0}, {2, "p", 1, 0}}},
		{"promo, bonus, adjust, paid", []*Lot{lot("d", "paid", 1), lot("c", "adjust", 1), lot("b", "bonus", 1), lot("a", "promo", 1)}, 4,
			[]Alloc{{1, "a", 1, 0}, {2, "b", 1, 0}, {3, "c", 1, 0}, {4, "d", 1, 0}}},
		{"the one that dies first", []*Lot{lot("never", "promo", 5), until(lot("later", "promo", 5), 2*day), until(lot("soon", "promo", 2), day)}, 4,
			[]Alloc{{1, "soon", 2, 0}, {2, "later", 2, 0}}},
		{"the oldest, then by id", []*Lot{lot("b", "paid", 1), lot("a", "paid", 1), {ID: "z", Kind: "paid", Priority: 40, Granted: 1, Remaining: 1, EffectiveAt: now - 2*day}}, 3,
			[]Alloc{{1, "z", 1, 0}, {2, "a", 1, 0}, {3, "b", 1, 0}}},
		{"edge 12: a dead lot does not pay", []*Lot{until(lot("dead", "promo", 9), 0), lot("p", "paid", 4)}, 4, []Alloc{{1, "p", 4, 0}}},
		{"a lot that came after the clock was read pays", []*Lot{{ID: "x", Granted: 9, Remaining: 9, EffectiveAt: now + 1}, lot("p", "paid", 4)}, 4, []Alloc{{1, "x", 4, 0}}},
		{"edge 9: two of four", []*Lot{lot("p", "paid", 2)}, 4, nil},
		{"nothing at all", nil, 4, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var had []Lot
			for _, l := range c.lots {
				had = append(had, *l)
			}
			got := Spend(c.lots, c.cost, now)
			if !slices.Equal(got, c.want) {
				t.Errorf("%d credits came from %v, want %v", c.cost, got, c.want)
			}
			for i, l := range c.lots {
				if l.ID != had[i].ID {
					t.Error("the caller's lots were sorted")
				}
				if c.want == nil && *l != had[i] {
					t.Errorf("a refusal changed lot %s", l.ID)
				}
				if l.ID != "x" && l.Check() != nil {
					t.Error(l.Check())
				}
			}
		})
	}
}

// Each row is a life of one lot of 80, told in steps; the last line is what is
// left of it.
func TestLivesOfALot(t *testing.T) {
	spend := func(n kinpict.Credits) func(*Lot) { return func(l *Lot) { l.Remaining -= n; l.Consumed += n } }
	back := func(n kinpict.Credits) func(*Lot) {
		return func(l *Lot) {
			if err := PutBack([]*Lot{l}, []Alloc{{1, l.ID, n, 0}}, n, now, now+7*day); err != nil {
				panic(err)
			}
		}
	}
	money := func(reversed, amount int64) func(*Lot) {
		return func(l *Lot) { l.Retarget(Target(l.Granted, reversed, amount)) }
	}
	forgive := func(n kinpict.Credits) func(*Lot) { return func(l *Lot) { l.Forgive(n) } }
	take := func(n kinpict.Credits) func(*Lot) {
		return func(l *Lot) {
			if !Withdraw([]*Lot{l}, n, now) {
				panic("short")
			}
		}
	}
	expire, forfeit := (*Lot).Expire, (*Lot).Forfeit
	for _, c := range []struct {
		name  string
		kind  string
		dies  int64 // 0 never, else after now
		steps []func(*Lot)
		want  counts
		debt  kinpict.Credits
	}{
		{"edge 30: refunded before it was used", "paid", 0, []func(*Lot){money(1200, 1200)}, counts{0, 0, 0, 0, 0, 80, 80, 0}, 0},
		{"edge 31: 30 % then 60 % of the payment", "paid", 0, []func(*Lot){money(360, 1200), money(720, 1200)}, counts{32, 0, 0, 0, 0, 48, 48, 0}, 0},
		{"edge 31: a third rounds down once", "paid", 0, []func(*Lot){money(400, 1200)}, counts{54, 0, 0, 0, 0, 26, 26, 0}, 0},
		{"edge 31: two thirds in two steps do not compound", "paid", 0, []func(*Lot){money(400, 1200), money(800, 1200)}, counts{27, 0, 0, 0, 0, 53, 53, 0}, 0},
		{"edge 31: all of it is exactly all", "paid", 0, []func(*Lot){money(400, 1200), money(1200, 1200)}, counts{0, 0, 0, 0, 0, 80, 80, 0}, 0},
		{"edge 32: refunded after 20 were used", "paid", 0, []func(*Lot){spend(20), money(1200, 1200)}, counts{0, 20, 0, 0, 0, 80, 60, 0}, 20},
		{"edge 34: a dispute that was won", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), money(0, 1200)}, counts{60, 20, 0, 0, 0, 0, 0, 0}, 0},
		{"edge 34: a dispute that was lost", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), money(1200, 1200)}, counts{0, 20, 0, 0, 0, 80, 60, 0}, 20},
		{"edge 35: dispute and refund are never twice the payment", "paid", 0, []func(*Lot){money(2400, 1200)}, counts{0, 0, 0, 0, 0, 80, 80, 0}, 0},
		{"edge 37: the job fails after the reversal", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), back(4)}, counts{0, 16, 0, 0, 0, 80, 64, 0}, 16},
		{"edge 37: more comes back than is owed", "paid", 0, []func(*Lot){spend(20), money(960, 1200), back(20)}, counts{16, 0, 0, 0, 0, 64, 64, 0}, 0},
		{"edge 38: the refund fails at the bank", "paid", 0, []func(*Lot){money(600, 1200), money(300, 1200)}, counts{60, 0, 0, 0, 0, 20, 20, 0}, 0},
		{"edge 11: expired while the job ran", "promo", -day, []func(*Lot){spend(4), expire, back(4)}, counts{4, 0, 76, 0, 0, 0, 0, 0}, 0},
		{"edge 11: expired but not swept", "promo", -day, []func(*Lot){spend(4), back(4)}, counts{4, 0, 76, 0, 0, 0, 0, 0}, 0},
		{"edge 11: about to expire", "promo", day, []func(*Lot){spend(4), back(4)}, counts{80, 0, 0, 0, 0, 0, 0, 0}, 0},
		{"edge 45: a bonus that expired is not owed for", "bonus", -day, []func(*Lot){spend(20), expire, money(1200, 1200)}, counts{0, 20, 60, 0, 0, 20, 0, 0}, 20},
		{"edge 45: it expires after the reversal", "bonus", -day, []func(*Lot){money(600, 1200), expire}, counts{0, 0, 40, 0, 0, 40, 40, 0}, 0},
		{"edge 45: a bonus that was given up is not owed for", "bonus", day, []func(*Lot){spend(20), forfeit, money(1200, 1200)}, counts{0, 20, 0, 0, 60, 20, 0, 0}, 20},
		{"edge 45: nor what staff took", "bonus", day, []func(*Lot){take(30), money(1200, 1200)}, counts{0, 0, 0, 30, 0, 50, 50, 0}, 0},
		{"a waived debt", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), forgive(15)}, counts{0, 20, 0, 0, 0, 80, 60, 15}, 5},
		{"more waived than owed", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), forgive(99)}, counts{0, 20, 0, 0, 0, 80, 60, 20}, 0},
		{"waived, then the money came back", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), forgive(15), money(0, 1200)}, counts{60, 20, 0, 0, 0, 0, 0, 0}, 0},
		{"waived, then part of it came back", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), forgive(15), money(1050, 1200)}, counts{0, 20, 0, 0, 0, 70, 60, 10}, 0},
		{"waived, then the picture failed", "paid", 0, []func(*Lot){spend(20), money(1200, 1200), forgive(15), back(20)}, counts{15, 0, 0, 0, 0, 80, 65, 15}, 0},
		{"waived and back, then expired", "bonus", -day, []func(*Lot){spend(20), money(1200, 1200), forgive(20), back(20), expire}, counts{0, 0, 20, 0, 0, 60, 60, 0}, 0},
		{"the same reversal again", "paid", 0, []func(*Lot){spend(5), money(601, 1200), money(601, 1200)}, counts{35, 5, 0, 0, 0, 40, 40, 0}, 0},
		{"taken by staff after a part was reversed", "paid", 0, []func(*Lot){money(600, 1200), take(40)}, counts{0, 0, 0, 40, 0, 40, 40, 0}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := lot("lot_1", c.kind, 80)
			if c.dies != 0 {
				until(l, c.dies)
			}
			for i, step := range c.steps {
				step(l)
				if err := l.Check(); err != nil {
					t.Errorf("after step %d: %v", i+1, err)
				}
			}
			if countsOf(l) != c.want || l.Debt() != c.debt {
				t.Errorf("it ends with %v and a debt of %d, want %v and %d", countsOf(l), l.Debt(), c.want, c.debt)
			}
		})
	}
}

func TestPutBackGoesTheWayItCame(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      kinpict.Credits
		allocs []Alloc
		want   []kinpict.Credits // returned, by allocation
		fails  bool
	}{
		{"edge 10: all of it", 4, []Alloc{{1, "promo", 3, 0}, {2, "paid", 1, 0}}, []kinpict.Credits{3, 1}, false},
		{"edge 20: a part begins with the last", 2, []Alloc{{1, "promo", 3, 0}, {2, "paid", 1, 0}}, []kinpict.Credits{1, 1}, false},
		{"goes on where it stopped", 1, []Alloc{{1, "promo", 3, 1}, {2, "paid", 1, 1}}, []kinpict.Credits{2, 1}, false},
		{"more than it took", 5, []Alloc{{1, "promo", 3, 0}, {2, "paid", 1, 0}}, []kinpict.Credits{3, 1}, true},
		{"to a lot that is not there", 1, []Alloc{{1, "other", 1, 0}}, []kinpict.Credits{0}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			promo, paid := lot("promo", "promo", 3), lot("paid", "paid", 80)
			promo.Remaining, promo.Consumed, paid.Remaining, paid.Consumed = 0, 3, 79, 1
			if err := PutBack([]*Lot{paid, promo}, c.allocs, c.n, now, now+7*day); (err != nil) != c.fails {
				t.Errorf("error %v, want one: %v", err, c.fails)
			}
			for i, a := range c.allocs {
				if a.Returned != c.want[i] {
					t.Errorf("allocation %d has %d returned, want %d", a.Seq, a.Returned, c.want[i])
				}
			}
		})
	}
}

// What returns to a dead lot can be spent for a week. A lot that lives keeps its
// own end: asking and canceling must not prolong it.
func TestGraceOfAReturn(t *testing.T) {
	for _, c := range []struct {
		name        string
		dies, grace int64 // after now
	}{{"dead", -day, 7 * day}, {"dies tomorrow", day, day}, {"dies in ten days", 10 * day, 10 * day}} {
		l := until(lot("l", "promo", 8), c.dies)
		l.Remaining, l.Consumed = 4, 4
		if err := PutBack([]*Lot{l}, []Alloc{{1, "l", 4, 0}}, 4, now, now+7*day); err != nil {
			t.Fatal(err)
		}
		if got := l.DiesAt() - now; got != c.grace {
			t.Errorf("a lot that %s can be spent for %d h more, want %d", c.name, got/3.6e9, c.grace/3.6e9)
		}
		if !l.Live(now+c.grace-1) || l.Live(now+c.grace) {
			t.Errorf("%s: the end of the grace is not half open", c.name)
		}
	}
}

func TestTarget(t *testing.T) {
	for _, c := range []struct {
		granted          kinpict.Credits
		reversed, amount int64
		want             kinpict.Credits
	}{
		{80, 0, 1200, 0}, {80, -5, 1200, 0}, {80, 1, 1200, 0}, {80, 15, 1200, 1}, {80, 1199, 1200, 79}, {80, 1200, 1200, 80}, {80, 5000, 1200, 80},
		{kinpict.MaxPack, kinpict.MaxPrice - 1, kinpict.MaxPrice, kinpict.MaxPack - 1},
	} {
		if got := Target(c.granted, c.reversed, c.amount); got != c.want {
			t.Errorf("%d of %d back from %d credits takes %d, want %d", c.reversed, c.amount, c.granted, got, c.want)
		}
	}
}

func TestLotCheckRefuses(t *testing.T) {
	for name, l := range map[string]Lot{
		"nothing granted":                {},
		"a negative counter":             {Granted: 4, Remaining: 5, Consumed: -1},
		"a lost credit":                  {Granted: 4, Remaining: 3},
		"more taken than asked":          {Granted: 4, RevTaken: 4, RevTarget: 3},
		"a debt for expired credits":     {Granted: 4, Expired: 4, RevTarget: 1},
		"credits beside a debt":          {Granted: 4, Remaining: 2, Consumed: 2, RevTarget: 1},
		"a paid lot with an end":         {Kind: "paid", Granted: 4, Remaining: 4, ExpiresAt: 1},
		"a paid lot that lost some":      {Kind: "paid", Granted: 4, Remaining: 3, Expired: 1},
		"more waived than there is debt": {Granted: 4, Consumed: 4, RevTarget: 2, RevForgiven: 3},
	} {
		if l.Check() == nil {
			t.Errorf("%s passes", name)
		}
	}
}
