package kinpict

import "time"

// DeletionPrefix begins the id of a deletion, which its receipt is found by.
const DeletionPrefix = "del_"

// FreshSignIn is how long after signing in a person may delete their account
// from that browser. Who comes later signs in again, which only the owner of
// the mailbox can.
const FreshSignIn = 15 * time.Minute

// Kept is how much is kept of a person at one moment.
type Kept struct {
	Photos       int64   `json:"photos"`
	PhotoBytes   int64   `json:"photo_bytes"`
	Pictures     int64   `json:"pictures"` // finished, with their file
	PictureBytes int64   `json:"picture_bytes"`
	Requests     int64   `json:"requests"` // with those that did not come out or are on their way
	OnTheWay     int64   `json:"on_the_way"`
	Drafts       int64   `json:"drafts"`
	Held         int64   `json:"held_requests"`
	Shares       int64   `json:"shares"`
	Purchases    int64   `json:"purchases"`
	Open         int64   `json:"open_purchases"` // that may still be paid
	Lines        int64   `json:"statement_lines"`
	Reviews      int64   `json:"reviews"`
	Consents     int64   `json:"consents"`
	Mails        int64   `json:"mails"`
	SignIns      int64   `json:"sign_ins"`
	Tokens       int64   `json:"tokens"`
	Credits      Credits `json:"credits"`          // that can be spent, debt aside
	Reserved     Credits `json:"credits_reserved"` // in pictures on their way
	Debt         Credits `json:"debt"`
}

// GivenUp is how many credits deleting the account would give up at most.
func (k *Kept) GivenUp() Credits { return k.Credits + k.Reserved }

// A Farewell is what a person confirms before their account is deleted.
type Farewell struct {
	Address string  // theirs, spelled out
	Credits Credits // that they give up at most
}

// Who asked for a deletion.
const (
	AskedByPerson = "person"
	AskedByStaff  = "staff"
)

// A Deletion says that an account was deleted, and what went with it. It names
// nobody.
type Deletion struct {
	ID        string
	AccountID string
	AskedBy   string
	Gone      Kept // as it stood when the account was deleted
	Returned  Credits
	Forfeited Credits
	At        time.Time
	EmptiedAt time.Time // when the last file was gone, zero while one is left
}
