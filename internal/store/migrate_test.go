package store_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"kinpict/internal/store"
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

func TestMigrationsThatMustNotRun(t *testing.T) {
	script := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		kind := "postgres"
		if db.Embedded() {
			kind = "sqlite"
		}
		with := func(more map[string]string) fstest.MapFS {
			files := fstest.MapFS{}
			names, err := fs.Glob(store.Migrations(), "migrations/"+kind+"/*.sql")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				b, err := store.Migrations().(interface{ ReadFile(string) ([]byte, error) }).ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				files[name] = &fstest.MapFile{Data: b}
			}
			for n, text := range more {
				files["migrations/"+kind+"/"+n+".sql"] = script(text)
			}
			return files
		}
		db.UseMigrations(with(map[string]string{"9001_a": `CREATE TABLE half (n BIGINT);`, "9002_b": `CREATE TABLE broken (n BIGINT); INSERT INTO nowhere VALUES (1);`}))
		if err := db.Migrate(ctx); err == nil {
			t.Error("a broken migration went through")
		}
		if p, err := db.Pending(ctx); err != nil || len(p) != 2 {
			t.Errorf("after a broken migration %v are pending, %v; want both", p, err)
		}
		if _, err := db.Exec(ctx, `INSERT INTO half (n) VALUES (1)`); err == nil {
			t.Error("half of the migrations stayed")
		}
		db.UseMigrations(with(map[string]string{"0002_people": "-- edited"}))
		if err := db.Migrate(ctx); err == nil || !strings.Contains(err.Error(), "0002_people differs") {
			t.Errorf("an edited migration: %v", err)
		}
		db.UseMigrations(with(map[string]string{"9003_c": `CREATE TABLE more (n BIGINT);`}))
		if err := db.Migrate(ctx); err != nil {
			t.Errorf("a new migration: %v", err)
		}
		db.UseMigrations(with(nil))
		if err := db.Migrate(ctx); !errors.Is(err, store.ErrNewer) {
			t.Errorf("a database from the future: %v, want %v", err, store.ErrNewer)
		}
	})
}
