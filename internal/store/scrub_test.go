package store_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// lies reports the files beside a database in which a word lies.
func lies(t *testing.T, url, word string) (in []string) {
	t.Helper()
	files, err := filepath.Glob(url + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(word)) {
			in = append(in, strings.TrimPrefix(filepath.Base(f), filepath.Base(url)))
		}
	}
	return in
}

// written is a database in which somebody's words were, beside somebody else's,
// and were deleted. Some lie on pages of their own, some between others.
func written(t *testing.T) (db *store.DB, url string) {
	t.Helper()
	clock := storetest.NewClock()
	url = storetest.URL(t, "sqlite")
	db = storetest.Open(t, url, clock)
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	draft := func(n int) string { return fmt.Sprintf("acc_%03d", n) }
	for n := range 60 {
		word := "Blumenkohl"
		if n%3 == 0 {
			word = "Zwetschgenkuchen"
		}
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.PutDraft(draft(n), []byte(strings.Repeat(word+" ", 1+n*20))) }); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := db.Scrub(ctx); err != nil || !done {
		t.Fatalf("scrub: %v, %v", done, err)
	}
	if got := lies(t, url, "Zwetschgenkuchen"); len(got) != 1 || got[0] != "" {
		t.Fatalf("before, the words lie in %q, want the file alone", got)
	}
	for n := 0; n < 60; n += 3 {
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.DropDraft(draft(n)) }); err != nil {
			t.Fatal(err)
		}
	}
	return db, url
}

func TestDeletedWordsLeaveTheFiles(t *testing.T) {
	t.Run("at once", func(t *testing.T) {
		db, url := written(t)
		defer db.Close()
		if got := lies(t, url, "Zwetschgenkuchen"); len(got) == 0 {
			t.Fatal("the log has nothing to be taken out")
		}
		if done, err := db.Scrub(ctx); err != nil || !done {
			t.Errorf("scrub: %v, %v", done, err)
		}
		if got := lies(t, url, "Zwetschgenkuchen"); len(got) > 0 {
			t.Errorf("deleted words lie in %q", got)
		}
		if got := lies(t, url, "Blumenkohl"); len(got) == 0 {
			t.Error("the words of others are gone")
		}
	})
	t.Run("at the end", func(t *testing.T) {
		db, url := written(t)
		// Readers that were there hold nothing back.
		if err := db.View(ctx, func(tx *store.Tx) error { _, err := tx.Draft("acc_001"); return err }); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if got := lies(t, url, "Zwetschgenkuchen"); len(got) > 0 {
			t.Errorf("deleted words lie in %q", got)
		}
	})
	t.Run("once nobody reads any more", func(t *testing.T) {
		db, url := written(t)
		defer db.Close()
		if err := db.View(ctx, func(tx *store.Tx) error {
			if _, err := tx.Draft("acc_001"); err != nil { // from here on it reads this state
				return err
			}
			if err := db.Update(ctx, func(tx *store.Tx) error { return tx.DropDraft("acc_001") }); err != nil {
				return err
			}
			if done, err := db.Scrub(ctx); err != nil || done {
				t.Errorf("while somebody reads: %v, %v", done, err)
			}
			body, err := tx.Draft("acc_001")
			if body == nil {
				t.Error("the reader's state is gone")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if done, err := db.Scrub(ctx); err != nil || !done {
			t.Errorf("afterwards: %v, %v", done, err)
		}
		if got := lies(t, url, "Zwetschgenkuchen"); len(got) > 0 {
			t.Errorf("deleted words lie in %q", got)
		}
	})
}

// Scrubbing goes on between writes, and loses none.
func TestScrubbingAmongWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				for i := range 10 {
					if err := db.Update(ctx, func(tx *store.Tx) error { return tx.PutDraft(fmt.Sprintf("acc_%d_%d", n, i), []byte("{}")) }); err != nil {
						t.Error(err)
					}
					if n%2 == 0 {
						if _, err := db.Scrub(ctx); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		clock.Advance(time.Hour)
		if err := db.Update(ctx, func(tx *store.Tx) error {
			n, err := tx.SweepDrafts(tx.Now(), tx.Now(), 100)
			if n != 80 {
				t.Errorf("%d of 80 writes are there", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
	db := storetest.Open(t, storetest.URL(t, "sqlite"), storetest.NewClock())
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Scrub(context.Background()); err == nil {
		t.Error("a closed database is scrubbed")
	}
}
