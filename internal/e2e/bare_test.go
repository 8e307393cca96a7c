package e2e

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/store"
)

// The limit our accept path is measured against: a handler that decodes the
// body and writes the rows of one acceptance in bare SQL. It checks no token, no
// photo, no price and no hash link.

// sibling makes another database on a server.
func sibling(b *testing.B, server string) string {
	b.Helper()
	db, err := sql.Open("pgx", server)
	if err == nil {
		_, err = db.ExecContext(b.Context(), `CREATE DATABASE bare`)
		db.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return strings.Replace(server, "/postgres?", "/bare?", 1)
}

// bareRows are the rows of one acceptance, one statement each, in the order the
// foreign keys ask for. $1 account, $2 key, $3 hash, $4 generation, $5 answer,
// $6 now, $7 lot, $8 photos.
const (
	bareIdem = `INSERT INTO idem (owner, route, key, body_hash, status, ref, answer, created_at)
		VALUES ($1, 'bare', $2, $3, 202, $4, $5, $6)`
	bareAccount = `UPDATE account SET seq = seq + 1, balance = balance - 4, last_at = $2 WHERE id = $1 AND balance >= 4 RETURNING seq, balance`
	bareLot     = `UPDATE lot SET remaining = remaining - 4, consumed = consumed + 4 WHERE id = $1`
	bareTxn     = `INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, actor, reason, note, effective_at, recorded_at, balance_after, debt_after, hash)
		VALUES ($1, $2, 'charge', 'generation', $3, $1, '', '', $4, $4, $5, 0, $6)`
	bareEntry      = `INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount) VALUES ($1, $2, 1, 'lot', $3, -4), ($1, $2, 2, 'deferred', NULL, 4)`
	bareGeneration = `INSERT INTO generation (id, funding, owner, status, quality, scenario, aspect, instruction, photos, seed, credits, catalog_version, not_before, deadline_at, created_at)
		VALUES ($1, 'credits', $2, 'queued', 'standard', 'gallery', '4:5', 'Everyone together, bright and calm.', $3, 1, 4, 1, $4, $4, $4)`
	bareCharge = `INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) VALUES ($1, $2, 'standard', 1, 4, $3)`
	bareAlloc  = `INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) VALUES ($1, 1, $2, 4)`
)

// bareOnce is all of them as one statement, which PostgreSQL can.
const bareOnce = `WITH i AS (INSERT INTO idem (owner, route, key, body_hash, status, ref, answer, created_at) VALUES ($1, 'bare', $2, $3, 202, $4, $5, $6)),
	a AS (UPDATE account SET seq = seq + 1, balance = balance - 4, last_at = $6 WHERE id = $1 AND balance >= 4 RETURNING seq, balance),
	l AS (UPDATE lot SET remaining = remaining - 4, consumed = consumed + 4 WHERE id = $7),
	t AS (INSERT INTO txn (account_id, account_seq, kind, ref_type, ref_id, actor, reason, note, effective_at, recorded_at, balance_after, debt_after, hash)
		SELECT $1, seq, 'charge', 'generation', $4, $1, '', '', $6, $6, balance, 0, $3 FROM a RETURNING account_seq),
	e AS (INSERT INTO entry (account_id, account_seq, line, code, lot_id, amount)
		SELECT $1, account_seq, 1, 'lot', $7, -4 FROM t UNION ALL SELECT $1, account_seq, 2, 'deferred', NULL, 4 FROM t),
	g AS (INSERT INTO generation (id, funding, owner, status, quality, scenario, aspect, instruction, photos, seed, credits, catalog_version, not_before, deadline_at, created_at)
		SELECT $4, 'credits', $1, 'queued', 'standard', 'gallery', '4:5', 'Everyone together, bright and calm.', $8, 1, 4, 1, $6, $6, $6 FROM t),
	c AS (INSERT INTO charge (id, account_id, quality, catalog_version, amount, accepted_at) SELECT $4, $1, 'standard', 1, 4, $6 FROM t),
	x AS (INSERT INTO charge_alloc (charge_id, seq, lot_id, amount) SELECT $4, 1, $7, 4 FROM t)
	SELECT balance FROM a`

// bare is the bare handler on a fresh database of the product's own schema.
func bare(b *testing.B, kind, dbURL string) *site {
	b.Helper()
	driver, dsn := "pgx", dbURL
	if kind == "sqlite" {
		dbURL = filepath.Join(b.TempDir(), "bare.db")
		q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16000)"}, "_txlock": {"immediate"}}
		driver, dsn = "sqlite", "file:"+dbURL+"?"+q.Encode()
	}
	own, err := store.Open(b.Context(), store.Config{URL: dbURL, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	if err := own.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := own.Close(); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(16)
	if kind == "sqlite" {
		db.SetMaxOpenConns(1)
	}
	db.SetMaxIdleConns(16)
	s := &site{name: "bare", body: []byte(`{"quality":"standard","scenario":"gallery","photos":[{"id":"PHOTO","role":"parent","label":"Ann"}],"instruction":"Everyone together, bright and calm.","aspect":"4:5","catalog_version":1}`)}
	for i := range customers {
		id := fmt.Sprintf("acc_%d", i)
		for _, stmt := range []string{
			`INSERT INTO account (id, email, created_at, balance) VALUES ($1, $1, 1, 1000000000)`,
			`INSERT INTO lot (id, account_id, kind, priority, source_type, source_id, granted, remaining, effective_at, created_at)
				VALUES ('lot_' || $1, $1, 'adjust', 30, 'adjustment', $1, 1000000000, 1000000000, 1, 1)`,
		} {
			if kind == "postgres" {
				stmt = strings.ReplaceAll(stmt, "$1", "CAST($1 AS TEXT)")
			}
			if _, err := db.ExecContext(b.Context(), stmt, id); err != nil {
				b.Fatal(err)
			}
		}
		s.tokens = append(s.tokens, id+" pho_"+strings.Repeat("0", 35))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/generations", func(w http.ResponseWriter, r *http.Request) {
		var in client.Request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		account := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if err := acceptBare(r.Context(), db, kind, account, r.Header.Get("Idempotency-Key"), in); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(bareAnswer)
	})
	mux.HandleFunc("GET /api/v1/credits", func(w http.ResponseWriter, r *http.Request) {
		var balance int64
		if err := db.QueryRowContext(r.Context(), `SELECT balance FROM account WHERE id = $1`, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")).Scan(&balance); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"available":%d}`, balance)
	})
	s.url = listen(b, mux)
	return s
}

// bareAnswer is as long as ours.
var bareAnswer = []byte(`{"id":"gen_","status":"queued","text":"` + strings.Repeat("x", 400) + `"}`)

func acceptBare(ctx context.Context, db *sql.DB, kind, account, key string, in client.Request) error {
	photos, err := json.Marshal(in.Photos)
	if err != nil {
		return err
	}
	id, now, hash, lot := kinpict.IDs{Now: time.Now, Rand: rand.Reader}.New(kinpict.GenerationPrefix), time.Now().UnixMicro(), sha256.Sum256([]byte(key)), "lot_"+account
	if kind == "postgres" {
		var balance int64
		return db.QueryRowContext(ctx, bareOnce, account, key, hash[:], id, bareAnswer, now, lot, string(photos)).Scan(&balance)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var seq, balance int64
	if _, err := tx.ExecContext(ctx, bareIdem, account, key, hash[:], id, bareAnswer, now); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, bareAccount, account, now).Scan(&seq, &balance); err != nil {
		return err
	}
	for _, x := range []struct {
		query string
		args  []any
	}{
		{bareLot, []any{lot}}, {bareTxn, []any{account, seq, id, now, balance, hash[:]}}, {bareEntry, []any{account, seq, lot}},
		{bareGeneration, []any{id, account, string(photos), now}}, {bareCharge, []any{id, account, now}}, {bareAlloc, []any{id, lot}},
	} {
		if _, err := tx.ExecContext(ctx, x.query, x.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
