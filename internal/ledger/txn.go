package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"kinpict"
)

// Codes of the accounts that entries post to. A lot's entries carry its id; the
// others belong to the house and are never stored as a balance.
const (
	CodeLot          = "lot"
	CodeDebt         = "debt"
	CodeIssuedPaid   = "issued.paid"
	CodeIssuedPromo  = "issued.promo"
	CodeIssuedAdjust = "issued.adjust"
	CodeDeferred     = "deferred"  // accepted, not finished
	CodeEarned       = "earned"    // delivered
	CodeBreakage     = "breakage"  // expired promo credit
	CodeReversed     = "reversed"  // payment taken back
	CodeForfeited    = "forfeited" // given up with the account
)

// Kinds of transaction.
const (
	KindPurchase = "purchase"
	KindPromo    = "promo"
	KindBonus    = "bonus"
	KindAdjust   = "adjust"
	KindCharge   = "charge"
	KindSettle   = "settle"
	KindReturn   = "return"
	KindGoodwill = "goodwill"
	KindExpire   = "expire"
	KindReverse  = "reverse"
	KindRestore  = "restore"
	KindForgive  = "forgive"
	KindTake     = "take"
	KindForfeit  = "forfeit"
)

// An Entry is one line of a transaction.
type Entry struct {
	Code   string
	LotID  string // for CodeLot
	Amount kinpict.Credits
}

// A Txn is one immutable transaction of one account. Times are microseconds.
type Txn struct {
	AccountID    string
	Seq          int64
	Kind         string
	RefType      string
	RefID        string
	Ordinal      int64 // tells apart transactions of one kind on one thing
	Actor        string
	Reason       string
	Note         string
	EffectiveAt  int64
	RecordedAt   int64
	BalanceAfter kinpict.Credits
	DebtAfter    kinpict.Credits
	Entries      []Entry
}

// Hash links the transaction to the one before it in its account (prev is nil
// for the first): SHA-256 over a text of all its fields. Free text is written
// with its length in bytes, so no two transactions share a text.
func (t *Txn) Hash(prev []byte) []byte {
	b := make([]byte, 0, 512)
	field := func(s string) {
		b = append(append(b, '|'), s...)
	}
	number := func(n int64) { b = strconv.AppendInt(append(b, '|'), n, 10) }
	free := func(s string) {
		b = strconv.AppendInt(append(b, '|'), int64(len(s)), 10)
		b = append(append(b, ':'), s...)
	}
	b = append(b, "kinpict/1"...)
	field(hex.EncodeToString(prev))
	field(t.AccountID)
	number(t.Seq)
	field(t.Kind)
	field(t.RefType)
	field(t.RefID)
	number(t.Ordinal)
	free(t.Actor)
	free(t.Reason)
	free(t.Note)
	number(t.EffectiveAt)
	number(t.RecordedAt)
	number(int64(t.BalanceAfter))
	number(int64(t.DebtAfter))
	for _, e := range t.Entries {
		field(e.Code)
		b = append(append(append(b, ','), e.LotID...), ',')
		b = strconv.AppendInt(b, int64(e.Amount), 10)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// Check reports a transaction that is not double entry.
func (t *Txn) Check() error {
	var sum kinpict.Credits
	for _, e := range t.Entries {
		if e.Amount == 0 {
			return fmt.Errorf("transaction %s/%d posts nothing to %s", t.AccountID, t.Seq, e.Code)
		}
		sum += e.Amount
	}
	if sum != 0 || len(t.Entries) < 2 {
		return fmt.Errorf("transaction %s/%d: %d entries sum to %d", t.AccountID, t.Seq, len(t.Entries), sum)
	}
	return nil
}

// issued is where the credits of a kind of lot come from.
func issued(kind string) string {
	switch kind {
	case kinpict.LotPaid:
		return CodeIssuedPaid
	case kinpict.LotAdjust:
		return CodeIssuedAdjust
	}
	return CodeIssuedPromo
}

// Entries derives the postings of an operation from how it changed the lots.
// before and after hold the same lots in the same order; a new lot is zero
// before. use is where consumed credits go: CodeDeferred for a charge and its
// return, CodeEarned for goodwill.
//
// Every counter of a lot has its account, so the identity of the lot
//
//	granted = remaining + consumed + expired + taken + forfeited + withdrawn
//
// makes the lines sum to zero: a wrong posting cannot be written, only a wrong
// lot, and Lot.Check refuses that.
func Entries(before, after []Lot, use string) []Entry {
	var lines []Entry
	house := map[string]kinpict.Credits{}
	for i := range after {
		b, a := &before[i], &after[i]
		if d := a.Remaining - b.Remaining; d != 0 {
			lines = append(lines, Entry{CodeLot, a.ID, d})
		}
		house[CodeDebt] -= a.Debt() - b.Debt()
		house[issued(a.Kind)] -= a.Granted - b.Granted
		house[use] += a.Consumed - b.Consumed
		house[CodeBreakage] += a.Expired - b.Expired
		house[CodeForfeited] += a.Forfeited - b.Forfeited
		house[CodeIssuedAdjust] += a.Withdrawn - b.Withdrawn - (a.RevForgiven - b.RevForgiven)
		house[CodeReversed] += a.RevTarget - b.RevTarget
	}
	for _, code := range []string{CodeDebt, CodeIssuedPaid, CodeIssuedPromo, CodeIssuedAdjust, CodeDeferred, CodeEarned, CodeBreakage, CodeReversed, CodeForfeited} {
		if n := house[code]; n != 0 {
			lines = append(lines, Entry{Code: code, Amount: n})
		}
	}
	return lines
}
