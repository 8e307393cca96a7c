package store_test

import (
	"context"
	"sync"
	"testing"

	"kinpict/internal/store/storetest"
)

func TestConcurrentStartsMigrateOnce(t *testing.T) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			url, clock := storetest.URL(t, kind), storetest.NewClock()
			var wg sync.WaitGroup
			for range 4 {
				db := storetest.Open(t, url, clock)
				t.Cleanup(func() { db.Close() })
				wg.Go(func() {
					if err := db.Migrate(context.Background()); err != nil {
						t.Errorf("migrate: %v", err)
					}
				})
			}
			wg.Wait()
			db := storetest.Open(t, url, clock)
			defer db.Close()
			if p, err := db.Pending(context.Background()); err != nil || len(p) != 0 {
				t.Errorf("pending after migrating: %v, %v", p, err)
			}
		})
	}
}
