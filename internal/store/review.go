package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kinpict"
)

const reviewColumns = `id, account_id, status, message, generation_id, purchase_id, page, evidence, sha256, created_at`

func scanReview(row interface{ Scan(...any) error }) (*kinpict.Review, error) {
	var r kinpict.Review
	var at int64
	var evidence string
	err := row.Scan(&r.ID, &r.AccountID, &r.Status, &r.Message, &r.Generation, &r.Purchase, &r.Page, &evidence, &r.SHA256, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kinpict.Error{Code: kinpict.NotFound, Message: "There is no such review here.", Hint: "Look at whose account you are in, and whether the address is whole."}
	}
	r.Evidence, r.CreatedAt = []byte(evidence), instant(at)
	return &r, err
}

// PutReview stores a new, open review and sets the digest of its evidence.
func (t *Tx) PutReview(r *kinpict.Review) error {
	sum := sha256.Sum256(r.Evidence)
	r.SHA256, r.Status, r.CreatedAt = hex.EncodeToString(sum[:]), kinpict.ReviewOpen, t.Now()
	_, err := t.exec(`INSERT INTO review (id, account_id, message, generation_id, purchase_id, page, evidence, sha256, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.AccountID, r.Message, r.Generation, r.Purchase, r.Page, string(r.Evidence), r.SHA256, t.now)
	return err
}

// Review returns a review with what was done about it, or NotFound.
func (t *Tx) Review(id string) (*kinpict.Review, error) {
	r, err := scanReview(t.row(`SELECT `+reviewColumns+` FROM review WHERE id = $1`, id))
	if err != nil {
		return nil, err
	}
	return r, t.acts(r)
}

// acts reads what was done about the review.
func (t *Tx) acts(r *kinpict.Review) error {
	return t.each(func(rows *sql.Rows) error {
		var a kinpict.ReviewAct
		var at int64
		if err := rows.Scan(&a.Kind, &a.Actor, &a.Text, &a.Credits, &a.Reason, &a.Seq, &at); err != nil {
			return err
		}
		a.At = instant(at)
		r.Acts = append(r.Acts, a)
		return nil
	}, `SELECT kind, actor, text, credits, reason, account_seq, at FROM review_act WHERE review_id = $1 ORDER BY at, kind`, r.ID)
}

// Reviews lists reviews, newest first, without evidence: of one account
// or of all (""), in one state or in any (""), those before the id before (""
// for the newest), at most limit.
func (t *Tx) Reviews(accountID, status, before string, limit int) ([]*kinpict.Review, error) {
	// Only what is asked for stands in the query, or one account's few would be
	// looked for among everybody's.
	where, args := []string{"1 = 1"}, []any{}
	for _, c := range []struct{ is, value string }{{"account_id = ", accountID}, {"status = ", status}, {"id < ", before}} {
		if c.value != "" {
			args = append(args, c.value)
			where = append(where, fmt.Sprintf("%s$%d", c.is, len(args)))
		}
	}
	var out []*kinpict.Review
	err := t.each(func(rows *sql.Rows) error {
		r, err := scanReview(rows)
		out = append(out, r)
		return err
	}, `SELECT id, account_id, status, message, generation_id, purchase_id, page, '', sha256, created_at FROM review
		WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT `+strconv.Itoa(limit), args...)
	for _, r := range out {
		if err == nil && r.Status != kinpict.ReviewOpen {
			err = t.acts(r)
		}
	}
	return out, err
}

// OpenReviews counts the account's reviews that wait for an answer, and those
// filed since then whatever became of them.
func (t *Tx) OpenReviews(accountID string, since time.Time) (open, filed int, err error) {
	err = t.row(`SELECT count(CASE WHEN status = 'open' THEN 1 END), count(CASE WHEN created_at > $2 THEN 1 END) FROM review WHERE account_id = $1`,
		accountID, micros(since)).Scan(&open, &filed)
	return open, filed, err
}

// ActOnReview moves a review on and notes who did it, and reports whether it
// did: false if somebody moved it before.
func (t *Tx) ActOnReview(id string, a kinpict.ReviewAct) (bool, error) {
	move := `UPDATE review SET status = 'answered' WHERE id = $1 AND status = 'open'`
	if a.Kind == kinpict.ActClose {
		move = `UPDATE review SET status = 'closed' WHERE id = $1 AND status <> 'closed'`
	}
	if n, err := t.exec(move, id); err != nil || n == 0 {
		return false, err
	}
	_, err := t.exec(`INSERT INTO review_act (review_id, kind, actor, text, credits, reason, account_seq, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, a.Kind, a.Actor, a.Text, a.Credits, a.Reason, a.Seq, t.now)
	return true, err
}

// Position is the number of the account's last transaction, and takes the
// account's row so that no other follows meanwhile.
func (t *Tx) Position(accountID string) (seq int64, err error) {
	err = t.row(`SELECT seq FROM account WHERE id = $1`+t.db.dialect.forUpdate, accountID).Scan(&seq)
	return seq, err
}

// LastSeq is the number of the account's last transaction.
func (t *Tx) LastSeq(accountID string) (seq int64, err error) {
	err = t.row(`SELECT seq FROM account WHERE id = $1`, accountID).Scan(&seq)
	return seq, err
}

// AuditAccount proves one account's books as the transaction sees them.
func (t *Tx) AuditAccount(accountID string) ([]Finding, error) {
	return t.audit(Scope{AccountID: accountID})
}

// auditReviews proves that evidence is what was frozen, which no query can (A32).
func (t *Tx) auditReviews(scope Scope) (found []Finding, err error) {
	err = t.each(func(rows *sql.Rows) error {
		r, err := scanReview(rows)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(r.Evidence); hex.EncodeToString(sum[:]) != r.SHA256 {
			found = append(found, Finding{"A32", r.ID, "has other evidence than was frozen"})
		}
		return nil
	}, scoped(`SELECT `+reviewColumns+` FROM review WHERE {account_id}`, scope), scope.AccountID)
	if err != nil {
		return nil, fmt.Errorf("audit A32: %w", err)
	}
	return found, nil
}
