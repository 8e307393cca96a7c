package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// gather holds the SQLite writer until all updates wait, so that they share a
// commit, and returns what each was told.
func gather(t *testing.T, db *store.DB, updates ...func(*store.Tx) error) []error {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = db.Update(ctx, func(*store.Tx) error { close(held); <-hold; return nil })
	})
	<-held
	errs := make([]error, len(updates))
	for i, f := range updates {
		wg.Go(func() { errs[i] = db.Update(ctx, f) })
	}
	for db.Queued() < len(updates) {
		runtime.Gosched() // they are on their way into the queue
	}
	close(hold)
	wg.Wait()
	return errs
}

func TestARefusedNeighbourUndoesOnlyItself(t *testing.T) {
	db := storetest.New(t, "sqlite", storetest.NewClock())
	add := func(id string, then func() error) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			if _, _, err := tx.AddAccount(kinpict.Account{ID: id, Email: id, Role: kinpict.Customer}); err != nil {
				return err
			}
			return then()
		}
	}
	refused := errors.New("refused")
	errs := gather(t, db,
		add("a", func() error { return nil }),
		add("b", func() error { return refused }),
		add("c", func() error { panic("a bug") }),
		func(tx *store.Tx) error { _, err := tx.Exec(`INSERT INTO account (id) VALUES ('d')`); return err },
		add("e", func() error { return nil }))
	if errs[0] != nil || !errors.Is(errs[1], refused) || errs[2] == nil || errs[3] == nil || errs[4] != nil {
		t.Errorf("the neighbours were told %v", errs)
	}
	rows, err := db.Dump(ctx, `SELECT id FROM account ORDER BY id`)
	if got := strings.Join(rows, " "); err != nil || got != "id=a id=e" {
		t.Errorf("after the commit there are %s, %v", got, err)
	}
}

func TestACancelledUpdateDoesNotBegin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		ran := false
		if err := db.Update(gone, func(*store.Tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) || ran {
			t.Errorf("a cancelled update: %v, ran %v", err, ran)
		}
	})
}

func TestCloseWaitsForWhatWasHandedIn(t *testing.T) {
	url, clock := storetest.URL(t, "sqlite"), storetest.NewClock()
	db := storetest.Open(t, url, clock)
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			err := db.Update(ctx, func(tx *store.Tx) error {
				_, _, err := tx.AddAccount(kinpict.Account{ID: fmt.Sprint(i), Email: fmt.Sprint(i), Role: kinpict.Customer})
				return err
			})
			if err == nil {
				done.Add(1)
			} else if kinpict.CodeOf(err) != kinpict.Unavailable {
				t.Errorf("beside Close: %v", err)
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	wg.Wait()
	if err := db.Update(ctx, func(*store.Tx) error { return nil }); kinpict.CodeOf(err) != kinpict.Unavailable {
		t.Errorf("after Close: %v, want %s", err, kinpict.Unavailable)
	}
	db = storetest.Open(t, url, clock)
	defer db.Close()
	rows, err := db.Dump(ctx, `SELECT id FROM account`)
	if err != nil || len(rows) != int(done.Load()) {
		t.Errorf("%d updates were acknowledged, %d are there, %v", done.Load(), len(rows), err)
	}
}

// TestMain is also the process that TestKilledProcessLosesNothing kills.
func TestMain(m *testing.M) {
	if file := os.Getenv("KINPICT_TEST_WRITE_TO"); file != "" {
		writeUntilKilled(file, os.Getenv("KINPICT_TEST_ROUND"))
	}
	os.Exit(m.Run())
}

// writeUntilKilled accepts and prints the id of each after it was told so.
func writeUntilKilled(file, round string) {
	clock := storetest.NewClock()
	db, err := store.Open(ctx, store.Config{URL: file, Now: clock.Now})
	if err != nil {
		panic(err)
	}
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("gen_%s_%d_%d", round, w, i)
				if _, err := db.Accept(ctx, asking("ann", id, id)); err != nil {
					panic(err)
				}
				os.Stdout.WriteString(id + "\n") // one write each: whole lines
			}
		}()
	}
	select {}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	clock := storetest.NewClock()
	file := filepath.Join(t.TempDir(), "kinpict.db")
	db := storetest.Open(t, file, clock)
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	open(t, db, clock).grant("ann", kinpict.LotPaid, kinpict.MaxPack, 0)
	db.Close()
	told := map[string]bool{}
	for round := range 10 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "KINPICT_TEST_WRITE_TO="+file, fmt.Sprint("KINPICT_TEST_ROUND=", round))
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			told[lines.Text()] = true
			if n == 20+round*7 {
				c.Process.Kill() // what is in the pipe was told, too
			}
		}
		c.Wait()
	}
	db = storetest.Open(t, file, clock)
	defer db.Close()
	storetest.Audit(t, db)
	rows, err := db.Dump(ctx, `SELECT id FROM charge`)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, r := range rows {
		there[strings.TrimPrefix(r, "id=")] = true
	}
	for id := range told {
		if !there[id] {
			t.Errorf("%s was accepted and is not there", id)
		}
	}
	if len(told) < 500 {
		t.Errorf("only %d were accepted in ten lives", len(told))
	}
}

func TestReadSeesWhatIsCommittedAndWritesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := open(t, db, clock)
		b.grant("ann", kinpict.LotPaid, 80, 0)
		for range 2 { // the second time the statement is prepared
			err := db.Read(ctx, func(tx *store.Tx) error {
				bal, err := tx.Balance("ann")
				if err == nil && bal.Available != 80 {
					t.Errorf("%d credits are read, want 80", bal.Available)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Read(ctx, func(tx *store.Tx) error { return tx.Take("ann", "adj_1", 4, "acc_staff", "typo", "") }); err == nil {
			t.Error("a read wrote")
		}
		b.wants("ann", 80, 0)
	})
}
