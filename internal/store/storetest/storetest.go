// Package storetest gives tests a fresh, migrated database of each kind and
// proves the books when the test ends.
package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinpict/internal/store"
)

// A Clock is a clock that only moves when told. Safe for concurrent use.
type Clock struct{ us atomic.Int64 }

// NewClock starts at a fixed instant in 2026.
func NewClock() *Clock {
	c := &Clock{}
	c.us.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *Clock) Now() time.Time          { return time.UnixMicro(c.us.Load()).UTC() }
func (c *Clock) Advance(d time.Duration) { c.us.Add(d.Microseconds()) }

// Kinds of database every case runs on.
var Kinds = []string{"sqlite", "postgres"}

// Each runs f as a subtest on an empty database of every kind. A missing
// PostgreSQL fails the test: half a suite proves nothing.
func Each(t *testing.T, f func(t *testing.T, db *store.DB, clock *Clock)) {
	t.Helper()
	for _, kind := range Kinds {
		t.Run(kind, func(t *testing.T) {
			clock := NewClock()
			f(t, New(t, kind, clock), clock)
		})
	}
}

// New returns an empty, migrated database. When the test ends its books are
// audited, unless the test called Tampered.
func New(t testing.TB, kind string, clock *Clock) *store.DB {
	t.Helper()
	url := ""
	if kind == "postgres" {
		url = migratedURL(t, clock)
	} else {
		url = URL(t, kind)
	}
	db := Open(t, url, clock)
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	t.Cleanup(func() {
		if !t.Failed() && !isTampered(t.Name()) {
			Audit(t, db)
		}
		db.Close()
	})
	return db
}

// URL names a fresh database of the kind and drops it when the test ends.
func URL(t testing.TB, kind string) string {
	t.Helper()
	switch kind {
	case "sqlite":
		return filepath.Join(t.TempDir(), "kinpict.db")
	case "postgres":
		return postgresURL(t)
	}
	t.Fatalf("no database of kind %q", kind)
	return ""
}

// Open opens url with the test's clock, without migrating.
func Open(t testing.TB, url string, clock *Clock) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Config{URL: url, Now: clock.Now,
		Broken: func(err error) { panic(fmt.Sprintf("the database file broke: %v", err)) }})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

var tampered sync.Map

// Tampered says that the test spoils the books on purpose, so that they are not
// audited when it ends.
func Tampered(t testing.TB) { tampered.Store(t.Name(), true) }

func isTampered(name string) bool { _, ok := tampered.Load(name); return ok }

// Audit fails the test for every finding in the books.
func Audit(t testing.TB, db *store.DB) {
	t.Helper()
	found, err := db.Audit(context.Background(), store.Whole)
	if err != nil {
		t.Errorf("audit: %v", err)
	}
	for _, f := range found {
		t.Errorf("audit: %s", f)
	}
}
