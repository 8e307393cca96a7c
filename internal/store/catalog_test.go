package store_test

import (
	"context"
	"sync"
	"testing"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// together runs f eight times at once and fails the test for each error.
func together(t *testing.T, f func() error) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			<-begin
			if err := f(); err != nil {
				t.Errorf("one of eight at once: %v", err)
			}
		})
	}
	close(begin)
	wg.Wait()
}

func wantVersions(t *testing.T, db *store.DB, when string, want int) {
	t.Helper()
	err := db.View(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Catalogs()
		if len(all) != want {
			t.Errorf("%s: %d price books, want %d", when, len(all), want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPriceBooksMadeAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		together(t, func() error { return db.Seed(ctx, kinpict.DefaultCatalog()) })
		wantVersions(t, db, "eight first starts", 1)
		together(t, func() error {
			return db.Update(ctx, func(tx *store.Tx) error { return tx.PutCatalog(kinpict.DefaultCatalog(), "ops", "spring") })
		})
		wantVersions(t, db, "eight changes of prices", 9)
	})
}
