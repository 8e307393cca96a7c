package kinpict

import "time"

// An AccountRole is what an account may do.
type AccountRole string

const (
	Customer AccountRole = "customer"
	Support  AccountRole = "support"
	Operator AccountRole = "operator"
)

// How long a sign-in lasts.
const (
	SignInIdle = 14 * 24 * time.Hour // unused this long, it is over
	SignInLife = 30 * 24 * time.Hour // used or not

	// The same for people who may touch the credits of others.
	StaffIdle = 15 * time.Minute
	StaffLife = 12 * time.Hour
)

// SignInTimes is how long a sign-in of the role may be unused, and how long it
// lasts in all.
func (r AccountRole) SignInTimes() (idle, life time.Duration) {
	if r != Customer {
		return StaffIdle, StaffLife
	}
	return SignInIdle, SignInLife
}

// SignInEnds is when a sign-in of the role is over, if it is not used any more.
func (r AccountRole) SignInEnds(begun, seen time.Time) time.Time {
	idle, life := r.SignInTimes()
	ends, last := seen.Add(idle), begun.Add(life)
	if last.Before(ends) {
		return last
	}
	return ends
}

// An Account is a person who can hold credits.
type Account struct {
	ID        string
	Email     string
	Role      AccountRole
	Status    string // active, frozen, closed
	Language  string // what the person reads, as in BCP 47; "" where they never chose
	CreatedAt time.Time
}

// A Caller is who is asking. Every use case takes one and checks it. A signed-in
// caller may also name the guest of the same device; then the account owns.
type Caller struct {
	AccountID string
	GuestID   string
	Email     string
	Role      AccountRole
	// SignedInAt is when the session began that the caller came with, zero for
	// an API token and the command line.
	SignedInAt time.Time
	// Network is a keyed hash of the caller's network prefix, for guest budgets.
	Network string
	// Area is one of the larger network around it, "" where there is none.
	Area string
}

// Fresh reports whether the caller signed in just now, as what cannot be undone
// asks for. A token proves itself with each request.
func (c Caller) Fresh(now time.Time) bool {
	return c.SignedInAt.IsZero() || now.Before(c.SignedInAt.Add(FreshSignIn))
}

// Owner is the id that owns what the caller makes, or "" for nobody.
func (c Caller) Owner() string {
	if c.AccountID != "" {
		return c.AccountID
	}
	return c.GuestID
}

// Counted names who shares a bound on what runs at once: the account, or the
// network of a guest, since a new guest costs nothing.
func (c Caller) Counted() string {
	switch {
	case c.AccountID != "":
		return c.AccountID
	case c.Network != "":
		return c.Network
	}
	return c.GuestID
}

// Balance is what an account can spend and why.
type Balance struct {
	Balance   Credits // sum of what remains in all lots
	Debt      Credits // used credits whose payment was taken back
	Spendable Credits // live lots minus debt; below 0 while in debt
	Available Credits // Spendable, never below 0
}

// Lot kinds, in spend order: promo, bonus, adjust, paid.
const (
	LotPromo  = "promo"
	LotBonus  = "bonus"
	LotAdjust = "adjust"
	LotPaid   = "paid"
)

// A Lot is credits that came from one place and keep their identity until spent.
type Lot struct {
	ID        string
	Kind      string
	Granted   Credits
	Remaining Credits
	ExpiresAt time.Time // zero: never
	Source    string    // "purchase pur_…", "adjustment …"
	CreatedAt time.Time

	// What became of the rest: Granted is the sum of these and Remaining.
	Used      Credits // by pictures that are made or under way
	Expired   Credits
	TakenBack Credits // with the payment
	Withdrawn Credits // by staff
	GivenUp   Credits // with the account
	// Owed are those of Used whose payment was taken back since.
	Owed Credits
}

// A Transaction is one line of a person's statement.
type Transaction struct {
	ID             string
	Seq            int64
	Kind           string // purchase, promo, adjust, charge, return, goodwill, expire, reverse, restore, forgive, take, forfeit
	Amount         Credits
	AvailableAfter Credits
	DebtAfter      Credits
	NetAfter       Credits // of all lots, minus the debt; below 0 while more is owed than held
	Generation     string
	Quality        string // of the generation
	Scenario       string
	Deleted        bool // the generation was deleted; the line stays
	Purchase       string
	Reason         string
	At             time.Time
	Moves          []LotMove // in the order the lots were taken
	Hash           string    // in hex, over the line and the one before it
}

// A LotMove is what one transaction put into a lot, or took out of it.
type LotMove struct {
	Lot      string
	Kind     string  // of the lot
	Source   string  // of the lot
	Amount   Credits // below 0: taken
	Returned Credits // of a charge: how many of these came back to the lot since
	LotAt    time.Time
}

// Totals are sums over lines of a statement.
type Totals struct {
	Lines   int
	In, Out Credits // what came and what went, both 0 or more
}

// A Purchase is one checkout of one pack.
type Purchase struct {
	ID             string
	AccountID      string
	Pack           string
	Credits        Credits
	Price          Money // what is paid, without Tax and after Discount
	Tax            int64 // minor units the provider added to Price
	Promo          string
	Discount       int64   // minor units the promo code took off
	Bonus          Credits // that the promo code adds
	CatalogVersion int64
	Provider       string
	SessionID      string
	PaymentID      string
	URL            string
	Back           string // local path where the person goes on afterwards
	State          string // open, processing, paid, expired, failed, refunded, partially_refunded, disputed
	Refunded       int64  // minor units
	Disputed       int64  // minor units held or lost in disputes
	CreatedAt      time.Time
	PaidAt         time.Time
	ExpiresAt      time.Time
}
