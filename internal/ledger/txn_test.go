package ledger_test

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"kinpict"
	. "kinpict/internal/ledger"
)

// anyLot is a random lot that Check accepts; zero at times, as a new one is before.
func anyLot(r *rand.Rand, id, kind string) Lot {
	if r.IntN(8) == 0 {
		return Lot{ID: id, Kind: kind}
	}
	l := Lot{ID: id, Kind: kind}
	for _, c := range []*kinpict.Credits{&l.Remaining, &l.Consumed, &l.Withdrawn, &l.Forfeited, &l.RevTaken} {
		*c = kinpict.Credits(r.IntN(20))
	}
	if kind != kinpict.LotPaid {
		l.Expired = kinpict.Credits(r.IntN(20))
	}
	l.RevTarget = l.RevTaken
	if r.IntN(2) == 0 { // with a debt nothing remains
		l.Consumed += l.Remaining + 1
		l.Remaining = 0
		l.RevTarget += kinpict.Credits(r.IntN(int(l.Consumed) + 1))
		l.RevForgiven = kinpict.Credits(r.IntN(int(l.RevTarget-l.RevTaken) + 1))
	}
	l.Granted = l.Remaining + l.Consumed + l.Expired + l.RevTaken + l.Forfeited + l.Withdrawn
	return l
}

func TestEntriesOfAnyTwoLotsSumToZero(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	kinds := []string{kinpict.LotPaid, kinpict.LotPromo, kinpict.LotBonus, kinpict.LotAdjust}
	checked := 0
	for range 50_000 {
		var before, after []Lot
		for range 1 + r.IntN(3) {
			kind := kinds[r.IntN(4)]
			b, a := anyLot(r, "l", kind), anyLot(r, "l", kind)
			if a.Granted == 0 {
				continue
			}
			if err := a.Check(); err != nil {
				t.Fatalf("seed %d: the test's own lot: %v", seed, err)
			}
			before, after = append(before, b), append(after, a)
		}
		x := Txn{Entries: Entries(before, after, CodeDeferred)}
		if len(x.Entries) == 0 {
			continue
		}
		checked++
		if err := x.Check(); err != nil {
			t.Fatalf("seed %d: %v\nbefore %+v\nafter  %+v\n%+v", seed, err, before, after, x.Entries)
		}
	}
	if checked < 40_000 {
		t.Errorf("only %d pairs of lots differed", checked)
	}
}

func TestTxnCheckRefuses(t *testing.T) {
	for name, entries := range map[string][]Entry{
		"no lines":       nil,
		"one line":       {{Code: CodeEarned, Amount: 4}},
		"a sum":          {{Code: CodeLot, LotID: "l", Amount: -4}, {Code: CodeDeferred, Amount: 5}},
		"a line of zero": {{Code: CodeLot, LotID: "l", Amount: -4}, {Code: CodeDeferred, Amount: 4}, {Code: CodeDebt}},
	} {
		if (&Txn{Entries: entries}).Check() == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// The text under the hash is a promise: an old database must verify for ever.
// The sums were made with sha256sum from the text docs/ledger.md spells out.
func TestHashIsWhatItAlwaysWas(t *testing.T) {
	first := Txn{AccountID: "acc_1", Seq: 1, Kind: KindPurchase, RefType: "purchase", RefID: "pur_1", Actor: "system", Reason: "paid", Note: "Zoë | 1",
		EffectiveAt: 1, RecordedAt: 2, BalanceAfter: 80, Entries: []Entry{{CodeLot, "lot_1", 80}, {Code: CodeIssuedPaid, Amount: -80}}}
	second := Txn{AccountID: "acc_1", Seq: 2, Kind: KindReverse, RefType: "purchase", RefID: "pur_1", Ordinal: 3, EffectiveAt: 3, RecordedAt: 4, BalanceAfter: 0, DebtAfter: 20,
		Entries: []Entry{{CodeLot, "lot_1", -60}, {Code: CodeDebt, Amount: -20}, {Code: CodeReversed, Amount: 80}}}
	one := first.Hash(nil)
	if got, want := hex.EncodeToString(one), "4d01eb55947ace83158a8ee1ef1f1f4ba978f173d62e47557bf71b25274bb82e"; got != want {
		t.Errorf("the first transaction hashes to %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(second.Hash(one)), "1883bbaa2679d693f5c443296a4f0b11691cf7cd46f1966ea44a94080149d29c"; got != want {
		t.Errorf("the second transaction hashes to %s, want %s", got, want)
	}
}

func TestHashCoversEveryField(t *testing.T) {
	base := func() Txn {
		return Txn{AccountID: "a", Seq: 1, Kind: "k", RefType: "t", RefID: "r", Ordinal: 1, Actor: "x", Reason: "y", Note: "z", EffectiveAt: 1, RecordedAt: 2,
			BalanceAfter: 3, DebtAfter: 4, Entries: []Entry{{CodeLot, "l", 5}, {CodeLot, "m", -5}}}
	}
	seen := map[string]string{}
	try := func(what string, prev []byte, change func(*Txn)) {
		x := base()
		change(&x)
		h := string(x.Hash(prev))
		if other, ok := seen[h]; ok {
			t.Errorf("a changed %s hashes like %s", what, other)
		}
		seen[h] = what
	}
	try("nothing", nil, func(*Txn) {})
	try("predecessor", []byte{1}, func(*Txn) {})
	try("account", nil, func(x *Txn) { x.AccountID = "b" })
	try("number", nil, func(x *Txn) { x.Seq++ })
	try("kind", nil, func(x *Txn) { x.Kind = "l" })
	try("reference type", nil, func(x *Txn) { x.RefType = "u" })
	try("reference", nil, func(x *Txn) { x.RefID = "s" })
	try("ordinal", nil, func(x *Txn) { x.Ordinal++ })
	try("actor", nil, func(x *Txn) { x.Actor = "xx" })
	try("reason", nil, func(x *Txn) { x.Reason = "" })
	try("note", nil, func(x *Txn) { x.Note = "z|1" })
	try("reason that swallows the note", nil, func(x *Txn) { x.Reason, x.Note = "y|1:z", "" })
	try("effective time", nil, func(x *Txn) { x.EffectiveAt++ })
	try("time", nil, func(x *Txn) { x.RecordedAt++ })
	try("balance", nil, func(x *Txn) { x.BalanceAfter++ })
	try("debt", nil, func(x *Txn) { x.DebtAfter++ })
	try("amount", nil, func(x *Txn) { x.Entries[0].Amount++ })
	try("lot", nil, func(x *Txn) { x.Entries[0].LotID = "n" })
	try("order of lines", nil, func(x *Txn) { x.Entries[0], x.Entries[1] = x.Entries[1], x.Entries[0] })
	try("missing line", nil, func(x *Txn) { x.Entries = x.Entries[:1] })
}
