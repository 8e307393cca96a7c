package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kinpict"
)

// A Sum is what the entries of one code come to.
type Sum struct {
	Code    string          `json:"code"`
	Entries int64           `json:"entries"`
	Amount  kinpict.Credits `json:"credits"`
}

// A Proof is what an audit of the whole found, and the sums of the same moment.
type Proof struct {
	Findings []Finding `json:"findings"` // the first MostFindings
	Found    int       `json:"-"`
	Sums     []Sum     `json:"sums"` // by code; together they come to nothing
}

// MostFindings is how many findings of an audit are kept with its run.
const MostFindings = 50

// Prove audits the whole and sums the entries, all of one snapshot. It writes
// nothing.
func (d *DB) Prove(ctx context.Context) (*Proof, error) {
	p := &Proof{}
	err := d.View(ctx, func(t *Tx) (err error) {
		if p.Findings, err = t.audit(Whole); err != nil {
			return err
		}
		p.Sums, err = list(t, func(r *sql.Rows) (s Sum, err error) {
			err = r.Scan(&s.Code, &s.Entries, &s.Amount)
			return s, err
		}, `SELECT code, count(*), `+sumOf(`amount`)+` FROM entry GROUP BY code ORDER BY code`)
		return err
	})
	p.Found = len(p.Findings)
	return p, err
}

// An AuditRun is one time the books were proven from end to end.
type AuditRun struct {
	ID      string
	Actor   string
	BeganAt time.Time
	EndedAt time.Time // zero while it runs
	Found   int
	Proof   *Proof // nil while it runs
}

// BeginAudit notes that an audit begins, and reports whether it may: one runs at
// a time. One that began before stale is taken for dead.
func (t *Tx) BeginAudit(id, actor string, stale time.Time) (bool, error) {
	if _, err := t.exec(`DELETE FROM audit_run WHERE ended_at = 0 AND began_at <= $1`, micros(stale)); err != nil {
		return false, err
	}
	n, err := t.exec(`INSERT INTO audit_run (id, actor, began_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, id, actor, t.now)
	return n == 1, err
}

// EndAudit notes what an audit found.
func (t *Tx) EndAudit(id string, p *Proof) error {
	said, err := p.kept()
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE audit_run SET ended_at = $2, found = $3, result = $4 WHERE id = $1 AND ended_at = 0`, id, t.now, p.Found, said)
	return err
}

// DropAudit forgets an audit that could not end.
func (t *Tx) DropAudit(id string) error {
	_, err := t.exec(`DELETE FROM audit_run WHERE id = $1 AND ended_at = 0`, id)
	return err
}

// NoteAudit writes down an audit that was run elsewhere.
func (t *Tx) NoteAudit(id, actor string, began time.Time, p *Proof) error {
	said, err := p.kept()
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO audit_run (id, actor, began_at, ended_at, found, result) VALUES ($1, $2, $3, $4, $5, $6)`, id, actor, micros(began), t.now, p.Found, said)
	return err
}

// kept is what stays of a proof.
func (p *Proof) kept() (string, error) {
	short := *p
	short.Findings = short.Findings[:min(len(short.Findings), MostFindings)]
	b, err := json.Marshal(short)
	return string(b), err
}

// Audits are the audit that runs, nil for none, and the last that ended, nil if
// none ever did.
func (t *Tx) Audits() (running, last *AuditRun, err error) {
	one := func(where string) (*AuditRun, error) {
		var a AuditRun
		var began, ended int64
		var said string
		err := t.row(`SELECT id, actor, began_at, ended_at, found, result FROM audit_run WHERE `+where).Scan(&a.ID, &a.Actor, &began, &ended, &a.Found, &said)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		a.BeganAt, a.EndedAt = instant(began), instant(ended)
		if said != "" {
			a.Proof = &Proof{Found: a.Found}
			err = json.Unmarshal([]byte(said), a.Proof)
		}
		return &a, err
	}
	if running, err = one(`ended_at = 0`); err != nil {
		return nil, nil, err
	}
	last, err = one(`ended_at > 0 ORDER BY id DESC LIMIT 1`)
	return running, last, err
}
