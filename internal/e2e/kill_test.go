package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"kinpict/client"
	"kinpict/internal/store/storetest"
)

// TestKill kills the server at random points while people use it. Whatever was
// acknowledged is there afterwards, once; whatever was taken was for a picture;
// and the auditor finds nothing. How fast the server is back is reported, not
// judged, but for a bound that no working machine misses.
func TestKill(t *testing.T) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) { killing(t, kind, *kills) })
	}
}

const shoppers = 4

func killing(t *testing.T, kind string, kills int) {
	seed := *seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -e2e.seed=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	engine := newPress(t)
	engine.quick = true
	dbURL := ""
	if kind == "postgres" {
		dbURL = storetest.URL(t, kind)
	}
	server := install(t, kind, dbURL, engine.url)
	server.start()

	l := newLoad()
	var people []*shopper
	for i := range shoppers {
		email := fmt.Sprintf("shopper%d@example.org", i)
		server.run("account", "create", email)
		api := &client.Client{Base: server.url, Token: server.run("token", "create", email), HTTP: newBrowser(t, server.url).http}
		people = append(people, newShopper(t, l, fmt.Sprint("shopper", i), api, rng.Uint64()))
	}
	var wg sync.WaitGroup
	for _, p := range people {
		wg.Go(p.run)
	}
	var back []time.Duration
	var shift time.Duration
	for range kills {
		// A point is some answers and a moment later.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		l.after(ctx, 1+rng.IntN(30))
		cancel()
		point := time.NewTimer(time.Duration(rng.Int64N(int64(40 * time.Millisecond))))
		<-point.C
		l.down()
		server.kill()
		if kind == "postgres" {
			// A fleet cannot know that the dead worker was alone: its leases run out
			// after 30 seconds, which the product's clock passes here.
			shift += 31 * time.Second
			if err := setClock(server.clock(server.data()), shift); err != nil {
				t.Fatal(err)
			}
		}
		took := server.start()
		if took > 5*time.Second {
			t.Errorf("ready again after %v", took)
		}
		back = append(back, took)
		l.back()
	}
	l.stop()
	wg.Wait()
	for _, p := range people {
		p.settle()
	}
	if out := server.run("audit"); out != "The books balance." {
		t.Errorf("audit beside the running server: %s", out)
	}
	server.stop()
	made := 0
	for _, p := range people {
		made += len(p.made)
	}
	slices.Sort(back)
	if len(back) > 0 {
		t.Logf("%d kills, %d answers, %d pictures; ready again after %v at the median, %v at most", kills, l.answered, made,
			back[len(back)/2].Round(time.Millisecond), back[len(back)-1].Round(time.Millisecond))
	}
}
