package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kinpict"
)

// A RequestRow is a request as staff see it: nothing of its photos, its words or
// its picture.
type RequestRow struct {
	ID         string
	Funding    kinpict.Funding
	Owner      string
	Status     kinpict.Status
	Step       string
	Quality    string
	Scenario   string
	Aspect     kinpict.Aspect
	Credits    kinpict.Credits
	Returned   kinpict.Credits
	Book       int64 // the price book it was charged by
	Attempts   int
	Engine     string // that drew it, "" for none
	Failure    kinpict.FailureCode
	RetryOf    string
	Charge     string // open, earned, returned; "" for a preview
	Closed     string // why the charge was closed
	CreatedAt  time.Time
	StartedAt  time.Time
	FinishedAt time.Time
	ClosedAt   time.Time // the charge
	DeadlineAt time.Time
	DeletedAt  time.Time // by its owner
}

const requestColumns = `g.id, g.funding, g.owner, g.status, g.step, g.quality, g.scenario, g.aspect, g.credits, coalesce(c.returned, 0), g.catalog_version, g.attempts, g.engine, g.failure, g.retry_of,
	coalesce(c.state, ''), coalesce(c.close_reason, ''), g.created_at, g.started_at, g.finished_at, coalesce(c.closed_at, 0), g.deadline_at, g.deleted_at`

func scanRequest(row interface{ Scan(...any) error }) (*RequestRow, error) {
	var r RequestRow
	var created, started, finished, closed, deadline, deleted int64
	err := row.Scan(&r.ID, &r.Funding, &r.Owner, &r.Status, &r.Step, &r.Quality, &r.Scenario, &r.Aspect, &r.Credits, &r.Returned, &r.Book, &r.Attempts, &r.Engine, &r.Failure, &r.RetryOf,
		&r.Charge, &r.Closed, &created, &started, &finished, &closed, &deadline, &deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such request.", Hint: "Look whether the id is whole."}
	}
	r.CreatedAt, r.StartedAt, r.FinishedAt, r.ClosedAt, r.DeadlineAt, r.DeletedAt = instant(created), instant(started), instant(finished), instant(closed), instant(deadline), instant(deleted)
	return &r, err
}

// Cursor is where a list that ends with the row goes on.
func (r *RequestRow) Cursor() string {
	if r.Status.Done() {
		return strconv.FormatInt(micros(r.FinishedAt), 10) + "." + r.ID
	}
	return r.ID
}

// StaffRequests are everybody's requests, the newest first: those behind the
// cursor, "" for the newest, at most limit. Of one state, those that have ended
// come by when they ended, the others by when they were asked for.
func (t *Tx) StaffRequests(status kinpict.Status, cursor string, limit int) ([]*RequestRow, error) {
	where, order, args := "1 = 1", "g.id DESC", []any{}
	at, id, both := strings.Cut(cursor, ".")
	switch status {
	case "":
		if both {
			cursor = id // of a row that has ended
		}
		if cursor != "" {
			where, args = "g.id < $1", append(args, cursor)
		}
	case kinpict.Queued, kinpict.Running:
		// These are few and have an index of their own. In the order of their ids
		// they would be looked for among all there ever were.
		where = map[kinpict.Status]string{kinpict.Queued: "g.status = 'queued' AND g.not_before >= 0", kinpict.Running: "g.status = 'running' AND g.lease_until >= 0"}[status]
		order = "coalesce(g.id, '') DESC"
		if cursor != "" {
			where, args = where+" AND coalesce(g.id, '') < $1", append(args, cursor)
		}
	case kinpict.Succeeded, kinpict.Failed, kinpict.Canceled:
		where, order = "g.status = '"+string(status)+"'", "g.finished_at DESC, g.id DESC"
		if n, err := strconv.ParseInt(at, 10, 64); err == nil && both {
			where, args = where+" AND g.finished_at <= $1 AND (g.finished_at < $1 OR g.id < $2)", append(args, n, id)
		} else {
			where, args = where+" AND g.finished_at <= $1", append(args, t.now)
		}
	default:
		return nil, fmt.Errorf("store: no state %q", status)
	}
	return list(t, func(r *sql.Rows) (*RequestRow, error) { return scanRequest(r) },
		`SELECT `+requestColumns+generationTables+`WHERE `+where+` ORDER BY `+order+` LIMIT `+strconv.Itoa(limit), args...)
}

// RequestsOf are one owner's requests, newest first, at most limit.
func (t *Tx) RequestsOf(owner string, limit int) ([]*RequestRow, error) {
	return list(t, func(r *sql.Rows) (*RequestRow, error) { return scanRequest(r) },
		`SELECT `+requestColumns+generationTables+`WHERE g.owner = $1 ORDER BY g.id DESC LIMIT `+strconv.Itoa(limit), owner)
}

// StaffRequest is one request, whoever's it is and even if it was deleted, or
// NotFound.
func (t *Tx) StaffRequest(id string) (*RequestRow, error) {
	return scanRequest(t.row(`SELECT `+requestColumns+generationTables+`WHERE g.id = $1`, id))
}

// A Taken is what a request took of one lot.
type Taken struct {
	Lot      string
	Kind     string // of the lot
	Source   string // of the lot
	Amount   kinpict.Credits
	Returned kinpict.Credits
}

// TakenFor is what a request took, in the order it was taken.
func (t *Tx) TakenFor(id string) ([]Taken, error) {
	return list(t, func(r *sql.Rows) (x Taken, err error) {
		err = r.Scan(&x.Lot, &x.Kind, &x.Source, &x.Amount, &x.Returned)
		return x, err
	}, `SELECT a.lot_id, l.kind, l.source_type || ' ' || l.source_id, a.amount, a.returned FROM charge_alloc a JOIN lot l ON l.id = a.lot_id WHERE a.charge_id = $1 ORDER BY a.seq`, id)
}
